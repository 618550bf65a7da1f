"""Status lists: any bits come back, and what is not a list of the source's form is refused."""

import gzip
import io
import time
import tracemalloc
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core.canonical import jcs, rdfc
from registry.core.credential import read_credential
from registry.core.document import MAX_SAFE_INTEGER, parse_json
from registry.core.errors import InvalidArgument, Refusal
from registry.core.status_list import (
    MAX_CREDENTIAL_BYTES,
    MAX_ENCODED_CHARACTERS,
    MAX_INDEX_CHARACTERS,
    MAX_LIST_BYTES,
    MAX_STATUS_BITS,
    MIN_ENTRIES,
    StatusEntry,
    decode_list,
    encode_list,
    is_set,
    list_credential,
    make_bits,
    parse_entry,
    read_status,
)

URL = "https://issuer.example/status/3"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
# W3C Bitstring Status List v1.0, example 3: the shortest list, nothing set.
PUBLISHED = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
SHORTEST = MIN_ENTRIES // 8


def entry_document(**changes: Any) -> dict[str, Any]:
    entry = {
        "id": f"{URL}#94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "94567",
        "statusListCredential": URL,
    }
    return {key: value for key, value in {**entry, **changes}.items() if value is not None}


def list_document(bits: bytes | None = None, **subject: Any) -> dict[str, Any]:
    document = list_credential(
        url=URL,
        issuer="did:web:issuer.example",
        purpose="revocation",
        bits=make_bits(MIN_ENTRIES, [94567]) if bits is None else bits,
        valid_from=NOON,
    )
    document["credentialSubject"].update(subject)
    return document


def packed(data: bytes) -> str:
    return "u" + urlsafe_b64encode(data).rstrip(b"=").decode()


