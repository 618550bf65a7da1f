"""Public keys and accounts by their names: Multikey, did:key, did:pkh, CAIP-10. Pure.

Sources: W3C Controlled Identifiers 1.0 (2.2.2 Multikey), did:key and did:pkh methods (W3C CCG),
CAIP-10 with the eip155 namespace.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from .ecdsa import CURVES, EcPublicKey
from .errors import InvalidArgument, shown
from .multibase import base58btc_decode, base58btc_encode
from .rsa import RsaPublicKey

ED25519_PREFIX: Final = b"\xed\x01"
ED25519_BYTES: Final = 32
ED25519_SIGNATURE_BYTES: Final = 64
ADDRESS_BYTES: Final = 20
MAX_CHAIN_ID: Final = (1 << 53) - 1
_ACCOUNT: Final = re.compile(r"eip155:([1-9][0-9]{0,15}):(0x[0-9a-fA-F]{40})", re.ASCII)
_DID_PKH: Final = "did:pkh:"


@dataclass(frozen=True, order=True)
class Account:
    """An Ethereum account on one chain (CAIP-10); `address` is 0x and 40 lower-case digits."""

    chain_id: int
    address: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `eip155:<chain id>:<address>`; raises `InvalidArgument`."""
        match = _ACCOUNT.fullmatch(text)
        if match is None or int(match[1]) > MAX_CHAIN_ID:
            raise InvalidArgument(f"{shown(text)} is not a CAIP-10 account of the eip155 namespace")
        return cls(int(match[1]), match[2].lower())

    @classmethod
    def from_did_pkh(cls, did: str) -> Self:
        """The account that a did:pkh is; raises `InvalidArgument`."""
        if not did.startswith(_DID_PKH):
            raise InvalidArgument(f"{shown(did)} is not a did:pkh")
        return cls.parse(did.removeprefix(_DID_PKH))

    @property
    def did_pkh(self) -> str:
        """The DID that is this account: `did:pkh:eip155:…` (did:pkh), the address in lower case."""
        return f"{_DID_PKH}{self}"

    @property
    def address_bytes(self) -> bytes:
        """The address, 20 bytes."""
        return bytes.fromhex(self.address[2:])

    def __str__(self) -> str:
        return f"eip155:{self.chain_id}:{self.address}"


def same_did(one: str, other: str) -> bool:
    """Whether two DIDs are one: to the letter, or as did:pkh of the same account (CAIP-10)."""
    return one == other or _pkh(one) == _pkh(other) is not None


def _pkh(did: str) -> Account | None:
    try:
        return Account.from_did_pkh(did)
    except InvalidArgument:
        return None


@dataclass(frozen=True)
class Ed25519PublicKey:
    """A raw Ed25519 public key, 32 bytes (RFC 8032); raises `InvalidArgument` for another length.

    A key that is no point, or one of small order, verifies nothing.
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != ED25519_BYTES:
            raise InvalidArgument(f"an Ed25519 key of {len(self.raw)} bytes")

    @classmethod
    def from_multikey(cls, text: str) -> Self:
        """Read `z6Mk…` (multibase base58btc of 0xed01 and the key); raises `InvalidArgument`."""
        data = base58btc_decode(text)
        if not data.startswith(ED25519_PREFIX):
            raise InvalidArgument("not an Ed25519 Multikey")
        return cls(data[len(ED25519_PREFIX) :])

    @property
    def algorithm(self) -> str:
        """The name of its signatures in JOSE (RFC 8037, 3.1)."""
        return "EdDSA"

    @property
    def signature_bytes(self) -> int:
        """The length of a signature: 64 bytes (RFC 8032, 5.1.6)."""
        return ED25519_SIGNATURE_BYTES

    @property
    def multikey(self) -> str:
        """Multibase base58btc of 0xed01 and the key: `z6Mk…` (CID 1.0, 2.2.2)."""
        return base58btc_encode(ED25519_PREFIX + self.raw)

    @property
    def did_key(self) -> str:
        """The DID that is this key: `did:key:z6Mk…` (did:key)."""
        return f"did:key:{self.multikey}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) over `message` holds (RFC 8032, 5.1.7)."""
        try:
            VerifyKey(self.raw).verify(message, signature)
        except (BadSignatureError, ValueError):
            return False
        return True


# Every kind has `algorithm` (its JWS name), `signature_bytes` and `verifies(message, signature)`.
# A Multikey names the first two kinds alone: Controlled Identifiers 1.0 defines none for RSA.
MultikeyPublicKey = Ed25519PublicKey | EcPublicKey
PublicKey = MultikeyPublicKey | RsaPublicKey


def read_multikey(text: str) -> MultikeyPublicKey:
    """The key of a Multikey: Ed25519, P-256, P-384 or secp256k1; raises `InvalidArgument`."""
    data = base58btc_decode(text)
    curve = next((curve for curve in CURVES if data.startswith(curve.multicodec)), None)
    if curve is None:
        return Ed25519PublicKey.from_multikey(text)
    return EcPublicKey(curve, data[len(curve.multicodec) :])
