"""RFC 8785: its vectors, a hundred thousand numbers, and the fast writer against the slow one."""

import enum
import re
import struct
from collections import OrderedDict
from collections.abc import Iterator
from decimal import Decimal
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import is_plain, jcs
from registry.core.document import MAX_SAFE_INTEGER
from registry.core.errors import Refusal

from .i_json import SCALARS
from .public_vectors import VECTORS, needs_vectors, read_json, vector_files


def refused(value: Any) -> str:
    """Not by `pytest.raises`, which keeps every frame of a stack that overflowed."""
    try:
        return f"written: {jcs(value)!r}"
    except Refusal as refusal:
        return f"{refusal.step}.{refusal.code}"


def fast(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


@needs_vectors
@pytest.mark.parametrize(
    "source", vector_files("jcs/testdata/input", "*.json"), ids=lambda path: str(path.stem)
)
def test_jcs_writes_the_bytes_of_the_public_vectors(source: Path) -> None:
    expected = (source.parent.parent / "output" / source.name).read_bytes()
    as_hex = (source.parent.parent / "outhex" / f"{source.stem}.txt").read_text(encoding="ascii")
    assert expected == bytes.fromhex(as_hex)
    assert jcs(read_json(source)) == expected


def double(bits: int) -> float:
    value: float = struct.unpack(">d", bits.to_bytes(8, "big"))[0]
    return value


# RFC 8785, appendix B.
NUMBERS = {
    0x0000000000000000: "0",
    0x8000000000000000: "0",
    0x0000000000000001: "5e-324",
    0x8000000000000001: "-5e-324",
    0x7FEFFFFFFFFFFFFF: "1.7976931348623157e+308",
    0xFFEFFFFFFFFFFFFF: "-1.7976931348623157e+308",
    0x4340000000000000: "9007199254740992",
    0xC340000000000000: "-9007199254740992",
    0x4430000000000000: "295147905179352830000",
    0x44B52D02C7E14AF5: "9.999999999999997e+22",
    0x44B52D02C7E14AF6: "1e+23",
    0x44B52D02C7E14AF7: "1.0000000000000001e+23",
    0x444B1AE4D6E2EF4E: "999999999999999700000",
    0x444B1AE4D6E2EF4F: "999999999999999900000",
    0x444B1AE4D6E2EF50: "1e+21",
    0x3EB0C6F7A0B5ED8C: "9.999999999999997e-7",
    0x3EB0C6F7A0B5ED8D: "0.000001",
    0x41B3DE4355555553: "333333333.3333332",
    0x41B3DE4355555554: "333333333.33333325",
    0x41B3DE4355555555: "333333333.3333333",
    0x41B3DE4355555556: "333333333.3333334",
    0x41B3DE4355555557: "333333333.33333343",
    0xBECBF647612F3696: "-0.0000033333333333333333",
    0x43143FF3C1CB0959: "1424953923781206.2",
}


@pytest.mark.parametrize(("bits", "form"), NUMBERS.items(), ids=map(hex, NUMBERS))
def test_a_number_is_written_as_the_rfc_s_appendix_says(bits: int, form: str) -> None:
    assert jcs([double(bits)]) == f"[{form}]".encode()


@pytest.mark.parametrize("bits", [0x7FFFFFFFFFFFFFFF, 0x7FF0000000000000, 0xFFF0000000000000])
def test_what_is_no_number_is_malformed(bits: int) -> None:
    assert refused([double(bits)]) == "format.malformed"


def es6_series() -> Iterator[int]:
    """The doubles of the public series, as bits: listed ones, 2,000 in a row, then hashes' bits."""
    text = (VECTORS / "jcs/testdata/README.md").read_text(encoding="utf-8")
    listed = text.partition("staticU64s")[2].partition("])")[0]
    yield from (int(bits, 16) for bits in re.findall(r"0x([0-9a-f]{16})n", listed))
    yield from range(0x0010000000000000, 0x0010000000000000 + 2000)
    block = bytes(32)
    while True:
        block = sha256(block).digest()
        for bits in struct.unpack("<4Q", block):
            if bits & ~(1 << 63) and bits >> 52 & 0x7FF != 0x7FF:
                yield bits


@needs_vectors
@pytest.mark.parametrize(
    ("count", "digest"),
    [
        (1_000, "be18b62b6f69cdab33a7e0dae0d9cfa869fda80ddc712221570f9f40a5878687"),
        (10_000, "b9f7a8e75ef22a835685a52ccba7f7d6bdc99e34b010992cbc5864cd12be6892"),
        (100_000, "22776e6d4b49fa294a0d0f349268e5c28808fe7e0cb2bcbe28f63894e494d4c7"),
    ],
)
def test_numbers_are_those_of_the_public_es6_series(count: int, digest: str) -> None:
    written = sha256()
    for bits in islice(es6_series(), count):
        written.update(f"{bits:x},{jcs(double(bits)).decode()}\n".encode())
    assert written.hexdigest() == digest


# Where the fast writer might differ it is not believed

EVERY_CHARACTER = "".join(map(chr, [*range(0xD800), *range(0xE000, 0x110000)]))


def test_every_character_of_a_text_is_written_alike_by_both() -> None:
    assert is_plain(EVERY_CHARACTER)
    assert jcs(EVERY_CHARACTER) == fast(EVERY_CHARACTER) == rfc8785.dumps(EVERY_CHARACTER)


def test_every_ascii_key_is_written_and_sorted_alike_by_both() -> None:
    keys = [a + b for a in EVERY_CHARACTER[:128] for b in ["", *EVERY_CHARACTER[:128]]]
    value: dict[str, Any] = {key: [] for key in reversed(keys)}
    assert is_plain(value)
    assert jcs(value) == rfc8785.dumps(value)


class Text(str):
    """A text of another type."""

    __slots__ = ()


class Number(int):
    """An integer of another type."""


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    ONE = 1


NOT_PLAIN: dict[str, Any] = {
    "a fraction": 1.5,
    "a whole double": 1.0,
    "minus zero": -0.0,
    "a double beyond 2^53": 1e21,
    "a small double": 1e-7,
    "a key beyond ASCII": {"é": 1},
    "an astral key before a private one": {"\U0001f600": 1, "\ue000": 2},
    "a key deep below": {"a": [{"b": {"\u2028": 1}}]},
    "a tuple": (1, 2),
    "a text of another type": Text("a"),
    "a number of another type": Number(1),
    "an enumeration's number": Level.ONE,
    "a mapping of another type": OrderedDict(a=1),
}


@pytest.mark.parametrize("value", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_the_fast_writer_is_not_taken_where_it_might_differ(value: Any) -> None:
    for nested in (value, [value], {"a": [value]}):
        assert not is_plain(nested)
        assert jcs(nested) == rfc8785.dumps(nested)


def test_keys_are_sorted_by_utf_16() -> None:
    """Code points would put the private character first (RFC 8785, 3.2.3)."""
    written = '{"\U0001f600":1,"\ue000":2}'.encode()
    assert jcs({"\ue000": 2, "\U0001f600": 1}) == written != fast({"\ue000": 2, "\U0001f600": 1})


def test_true_is_not_one() -> None:
    assert jcs([True, 1, False, 0, None]) == b"[true,1,false,0,null]"


@pytest.mark.parametrize("number", [MAX_SAFE_INTEGER, -MAX_SAFE_INTEGER])
def test_the_largest_integers_are_written(number: int) -> None:
    assert is_plain([number])
    assert jcs([number]) == f"[{number}]".encode()


def cyclic() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


REFUSED: dict[str, Any] = {
    "2^53": 1 << 53,
    "minus 2^53": -(1 << 53),
    "2^64": 1 << 64,
    "2^53 of another type": Number(1 << 53),
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "a lone surrogate": "\ud800",
    "surrogates in the wrong order": "\udc00\ud800",
    "a pair of surrogates that nobody joined": "\ud83d\ude00",
    "a lone surrogate as key": {"\ud800": 1, "a": 2},
    "a number as key": {1: 2},
    "none as key": {None: 2},
    "bytes": b"a",
    "a set": {1},
    "a decimal": Decimal(1),
    "an enumeration": Colour.RED,
    "an object": object(),
    "what holds itself": cyclic(),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_what_jcs_cannot_write_is_malformed(value: Any) -> None:
    for nested in (value, [value], {"a": value}):
        assert refused(nested) == "format.malformed"


KEYS = st.text() | st.text(st.characters(max_codepoint=127))
ANYTHING = st.recursive(
    SCALARS | st.text() | st.integers() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=30,
)


@given(ANYTHING)
def test_both_writers_agree_wherever_the_fast_one_is_taken(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        assert refused(value) == "format.malformed"
    else:
        assert jcs(value) == expected
        if is_plain(value):
            assert fast(value) == expected
