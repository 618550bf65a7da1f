"""Published status lists say what the chain says, and nothing where it could not be read."""

import gzip
import json
from base64 import urlsafe_b64decode
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from installations import ACHIEVEMENT, House, StillChain
from jsonschema import Draft201909Validator  # type: ignore[import-untyped]

from registry.core import suites
from registry.core.contract import NOTHING, REGISTRY, WORD_BITS, Batch, StatusWord
from registry.core.credential import parse_credential
from registry.core.errors import CoreError, InvalidArgument
from registry.core.evidence import Block, Evidence, NodeReading, Quorum, View
from registry.core.keys import Account
from registry.core.policy import MAX_AGE, Policy
from registry.core.status_list import MIN_ENTRIES, decode_list, is_set, parse_entry, read_status
from registry.core.times import write_stamp
from registry.core.verify import questions as verifiers_questions
from registry.core.verify import verify
from registry.lifecycle.awards import Award, Recipient
from registry.lifecycle.badges import Issuer, build, sign
from registry.lifecycle.signing_key import Ed25519Signer
from registry.lifecycle.status_lists import (
    Mirror,
    NotMirrored,
    Reading,
    index_of,
    mirror,
    parse_status_url,
    questions,
    signed_list,
    status_entry,
)
from registry.store.status_lists import NumberedLeaf, RootedBatch, StatusList
from registry.verifier.nodes import Node
from registry.verifier.reading import read_evidence

STATUS: Final = "https://school.example.org/status"
SALT: Final = bytes(range(32))
SCHEMA: Final = (
    Path(__file__).resolve().parents[3] / "shared/vectors/ob-schemas/packages/coverage/vendor"
) / "open-badges/v3_0/ob_v3p0_achievementcredential_schema.json"


def test_the_numbers_of_a_list_take_every_index_once() -> None:
    assert {index_of(number, SALT) for number in range(MIN_ENTRIES)} == set(range(MIN_ENTRIES))


# Credentials that are out rest on these: a change here would set other people's bits.
@pytest.mark.parametrize(
    ("number", "salt", "index"),
    [
        (0, SALT, 101298),
        (1, SALT, 16916),
        (2, SALT, 20355),
        (131071, SALT, 56677),
        (131072, SALT, 21806),
        (0, bytes(32), 2774),
    ],
)
def test_an_index_never_changes(number: int, salt: bytes, index: int) -> None:
    assert index_of(number, salt) == index


@settings(max_examples=50)
@given(st.integers(0, 2**40), st.binary(min_size=32, max_size=32))
def test_an_index_tells_neither_its_number_nor_its_neighbours(number: int, salt: bytes) -> None:
    indexes = [index_of(number + step, salt) for step in range(8)]
    assert all(0 <= index < MIN_ENTRIES for index in indexes)
    steps = {(b - a) % MIN_ENTRIES for a, b in pairwise(indexes)}
    assert len(steps) > 3


@pytest.mark.parametrize(
    ("given_url", "url"),
    [
        (STATUS, STATUS),
        (f"{STATUS}/", STATUS),
        ("https://school.example.org", "https://school.example.org"),
        ("https://school.example.org:8443/a_b/c-d/~e/1.0", None),
    ],
)
def test_an_address_is_taken(given_url: str, url: str | None) -> None:
    assert parse_status_url(given_url) == (url or given_url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "status",
        "http://school.example.org/status",
        "https://",
        "https:///status",
        "https://ada@school.example.org/status",
        "https://school.example.org/status?x",
        "https://school.example.org/status#x",
        "https://school.example.org/a//b",
        "https://school.example.org/../status",
        "https://school.example.org/a/.",
        "https://school.example.org/%73tatus",
        "https://school.example.org/a b",
        "https://School.example.org/status",
        "https://schüle.example.org/status",
        "https://school.example.org:port/status",
        "https://school.example.org/" + "a" * 600,
        "https://school.example.org/status\n",
        "HTTPS://school.example.org/status",
    ],
)
def test_an_address_of_several_readings_or_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_status_url(url)


