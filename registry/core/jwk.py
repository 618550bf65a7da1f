"""Public JSON Web Keys, read strictly and written.

Sources: RFC 7517 (4), RFC 7518 (6.2 EC, 6.3 RSA), RFC 8037 (2, OKP), RFC 8812 (3.1, secp256k1),
RFC 7638 (3, thumbprints), RFC 9864 (2.2, `Ed25519` as an `alg`).
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

from .document import JsonObject
from .ecdsa import CURVES, EcPublicKey
from .errors import InvalidArgument, shown
from .keys import ED25519_BYTES, Ed25519PublicKey, PublicKey
from .multibase import base64url_decode, base64url_encode
from .rsa import MAX_MODULUS_BITS, RsaPublicKey

# What only the holder of a private or a symmetric key may know: such a key is no longer a secret.
PRIVATE_MEMBERS: Final = frozenset(("d", "p", "q", "dp", "dq", "qi", "oth", "k"))
_MATERIAL: Final = frozenset(("crv", "x", "y", "n", "e"))
# The longest member is the modulus of the largest RSA key.
_MAX_CHARACTERS: Final = (MAX_MODULUS_BITS // 8 * 4 + 2) // 3


def read_jwk(value: Any) -> PublicKey:
    """The public key of a JWK, for verifying; raises `InvalidArgument`.

    Private members, members of another key type, a `use`, `key_ops` or `alg` that does not allow
    to verify with the key's own algorithm, and every second spelling are refused. Members that
    RFC 7517 does not make part of the key (`kid`, `x5c`, …) are passed over (section 4).
    """
    if not isinstance(value, dict):
        raise InvalidArgument("a JWK is a JSON object")
    if PRIVATE_MEMBERS.intersection(value):
        raise InvalidArgument("the JWK shows a private key")
    kty = value.get("kty")
    if not isinstance(kty, str) or kty not in _READERS:
        raise InvalidArgument(f"a JWK of type {shown(kty)} is not read")
    wanted, read = _READERS[kty]
    if _MATERIAL.intersection(value) != wanted:
        raise InvalidArgument(f"a JWK of type {kty} has {', '.join(sorted(wanted))}")
    key = read(value)
    _require_verifying(value, key)
    return key


def write_jwk(key: PublicKey) -> JsonObject:
    """The JWK of `key`: its required members alone, as a thumbprint takes them (RFC 7638)."""
    if isinstance(key, Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url_encode(key.raw)}
    if isinstance(key, EcPublicKey):
        x, y = (base64url_encode(part) for part in key.coordinates)
        return {"kty": "EC", "crv": key.curve.name, "x": x, "y": y}
    return {"kty": "RSA", "n": _write_integer(key.modulus), "e": _write_integer(key.exponent)}


def thumbprint(key: PublicKey) -> str:
    """The SHA-256 thumbprint of `key`, base64url (RFC 7638, 3)."""
    # The members are ASCII without anything to escape: sorted and without white space is enough.
    text = json.dumps(write_jwk(key), separators=(",", ":"), sort_keys=True)
    return base64url_encode(hashlib.sha256(text.encode("ascii")).digest())


def _okp(value: JsonObject) -> PublicKey:
    raw = _bytes(value, "x")
    if value["crv"] != "Ed25519" or len(raw) != ED25519_BYTES:
        raise InvalidArgument("not an Ed25519 JWK")
    return Ed25519PublicKey(raw)


def _ec(value: JsonObject) -> PublicKey:
    curve = next((curve for curve in CURVES if curve.name == value["crv"]), None)
    if curve is None:
        raise InvalidArgument(f"a JWK on the curve {shown(value['crv'])} is not read")
    return EcPublicKey.from_coordinates(curve, _bytes(value, "x"), _bytes(value, "y"))


def _rsa(value: JsonObject) -> PublicKey:
    return RsaPublicKey(_integer(value, "n"), _integer(value, "e"))


_READERS: Final[dict[str, tuple[frozenset[str], Callable[[JsonObject], PublicKey]]]] = {
    "OKP": (frozenset(("crv", "x")), _okp),
    "EC": (frozenset(("crv", "x", "y")), _ec),
    "RSA": (frozenset(("n", "e")), _rsa),
}


def _require_verifying(value: JsonObject, key: PublicKey) -> None:
    if value.get("use", "sig") != "sig":
        raise InvalidArgument(f"a key for the use {shown(value['use'])}")
    operations = value.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise InvalidArgument("key_ops does not name verify")
    own_names = ("EdDSA", "Ed25519") if isinstance(key, Ed25519PublicKey) else (key.algorithm,)
    if value.get("alg", key.algorithm) not in own_names:
        raise InvalidArgument(f"a key for the algorithm {shown(value['alg'])}")


def _bytes(value: JsonObject, member: str) -> bytes:
    text = value[member]
    if not isinstance(text, str) or len(text) > _MAX_CHARACTERS:
        raise InvalidArgument(f"{member} is not text, or too long")
    return base64url_decode(text)


def _integer(value: JsonObject, member: str) -> int:
    data = _bytes(value, member)
    if not data or data[0] == 0:
        raise InvalidArgument(f"{member} has no first octet, or a zero one (RFC 7518, 2)")
    return int.from_bytes(data, "big")


def _write_integer(value: int) -> str:
    return base64url_encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))
