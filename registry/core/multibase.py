"""Bytes as text: base58btc (Multibase) and base64url (JOSE), each value with one spelling only.

Sources: W3C Controlled Identifiers 1.0, 2.4 (Multibase); RFC 7515, 2 (base64url, no padding).
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import base58

from .errors import InvalidArgument

# Base58 takes quadratic time: nothing longer than a key or a signature (96 bytes) is ever decoded.
MAX_BASE58_CHARACTERS: Final = 140


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


def base64url_encode(data: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def base64url_decode(text: str) -> bytes:
    """Inverse of `base64url_encode`; the caller bounds the length. Raises `InvalidArgument`."""
    if not text.isascii():
        raise InvalidArgument("not base64url")
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise InvalidArgument("not base64url") from error
    # The library drops foreign characters and left-over bits: one value has one spelling.
    if base64url_encode(data) != text:
        raise InvalidArgument("not base64url without padding")
    return data
