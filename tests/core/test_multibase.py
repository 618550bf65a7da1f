"""Every value has one spelling: what a lenient reader would take for another is refused."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.errors import InvalidArgument
from registry.core.multibase import (
    MAX_BASE58_CHARACTERS,
    base58btc_decode,
    base58btc_encode,
    base64url_decode,
    base64url_encode,
)

# RFC 4648, 10, and RFC 7515, appendix C: without padding, with - and _.
BASE64URL = {
    b"": "",
    b"f": "Zg",
    b"fo": "Zm8",
    b"foo": "Zm9v",
    b"foob": "Zm9vYg",
    b"fooba": "Zm9vYmE",
    b"foobar": "Zm9vYmFy",
    b"\x03\xec\xff\xe0\xc1": "A-z_4ME",
}
# draft-msporny-base58, section 5, with the Multibase prefix.
BASE58BTC = {
    b"Hello World!": "z2NEpo7TZRRrLZSi2U",
    b"The quick brown fox jumps over the lazy dog.": (
        "zUSm3fpXnKG5EUBx2ndxBDMPVciP5hGey2Jh4NDv6gmeo1LkMeiKrLJUUBk6Z"
    ),
    bytes.fromhex("0000287fb4cd"): "z11233QC4",
    b"": "z",
}
NOT_BASE64URL = {
    "padding": "Zg==",
    "one sign of padding": "Zm8=",
    "padding alone": "=",
    "left-over bits": "Zh",
    "two left-over bits": "Zm9",
    "one character too many": "Zm9vY",
    "the alphabet of base64": "A+z/4ME",
    "a line feed": "Zm9v\nYg",
    "a line feed at the end": "Zm9v\n",
    "a space": "Zm9v Yg",
    "a foreign character": "Zm9v!Yg",
    "a full stop": "Zm9v.Yg",
    "NUL": "Zm9v\0",
    "a wide character": "Zm9v\uff21g",
    "percent-encoding": "Zm9v%59g",
}
NOT_BASE58 = {
    "no prefix": "2NEpo7TZRRrLZSi2U",
    "the prefix of another base": "u2NEpo7TZRRrLZSi2U",
    "a capital prefix": "Z2NEpo7TZRRrLZSi2U",
    "nothing": "",
    "a zero": "z0",
    "a capital O": "zO",
    "a capital I": "zI",
    "a small l": "zl",
    "white space at the end": "z2NEpo7TZRRrLZSi2U\n",
    "white space before": "z 2NEpo7TZRRrLZSi2U",
    "a wide digit": "z\uff12",
    "more than is ever decoded": "z" + "2" * MAX_BASE58_CHARACTERS,
}


@pytest.mark.parametrize(("data", "text"), BASE64URL.items(), ids=repr)
def test_base64url_is_as_published(data: bytes, text: str) -> None:
    assert base64url_encode(data) == text
    assert base64url_decode(text) == data


@pytest.mark.parametrize(("data", "text"), BASE58BTC.items(), ids=repr)
def test_base58btc_is_as_published(data: bytes, text: str) -> None:
    assert base58btc_encode(data) == text
    assert base58btc_decode(text) == data


@pytest.mark.parametrize("text", NOT_BASE64URL.values(), ids=NOT_BASE64URL.keys())
def test_another_spelling_of_base64url_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        base64url_decode(text)


@pytest.mark.parametrize("text", NOT_BASE58.values(), ids=NOT_BASE58.keys())
def test_another_spelling_of_base58btc_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        base58btc_decode(text)


@given(st.binary(max_size=200))
def test_base64url_comes_back(data: bytes) -> None:
    assert base64url_decode(base64url_encode(data)) == data


@given(st.binary(max_size=96))
def test_base58btc_comes_back(data: bytes) -> None:
    assert base58btc_decode(base58btc_encode(data)) == data


@given(st.text(alphabet=string.ascii_letters + string.digits + "-_=+/ \n.", max_size=12))
def test_what_base64url_reads_it_writes(text: str) -> None:
    try:
        data = base64url_decode(text)
    except InvalidArgument:
        return
    assert base64url_encode(data) == text


@given(st.text(alphabet=string.ascii_letters + string.digits + " \n", max_size=12))
def test_what_base58btc_reads_it_writes(text: str) -> None:
    try:
        data = base58btc_decode(f"z{text}")
    except InvalidArgument:
        return
    assert base58btc_encode(data) == f"z{text}"


def test_long_text_of_base58_costs_nothing() -> None:
    started = time.perf_counter()
    with pytest.raises(InvalidArgument):
        base58btc_decode("z" + "2" * 1_000_000)
    assert time.perf_counter() - started < 0.5
