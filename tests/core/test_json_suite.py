"""Cases of the kinds that Nicolas Seriot's JSONTestSuite collects, written anew: y, n and i.

Each stands in `{"a": …}` where it is a value, for a document is an object. What RFC 8259 allows and
the door refuses is I-JSON's (RFC 7493) or the door's own rule, and is named here one by one.
"""

import json

import pytest

from registry.core.document import parse_json
from registry.core.errors import Refusal


def refused(data: bytes) -> str:
    with pytest.raises(Refusal) as caught:
        parse_json(data)
    assert caught.value.step == "format"
    return caught.value.code


TAKEN = [
    *(b"[]", b"[ ]", b"[[]  ]", b'[""]', b'["a"]', b"[false]", b"[null]", b'[null, 1, "1", {}]'),
    *(b"[1\n]", b"[1,null,null,null,2]", b"[2] ", b" [1]", b"\t[\r\n1\t]\r"),
    *(b"123", b"20e1", b"0e+1", b"0e1", b"1e-2", b"1E+2", b"1E-2", b"1e+2", b"1E2", b"-123", b"-1"),
    *(b"123.456e1", b"123.456789", b"0", b"-1e-2", b"1.5E-7"),
    *(b"true", b"false", b"null", b"{}", b'{"a":"b","c":"d"}', b'{"":0}', b'{"foo\\u0000bar": 42}'),
    *(b'{"min": -1.0e+15, "max": 1.0e+15}', b'{"x":[{"id": "x"}], "id": "y"}'),
    *(b'"\\u0060\\u012a\\u12AB"', b'"\\uD801\\udc37"', b'"\\ud83d\\ude39\\ud83d\\udc8d"'),
    *(b'"\\"\\\\\\/\\b\\f\\n\\r\\t"', b'"\\\\u0000"', b'"\\""', b'"a/*b*/c/*d//e"', b'"\\\\a"'),
    *(b'"\\\\n"', b'"\\u0012"', b'"asd "', b'" "', b'"\\u0821"', b'"\\u0123"', b'"new\\u000Aline"'),
    *(b'"\\u0000"', b'"\\u002c"', b'"\\u2028\\u2029"', b'"\\uA66D"', b'"\\u005C"', b'"\\u0022"'),
    *('"π"', '"𛿿"', '"\u2028"', '"\u2029"', '"€𝄞"', '"\x7f"', '"⍂㈴⍂"'),
    *(b'"\\uDBFF\\uDFFD"', b'"\\u200B"', b'"\\u2064"', b'"\\uFFFD"'),
]


@pytest.mark.parametrize("text", TAKEN)
def test_what_every_reader_takes_is_taken(text: bytes | str) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    assert parse_json(b'{"a":' + data + b"}") == {"a": json.loads(data)}


# y_ of the suite, refused by the door: with the rule that says so.
STRICTER = {
    "minus zero (JCS writes 0: the sign is lost)": b"-0",
    "minus zero with a fraction": b"-0.0",
    "a number close to zero, in 80 characters": b"-0." + b"0" * 77 + b"1",
    "a number beyond 2^53 - 1 (RFC 7493, 2.2)": b"1E22",
    "one with a capital exponent": b"123e45",
    "one with a sign": b"123.456e78",
    "an integer of 20 digits": b"-12345678901234567890",
    "a noncharacter (RFC 7493, 2.1)": '"\U0010ffff"'.encode(),
    "another": b'"\\uFDD0"',
    "an escaped one": b'"\\uD83F\\uDFFE"',
    "a duplicate key (RFC 7493, 2.3)": b'{"a":"b","a":"c"}',
    "a duplicate key and value": b'{"a":"b","a":"b"}',
}


@pytest.mark.parametrize("text", STRICTER.values(), ids=STRICTER)
def test_what_i_json_or_the_door_forbids_is_malformed(text: bytes) -> None:
    json.loads(text)
    assert refused(b'{"a":' + text + b"}") == "malformed"


