"""The anchor proof: the formula of formats.md recomputed here, and one spelling for one value."""

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import cbor2
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from registry.core import anchor, merkle
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.keys import Account

from .anchored_badges import ACCOUNT, INDEX, SIGNED, SIZE, anchor_proof, unsigned_badge

REGISTRY = bytes(range(20))
HASH = bytes(range(32))


def multibase(data: bytes) -> str:
    return "u" + base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unpacked(value: str) -> bytes:
    return base64.urlsafe_b64decode(value[1:] + "=" * (-len(value[1:]) % 4))


def proof_of(value: Any = None, **members: Any) -> JsonObject:
    """A proof with `value` as its CBOR; by default leaf 1 of two."""
    content = [1, REGISTRY, 2, 1, [HASH]] if value is None else value
    data = content if isinstance(content, bytes) else cbor2.dumps(content)
    return {**anchor.options(ACCOUNT, SIGNED), "proofValue": multibase(data), **members}


def refused(proof: JsonObject) -> Refusal:
    with pytest.raises(Refusal) as caught:
        anchor.decode(proof)
    assert (caught.value.step, caught.value.code) == ("inclusion", "malformed")
    return caught.value


def test_the_leaf_is_what_the_format_says() -> None:
    document = unsigned_badge()
    config = {
        "@context": document["@context"],
        "type": "DataIntegrityProof",
        "cryptosuite": "evm-merkle-2026",
        "created": SIGNED,
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"did:pkh:eip155:11155111:{ACCOUNT.address}#blockchainAccountId",
    }
    data = sha256(rfc8785.dumps(config)).digest() + sha256(rfc8785.dumps(document)).digest()
    expected = sha256(b"\x00" + data).digest()
    assert anchor.leaf(document, anchor.options(ACCOUNT, SIGNED)) == expected


def test_of_this_suite_is_a_proof_that_says_so_and_no_other() -> None:
    """A suite whose name sorts before or behind ours is another, as is what is no name."""
    assert anchor.is_anchor_proof({"cryptosuite": "evm-merkle-2026"})
    for other in ("evm-merkle-2025", "evm-merkle-2026b", "", "eddsa-jcs-2022"):
        assert not anchor.is_anchor_proof({"cryptosuite": other})
    assert not anchor.is_anchor_proof({"cryptosuite": ["evm-merkle-2026"]})
    assert not anchor.is_anchor_proof({"type": "evm-merkle-2026"})


def test_a_claim_leads_to_the_root_of_the_tree() -> None:
    document = unsigned_badge()
    proof = anchor_proof(document)
    leaves = [merkle.leaf_hash(place.to_bytes(4, "big")) for place in range(SIZE)]
    leaves[INDEX] = anchor.leaf(document, anchor.options(ACCOUNT, SIGNED))
    claim = anchor.claim(document, proof)
    assert claim.root == merkle.root(leaves)
    assert claim.leaf == leaves[INDEX]


POSITIONS = st.integers(1, merkle.MAX_TREE_SIZE).flatmap(
    lambda size: st.tuples(st.just(size), st.integers(0, size - 1))
)


@given(POSITIONS, st.binary(min_size=20, max_size=20), st.integers(1, 2**53 - 1))
def test_what_is_encoded_decodes_to_the_same(
    position: tuple[int, int], registry: bytes, chain_id: int
) -> None:
    size, index = position
    path = tuple(sha256(bytes([n])).digest() for n in range(merkle.path_length(size, index)))
    account = Account(chain_id, ACCOUNT.address)
    told = anchor.Anchor(account, SIGNED, registry, size, index, path)
    proof = anchor.encode(told)
    assert set(proof) == anchor.MEMBERS
    assert anchor.decode(json.loads(json.dumps(proof))) == told
    assert len(proof["proofValue"]) <= anchor.MAX_VALUE_CHARACTERS
    assert cbor2.loads(unpacked(proof["proofValue"])) == [1, registry, size, index, list(path)]


@pytest.mark.parametrize("index", [0, merkle.MAX_TREE_SIZE - 1])
def test_the_largest_tree_has_proofs(index: int) -> None:
    length = merkle.path_length(merkle.MAX_TREE_SIZE, index)
    told = anchor.Anchor(
        ACCOUNT, SIGNED, REGISTRY, merkle.MAX_TREE_SIZE, index, tuple([HASH] * length)
    )
    assert anchor.decode(anchor.encode(told)) == told


def test_the_plain_proof_of_these_tests_decodes() -> None:
    assert anchor.decode(proof_of()).path == (HASH,)


