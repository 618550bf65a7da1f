"""`status_list.json`: W3C Bitstring Status Lists, entries and bits, and what is none."""

import zlib
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

from core.test_status_list import (
    BAD_DOCUMENTS,
    BAD_ENTRIES,
    BAD_SUBJECTS,
    INFORMATIVE_ENTRIES,
    NOON,
    PUBLISHED,
    URL,
    entry_document,
)

from registry.core.document import JsonObject
from registry.core.status_list import (
    MIN_ENTRIES,
    StatusEntry,
    decode_list,
    list_credential,
    make_bits,
    parse_entry,
    read_status,
)

from .writing import Case, File, attack, case, code_of, file_of, hexed, named

DESCRIPTION = (
    "W3C Bitstring Status Lists (docs/spec/status-list.md). With credentialStatus: an entry, read "
    "or refused; informative entries take nothing away. With encodedList: the bits, told as their "
    "SHA-256, their number and the indexes that are set. With list: whether the entry's bit is set "
    "in the (unsecured) list credential. Only one way of deflating is shown; there are others."
)
SHORTEST = MIN_ENTRIES // 8
_GZIP_HEADER = b"\x1f\x8b\x08\x00" + bytes(4) + b"\x02\xff"
_LONGEST_MATCH = 258


def make() -> File:
    return file_of(DESCRIPTION, [*_entries(), *_encoded(), *_whole()])


def encoded(bits: bytes) -> str:
    """`bits` as an encodedList that does not depend on anybody's way of compressing."""
    check = zlib.crc32(bits).to_bytes(4, "little") + len(bits).to_bytes(4, "little")
    return packed(_GZIP_HEADER + deflated(bits) + check)


def packed(data: bytes) -> str:
    return "u" + urlsafe_b64encode(data).rstrip(b"=").decode()


def deflated(data: bytes) -> bytes:
    """One block of fixed codes (RFC 1951, 3.2.6): literals, and matches of 258 zeros."""
    bits, at = ["110"], 0
    while at < len(data):
        run = data[at : at + _LONGEST_MATCH]
        if at and data[at - 1] == 0 and run == bytes(_LONGEST_MATCH):
            bits.append(f"{0xC0 + 285 - 280:08b}" + f"{0:05b}")
            at += _LONGEST_MATCH
        else:
            value = data[at]
            bits.append(f"{0x30 + value:08b}" if value < 144 else f"{0x190 + value - 144:09b}")
            at += 1
    text = "".join(bits) + f"{0:07b}"
    text += "0" * (-len(text) % 8)
    return bytes(int(text[at : at + 8][::-1], 2) for at in range(0, len(text), 8))


def _entries() -> list[Case]:
    good = {
        "entry": entry_document(),
        "entry without id": entry_document(id=None),
        "entry of one bit, said": entry_document(statusSize=1),
        "suspension": entry_document(statusPurpose="suspension"),
    }
    cases = []
    for name, status in good.items():
        entry = parse_entry(status)
        told = {"purpose": entry.purpose, "index": entry.index, "listUrl": entry.list_url}
        cases.append(case(name, name, credentialStatus=status, **told))
    for name, changes in INFORMATIVE_ENTRIES.items():
        status = entry_document(**changes)
        if not parse_entry(status).is_informative:
            raise ValueError(f"{name} is not passed over")
        cases.append(case(name, "takes nothing away", credentialStatus=status, informative=True))
    for name, (changes, _) in BAD_ENTRIES.items():
        changed = {**entry_document(), **changes}
        status = {key: value for key, value in changed.items() if value is not None}
        code = code_of(partial(parse_entry, status))
        cases.append(attack(f"entry_{named(name)}", name, credentialStatus=status, code=code))
    return cases


