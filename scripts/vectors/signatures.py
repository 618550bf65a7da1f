"""`signatures.json`: Data Integrity proofs of every suite, chains of them, and forgeries."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pyoxigraph as ox
from core.anchored_badges import SIGNED, SIGNER, STRANGER, unsigned_badge
from core.each_suite import ALL_SUITES, ED25519_2020, ON_P256, ON_P384, judged
from core.ecdsa_signer import ORDER, EcdsaSigner
from core.test_proof_chains import ONE, TWO

from registry.core import suites
from registry.core.canonical import jcs, rdfc
from registry.core.document import JsonObject
from registry.core.multibase import base58btc_decode, base58btc_encode
from registry.core.rdfc10 import SHA_256, SHA_384, canonical_n_quads

from .writing import Case, File, attack, case, file_of, hexed, hexes, named

DESCRIPTION = (
    "Data Integrity proofs (docs/spec/verdict.md, step signature). A case without `code`: "
    "document, options (the proof without proofValue), previous (the proofs that it follows), the "
    "canonical text of options and of document, their hashes, `data` (what is signed: the hashes "
    "one after the other), the signature over data and the proof. ECDSA signatures are those of "
    "RFC 6979. A case with proofs: each proof is by the did:key of its verificationMethod; every "
    "one must hold, or the set gets `code`. The private keys are known to everybody."
)
DOCUMENT = unsigned_badge()
PLAIN: JsonObject = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "urn:uuid:5a4b1ec1-0b9c-4f0e-9c38-7a2d1f6e0b11",
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "credentialSubject": {"id": "did:example:ada"},
}


def make() -> File:
    made = [_of_suite(suite, signer) for suite, signer in ALL_SUITES]
    return file_of(DESCRIPTION, [*made, _ed25519_2020(), *_chains(), *_sets(), *_forgeries()])


def _method(signer: suites.Signer) -> str:
    return f"{signer.public_key.did_key}#{signer.public_key.multikey}"


def _options(suite: str, signer: suites.Signer, document: JsonObject, **members: Any) -> JsonObject:
    options: JsonObject = {
        "type": suites.PROOF_TYPE,
        "cryptosuite": suite,
        "created": SIGNED,
        "verificationMethod": _method(signer),
        "proofPurpose": "assertionMethod",
        **members,
    }
    return {**options, "@context": document["@context"]} if "jcs" in suite else options


def _of_suite(suite: str, signer: suites.Signer) -> Case:
    name = f"{suite} {signer.public_key.algorithm}"
    return _worked(name, f"an Open Badge, {name}", _options(suite, signer, DOCUMENT), signer)


def _ed25519_2020() -> Case:
    document = {**DOCUMENT, "@context": [*DOCUMENT["@context"], ED25519_2020]}
    options = _options("", SIGNER, document)
    del options["cryptosuite"]
    options["type"] = suites.ED25519_SIGNATURE_2020
    desc = "the older proof type, which is read and not made: its context is in the document's"
    return _worked("Ed25519Signature2020", desc, options, SIGNER, document)


def _worked(  # noqa: PLR0913, PLR0917 - what a proof is made of
    name: str,
    desc: str,
    options: JsonObject,
    signer: suites.Signer,
    document: JsonObject = DOCUMENT,
    previous: Sequence[JsonObject] = (),
) -> Case:
    hash_name = SHA_384 if signer is ON_P384 else SHA_256
    texts = _canonical(document, options, previous, hash_name)
    hashes = [hashlib.new(hash_name, text).digest() for text in texts]
    data = suites.Hashed(document).data(options, previous, hash_name)
    if data != b"".join(hashes):
        raise ValueError(f"{name}: the steps do not give what is signed")
    signature = signer.sign(data)
    return case(
        name,
        desc,
        document=document,
        options=options,
        previous=list(previous) or None,
        hash="SHA-384" if hash_name == SHA_384 else "SHA-256",
        canonicalOptions=texts[0].decode(),
        canonicalDocument=texts[1].decode(),
        hashes=hexes(hashes),
        data=hexed(data),
        privateKey=_private(signer),
        publicKeyMultibase=signer.public_key.multikey,
        signature=hexed(signature),
        proof={**options, "proofValue": base58btc_encode(signature)},
    )


def _canonical(
    document: JsonObject, options: JsonObject, previous: Sequence[JsonObject], hash_name: str
) -> list[bytes]:
    """The two canonical texts, by the steps of the suites' specifications."""
    if "jcs" in options.get("cryptosuite", ""):
        chained = {**document, "proof": list(previous)} if previous else document
        return [jcs(options), jcs(chained)]
    linked = [{k: v for k, v in proof.items() if k != "@context"} for proof in previous]
    chained = {**document, "proof": linked} if linked else document
    texts = [rdfc({**options, "@context": document["@context"]}), rdfc(chained)]
    if hash_name == SHA_256:
        return texts
    return [canonical_n_quads(ox.parse(t, format=ox.RdfFormat.N_QUADS), SHA_384) for t in texts]