# i_ of the suite: RFC 8259 leaves it open; this is the door's answer.
OPEN = {
    "a huge exponent": b"0.4e00669999999999999999999999999999999999999999999999999999",
    "1e9999": b"1.5e+9999",
    "minus 1e9999": b"-1e+9999",
    "an underflow": b"123e-10000000",
    "an integer too big": b"100000000000000000000",
    "an integer too small": b"-123123123123123123123123123123",
    "a lone first surrogate": b'"\\uDADA"',
    "an incomplete pair": b'"\\uD800\\uD800\\n"',
    "an inverted pair": b'"\\uDd1e\\uD834"',
    "a first surrogate and an escape": b'"\\ud800\\n"',
    "a lone second surrogate": b'"\\uDFAA"',
    "Latin-1": b'"\xe9"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "a pair of surrogates in UTF-8 (CESU-8)": b'"\xed\xa0\xbd\xed\xb8\x80"',
    "zero in two bytes (modified UTF-8)": b'"\xc0\x80"',
    "an overlong slash in two bytes": b'"\xc0\xaf"',
    "an overlong slash in three": b'"\xe0\x80\xaf"',
    "an overlong slash in four": b'"\xf0\x80\x80\xaf"',
    "overlong in six bytes": b'"\xfc\x83\xbf\xbf\xbf\xbf"',
    "beyond U+10FFFF": b'"\xf4\x90\x80\x80"',
    "a sequence cut short": b'"\xe0\xff"',
    "a lone continuation": b'"\x81"',
}


@pytest.mark.parametrize("text", OPEN.values(), ids=OPEN)
def test_what_readers_read_differently_is_malformed(text: bytes) -> None:
    assert refused(b'{"a":' + text + b"}") == "malformed"


