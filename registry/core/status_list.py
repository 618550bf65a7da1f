"""Bitstring status lists: made, packed and read. Pure: whoever calls fetches and dates them.

Source: W3C Bitstring Status List v1.0 (Recommendation of 15 May 2025), sections 2 and 3. Stricter
than it: only lists of one bit per entry for revocation and suspension; a list whose `id` is not the
URL that the entry names is another list; one gzip member and nothing after it, where RFC 1952 (2.2)
allows a series, because some readers stop after the first and so see a shorter list.
"""

import re
import zlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .contexts import CREDENTIALS_V2
from .document import MAX_SAFE_INTEGER, JsonObject
from .errors import InvalidArgument, Refusal, shown
from .multibase import base64url_decode
from .times import write_stamp

ENTRY_TYPE: Final = "BitstringStatusListEntry"
LIST_CREDENTIAL_TYPE: Final = "BitstringStatusListCredential"
LIST_TYPE: Final = "BitstringStatusList"
REVOCATION: Final = "revocation"
SUSPENSION: Final = "suspension"
PURPOSES: Final = (REVOCATION, SUSPENSION)
# The other purposes of the source (2.1): they take nothing away from a credential.
INFORMATIVE: Final = ("refresh", "message")

# A holder hides among at least this many others when a list is fetched (3.2, step 2).
MIN_ENTRIES: Final = 131_072
# 33 million entries, 256 times the least. Bits that do not shrink come to 5.6 million characters:
# what may be signed in JCS must be readable as RDF too, and the parser there takes 8 MiB a token.
MAX_LIST_BYTES: Final = 1 << 22
# Bits that look random do not shrink: base64 of the longest list, and gzip's frame.
MAX_ENCODED_CHARACTERS: Final = (MAX_LIST_BYTES + (1 << 16)) * 4 // 3
# Far more digits than any list has entries; turning text into integers takes quadratic time.
MAX_INDEX_CHARACTERS: Final = 32
# Of more bits nobody can write a message for each value into a credential of 1 MiB.
MAX_STATUS_BITS: Final = 16
# Its issuer's profile, its proofs: a hundred times what they take. Eight lists of as many small
# values are read in half a second.
MAX_BESIDE_LIST: Final = 1 << 16
MAX_CREDENTIAL_BYTES: Final = MAX_ENCODED_CHARACTERS + MAX_BESIDE_LIST
_MIN_LIST_BYTES: Final = MIN_ENTRIES // 8

# Written out, because libraries differ in the byte that names their operating system (RFC 1952,
# 2.3.1): deflate, no flags, no time, best compression, unknown system.
_GZIP_HEADER: Final = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x02\xff"
_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_DIGITS: Final = re.compile(r"[0-9]+", re.ASCII)
_HEXADECIMAL: Final = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


@dataclass(frozen=True)
class StatusEntry:
    """Where a credential's status stands: bit `index` of the list at `list_url` (2.1)."""

    purpose: str
    index: int
    list_url: str

    @property
    def is_informative(self) -> bool:
        """Whether it is of a purpose that takes nothing away: its list need not be read (2.1)."""
        return self.purpose in INFORMATIVE

    def as_document(self) -> JsonObject:
        """The `credentialStatus` of a credential, before it is signed."""
        return {
            "type": ENTRY_TYPE,
            "statusPurpose": self.purpose,
            "statusListIndex": str(self.index),
            "statusListCredential": self.list_url,
        }


def is_list_entry(status: JsonObject) -> bool:
    """Whether a `credentialStatus` says that it is an entry of a Bitstring Status List."""
    return ENTRY_TYPE in _listed(status.get("type"))


def parse_entry(status: JsonObject) -> StatusEntry:
    """Read one `credentialStatus` (2.1), of whatever purpose.

    Raises `Refusal` at `status`: `malformed` for what breaks the source's rules, `unknown_type` for
    another type, another purpose, or several bits for one that can take something away.
    """
    if not is_list_entry(status):
        raise _unknown(f"{shown(status.get('type'))} is not read")
    purpose = status.get("statusPurpose")
    if not isinstance(purpose, str):
        raise _malformed("statusPurpose is not text")
    entry = StatusEntry(purpose, _index(status.get("statusListIndex")), _list_url(status))
    size = _size(status)
    _require_messages(status, size)
    _require_references(status)
    if purpose not in (*PURPOSES, *INFORMATIVE):
        raise _unknown(f"the purpose {shown(purpose)} is not read")
    if not entry.is_informative:
        _require_one_bit(size)
    return entry


