"""Data Integrity proofs: whom they hold for, and what must not hold."""

from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core import anchor, suites
from registry.core.canonical import rdfc
from registry.core.document import JsonObject
from registry.core.ecdsa import P256, P384, SECP256K1
from registry.core.errors import InvalidArgument, Refusal
from registry.core.keys import PublicKey
from registry.core.multibase import base58btc_encode
from registry.core.rdfc10 import SHA_256, SHA_384
from registry.core.rsa import RsaPublicKey

from .anchored_badges import SIGNER, STRANGER, signature_options, unsigned_badge
from .each_suite import (
    ALL_SUITES,
    DOCUMENT,
    ED25519_2020,
    ON_P256,
    ON_P384,
    next_proof,
    refusal,
    with_each_suite,
    without,
)
from .ecdsa_signer import EcdsaSigner


def ed25519_signature_2020(document: JsonObject, **members: Any) -> JsonObject:
    options = without(signature_options(**members), "cryptosuite")
    options["type"] = suites.ED25519_SIGNATURE_2020
    signature = SIGNER.sign(suites.Hashed(document).data(options))
    return {**options, "proofValue": base58btc_encode(signature)}


def test_ed25519_signature_2020_is_read() -> None:
    document = {**DOCUMENT, "@context": [*DOCUMENT["@context"], ED25519_2020]}
    proof = ed25519_signature_2020(document)
    hashed = suites.Hashed(document)
    assert suites.known(proof)
    suites.verify(hashed, proof, SIGNER.public_key)
    assert refusal(hashed, proof, STRANGER.public_key) == "mismatch"
    assert refusal(hashed, proof, ON_P256.public_key) == "mismatch"
    late = {**proof, "created": "2026-03-01T09:00:01Z"}
    assert refusal(hashed, late, SIGNER.public_key) == "mismatch"
    # The document's context defines the proof's type, whatever part of it the proof repeats.
    suites.verify(hashed, {**proof, "@context": DOCUMENT["@context"]}, SIGNER.public_key)
    for spelling in ("u" + "A" * 86, proof["proofValue"][1:]):
        assert refusal(hashed, {**proof, "proofValue": spelling}, SIGNER.public_key) == "malformed"


def test_ed25519_signature_2020_needs_its_context_and_has_no_cryptosuite() -> None:
    with pytest.raises(Refusal, match=r"format\.undefined_term"):
        ed25519_signature_2020(DOCUMENT)
    for suite in (*suites.SUITES, *suites.ECDSA_SUITES, None):
        named = {**signature_options(), "type": suites.ED25519_SIGNATURE_2020, "cryptosuite": suite}
        assert not suites.known(named)


@pytest.mark.parametrize(
    "changed",
    [
        {"cryptosuite": "ecdsa-sd-2023"},
        {"cryptosuite": "EDDSA-RDFC-2022"},
        {"cryptosuite": "eddsa-2022"},
        {"cryptosuite": ["eddsa-rdfc-2022"]},
        {"cryptosuite": None},
        {"cryptosuite": {}},
        {"type": ["DataIntegrityProof"]},
        {"type": "Ed25519Signature2018"},
        {"type": None},
        {"cryptosuite": anchor.CRYPTOSUITE},
    ],
)
def test_what_is_no_suite_of_ours_is_unknown_and_never_holds(changed: JsonObject) -> None:
    proof = {**next_proof([], suites.RDFC_2022, SIGNER), **changed}
    assert not suites.known(proof)
    assert suites.name(proof)
    assert refusal(suites.Hashed(DOCUMENT), proof, SIGNER.public_key) == "mismatch"


BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
KEYS: Final[list[PublicKey]] = [
    SIGNER.public_key,
    ON_P256.public_key,
    ON_P384.public_key,
    EcdsaSigner(SECP256K1, 1234567).public_key,
    RsaPublicKey((1 << 2047) + 1, 65537),
]