def _encoded() -> list[Case]:
    bits = {
        "nothing set": ((), MIN_ENTRIES),
        "first and last": ((0, MIN_ENTRIES - 1), MIN_ENTRIES),
        "bit 7 and bit 8": ((7, 8), MIN_ENTRIES),
        "scattered": (tuple(range(5, MIN_ENTRIES, 9_973)), MIN_ENTRIES),
        "longer than the least": ((MIN_ENTRIES, MIN_ENTRIES + 255), MIN_ENTRIES + 256),
    }
    cases = [
        _bits(name, encoded(make_bits(size, set_)), set_) for name, (set_, size) in bits.items()
    ]
    cases.append(_bits("published by the W3C", PUBLISHED, ()))
    good = _GZIP_HEADER + deflated(bytes(SHORTEST))
    whole = good + zlib.crc32(bytes(SHORTEST)).to_bytes(4, "little")
    whole += SHORTEST.to_bytes(4, "little")
    broken = {
        "nothing": "",
        "the letter alone": "u",
        "another base": "z" + PUBLISHED[1:],
        "without the letter": PUBLISHED[1:],
        "padded": packed(whole) + "=",
        "bits to spare that are set": _with_spare_bits(),
        "the other alphabet": PUBLISHED.replace("-", "+"),
        "a line end": PUBLISHED + "\n",
        "a stray character": PUBLISHED[:9] + " " + PUBLISHED[9:],
        "not gzip": packed(bytes(64)),
        "cut short": packed(whole[:-1]),
        "without its check": packed(good),
        "a wrong check": packed(good + bytes(4) + whole[-4:]),
        "a wrong length": packed(whole[:-4] + bytes(4)),
        "a byte behind": packed(whole + b"\0"),
        "a second member that hides bits from some readers": packed(whole + whole),
        "shorter than the least": encoded(bytes(SHORTEST - 1)),
        "empty": encoded(b""),
    }
    for name, text in broken.items():
        code = code_of(partial(decode_list, text))
        cases.append(attack(f"bits_{named(name)}", name, encodedList=text, code=code))
    return cases


def _with_spare_bits() -> str:
    """A list in a second spelling: the lowest bit of the last letter belongs to no byte."""
    for more in range(1, 99):
        text = encoded(bytes([more]) * more + bytes(SHORTEST))
        if len(text) % 4 == 3:
            return text[:-1] + chr(ord(text[-1]) + 1)
    raise ValueError("no list has bits to spare")


def _bits(name: str, text: str, indexes: Sequence[int]) -> Case:
    bits = decode_list(text)
    told = {"entries": 8 * len(bits), "sha256": hexed(sha256(bits).digest()), "set": list(indexes)}
    return case(f"bits {name}", name, encodedList=text, **told)


ENTRY = StatusEntry("revocation", 94567, URL)


def _list(*indexes: int, **subject: object) -> JsonObject:
    document = list_credential(
        url=URL,
        issuer="did:web:issuer.example",
        purpose="revocation",
        bits=make_bits(MIN_ENTRIES, indexes),
        valid_from=NOON,
    )
    told = {"encodedList": encoded(make_bits(MIN_ENTRIES, indexes)), **subject}
    kept = {**document["credentialSubject"], **told}
    document["credentialSubject"] = {k: v for k, v in kept.items() if v is not None}
    return document


def _whole() -> list[Case]:
    last = StatusEntry("revocation", MIN_ENTRIES - 1, URL)
    both = _list(94567, statusPurpose=["suspension", "revocation"])
    nameless = {k: v for k, v in _list(94567).items() if k != "id"}
    told = {
        "set": (ENTRY, _list(94567)),
        "not set": (ENTRY, _list(94566, 94568)),
        "last of the list": (last, _list(MIN_ENTRIES - 1)),
        "list of both purposes": (StatusEntry("suspension", 94567, URL), both),
        "list without id": (ENTRY, nameless),
    }
    cases = [
        case(f"status {name}", name, **_given(entry, document), isSet=read_status(entry, document))
        for name, (entry, document) in told.items()
    ]
    broken: dict[str, tuple[StatusEntry, JsonObject]] = {
        "index past the end": (StatusEntry("revocation", MIN_ENTRIES, URL), _list()),
    }
    broken |= {name: (ENTRY, _list(94567, **change)) for name, (change, _) in BAD_SUBJECTS.items()}
    broken |= {name: (ENTRY, {**_list(94567), **change}) for name, change in _documents().items()}
    for name, (entry, document) in broken.items():
        code = code_of(partial(read_status, entry, document))
        cases.append(attack(f"list_{named(name)}", name, **_given(entry, document), code=code))
    return cases


def _documents() -> dict[str, JsonObject]:
    subject = _list(94567)["credentialSubject"]
    return {**BAD_DOCUMENTS, "two subjects": {"credentialSubject": [subject, subject]}}


def _given(entry: StatusEntry, document: JsonObject) -> dict[str, JsonObject]:
    return {"credentialStatus": entry.as_document(), "list": document}