ISSUER: Final = Issuer(
    "did:example:school",
    {"name": "The school"},
    Account(1, "0x" + "ab" * 20),
    ("eddsa-rdfc-2022", "eddsa-jcs-2022"),
)
SIGNER: Final = Ed25519Signer(bytes(32))


def test_the_entry_stands_inside_what_is_signed_and_keeps_to_the_schemas() -> None:
    award = Award(Recipient("ada", "systemId"), ACHIEVEMENT["id"], "2026-06-30T00:00:00Z")
    entry = status_entry(7, f"{STATUS}/0.json", SALT)
    document = build(award, ACHIEVEMENT, ISSUER, UUID(int=4), "salt", entry)
    badge = sign(document, ISSUER, SIGNER, "2026-06-30T00:00:00Z")
    read = parse_credential(badge.body)
    (status,) = read.statuses
    assert status == {
        "id": f"{STATUS}/0.json#{index_of(7, SALT)}",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "suspension",
        "statusListIndex": str(index_of(7, SALT)),
        "statusListCredential": f"{STATUS}/0.json",
    }
    assert parse_entry(status) == entry
    moved = {**read.document, "credentialStatus": {**status, "statusListIndex": "1"}}
    for proof in read.proofs:
        suites.verify(suites.Hashed(read.document), proof, SIGNER.public_key)
        with pytest.raises(CoreError):
            suites.verify(suites.Hashed(moved), proof, SIGNER.public_key)


@pytest.mark.skipif(not SCHEMA.is_file(), reason="the public vectors are not at ../shared/vectors")
def test_a_credential_with_an_entry_passes_the_published_schema() -> None:
    award = Award(Recipient("ada", "systemId"), ACHIEVEMENT["id"], "2026-06-30T00:00:00Z")
    entry = status_entry(7, f"{STATUS}/0.json", SALT)
    document = build(award, ACHIEVEMENT, ISSUER, UUID(int=4), "salt", entry)
    badge = json.loads(sign(document, ISSUER, SIGNER, "2026-06-30T00:00:00Z").body)
    validator = Draft201909Validator(json.loads(SCHEMA.read_text()))
    validator.validate(badge)
    # Two entries, one for each purpose, would not: hence one entry for both.
    twice = {**badge, "credentialStatus": [badge["credentialStatus"]] * 2}
    assert not validator.is_valid(twice)


def bits_of(document: dict[str, Any]) -> bytes:
    """The list's bits as a reader takes them who knows none of our code (3.4)."""
    text = document["credentialSubject"]["encodedList"]
    assert text.startswith("u")
    return gzip.decompress(urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)))


def test_a_list_is_a_signed_credential_of_the_issuer_that_ends() -> None:
    begins = datetime(2026, 11, 23, 12, tzinfo=UTC)
    ends = begins + timedelta(days=7)
    here = StatusList(0, f"{STATUS}/0.json")
    document = signed_list(ISSUER, SIGNER, here, [5, 131071], (begins, ends))
    assert (document["id"], document["issuer"]) == (here.url, ISSUER.did)
    assert (document["validFrom"], document["validUntil"]) == (
        "2026-11-23T12:00:00Z",
        "2026-11-30T12:00:00Z",
    )
    assert document["credentialSubject"]["ttl"] == 3_600_000
    bits = bits_of(document)
    assert len(bits) == 16 << 10
    assert (bits[0], bits[-1], sum(bits)) == (0b100, 1, 5)
    unsigned = {key: value for key, value in document.items() if key != "proof"}
    assert [proof["cryptosuite"] for proof in document["proof"]] == list(ISSUER.suites)
    for proof in document["proof"]:
        suites.verify(suites.Hashed(unsigned), proof, SIGNER.public_key)


# ---- What nodes say, as values -------------------------------------------------------------------

NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)
ACCOUNT: Final = Account(11155111, "0x" + "ab" * 20)
SIZE: Final = 300
ANCHORED: Final = Batch(1000, 10, 1000, 10, 0, SIZE, 1, 0)
CLEAN: Final = StatusWord(ANCHORED, 0, 0)
BATCH: Final = RootedBatch(3, b"\x01" * 32, SIZE, final=True)
# The credential under test: in the second word, at a place of its own.
PLACE: Final = 260
BIT: Final = 1 << (PLACE % WORD_BITS)
LEAVES: Final = (NumberedLeaf(10, 3, 259), NumberedLeaf(11, 3, PLACE), NumberedLeaf(12, 3, 2))
TWO: Final = ("one.example", "two.example")


def view(height: int, word: StatusWord, code_hash: bytes, age: timedelta) -> View:
    block = Block(height, height.to_bytes(32, "big"), int((NOW - age).timestamp()))
    asked = questions(ACCOUNT, LEAVES, [BATCH])
    # Only the second word is the one under test.
    answers = {q: word if q.word else StatusWord(word.batch, 0, 0) for q in asked}
    return View(block, code_hash, answers)


def node(
    host: str,
    final: StatusWord = CLEAN,
    newest: StatusWord = CLEAN,
    *,
    code_hash: bytes = REGISTRY.code_hash,
    age: timedelta = timedelta(minutes=15),
    heights: tuple[int, int] = (100, 164),
) -> NodeReading:
    return NodeReading(
        host,
        ACCOUNT.chain_id,
        finalized=view(heights[0], final, code_hash, age),
        latest=view(heights[1], newest, code_hash, age),
    )


def mirrored(
    *nodes: NodeReading,
    leaves: Sequence[NumberedLeaf] = LEAVES,
    batches: Sequence[RootedBatch] = (BATCH,),
    quorum: Quorum | None = None,
) -> Mirror:
    reading = Reading(Evidence(nodes), quorum or Quorum(), NOW)
    return mirror(ACCOUNT, leaves, batches, reading)


def both(final: StatusWord = CLEAN, newest: StatusWord = CLEAN, **more: Any) -> Mirror:
    return mirrored(*(node(host, final, newest, **more) for host in TWO))


REVOKED: Final = replace(CLEAN, revoked=BIT)
SUSPENDED: Final = replace(CLEAN, suspended=BIT)


@pytest.mark.parametrize(
    ("final", "newest", "numbers"),
    [
        (CLEAN, CLEAN, ()),
        (REVOKED, REVOKED, (11,)),
        (SUSPENDED, SUSPENDED, (11,)),
        (CLEAN, REVOKED, (11,)),
        (CLEAN, SUSPENDED, (11,)),
        (SUSPENDED, CLEAN, (11,)),
        (replace(CLEAN, revoked=BIT << 1), SUSPENDED, (11,)),
        (replace(CLEAN, revoked=BIT >> 1), CLEAN, (10,)),
        (CLEAN, StatusWord(replace(ANCHORED, revoked_at=2000), 0, 0), (10, 11, 12)),
        (StatusWord(replace(ANCHORED, flags=1), 0, 0), CLEAN, (10, 11, 12)),
        (CLEAN, StatusWord(replace(ANCHORED, flags=2), 0, 0), ()),
    ],
)
def test_the_worse_of_the_final_and_the_newest_block_counts(
    final: StatusWord, newest: StatusWord, numbers: tuple[int, ...]
) -> None:
    found = both(final, newest)
    assert (found.set_numbers, found.unanchored) == (numbers, 0)
    assert (found.block, found.hosts) == (100, TWO)


def test_what_is_not_anchored_yet_is_not_set() -> None:
    never = replace(BATCH, final=False)
    nodes = [node(host, NOTHING, NOTHING) for host in TWO]
    assert mirrored(*nodes, batches=[never]) == Mirror((), 3, 100, TWO)
    # A batch that is still open has no root to ask about.
    assert mirrored(*nodes, batches=[]) == Mirror((), 3, None, ())
    # Anchored, and not final yet.
    young = [node(host, NOTHING, REVOKED) for host in TWO]
    assert mirrored(*young, batches=[never]) == Mirror((11,), 0, 100, TWO)


