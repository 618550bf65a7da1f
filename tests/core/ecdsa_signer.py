"""An issuer's ECDSA key for the tests: deterministic, so that published signatures come again."""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from registry.core.ecdsa import P256, P384, SECP256K1, Curve, EcPublicKey

CURVE: Final[dict[Curve, ec.EllipticCurve]] = {
    P256: ec.SECP256R1(),
    P384: ec.SECP384R1(),
    SECP256K1: ec.SECP256K1(),
}
HASH: Final[dict[Curve, hashes.HashAlgorithm]] = {
    P256: hashes.SHA256(),
    P384: hashes.SHA384(),
    SECP256K1: hashes.SHA256(),
}
# The orders of the groups (SEC 2, 2.4.1, 2.4.2 and 2.5.1).
ORDER: Final = {
    P256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    P384: int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        16,
    ),
    SECP256K1: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}


@dataclass(frozen=True)
class EcdsaSigner:
    curve: Curve
    secret: int

    @property
    def key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self.secret, CURVE[self.curve])

    @property
    def public_key(self) -> EcPublicKey:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        return EcPublicKey(self.curve, point)

    def sign(self, message: bytes) -> bytes:
        return self.written(*decode_dss_signature(self.der(message)))

    def der(self, message: bytes) -> bytes:
        return self.key.sign(message, ec.ECDSA(HASH[self.curve], deterministic_signing=True))

    def written(self, r: int, s: int) -> bytes:
        length = self.curve.coordinate_bytes
        return r.to_bytes(length, "big") + s.to_bytes(length, "big")