NOT_VALUES = [
    *(
        b"[1 true]",
        b"[a\xe5]",
        b'["": 1]',
        b'[""],',
        b"[,1]",
        b"[1,,2]",
        b'["x",,]',
        b'["x"]]',
        b'["",]',
    ),
    *(
        b'["x"',
        b"[x",
        b"[3[4]]",
        b"[\xff]",
        b"[1:2]",
        b"[,]",
        b"[-]",
        b'[   , ""]',
        b'["a",\n4\n,1,',
        b"[1,]",
    ),
    *(
        b"[1,,]",
        b'["\x0ba"\\f]',
        b"[*]",
        b'[""',
        b"[1,\n1\n,1",
        b"[{}",
        b"[fals]",
        b"[nul]",
        b"[tru]",
    ),
    *(
        b"++1234",
        b"+1",
        b"+Inf",
        b"-01",
        b"-1.0.",
        b"-2.",
        b"-NaN",
        b".-1",
        b".2e-3",
        b"0.1.2",
        b"0.3e+",
    ),
    *(
        b"0.3e",
        b"0.e1",
        b"0_1",
        b"0E+",
        b"0E",
        b"0e+",
        b"0e",
        b"1.0e+",
        b"1.0e-",
        b"1.0e",
        b"1 000.0",
        b"1eE2",
    ),
    *(
        b"2.e+3",
        b"2.e-3",
        b"2.e3",
        b"9.e+",
        b"Inf",
        b"NaN",
        b"\xef\xbc\x91",
        b"1+2",
        b"0x1",
        b"0x42",
        b"Infinity",
    ),
    *(
        b"0e+-1",
        b"-123.123foo",
        b"123\xe5",
        b"-Infinity",
        b"-foo",
        b"- 1",
        b"-012",
        b"-.123",
        b"-1x",
        b"1ea",
    ),
    *(
        b"1e1\xe5",
        b"1.",
        b".123",
        b"1.2a-3",
        b"1.8011670033376514H-308",
        b"012",
        b"\xd9\xa1",
        b"1_000",
        b"1f",
    ),
    *(
        b'["x", truth]',
        b'{"x", null}',
        b'{"x"::"b"}',
        b"{\xf0\x9f\x87\xa8}",
        b'{"a" "b"}',
        b'{:"b"}',
        b'{"a":}',
    ),
    *(
        b'{"a"',
        b'{"a":',
        b"{1:1}",
        b"{9999E9999:1}",
        b"{null:null}",
        b'{"id":0,,,,,}',
        b"{'a':0}",
        b'{"id":0,}',
    ),
    *(
        b'{"a":"b"}/**/',
        b'{"a":"b"}//',
        b'{"a":"b",,"c":"d"}',
        b'{a: "b"}',
        b'{"a":"a',
        b'{ "foo" : "bar", "a" }',
    ),
    *(
        b'"\\uD800\\"',
        b'"\\uD800\\u"',
        b'"\\uD800\\u1"',
        b'"\\uD800\\u1x"',
        b"\xc3\xa9",
        b'"\\\x00"',
        b'"\\x00"',
    ),
    *(
        b'"\\\\\\"',
        b'"\\\t"',
        b'"\\\xf0\x9f\x8c\x80"',
        b'"\\"',
        b'"\\u00A"',
        b'"\\uD834\\uDd"',
        b'"\\a"',
        b'"\\uqqqq"',
    ),
    *(
        b'"\\u0x1f"',
        b'"\\u+123"',
        b'"\\u 123"',
        b'"\\u12_3"',
        b'"\\U0041"',
        b'\\u0020"asd"',
        b"\\n",
        b'"',
        b"'a'",
    ),
    *(b"abc", b'"\x00"', b'"new\nline"', b'"\t"', b'"\x1f"', b'"\\', b"<.>", b"[<null>]", b'["a'),
    *(
        b"True",
        b"TRUE",
        b"None",
        b"undefined",
        b"nan",
        b"\x0c1",
        b"\xe2\x81\xa01",
        b"\xc2\xa01",
        b"\xe3\x80\x801",
    ),
    *(
        b"1]",
        b"1}",
        b'{"a":1',
        b"[1",
        b'[\\u000A""]',
        b'{"a":/*comment*/"b"}',
        b'"\x80"',
        b"\xef\xbb\xbf1",
    ),
]


@pytest.mark.parametrize("text", NOT_VALUES)
def test_what_is_no_json_is_malformed(text: bytes) -> None:
    assert refused(b'{"a":' + text + b"}") == "malformed"


NOT_DOCUMENTS = [
    *(
        b"",
        b" ",
        b"{",
        b"}",
        b"[",
        b"]",
        b"{]",
        b'{"a":1}}',
        b'{"a":1}]',
        b"{}#",
        b'{"a":1} x',
        b"{}\x00",
    ),
    *(
        b"\xef\xbb\xbf{}",
        b"\xef\xbb\xbf",
        b"\xfe\xff\x00{\x00}",
        b"\xff\xfe{\x00}\x00",
        b"\x00{\x00}",
        b"\x00",
    ),
    *(
        b"{}\xef\xbb\xbf",
        b"\x0b{}",
        b"\xc2\xa0{}",
        b"\xe2\x81\xa0{}",
        b"{}\x0c",
        b"*",
        b'{"a',
        b"<null>",
    ),
    *(
        b"[]",
        b'"a"',
        b"1",
        b"null",
        b"true",
        b"[{}]",
        b"{}{}",
        b"{},",
        b"2@",
        b"\xe5",
        b'{"a":1}\'',
    ),
]


@pytest.mark.parametrize("data", NOT_DOCUMENTS)
def test_what_is_no_object_alone_is_malformed(data: bytes) -> None:
    assert refused(data) == "malformed"


@pytest.mark.parametrize("data", [b"[" * 100_000, b'[{"":' * 50_000, b'{"a":' * 100_000])
def test_an_open_end_of_brackets_is_too_deep(data: bytes) -> None:
    assert refused(data) == "too_deep"