@with_each_suite
def test_a_suite_takes_the_keys_of_its_own_kind_alone(suite: str, signer: suites.Signer) -> None:
    proof = next_proof([], suite, signer)
    hashed = suites.Hashed(DOCUMENT)
    for key in KEYS:
        if key == signer.public_key:
            suites.verify(hashed, proof, key)
        else:
            of_the_suite = key in (ON_P256.public_key, ON_P384.public_key) and "ecdsa" in suite
            expected = "malformed" if of_the_suite else "mismatch"
            assert refusal(hashed, proof, key) == expected


@pytest.mark.parametrize("suite", [*suites.SUITES, *suites.ECDSA_SUITES])
@pytest.mark.parametrize("signer", [SIGNER, ON_P256, ON_P384, EcdsaSigner(SECP256K1, 3)], ids=str)
def test_nothing_is_signed_with_a_key_of_another_kind(suite: str, signer: suites.Signer) -> None:
    options = signature_options(cryptosuite=suite)
    if (suite, signer) in ALL_SUITES:
        assert suites.sign(suites.Hashed(DOCUMENT), options, signer)["proofValue"]
    else:
        with pytest.raises(InvalidArgument):
            suites.sign(suites.Hashed(DOCUMENT), options, signer)


@pytest.mark.parametrize("suite", suites.ECDSA_SUITES)
def test_the_curve_says_the_hash_and_nothing_else_does(suite: str) -> None:
    hashed = suites.Hashed(DOCUMENT)
    for signer, other in ((ON_P256, SHA_384), (ON_P384, SHA_256)):
        options = signature_options(cryptosuite=suite)
        value = base58btc_encode(signer.sign(hashed.data(options, hash_name=other)))
        proof = {**options, "proofValue": value}
        assert refusal(hashed, proof, signer.public_key) == "mismatch"


@pytest.mark.parametrize("suite", suites.ECDSA_SUITES)
@pytest.mark.parametrize("signer", [ON_P256, ON_P384], ids=lambda signer: str(signer.curve.name))
def test_an_ecdsa_proof_value_is_r_and_s_and_never_der(suite: str, signer: EcdsaSigner) -> None:
    hashed, options = suites.Hashed(DOCUMENT), signature_options(cryptosuite=suite)
    data = hashed.data(
        {**options, "@context": DOCUMENT["@context"]}, hash_name=signer.curve.hash_name
    )
    proof = suites.sign(hashed, options, signer)
    der = base58btc_encode(signer.der(data))
    assert refusal(hashed, {**proof, "proofValue": der}, signer.public_key) == "malformed"
    suites.verify(hashed, proof, signer.public_key)