OTHER_SIZE: Final = StatusWord(replace(ANCHORED, size=SIZE + 1), 0, 0)
REANCHORED: Final = StatusWord(replace(ANCHORED, anchored_at=1001), 0, 0)


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (mirrored, "at least 2"),
        (lambda: mirrored(node(TWO[0])), "at least 2"),
        (lambda: mirrored(node(TWO[0]), NodeReading(TWO[1], problem="is down")), "is down"),
        (lambda: mirrored(node(TWO[0]), node(TWO[1], REVOKED)), "at most 1 of 2"),
        (lambda: mirrored(node(TWO[0]), node(TWO[1], CLEAN, REVOKED)), "at most 1 of 2"),
        (lambda: both(code_hash=b"\0" * 32), "not the registry"),
        (lambda: both(age=MAX_AGE + timedelta(minutes=2)), "too old"),
        (lambda: both(heights=(100, 99)), "not after the final one"),
        (lambda: both(NOTHING, NOTHING), "is this the chain"),
        (lambda: both(CLEAN, NOTHING), "is this the chain"),
        (lambda: both(CLEAN, REANCHORED), "another history"),
        (lambda: both(OTHER_SIZE, OTHER_SIZE), "has 300 leaves, the chain says 301"),
        (lambda: mirrored(*map(node, TWO), quorum=Quorum(agree=1)), "majority"),
    ],
)
def test_what_cannot_be_read_in_full_makes_no_list(read: Callable[[], Mirror], reason: str) -> None:
    with pytest.raises(NotMirrored, match=reason):
        read()


def test_one_node_is_enough_when_it_is_ones_own() -> None:
    alone = Quorum(trust_one_node=True)
    assert mirrored(node(TWO[0], REVOKED, REVOKED), quorum=alone).set_numbers == (11,)