PLAIN = cbor2.dumps([1, REGISTRY, 2, 1, [HASH]])
TAIL = PLAIN[2:]
OTHER_SPELLINGS = {
    "an indefinite array": b"\x9f" + PLAIN[1:] + b"\xff",
    "an indefinite path": PLAIN.replace(b"\x81\x58\x20", b"\x9f\x58\x20") + b"\xff",
    "an indefinite byte string": PLAIN.replace(
        b"\x54" + REGISTRY, b"\x5f\x54" + REGISTRY + b"\xff"
    ),
    "a longer array length": b"\x98\x05" + PLAIN[1:],
    "a longer integer": b"\x85\x18\x01" + TAIL,
    "a still longer integer": b"\x85\x1b" + (1).to_bytes(8, "big") + TAIL,
    "a bignum": b"\x85\xc2\x41\x01" + TAIL,
    "a longer byte length": PLAIN.replace(b"\x54" + REGISTRY, b"\x58\x14" + REGISTRY),
    "true for 1": b"\x85\xf5" + TAIL,
    "a half float for 1": b"\x85\xf9\x3c\x00" + TAIL,
    "a double for 1": b"\x85\xfb\x3f\xf0" + bytes(6) + TAIL,
    "a tagged array": b"\xd9\xd9\xf7" + PLAIN,
    "a shared reference": b"\xd8\x1c" + PLAIN,
    "a byte behind": PLAIN + b"\x00",
    "a second value behind": PLAIN + PLAIN,
}


@pytest.mark.parametrize("data", OTHER_SPELLINGS.values(), ids=OTHER_SPELLINGS)
def test_another_spelling_in_cbor_is_refused(data: bytes) -> None:
    assert data != PLAIN
    refused(proof_of(data))


@pytest.mark.parametrize(
    "respelt",
    [
        lambda text: text + "=",
        lambda text: text + "==",
        lambda text: text + "A",
        lambda text: text + "\n",
        lambda text: " " + text,
        lambda text: text[:-1],
        lambda text: "m" + text[1:],
        lambda text: "U" + text[1:],
        lambda text: text[:9] + "." + text[9:],
        lambda text: text[:9] + "\n" + text[9:],
        lambda text: text + "é",
        lambda text: text[:0],
        lambda text: text[:1],
        lambda text: text.encode(),
        len,
        lambda text: [text],
    ],
)
def test_another_spelling_in_base64url_is_refused(respelt: Callable[[str], Any]) -> None:
    refused(proof_of(proofValue=respelt(proof_of()["proofValue"])))


