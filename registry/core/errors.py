"""One root for what the core refuses, and the closed set of codes that a verdict may carry."""

import json
from importlib.resources import files
from typing import Final

Codes = dict[str, dict[str, list[str]]]

CODES: Final[Codes] = json.loads(
    files(__package__).joinpath("codes.json").read_text(encoding="utf-8")
)
STEPS: Final = tuple(CODES)


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


def outcome_of(step: str, code: str) -> str:
    """`invalid` or `indeterminate`: what `code` makes of a verdict at `step`."""
    for outcome, codes in CODES[step].items():
        if code in codes:
            return outcome
    raise InvalidArgument(f"{step}.{code} is not in codes.json")
