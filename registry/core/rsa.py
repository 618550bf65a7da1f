"""RSA public keys for RS256 (RSASSA-PKCS1-v1_5 with SHA-256: RFC 7518, 3.3; RFC 8017, 8.2.2)."""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

from .errors import InvalidArgument

# RFC 7518, 3.3: a key of 2048 bits or larger must be used.
MIN_MODULUS_BITS: Final = 2048
# Work grows with the square of the modulus: nothing in use is longer.
MAX_MODULUS_BITS: Final = 8192
# FIPS 186-5, A.1.1: 2^16 < e; with a small e, a forgery needs but one careless reader of padding.
# The upper bound is that of common libraries: a long exponent only costs the verifier time.
EXPONENTS: Final = range((1 << 16) + 1, 1 << 32)


@dataclass(frozen=True)
class RsaPublicKey:
    """An RSA public key: modulus n and exponent e. Raises `InvalidArgument` outside the limits."""

    modulus: int
    exponent: int

    def __post_init__(self) -> None:
        if not MIN_MODULUS_BITS <= self.modulus.bit_length() <= MAX_MODULUS_BITS:
            raise InvalidArgument(f"an RSA modulus of {self.modulus.bit_length()} bits")
        if self.exponent not in EXPONENTS or not self.exponent % 2 or not self.modulus % 2:
            raise InvalidArgument("not an RSA public key")

    @property
    def algorithm(self) -> str:
        """The name of its signatures in JOSE (RFC 7518, 3.3)."""
        return "RS256"

    @property
    def signature_bytes(self) -> int:
        """The length of a signature: that of the modulus (RFC 8017, 8.2.2)."""
        return (self.modulus.bit_length() + 7) // 8

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (as long as the modulus) over `message` holds."""
        if len(signature) != self.signature_bytes:
            return False
        key = RSAPublicNumbers(self.exponent, self.modulus).public_key()
        try:
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True
