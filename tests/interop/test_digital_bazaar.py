"""Digital Bazaar's libraries take what we sign, and we take what they sign.

They are installed by `scripts/test` from this folder's own lock; `peer.mjs` runs them.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from core.anchored_badges import (
    SIGNED,
    SIGNER,
    anchor_proof,
    judged,
    secured,
    signature_options,
    unsigned_badge,
)
from core.each_suite import ALL_SUITES, ED25519_2020, ON_P256, ON_P384, key_of, without
from core.ecdsa_signer import EcdsaSigner

from registry.core import suites
from registry.core.contexts import CREDENTIALS_V1, CREDENTIALS_V2, OPEN_BADGES_V3, bundled
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.multibase import base58btc_encode
from registry.core.verdict import VALID

HERE = Path(__file__).resolve().parent
# They have no ecdsa-jcs-2019.
SHARED = [pair for pair in ALL_SUITES if pair[0] != suites.ECDSA_JCS_2019]
NAMES = [f"{suite}-{signer.public_key.algorithm}" for suite, signer in SHARED]
with_each_shared_suite = pytest.mark.parametrize(("suite", "signer"), SHARED, ids=NAMES)
NUMBERS: Final = [72.35, 2.35, 0.1, 0.30000000000000004, 1.5e-7, 3.0, 40, 2.0**-44, 1e9 + 0.5]
TEXTS: Final = [
    "Žluťoučký kůň, 資格, شهادة, 🎓👩🏽‍🏫",
    "e\u0301 and \u00e9 are not made one",
    "\u202eright to left\u202c, \u200bnothing between",
    'quotes " \\ and </script>, tab\t, lines\r\n, \b\f',
    "\u0000\u0001\u001f\u007f\u0080\u009f\u2028\ufeff\ufffd\U0010ffff",
]


class Peer:
    """Their libraries in a Node process; one line of JSON asked, one answered."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, *tasks: JsonObject) -> list[Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"contexts": bundled(), "tasks": tasks}) + "\n")
        self._process.stdin.flush()
        answers: list[Any] = json.loads(self._process.stdout.readline())
        assert len(answers) == len(tasks)
        return answers

    def verdicts(self, *credentials: JsonObject) -> list[Any]:
        return self.ask(*({"verify": item, "now": SIGNED} for item in credentials))

    def issued(self, suite: str, signer: suites.Signer, *documents: JsonObject) -> list[Any]:
        pair = key_pair(signer)
        tasks = ({"issue": d, "suite": suite, "date": SIGNED, "keyPair": pair} for d in documents)
        return self.ask(*tasks)


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    """Without the packages a run that must be complete fails, any other skips."""
    node = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    if node is None or not (HERE / "node_modules").is_dir():
        if os.environ.get("CREDROOT_TESTS_COMPLETE"):
            pytest.fail(
                "CREDROOT_TESTS_COMPLETE is set, and Digital Bazaar's packages are not there"
            )
        pytest.skip("Digital Bazaar's packages are not installed: scripts/test installs them")
    with subprocess.Popen(
        [node, "peer.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Peer(process)
        assert process.stdin is not None
        process.stdin.close()


def key_pair(signer: suites.Signer) -> JsonObject:
    secret = b"\x80\x26" + bytes(range(32))
    if isinstance(signer, EcdsaSigner):
        prefix = b"\x86\x26" if signer == ON_P256 else b"\x87\x26"
        secret = prefix + signer.secret.to_bytes(signer.curve.coordinate_bytes, "big")
    return {
        "publicKeyMultibase": signer.public_key.multikey,
        "secretKeyMultibase": base58btc_encode(secret),
    }


def badge_of(signer: suites.Signer, **members: Any) -> JsonObject:
    """Our Open Badges 3.0 credential (its achievement has 2.35 credits), issued by that key."""
    document = {**unsigned_badge(), **members}
    document["issuer"]["id"] = signer.public_key.did_key
    return document


def crediting(signer: suites.Signer, credits_available: float) -> JsonObject:
    document = badge_of(signer)
    document["credentialSubject"]["achievement"]["creditsAvailable"] = credits_available
    return document


def signed(document: JsonObject, suite: str, signer: suites.Signer) -> JsonObject:
    key = signer.public_key
    options = signature_options(
        cryptosuite=suite, verificationMethod=f"{key.did_key}#{key.multikey}"
    )
    return suites.sign(suites.Hashed(document), options, signer)


SCHEMA: Final[JsonObject] = {
    "$id": "https://example.org/schema.json",
    "type": ["object", "null"],
    "default": None,
    "required": [],
    "properties": {
        "schema:name": {"const": TEXTS},
        "@context": {"minimum": 1e-7, "maximum": 72.35, "multipleOf": 1e21 / 3e6},
        "\ufb33": NUMBERS,
        "\U0001f600": {"z": 1, "a": True, "\u00e9": {}},
    },
}


@pytest.mark.parametrize(("suite", "signer"), SHARED[:1], ids=NAMES[:1])
def test_a_json_schema_in_a_credential_is_the_same_literal_to_them(
    peer: Peer, suite: str, signer: suites.Signer
) -> None:
    """Names beyond the basic plane are sorted by RFC 8785 otherwise than by code points."""
    document = {
        "@context": [CREDENTIALS_V2],
        "id": "urn:x:schema",
        "type": ["VerifiableCredential", "JsonSchemaCredential"],
        "issuer": signer.public_key.did_key,
        "credentialSubject": {"id": SCHEMA["$id"], "type": "JsonSchema", "jsonSchema": SCHEMA},
    }
    (said,) = peer.verdicts({**document, "proof": signed(document, suite, signer)})
    assert said["verified"], said
    (theirs,) = peer.issued(suite, signer, document)
    proof = theirs.pop("proof")
    suites.verify(suites.Hashed(theirs), proof, signer.public_key)


@with_each_shared_suite
def test_they_verify_our_signature_and_pass_over_our_anchor(
    peer: Peer, suite: str, signer: suites.Signer
) -> None:
    document = badge_of(signer)
    signature, anchored = signed(document, suite, signer), anchor_proof(document)
    for said in peer.verdicts(
        secured(document, signature),
        secured(document, signature, anchored),
        secured(document, anchored, signature),
    ):
        assert said["verified"], said
        assert said["proofs"] == [{"suite": suite, "verified": True}]


@with_each_shared_suite
def test_they_refuse_what_we_refuse(peer: Peer, suite: str, signer: suites.Signer) -> None:
    document = badge_of(signer)
    signature, anchored = signed(document, suite, signer), anchor_proof(document)
    for said in peer.verdicts(
        secured({**document, "name": "Another"}, signature, anchored),
        secured(document, {**signature, "created": "2026-03-01T09:00:01Z"}),
        secured(document, anchored),
    ):
        assert not said["verified"]


@with_each_shared_suite
def test_they_write_our_numbers_and_texts_as_we_do(
    peer: Peer, suite: str, signer: suites.Signer
) -> None:
    documents = [crediting(signer, number) for number in NUMBERS]
    documents += [badge_of(signer, name=text) for text in TEXTS]
    for document, said in zip(
        documents,
        peer.verdicts(*(secured(d, signed(d, suite, signer)) for d in documents)),
        strict=True,
    ):
        assert said["verified"], (document["name"], document["credentialSubject"], said)


@with_each_shared_suite
def test_we_verify_what_they_sign(peer: Peer, suite: str, signer: suites.Signer) -> None:
    documents = [crediting(signer, number) for number in NUMBERS]
    documents += [badge_of(signer, name=text) for text in TEXTS]
    for document, credential in zip(documents, peer.issued(suite, signer, *documents), strict=True):
        assert without(credential, "proof") == document, credential
        proof = credential["proof"]
        hashed = suites.Hashed(document)
        suites.verify(hashed, proof, key_of(proof))
        with pytest.raises(Refusal, match="mismatch"):
            suites.verify(suites.Hashed({**document, "name": "Another"}), proof, key_of(proof))


@pytest.mark.parametrize(
    "document",
    [crediting(SIGNER, 1e-7), crediting(SIGNER, 1e15 + 0.5), badge_of(SIGNER, name="\ufffe")],
    ids=["1e-7", "1e15 + 0.5", "U+FFFE"],
)
def test_where_they_leave_the_specifications_we_do_not_follow(
    peer: Peer, document: JsonObject
) -> None:
    """They write 1e-7 as 0, round a tie up where printf rounds it to even, and leave U+FFFE raw.

    JSON-LD 1.1 API, 8.6 (%1.15E); RDFC-1.0, A (what is no Char of XML 1.1 is escaped).
    """
    by_rdf, by_jcs = peer.verdicts(
        secured(document, signed(document, suites.RDFC_2022, SIGNER)),
        secured(document, signed(document, suites.JCS_2022, SIGNER)),
    )
    assert (by_rdf["verified"], by_jcs["verified"]) == (False, True)


def test_ours_and_theirs_are_one_signature(peer: Peer) -> None:
    """Ed25519 and the same options: not a byte apart."""
    for suite in suites.SUITES:
        document = badge_of(SIGNER)
        (credential,) = peer.issued(suite, SIGNER, document)
        assert credential["proof"] == signed(document, suite, SIGNER)


@pytest.mark.parametrize("core", ["v1", "v2"])
def test_we_read_their_ed25519_signature_2020(peer: Peer, core: str) -> None:
    document = badge_of(SIGNER)
    document["@context"] = [*document["@context"], ED25519_2020]
    if core == "v1":
        document = without(document, "validFrom", "validUntil") | {
            "@context": [CREDENTIALS_V1, OPEN_BADGES_V3, ED25519_2020],
            "issuanceDate": "2026-02-28T00:00:00Z",
        }
    (credential,) = peer.issued(suites.ED25519_SIGNATURE_2020, SIGNER, document)
    proof = credential["proof"]
    assert suites.known(proof), credential
    assert without(credential, "proof") == document
    suites.verify(suites.Hashed(document), proof, SIGNER.public_key)
    options = without(proof, "proofValue")
    ours = base58btc_encode(SIGNER.sign(suites.Hashed(document).data(options)))
    assert ours == proof["proofValue"]


def test_their_signature_and_our_anchor_make_a_valid_credential(peer: Peer) -> None:
    document = badge_of(SIGNER)
    (credential,) = peer.issued(suites.RDFC_2022, SIGNER, document)
    assert judged(secured(document, credential["proof"], anchor_proof(document))).outcome == VALID


def test_both_curves_are_asked() -> None:
    assert {signer for _, signer in SHARED} == {SIGNER, ON_P256, ON_P384}