@settings(max_examples=60)
@given(st.data())
def test_every_bit_of_every_word_lands_at_its_own_credential(data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(40)))
    leaves = [NumberedLeaf(n, 3, place * 7) for n, place in enumerate(order)]
    lanes = data.draw(st.lists(st.integers(0, 2**256 - 1), min_size=4, max_size=4))
    words = [StatusWord(ANCHORED, lanes[0], lanes[1]), StatusWord(ANCHORED, lanes[2], lanes[3])]
    asked = questions(ACCOUNT, leaves, [BATCH])
    block = Block(1, bytes(32), int(NOW.timestamp()))
    seen = View(block, REGISTRY.code_hash, {q: words[q.word] for q in asked})
    evidence = Evidence((NodeReading("one", ACCOUNT.chain_id, seen, seen),))
    reading = Reading(evidence, Quorum(trust_one_node=True), NOW)
    hit = [
        leaf.number
        for leaf in leaves
        if (words[leaf.position // 256].revoked | words[leaf.position // 256].suspended)
        >> (leaf.position % 256)
        & 1
    ]
    assert mirror(ACCOUNT, leaves, [BATCH], reading).set_numbers == tuple(sorted(hit))


# ---- On a real chain -----------------------------------------------------------------------------


@pytest.fixture
def listing_house(tmp_path: Path, still_chain: StillChain) -> House:
    """An issuer whose credentials name status lists."""
    both_suites = ("eddsa-rdfc-2022", "eddsa-jcs-2022")
    return House.found(tmp_path / "registry.db", still_chain, suites=both_suites, status_url=STATUS)


def published(house: House) -> dict[str, dict[str, Any]]:
    """What a static host would serve: URL -> list credential."""
    store, salt = house.issuance().status_lists, house.organisation().award_salt
    leaves, batches = list(store.leaves()), store.batches()
    evidence = read_evidence([Node(house.chain.url)], questions(house.account, leaves, batches))
    at = datetime.now(UTC)
    reading = Reading(evidence, Quorum(trust_one_node=True), at)
    numbers = mirror(house.account, leaves, batches, reading).set_numbers
    return {
        item.url: signed_list(
            house.issuer,
            house.signer,
            item,
            [index_of(n, salt) for n in numbers if n // MIN_ENTRIES == item.number],
            (at, at + timedelta(days=7)),
        )
        for item in store.lists()
    }


def listed_as_bad(file: bytes, web: dict[str, dict[str, Any]]) -> bool:
    """What a verifier finds who has never heard of the chain, nor of this project's code."""
    entry = json.loads(file)["credentialStatus"]
    document = web[entry["statusListCredential"]]
    assert document["credentialSubject"]["statusPurpose"] == entry["statusPurpose"]
    assert document["validFrom"] <= write_stamp(datetime.now(UTC)) < document["validUntil"]
    byte, bit = divmod(int(entry["statusListIndex"]), 8)
    plainly = bool(bits_of(document)[byte] >> (7 - bit) & 1)
    assert decode_list(document["credentialSubject"]["encodedList"]) == bits_of(document)
    assert is_set(bits_of(document), int(entry["statusListIndex"])) == plainly
    assert read_status(parse_entry(entry), document) == plainly
    return plainly


def test_a_verifier_who_knows_only_lists_sees_what_the_chain_says(listing_house: House) -> None:
    house = listing_house
    good, revoked, suspended, reinstated = house.issue(["ada", "ben", "cem", "dia"])
    early = published(house)
    bodies = {s.uuid: s.body for s in house.issuance().credentials()}
    assert not any(listed_as_bad(body, early) for body in bodies.values())

    house.settle()
    house.change("revoke", revoked)
    house.change("suspend", suspended, reinstated)
    house.settle()
    files = dict(zip((good, revoked, suspended, reinstated), house.files(), strict=True))
    web = published(house)
    assert [listed_as_bad(file, web) for file in files.values()] == [False, True, True, True]

    house.change("reinstate", reinstated)
    house.settle()
    later = published(house)
    assert [listed_as_bad(file, later) for file in files.values()] == [False, True, True, False]
    assert sum(byte.bit_count() for byte in bits_of(later[f"{STATUS}/0.json"])) == 2


def test_a_credential_with_an_entry_is_verified_by_the_chain(listing_house: House) -> None:
    house = listing_house
    good, revoked = house.issue(["ada", "ben"])
    house.settle()
    house.change("revoke", revoked)
    house.settle()
    policy = Policy(
        at=datetime.now(UTC), trust=(house.trust,), quorum=Quorum(accept_dev_chain=True)
    )
    verdicts = []
    for file in house.files():
        evidence = read_evidence([Node(house.chain.url)], verifiers_questions(file))
        verdicts.append(verify(file, evidence, policy).outcome)
    assert (good != revoked, verdicts) == (True, ["valid", "invalid"])


def test_a_suspension_in_a_block_that_is_not_final_is_published(listing_house: House) -> None:
    house = listing_house
    (uuid,) = house.issue(["ada"])
    house.settle()
    house.change("suspend", uuid)
    rounds = house.rounds(seal=False)
    next(rounds)
    house.chain.mine()
    (file,) = house.files()
    assert listed_as_bad(file, published(house))
    list(rounds)


def test_numbers_that_were_reserved_in_a_crash_are_skipped(listing_house: House) -> None:
    house = listing_house
    house.issuance().status_lists.reserve(5)
    house.issue(["ada", "ben"])
    numbers = [leaf.number for leaf in house.issuance().status_lists.leaves()]
    assert numbers == [5, 6]
    house.issue(["ada", "ben", "cem"])
    assert [leaf.number for leaf in house.issuance().status_lists.leaves()] == [5, 6, 7]


def test_the_index_in_the_credential_is_the_bit_that_is_published(listing_house: House) -> None:
    house = listing_house
    house.issue(["ada", "ben", "cem"])
    salt = house.organisation().award_salt
    entries = [
        parse_entry(json.loads(s.body)["credentialStatus"]) for s in house.issuance().credentials()
    ]
    leaves = list(house.issuance().status_lists.leaves())
    assert [e.index for e in entries] == [index_of(leaf.number, salt) for leaf in leaves]
    assert {e.list_url for e in entries} == {f"{STATUS}/0.json"}


def test_an_issuer_without_an_address_names_no_list(house: House) -> None:
    house.issue(["ada"])
    (stored,) = house.issuance().credentials()
    assert "credentialStatus" not in json.loads(stored.body)
    assert published(house) == {}