@pytest.mark.parametrize(
    ("value", "spellings"),
    [([1, REGISTRY, 1, 0, []], 4), ([1, REGISTRY, 300, 0, [HASH] * 9], 16)],
)
def test_the_spare_bits_of_base64url_are_zero(value: Any, spellings: int) -> None:
    """The last digit's spare bits carry nothing: a careless reader takes 16 spellings for one."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    proof = proof_of(value)
    anchor.decode(proof)
    text = proof["proofValue"]
    same = {d for d in digits if unpacked(text[:-1] + d) == unpacked(text)}
    assert len(same) == spellings
    for digit in same - {text[-1]}:
        refused({**proof, "proofValue": text[:-1] + digit})


def test_the_standard_alphabet_is_refused() -> None:
    proof = proof_of([1, b"\xff" * 20, 2, 1, [b"\xfb" * 32]])
    anchor.decode(proof)
    text = proof["proofValue"]
    assert "_" in text
    refused({**proof, "proofValue": text.replace("_", "/").replace("-", "+")})


VALUES: dict[str, Any] = {
    "another version": [2, REGISTRY, 2, 1, [HASH]],
    "a map": {1: 2},
    "a number": 1,
    "four items": [1, REGISTRY, 2, 1],
    "six items": [1, REGISTRY, 2, 1, [HASH], 0],
    "a short registry": [1, REGISTRY[:-1], 2, 1, [HASH]],
    "a long registry": [1, REGISTRY + b"\x00", 2, 1, [HASH]],
    "a registry in text": [1, "0" * 20, 2, 1, [HASH]],
    "no leaf": [1, REGISTRY, 0, 0, []],
    "an index past the end": [1, REGISTRY, 2, 2, [HASH]],
    "an index far past the end": [1, REGISTRY, 2, 7, [HASH]],
    "a negative index": [1, REGISTRY, 2, -1, [HASH]],
    "true for an index": [1, REGISTRY, 2, True, [HASH]],
    "false for an index": [1, REGISTRY, 2, False, [HASH]],
    "1.0 for an index": [1, REGISTRY, 2, 1.0, [HASH]],
    "2.0 for a size": [1, REGISTRY, 2.0, 1, [HASH]],
    "true for the version": [True, REGISTRY, 2, 1, [HASH]],
    "1.0 for the version": [1.0, REGISTRY, 2, 1, [HASH]],
    "a size past 32 bits": [1, REGISTRY, 1 << 32, 0, [HASH] * 32],
    "a path too short": [1, REGISTRY, 2, 1, []],
    "a path too long": [1, REGISTRY, 2, 1, [HASH, HASH]],
    "a path of 33": [1, REGISTRY, 2, 1, [HASH] * 33],
    "a short hash": [1, REGISTRY, 2, 1, [HASH[:-1]]],
    "a long hash": [1, REGISTRY, 2, 1, [HASH + b"\x00"]],
    "a hash in text": [1, REGISTRY, 2, 1, ["0" * 32]],
    "a path that is one hash": [1, REGISTRY, 2, 1, HASH],
    "a path that is a map": [1, REGISTRY, 2, 1, {HASH: 0}],
    "a path that is a text": [1, REGISTRY, 2, 1, "a"],
    "nothing": b"",
    "an endless array": b"\x9f" * 1000,
    "an array of 2^63 items": b"\x9b\x7f" + b"\xff" * 7,
    "a string of 2^62 bytes": b"\x5b\x3f" + b"\xff" * 7,
    "a number of a million digits": b"\xc4\x82\x1a\x00\x0f\x42\x40\x01",
    "a value that holds itself": b"\xd8\x1c\x81\xd8\x1d\x00",
    "NaN": b"\xf9\x7e\x00",
}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_that_no_proof_has_is_refused(value: Any) -> None:
    refused(proof_of(value))


def test_a_value_too_long_is_refused_before_it_is_decoded() -> None:
    value = "u" + "A" * anchor.MAX_VALUE_CHARACTERS
    assert "too long" in refused(proof_of(proofValue=value)).detail


DID = ACCOUNT.did_pkh
MEMBERS: dict[str, JsonObject] = {
    "an extra member": {"id": "urn:x:y"},
    "its own context": {"@context": ["https://www.w3.org/ns/credentials/v2"]},
    "an expiry": {"expires": "2030-01-01T00:00:00Z"},
    "another type": {"type": "Ed25519Signature2020"},
    "a list of types": {"type": ["DataIntegrityProof"]},
    "another suite": {"cryptosuite": "evm-merkle-2027"},
    "an earlier suite": {"cryptosuite": "evm-merkle-2025"},
    "an earlier type": {"type": "Anchor"},
    "an earlier purpose": {"proofPurpose": "assertion"},
    "a later purpose": {"proofPurpose": "keyAgreement"},
    "another purpose": {"proofPurpose": "authentication"},
    "a list of purposes": {"proofPurpose": ["assertionMethod"]},
    "an address in capitals": {
        "verificationMethod": f"{DID[:-40]}{DID[-40:].upper()}#blockchainAccountId"
    },
    "no fragment": {"verificationMethod": DID},
    "an empty fragment": {"verificationMethod": f"{DID}#"},
    "another fragment": {"verificationMethod": f"{DID}#key-1"},
    "a fragment in capitals": {"verificationMethod": f"{DID}#BlockchainAccountId"},
    "two fragments": {"verificationMethod": f"{DID}#blockchainAccountId#blockchainAccountId"},
    "another DID": {"verificationMethod": "did:key:z6Mk#blockchainAccountId"},
    "a number as method": {"verificationMethod": 7},
    "an object as method": {"verificationMethod": {"id": f"{DID}#blockchainAccountId"}},
    "a time with a fraction": {"created": "2026-03-01T09:00:00.0Z"},
    "a time with an offset": {"created": "2026-03-01T09:00:00+00:00"},
    "a time in small letters": {"created": "2026-03-01t09:00:00z"},
    "no real time": {"created": "2026-02-30T09:00:00Z"},
    "second 60": {"created": "2026-03-01T09:00:60Z"},
    "a number as time": {"created": 1772355600},
}


@pytest.mark.parametrize("members", MEMBERS.values(), ids=MEMBERS)
def test_a_proof_with_any_other_member_or_form_is_refused(members: JsonObject) -> None:
    refused(proof_of(**members))


@pytest.mark.parametrize("member", sorted(anchor.MEMBERS))
def test_a_proof_without_one_of_its_six_members_is_refused(member: str) -> None:
    proof = proof_of()
    del proof[member]
    refused(proof)


@given(st.binary(max_size=120))
def test_any_bytes_are_decoded_to_their_one_spelling_or_refused(data: bytes) -> None:
    proof = proof_of(data)
    try:
        told = anchor.decode(proof)
    except Refusal:
        refused(proof)
    else:
        assert anchor.encode(told) == proof


@given(st.integers(0, len(PLAIN) - 1), st.integers(1, 255))
def test_a_changed_byte_is_another_value_or_none(place: int, change: int) -> None:
    data = PLAIN[:place] + bytes([PLAIN[place] ^ change]) + PLAIN[place + 1 :]
    try:
        told = anchor.decode(proof_of(data))
    except Refusal:
        return
    assert told != anchor.decode(proof_of())


def test_any_changed_member_of_the_credential_is_another_root() -> None:
    document = unsigned_badge()
    proof = anchor_proof(document)
    root = anchor.claim(document, proof).root
    for name in document:
        assert anchor.claim({**document, name: "changed"}, proof).root != root
        if name != "@context":
            without = {key: item for key, item in document.items() if key != name}
            assert anchor.claim(without, proof).root != root
    assert anchor.claim({**document, "added": "x"}, proof).root != root
    assert anchor.claim(document, {**proof, "created": "2026-03-01T09:00:01Z"}).root != root
    other = Account(1, ACCOUNT.address).did_pkh + anchor.FRAGMENT
    assert anchor.claim(document, {**proof, "verificationMethod": other}).root != root
