"""Endorsements inside a credential bring contexts of their own: read, verified, and attacked."""

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from registry.core.canonical import jcs, rdfc
from registry.core.contexts import CREDENTIALS_V1, CREDENTIALS_V2, MAX_CONTEXTS, OPEN_BADGES_V3
from registry.core.credential import embedded_endorsements, parse_credential, read_credential
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.evidence import Evidence
from registry.core.open_badges import AchievementCredential
from registry.core.policy import TrustEntry
from registry.core.verdict import Verdict
from registry.core.verify import verify

from .anchored_badges import (
    DID,
    SIGNER,
    STRANGER,
    accountless_badge,
    policy,
    secured,
    signature,
    written,
)
from .open_badges_examples import endorsement

STRANGER_DID = STRANGER.public_key.did_key
STRANGER_METHOD = f"{STRANGER_DID}#{STRANGER.public_key.multikey}"
VOCABULARY = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#"
SIGNATURES = replace(
    policy(),
    require_anchor=False,
    trust=(TrustEntry("Northmere", DID, ()), TrustEntry("The state", STRANGER_DID, ())),
)


def signed_endorsement(number: int = 1, **members: Any) -> JsonObject:
    """By a stranger to the issuer, with a proof of its own."""
    issuer = {"id": STRANGER_DID, "type": ["Profile"], "name": "Department of Education"}
    document = endorsement(number, issuer=issuer, **members)
    proof = signature(document, STRANGER, verificationMethod=STRANGER_METHOD)
    return {**document, "proof": proof}


def endorsed(*endorsements: JsonObject) -> JsonObject:
    document = accountless_badge()
    document["credentialSubject"]["achievement"]["endorsement"] = list(endorsements)
    return document


def judged(credential: JsonObject | bytes) -> Verdict:
    data = credential if isinstance(credential, bytes) else written(credential)
    return verify(data, Evidence(), SIGNATURES)


def refused(credential: JsonObject, reading: Callable[[JsonObject], Any] = read_credential) -> str:
    with pytest.raises(Refusal) as caught:
        reading(credential)
    assert caught.value.step == "format"
    return caught.value.code


def test_a_credential_with_a_signed_endorsement_verifies_and_so_does_the_endorsement() -> None:
    document = endorsed(signed_endorsement(1), signed_endorsement(2))
    credential = secured(document, signature(document, SIGNER))
    assert judged(credential).outcome == "valid"
    read = parse_credential(written(credential))
    assert isinstance(read.content, AchievementCredential)
    alone = embedded_endorsements(read)
    assert alone == (jcs(signed_endorsement(1)), jcs(signed_endorsement(2)))
    for data in alone:
        verdict = judged(data)
        assert (verdict.outcome, verdict.facts["issuer"]) == ("valid", STRANGER_DID)


def test_a_changed_endorsement_holds_neither_alone_nor_where_it_stands() -> None:
    document = endorsed(signed_endorsement())
    credential = secured(document, signature(document, SIGNER))
    (inner,) = credential["credentialSubject"]["achievement"]["endorsement"]
    inner["credentialSubject"]["endorsementComment"] = "The best."
    assert judged(credential).code == "signature.mismatch"
    (alone,) = embedded_endorsements(read_credential(credential))
    assert judged(alone).code == "signature.mismatch"


def test_a_false_endorsement_that_the_issuer_signed_is_found_out_alone() -> None:
    forged = signed_endorsement()
    forged["validUntil"] = "2099-01-01T00:00:00Z"
    document = endorsed(forged)
    credential = secured(document, signature(document, SIGNER))
    assert judged(credential).outcome == "valid"
    (alone,) = embedded_endorsements(read_credential(credential))
    assert judged(alone).code == "signature.mismatch"


def test_endorsements_are_found_wherever_they_stand_an_outer_one_first() -> None:
    inner = endorsement(2)
    outer = endorsement(1)
    outer["issuer"] = {**outer["issuer"], "endorsement": inner}
    document = {**endorsed(outer), "endorsement": endorsement(3)}
    found = embedded_endorsements(read_credential(document))
    assert set(found) == {jcs(outer), jcs(inner), jcs(endorsement(3))}
    assert found.index(jcs(outer)) < found.index(jcs(inner))


