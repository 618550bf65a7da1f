"""The verdict on a credential: one outcome, the steps that led there, and facts for a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

VALID: Final = "valid"
INVALID: Final = "invalid"
INDETERMINATE: Final = "indeterminate"
OK: Final = "ok"
SKIPPED: Final = "skipped"


@dataclass(frozen=True)
class Step:
    """One step's outcome: `ok`, `skipped`, `invalid` or `indeterminate`, the latter two coded."""

    name: str
    outcome: str
    detail: str
    code: str | None = None


@dataclass(frozen=True)
class Verdict:
    """`valid`, `invalid` or `indeterminate`, the steps that led there, and facts for a person."""

    outcome: str
    steps: tuple[Step, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str | None:
        """`step.code` of the first step that has the verdict's outcome; none when valid."""
        return next(
            (f"{s.name}.{s.code}" for s in self.steps if s.outcome == self.outcome and s.code), None
        )


def verdict_of(steps: tuple[Step, ...], facts: Mapping[str, Any]) -> Verdict:
    """Invalid beats indeterminate; valid only when every step is `ok`, or `skipped` by policy."""
    outcomes = {step.outcome for step in steps}
    outcome = next((o for o in (INVALID, INDETERMINATE) if o in outcomes), VALID)
    return Verdict(outcome, steps, facts)
