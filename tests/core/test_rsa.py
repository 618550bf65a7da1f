"""RS256: the RFC's own signature holds, and whatever is not exactly PKCS #1 v1.5 does not."""

import hashlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.errors import InvalidArgument
from registry.core.multibase import base64url_decode
from registry.core.rsa import EXPONENTS, MAX_MODULUS_BITS, MIN_MODULUS_BITS, RsaPublicKey

from .jose_keys import rsa_signer

# RFC 7515, A.2.
MODULUS = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4"
    "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
    "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX"
    "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
)
SIGNING_INPUT = (
    "eyJhbGciOiJSUzI1NiJ9"
    ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn"
    "VlfQ"
)
SIGNATURE = (
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
    "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
    "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
    "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)
# RFC 8017, 9.2, note 1: the DigestInfo of SHA-256, before the hash.
DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
MESSAGE = b"any message"
KEY = rsa_signer().public_key
SIZE = KEY.signature_bytes


def published() -> RsaPublicKey:
    return RsaPublicKey(int.from_bytes(base64url_decode(MODULUS), "big"), 65537)


def sign_raw(padded: bytes) -> bytes:
    """The private operation alone, on any padding that an attacker would like to have signed."""
    numbers = rsa_signer().private.private_numbers()
    signed = pow(int.from_bytes(padded, "big"), numbers.d, numbers.public_numbers.n)
    return signed.to_bytes(SIZE, "big")


def padded(
    info: bytes, *, fill: bytes = b"\xff", tail: bytes = b"", block: bytes = b"\x01"
) -> bytes:
    room = SIZE - 3 - len(info) - len(tail)
    return b"\0" + block + fill * room + b"\0" + info + tail


DIGEST = hashlib.sha256(MESSAGE).digest()
INFO = DIGEST_INFO + DIGEST
BAD_PADDING = {
    "a bare digest": padded(DIGEST),
    "the digest of SHA-1": padded(
        bytes.fromhex("3021300906052b0e03021a05000414") + hashlib.sha1(MESSAGE).digest()  # noqa: S324
    ),
    "trailing garbage (Bleichenbacher 2006)": b"\0\x01\xff\xff\xff\xff\xff\xff\xff\xff\0"
    + INFO
    + b"\x17" * (SIZE - 11 - len(INFO)),
    "trailing garbage at the end of a full padding": padded(INFO, tail=b"\0"),
    "garbage in the parameters": padded(
        bytes.fromhex("3033300f060960864801650304020105024141" + "0420") + DIGEST
    ),
    "no NULL for parameters": padded(bytes.fromhex("302f300b06096086480165030402010420") + DIGEST),
    "a length in the long form": padded(
        bytes.fromhex("308131300d060960864801650304020105000420") + DIGEST
    ),
    "zeros for fill": padded(INFO, fill=b"\0"),
    "a byte of fill that is not ff": padded(INFO).replace(b"\xff\0\x30", b"\xfe\0\x30"),
    "block type 0": padded(INFO, block=b"\0"),
    "block type 2": padded(INFO, block=b"\x02"),
    "another message": padded(DIGEST_INFO + hashlib.sha256(b"another").digest()),
}


def test_the_signature_of_rfc_7515_holds_for_its_input_alone() -> None:
    signature = base64url_decode(SIGNATURE)
    assert published().verifies(SIGNING_INPUT.encode(), signature)
    assert not published().verifies(SIGNING_INPUT.encode() + b"\n", signature)
    assert not KEY.verifies(SIGNING_INPUT.encode(), signature)
    assert (published().algorithm, published().signature_bytes) == ("RS256", 256)


def test_the_padding_that_the_attacks_start_from_is_right() -> None:
    assert KEY.verifies(MESSAGE, sign_raw(padded(INFO)))
    assert sign_raw(padded(INFO)) == rsa_signer().sign(MESSAGE)


@pytest.mark.parametrize("bad", BAD_PADDING.values(), ids=BAD_PADDING.keys())
def test_other_padding_is_no_signature(bad: bytes) -> None:
    assert len(bad) == SIZE
    assert not KEY.verifies(MESSAGE, sign_raw(bad))


def test_a_signature_has_the_length_of_the_modulus_and_is_less_than_it() -> None:
    signature = rsa_signer().sign(MESSAGE)
    larger = int.from_bytes(signature, "big") + KEY.modulus
    spellings = [b"\0" + signature, signature + b"\0", signature[1:], signature[:-1], b""]
    if larger < 1 << 8 * SIZE:
        spellings.append(larger.to_bytes(SIZE, "big"))
    assert not any(KEY.verifies(MESSAGE, spelling) for spelling in spellings)
    for value in (0, 1, KEY.modulus - 1, KEY.modulus, (1 << 8 * SIZE) - 1):
        assert not KEY.verifies(MESSAGE, value.to_bytes(SIZE, "big"))


@given(st.integers(0, 8 * SIZE - 1))
def test_one_changed_bit_breaks_a_signature(bit: int) -> None:
    changed = int.from_bytes(rsa_signer().sign(MESSAGE), "big") ^ (1 << bit)
    assert not KEY.verifies(MESSAGE, changed.to_bytes(SIZE, "big"))


@pytest.mark.parametrize("bits", [0, 512, 1024, MIN_MODULUS_BITS - 1, MAX_MODULUS_BITS + 1])
def test_a_modulus_outside_the_limits_is_refused(bits: int) -> None:
    with pytest.raises(InvalidArgument):
        RsaPublicKey((1 << bits) - 1, 65537)


@pytest.mark.parametrize("bits", [MIN_MODULUS_BITS, MAX_MODULUS_BITS])
def test_a_modulus_at_the_limits_is_read(bits: int) -> None:
    assert RsaPublicKey((1 << bits) - 1, 65537).signature_bytes == bits // 8


@pytest.mark.parametrize(
    "exponent", [-65537, 0, 1, 2, 3, 17, 65535, 65536, 65538, EXPONENTS.stop, EXPONENTS.stop + 1]
)
def test_an_exponent_outside_the_limits_is_refused(exponent: int) -> None:
    with pytest.raises(InvalidArgument):
        RsaPublicKey(KEY.modulus, exponent)


@pytest.mark.parametrize("exponent", [EXPONENTS.start, EXPONENTS.stop - 1])
def test_an_exponent_at_the_limits_is_read(exponent: int) -> None:
    assert not RsaPublicKey(KEY.modulus, exponent).verifies(MESSAGE, bytes(SIZE))


def test_an_even_modulus_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        RsaPublicKey(KEY.modulus - 1, 65537)


def test_the_largest_key_and_exponent_cost_a_verifier_little() -> None:
    key = RsaPublicKey((1 << MAX_MODULUS_BITS) - 1, EXPONENTS.stop - 1)
    started = time.perf_counter()
    assert not key.verifies(MESSAGE, b"\x7f" * key.signature_bytes)
    assert time.perf_counter() - started < 0.5
