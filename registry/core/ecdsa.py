"""Public keys on P-256, P-384 and secp256k1, and ECDSA as Data Integrity and JOSE write it.

Sources: FIPS 186-5 (6.4.2), SEC 1 (2.3.3 and 2.3.4, points), RFC 4754 (7, signatures as r || s),
RFC 7518 (3.4), RFC 8812 (3.2, secp256k1), W3C Controlled Identifiers 1.0 (2.2.2, Multikey).

A signature with a high s is accepted. (r, n - s) holds wherever (r, s) does, and neither FIPS
186-5 nor W3C nor JOSE prefers one: half of what honest signers (WebCrypto, HSMs) make has a high s.
Nothing here rests on signatures being unique: the anchor's leaf leaves them out, and a proof chain
signs its previous proofs as they stand.
"""

from dataclasses import dataclass
from typing import Final, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from .errors import InvalidArgument
from .multibase import base58btc_encode


@dataclass(frozen=True)
class Curve:
    """A curve by its names; the hash that goes with it is part of `algorithm`.

    `name` is JWK's `crv`, `algorithm` JWS's `alg`, `hash_name` hashlib's, `multicodec` the prefix
    of a Multikey; a coordinate, and so r and s, has `coordinate_bytes` bytes.
    """

    name: str
    algorithm: str
    hash_name: str
    multicodec: bytes
    coordinate_bytes: int


P256: Final = Curve("P-256", "ES256", "sha256", b"\x80\x24", 32)
P384: Final = Curve("P-384", "ES384", "sha384", b"\x81\x24", 48)
SECP256K1: Final = Curve("secp256k1", "ES256K", "sha256", b"\xe7\x01", 32)
CURVES: Final = (P256, P384, SECP256K1)
_IMPLEMENTED: Final[dict[str, ec.EllipticCurve]] = {
    "P-256": ec.SECP256R1(),
    "P-384": ec.SECP384R1(),
    "secp256k1": ec.SECP256K1(),
}
_HASHES: Final[dict[str, hashes.HashAlgorithm]] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
}


@dataclass(frozen=True)
class EcPublicKey:
    """A point on `curve`, compressed (SEC 1, 2.3.3: 02 or 03 and x).

    Raises `InvalidArgument` for what is not such a point: there is no such key off the curve.
    """

    curve: Curve
    point: bytes

    def __post_init__(self) -> None:
        if len(self.point) != 1 + self.curve.coordinate_bytes:
            raise InvalidArgument(f"not a compressed point of {self.curve.name}")
        self._loaded()

    @classmethod
    def from_coordinates(cls, curve: Curve, x: bytes, y: bytes) -> Self:
        """The point (x, y), big-endian, `coordinate_bytes` each; raises `InvalidArgument`."""
        if {len(x), len(y)} != {curve.coordinate_bytes}:
            raise InvalidArgument(f"a coordinate of {curve.name} of a wrong length")
        key = cls(curve, bytes((2 + y[-1] % 2,)) + x)
        if key.coordinates != (x, y):
            raise InvalidArgument(f"the point is not on {curve.name}")
        return key

    @property
    def coordinates(self) -> tuple[bytes, bytes]:
        """x and y, big-endian, `coordinate_bytes` each."""
        point = self._loaded().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        half = 1 + self.curve.coordinate_bytes
        return point[1:half], point[half:]

    @property
    def algorithm(self) -> str:
        """The name of its signatures in JOSE (RFC 7518, 3.4; RFC 8812, 3.2)."""
        return self.curve.algorithm

    @property
    def signature_bytes(self) -> int:
        """The length of a signature: r and s, `coordinate_bytes` each."""
        return 2 * self.curve.coordinate_bytes

    @property
    def multikey(self) -> str:
        """Multibase base58btc of the curve's code and the compressed point (CID 1.0, 2.2.2)."""
        return base58btc_encode(self.curve.multicodec + self.point)

    @property
    def did_key(self) -> str:
        """The DID that is this key (did:key)."""
        return f"did:key:{self.multikey}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (r || s, big-endian) over the hashed `message` holds."""
        if len(signature) != self.signature_bytes:
            return False
        half = self.curve.coordinate_bytes
        r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
        with_hash = ec.ECDSA(_HASHES[self.curve.hash_name])
        try:
            self._loaded().verify(encode_dss_signature(r, s), message, with_hash)
        except InvalidSignature:
            return False
        return True

    def _loaded(self) -> ec.EllipticCurvePublicKey:
        curve = _IMPLEMENTED[self.curve.name]
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(curve, self.point)
        except ValueError as error:
            raise InvalidArgument(f"the point is not on {self.curve.name}") from error