@with_each_suite
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_no_change_of_a_proof_or_its_document_holds(
    suite: str, signer: suites.Signer, data: st.DataObject
) -> None:
    proof = next_proof([], suite, signer)
    place = data.draw(st.integers(1, len(proof["proofValue"]) - 1))
    letter = data.draw(
        st.sampled_from("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
    )
    value = proof["proofValue"][:place] + letter + proof["proofValue"][place + 1 :]
    if value != proof["proofValue"]:
        changed = {**proof, "proofValue": value}
        assert refusal(suites.Hashed(DOCUMENT), changed, signer.public_key) in (
            "mismatch",
            "malformed",
        )
    text = data.draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
    other = suites.Hashed({**DOCUMENT, "name": DOCUMENT["name"] + "!" + text})
    assert refusal(other, proof, signer.public_key) == "mismatch"


@pytest.mark.parametrize("suite", [suites.RDFC_2022, suites.ECDSA_RDFC_2019])
def test_an_rdf_proof_may_repeat_the_documents_context_and_bring_none(suite: str) -> None:
    """3.2.5: the options are read by the document's context. Another one is another reading."""
    signer: suites.Signer = SIGNER if suite in suites.SUITES else ON_P384
    proof = next_proof([], suite, signer)
    hashed, context = suites.Hashed(DOCUMENT), DOCUMENT["@context"]
    for repeated in (context, context[:1], context[0]):
        suites.verify(hashed, {**proof, "@context": repeated}, signer.public_key)
    for other in ([ED25519_2020], [*context, ED25519_2020], {"created": "urn:x:y"}, None, 7):
        own = {**proof, "@context": other}
        assert refusal(hashed, own, signer.public_key) == "unknown_suite"


STRANGERS: Final[dict[suites.Signer, suites.Signer]] = {
    SIGNER: STRANGER,
    ON_P256: EcdsaSigner(P256, 3),
    ON_P384: EcdsaSigner(P384, 3),
}


@with_each_suite
def test_a_proof_holds_for_its_document_key_and_members_alone(
    suite: str, signer: suites.Signer
) -> None:
    document, key = unsigned_badge(), signer.public_key
    hashed = suites.Hashed(document)
    proof = suites.sign(hashed, signature_options(cryptosuite=suite), signer)
    suites.verify(hashed, proof, key)
    assert refusal(hashed, proof, STRANGERS[signer].public_key) == "mismatch"
    other = suites.Hashed({**document, "name": "Another badge"})
    assert refusal(other, proof, key) == "mismatch"
    for member in ("created", "proofPurpose", "verificationMethod"):
        changed = {**proof, member: "2026-03-01T09:00:01Z" if member == "created" else "urn:x:y"}
        assert refusal(hashed, changed, key) == "mismatch"
        assert refusal(hashed, without(proof, member), key) == "mismatch"
    for member, value in (("expires", "2030-01-01T00:00:00Z"), ("id", "urn:x:1"), ("nonce", "x")):
        assert refusal(hashed, {**proof, member: value}, key) == "mismatch"


@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        "",
        "z",
        "zz",
        "m" + "A" * 86,
        base58btc_encode(bytes(63)),
        base58btc_encode(bytes(65)),
    ],
)
def test_a_proof_value_that_is_no_signature_is_malformed(value: Any) -> None:
    hashed = suites.Hashed(unsigned_badge())
    proof = {**suites.sign(hashed, signature_options(), SIGNER), "proofValue": value}
    assert refusal(hashed, proof, SIGNER.public_key) == "malformed"


def test_a_proof_value_has_one_spelling() -> None:
    hashed = suites.Hashed(unsigned_badge())
    proof = suites.sign(hashed, signature_options(), SIGNER)
    for spelling in (
        proof["proofValue"] + "\n",
        proof["proofValue"] + " ",
        "z1" + proof["proofValue"][1:],
    ):
        assert refusal(hashed, {**proof, "proofValue": spelling}, SIGNER.public_key) == "malformed"


def test_a_jcs_proof_covers_the_context_it_copies() -> None:
    document = unsigned_badge()
    hashed = suites.Hashed(document)
    proof = suites.sign(hashed, signature_options(cryptosuite=suites.JCS_2022), SIGNER)
    assert proof["@context"] == document["@context"]
    begun = {**document, "@context": [*document["@context"], "urn:x:later"]}
    suites.verify(suites.Hashed(begun), proof, SIGNER.public_key)
    for other in (document["@context"][:1], [*reversed(document["@context"])], ["urn:x:other"]):
        changed = suites.Hashed({**document, "@context": other})
        assert refusal(changed, proof, SIGNER.public_key) == "mismatch"
    bare = {name: item for name, item in proof.items() if name != "@context"}
    assert refusal(hashed, bare, SIGNER.public_key) == "mismatch"


def test_a_document_that_carries_its_proofs_is_not_hashed() -> None:
    with pytest.raises(InvalidArgument):
        suites.Hashed({**unsigned_badge(), "proof": {}})
    with pytest.raises(InvalidArgument):
        suites.Hashed(without(unsigned_badge(), "@context"))


def test_a_set_of_proofs_canonicalises_the_document_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[JsonObject] = []

    def counted(document: JsonObject, *given: Any) -> bytes:
        calls.append(document)
        return rdfc(document, *given)

    monkeypatch.setattr(suites, "rdfc", counted)
    document = unsigned_badge()
    hashed = suites.Hashed(document)
    for created in ("2026-03-01T09:00:00Z", "2026-03-01T09:00:01Z"):
        hashed.data(signature_options(created=created))
    assert calls.count(document) == 1
    assert len(calls) == 3
