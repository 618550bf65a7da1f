"""A credential file read whole: strict JSON, strict JSON-LD, its data model, and nothing twice.

Sources: W3C Verifiable Credentials Data Model 2.0 (section 4) and 1.1; 1EdTech Open Badges 3.0
(appendix B). What is judged is the document that is verified: the rules of `document.py` and
`_require_said_once` keep an RDF signature from covering another reading than this one.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .canonical import jcs
from .contexts import (
    OPEN_BADGES_UNVERSIONED,
    all_context_urls,
    context_urls,
    published_digests,
)
from .data_model import CredentialSubject, Issuer, VerifiableCredential, wording
from .document import (
    JsonObject,
    endorsements,
    members,
    objects_below,
    parse_json,
    require_strict_json_ld,
)
from .errors import InvalidArgument, Refusal, shown
from .keys import Account
from .open_badges import (
    BADGE_TYPES,
    ENDORSEMENT_TYPE,
    AchievementCredential,
    AchievementSubject,
    EndorsementCredential,
)
from .safe_mode import bundled_names, require_agreeing
from .shapes import read as read_shape

CAIP10_IDENTIFIER: Final = "ext:caip10"
# A set of proofs is a handful; every one of them costs a signature or a path to check.
MAX_PROOFS: Final = 16
# Objects of these classes are read for what they decide: one of them is said in one place.
_CREDENTIAL_TYPES: Final = ("VerifiableCredential", *BADGE_TYPES, ENDORSEMENT_TYPE)
_SAID_ONCE: Final = ("VerifiableCredential", "AchievementSubject", "Achievement")


@dataclass(frozen=True)
class Subject:
    """Whom one `credentialSubject` speaks of, and what was achieved."""

    id: str | None
    identifiers: tuple[JsonObject, ...]
    achievement: str | None


@dataclass(frozen=True)
class Credential:
    """A credential whose form was checked; `document` is the JSON object without its proofs.

    `content` is its data model: of Open Badges where its type says so.
    """

    document: JsonObject
    proofs: tuple[JsonObject, ...]
    content: VerifiableCredential
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
    read = require_strict_json_ld(document)
    for proof in proofs:
        require_strict_json_ld({**proof, "@context": None})
    context_urls(document)
    content = _content(secured)
    contexts = all_context_urls(read)
    used = {url for urls in contexts for url in urls}
    _require_meant_contexts(content, used)
    for urls in contexts:
        if OPEN_BADGES_UNVERSIONED not in urls:
            require_agreeing(urls)
    bundled_names(tuple(sorted(used))).require_types(read)
    _require_said_once(read)
    issuer = content.issuer
    valid_from, valid_until = content.period
    return Credential(
        document=document,
        proofs=proofs,
        content=content,
        id=content.id,
        types=content.type,
        name=wording(content.name),
        issuer=issuer.id if isinstance(issuer, Issuer) else issuer,
        issuer_name=wording(issuer.name) if isinstance(issuer, Issuer) else None,
        accounts=_accounts(document["issuer"]),
        subjects=_subjects(document, content),
        valid_from=valid_from,
        valid_until=valid_until,
        statuses=tuple(_objects(document, "credentialStatus")),
    )


def embedded_endorsements(credential: Credential) -> tuple[bytes, ...]:
    """The endorsements that stand inside a credential, each as a file that is verified by itself.

    The credential's own signature says that its issuer put them there, not that they hold.
    """
    return tuple(jcs(endorsement) for endorsement in endorsements(credential.document))


def _content(secured: JsonObject) -> VerifiableCredential:
    """The credential as the class that its type says; it must be all of those that it says."""
    named = _listed(secured.get("type"))
    classes: list[type[VerifiableCredential]] = []
    if any(name in named for name in BADGE_TYPES):
        classes.append(AchievementCredential)
    if ENDORSEMENT_TYPE in named:
        classes.append(EndorsementCredential)
    try:
        first, *_ = [read_shape(shape, secured) for shape in classes or [VerifiableCredential]]
        return first
    except InvalidArgument as error:
        raise _schema(f"the credential {error}") from error


def _proofs(secured: JsonObject) -> tuple[JsonObject, ...]:
    proofs = _objects(secured, "proof")
    if len(proofs) > MAX_PROOFS:
        raise Refusal("format", "too_large", f"{len(proofs)} proofs, want at most {MAX_PROOFS}")
    return tuple(proofs)


def _subjects(document: JsonObject, content: VerifiableCredential) -> tuple[Subject, ...]:
    given = zip(_objects(document, "credentialSubject"), content.credential_subject, strict=True)
    return tuple(
        Subject(subject.id, tuple(_objects(item, "identifier")), _achievement(subject))
        for item, subject in given
    )


def _achievement(subject: CredentialSubject) -> str | None:
    return wording(subject.achievement.name) if isinstance(subject, AchievementSubject) else None


def _accounts(issuer: Any) -> tuple[Account, ...]:
    """The accounts that the issuer's `otherIdentifier` promises (formats: the signed account)."""
    entries = _objects(issuer, "otherIdentifier") if isinstance(issuer, dict) else []
    named = [e for e in entries if e.get("identifierType") == CAIP10_IDENTIFIER]
    try:
        return tuple(Account.parse(str(entry.get("identifier"))) for entry in named)
    except InvalidArgument as error:
        raise _schema(f"issuer.otherIdentifier: {error}") from error


