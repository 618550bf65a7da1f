"""Status lists that mirror the chain, for verifiers who know only lists.

A list has one purpose, `suspension`, and a bit is set while the chain shows its credential revoked
or suspended (decision 8). What is set is read from the chain, never from our own database. Sources:
W3C Bitstring Status List v1.0, sections 2 and 3; the project's formats, "Status in force".
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Final

from registry.core.contract import REGISTRY, WORD_BITS, Registry, StatusWord
from registry.core.document import JsonObject
from registry.core.errors import InvalidArgument, Refusal
from registry.core.evidence import Agreed, Evidence, Question, Quorum, agreed
from registry.core.keys import Account
from registry.core.policy import CLOCK_SKEW, MAX_AGE
from registry.core.status_list import (
    MIN_ENTRIES,
    SUSPENSION,
    StatusEntry,
    list_credential,
    make_bits,
)
from registry.core.suites import Signer
from registry.core.times import from_seconds, write_stamp
from registry.store.organisations import ENTRIES_PER_LIST
from registry.store.status_lists import NumberedLeaf, RootedBatch, StatusList

from .badges import Issuer, secure

# How long a verifier may keep a list before it asks again: as old as our own lets a block be.
TIME_TO_LIVE: Final = MAX_AGE

# A credential carries it twice, and it is typed by hand once.
MAX_STATUS_URL_CHARACTERS: Final = 512
_STATUS_URL: Final = re.compile(
    r"https://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?"
    r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~-]+)*",
    re.ASCII,
)
# The two halves of an index: 2^8 * 2^9 entries.
_LEFT_BITS, _RIGHT_BITS = 8, 9
# NIST SP 800-38G takes ten for domains as small.
_ROUNDS: Final = 10
_PERSON: Final = b"credroot status"


class NotMirrored(Exception):
    """The chain could not be read as a list must show it; the text says why."""


@dataclass(frozen=True)
class Mirror:
    """What the chain said: the numbers whose bit is set, and how many have no anchor yet.

    `block` is the newest final one's number, none when there was nothing to ask.
    """

    set_numbers: tuple[int, ...]
    unanchored: int
    block: int | None
    hosts: tuple[str, ...]


def parse_status_url(text: str) -> str:
    """The address below which lists stand, without a slash at its end; raises `InvalidArgument`.

    Plain on purpose: what is signed into every credential must mean one place to every reader.
    """
    url = text.rstrip("/")
    if len(url) > MAX_STATUS_URL_CHARACTERS or not _STATUS_URL.fullmatch(url):
        raise InvalidArgument(
            f"{text!r} cannot be the address of status lists: want https://host/path in small "
            "letters up to the path, without user, query, fragment or percent signs"
        )
    return url


def status_entry(number: int, list_url: str, salt: bytes) -> StatusEntry:
    """The entry that the credential with status number `number` carries."""
    return StatusEntry(SUSPENSION, index_of(number, salt), list_url)


def index_of(number: int, salt: bytes) -> int:
    """Where in its list a number's bit is: a permutation of the list's indexes, keyed by `salt`.

    An index so tells nothing of the order or the number of credentials (2.1, statusListIndex). A
    Feistel network over halves of 8 and 9 bits. It may never change: signed credentials rest on it.
    """
    page, place = divmod(number, ENTRIES_PER_LIST)
    left, right = place >> _RIGHT_BITS, place & ((1 << _RIGHT_BITS) - 1)
    for step in range(_ROUNDS):
        if step % 2:
            right ^= _mixed(salt, page, step, left) >> (16 - _RIGHT_BITS)
        else:
            left ^= _mixed(salt, page, step, right) >> (16 - _LEFT_BITS)
    return left << _RIGHT_BITS | right


def questions(
    account: Account, leaves: Iterable[NumberedLeaf], batches: Iterable[RootedBatch]
) -> list[Question]:
    """All that must be asked of the chain to mirror `leaves`."""
    roots = {batch.id: batch.root for batch in batches}
    asked = {(leaf.batch_id, leaf.position // WORD_BITS) for leaf in leaves}
    return [Question(account, roots[i], word) for i, word in sorted(asked) if i in roots]


@dataclass(frozen=True)
class Reading:
    """How the chain is read: what nodes said, how many must agree, of which contract, and when."""

    evidence: Evidence
    quorum: Quorum
    at: datetime
    registry: Registry = REGISTRY


def mirror(
    account: Account,
    leaves: Sequence[NumberedLeaf],
    batches: Sequence[RootedBatch],
    reading: Reading,
) -> Mirror:
    """Judge what was read by the same rules as a verifier does; raises `NotMirrored`.

    The worse of the newest final block and the newest one counts. A batch that was final and that
    the chain does not show is another chain's: publishing would clear every bit of it.
    """
    known = {batch.id: batch for batch in batches}
    words: dict[tuple[int, int], _Word | None] = {}
    for leaf in leaves:
        place = leaf.batch_id, leaf.position // WORD_BITS
        if place not in words:
            batch = known.get(leaf.batch_id)
            words[place] = _word(account, batch, place[1], reading) if batch else None
    found = [(leaf, words[leaf.batch_id, leaf.position // WORD_BITS]) for leaf in leaves]
    read = [word.final for word in words.values() if word is not None]
    return Mirror(
        set_numbers=tuple(leaf.number for leaf, word in found if word and word.hits(leaf)),
        unanchored=sum(word is None or not word.anchored for _, word in found),
        block=min((answer.block.number for answer in read), default=None),
        hosts=tuple(sorted({host for answer in read for host in answer.hosts})),
    )


def signed_list(
    issuer: Issuer,
    signer: Signer,
    status_list: StatusList,
    indexes: Iterable[int],
    period: tuple[datetime, datetime],
) -> JsonObject:
    """The list credential to publish at `status_list.url`, in force within `period`."""
    begins, ends = period
    document = list_credential(
        url=status_list.url,
        issuer=issuer.did,
        purpose=SUSPENSION,
        bits=make_bits(MIN_ENTRIES, indexes),
        valid_from=begins,
        ttl=int(min(TIME_TO_LIVE, ends - begins).total_seconds() * 1000),
    )
    dated = {**document, "validUntil": write_stamp(ends)}
    return secure(dated, issuer, signer, write_stamp(begins))


@dataclass(frozen=True)
class _Word:
    """256 credentials: which of them are revoked or suspended, and whether they are anchored."""

    bits: int
    anchored: bool
    final: Agreed

    def hits(self, leaf: NumberedLeaf) -> bool:
        return bool(self.bits >> (leaf.position % WORD_BITS) & 1)


def _word(account: Account, batch: RootedBatch, word: int, reading: Reading) -> _Word:
    question = Question(account, batch.root, word)
    try:
        final, newest = (
            agreed(reading.evidence, question, finalized=finalized, quorum=reading.quorum)
            for finalized in (True, False)
        )
    except Refusal as refusal:
        raise NotMirrored(refusal.detail) from refusal
    _require_registry(final, newest, reading)
    _require_fresh(final, newest, reading.at)
    _require_own_history(batch, final, newest)
    bits = _out_of_force(final.word) | _out_of_force(newest.word)
    return _Word(bits, newest.word.batch.anchored_at != 0, final)


def _require_registry(final: Agreed, newest: Agreed, reading: Reading) -> None:
    if {final.code_hash, newest.code_hash} != {reading.registry.code_hash}:
        raise NotMirrored("the contract there is not the registry")


def _require_fresh(final: Agreed, newest: Agreed, at: datetime) -> None:
    """From old or torn answers a list would be made that hides what was revoked since."""
    read = from_seconds(final.block.time)
    if at - read > MAX_AGE + CLOCK_SKEW:
        raise NotMirrored(f"the newest final block read is of {write_stamp(read)}: too old")
    if newest.block.number < final.block.number:
        raise NotMirrored("the newest block is not after the final one")


def _require_own_history(batch: RootedBatch, final: Agreed, newest: Agreed) -> None:
    then, now = final.word.batch, newest.word.batch
    if batch.final and not now.anchored_at:
        raise NotMirrored(
            f"batch {batch.id} was anchored and final, and the nodes do not show it: "
            "is this the chain that it was anchored on?"
        )
    if then.anchored_at and then.anchored_at != now.anchored_at:
        raise NotMirrored(f"the newest block tells another history of batch {batch.id}")
    if now.anchored_at and now.size != batch.size:
        raise NotMirrored(f"batch {batch.id} has {batch.size} leaves, the chain says {now.size}")


def _out_of_force(word: StatusWord) -> int:
    whole = word.batch.revoked_at or word.batch.suspended
    return (1 << WORD_BITS) - 1 if whole else word.revoked | word.suspended


def _mixed(salt: bytes, page: int, step: int, half: int) -> int:
    """16 bits that depend on all of these."""
    message = page.to_bytes(8, "big") + bytes((step,)) + half.to_bytes(2, "big")
    return int.from_bytes(blake2b(message, key=salt, person=_PERSON, digest_size=2).digest(), "big")
