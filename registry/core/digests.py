"""Digests of related resources: Subresource Integrity and Multihash, read strictly.

Sources: W3C Verifiable Credentials Data Model 2.0, 5.3; W3C Subresource Integrity, 3.5 (the grammar
`hash-expression`) and 3.3.4 (of several algorithms the strongest counts); W3C Verifiable Credential
Data Integrity 1.0, 2.6 (`digestMultibase`); W3C Controlled Identifiers 1.0, 2.4 and 2.5.
"""

import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Final

from .errors import InvalidArgument
from .multibase import base58btc_decode, base64url_decode

# The algorithm's name -> the bytes of its digest, the weakest first.
DIGEST_BYTES: Final = {
    name: hashlib.new(name).digest_size for name in ("sha256", "sha384", "sha512")
}
# Multihash: the code of the algorithm, then the length of its digest, each in one byte.
_MULTIHASH: Final = {0x12: "sha256", 0x20: "sha384", 0x13: "sha512"}
# Base64 in either alphabet, padded or not, and options that no agent knows (`?` and what follows).
_EXPRESSION: Final = re.compile(
    r"(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+)={0,2}(?:\?[!-~]*)?", re.ASCII
)
_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
# A multihash of SHA-512 has 66 bytes.
_MAX_MULTIBASE_CHARACTERS: Final = 96

# The algorithm's name and the digest.
Digest = tuple[str, bytes]


def read_sri(text: str) -> tuple[Digest, ...]:
    """The digests of an integrity attribute, one or more; raises `InvalidArgument`."""
    parts = [part for part in _BLANKS.split(text) if part]
    if not parts:
        raise InvalidArgument("is without a digest")
    return tuple(_expression(part) for part in parts)


def read_multibase_digest(text: str) -> Digest:
    """The digest of a Multihash in Multibase (base58btc or base64url); raises `InvalidArgument`."""
    if len(text) > _MAX_MULTIBASE_CHARACTERS or text[:1] not in ("u", "z"):
        raise InvalidArgument("neither multibase base58btc nor base64url, or too long")
    data = base64url_decode(text[1:]) if text.startswith("u") else base58btc_decode(text)
    name = _MULTIHASH.get(data[0]) if len(data) > 1 else None
    if name is None or not data[1] == DIGEST_BYTES[name] == len(data) - 2:
        raise InvalidArgument("no multihash of SHA-256, SHA-384 or SHA-512")
    return name, data[2:]


def agree(stated: Iterable[Digest], known: Mapping[str, bytes]) -> bool:
    """Whether one of the `stated` digests in their strongest algorithm is the `known` one.

    `known` has a digest of every algorithm by its name.
    """
    found = tuple(stated)
    strongest = max((DIGEST_BYTES[name] for name, _ in found), default=0)
    of_strongest = [item for item in found if len(item[1]) == strongest]
    return any(known[name] == digest for name, digest in of_strongest)


def _expression(part: str) -> Digest:
    match = _EXPRESSION.fullmatch(part)
    if match is None:
        raise InvalidArgument("is not sha256, sha384 or sha512 and a digest in base64")
    name, text = match[1], match[2].replace("-", "+").replace("_", "/")
    wanted = DIGEST_BYTES[name]
    # So many characters write so many bytes: (4n + 2) / 3, rounded down.
    if len(text) != (wanted * 4 + 2) // 3:
        raise InvalidArgument(f"is not a digest of {name}, which has {wanted} bytes")
    return name, b64decode(text + "=" * (-len(text) % 4))
