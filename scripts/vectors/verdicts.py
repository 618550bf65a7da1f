"""`verdict.json`, `verdict_attacks.json`: credential, evidence, policy, and their verdict."""

from .forged import forged
from .reached import reached
from .stolen import stolen
from .valid import valid
from .weighed import File, file_of

DESCRIPTION = (
    "verify(credential, evidence, policy) (docs/spec/verdict.md). The input is the UTF-8 of "
    "`credential`, or `bytes`, or `repeated`.text as often as `repeated`.times says. Evidence and "
    "policy are in the JSON of docs/spec/evidence.md, 4 and verdict.md, 1. questions and addresses "
    "are what a verifier must read (verdict.md, 4). A verdict is its outcome, its code unless "
    "valid, and the steps in their order; issuerKnownBy is what the binding rests on."
)


def make() -> File:
    return file_of(
        f"{DESCRIPTION} Here: each way to be valid, and each code.", [*valid(), *reached()]
    )


def make_attacks() -> File:
    return file_of(
        f"{DESCRIPTION} Here: attacks, each by what an attacker can have.", [*stolen(), *forged()]
    )
