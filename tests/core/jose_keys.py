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
# Each the first prime from 1,024 bits of SHA-512 on: a key for tests, no secret.
PRIMES = (
    int(
        "f2c8b5ad52a361667d011165d1e5667838e1aac390518beec23f2a0bd06ccb107150e9549739cb8c"
        "61442780dba71113dc02c1e9daa9b6d394e3799706185dda60afc6837f359b7071040c9ef65b235c"
        "cd02fbd20a4bef144791b1400753f0dce2f9b5c751d8336a48151274c14dc4886d79b0fae7b12ae7"
        "99eb7614f9fc636f",
        16,
    ),
    int(
        "feae2310ace901999aa6667749b3c47a9f9f3f953a9f3fded2ac212372be6d1801fd5f14a472961a"
        "07c493606821b60e741a846bb2e8e2c4212482a3f38bdae9d3c06ec833d7766eac1d8e5267b1dd1a"
        "3a0e1e0c7699e7fa9b6004865e373540ed342d43b42d28a7b4c84249f8c9e11cf1e74d5113806ff7"
        "9f00726b8ec5a3bb",
        16,
    ),
)


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
        return self.private.sign(message, ec.ECDSA(self.hash, deterministic_signing=True))

    def sign(self, message: bytes) -> bytes:
        size = self.curve.coordinate_bytes
        return b"".join(n.to_bytes(size, "big") for n in decode_dss_signature(self.der(message)))


class RsaSigner:
    """An RSA key of 2,048 bits that is always the same, so that signatures come again."""

    def __init__(self) -> None:
        p, q, e = *PRIMES, 65537
        d = pow(e, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(e, p * q)
        crt = (rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q))
        self.private = rsa.RSAPrivateNumbers(p, q, d, *crt, public).private_key()

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
