"""Open Badges 3.0 and VC 2.0 credentials: strict parsing into frozen values.

Sources: W3C Verifiable Credentials Data Model 2.0 (section 4) and 1.1; 1EdTech Open Badges 3.0
(appendix B). What is judged is the document that is verified: the rules of `document.py` and
`_require_said_once` keep an RDF signature from covering another reading than this one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .contexts import CREDENTIALS_V1, CREDENTIALS_V2, context_urls
from .document import JsonObject, members, parse_json, require_strict_json_ld
from .errors import InvalidArgument, Refusal
from .keys import Account
from .times import parse_stamp

BADGE_TYPES: Final = frozenset(("OpenBadgeCredential", "AchievementCredential"))
CAIP10_IDENTIFIER: Final = "ext:caip10"
# A set of proofs is a handful; every one of them costs a signature or a path to check.
MAX_PROOFS: Final = 16
_IRI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


@dataclass(frozen=True)
class Subject:
    """Whom one `credentialSubject` speaks of, and what was achieved."""

    id: str | None
    identifiers: tuple[JsonObject, ...]
    achievement: str | None


@dataclass(frozen=True)
class Credential:
    """A credential whose form was checked; `document` is the JSON object without its proofs."""

    document: JsonObject
    proofs: tuple[JsonObject, ...]
    id: str | None
    types: tuple[str, ...]
    name: str | None
    issuer: str
    issuer_name: str | None
    accounts: tuple[Account, ...]
    subjects: tuple[Subject, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    statuses: tuple[JsonObject, ...]


def parse_credential(data: bytes) -> Credential:
    """Read the bytes of one credential file; raises `Refusal` at `format`."""
    return read_credential(parse_json(data))


def read_credential(secured: JsonObject) -> Credential:
    """Check a parsed credential, proofs and all; raises `Refusal` at `format`."""
    document = {key: value for key, value in secured.items() if key != "proof"}
    proofs = _proofs(secured)
    require_strict_json_ld(document)
    for proof in proofs:
        require_strict_json_ld({**proof, "@context": None})
    types = _types(document)
    if "VerifiableCredential" not in types:
        raise _schema("type does not contain VerifiableCredential")
    from_key, until_key = _period_keys(context_urls(document))
    issuer = _object_or_id(document.get("issuer"), "issuer")
    subjects = tuple(_subject(s, types) for s in _objects(document, "credentialSubject"))
    if not subjects:
        raise _schema("credentialSubject is missing")
    _require_said_once(document, issuer)
    return Credential(
        document=document,
        proofs=proofs,
        id=_iri(document, "id", required=False),
        types=types,
        name=_text(document, "name"),
        issuer=issuer["id"],
        issuer_name=_text(issuer, "name"),
        accounts=_accounts(issuer),
        subjects=subjects,
        valid_from=_stamp(document, from_key),
        valid_until=_stamp(document, until_key),
        statuses=_statuses(document),
    )


def _period_keys(urls: tuple[str, ...]) -> tuple[str, str]:
    """The names of the period's ends: VC 2.0 renamed those of 1.1."""
    if urls[0] == CREDENTIALS_V2:
        return "validFrom", "validUntil"
    if urls[0] == CREDENTIALS_V1:
        return "issuanceDate", "expirationDate"
    raise _schema("the first @context is not that of Verifiable Credentials")


def _proofs(secured: JsonObject) -> tuple[JsonObject, ...]:
    proofs = _objects(secured, "proof")
    if len(proofs) > MAX_PROOFS:
        raise Refusal("format", "too_large", f"{len(proofs)} proofs, want at most {MAX_PROOFS}")
    return tuple(proofs)


def _subject(subject: JsonObject, types: tuple[str, ...]) -> Subject:
    achievement = subject.get("achievement")
    if BADGE_TYPES.intersection(types):
        if "AchievementSubject" not in _types(subject):
            raise _schema("credentialSubject is not an AchievementSubject")
        _check_achievement(achievement)
    identifiers = _objects(subject, "identifier") if "identifier" in subject else []
    return Subject(
        id=_iri(subject, "id", required=False),
        identifiers=tuple(identifiers),
        achievement=_text(achievement, "name") if isinstance(achievement, dict) else None,
    )