def _private(signer: suites.Signer) -> str:
    if isinstance(signer, EcdsaSigner):
        return hexed(signer.secret.to_bytes(signer.curve.coordinate_bytes, "big"))
    return hexed(bytes(range(32)))


def _chains() -> list[Case]:
    """A proof over another one, in RDF and in JCS."""
    cases = []
    for suite, signer in ((suites.RDFC_2022, SIGNER), (suites.ECDSA_JCS_2019, ON_P256)):
        options = _options(suites.RDFC_2022, SIGNER, PLAIN, id=ONE)
        first = suites.sign(suites.Hashed(PLAIN), options, SIGNER)
        second = _options(suite, signer, PLAIN, previousProof=ONE)
        desc = "a proof over the document and the proof that previousProof names"
        cases.append(_worked(f"chain {suite}", desc, second, signer, PLAIN, [first]))
    return cases


def _signed(suite: str, signer: suites.Signer = SIGNER, **members: Any) -> JsonObject:
    options = _options(suite, signer, PLAIN, **members)
    previous = [_signed(suite, id=ONE)] if "previousProof" in members else []
    return suites.sign(suites.Hashed(PLAIN), options, signer, previous)


def _sets() -> list[Case]:
    rdf, jcs_proof = _signed(suites.RDFC_2022), _signed(suites.JCS_2022)
    first = _signed(suites.RDFC_2022, id=ONE)
    second = _signed(suites.RDFC_2022, previousProof=ONE)
    good = {
        "set of two suites": [rdf, jcs_proof],
        "set of two signers": [rdf, _signed(suites.ECDSA_RDFC_2019, ON_P256)],
        "chain of two": [first, second],
        "chain in the other order": [second, first],
        "rdf proof that repeats the context": [{**rdf, "@context": PLAIN["@context"]}],
    }
    return [_judged(name, name, proofs) for name, proofs in good.items()]


def _judged(
    name: str, desc: str, proofs: Sequence[JsonObject], document: JsonObject = PLAIN
) -> Case:
    told = judged(document, proofs)
    given = {"document": document, "proofs": list(proofs)}
    if told == "ok":
        return case(name, desc, **given)
    return attack(named(name), desc, **given, code=f"signature.{told}")


