"""Types mean something under every suite: they are URLs, or the contexts map them (VC 2.0, 4.5)."""

import json
from typing import Any

import pytest

from registry.core import suites
from registry.core.canonical import rdfc
from registry.core.contexts import (
    CREDENTIALS_V1,
    CREDENTIALS_V2,
    OPEN_BADGES_UNVERSIONED,
    OPEN_BADGES_V3,
    bundled,
)
from registry.core.credential import read_credential
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.evidence import Evidence
from registry.core.jose import sign_compact
from registry.core.safe_mode import require_agreeing
from registry.core.verify import verify

from .anchored_badges import (
    DID,
    METHOD,
    SIGNER,
    accountless_badge,
    policy,
    signature_options,
)

DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"
ALONE = policy(require_anchor=False)


def minimal(**members: Any) -> JsonObject:
    return {
        "@context": [CREDENTIALS_V2],
        "id": "urn:x:1",
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:ada"},
    } | members


def nested(**members: Any) -> JsonObject:
    document = accountless_badge()
    document["credentialSubject"]["achievement"] |= members
    return document


UNMAPPED: dict[str, JsonObject] = {
    "of the credential": minimal(type=["VerifiableCredential", "Diploma"]),
    "with a space": minimal(type=["VerifiableCredential", "A Diploma"]),
    "relative": minimal(type=["VerifiableCredential", "./Diploma"]),
    "of the subject": minimal(credentialSubject={"id": "did:example:ada", "type": "Person"}),
    "of a status": minimal(credentialStatus={"type": "Status"}),
    "of a schema": minimal(credentialSchema={"id": "urn:x:y", "type": "Unheard"}),
    "of terms of use": minimal(termsOfUse=[{"type": "urn:x:a"}, {"type": "Policy"}]),
    "of an achievement": nested(type=["Achievement", "Diploma"]),
    "of criteria": nested(criteria={"type": "Rule", "narrative": "x"}),
    "of a term of another context": minimal(type=["VerifiableCredential", "OpenBadgeCredential2"]),
    "of a keyword": minimal(type=["VerifiableCredential", "id"]),
}


@pytest.mark.parametrize("document", UNMAPPED.values(), ids=UNMAPPED)
def test_a_type_that_nothing_maps_is_undefined_under_every_suite(document: JsonObject) -> None:
    """The code is what a signature over RDF gets; the signatures themselves are not looked at."""
    for suite in (*suites.SUITES, *suites.ECDSA_SUITES):
        proof = signature_options(cryptosuite=suite, proofValue="z" + "1" * 64)
        data = json.dumps({**document, "proof": proof}).encode()
        assert verify(data, Evidence(), ALONE).code == "format.undefined_term"
    token = sign_compact(document, SIGNER, METHOD).encode()
    assert verify(token, Evidence(), ALONE).code == "format.undefined_term"


MAPPED: dict[str, JsonObject] = {
    "a URL": minimal(type=["VerifiableCredential", "https://example.org/Diploma"]),
    "a URN": minimal(credentialSubject={"id": "did:example:ada", "type": "urn:x:Person"}),
    "a term": minimal(credentialSchema={"id": "urn:x:y", "type": "JsonSchema"}),
    "terms of Open Badges": nested(criteria={"type": "Criteria", "narrative": "x"}),
    "at a member without a meaning": minimal(mine={"type": "Anything", "deep": [{"type": "x y"}]}),
    "in a proof below": minimal(evidence={"type": "urn:x:E", "proof": {"type": "Mine2030"}}),
}


@pytest.mark.parametrize("document", MAPPED.values(), ids=MAPPED)
def test_what_is_mapped_or_means_nothing_is_read(document: JsonObject) -> None:
    proof = suites.sign(
        suites.Hashed(document), signature_options(cryptosuite=suites.JCS_2022), SIGNER
    )
    data = json.dumps({**document, "proof": proof}).encode()
    assert verify(data, Evidence(), ALONE).outcome == "valid"


CLASHES = [
    (CREDENTIALS_V2, CREDENTIALS_V1),
    (CREDENTIALS_V1, CREDENTIALS_V2),
    (CREDENTIALS_V2, OPEN_BADGES_V3.replace("3.0.3", "3.0.1")),
    (CREDENTIALS_V2, "https://w3id.org/security/data-integrity/v1"),
]


@pytest.mark.parametrize("urls", CLASHES)
def test_contexts_that_redefine_protected_terms_are_refused_under_every_suite(
    urls: tuple[str, ...],
) -> None:
    document = minimal(**{"@context": list(urls)}, issuanceDate="2026-01-01T00:00:00Z")
    for judge in (read_credential, rdfc):
        with pytest.raises(Refusal) as caught:
            judge(document)
        assert caught.value.code == "malformed"


def test_contexts_that_agree_are_read() -> None:
    for url in bundled():
        require_agreeing((url,))
    require_agreeing((CREDENTIALS_V2, OPEN_BADGES_V3, DATA_INTEGRITY, OPEN_BADGES_V3))
    require_agreeing((CREDENTIALS_V1, OPEN_BADGES_V3, DATA_INTEGRITY))


def test_a_url_whose_content_changes_is_left_to_whoever_hashes_quads() -> None:
    document = minimal(**{"@context": [CREDENTIALS_V2, OPEN_BADGES_UNVERSIONED]})
    assert read_credential(document).id == "urn:x:1"
