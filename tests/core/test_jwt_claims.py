"""Claims and credential say the same, or the token is refused: by each of the three forms."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.credential import read_credential
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.jwt_claims import (
    OPEN_BADGES_3,
    VC_1_1,
    VC_JOSE_COSE,
    open_badges_claims,
    read_claims,
)

from .anchored_badges import unsigned_badge

ISSUER, SUBJECT, ID = "did:example:issuer", "did:example:ada", "urn:uuid:1"
FROM, UNTIL = "2026-02-28T00:00:00Z", "2028-02-28T00:00:00Z"
NBF, EXP = 1772236800, 1835308800
CLAIMS: JsonObject = {"iss": ISSUER, "jti": ID, "sub": SUBJECT, "nbf": NBF, "exp": EXP}
BADGE: JsonObject = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": ID,
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": ISSUER, "type": ["Profile"], "name": "Northmere"},
    "validFrom": FROM,
    "validUntil": UNTIL,
    "credentialSubject": {
        "id": SUBJECT,
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://school.example.org/achievements/data",
            "type": ["Achievement"],
            "name": "Data",
            "description": "Data.",
            "criteria": {"narrative": "Hands in a data set."},
        },
    },
}
PLAIN: JsonObject = {
    **{key: BADGE[key] for key in ("id", "validFrom", "validUntil")},
    "issuer": ISSUER,
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "type": "VerifiableCredential",
    "credentialSubject": {"id": SUBJECT},
}
OLD: JsonObject = {
    "@context": ["https://www.w3.org/2018/credentials/v1"],
    "id": ID,
    "type": ["VerifiableCredential"],
    "issuer": ISSUER,
    "issuanceDate": FROM,
    "expirationDate": UNTIL,
    "credentialSubject": {"id": SUBJECT},
}


def without(document: JsonObject, *members: str) -> JsonObject:
    return {key: value for key, value in document.items() if key not in members}


def old(claims: JsonObject | None = None, **changed: Any) -> JsonObject:
    return {**(CLAIMS if claims is None else claims), "vc": {**OLD, **changed}}


def with_context(value: Any) -> JsonObject:
    return {**CLAIMS, "vc": {**OLD, "@context": value}}


def refused(payload: JsonObject, typ: str | None) -> str:
    with pytest.raises(Refusal) as caught:
        read_claims(payload, typ)
    return f"{caught.value.step}.{caught.value.code}"


@pytest.mark.parametrize("typ", ["jwt", None])
def test_a_badge_with_its_claims_is_read_by_open_badges_3(typ: str | None) -> None:
    claimed = read_claims({**BADGE, **CLAIMS, "iat": 5}, typ)
    assert (claimed.form, claimed.document) == (OPEN_BADGES_3, BADGE)
    assert (claimed.not_before, claimed.expires) == (None, None)
    assert read_credential(claimed.document).issuer == ISSUER


@pytest.mark.parametrize("typ", ["jwt", None])
@pytest.mark.parametrize("document", [OLD, BADGE, PLAIN], ids=["1.1", "a badge", "2.0"])
def test_a_credential_in_the_vc_claim_is_read_by_vc_1_1(
    document: JsonObject, typ: str | None
) -> None:
    claimed = read_claims({**CLAIMS, "vc": document, "nonce": "x"}, typ)
    assert (claimed.form, claimed.document) == (VC_1_1, document)


@pytest.mark.parametrize(
    ("payload", "typ"),
    [
        (BADGE, "vc+jwt"),
        (BADGE, None),
        (PLAIN, "vc+jwt"),
        (PLAIN, "jwt"),
        (PLAIN, None),
        ({**PLAIN, "iss": ISSUER}, None),
        ({**PLAIN, "iat": "2010-01-01T19:23:24Z"}, "vc+jwt"),
        ({**PLAIN, "sub": "another", "credentialSubject": [{"id": "a"}, {"id": "b"}]}, "vc+jwt"),
        ({**without(PLAIN, "id"), "jti": "urn:uuid:2"}, "vc+jwt"),
    ],
    ids=str,
)
def test_other_credentials_are_read_by_vc_jose_cose(payload: JsonObject, typ: str | None) -> None:
    claimed = read_claims(payload, typ)
    assert claimed.form == VC_JOSE_COSE
    assert claimed.document == without(payload, "iss", "jti", "sub", "iat")


def test_exp_and_nbf_of_vc_jose_cose_are_the_signatures_own() -> None:
    claimed = read_claims({**BADGE, **CLAIMS, "nbf": 1.5, "exp": 2}, "vc+jwt")
    assert claimed.document == BADGE
    assert claimed.not_before == datetime(1970, 1, 1, 0, 0, 1, 500_000, UTC)
    assert claimed.expires == datetime(1970, 1, 1, 0, 0, 2, 0, UTC)


OTHER: JsonObject = {
    "iss": "did:example:another",
    "jti": "urn:uuid:2",
    "sub": "did:example:eve",
    "nbf": NBF + 1,
    "exp": EXP + 1,
}


@pytest.mark.parametrize("claim", sorted(OTHER))
@pytest.mark.parametrize("typ", ["jwt", None])
def test_a_claim_that_says_something_else_is_ambiguous(claim: str, typ: str | None) -> None:
    claims = {**CLAIMS, claim: OTHER[claim]}
    assert refused({**BADGE, **claims}, typ) == "format.ambiguous"
    assert refused({**claims, "vc": BADGE}, typ) == "format.ambiguous"
    assert refused(old(claims), typ) == "format.ambiguous"


@pytest.mark.parametrize("claim", ["iss", "jti", "sub"])
def test_names_must_agree_by_vc_jose_cose_too(claim: str) -> None:
    assert refused({**PLAIN, claim: OTHER[claim]}, "vc+jwt") == "format.ambiguous"


@pytest.mark.parametrize("claim", ["iss", "jti", "sub"])
def test_a_member_that_names_needs_its_claim(claim: str) -> None:
    assert refused({**BADGE, **without(CLAIMS, claim)}, "jwt") == "format.schema"
    assert refused(old(without(CLAIMS, claim)), "jwt") == "format.schema"


def test_the_claims_of_time_may_be_missing() -> None:
    """As in the example that 1EdTech publishes with Open Badges 3.0."""
    claims = without(CLAIMS, "nbf", "exp")
    assert read_claims({**BADGE, **claims}, "jwt").document == BADGE
    assert read_claims(old(claims), "jwt").document == OLD


def test_claims_standing_alone_complete_a_credential_of_vc_1_1() -> None:
    bare = without(OLD, "id", "issuer", "issuanceDate", "expirationDate")
    bare["credentialSubject"] = {"name": "Ada"}
    completed = read_claims({**CLAIMS, "vc": bare}, None).document
    assert completed == {**OLD, "credentialSubject": {"id": SUBJECT, "name": "Ada"}}
    bare["issuer"], bare["credentialSubject"] = {"name": "Northmere"}, [{"name": "Ada"}]
    completed = read_claims({**CLAIMS, "vc": bare}, None).document
    assert completed["issuer"] == {"id": ISSUER, "name": "Northmere"}
    assert completed["credentialSubject"] == {"id": SUBJECT, "name": "Ada"}
    assert "id" not in bare["issuer"]


def test_claims_of_time_complete_by_the_names_of_the_data_model() -> None:
    newer = without(PLAIN, "validFrom", "validUntil")
    completed = read_claims({**CLAIMS, "nbf": NBF + 0.25, "vc": newer}, "jwt").document
    assert completed == {**newer, "validFrom": "2026-02-28T00:00:00.250000Z", "validUntil": UNTIL}
    assert read_credential(completed).valid_from is not None


def test_exp_alone_sets_the_end_of_a_badge() -> None:
    claimed = read_claims({**without(BADGE, "validUntil"), **CLAIMS}, "jwt")
    assert claimed.document == BADGE


@pytest.mark.parametrize("member", ["id", "issuer", "validFrom"])
def test_other_claims_alone_have_nothing_to_match_in_a_badge(member: str) -> None:
    assert refused({**without(BADGE, member), **CLAIMS}, "jwt") == "format.schema"


def test_a_badge_without_a_subject_id_has_no_sub() -> None:
    subject = without(BADGE["credentialSubject"], "id")
    hashed = {**BADGE, "credentialSubject": subject}
    assert read_claims({**hashed, **without(CLAIMS, "sub")}, "jwt").document == hashed
    assert refused({**hashed, **CLAIMS}, "jwt") == "format.schema"


def test_sub_speaks_of_one_subject() -> None:
    assert read_claims(old(credentialSubject=[{"id": SUBJECT}]), None).form == VC_1_1
    two = [{"id": SUBJECT}, {"id": "did:example:bob"}]
    assert refused(old(credentialSubject=two), None) == "format.schema"
    assert read_claims(old(without(CLAIMS, "sub"), credentialSubject=two), None).form == VC_1_1


@pytest.mark.parametrize(
    "stated",
    [
        "2026-02-28T00:00:00.142Z",
        "2026-02-28T01:00:00+01:00",
        "2026-02-28T00:00:00.999999-00:00",
    ],
)
def test_times_agree_to_the_second_in_any_zone(stated: str) -> None:
    document = {**BADGE, "validFrom": stated}
    assert read_claims({**document, **CLAIMS}, "jwt").document == document
    assert read_claims({**document, **CLAIMS, "nbf": NBF + 0.5}, "jwt").document == document


BAD: dict[str, tuple[JsonObject, str | None, str]] = {
    "a vc claim in a vc+jwt": (old(), "vc+jwt", "format.schema"),
    "a vc claim beside the credential of a vc+jwt": (
        {**PLAIN, "vc": "oops"},
        "vc+jwt",
        "format.schema",
    ),
    "a presentation": ({**CLAIMS, "vp": {}}, "jwt", "format.schema"),
    "a vp claim beside vc": ({**old(), "vp": {}}, None, "format.schema"),
    "a vp claim in a vc+jwt": ({**PLAIN, "vp": "nooo"}, "vc+jwt", "format.schema"),
    "vc is a list": ({**CLAIMS, "vc": [OLD]}, None, "format.schema"),
    "vc is null": ({**CLAIMS, "vc": None}, None, "format.schema"),
    "two credentials": ({**BADGE, **CLAIMS, "vc": OLD}, "jwt", "format.ambiguous"),
    "a second issuer beside vc": ({**old(), "issuer": "did:x:y"}, None, "format.ambiguous"),
    "a second subject beside vc": ({**old(), "credentialSubject": {}}, None, "format.ambiguous"),
    "another audience": ({**BADGE, **CLAIMS, "aud": "x"}, "jwt", "signature.wrong_purpose"),
    "an empty audience": ({**PLAIN, "aud": []}, "vc+jwt", "signature.wrong_purpose"),
    "no @context": ({**without(BADGE, "@context"), **CLAIMS}, "jwt", "format.schema"),
    "an empty @context": ({**BADGE, **CLAIMS, "@context": []}, "jwt", "format.schema"),
    "a foreign first @context": (with_context(["https://x.example"]), None, "format.schema"),
    "an inline @context": (with_context([{}]), None, "format.schema"),
    "iss is a number": ({**BADGE, **CLAIMS, "iss": 1}, "jwt", "format.schema"),
    "iss is null": ({**BADGE, **CLAIMS, "iss": None}, "jwt", "format.schema"),
    "iss is null in a vc+jwt": ({**PLAIN, "iss": None}, "vc+jwt", "format.schema"),
    "jti is a list": ({**BADGE, **CLAIMS, "jti": [ID]}, "jwt", "format.schema"),
    "sub is an object": (old({**CLAIMS, "sub": {"id": SUBJECT}}), None, "format.schema"),
    "nbf is text": ({**BADGE, **CLAIMS, "nbf": str(NBF)}, "jwt", "format.schema"),
    "nbf is a boolean": ({**BADGE, **CLAIMS, "nbf": True}, "jwt", "format.schema"),
    "exp is a date-time": ({**BADGE, **CLAIMS, "exp": UNTIL}, "jwt", "format.schema"),
    "exp is null": ({**BADGE, **CLAIMS, "exp": None}, "jwt", "format.schema"),
    "exp after the year 9999": (
        {**BADGE, **CLAIMS, "exp": 253_402_300_800},
        "jwt",
        "format.schema",
    ),
    "exp in milliseconds": ({**BADGE, **CLAIMS, "exp": EXP * 1000}, "jwt", "format.schema"),
    "nbf before the year 1": (old({**CLAIMS, "nbf": -62_135_596_801}), None, "format.schema"),
    "exp of a vc+jwt is text": ({**PLAIN, "exp": "never"}, "vc+jwt", "format.schema"),
    "validFrom is no date": ({**BADGE, **CLAIMS, "validFrom": "now"}, "jwt", "format.schema"),
    "validFrom is null": ({**BADGE, **CLAIMS, "validFrom": None}, "jwt", "format.schema"),
    "the id is null": (old(id=None), None, "format.schema"),
    "the issuer is null": (old(issuer=None), None, "format.schema"),
    "the issuer's id is null": (old(issuer={"id": None}), None, "format.schema"),
    "the issuer is a list": (old(issuer=[ISSUER]), None, "format.schema"),
    "the subject's id is a number": (old(credentialSubject={"id": 1}), None, "format.schema"),
    "no subject for sub": (old(credentialSubject=[]), None, "format.schema"),
}


@pytest.mark.parametrize(("payload", "typ", "code"), BAD.values(), ids=BAD.keys())
def test_bad_claims_get_their_code(payload: JsonObject, typ: str | None, code: str) -> None:
    assert refused(payload, typ) == code


def test_our_claims_are_those_of_open_badges_3() -> None:
    assert open_badges_claims(BADGE) == CLAIMS
    badge = unsigned_badge()
    claims = open_badges_claims(badge)
    assert set(claims) == {"iss", "jti", "nbf", "exp"}
    assert claims["iss"] == badge["issuer"]["id"]
    assert read_claims({**badge, **claims}, "jwt").document == badge


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
MEMBERS = st.sampled_from([*BADGE, *CLAIMS, "vc", "vp", "aud", "issuanceDate"])


@given(st.dictionaries(MEMBERS, JSON, max_size=4), st.sampled_from(["jwt", "vc+jwt", None]))
def test_any_change_is_read_or_refused_with_a_code(changed: JsonObject, typ: str | None) -> None:
    for payload in ({**BADGE, **CLAIMS, **changed}, {**CLAIMS, "vc": {**OLD, **changed}}):
        try:
            claimed = read_claims(payload, typ)
        except Refusal:
            continue
        assert claimed.form == VC_1_1 or not set(CLAIMS) & set(claimed.document)
        issuer = claimed.document.get("issuer", {})
        stated = issuer.get("id", payload["iss"]) if isinstance(issuer, dict) else issuer
        assert stated == payload["iss"]
