"""Keys of every kind that JOSE knows here, and tokens made of any header and any bytes."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.core.ecdsa import P256, P384, SECP256K1, Curve, EcPublicKey
from registry.core.keys import PublicKey
from registry.core.multibase import base64url_encode
from registry.core.rsa import RsaPublicKey

from .anchored_badges import SIGNER

Sign = Callable[[bytes], bytes]
CURVES = {
    P256: (ec.SECP256R1(), hashes.SHA256()),
    P384: (ec.SECP384R1(), hashes.SHA384()),
    SECP256K1: (ec.SECP256K1(), hashes.SHA256()),
}


class EcSigner:
    """A `suites.Signer` on a curve; its private key is a small number."""

    def __init__(self, curve: Curve, secret: int = 7) -> None:
        self.curve = curve
        implemented, self.hash = CURVES[curve]
        self.private = ec.derive_private_key(secret, implemented)

    @property
    def public_key(self) -> EcPublicKey:
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return EcPublicKey(self.curve, point)

    def der(self, message: bytes) -> bytes:
        return self.private.sign(message, ec.ECDSA(self.hash))

    def sign(self, message: bytes) -> bytes:
        size = self.curve.coordinate_bytes
        return b"".join(n.to_bytes(size, "big") for n in decode_dss_signature(self.der(message)))


class RsaSigner:
    def __init__(self) -> None:
        self.private = rsa.generate_private_key(65537, 2048)

    @property
    def public_key(self) -> RsaPublicKey:
        numbers = self.private.public_key().public_numbers()
        return RsaPublicKey(numbers.n, numbers.e)

    def sign(self, message: bytes) -> bytes:
        return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())


@cache
def rsa_signer() -> RsaSigner:
    return RsaSigner()


def signers() -> dict[str, tuple[PublicKey, Sign]]:
    """By `alg`: a key and what signs with it."""
    curves = {curve.algorithm: EcSigner(curve) for curve in CURVES}
    return {
        "RS256": (rsa_signer().public_key, rsa_signer().sign),
        "EdDSA": (SIGNER.public_key, SIGNER.sign),
        "Ed25519": (SIGNER.public_key, SIGNER.sign),
        **{name: (signer.public_key, signer.sign) for name, signer in curves.items()},
    }


def token(header: Any, payload: Any, sign: Sign = SIGNER.sign) -> str:
    """A compact JWS; header and payload are JSON values, or the very bytes."""
    parts = (p if isinstance(p, bytes) else json.dumps(p).encode() for p in (header, payload))
    signing_input = ".".join(base64url_encode(part) for part in parts)
    return f"{signing_input}.{base64url_encode(sign(signing_input.encode()))}"
