"""Pictures and status lists whose bytes are the same whoever compresses."""

import json
import zlib
from typing import Any

from core.anchored_badges import written
from core.test_verify_documents import status_list

from registry.core.baked import OB3_KEYWORD, PNG_SIGNATURE
from registry.core.document import JsonObject
from registry.core.evidence import Document
from registry.core.status_list import MIN_ENTRIES, make_bits

from .lists import encoded


def png(*credentials: bytes) -> bytes:
    """One grey dot that carries each of `credentials`."""
    header = _chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
    texts = (_chunk(b"iTXt", OB3_KEYWORD + bytes(5) + item) for item in credentials)
    dot = b"\0\x80"
    stored = b"\x78\x01\x01\x02\x00\xfd\xff" + dot + zlib.adler32(dot).to_bytes(4, "big")
    return b"".join((PNG_SIGNATURE, header, *texts, _chunk(b"IDAT", stored), _chunk(b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + kind + data + check


def listed(*indexes: int, unsigned: bool = False, **options: Any) -> Document:
    """The school's signed list, with `indexes` set."""
    subject = {
        "id": "https://school.example.org/status/1#list",
        "type": "BitstringStatusList",
        "statusPurpose": options.get("purpose", "revocation"),
        "encodedList": encoded(make_bits(MIN_ENTRIES, indexes)),
    }
    document = status_list(credentialSubject=subject, **options)
    if not unsigned:
        return document
    body: JsonObject = json.loads(document.body or b"")
    del body["proof"]
    return Document(document.url, document.read_at, written(body))