def refusal_of(entry: StatusEntry, document: dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(Refusal) as refused:
        read_status(entry, document)
    return refused.value.step, refused.value.code


def bits_or_code(encoded: str) -> bytes | str:
    try:
        return decode_list(encoded)
    except Refusal as refused:
        return f"{refused.step}.{refused.code}"


REVOKED = StatusEntry("revocation", 94567, URL)


@given(bits=st.binary(max_size=300), tail=st.binary(max_size=300))
def test_any_bits_come_back_from_the_encoded_list(bits: bytes, tail: bytes) -> None:
    whole = bits + bytes(SHORTEST) + tail

    assert decode_list(encode_list(whole)) == whole


@given(indexes=st.sets(st.integers(0, MIN_ENTRIES + 99)))
def test_exactly_the_set_indexes_are_read_as_set(indexes: set[int]) -> None:
    bits = make_bits(MIN_ENTRIES + 100, indexes)
    read = {
        8 * at + i
        for at, byte in enumerate(bits)
        if byte
        for i in range(8)
        if is_set(bits, 8 * at + i)
    }

    assert read == indexes
    assert len(bits) == -(-(MIN_ENTRIES + 100) // 8)


def test_index_zero_is_the_most_significant_bit_of_the_first_byte() -> None:
    assert make_bits(MIN_ENTRIES, [0])[0] == 0b1000_0000
    assert make_bits(MIN_ENTRIES, [7, 8])[:2] == bytes([0b0000_0001, 0b1000_0000])
    assert make_bits(MIN_ENTRIES, [MIN_ENTRIES - 1])[-1] == 0b0000_0001


def test_the_published_example_is_the_shortest_list_with_nothing_set() -> None:
    assert decode_list(PUBLISHED) == bytes(SHORTEST) == make_bits(0, [])
    assert decode_list(packed(SPARE)).endswith(bytes(SHORTEST))


def test_the_same_bits_are_always_the_same_text_and_other_gzip_readers_read_it() -> None:
    bits = make_bits(MIN_ENTRIES, [1, 5, 94567])
    encoded = encode_list(bits)
    raw = urlsafe_b64decode(encoded[1:] + "=" * (-len(encoded[1:]) % 4))

    assert encoded == encode_list(bytes(bits))
    assert "=" not in encoded
    assert raw[:10] == bytes.fromhex("1f8b08000000000002ff")
    assert gzip.decompress(raw) == bits


@pytest.mark.parametrize("length", [0, SHORTEST - 1, MAX_LIST_BYTES + 1])
def test_no_list_is_written_that_a_reader_refuses(length: int) -> None:
    with pytest.raises(InvalidArgument):
        encode_list(bytes(length))


@pytest.mark.parametrize(
    ("entries", "index"),
    [(10, 10), (10, -1), (-1, 0), (8 * MAX_LIST_BYTES + 1, 0), (0, 0)],
)
def test_no_bit_is_set_outside_the_list(entries: int, index: int) -> None:
    with pytest.raises(InvalidArgument):
        make_bits(entries, [index])


@pytest.mark.parametrize("index", [-1, MIN_ENTRIES])
def test_no_bit_is_read_outside_the_list(index: int) -> None:
    with pytest.raises(InvalidArgument):
        is_set(make_bits(0, []), index)


@pytest.mark.parametrize("purpose", ["revocation", "suspension"])
def test_both_purposes_are_read_from_the_list_made_for_them(purpose: str) -> None:
    document = list_credential(
        url=URL, issuer="did:web:a.example", purpose=purpose, bits=make_bits(0, []), valid_from=NOON
    )
    document["credentialSubject"]["encodedList"] = encode_list(make_bits(MIN_ENTRIES, [8]))

    assert read_status(StatusEntry(purpose, 8, URL), document) is True
    assert read_status(StatusEntry(purpose, 9, URL), document) is False


@given(
    purpose=st.sampled_from(["revocation", "suspension"]), index=st.integers(0, 8 * MAX_LIST_BYTES)
)
def test_an_entry_comes_back_from_its_document(purpose: str, index: int) -> None:
    entry = StatusEntry(purpose, index, URL)

    assert parse_entry(entry.as_document()) == entry


def test_an_entry_of_the_specification_is_read() -> None:
    assert parse_entry(entry_document()) == REVOKED
    assert parse_entry(entry_document(statusSize=1)) == REVOKED
    assert parse_entry(entry_document(id=None, type=["BitstringStatusListEntry"])) == REVOKED


def messages(bits: int) -> list[dict[str, str]]:
    return [{"status": hex(value), "message": f"the {value}th"} for value in range(1 << bits)]


INFORMATIVE_ENTRIES: dict[str, dict[str, Any]] = {
    "message": {"statusPurpose": "message"},
    "refresh": {"statusPurpose": "refresh"},
    "message of two bits": {
        "statusPurpose": "message",
        "statusSize": 2,
        "statusMessage": messages(2),
    },
    "message with its texts and references": {
        "statusPurpose": "message",
        "statusMessage": [{**item, "more": 1} for item in messages(1)],
        "statusReference": ["https://issuer.example/words", "urn:x:y"],
    },
}


@pytest.mark.parametrize("changes", INFORMATIVE_ENTRIES.values(), ids=INFORMATIVE_ENTRIES)
def test_a_purpose_that_takes_nothing_away_is_told_apart(changes: dict[str, Any]) -> None:
    assert parse_entry(entry_document(**changes)).is_informative
    assert not parse_entry(entry_document()).is_informative


def test_an_entry_that_revokes_may_say_what_its_bit_and_its_status_mean() -> None:
    told = entry_document(statusMessage=messages(1), statusReference="https://a.example/words")
    assert parse_entry(told) == REVOKED


BAD_ENTRIES: dict[str, tuple[dict[str, Any], str]] = {
    "another type": ({"type": "StatusList2021Entry"}, "unknown_type"),
    "no type": ({"type": None}, "unknown_type"),
    "a purpose of its own": ({"statusPurpose": "probation"}, "unknown_type"),
    "entries of two bits": ({"statusSize": 2, "statusMessage": messages(2)}, "unknown_type"),
    "entries of two bits without messages": ({"statusSize": 2}, "malformed"),
    "a message for one of two values": ({"statusMessage": messages(1)[:1]}, "malformed"),
    "messages for other sizes": ({"statusSize": 3, "statusMessage": messages(2)}, "malformed"),
    "more bits than messages can be written": (
        {"statusSize": MAX_STATUS_BITS + 1, "statusMessage": messages(1)},
        "malformed",
    ),
    "as many bits as there are": ({"statusSize": 1 << 52, "statusMessage": []}, "malformed"),
    "messages that are no list": ({"statusMessage": {"status": "0x0"}}, "malformed"),
    "a message that is a text": ({"statusMessage": ["set", "unset"]}, "malformed"),
    "a message without its text": ({"statusMessage": [{"status": "0x0"}] * 2}, "malformed"),
    "a message with a number": (
        {"statusMessage": [{"status": 0, "message": "a"}] * 2},
        "malformed",
    ),
    "a message of a decimal value": (
        {"statusMessage": [{"status": "1", "message": "a"}] * 2},
        "malformed",
    ),
    "a reference that is a number": ({"statusReference": 5}, "malformed"),
    "a reference that is no URL": ({"statusReference": ["urn:x:y", "words"]}, "malformed"),
    "entries of no bits": ({"statusSize": 0}, "malformed"),
    "a purpose of its own and a bad index": (
        {"statusPurpose": "probation", "statusListIndex": 5},
        "malformed",
    ),
    "a message with a number as index": (
        {"statusPurpose": "message", "statusListIndex": 5},
        "malformed",
    ),
    "a message without a list": (
        {"statusPurpose": "message", "statusListCredential": None},
        "malformed",
    ),
    "a refresh of no bits": ({"statusPurpose": "refresh", "statusSize": 0}, "malformed"),
    "a size that is true": ({"statusSize": True}, "malformed"),
    "a size with a fraction": ({"statusSize": 1.0}, "malformed"),
    "a size as text": ({"statusSize": "1"}, "malformed"),
    "no purpose": ({"statusPurpose": None}, "malformed"),
    "a list of purposes": ({"statusPurpose": ["revocation"]}, "malformed"),
    "no index": ({"statusListIndex": None}, "malformed"),
    "an index as a number": ({"statusListIndex": 5}, "malformed"),
    "a negative index": ({"statusListIndex": "-1"}, "malformed"),
    "an index with a sign": ({"statusListIndex": "+1"}, "malformed"),
    "an index with a space": ({"statusListIndex": " 1"}, "malformed"),
    "an index with a line end": ({"statusListIndex": "1\n"}, "malformed"),
    "an index with a fraction": ({"statusListIndex": "1.0"}, "malformed"),
    "an empty index": ({"statusListIndex": ""}, "malformed"),
    "an index in other digits": ({"statusListIndex": "٣"}, "malformed"),
    "an index grouped by underscores": ({"statusListIndex": "1_0"}, "malformed"),
    "an index too long": ({"statusListIndex": "0" * (MAX_INDEX_CHARACTERS + 1)}, "malformed"),
    "no list": ({"statusListCredential": None}, "malformed"),
    "a list that is no URL": ({"statusListCredential": "/status/3"}, "malformed"),
    "a list that is an object": ({"statusListCredential": {"id": URL}}, "malformed"),
    "the list's URL as the entry's id": ({"id": URL}, "malformed"),
}


@pytest.mark.parametrize(("changes", "code"), BAD_ENTRIES.values(), ids=BAD_ENTRIES)
def test_an_entry_that_breaks_a_rule_is_refused_with_its_code(
    changes: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        parse_entry({k: v for k, v in {**entry_document(), **changes}.items() if v is not None})

    assert (refused.value.step, refused.value.code) == ("status", code)


def test_a_list_of_several_purposes_answers_for_each() -> None:
    document = list_document(statusPurpose=["suspension", "revocation"])

    assert read_status(REVOKED, document) is True
    assert read_status(StatusEntry("suspension", 94567, URL), document) is True


def test_a_list_without_an_id_and_with_its_subject_in_an_array_is_read() -> None:
    document = list_document()
    del document["id"]
    document["credentialSubject"] = [document["credentialSubject"]]

    assert read_status(REVOKED, document) is True


BAD_SUBJECTS: dict[str, tuple[dict[str, Any], str]] = {
    "another purpose": ({"statusPurpose": "suspension"}, "malformed"),
    "other purposes": ({"statusPurpose": ["suspension", "refresh"]}, "malformed"),
    "no purpose": ({"statusPurpose": None}, "malformed"),
    "a purpose that contains the word": ({"statusPurpose": "revocations"}, "malformed"),
    "another subject type": ({"type": "StatusList2021"}, "malformed"),
    "entries of two bits": ({"statusSize": 2}, "unknown_type"),
    "no bits": ({"encodedList": None}, "malformed"),
    "bits as a number": ({"encodedList": 7}, "malformed"),
    "a negative ttl": ({"ttl": -1}, "malformed"),
    "a ttl as text": ({"ttl": "300000"}, "malformed"),
    "a ttl with a fraction": ({"ttl": 1.5}, "malformed"),
    "a ttl that is true": ({"ttl": True}, "malformed"),
}


@pytest.mark.parametrize(("changes", "code"), BAD_SUBJECTS.values(), ids=BAD_SUBJECTS)
def test_a_list_that_breaks_a_rule_is_refused_with_its_code(
    changes: dict[str, Any], code: str
) -> None:
    assert refusal_of(REVOKED, list_document(**changes)) == ("status", code)


BAD_DOCUMENTS: dict[str, dict[str, Any]] = {
    "another type": {"type": ["VerifiableCredential", "OpenBadgeCredential"]},
    "another id: another list of the same issuer": {"id": "https://issuer.example/status/4"},
    "no subject": {"credentialSubject": []},
    "a subject that is only named": {"credentialSubject": "urn:x:y"},
    "two subjects": {"credentialSubject": [list_document()["credentialSubject"]] * 2},
}


@pytest.mark.parametrize("changes", BAD_DOCUMENTS.values(), ids=BAD_DOCUMENTS)
def test_a_document_that_is_not_the_list_is_refused(changes: dict[str, Any]) -> None:
    assert refusal_of(REVOKED, {**list_document(), **changes}) == ("status", "malformed")


def test_an_index_past_the_end_of_the_list_is_refused_and_the_last_one_is_not() -> None:
    document = list_document(make_bits(MIN_ENTRIES, [MIN_ENTRIES - 1]))

    assert read_status(StatusEntry("revocation", MIN_ENTRIES - 1, URL), document) is True
    past = StatusEntry("revocation", MIN_ENTRIES, URL)
    assert refusal_of(past, document) == ("status", "malformed")


GOOD = gzip.compress(bytes(SHORTEST), mtime=0)
# One byte more than a multiple of three: four bits of the last letter belong to no byte.
SPARE = next(
    item
    for length in range(99)
    if len(item := gzip.compress(bytes(range(length)) + bytes(SHORTEST), mtime=0)) % 3 == 1
)
NEXT_LETTER = {"A": "B", "Q": "R", "g": "h", "w": "x"}
BAD_LISTS = {
    "nothing": "",
    "the multibase letter alone": "u",
    "another base": "z" + PUBLISHED[1:],
    "no multibase letter": PUBLISHED[1:],
    "padding": packed(GOOD) + "=",
    "the other alphabet": PUBLISHED.replace("-", "+"),
    "a line end": PUBLISHED + "\n",
    "a stray character": PUBLISHED[:9] + " " + PUBLISHED[9:],
    "a length that no base64 has": "uAAAAA",
    "bits to spare that are set": packed(SPARE)[:-1] + NEXT_LETTER[packed(SPARE)[-1]],
    "no gzip": packed(bytes(SHORTEST)),
    "zlib's frame": packed(zlib.compress(bytes(SHORTEST))),
    "one byte short": packed(GOOD[:-1]),
    "no check": packed(GOOD[:-8]),
    "a wrong check": packed(GOOD[:-8] + bytes(4) + GOOD[-4:]),
    "a wrong length": packed(GOOD[:-4] + bytes(4)),
    "a byte after the end": packed(GOOD + b"\0"),
    "two members": packed(GOOD + GOOD),
    "one byte less than the minimum": packed(gzip.compress(bytes(SHORTEST - 1))),
    "an empty list": packed(gzip.compress(b"")),
    "too much text": "u" + "A" * MAX_ENCODED_CHARACTERS,
}


@pytest.mark.parametrize("encoded", BAD_LISTS.values(), ids=BAD_LISTS)
def test_an_encoded_list_that_is_not_one_is_malformed(encoded: str) -> None:
    assert refusal_of(REVOKED, list_document(encodedList=encoded)) == ("status", "malformed")


@settings(max_examples=300)
@given(at=st.integers(0, len(GOOD) - 1), change=st.integers(1, 255))
def test_a_changed_byte_never_gives_other_bits(at: int, change: int) -> None:
    changed = bytearray(GOOD)
    changed[at] ^= change

    assert bits_or_code(packed(bytes(changed))) in (bytes(SHORTEST), "status.malformed")


def test_a_gzip_bomb_is_refused_in_bounded_memory() -> None:
    bomb = io.BytesIO()
    with gzip.GzipFile(fileobj=bomb, mode="wb") as file:
        for _ in range(256):
            file.write(bytes(1 << 20))
    document = list_document(encodedList=packed(bomb.getvalue()))
    tracemalloc.start()
    code = refusal_of(REVOKED, document)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert code == ("status", "malformed")
    assert peak < 4 * MAX_LIST_BYTES


def test_a_million_gzip_members_are_refused_at_once() -> None:
    many = packed(GOOD + gzip.compress(b"", mtime=0) * 500_000)
    started = time.perf_counter()

    assert refusal_of(REVOKED, list_document(encodedList=many)) == ("status", "malformed")
    assert time.perf_counter() - started < 2


def test_the_longest_list_is_read_and_one_byte_more_is_not() -> None:
    assert len(decode_list(packed(gzip.compress(bytes(MAX_LIST_BYTES), 1)))) == MAX_LIST_BYTES
    longer = packed(gzip.compress(bytes(MAX_LIST_BYTES + 1), 1))
    assert refusal_of(REVOKED, list_document(encodedList=longer)) == ("status", "malformed")


def test_what_is_allowed_by_size_can_be_read_as_rdf() -> None:
    """Or a list that its issuer signs in one suite could not be read in the other."""
    document = list_document(encodedList="u" + "A" * (MAX_ENCODED_CHARACTERS - 1))
    assert b"#encodedList" in rdfc(document)
    document["name"] = "n" * (MAX_CREDENTIAL_BYTES - len(jcs(document)) - len(',"name":""'))
    assert len(jcs(document)) == MAX_CREDENTIAL_BYTES
    assert len(rdfc(document)) > MAX_CREDENTIAL_BYTES


def test_the_list_credential_is_a_credential_that_can_be_signed() -> None:
    document = {**list_document(), "validUntil": "2026-11-24T12:00:00Z"}
    document["credentialSubject"]["ttl"] = 300_000
    credential = read_credential(parse_json(jcs(document)))

    assert credential.types == ("VerifiableCredential", "BitstringStatusListCredential")
    assert credential.id == URL
    assert credential.valid_from == NOON
    assert b"credentials/status#encodedList" in rdfc(document)


def test_the_time_to_live_stands_in_the_subject_where_it_is_given() -> None:
    bits = make_bits(0, [])
    document = list_credential(
        url=URL, issuer="did:x:y", purpose="suspension", bits=bits, valid_from=NOON, ttl=300_000
    )

    assert document["credentialSubject"]["ttl"] == 300_000
    assert "ttl" not in list_document()["credentialSubject"]


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "/status/3"},
        {"purpose": "message"},
        {"ttl": -1},
        {"ttl": MAX_SAFE_INTEGER + 1},
        {"bits": b""},
    ],
)
def test_no_list_credential_is_built_that_would_be_refused(changes: dict[str, Any]) -> None:
    given_arguments: dict[str, Any] = {
        "url": URL,
        "issuer": "did:x:y",
        "purpose": "revocation",
        "bits": make_bits(0, []),
        "valid_from": NOON,
    }
    with pytest.raises(InvalidArgument):
        list_credential(**{**given_arguments, **changes})
