"""Public JWKs: the keys of the RFCs are read and written; each refusal has a test."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.document import JsonObject
from registry.core.ecdsa import P256, P384, SECP256K1, EcPublicKey
from registry.core.errors import InvalidArgument
from registry.core.jwk import PRIVATE_MEMBERS, read_jwk, thumbprint, write_jwk
from registry.core.keys import Ed25519PublicKey, read_multikey
from registry.core.multibase import base64url_encode
from registry.core.rsa import MAX_MODULUS_BITS, RsaPublicKey
from registry.lifecycle.signing_key import Ed25519Signer

from .jose_keys import CURVES, EcSigner, rsa_signer
from .public_vectors import VECTORS, needs_vectors, read_json

# RFC 7517, A.1 (both), RFC 8037, A.2.
P256_KEY: JsonObject = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}
RSA_KEY: JsonObject = {
    "kty": "RSA",
    "n": (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_B"
        "JECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_F"
        "DW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4"
        "vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    ),
    "e": "AQAB",
}
ED25519_KEY: JsonObject = {
    "kty": "OKP",
    "crv": "Ed25519",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
SECP256K1_KEY = write_jwk(EcSigner(SECP256K1).public_key)
P384_KEY = write_jwk(EcSigner(P384).public_key)
PUBLISHED = {
    "RFC 7517 EC": (P256_KEY, "ES256"),
    "RFC 7517 RSA": (RSA_KEY, "RS256"),
    "RFC 8037": (ED25519_KEY, "EdDSA"),
    "secp256k1": (SECP256K1_KEY, "ES256K"),
    "P-384": (P384_KEY, "ES384"),
}
X, Y = str(P256_KEY["x"]), str(P256_KEY["y"])
LONG = "A" * (MAX_MODULUS_BITS // 8 * 4 // 3 + 8)


def n(bits: int) -> str:
    return base64url_encode(((1 << bits) - 1).to_bytes((bits + 7) // 8, "big"))


REFUSED: dict[str, Any] = {
    "no object": [P256_KEY],
    "text": "{}",
    "null": None,
    "nothing": {},
    "no kty": {"crv": "Ed25519", "x": X},
    "a symmetric key": {"kty": "oct", "k": "c2VjcmV0"},
    "an unknown kty": {**P256_KEY, "kty": "ec"},
    "a kty that is no text": {**P256_KEY, "kty": ["EC"]},
    "an unread curve": {**P256_KEY, "crv": "P-521"},
    "a curve by another name": {**P256_KEY, "crv": "p-256"},
    "secp256k1 by another name": {**SECP256K1_KEY, "crv": "P-256K"},
    "a curve that is no text": {**P256_KEY, "crv": 256},
    "the curve of another point": {**P256_KEY, "crv": "secp256k1"},
    "a curve of another length": {**P256_KEY, "crv": "P-384"},
    "a point off the curve": {**P256_KEY, "y": X},
    "no y": {key: P256_KEY[key] for key in ("kty", "crv", "x")},
    "an x that is no text": {**P256_KEY, "x": 7},
    "an x with padding": {**P256_KEY, "x": X + "="},
    "an x with left-over bits": {**P256_KEY, "x": X[:-1] + "5"},
    "an x with a line feed": {**P256_KEY, "x": X + "\n"},
    "an x shorter than the field": {**P256_KEY, "x": X[:-4]},
    "an x longer than the field": {**P256_KEY, "x": "AAAA" + X},
    "an endless x": {**P256_KEY, "x": LONG},
    "the point at infinity": {**P256_KEY, "x": n(256)[:0], "y": ""},
    "coordinates beyond the field": {**P256_KEY, "x": n(256), "y": n(256)},
    "an EC key with a modulus": {**P256_KEY, "n": RSA_KEY["n"], "e": "AQAB"},
    "an OKP key with a y": {**ED25519_KEY, "y": Y},
    "X25519": {**ED25519_KEY, "crv": "X25519"},
    "Ed448": {**ED25519_KEY, "crv": "Ed448"},
    "an Ed25519 key of 31 bytes": {**ED25519_KEY, "x": base64url_encode(bytes(31))},
    "an Ed25519 key of 33 bytes": {**ED25519_KEY, "x": base64url_encode(bytes(33))},
    "no modulus": {"kty": "RSA", "e": "AQAB"},
    "no exponent": {"kty": "RSA", "n": RSA_KEY["n"]},
    "1024 bits": {**RSA_KEY, "n": n(1024)},
    "2047 bits": {**RSA_KEY, "n": n(2047)},
    "more bits than are read": {**RSA_KEY, "n": n(MAX_MODULUS_BITS + 8)},
    "an endless modulus": {**RSA_KEY, "n": LONG},
    "a modulus with a zero octet before": {**RSA_KEY, "n": base64url_encode(b"\0" + b"\xff" * 255)},
    "an empty modulus": {**RSA_KEY, "n": ""},
    "the exponent 1": {**RSA_KEY, "e": "AQ"},
    "the exponent 3": {**RSA_KEY, "e": "Aw"},
    "an even exponent": {**RSA_KEY, "e": "AQAC"},
    "an exponent with a zero octet before": {**RSA_KEY, "e": "AAEAAQ"},
    "an endless exponent": {**RSA_KEY, "e": n(2048)},
    "an exponent that is a number": {**RSA_KEY, "e": 65537},
    "a key for encryption": {**P256_KEY, "use": "enc"},
    "a use that is null": {**P256_KEY, "use": None},
    "operations without verify": {**P256_KEY, "key_ops": ["sign"]},
    "operations that are no list": {**P256_KEY, "key_ops": "verify"},
    "no operations": {**P256_KEY, "key_ops": []},
    "the algorithm of another kind": {**P256_KEY, "alg": "RS256"},
    "the algorithm of another curve": {**P256_KEY, "alg": "ES384"},
    "a MAC for algorithm": {**RSA_KEY, "alg": "HS256"},
    "PSS for algorithm": {**RSA_KEY, "alg": "PS256"},
    "an algorithm that is null": {**ED25519_KEY, "alg": None},
    "EdDSA for a curve of ECDSA": {**P256_KEY, "alg": "EdDSA"},
}


@pytest.mark.parametrize(("value", "algorithm"), PUBLISHED.values(), ids=PUBLISHED.keys())
def test_a_public_key_is_read_and_written_again(value: JsonObject, algorithm: str) -> None:
    key = read_jwk(value)
    assert key.algorithm == algorithm
    assert write_jwk(key) == value


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_public_key_for_verifying_is_refused(value: Any) -> None:
    with pytest.raises(InvalidArgument):
        read_jwk(value)


@pytest.mark.parametrize("member", sorted(PRIVATE_MEMBERS))
@pytest.mark.parametrize("value", [P256_KEY, RSA_KEY, ED25519_KEY], ids=["EC", "RSA", "OKP"])
def test_a_key_that_shows_a_private_member_is_refused(value: JsonObject, member: str) -> None:
    with pytest.raises(InvalidArgument, match="private"):
        read_jwk({**value, member: "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"})


def test_members_about_the_key_are_allowed_or_passed_over() -> None:
    about = {"use": "sig", "key_ops": ["sign", "verify"], "kid": "1", "x5t": "x", "ext": True}
    assert read_jwk({**P256_KEY, **about, "alg": "ES256"}) == read_jwk(P256_KEY)
    ed25519 = read_jwk(ED25519_KEY)
    assert read_jwk({**ED25519_KEY, "alg": "Ed25519"}) == ed25519
    assert read_jwk({**ED25519_KEY, "alg": "EdDSA"}) == ed25519


def test_the_key_of_rfc_8037_is_that_of_its_seed() -> None:
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    assert read_jwk(ED25519_KEY) == Ed25519Signer(seed).public_key


def test_thumbprints_are_as_published() -> None:
    assert thumbprint(read_jwk(RSA_KEY)) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    assert thumbprint(read_jwk(ED25519_KEY)) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    about = {"kid": "another", "use": "sig"}
    assert thumbprint(read_jwk({**RSA_KEY, **about})) == thumbprint(read_jwk(RSA_KEY))


@needs_vectors
@pytest.mark.parametrize(
    ("file", "curves"),
    [("nist-curves", ("P-256", "P-384")), ("secp256k1", ("secp256k1",))],
)
def test_the_public_did_keys_have_the_same_key_as_jwk_and_as_multikey(
    file: str, curves: tuple[str, ...]
) -> None:
    seen = set()
    vectors = read_json(VECTORS / "did-key-vectors" / "test-vectors" / f"{file}.json")
    for did, vector in vectors.items():
        for method in vector["didDocument"]["verificationMethod"]:
            jwk = method.get("publicKeyJwk", {})
            if jwk.get("crv") in curves:
                key = read_jwk(jwk)
                assert key == read_multikey(did.removeprefix("did:key:"))
                assert write_jwk(key) == {m: jwk[m] for m in ("kty", "crv", "x", "y")}
                seen.add(jwk["crv"])
    assert seen == set(curves)


@given(st.sampled_from(list(CURVES)), st.integers(1, 1 << 200))
def test_every_point_comes_back(curve: Any, secret: int) -> None:
    key = EcSigner(curve, secret).public_key
    assert read_jwk(write_jwk(key)) == key


@given(st.binary(min_size=32, max_size=32))
def test_every_ed25519_key_comes_back(raw: bytes) -> None:
    key = Ed25519PublicKey(raw)
    assert read_jwk(write_jwk(key)) == key


@given(st.integers(1 << 2047, (1 << 2048) - 1), st.integers(1 << 15, (1 << 31) - 1))
def test_every_rsa_key_comes_back(modulus: int, half: int) -> None:
    key = RsaPublicKey(modulus | 1, 2 * half + 1)
    assert read_jwk(write_jwk(key)) == key


def test_keys_of_two_kinds_are_never_equal() -> None:
    keys = [read_jwk(value) for value, _ in PUBLISHED.values()]
    assert len({thumbprint(key) for key in keys}) == len(keys) == len(set(keys))
    assert isinstance(keys[0], EcPublicKey)
    assert keys[0].curve == P256
    assert rsa_signer().public_key not in keys
