"""The registry contract as a verifier meets it: its identity, and one call and its answer.

`contract.json` is what the compiler gave: ABI, code hashes, and the address that follows from them
(CREATE2, the same on every chain).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final, NamedTuple

from eth_hash.auto import keccak

from .errors import InvalidArgument

CONTRACT: Final[dict[str, Any]] = json.loads(
    files(__package__).joinpath("contract.json").read_text(encoding="utf-8")
)
WORD_BITS: Final = 256
MAX_WORDS: Final = 1 << 24
FLAG_SUSPENDED: Final = 1
FLAG_EVER_SUSPENDED: Final = 2
# Of the head's storage slot, from its lowest bit; the order is that of `Batch`.
_HEAD_BITS: Final = (40, 32, 40, 32, 40, 32, 32, 8)
_FIELDS: Final = len(_HEAD_BITS)
# Where the list of lanes begins in an answer: behind the batch's words and this offset itself.
_LANES_AT: Final = 32 * (_FIELDS + 1)
_RECORDS_SLOT: Final = 2
_STATUS_WORDS: Final = keccak(b"statusWords(address,bytes32,uint256,uint256)")[:4]


@dataclass(frozen=True)
class Batch:
    """The contract's record of one batch; times in seconds since 1970, all zero when unanchored."""

    anchored_at: int
    anchored_block: int
    changed_at: int
    changed_block: int
    revoked_at: int
    size: int
    seq: int
    flags: int

    @property
    def times(self) -> tuple[int, int, int]:
        """Its three times: anchored, changed, revoked."""
        return self.anchored_at, self.changed_at, self.revoked_at

    @property
    def suspended(self) -> bool:
        """Whether the whole batch is suspended (bit 0 of `flags`)."""
        return bool(self.flags & FLAG_SUSPENDED)

    @property
    def ever_suspended(self) -> bool:
        """Whether the batch, or anything in it, was suspended at any time."""
        return bool(self.flags & FLAG_EVER_SUSPENDED)


@dataclass(frozen=True)
class StatusWord:
    """The batch's head and the two lanes of one word; bit i is the credential 256 * word + i."""

    batch: Batch
    revoked: int
    suspended: int


NOTHING: Final = StatusWord(Batch(0, 0, 0, 0, 0, 0, 0, 0), 0, 0)


@dataclass(frozen=True)
class Registry:
    """Which contract is accepted: its address (20 bytes) and the hash of its code (32 bytes)."""

    address: bytes
    code_hash: bytes


REGISTRY: Final = Registry(
    bytes.fromhex(CONTRACT["address"][2:]), bytes.fromhex(CONTRACT["runtimeCodeHash"][2:])
)


class Slots(NamedTuple):
    """Storage slots, 32 bytes each, in the order in which they are asked for."""

    head: bytes
    revoked: bytes
    suspended: bytes


def slots(issuer: bytes, root: bytes, word: int) -> Slots:
    """Where the contract keeps the head and the two lanes of `word` of a batch.

    `issuer` is 20 bytes, `root` 32. The layout is Solidity's (mappings, and a fixed array after the
    head); it is part of the contract's promise. Raises `InvalidArgument`.
    """
    if len(issuer) != 20 or len(root) != 32 or not 0 <= word < MAX_WORDS:
        raise InvalidArgument(f"no batch has a word {word} of these: {issuer.hex()}, {root.hex()}")
    records = keccak(issuer.rjust(32, b"\0") + _RECORDS_SLOT.to_bytes(32, "big"))
    base = int.from_bytes(keccak(root + records), "big")
    places = (base, base + 1 + 2 * word, base + 2 + 2 * word)
    return Slots(*((place % (1 << 256)).to_bytes(32, "big") for place in places))


def batch_of_slot(value: int) -> Batch:
    """The batch that the head's slot holds, as a 256-bit number."""
    fields = []
    for bits in _HEAD_BITS:
        fields.append(value & ((1 << bits) - 1))
        value >>= bits
    return Batch(*fields)


def status_words_call(issuer: bytes, root: bytes, start: int, count: int) -> bytes:
    """Call data of `statusWords(issuer, root, start, count)`: 20 and 32 bytes, two numbers."""
    return _STATUS_WORDS + b"".join((issuer.rjust(32, b"\0"), root, _word(start), _word(count)))


def status_words_answer(data: bytes, start: int, count: int) -> list[StatusWord]:
    """The words `start` to `start + count - 1` of the answer to `status_words_call`.

    The answer is the batch, then the list of lanes (Solidity ABI, "Formal Specification of the
    Encoding"). Words past the batch's end, and all words of what is not anchored, are zero. Raises
    `InvalidArgument` when the answer is not one that the contract gives.
    """
    words = [int.from_bytes(data[at : at + 32], "big") for at in range(0, len(data), 32)]
    fields, frame, lanes = words[:_FIELDS], words[_FIELDS : _FIELDS + 2], words[_FIELDS + 2 :]
    batch = _batch(fields)
    there = max(0, min(count, -(-batch.size // WORD_BITS) - start))
    if len(data) % 32 or frame != [_LANES_AT, there] or len(lanes) != 2 * there:
        raise InvalidArgument(f"{len(data)} bytes are no answer with {there} status words")
    pairs = [*zip(lanes[::2], lanes[1::2], strict=True), *[(0, 0)] * (count - there)]
    return [StatusWord(batch, revoked, suspended) for revoked, suspended in pairs]


def _batch(fields: Sequence[int]) -> Batch:
    widths = zip(fields, _HEAD_BITS, strict=False)
    if len(fields) != _FIELDS or any(value >> bits for value, bits in widths):
        raise InvalidArgument("not an answer of statusWords: no batch")
    return Batch(*fields)


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")
