"""The pure part of anchoring: when a batch is sealed, and how a transaction goes on."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """A transaction's way; `SIGNED` means that its bytes are stored and nobody has seen them."""

    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    FINAL = "final"
    FAILED = "failed"


ENDED: Final = frozenset((State.FINAL, State.FAILED))
PENDING: Final = tuple(state for state in State if state not in ENDED)


@dataclass(frozen=True)
class Observation:
    """What the chain says of one transaction. Block numbers; `included_in` none when not mined."""

    included_in: int | None
    succeeded: bool
    finalized: int
    nonce_passed: bool


@dataclass(frozen=True)
class SealingPolicy:
    """Seal an open batch when it holds `count`, or when it has been open for `age` seconds."""

    count: int = 1_000_000
    age: int | None = None

    def seals(self, size: int, opened_at: int, now: int) -> bool:
        old = self.age is not None and now - opened_at >= self.age
        return size > 0 and (size >= self.count or old)


def next_state(state: State, seen: Observation) -> State:
    """Where a transaction in `state` stands after `seen`.

    A mined one that is not in the chain any more (a reorg) is sent again: `SENT` resends the same
    bytes. One whose nonce another, final transaction took can never be mined: it has failed.
    """
    if state in ENDED:
        return state
    if seen.included_in is None:
        return State.FAILED if seen.nonce_passed else State.SENT
    if seen.included_in > seen.finalized:
        return State.MINED
    return State.FINAL if seen.succeeded else State.FAILED
