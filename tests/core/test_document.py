"""The door: what is not one clean JSON object is refused, each kind of dirt with its code."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import jcs
from registry.core.document import (
    MAX_DOCUMENT_BYTES,
    MAX_NESTING,
    MAX_SAFE_INTEGER,
    members,
    parse_json,
    require_strict_json_ld,
)
from registry.core.errors import Refusal

from .i_json import NONCHARACTERS, OBJECTS


def nested_objects(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


def nested_arrays(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


REFUSED = {
    "a duplicate key": (b'{"a":1,"a":1}', "malformed"),
    "a duplicate key deep below": (b'{"a":[{"b":{"c":1,"d":2,"c":3}}]}', "malformed"),
    "a duplicate key spelt with an escape": (b'{"a":1,"\\u0061":2}', "malformed"),
    "a byte order mark": (b'\xef\xbb\xbf{"a":1}', "malformed"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "malformed"),
    "an invalid byte": (b'{"a":"\xff"}', "malformed"),
    "an overlong form": (b'{"a":"\xc0\xaf"}', "malformed"),
    "a surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', "malformed"),
    "an escaped lone high surrogate": (b'{"a":"\\ud800"}', "malformed"),
    "an escaped lone low surrogate": (b'{"a":["\\udc00"]}', "malformed"),
    "a lone surrogate in a key": (b'{"\\ud800":1}', "malformed"),
    "surrogates in the wrong order": (b'{"a":"\\udc00\\ud800"}', "malformed"),
    "NaN": (b'{"a":NaN}', "malformed"),
    "Infinity": (b'{"a":Infinity}', "malformed"),
    "minus Infinity": (b'{"a":-Infinity}', "malformed"),
    "1e400": (b'{"a":1e400}', "malformed"),
    "minus 1e400": (b'{"a":-1e400}', "malformed"),
    "2^53": (b'{"a":9007199254740992}', "malformed"),
    "minus 2^53": (b'{"a":-9007199254740992}', "malformed"),
    "2^53 with a fraction": (b'{"a":9007199254740992.0}', "malformed"),
    "-0": (b'{"a":-0}', "malformed"),
    "-0.0": (b'{"a":-0.0}', "malformed"),
    "-0e5": (b'{"a":-0e5}', "malformed"),
    "a negative number too small for a double": (b'{"a":-1e-400}', "malformed"),
    "1e-400, of which a double holds nothing": (b'{"a":1e-400}', "malformed"),
    "33 digits": (b'{"a":' + b"0." + b"1" * 31 + b"}", "malformed"),
    "5,000 digits": (b'{"a":' + b"1" * 5000 + b"}", "malformed"),
    "5,000 digits after the point": (b'{"a":0.' + b"1" * 5000 + b"}", "malformed"),
    "a leading zero": (b'{"a":01}', "malformed"),
    "a trailing comma": (b'{"a":1,}', "malformed"),
    "a comment": (b'{"a":1}//', "malformed"),
    "single quotes": (b"{'a':1}", "malformed"),
    "two objects": (b"{}{}", "malformed"),
    "a raw line break in a string": (b'{"a":"\n"}', "malformed"),
    "nothing": (b"", "malformed"),
    "white space alone": (b" \n", "malformed"),
    "an array at the top": (b'[{"a":1}]', "malformed"),
    "a text at the top": (b'"a"', "malformed"),
    "null at the top": (b"null", "malformed"),
    "a byte more than the limit": (
        b'{"a":"' + b"x" * (MAX_DOCUMENT_BYTES - 7) + b'"}',
        "too_large",
    ),
    "one object too deep": (nested_objects(MAX_NESTING + 1), "too_deep"),
    "one array too deep": (nested_arrays(MAX_NESTING + 1), "too_deep"),
    "nesting that would exhaust the stack": (nested_arrays(400_000), "too_deep"),
}


@pytest.mark.parametrize(("data", "code"), REFUSED.values(), ids=REFUSED)
def test_dirt_is_refused_with_its_code(data: bytes, code: str) -> None:
    with pytest.raises(Refusal) as caught:
        parse_json(data)
    assert (caught.value.step, caught.value.code) == ("format", code)


TAKEN: dict[str, tuple[bytes, Any]] = {
    "the largest safe integer": (b'{"a":9007199254740991}', {"a": MAX_SAFE_INTEGER}),
    "the smallest safe integer": (b'{"a":-9007199254740991}', {"a": -MAX_SAFE_INTEGER}),
    "a pair of surrogates": (b'{"a":"\\ud83d\\ude00"}', {"a": "\U0001f600"}),
    "an escape that only looks like one": (b'{"a":"\\\\ud800"}', {"a": "\\ud800"}),
    "zero with a fraction and an exponent": (b'{"a":0.00e-999}', {"a": 0}),
    "the smallest number of a double": (b'{"a":5e-324}', {"a": 5e-324}),
    "an escaped zero character": (b'{"a":"\\u0000"}', {"a": "\0"}),
    "DEL, line and paragraph separator": (
        b'{"a":"\x7f\xe2\x80\xa8\xe2\x80\xa9"}',
        {"a": "\x7f\u2028\u2029"},
    ),
    "brackets in a string": (b'{"a":"' + b"[{" * 100 + b'"}', {"a": "[{" * 100}),
    "brackets behind an escaped quote": (
        b'{"a":"\\"' + b"[" * 100 + b'"}',
        {"a": '"' + "[" * 100},
    ),
    "the deepest objects": (nested_objects(MAX_NESTING), json.loads(nested_objects(MAX_NESTING))),
    "the deepest arrays": (nested_arrays(MAX_NESTING), json.loads(nested_arrays(MAX_NESTING))),
    "the empty object": (b"{}", {}),
}


@pytest.mark.parametrize("character", NONCHARACTERS, ids=lambda c: f"U+{ord(c):04X}")
def test_a_noncharacter_is_refused_raw_and_escaped_in_keys_and_texts(character: str) -> None:
    """RFC 7493, 2.1. And N-Quads of RDF 1.1 and 1.2 write two of them differently."""
    for value in ({"a": ["b", character]}, {character: 1}):
        for data in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
            with pytest.raises(Refusal) as caught:
                parse_json(data.encode())
            assert (caught.value.step, caught.value.code) == ("format", "malformed")


WHOLE = ("1", "1.0", "1.00", "1e0", "1E+0", "10e-1", "0.1e1", "100E-2", "0.001e3")


@pytest.mark.parametrize("spelling", WHOLE)
def test_a_number_without_a_fraction_is_an_integer_however_it_is_spelt(spelling: str) -> None:
    """So that no reader behind the door takes `1.0` for another thing than `1`."""
    value = parse_json(b'{"a":' + spelling.encode() + b"}")["a"]
    assert (value, type(value)) == (1, int)


@pytest.mark.parametrize("spelling", ["0", "0.0", "0e1", "0E-5", "0.000e+9"])
def test_zero_is_an_integer_however_it_is_spelt(spelling: str) -> None:
    value = parse_json(b'{"a":' + spelling.encode() + b"}")["a"]
    assert (value, type(value)) == (0, int)


@pytest.mark.parametrize(("data", "value"), TAKEN.values(), ids=TAKEN)
def test_what_stands_just_inside_the_limits_is_read(data: bytes, value: Any) -> None:
    assert parse_json(data) == value


def test_a_document_of_exactly_the_limit_is_read() -> None:
    data = b'{"a":"' + b"x" * (MAX_DOCUMENT_BYTES - 8) + b'"}'
    assert len(data) == MAX_DOCUMENT_BYTES
    assert parse_json(data) == {"a": "x" * (MAX_DOCUMENT_BYTES - 8)}


AMBIGUOUS: dict[str, dict[str, Any]] = {
    "a keyword as key": {"@id": "urn:x:y"},
    "a keyword deep below": {"a": [{"b": {"@value": "c"}}]},
    "@included": {"@included": [{"id": "urn:x:y"}]},
    "an IRI as key": {"https://www.w3.org/2018/credentials#validUntil": "2030-01-01T00:00:00Z"},
    "a compact IRI as key": {"a": {"cred:validUntil": "2030-01-01T00:00:00Z"}},
    "@context below the top": {"a": {"@context": {"b": "urn:x:b"}}},
    "@context in an array": {"a": [{"@context": "https://www.w3.org/ns/credentials/v2"}]},
    "null": {"a": None},
    "null in an array": {"a": ["b", None]},
    "an empty array": {"a": []},
    "an empty array in an array": {"a": [[]]},
}


@pytest.mark.parametrize("document", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_two_readers_may_read_differently_is_ambiguous(document: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as caught:
        require_strict_json_ld({"@context": ["urn:x:context"], **document})
    assert (caught.value.step, caught.value.code) == ("format", "ambiguous")


def test_plain_terms_false_zero_and_empty_text_are_not_ambiguous() -> None:
    require_strict_json_ld({"@context": [None], "a": [{"b": False, "c": 0, "d": "", "e": {}}]})


def test_members_tells_every_key_and_item_once() -> None:
    value = {"a": [1, {"b": 2}], "c": "d"}
    assert list(members(value)) == [
        ("a", [1, {"b": 2}]),
        (None, 1),
        (None, {"b": 2}),
        ("b", 2),
        ("c", "d"),
    ]


@given(OBJECTS)
def test_canonical_json_reads_back_as_the_same_value(value: dict[str, Any]) -> None:
    assert parse_json(jcs(value)) == value


@given(OBJECTS)
def test_any_other_spelling_has_the_same_canonical_form(value: dict[str, Any]) -> None:
    assert jcs(parse_json(json.dumps(value, indent=1).encode())) == jcs(value)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_bytes_are_read_or_refused_and_nothing_else(data: bytes) -> None:
    try:
        value = parse_json(data)
    except Refusal:
        return
    assert parse_json(jcs(value)) == value


def test_a_megabyte_made_to_be_slow_is_refused_at_once() -> None:
    """Each is quadratic for a careless reader: minutes, where this test's time limit is seconds."""
    keys = b",".join(b'"%d":1' % number for number in range(90_000))
    for data in (b"{" + keys + b',"89999":1}', b'{"' + b'\\"' * 500_000, b'"' * 1_000_000):
        started = time.process_time()
        with pytest.raises(Refusal):
            parse_json(data)
        assert time.process_time() - started < 5
