"""Data Integrity proofs: every intermediate value of the W3C's vectors, and what must not hold."""

from hashlib import sha256
from typing import Any

import pytest

from registry.core import suites
from registry.core.canonical import jcs, rdfc
from registry.core.contexts import CREDENTIALS_V2, bundled
from registry.core.document import JsonObject
from registry.core.errors import InvalidArgument, Refusal
from registry.core.keys import Ed25519PublicKey, resolve_did_key
from registry.core.multibase import base58btc_decode, base58btc_encode
from registry.lifecycle.signing_key import Ed25519Signer

from .anchored_badges import SIGNER, STRANGER, signature_options, unsigned_badge
from .public_vectors import VECTORS, needs_vectors, read_json

FOLDER = VECTORS / "vc-di-eddsa" / "TestVectors"
EXAMPLES_V2 = "https://www.w3.org/ns/credentials/examples/v2"


def published_contexts() -> dict[str, Any]:
    examples = read_json(VECTORS / "vc-data-model/contexts/credentials/examples/v2")
    return {CREDENTIALS_V2: bundled()[CREDENTIALS_V2], EXAMPLES_V2: examples["@context"]}


def text(*names: str) -> str:
    return FOLDER.joinpath(*names).read_text(encoding="utf-8")


def published_signer() -> Ed25519Signer:
    pair = read_json(FOLDER / "keyPair.json")
    private = base58btc_decode(pair["privateKeyMultibase"])
    assert private[:2] == b"\x80\x26"
    signer = Ed25519Signer(private[2:])
    assert signer.public_key.multikey == pair["publicKeyMultibase"]
    return signer


def hex_digest(data: bytes) -> str:
    return sha256(data).hexdigest()


@needs_vectors
def test_eddsa_rdfc_2022_gives_every_published_value() -> None:
    folder, contexts = "eddsa-rdfc-2022", published_contexts()
    document = read_json(FOLDER / "unsigned.json")
    options = read_json(FOLDER / folder / "proofConfigDataInt.json")
    canonical, canonical_options = rdfc(document, contexts), rdfc(options, contexts)
    assert canonical.decode() == text(folder, "canonDocDataInt.txt")
    assert hex_digest(canonical) == text(folder, "docHashDataInt.txt")
    assert canonical_options.decode() == text(folder, "proofCanonDataInt.txt")
    assert hex_digest(canonical_options) == text(folder, "proofHashDataInt.txt")
    hashed = suites.Hashed(document, contexts)
    assert hashed.data(options).hex() == text(folder, "combinedHashDataInt.txt")
    signed = read_json(FOLDER / folder / "signedDataInt.json")
    options.pop("@context")
    proof = suites.sign(hashed, options, published_signer())
    assert proof == signed["proof"]
    assert proof["proofValue"] == text(folder, "sigBTC58DataInt.txt")
    assert base58btc_decode(proof["proofValue"]).hex() == text(folder, "sigHexDataInt.txt")
    suites.verify(hashed, signed["proof"], resolve_did_key(proof["verificationMethod"]))


@needs_vectors
def test_eddsa_jcs_2022_gives_every_published_value() -> None:
    folder = "eddsa-jcs-2022"
    document = read_json(FOLDER / "unsigned.json")
    options = read_json(FOLDER / folder / "proofConfigJCS.json")
    assert jcs(document).decode() == text(folder, "canonDocJCS.txt")
    assert hex_digest(jcs(document)) == text(folder, "docHashJCS.txt")
    assert jcs(options).decode() == text(folder, "proofCanonJCS.txt")
    assert hex_digest(jcs(options)) == text(folder, "proofHashJCS.txt")
    hashed = suites.Hashed(document)
    assert hashed.data(options).hex() == text(folder, "combinedHashJCS.txt")
    signed = read_json(FOLDER / folder / "signedJCS.json")
    proof = suites.sign(hashed, options, published_signer())
    assert proof == signed["proof"]
    assert proof["proofValue"] == text(folder, "sigBTC58JCS.txt")
    assert base58btc_decode(proof["proofValue"]).hex() == text(folder, "sigHexJCS.txt")
    suites.verify(hashed, signed["proof"], resolve_did_key(proof["verificationMethod"]))


