"""ECDSA keys and signatures: the public vectors' names of keys, and every way not to be one."""

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from registry.core.ecdsa import CURVES, P256, P384, SECP256K1, Curve, EcPublicKey
from registry.core.errors import InvalidArgument
from registry.core.keys import Ed25519PublicKey, read_multikey
from registry.core.multibase import base58btc_encode, base64url_decode
from registry.lifecycle.signing_key import Ed25519Signer

from .ecdsa_signer import ORDER, EcdsaSigner
from .public_vectors import VECTORS, needs_vectors, read_json

# The fields' primes (SEC 2, 2.4.1, 2.4.2 and 2.5.1).
PRIME = {
    P256: 2**256 - 2**224 + 2**192 + 2**96 - 1,
    P384: 2**384 - 2**128 - 2**96 + 2**32 - 1,
    SECP256K1: 2**256 - 2**32 - 977,
}
MESSAGE = b"what is signed"

on_each_curve = pytest.mark.parametrize("curve", CURVES, ids=lambda curve: str(curve.name))


def signer_on(curve: Curve) -> EcdsaSigner:
    return EcdsaSigner(curve, 0xC0FFEE)


def published_jwks(file: str) -> list[tuple[str, Any]]:
    vectors = read_json(VECTORS / "did-key-vectors" / "test-vectors" / file)
    methods = (
        (did.removeprefix("did:key:"), vector["didDocument"]["verificationMethod"][0])
        for did, vector in vectors.items()
    )
    return [(name, method["publicKeyJwk"]) for name, method in methods if "publicKeyJwk" in method]


@needs_vectors
@pytest.mark.parametrize(
    ("file", "of_each_curve"),
    [("nist-curves.json", {"P-256": 2, "P-384": 2}), ("secp256k1.json", {"secp256k1": 1})],
)
def test_a_multikey_is_the_point_that_the_public_vectors_say(
    file: str, of_each_curve: dict[str, int]
) -> None:
    read = []
    for multikey, jwk in published_jwks(file):
        if jwk["crv"] == "P-521":
            with pytest.raises(InvalidArgument):
                read_multikey(multikey)
            continue
        key = read_multikey(multikey)
        assert isinstance(key, EcPublicKey)
        assert key.coordinates == (base64url_decode(jwk["x"]), base64url_decode(jwk["y"]))
        assert (key.curve.name, key.multikey) == (jwk["crv"], multikey)
        read.append(jwk["crv"])
    assert {name: read.count(name) for name in read} == of_each_curve


@on_each_curve
def test_a_key_reads_back_from_each_of_its_forms(curve: Curve) -> None:
    key = signer_on(curve).public_key
    assert read_multikey(key.multikey) == key
    assert EcPublicKey.from_coordinates(curve, *key.coordinates) == key
    assert key.did_key == f"did:key:{key.multikey}"
    assert key.signature_bytes == 2 * curve.coordinate_bytes


def test_a_multikey_of_ed25519_is_read_beside_the_curves() -> None:
    key = Ed25519Signer(bytes(32)).public_key
    assert read_multikey(key.multikey) == key
    assert isinstance(key, Ed25519PublicKey)


@on_each_curve
@pytest.mark.parametrize("prefix", [0, 1, 4, 5, 6, 7, 255])
def test_a_point_has_no_other_prefix_than_02_and_03(curve: Curve, prefix: int) -> None:
    with pytest.raises(InvalidArgument):
        EcPublicKey(curve, bytes((prefix,)) + signer_on(curve).public_key.point[1:])


@on_each_curve
def test_no_other_length_or_form_of_a_point_is_read(curve: Curve) -> None:
    key = signer_on(curve).public_key
    x, y = key.coordinates
    infinity = b"\x00"
    for form in (b"", infinity, key.point[:-1], key.point + b"\x00", x, b"\x04" + x + y):
        with pytest.raises(InvalidArgument):
            EcPublicKey(curve, form)
        with pytest.raises(InvalidArgument):
            read_multikey(base58btc_encode(curve.multicodec + form))


@on_each_curve
def test_a_point_off_the_curve_is_no_key(curve: Curve) -> None:
    """About half of all x have no y."""
    refused = [x for x in range(1, 40) if not is_read(curve, b"\x02" + in_field(curve, x))]
    assert 5 < len(refused) < 35
    x, y = signer_on(curve).public_key.coordinates
    for wrong in ((x, in_field(curve, 1)), (in_field(curve, refused[0]), y), (y, x)):
        with pytest.raises(InvalidArgument):
            EcPublicKey.from_coordinates(curve, *wrong)


def in_field(curve: Curve, value: int) -> bytes:
    return value.to_bytes(curve.coordinate_bytes, "big")


def is_read(curve: Curve, point: bytes) -> bool:
    try:
        return EcPublicKey(curve, point).point == point
    except InvalidArgument:
        return False


@on_each_curve
def test_a_coordinate_beyond_the_prime_is_no_second_spelling(curve: Curve) -> None:
    small = next(x for x in range(1, 40) if is_read(curve, b"\x02" + in_field(curve, x)))
    point = EcPublicKey(curve, b"\x02" + in_field(curve, small))
    beyond = in_field(curve, PRIME[curve] + small)
    assert not is_read(curve, b"\x02" + beyond)
    with pytest.raises(InvalidArgument):
        EcPublicKey.from_coordinates(curve, beyond, point.coordinates[1])


