"""The JWT Claims Set of a VC-JWT: the credential in it, and how the claims must agree with it.

Sources: 1EdTech Open Badges 3.0 (8.2.4, 8.2.6), W3C Verifiable Credentials Data Model 1.1 (6.3.1),
W3C Securing Verifiable Credentials using JOSE and COSE 1.0 (3.1.3, 4.1), RFC 7519 (2, 4.1).
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from .contexts import CREDENTIALS_V1, CREDENTIALS_V2
from .document import JsonObject
from .errors import InvalidArgument, Refusal, shown
from .times import parse_stamp

# RFC 7519, 4.1: they speak of the token, and are no members of the credential.
REGISTERED_CLAIMS: Final = frozenset(("iss", "sub", "aud", "exp", "nbf", "iat", "jti"))
# The claims that have a counterpart in the credential (Open Badges 3.0, 8.2.4.1). Those of time may
# be missing: Open Badges 3.0 asks for them, and its own published example has neither.
NAMING_CLAIMS: Final = frozenset(("iss", "jti", "sub"))
PAIRED_CLAIMS: Final = NAMING_CLAIMS | {"nbf", "exp"}
# Credentials that Open Badges 3.0 defines, and so the rules of its 8.2.6 bind.
OPEN_BADGES_TYPES: Final = frozenset(
    ("OpenBadgeCredential", "AchievementCredential", "EndorsementCredential")
)
# Beside a `vc` claim, a reader of the newer forms would take these for the credential's.
_CREDENTIAL_MEMBERS: Final = frozenset(("@context", "type", "issuer", "credentialSubject"))
# The years 1 to 9999, in seconds since 1970: what a date-time of the credential can say.
_FIRST_SECOND: Final = -62_135_596_800
_LAST_SECOND: Final = 253_402_300_799


@dataclass(frozen=True)
class Form:
    """What one specification asks of claims that have a counterpart in the credential.

    `strict`: the members that name somebody or something need their claim, and a claim needs its
    member, unless it is one of `put`, which are put into the credential. `dated`: `nbf` and `exp`
    are the credential's period, not the signature's.
    """

    name: str
    strict: bool
    put: frozenset[str]
    dated: bool


VC_1_1: Final = Form("VC Data Model 1.1", strict=True, put=PAIRED_CLAIMS, dated=True)
OPEN_BADGES_3: Final = Form("Open Badges 3.0", strict=True, put=frozenset(("exp",)), dated=True)
VC_JOSE_COSE: Final = Form("VC-JOSE-COSE", strict=False, put=frozenset(), dated=False)


@dataclass(frozen=True)
class Claimed:
    """The credential of a payload, read in `form`, and the period of a VC-JOSE-COSE signature."""

    form: Form
    document: JsonObject
    not_before: datetime | None
    expires: datetime | None


def read_claims(payload: JsonObject, typ: str | None) -> Claimed:
    """The credential that `payload` says, under a header whose `typ` is `vc+jwt`, `jwt` or none.

    Raises `Refusal`: at `format`, `schema` for a claim that is missing, ill-typed or out of place,
    and `ambiguous` where a claim and the credential say different things; at `signature`,
    `wrong_purpose` for a token with an audience.
    """
    if "aud" in payload:
        # RFC 7519, 4.1.3: who is not of the audience must reject; a credential is for everybody.
        raise Refusal(
            "signature", "wrong_purpose", f"made for the audience {shown(payload['aud'])}"
        )
    form = _form(payload, typ)
    document = _document(payload, form)
    agreed = _agreed(document, payload, form)
    if form.dated:
        return Claimed(form, agreed, not_before=None, expires=None)
    not_before, expires = (
        _numeric_date(payload[claim]) if claim in payload else None for claim in ("nbf", "exp")
    )
    return Claimed(form, agreed, not_before, expires)


def open_badges_claims(document: JsonObject) -> JsonObject:
    """The claims that Open Badges 3.0, 8.2.4.1 asks for beside the credential, where it has them.

    Raises `Refusal` at `format` with `schema` for members that no claim can repeat.
    """
    stated = _stated(document, OPEN_BADGES_3)
    return {
        claim: int(value.timestamp()) if isinstance(value, datetime) else value
        for claim, value in stated.items()
    }


def _form(payload: JsonObject, typ: str | None) -> Form:
    if "vp" in payload or (typ == "vc+jwt" and "vc" in payload):
        raise _schema("a vp claim, or a vc claim in a vc+jwt")
    if typ == "vc+jwt":
        return VC_JOSE_COSE
    if "vc" in payload:
        return VC_1_1
    types = payload.get("type")
    named = types if isinstance(types, list) else [types]
    badge = any(item in OPEN_BADGES_TYPES for item in named if isinstance(item, str))
    bare = typ is None and not PAIRED_CLAIMS.intersection(payload)
    return OPEN_BADGES_3 if badge and not bare else VC_JOSE_COSE


def _document(payload: JsonObject, form: Form) -> JsonObject:
    if form is not VC_1_1:
        return {key: value for key, value in payload.items() if key not in REGISTERED_CLAIMS}
    if _CREDENTIAL_MEMBERS.intersection(payload):
        raise Refusal("format", "ambiguous", "a credential in the vc claim and one beside it")
    if not isinstance(payload["vc"], dict):
        raise _schema("the vc claim is not an object")
    return payload["vc"]


def _agreed(document: JsonObject, claims: JsonObject, form: Form) -> JsonObject:
    """The document, completed by the claims that `form` lets stand alone."""
    stated, claimed = _stated(document, form), _claimed(claims, form)
    missing = sorted((stated.keys() & NAMING_CLAIMS) - claimed.keys())
    if form.strict and missing:
        raise _schema(f"the claims {', '.join(missing)} are missing")
    for claim, value in claimed.items():
        if claim not in stated:
            document = _put(document, claim, value, form)
        elif stated[claim] != _whole(value):
            detail = f"the claim {claim} is not what the credential says: {shown(claims[claim])}"
            raise Refusal("format", "ambiguous", detail)
    return document


def _stated(document: JsonObject, form: Form) -> dict[str, str | datetime]:
    """What the credential says itself, by the name of the claim that must say the same."""
    issuer = document.get("issuer", {})
    nodes = {
        "iss": issuer if isinstance(issuer, dict) else {"id": issuer},
        "jti": document,
        "sub": _only_subject(document) or {},
    }
    stated: dict[str, str | datetime] = {
        claim: _text(node["id"]) for claim, node in nodes.items() if "id" in node
    }
    if form.dated:
        for claim, member in _period_members(document).items():
            if member in document:
                stated[claim] = _whole(_stamp(document[member]))
    return stated


def _claimed(claims: JsonObject, form: Form) -> dict[str, str | datetime]:
    dates = ("nbf", "exp") if form.dated else ()
    claimed: dict[str, str | datetime] = {
        claim: _text(claims[claim]) for claim in sorted(NAMING_CLAIMS) if claim in claims
    }
    return claimed | {claim: _numeric_date(claims[claim]) for claim in dates if claim in claims}


def _put(document: JsonObject, claim: str, value: str | datetime, form: Form) -> JsonObject:
    """The document with the member that a claim standing alone gives it (VC 1.1, 6.3.1)."""
    if claim not in form.put:
        if form.strict:
            raise _schema(f"the claim {claim} has nothing to agree with in the credential")
        return document
    if claim == "iss":
        profile = document.get("issuer")
        return {**document, "issuer": {**profile, "id": value} if profile else value}
    if claim == "sub":
        subject = _only_subject(document)
        if subject is None:
            raise _schema("the claim sub without one credentialSubject")
        return {**document, "credentialSubject": {**subject, "id": value}}
    if isinstance(value, datetime):
        stamp = value.isoformat().replace("+00:00", "Z")
        return {**document, _period_members(document)[claim]: stamp}
    return {**document, "id": value}


def _period_members(document: JsonObject) -> dict[str, str]:
    """Claim -> member: VC 2.0 renamed those of 1.1."""
    context = document.get("@context")
    first = context[0] if isinstance(context, list) and context else context
    if first == CREDENTIALS_V2:
        return {"nbf": "validFrom", "exp": "validUntil"}
    if first == CREDENTIALS_V1:
        return {"nbf": "issuanceDate", "exp": "expirationDate"}
    raise _schema("the first @context is not that of Verifiable Credentials")


def _only_subject(document: JsonObject) -> JsonObject | None:
    """`sub` speaks of one subject; of several none is meant (VC 1.1, 6.3.1)."""
    value = document.get("credentialSubject")
    subject = value[0] if isinstance(value, list) and len(value) == 1 else value
    return subject if isinstance(subject, dict) else None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _schema(f"{shown(value)} where text is meant")
    return value


def _numeric_date(value: Any) -> datetime:
    """A NumericDate (RFC 7519, 2): seconds since 1970, perhaps with a fraction."""
    number = value if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan
    if not _FIRST_SECOND <= number <= _LAST_SECOND:
        raise _schema(f"{shown(value)} is not a NumericDate")
    return datetime.fromtimestamp(number, UTC)


def _stamp(value: Any) -> datetime:
    try:
        return parse_stamp(_text(value))
    except InvalidArgument as error:
        raise _schema(str(error)) from error


def _whole(value: str | datetime) -> str | datetime:
    """A time to the second: many writers of a NumericDate cut the fraction off."""
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


def _schema(detail: str) -> Refusal:
    return Refusal("format", "schema", detail)