@needs_vectors
def test_the_employment_example_is_signed_as_published() -> None:
    """From its canonical N-Quads on: its citizenship context is not among the vectors."""
    folder = "eddsa-rdfc-2022/employ"
    canonical, options = (text(folder, f"{n}DataInt.txt") for n in ("canonDoc", "proofCanon"))
    assert hex_digest(canonical.encode()) == text(folder, "docHashDataInt.txt")
    assert hex_digest(options.encode()) == text(folder, "proofHashDataInt.txt")
    combined = sha256(options.encode()).digest() + sha256(canonical.encode()).digest()
    assert combined.hex() == text(folder, "combinedHashDataInt.txt")
    value = base58btc_encode(published_signer().sign(combined))
    assert value == text(folder, "sigBTC58DataInt.txt")
    proof = read_json(FOLDER / folder / "signedDataInt.json")["proof"]
    assert proof["proofValue"] == value
    assert resolve_did_key(proof["verificationMethod"]).verifies(combined, base58btc_decode(value))


@needs_vectors
@pytest.mark.parametrize("name", ["signedProofSet1.json", "signedProofSet2.json"])
def test_each_proof_of_a_published_set_holds_by_itself(name: str) -> None:
    """The chains in the same folder are not covered yet: `previousProof` is refused by `verify`."""
    signed = read_json(FOLDER / "proof-set-chain" / name)
    document = {key: item for key, item in signed.items() if key != "proof"}
    proofs = signed["proof"] if isinstance(signed["proof"], list) else [signed["proof"]]
    hashed = suites.Hashed(document, published_contexts())
    for proof in proofs:
        suites.verify(hashed, proof, resolve_did_key(proof["verificationMethod"]))


@pytest.mark.parametrize("suite", suites.SUITES)
def test_a_proof_holds_for_its_document_key_and_members_alone(suite: str) -> None:
    document = unsigned_badge()
    hashed = suites.Hashed(document)
    proof = suites.sign(hashed, signature_options(cryptosuite=suite), SIGNER)
    suites.verify(hashed, proof, SIGNER.public_key)
    assert refusal(hashed, proof, STRANGER.public_key) == "mismatch"
    other = suites.Hashed({**document, "name": "Another badge"})
    assert refusal(other, proof, SIGNER.public_key) == "mismatch"
    for member in ("created", "proofPurpose", "verificationMethod"):
        changed = {**proof, member: "2026-03-01T09:00:01Z" if member == "created" else "urn:x:y"}
        assert refusal(hashed, changed, SIGNER.public_key) == "mismatch"
    dated = {**proof, "expires": "2030-01-01T00:00:00Z"}
    assert refusal(hashed, dated, SIGNER.public_key) == "mismatch"


def refusal(hashed: suites.Hashed, proof: JsonObject, key: Ed25519PublicKey) -> str:
    with pytest.raises(Refusal) as caught:
        suites.verify(hashed, proof, key)
    assert caught.value.step == "signature"
    return caught.value.code


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


def test_a_set_of_proofs_canonicalises_the_document_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[JsonObject] = []

    def counted(document: JsonObject, contexts: Any = None) -> bytes:
        calls.append(document)
        return rdfc(document, contexts)

    monkeypatch.setattr(suites, "rdfc", counted)
    document = unsigned_badge()
    hashed = suites.Hashed(document)
    for created in ("2026-03-01T09:00:00Z", "2026-03-01T09:00:01Z"):
        hashed.data(signature_options(created=created))
    assert calls.count(document) == 1
    assert len(calls) == 3
