"""One root for what the core refuses, and the closed set of codes that a verdict may carry."""

import json
from importlib.resources import files
from typing import Any, Final

Codes = dict[str, dict[str, list[str]]]

CODES: Final[Codes] = json.loads(
    files(__package__).joinpath("codes.json").read_text(encoding="utf-8")
)
STEPS: Final = tuple(CODES)
# A detail is a line for a person.
MAX_SHOWN: Final = 100


class CoreError(Exception):
    """Root of every error that `registry.core` raises on purpose."""


class InvalidArgument(CoreError, ValueError):
    """The caller broke a precondition: a defect in the calling code, not in outside data."""


class Refusal(CoreError):
    """Outside data was refused at `step` with `code`, one of `codes.json`."""

    def __init__(self, step: str, code: str, detail: str) -> None:
        super().__init__(f"{step}.{code}: {detail}")
        self.step = step
        self.code = code
        self.detail = detail
        self.outcome = outcome_of(step, code)


def shown(value: Any) -> str:
    """An outside value as a detail quotes it: the beginning of its JSON, in what can be printed."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    cut = text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in cut)


def outcome_of(step: str, code: str) -> str:
    """`invalid` or `indeterminate`: what `code` makes of a verdict at `step`."""
    for outcome, codes in CODES[step].items():
        if code in codes:
            return outcome
    raise InvalidArgument(f"{step}.{code} is not in codes.json")