def _check_achievement(achievement: Any) -> None:
    if not isinstance(achievement, dict) or "Achievement" not in _types(achievement):
        raise _schema("credentialSubject.achievement is not an Achievement")
    _iri(achievement, "id", required=True)
    for member in ("name", "description"):
        if not _text(achievement, member):
            raise _schema(f"the achievement has no {member}")
    if not isinstance(achievement.get("criteria"), dict):
        raise _schema("the achievement has no criteria")


def _accounts(issuer: JsonObject) -> tuple[Account, ...]:
    """The accounts that the issuer's `otherIdentifier` promises (formats: the signed account)."""
    entries = _objects(issuer, "otherIdentifier") if "otherIdentifier" in issuer else []
    named = [e for e in entries if e.get("identifierType") == CAIP10_IDENTIFIER]
    try:
        return tuple(Account.parse(str(entry.get("identifier"))) for entry in named)
    except InvalidArgument as error:
        raise _schema(f"issuer.otherIdentifier: {error}") from error


def _statuses(document: JsonObject) -> tuple[JsonObject, ...]:
    statuses = _objects(document, "credentialStatus") if "credentialStatus" in document else []
    for status in statuses:
        _types(status)
    return tuple(statuses)


def _require_said_once(document: JsonObject, issuer: JsonObject) -> None:
    """What quads say of the credential or its issuer's accounts stands where it is read.

    Two JSON objects with one `id` are one RDF node: a holder could move a member from one to the
    other under an intact RDF signature, and so hide it from a JSON reader.
    """
    for item in _objects_below(document):
        if "id" in document and item.get("id") == document["id"] and len(item) > 1:
            raise Refusal("format", "ambiguous", "two objects have the credential's id")
        if item.get("id") == issuer["id"] and item.get("otherIdentifier") not in (
            None,
            issuer.get("otherIdentifier"),
        ):
            raise Refusal("format", "ambiguous", "the issuer's identifiers stand in two places")


def _objects_below(document: JsonObject) -> Iterator[JsonObject]:
    return (item for _, item in members(document) if isinstance(item, dict))


def _types(node: JsonObject) -> tuple[str, ...]:
    value = node.get("type")
    types = [value] if isinstance(value, str) else value
    if not isinstance(types, list) or not types or not all(isinstance(t, str) for t in types):
        raise _schema("type is missing or not text")
    return tuple(types)


def _objects(node: JsonObject, key: str) -> list[JsonObject]:
    """The member's one or many objects as a list; none when it is absent."""
    value = node.get(key, [])
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) for item in items) or (key in node and not items):
        raise _schema(f"{key} is not an object or a list of objects")
    return items


def _object_or_id(value: Any, key: str) -> JsonObject:
    node: JsonObject = {"id": value} if isinstance(value, str) else value
    if not isinstance(node, dict):
        raise _schema(f"{key} is missing or not an IRI or an object")
    _iri(node, "id", required=True)
    return node


def _iri(node: JsonObject, key: str, *, required: bool) -> str | None:
    value = node.get(key)
    if value is None and not required:
        return None
    if not isinstance(value, str) or not _IRI.fullmatch(value):
        raise _schema(f"{key} is not an absolute IRI: {value!r}")
    return value


def _text(node: JsonObject, key: str) -> str | None:
    """The member as text; of several languages the first (a JSON-LD language map)."""
    value = node.get(key)
    if isinstance(value, dict):
        value = next(iter(value.values()), None)
    if value is not None and not isinstance(value, str):
        raise _schema(f"{key} is not text")
    return value


def _stamp(document: JsonObject, key: str) -> datetime | None:
    if key not in document:
        return None
    try:
        return parse_stamp(document[key] if isinstance(document[key], str) else "")
    except InvalidArgument as error:
        raise _schema(f"{key}: {error}") from error


def _schema(detail: str) -> Refusal:
    return Refusal("format", "schema", detail)