def _require_meant_contexts(content: VerifiableCredential, used: Set[str]) -> None:
    """Where the issuer states the digest of a context, ours is that one (VC 2.0, 5.3).

    Of a resource that is not used nothing is compared; nothing is fetched.
    """
    for resource in content.related_resource:
        known = published_digests().get(resource.id)
        if resource.id in used and known is not None and not resource.fits(known):
            told = f"the issuer means another {resource.id} than the one that is bundled"
            raise Refusal("format", "unknown_context", told)


def _require_said_once(document: JsonObject) -> None:
    """What quads say of the credential, its subjects or its issuer stands where it is read.

    Two JSON objects with one `id` are one RDF node: a holder could move a member from one to the
    other under an intact RDF signature, and so hide it from a JSON reader.
    """
    issuer = document["issuer"]
    issuer = issuer if isinstance(issuer, dict) else {"id": issuer}
    promised = _promises(issuer)
    seen: dict[str, JsonObject] = {}
    for subject in _objects(document, "credentialSubject"):
        _require_equal(seen, subject)
    for item in objects_below(document):
        name = item.get("id")
        if not isinstance(name, str):
            continue
        if name == document.get("id") and not _only_refers(item):
            raise _ambiguous("two objects have the credential's id")
        if name == issuer["id"] and any(entry not in promised for entry in _promises(item)):
            raise _ambiguous("an account of the issuer's stands in another place")
        if _is_one_of(item, _SAID_ONCE):
            _require_equal(seen, item)


def _promises(profile: JsonObject) -> list[JsonObject]:
    """The entries of a profile that may name an account, however they are nested and written."""
    entries = objects_below([profile.get("otherIdentifier")])
    return [e for e in entries if any(item == CAIP10_IDENTIFIER for _, item in members(e))]


def _require_equal(seen: dict[str, JsonObject], item: JsonObject) -> None:
    if "id" in item and len(item) > 1 and seen.setdefault(item["id"], item) != item:
        raise _ambiguous(f"two objects that differ have the id {shown(item['id'])}")


def _only_refers(item: JsonObject) -> bool:
    """Whether an object with the credential's id says nothing that is read of the credential.

    A refresh service may have that id, and the subject of an endorsement of the credential.
    """
    return item.keys() <= {"id", "type", "endorsementComment"} and not _is_one_of(
        item, _CREDENTIAL_TYPES
    )


def _is_one_of(item: JsonObject, types: tuple[str, ...]) -> bool:
    named = _listed(item.get("type"))
    return any(name in named for name in types)


def _objects(node: JsonObject, key: str) -> list[JsonObject]:
    """The member's one or many objects as a list; none when it is absent."""
    if key not in node:
        return []
    items = _listed(node[key])
    if not items:
        raise _ambiguous(f"empty array at {shown(key)}: leave the member out")
    if not all(isinstance(item, dict) for item in items):
        raise _schema(f"{key} is not an object or a list of objects")
    return items


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _schema(detail: str) -> Refusal:
    return Refusal("format", "schema", detail)


def _ambiguous(detail: str) -> Refusal:
    return Refusal("format", "ambiguous", detail)
