"""How Ethereum writes values: RLP (yellow paper, appendix B) and the hex of JSON-RPC.

Everything here reads what a node sent; what is not exactly as it should be is refused at `anchor`
with `bad_state_proof`, and `what` in the signatures names the value in that refusal.
"""

import re
from typing import Any, Final

import rlp  # type: ignore[import-untyped]

from .errors import Refusal

RlpItem = bytes | list["RlpItem"]

HASH_BYTES: Final = 32
ADDRESS_BYTES: Final = 20
WORD_BYTES: Final = 32
_HEX: Final = re.compile(r"0x((?:[0-9a-fA-F]{2})*)")
# Headers and accounts are flat. The short nodes of a trie stand inside one another, but have less
# than 32 bytes together, and two for each level at least.
MAX_RLP_NESTING: Final = 16
# RLP: the first byte of a string longer than one byte, of a list, and by how much each is moved
# when the length itself is written out in the bytes that follow.
_STRING: Final = 0x80
_LIST: Final = 0xC0
_SHORT: Final = 55
# Nodes differ in leading zeros; what is read is hashed or compared, so the spelling is harmless.
_QUANTITY: Final = re.compile(r"0x[0-9a-fA-F]{1,64}")


def bad_proof(detail: str) -> Refusal:
    """The refusal of evidence that does not prove what it should."""
    return Refusal("anchor", "bad_state_proof", detail)


def decode_rlp(data: bytes, what: str) -> RlpItem:
    """The one item that `data` encodes, canonically; the caller has bounded its length.

    Encoding it again is what makes this strict: no flaw of the decoder gives one item a second
    spelling (minimal lengths, nothing left over, nothing cut off). Its nesting is bounded before,
    for the decoder recurses.
    """
    if _nesting(data) > MAX_RLP_NESTING:
        raise bad_proof(f"{what} is RLP nested deeper than {MAX_RLP_NESTING}")
    try:
        item: RlpItem = rlp.decode(data)
    except rlp.DecodingError as error:
        raise bad_proof(f"{what} is not RLP") from error
    if encode_rlp(item) != data:
        raise bad_proof(f"{what} is not canonical RLP")
    return item


def _nesting(data: bytes) -> int:
    """How deep the lists of RLP nest at most; rubbish may count as anything."""
    ends: list[int] = []
    at = deepest = 0
    while at < len(data):
        while ends and at >= ends[-1]:
            ends.pop()
        start, end = _payload(data, at)
        if data[at] >= _LIST:
            ends.append(end)
            deepest = max(deepest, len(ends))
        at = start if data[at] >= _LIST else max(end, at + 1)
    return deepest


def _payload(data: bytes, at: int) -> tuple[int, int]:
    """Where the content of the item at `at` begins and ends, by its first bytes."""
    first = data[at]
    if first < _STRING:
        return at, at + 1
    length = first - (_LIST if first >= _LIST else _STRING)
    if length <= _SHORT:
        return at + 1, at + 1 + length
    start = at + 1 + length - _SHORT
    return start, start + int.from_bytes(data[at + 1 : start], "big")


def encode_rlp(item: RlpItem) -> bytes:
    """The canonical encoding of byte strings and lists of them."""
    encoded: bytes = rlp.encode(item, infer_serializer=False)
    return encoded


def encode_number(value: int) -> bytes:
    """A number as RLP's scalars are: big-endian without leading zeros, 0 is the empty string."""
    return value.to_bytes(-(-value.bit_length() // 8), "big")


def decode_list(data: bytes, what: str) -> list[RlpItem]:
    """The list that `data` encodes."""
    item = decode_rlp(data, what)
    if not isinstance(item, list):
        raise bad_proof(f"{what} is not a list")
    return item


def as_bytes(item: RlpItem, what: str, length: int | None = None) -> bytes:
    """A byte string, of `length` bytes if given."""
    if not isinstance(item, bytes) or length not in (None, len(item)):
        raise bad_proof(f"{what} is not {'a string' if length is None else f'{length} bytes'}")
    return item


def as_number(item: RlpItem, what: str, max_bytes: int = WORD_BYTES) -> int:
    """A scalar of at most `max_bytes` bytes, without leading zeros."""
    data = as_bytes(item, what)
    if len(data) > max_bytes or data.startswith(b"\0"):
        raise bad_proof(f"{what} is not a number of at most {max_bytes} bytes in its shortest form")
    return int.from_bytes(data, "big")


def json_bytes(value: Any, what: str, length: int | None = None) -> bytes:
    """JSON-RPC data (`0x` and pairs of hex digits), of `length` bytes if given."""
    match = _HEX.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise bad_proof(f"{what} is not hex data")
    return as_bytes(bytes.fromhex(match[1]), what, length)


def json_number(value: Any, what: str) -> int:
    """A JSON-RPC quantity below 2^256 (`0x1b4`); leading zeros are passed over."""
    if not isinstance(value, str) or _QUANTITY.fullmatch(value) is None:
        raise bad_proof(f"{what} is not a number in hex")
    return int(value, 16)


def json_object(value: Any, what: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise bad_proof(f"{what} is not an object")
    return value


def json_list(value: Any, what: str) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise bad_proof(f"{what} is not a list")
    return value