@on_each_curve
def test_zero_is_no_point(curve: Curve) -> None:
    zero = in_field(curve, 0)
    for x, y in ((zero, zero), (zero, in_field(curve, 1))):
        with pytest.raises(InvalidArgument):
            EcPublicKey.from_coordinates(curve, x, y)


@on_each_curve
def test_coordinates_have_the_curves_length(curve: Curve) -> None:
    x, y = signer_on(curve).public_key.coordinates
    for wrong in ((x[1:], y), (x, y[1:]), (b"\x00" + x, y), (x, b"\x00" + y), (x, b""), (b"", b"")):
        with pytest.raises(InvalidArgument):
            EcPublicKey.from_coordinates(curve, *wrong)


def test_a_point_of_one_curve_is_none_of_another() -> None:
    x, y = signer_on(P256).public_key.coordinates
    with pytest.raises(InvalidArgument):
        EcPublicKey.from_coordinates(SECP256K1, x, y)
    with pytest.raises(InvalidArgument):
        EcPublicKey(P384, signer_on(P256).public_key.point)


@on_each_curve
@given(st.binary(max_size=200))
def test_a_signature_holds_for_its_message_and_key(curve: Curve, message: bytes) -> None:
    signer = signer_on(curve)
    signature = signer.sign(message)
    assert signer.public_key.verifies(message, signature)
    assert not signer.public_key.verifies(message + b"\x00", signature)
    assert not EcdsaSigner(curve, 2).public_key.verifies(message, signature)


@on_each_curve
@given(data=st.data())
def test_no_changed_bit_of_a_signature_holds(curve: Curve, data: st.DataObject) -> None:
    signer = signer_on(curve)
    signature = bytearray(signer.sign(MESSAGE))
    place = data.draw(st.integers(0, 8 * len(signature) - 1))
    signature[place // 8] ^= 1 << place % 8
    assert not signer.public_key.verifies(MESSAGE, bytes(signature))


@on_each_curve
def test_a_high_s_holds_as_the_low_one_does(curve: Curve) -> None:
    signer = signer_on(curve)
    r, s = decode_dss_signature(signer.der(MESSAGE))
    for either in (s, ORDER[curve] - s):
        assert signer.public_key.verifies(MESSAGE, signer.written(r, either))


@on_each_curve
def test_r_and_s_are_from_1_to_the_order_less_1(curve: Curve) -> None:
    signer, order = signer_on(curve), ORDER[curve]
    r, s = decode_dss_signature(signer.der(MESSAGE))
    beyond = (0, order, order + 1, (1 << 8 * curve.coordinate_bytes) - 1)
    for wrong in [(x, s) for x in beyond] + [(r, x) for x in beyond] + [(x, x) for x in beyond]:
        assert not signer.public_key.verifies(MESSAGE, signer.written(*wrong))
    for other in ((s, r), (order - r, s), (1, 1), (order - 1, order - 1)):
        assert not signer.public_key.verifies(MESSAGE, signer.written(*other))


@on_each_curve
def test_s_has_one_spelling(curve: Curve) -> None:
    """s + n is the same number where it fits, and so is s with fewer or more zeros before it.

    A small s is made here by choosing the key after the signature.
    """
    nonce, s, order = 12345, 1, ORDER[curve]
    x, _ = EcdsaSigner(curve, nonce).public_key.coordinates
    r = int.from_bytes(x, "big") % order
    hashed = int.from_bytes(hashlib.new(curve.hash_name, MESSAGE).digest(), "big")
    signer = EcdsaSigner(curve, (s * nonce - hashed) * pow(r, -1, order) % order)
    assert signer.public_key.verifies(MESSAGE, signer.written(r, s))
    assert not signer.public_key.verifies(MESSAGE, signer.written(r, s + order))
    written = signer.written(r, s)
    half = len(written) // 2
    for length in (1, half - 1, half + 1):
        shifted = written[:half] + s.to_bytes(length, "big")
        assert not signer.public_key.verifies(MESSAGE, shifted)


@on_each_curve
def test_der_and_every_other_length_are_no_signature(curve: Curve) -> None:
    signer = signer_on(curve)
    signature, der = signer.sign(MESSAGE), signer.der(MESSAGE)
    padded = der.ljust(len(signature), b"\x00")[: len(signature)]
    for wrong in (der, padded, b"", signature[:-1], signature + b"\x00", b"\x00" + signature):
        assert not signer.public_key.verifies(MESSAGE, wrong)


def test_the_hash_is_that_of_the_curve() -> None:
    """A P-384 signature over SHA-256 is one that ES384 does not know."""
    signer = signer_on(P384)
    der = signer.key.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    assert not signer.public_key.verifies(MESSAGE, signer.written(*decode_dss_signature(der)))
    assert {curve.name: (curve.algorithm, curve.hash_name) for curve in CURVES} == {
        "P-256": ("ES256", "sha256"),
        "P-384": ("ES384", "sha384"),
        "secp256k1": ("ES256K", "sha256"),
    }