def _forgeries() -> list[Case]:
    cases = [*_changed_documents(), *_changed_links()]
    for suite, signer in ALL_SUITES:
        proof, stranger = _signed(suite, signer), _stranger(signer)
        value = base58btc_decode(proof["proofValue"])
        changed = {
            "by a stranger": _by_stranger(suite, signer, stranger),
            "created changed": {**proof, "created": "2026-03-01T09:00:01Z"},
            "created left out": {k: v for k, v in proof.items() if k != "created"},
            "expiry added": {**proof, "expires": "2030-01-01T00:00:00Z"},
            "purpose changed": {**proof, "proofPurpose": "authentication"},
            "signature of zeros": _with_value(proof, bytes(len(value))),
            "signature cut short": _with_value(proof, value[:-1]),
            "signature too long": _with_value(proof, value + b"\0"),
            "signature halves exchanged": _with_value(
                proof, value[len(value) // 2 :] + value[: len(value) // 2]
            ),
            "signature in base64url": {**proof, "proofValue": "u" + "A" * 86},
            "leading zero in base58": {**proof, "proofValue": "z1" + proof["proofValue"][1:]},
            "line end behind": {**proof, "proofValue": proof["proofValue"] + "\n"},
            "other contexts in the proof": {**proof, "@context": [ED25519_2020]},
        }
        of = f"{suite} {signer.public_key.algorithm}"
        cases += [_judged(f"{name} {of}", name, [item]) for name, item in changed.items()]
    return [*cases, *_of_other_kinds()]


def _with_value(proof: JsonObject, value: bytes) -> JsonObject:
    return {**proof, "proofValue": base58btc_encode(value)}


def _stranger(signer: suites.Signer) -> suites.Signer:
    return EcdsaSigner(signer.curve, 3) if isinstance(signer, EcdsaSigner) else STRANGER


def _by_stranger(suite: str, signer: suites.Signer, stranger: suites.Signer) -> JsonObject:
    return suites.sign(suites.Hashed(PLAIN), _options(suite, signer, PLAIN), stranger)


def _changed_documents() -> list[Case]:
    """One change each to what a proof covers; both kinds of canonicalisation must see it."""
    proofs = [_signed(suites.RDFC_2022)], [_signed(suites.JCS_2022)]
    documents = {
        "subject changed": {**PLAIN, "credentialSubject": {"id": "did:example:eve"}},
        "end added": {**PLAIN, "validUntil": "2030-01-01T00:00:00Z"},
        "type added": {**PLAIN, "type": ["VerifiableCredential", "VerifiablePresentation"]},
        "id left out": {k: v for k, v in PLAIN.items() if k != "id"},
    }
    return [
        _judged(f"{name} {signed[0]['cryptosuite']}", name, signed, document)
        for name, document in documents.items()
        for signed in proofs
    ]


def _changed_links() -> list[Case]:
    first = _signed(suites.RDFC_2022, id=ONE)
    second = _signed(suites.RDFC_2022, id=TWO, previousProof=ONE)
    again = _signed(suites.RDFC_2022, id=ONE, created="2026-03-01T09:00:01Z")
    low = _signed(suites.ECDSA_RDFC_2019, ON_P256)
    ring = [{**first, "previousProof": TWO}, second]
    cases = {
        "chain without its first": [second],
        "chain with another first": [again, second],
        "chain freed": [first, {k: v for k, v in second.items() if k != "previousProof"}],
        "chain that names itself": [{**first, "previousProof": ONE}],
        "chain in a ring": ring,
        "chain with a name twice": [first, again, second],
        "chain that names a proof twice": [first, {**second, "previousProof": [ONE, ONE]}],
        "chain by a number": [first, {**second, "previousProof": 7}],
        "chain by nothing": [first, {**second, "previousProof": []}],
        "chain over an unknown suite": [{**first, "cryptosuite": "bbs-2023"}, second],
        "other s of a signature": [_other_s(low)],
    }
    return [_judged(name, name, proofs) for name, proofs in cases.items()]


def _other_s(proof: JsonObject) -> JsonObject:
    """(r, n - s): ECDSA's own malleability. By itself it holds, so nothing is told by its bytes."""
    value = base58btc_decode(proof["proofValue"])
    s = ORDER[ON_P256.curve] - int.from_bytes(value[32:], "big")
    return _with_value(proof, value[:32] + s.to_bytes(32, "big"))


def _of_other_kinds() -> list[Case]:
    rdf = _signed(suites.RDFC_2022)
    ecdsa = _signed(suites.ECDSA_RDFC_2019, ON_P256)
    der = ON_P256.der(suites.Hashed(PLAIN).data(_options(suites.ECDSA_RDFC_2019, ON_P256, PLAIN)))
    jcs_proof = _signed(suites.JCS_2022)
    cases = {
        "ed25519 key for ecdsa": [{**ecdsa, "verificationMethod": _method(SIGNER)}],
        "p256 key for eddsa": [{**rdf, "verificationMethod": _method(ON_P256)}],
        "ecdsa in der": [_with_value(ecdsa, der)],
        "jcs proof without its context": [{k: v for k, v in jcs_proof.items() if k != "@context"}],
        "rdf signature under jcs": [{**jcs_proof, "proofValue": rdf["proofValue"]}],
    }
    return [_judged(name, name, proofs) for name, proofs in cases.items()]