# --- what a holder could do with contexts of his own, under an intact RDF signature


CONTEXT = [CREDENTIALS_V2, OPEN_BADGES_V3]
ELSEWHERE: dict[str, JsonObject] = {
    "evidence": {"evidence": [{"type": ["Evidence"], "@context": CONTEXT}]},
    "evidence that is an endorsement": {"evidence": [endorsement()]},
    "the issuer": {"issuer": {"id": DID, "type": ["Profile"], "@context": CONTEXT}},
    "an endorsement's subject": {
        "endorsement": endorsement(
            credentialSubject={
                "@context": CONTEXT, "id": "urn:x:y", "type": ["EndorsementSubject"]
            }
        )
    },
    "an endorsement of another type": {
        "endorsement": endorsement(type=["VerifiableCredential", "OpenBadgeCredential"])
    },
    "an endorsement in two lists": {"endorsement": [[endorsement()]]},
}  # fmt: skip


@pytest.mark.parametrize("members", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_context_stands_only_at_the_top_and_in_embedded_endorsements(members: JsonObject) -> None:
    code = refused({**accountless_badge(), **members})
    assert code == (
        "schema" if members == ELSEWHERE["an endorsement in two lists"] else "ambiguous"
    )


@pytest.mark.parametrize(
    ("context", "code"),
    [
        ([CREDENTIALS_V2, OPEN_BADGES_V3, {"validUntil": "urn:x:other"}], "ambiguous"),
        ({"validUntil": "urn:x:other"}, "ambiguous"),
        (CREDENTIALS_V2, "ambiguous"),
        (None, "ambiguous"),
        ([CREDENTIALS_V2, OPEN_BADGES_V3, None], "ambiguous"),
        ([CREDENTIALS_V2, OPEN_BADGES_V3, [OPEN_BADGES_V3]], "ambiguous"),
        ([], "schema"),
        ([OPEN_BADGES_V3, CREDENTIALS_V2], "schema"),
        ([CREDENTIALS_V2, OPEN_BADGES_V3, "https://example.org/context"], "unknown_context"),
    ],
)
def test_the_context_of_an_endorsement_is_a_list_of_bundled_urls(context: Any, code: str) -> None:
    inner: JsonObject = {**endorsement(), "@context": context}
    assert refused(endorsed(inner)) == code


@pytest.mark.parametrize(
    "members",
    [
        {"forged": "x"},
        {"credentialSubject": {"id": "urn:x:y", "type": ["EndorsementSubject"], "forged": "x"}},
        {"type": ["VerifiableCredential", "EndorsementCredential", "Forged"]},
        {"evidence": [{"id": "urn:x:[a]", "type": ["Evidence"]}]},
        {"evidence": [{"id": "relative", "type": ["Evidence"]}]},
    ],
)
def test_what_has_no_meaning_is_refused_in_an_endorsement_too(members: JsonObject) -> None:
    assert refused(endorsed(endorsement(**members)), rdfc) == "undefined_term"


def test_what_an_endorsement_says_stands_in_the_quads() -> None:
    plain = rdfc(endorsed(endorsement()))
    assert f"<{VOCABULARY}endorsementComment> ".encode() in plain
    assert plain == rdfc(endorsed({**endorsement(), "@context": [*CONTEXT, OPEN_BADGES_V3]}))
    assert plain != rdfc(endorsed(endorsement(name="Another")))


def test_contexts_of_another_version_do_not_hide_the_end_of_an_endorsement() -> None:
    """1.1 has other names for the period, and the same IRIs for the names of 2.0."""
    document = endorsed(endorsement())

    def exchanged(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: exchanged(item) for name, item in value.items()}
        if isinstance(value, list):
            return [exchanged(item) for item in value]
        return CREDENTIALS_V1 if value == CREDENTIALS_V2 else value

    assert rdfc(exchanged(document)) == rdfc(document)
    assert refused(exchanged(document)) == "schema"
    inside = endorsed(exchanged(endorsement()))
    assert refused(inside) == "schema"
    assert refused(inside, rdfc) == "malformed"


def of_the_credential(**members: Any) -> JsonObject:
    """A badge with an endorsement of itself, whose subject therefore has the credential's id."""
    document = accountless_badge()
    subject = {"id": document["id"], "type": ["EndorsementSubject"], "endorsementComment": "Good."}
    document["endorsement"] = [endorsement(credentialSubject=subject | members)]
    return document


def test_an_endorsement_of_the_credential_itself_is_read() -> None:
    assert read_credential(of_the_credential())


def test_the_credentials_end_cannot_be_moved_into_an_endorsement_of_it() -> None:
    document = of_the_credential(type=["EndorsementSubject", "VerifiableCredential"])
    del document["endorsement"][0]["credentialSubject"]["endorsementComment"]
    moved = deepcopy(document)
    moved["endorsement"][0]["credentialSubject"]["validUntil"] = moved.pop("validUntil")
    assert rdfc(document) == rdfc(moved)
    assert refused(document) == refused(moved) == "ambiguous"
    assert refused(of_the_credential(validUntil="2028-02-28T00:00:00Z")) == "ambiguous"
    assert refused(of_the_credential(name="Gold")) == "ambiguous"


def test_the_end_of_an_endorsement_cannot_be_moved_into_a_second_one() -> None:
    one = endorsement()
    endless = {name: item for name, item in one.items() if name != "validUntil"}
    assert rdfc(endorsed(one, one)) == rdfc(endorsed(one, endless))
    assert refused(endorsed(one, endless)) == "ambiguous"
    assert read_credential(endorsed(one, one))


def test_an_endorsement_cannot_be_hidden_by_naming_it_otherwise() -> None:
    document = endorsed(endorsement())
    document["credentialSubject"]["achievement"]["endorsement"] = [{"id": endorsement()["id"]}]
    assert refused(document) == "schema"


# --- second names, which leave the quads as they are


def test_a_type_by_its_iri_is_ambiguous_where_it_has_a_term() -> None:
    """A badge would be read as a credential of no class of ours."""
    document = accountless_badge()
    document["type"][1] = f"{VOCABULARY}OpenBadgeCredential"
    assert refused(document, rdfc) == "ambiguous"


def test_the_name_of_a_class_is_no_member() -> None:
    """`Criteria` and `criteria` have one IRI in the contexts of Open Badges, `geo` likewise."""
    document = accountless_badge()
    achievement = document["credentialSubject"]["achievement"]
    achievement["Criteria"] = achievement.pop("criteria")
    assert refused(document, rdfc) == "ambiguous"


def test_what_a_context_unsets_is_refused_instead_of_dropped() -> None:
    """The context of credentials unsets every term below a presentation's credentials."""
    kept: JsonObject = {"type": ["VerifiablePresentation"], "id": "urn:x:presentation"}
    document = {
        **accountless_badge(),
        "evidence": [{**kept, "verifiableCredential": {"x": "forged"}}],
    }
    assert refused(document, rdfc) == "undefined_term"


# --- what it may cost


def test_contexts_beyond_the_limit_are_refused_before_they_cost_time() -> None:
    many = endorsed(*(endorsement(number) for number in range(MAX_CONTEXTS // 2)))
    assert refused(many) == refused(many, rdfc) == "too_large"
    repeated = {
        **accountless_badge(),
        "@context": [CREDENTIALS_V2, *[OPEN_BADGES_V3] * MAX_CONTEXTS],
    }
    assert refused(repeated) == refused(repeated, rdfc) == "too_large"


def test_as_many_contexts_as_the_limit_allows_take_well_under_seconds() -> None:
    most = endorsed(*(endorsement(number) for number in range(MAX_CONTEXTS // 2 - 1)))
    assert read_credential(most)
    started = time.process_time()
    assert rdfc(most)
    assert time.process_time() - started < 3
