"""Proof chains (Data Integrity, 4.3 and 4.5): what holds, and every way to break one."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest

from registry.core import anchor, suites
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.multibase import base58btc_decode, base58btc_encode

from .anchored_badges import SIGNER, STRANGER, anchor_proof, signature_options
from .each_suite import (
    ALL_SUITES,
    DOCUMENT,
    ON_P256,
    ON_P384,
    judged,
    next_proof,
    refusal,
    with_each_suite,
    without,
)
from .ecdsa_signer import ORDER, EcdsaSigner

ONE, TWO, THREE = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))


def chain(suite: str, signer: suites.Signer) -> list[JsonObject]:
    """Three proofs: the second names the first as text, the third both as a list."""
    proofs: list[JsonObject] = []
    for members in ({"id": ONE}, {"id": TWO, "previousProof": ONE}, {"previousProof": [ONE, TWO]}):
        proofs.append(next_proof(proofs, suite, signer, **members))
    return proofs


@with_each_suite
def test_a_chain_holds_and_its_end_alone_can_be_taken_away(
    suite: str, signer: suites.Signer
) -> None:
    proofs = chain(suite, signer)
    assert judged(DOCUMENT, proofs) == "ok"
    assert judged(DOCUMENT, proofs[:2]) == "ok"
    assert judged(DOCUMENT, proofs[:1]) == "ok"
    for missing in (0, 1):
        assert judged(DOCUMENT, proofs[:missing] + proofs[missing + 1 :]) == "malformed"
    assert judged(DOCUMENT, proofs[1:2]) == "malformed"


@with_each_suite
def test_a_chain_proof_does_not_hold_over_the_document_alone(
    suite: str, signer: suites.Signer
) -> None:
    """Nor does a proof become one of a chain by naming another."""
    first, second, _ = chain(suite, signer)
    freed = without(second, "previousProof")
    assert judged(DOCUMENT, [first, freed]) == "mismatch"
    assert refusal(suites.Hashed(DOCUMENT), second, signer.public_key) == "mismatch"
    bound = {**next_proof([], suite, signer, id=TWO), "previousProof": ONE}
    assert judged(DOCUMENT, [first, bound]) == "mismatch"


@with_each_suite
def test_a_changed_link_breaks_every_proof_over_it(suite: str, signer: suites.Signer) -> None:
    first, second, third = chain(suite, signer)
    resigned = next_proof([], suite, signer, id=ONE, created="2026-03-01T09:00:01Z")
    assert judged(DOCUMENT, [resigned]) == "ok"
    assert judged(DOCUMENT, [resigned, second]) == "mismatch"
    stranger = next_proof([], suites.RDFC_2022, STRANGER, id=ONE)
    assert judged(DOCUMENT, [stranger, second]) == "mismatch"
    assert judged(DOCUMENT, [first, {**second, "id": THREE}]) == "mismatch"
    assert judged(DOCUMENT, [first, second, {**third, "previousProof": ONE}]) == "mismatch"
    other = {**first, "proofValue": second["proofValue"]}
    assert judged(DOCUMENT, [other, second]) == "mismatch"


@pytest.mark.parametrize("signer", [ON_P256, ON_P384], ids=lambda signer: str(signer.curve.name))
@pytest.mark.parametrize("suite", suites.ECDSA_SUITES)
def test_the_other_s_of_a_link_breaks_the_chain(suite: str, signer: EcdsaSigner) -> None:
    """By itself (r, n - s) holds; a proof over the link signed its bytes."""
    first, second, _ = chain(suite, signer)
    value = base58btc_decode(first["proofValue"])
    half = len(value) // 2
    s = ORDER[signer.curve] - int.from_bytes(value[half:], "big")
    other = {**first, "proofValue": base58btc_encode(value[:half] + s.to_bytes(half, "big"))}
    assert judged(DOCUMENT, [other]) == "ok"
    assert judged(DOCUMENT, [other, second]) == "mismatch"


@with_each_suite
def test_the_order_of_links_counts_only_where_json_is_signed(
    suite: str, signer: suites.Signer
) -> None:
    """A set has no order in RDF; JCS signs a list as it stands."""
    first, second, third = chain(suite, signer)
    assert judged(DOCUMENT, [third, first, second]) == "ok"
    expected = "mismatch" if "jcs" in suite else "ok"
    assert judged(DOCUMENT, [second, first, third]) == expected


@pytest.mark.parametrize("last", [*ALL_SUITES], ids=str)
def test_a_chain_may_mix_suites_and_signers(last: tuple[str, suites.Signer]) -> None:
    proofs: list[JsonObject] = []
    for number, (suite, signer) in enumerate([*ALL_SUITES, last]):
        name = f"urn:uuid:00000000-0000-4000-8000-0000000001{number:02}"
        members = {"id": name} | ({"previousProof": proofs[-1]["id"]} if proofs else {})
        proofs.append(next_proof(proofs, suite, signer, **members))
    assert judged(DOCUMENT, proofs) == "ok"
    proofs[0] = {**proofs[0], "created": "2026-03-01T09:00:01Z"}
    assert judged(DOCUMENT, proofs) == "mismatch"


def broken(proofs: Sequence[JsonObject], proof: JsonObject) -> str:
    with pytest.raises(Refusal) as caught:
        suites.chained(proofs, proof)
    assert caught.value.step == "signature"
    return caught.value.code


def link(**members: Any) -> JsonObject:
    return {**signature_options(), **members}


@pytest.mark.parametrize(
    "reference",
    [None, 7, True, {}, {"id": ONE}, [], [7], [ONE, None], [[ONE]], [ONE, ONE], "", TWO],
)
def test_a_reference_that_names_no_one_proof_is_malformed(reference: Any) -> None:
    first = link(id=ONE)
    assert broken([first], link(previousProof=reference)) == "malformed"


def test_one_id_of_two_proofs_is_malformed_once_it_is_named() -> None:
    twice = [link(id=ONE), link(id=ONE, created="2027-01-01T00:00:00Z")]
    assert broken(twice, link(previousProof=ONE)) == "malformed"
    assert suites.chained([*twice, link(id=TWO)], link(previousProof=TWO)) == [link(id=TWO)]
    assert suites.chained(twice, link()) == []


def test_an_id_that_is_no_text_is_nobodys() -> None:
    for odd in ([ONE], {"a": 1}, 7, None):
        assert broken([link(id=odd)], link(previousProof=ONE)) == "malformed"
        assert suites.chained([link(id=ONE)], link(id=odd, previousProof=ONE)) == [link(id=ONE)]


def test_a_chain_that_comes_back_is_malformed() -> None:
    itself = link(id=ONE, previousProof=ONE)
    assert broken([itself], itself) == "malformed"
    ring = [
        link(id=ONE, previousProof=[THREE]),
        link(id=TWO, previousProof=ONE),
        link(id=THREE, previousProof=[TWO]),
    ]
    for proof in ring:
        assert broken(ring, proof) == "malformed"
    assert judged(DOCUMENT, [*ring, link(previousProof=THREE)]) == "malformed"


def test_two_ways_to_one_proof_are_no_ring() -> None:
    diamond = [
        link(id=ONE),
        link(id=TWO, previousProof=ONE),
        link(id=THREE, previousProof=ONE),
    ]
    assert suites.chained(diamond, link(previousProof=[THREE, TWO])) == diamond[1:]


def test_a_long_list_of_references_is_refused_at_once() -> None:
    names = [f"urn:x:{number}" for number in range(100_000)]
    proofs = [link(id=names[0], previousProof=names), link(id=names[1], previousProof=names)]
    started = time.perf_counter()
    for proof in (*proofs, link(previousProof=names[:2])):
        with suppress(Refusal):
            suites.chained(proofs, proof)
    assert time.perf_counter() - started < 2


def test_over_a_proof_that_cannot_be_checked_nothing_is_established() -> None:
    """4.5: a proof counts as verified only if those that it names do. What is unknown may hold."""
    stranger = link(id=ONE, cryptosuite="bbs-2023")
    assert broken([stranger], link(previousProof=ONE)) == "unknown_suite"
    foreign = {**link(id=ONE), "type": "RsaSignature2018"}
    assert broken([foreign], link(previousProof=ONE)) == "unknown_suite"


def test_an_anchor_proof_is_no_link() -> None:
    """It has exactly six members: one with an id is no anchor proof, one without has no name."""
    proof = anchor_proof(DOCUMENT)
    assert broken([proof], link(previousProof=ONE)) == "malformed"
    named = {**proof, "id": ONE}
    assert broken([named], link(previousProof=ONE)) == "unknown_suite"
    with pytest.raises(Refusal, match=r"inclusion\.malformed"):
        anchor.claim(DOCUMENT, named)
    assert judged(DOCUMENT, [link(previousProof=ONE), proof]) == "malformed"


def test_a_link_that_json_ld_cannot_read_is_refused_at_the_signature() -> None:
    key = SIGNER.public_key
    odd = next_proof([], suites.JCS_2022, SIGNER, id=ONE, unheardOf="x")
    assert judged(DOCUMENT, [odd]) == "ok"
    over = next_proof([], suites.RDFC_2022, SIGNER) | {"previousProof": ONE}
    assert judged(DOCUMENT, [odd, over]) == "unknown_suite"
    assert judged(DOCUMENT, [{**odd, "unheardOf": 2.0**60}]) == "mismatch"
    hashed = suites.Hashed({**DOCUMENT, "name": "\ud800"})
    assert refusal(hashed, odd, key) == "malformed"
