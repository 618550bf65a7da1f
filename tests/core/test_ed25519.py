"""Ed25519 signatures that a careless library takes (RFC 8032, 5.1.7; 8.4): none holds here."""

from hashlib import sha512

import pytest
from nacl.bindings import crypto_scalarmult_ed25519_base_noclamp

from registry.core.errors import InvalidArgument
from registry.core.keys import Ed25519PublicKey
from registry.lifecycle.signing_key import Ed25519Signer

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
SIGN = 1 << 255
SEED = bytes(range(32))
SIGNER = Ed25519Signer(SEED)
# y of the points whose order divides 8; those of order 8 are roots of d*y^4 + 2*y^2 - 1 = 0.
ORDER_8 = int.from_bytes(
    bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
)
SMALL = (0, 1, PRIME - 1, ORDER_8, PRIME - ORDER_8)
IDENTITY = 1


def encoded(y: int) -> bytes:
    return y.to_bytes(32, "little")


# Each also with the sign bit, and as y + p where that fits: a point has one encoding.
SMALL_ORDER = [
    encoded(y + sign)
    for base in SMALL
    for y in (base, base + PRIME)
    if y < SIGN
    for sign in (0, SIGN)
]


def challenge(r: bytes, key: bytes, message: bytes) -> int:
    """The k of RFC 8032, 5.1.7, step 2."""
    return int.from_bytes(sha512(r + key + message).digest(), "little") % ORDER


def messages(r: bytes, key: bytes, wanted: int) -> bytes:
    """A message whose challenge is `wanted` modulo 8."""
    tries = (number.to_bytes(4, "big") for number in range(1 << 20))
    return next(message for message in tries if challenge(r, key, message) % 8 == wanted)


def secret_scalar() -> int:
    half = bytearray(sha512(SEED).digest()[:32])
    half[0] &= 248
    half[31] = half[31] & 127 | 64
    return int.from_bytes(half, "little")


def plus_order_2(point: bytes) -> bytes:
    """point + (0, -1), the point of order 2: both coordinates change their sign."""
    value = int.from_bytes(point, "little")
    y, sign = value % SIGN, value & SIGN
    return encoded((PRIME - y) + (SIGN - sign))


def test_the_points_of_order_8_satisfy_their_equation() -> None:
    d = -121665 * pow(121666, -1, PRIME)
    assert (d * ORDER_8**4 + 2 * ORDER_8**2 - 1) % PRIME == 0
    assert len(set(SMALL_ORDER)) == 14


@pytest.mark.parametrize("key", SMALL_ORDER, ids=bytes.hex)
def test_a_key_of_small_order_verifies_nothing(key: bytes) -> None:
    """With S = 0, R the identity and k a multiple of 8, S*B = R + k*A holds for any such A."""
    public, identity = Ed25519PublicKey(key), encoded(IDENTITY)
    message = messages(identity, key, 0)
    assert not public.verifies(message, identity + bytes(32))
    for r in SMALL_ORDER:
        assert not any(public.verifies(bytes((n,)), r + bytes(32)) for n in range(16))


@pytest.mark.parametrize("r", SMALL_ORDER, ids=bytes.hex)
def test_an_r_of_small_order_signs_nothing(r: bytes) -> None:
    """S = k*a fits an R that is the identity: the signer alone can make it, and nobody should."""
    key = SIGNER.public_key
    s = challenge(r, key.raw, b"message") * secret_scalar() % ORDER
    assert not key.verifies(b"message", r + encoded(s))


def signed_with(r_point: bytes, r_scalar: int, message: bytes) -> bytes:
    k = challenge(r_point, SIGNER.public_key.raw, message)
    return r_point + encoded((r_scalar + k * secret_scalar()) % ORDER)


def test_an_r_of_mixed_order_does_not_hold() -> None:
    """With the cofactor (8*S*B = 8*R + 8*k*A) it would: verifiers would not all agree."""
    r = crypto_scalarmult_ed25519_base_noclamp(encoded(12345))
    assert SIGNER.public_key.verifies(b"message", signed_with(r, 12345, b"message"))
    mixed = signed_with(plus_order_2(r), 12345, b"message")
    assert not SIGNER.public_key.verifies(b"message", mixed)


def test_s_has_one_spelling() -> None:
    signature = SIGNER.sign(b"message")
    s = int.from_bytes(signature[32:], "little")
    assert SIGNER.public_key.verifies(b"message", signature)
    for again in (s + ORDER, s + 2 * ORDER, s + 8 * ORDER, s + SIGN):
        assert not SIGNER.public_key.verifies(b"message", signature[:32] + encoded(again))


def test_r_and_key_have_one_sign() -> None:
    signature, key = SIGNER.sign(b"message"), SIGNER.public_key
    other = int.from_bytes(signature[:32], "little") ^ SIGN
    assert not key.verifies(b"message", encoded(other) + signature[32:])
    negative = Ed25519PublicKey(encoded(int.from_bytes(key.raw, "little") ^ SIGN))
    assert not negative.verifies(b"message", signature)


@pytest.mark.parametrize("key", [b"\xff" * 32, encoded(2), encoded(PRIME - 2)], ids=bytes.hex)
def test_a_key_that_is_no_point_verifies_nothing(key: bytes) -> None:
    public = Ed25519PublicKey(key)
    assert not public.verifies(b"message", SIGNER.sign(b"message"))
    assert not public.verifies(b"message", bytes(64))


@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_a_signature_has_64_bytes(length: int) -> None:
    signature = (SIGNER.sign(b"message") * 2)[:length]
    assert not SIGNER.public_key.verifies(b"message", signature)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_has_32_bytes(length: int) -> None:
    with pytest.raises(InvalidArgument):
        Ed25519PublicKey(bytes(length))