def read_status(entry: StatusEntry, document: JsonObject) -> bool:
    """Whether the status is set: revoked or suspended, as `entry.purpose` says (3.2, steps 5-10).

    `document` is the list credential, parsed strictly, its proofs and its period already checked
    by the caller. Raises `Refusal` at `status` with `malformed` or `unknown_type`.
    """
    if LIST_CREDENTIAL_TYPE not in _listed(document.get("type")):
        raise _malformed(f"the document at {entry.list_url} is not a {LIST_CREDENTIAL_TYPE}")
    if document.get("id", entry.list_url) != entry.list_url:
        raise _malformed(f"the list calls itself {shown(document['id'])}, not {entry.list_url}")
    subject = _list_subject(document)
    if entry.purpose not in _listed(subject.get("statusPurpose")):
        raise _malformed(f"the list is not one for {entry.purpose}")
    _require_one_bit(_size(subject))
    bits = decode_list(subject.get("encodedList"))
    if entry.index >= 8 * len(bits):
        raise _malformed(f"index {entry.index} of a list of {8 * len(bits)} entries")
    return is_set(bits, entry.index)


def make_bits(entries: int, indexes: Iterable[int]) -> bytes:
    """A bitstring of at least `entries` entries, whole bytes, with the bits of `indexes` set.

    Never shorter than `MIN_ENTRIES`. Raises `InvalidArgument` for an index outside `entries` or
    for more entries than a reader takes.
    """
    length = max(_MIN_LIST_BYTES, -(-entries // 8))
    if entries < 0 or length > MAX_LIST_BYTES:
        raise InvalidArgument(f"{entries} entries, want 0 to {8 * MAX_LIST_BYTES}")
    bits = bytearray(length)
    for index in indexes:
        if not 0 <= index < entries:
            raise InvalidArgument(f"index {index} of a list of {entries} entries")
        bits[index // 8] |= 0x80 >> (index % 8)
    return bytes(bits)


def is_set(bits: bytes, index: int) -> bool:
    """Bit `index`, counted from the left: 0 is the most significant bit of the first byte (7.1)."""
    if not 0 <= index < 8 * len(bits):
        raise InvalidArgument(f"index {index} of a list of {8 * len(bits)} entries")
    return bool(bits[index // 8] & (0x80 >> (index % 8)))


def encode_list(bits: bytes) -> str:
    """`encodedList`: multibase base64url, no padding, of gzip (3.3); no clock enters its bytes.

    Raises `InvalidArgument` for a bitstring shorter or longer than a reader takes.
    """
    if not _MIN_LIST_BYTES <= len(bits) <= MAX_LIST_BYTES:
        raise InvalidArgument(f"{len(bits)} bytes, want {_MIN_LIST_BYTES} to {MAX_LIST_BYTES}")
    deflate = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
    check = zlib.crc32(bits).to_bytes(4, "little") + len(bits).to_bytes(4, "little")
    packed = _GZIP_HEADER + deflate.compress(bits) + deflate.flush() + check
    return "u" + urlsafe_b64encode(packed).rstrip(b"=").decode("ascii")


def decode_list(encoded: Any) -> bytes:
    """The bitstring of an `encodedList` (3.4): 16 KiB to `MAX_LIST_BYTES`.

    Raises `Refusal` at `status` with `malformed`; no more than the limit is ever unpacked.
    """
    if not isinstance(encoded, str) or len(encoded) > MAX_ENCODED_CHARACTERS:
        raise _malformed("encodedList is not text, or too long")
    if not encoded.startswith("u"):
        raise _malformed("encodedList is not multibase base64url")
    try:
        bits = _gunzip(base64url_decode(encoded[1:]))
    except (InvalidArgument, zlib.error) as error:
        raise _malformed(f"encodedList is not gzip in base64url: {error}") from error
    if len(bits) < _MIN_LIST_BYTES:
        raise _malformed(f"a list of {8 * len(bits)} entries, want at least {MIN_ENTRIES}")
    return bits


def list_credential(  # noqa: PLR0913 - the members of the document, each named by its caller
    *,
    url: str,
    issuer: str | JsonObject,
    purpose: str,
    bits: bytes,
    valid_from: datetime,
    ttl: int | None = None,
) -> JsonObject:
    """The unsigned BitstringStatusListCredential to publish at `url` (2.2); `ttl` in milliseconds.

    One purpose a list: purposes that share a list share each of its bits. Raises `InvalidArgument`.
    """
    if not _is_url(url) or purpose not in PURPOSES:
        raise InvalidArgument(f"{url!r} is not a URL, or {purpose!r} not one of {PURPOSES}")
    if ttl is not None and not 0 <= ttl <= MAX_SAFE_INTEGER:
        raise InvalidArgument(f"a ttl of {ttl} milliseconds")
    subject = _subject(url, purpose, bits)
    return {
        "@context": [CREDENTIALS_V2],
        "id": url,
        "type": ["VerifiableCredential", LIST_CREDENTIAL_TYPE],
        "issuer": issuer,
        "validFrom": write_stamp(valid_from),
        "credentialSubject": subject if ttl is None else {**subject, "ttl": ttl},
    }


def _subject(url: str, purpose: str, bits: bytes) -> JsonObject:
    return {
        "id": f"{url}#list",
        "type": LIST_TYPE,
        "statusPurpose": purpose,
        "encodedList": encode_list(bits),
    }


def _gunzip(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(_GZIP_WINDOW)
    bits = unpacker.decompress(packed, MAX_LIST_BYTES + 1)
    if len(bits) > MAX_LIST_BYTES:
        raise _malformed(f"encodedList unpacks to more than {MAX_LIST_BYTES} bytes")
    if not unpacker.eof:
        raise _malformed("encodedList ends within its gzip member")
    if unpacker.unused_data:
        raise _malformed("encodedList goes on after its gzip member")
    return bits


def _list_subject(document: JsonObject) -> JsonObject:
    subjects = _listed(document.get("credentialSubject"))
    if len(subjects) != 1 or not isinstance(subjects[0], dict):
        raise _malformed("a status list credential has one credentialSubject")
    subject: JsonObject = subjects[0]
    if LIST_TYPE not in _listed(subject.get("type")):
        raise _malformed(f"credentialSubject is not a {LIST_TYPE}")
    ttl = subject.get("ttl", 0)
    if type(ttl) is not int or ttl < 0:
        raise _malformed("ttl is not a number of milliseconds")
    return subject


def _list_url(status: JsonObject) -> str:
    url = status.get("statusListCredential")
    if not _is_url(url) or url == status.get("id"):
        raise _malformed("statusListCredential is not a URL, or is also the entry's id")
    return str(url)


def _size(node: JsonObject) -> int:
    size = node.get("statusSize", 1)
    if type(size) is not int or size < 1:
        raise _malformed("statusSize is not an integer greater than zero")
    return size


def _require_one_bit(size: int) -> None:
    if size != 1:
        raise _unknown(f"entries of {size} bits are not read")


def _require_messages(status: JsonObject, size: int) -> None:
    """One for each value; those of a single bit have their meaning without (2.1)."""
    if size == 1 and "statusMessage" not in status:
        return
    messages = status.get("statusMessage")
    if size > MAX_STATUS_BITS or not isinstance(messages, list) or len(messages) != 1 << size:
        raise _malformed(f"statusMessage has not one message for each value of {size} bit(s)")
    if not all(map(_is_message, messages)):
        raise _malformed("a statusMessage has not a status in hexadecimal and a message")


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("message"), str):
        return False
    status = value.get("status")
    return isinstance(status, str) and bool(_HEXADECIMAL.fullmatch(status))


def _require_references(status: JsonObject) -> None:
    references = _listed(status.get("statusReference", []))
    if not all(map(_is_url, references)):
        raise _malformed("statusReference is neither a URL nor a list of URLs")


def _is_url(value: Any) -> bool:
    return isinstance(value, str) and bool(_URL.fullmatch(value))


def _index(value: Any) -> int:
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        raise _malformed("statusListIndex is not a non-negative integer written as text")
    if len(value) > MAX_INDEX_CHARACTERS:
        raise _malformed("statusListIndex is beyond every list")
    return int(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _malformed(detail: str) -> Refusal:
    return Refusal("status", "malformed", detail)


def _unknown(detail: str) -> Refusal:
    return Refusal("status", "unknown_type", detail)
