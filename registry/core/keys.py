"""Names of keys and accounts: Multikey, did:key, did:pkh, CAIP-10. Pure: nothing is looked up.

Sources: W3C Controlled Identifiers 1.0 (2.2.2 Multikey), did:key and did:pkh methods (W3C CCG),
CAIP-10 with the eip155 namespace.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

import base58
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from .errors import InvalidArgument, Refusal

ED25519_PREFIX: Final = b"\xed\x01"
ED25519_BYTES: Final = 32
# Base58 takes quadratic time: nothing longer than a key or a signature is ever decoded.
MAX_BASE58_CHARACTERS: Final = 128
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
            raise InvalidArgument(f"{text!r} is not a CAIP-10 account of the eip155 namespace")
        return cls(int(match[1]), match[2].lower())

    @classmethod
    def from_did_pkh(cls, did: str) -> Self:
        """The account that a did:pkh is; raises `InvalidArgument`."""
        if not did.startswith(_DID_PKH):
            raise InvalidArgument(f"{did!r} is not a did:pkh")
        return cls.parse(did.removeprefix(_DID_PKH))

    @property
    def did_pkh(self) -> str:
        return f"{_DID_PKH}{self}"

    @property
    def address_bytes(self) -> bytes:
        return bytes.fromhex(self.address[2:])

    def __str__(self) -> str:
        return f"eip155:{self.chain_id}:{self.address}"


@dataclass(frozen=True)
class Ed25519PublicKey:
    """A raw Ed25519 public key, 32 bytes (RFC 8032)."""

    raw: bytes

    @classmethod
    def from_multikey(cls, text: str) -> Self:
        """Read `z6Mk…` (multibase base58btc of 0xed01 and the key); raises `InvalidArgument`."""
        data = base58btc_decode(text)
        if len(data) != 2 + ED25519_BYTES or not data.startswith(ED25519_PREFIX):
            raise InvalidArgument("not an Ed25519 Multikey")
        return cls(data[2:])

    @property
    def multikey(self) -> str:
        return base58btc_encode(ED25519_PREFIX + self.raw)

    @property
    def did_key(self) -> str:
        return f"did:key:{self.multikey}"

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether `signature` (64 bytes) over `message` holds (RFC 8032, 5.1.7)."""
        try:
            VerifyKey(self.raw).verify(message, signature)
        except (BadSignatureError, ValueError):
            return False
        return True


def resolve_did_key(verification_method: str) -> Ed25519PublicKey:
    """The key of `did:key:z6Mk…#z6Mk…`: the DID is the key, so nothing is fetched.

    Raises `Refusal` at `signature` with `key_unresolved`.
    """
    did, _, fragment = verification_method.partition("#")
    multikey = did.removeprefix("did:key:")
    if not did.startswith("did:key:") or fragment != multikey:
        raise Refusal("signature", "key_unresolved", f"cannot resolve {verification_method!r}")
    try:
        return Ed25519PublicKey.from_multikey(multikey)
    except InvalidArgument as error:
        raise Refusal("signature", "key_unresolved", f"{did}: {error}") from error


def base58btc_encode(data: bytes) -> str:
    """Multibase base58btc: `z` and the Bitcoin alphabet."""
    return "z" + base58.b58encode(data).decode("ascii")


def base58btc_decode(text: str) -> bytes:
    """Inverse of `base58btc_encode`; raises `InvalidArgument`."""
    if not text.startswith("z") or len(text) > MAX_BASE58_CHARACTERS or not text.isascii():
        raise InvalidArgument("not multibase base58btc, or too long")
    try:
        data = base58.b58decode(text[1:])
    except ValueError as error:
        raise InvalidArgument("not base58") from error
    # The library passes over white space at the end: one value has one spelling.
    if base58btc_encode(data) != text:
        raise InvalidArgument("not base58")
    return data
