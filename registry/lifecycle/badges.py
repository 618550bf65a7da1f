"""From an award to an Open Badges 3.0 credential: pure, but for the randomness it is given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import orjson

from registry.core import anchor, merkle, suites
from registry.core.canonical import jcs, rdfc
from registry.core.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.core.contract import REGISTRY
from registry.core.credential import CAIP10_IDENTIFIER, parse_credential, read_credential
from registry.core.document import JsonObject, parse_json, require_strict_json_ld
from registry.core.errors import InvalidArgument
from registry.core.keys import Account
from registry.core.status_list import StatusEntry

from .awards import Award, Recipient

CONTEXTS: Final = (CREDENTIALS_V2, OPEN_BADGES_V3)


@dataclass(frozen=True)
class Issuer:
    """Who issues: what every credential of one organisation has in common."""

    did: str
    profile: Mapping[str, Any]
    account: Account
    suites: tuple[str, ...]

    def as_profile(self) -> JsonObject:
        """The Open Badges Profile; `otherIdentifier` is the signed promise of the account."""
        return {
            "id": self.did,
            "type": ["Profile"],
            **self.profile,
            "otherIdentifier": [
                {
                    "type": "IdentifierEntry",
                    "identifier": str(self.account),
                    "identifierType": CAIP10_IDENTIFIER,
                }
            ],
        }


@dataclass(frozen=True)
class SignedBadge:
    """A signed credential and the leaf hash that stands for it in its batch's tree."""

    body: bytes
    leaf: bytes


def check_achievement(achievement: JsonObject) -> None:
    """That an achievement can stand in a credential; raises `Refusal` or `InvalidArgument`."""
    award = Award(Recipient("did:example:nobody", "did"), "", "2026-01-01T00:00:00Z")
    for description in _with_ids(achievement, "resultDescription"):
        _with_ids(description, "rubricCriterionLevel")
    for member in ("name", "description"):
        if not achievement.get(member):
            raise InvalidArgument(f"the achievement has no {member}")
    issuer = Issuer("did:example:issuer", {"name": "-"}, Account(1, "0x" + "00" * 20), ())
    document = build(award, achievement, issuer, UUID(int=0), "")
    require_strict_json_ld(document)
    parse_credential(_largest_file(document, issuer.account, award.date))
    rdfc(document)


def build(  # noqa: PLR0913, PLR0917 - all that a credential is made of
    award: Award,
    achievement: JsonObject,
    issuer: Issuer,
    uuid: UUID,
    salt: str,
    status: StatusEntry | None = None,
) -> JsonObject:
    """The credential of `award`, unsigned. `uuid` (version 4) also keeps its leaf unguessable.

    `status` is one entry at most: the schema of Open Badges 3.0 takes no list of them.
    """
    return {
        "@context": list(CONTEXTS),
        "id": uuid.urn,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": achievement.get("name"),
        "issuer": issuer.as_profile(),
        "validFrom": award.date,
        **({"validUntil": award.valid_until} if award.valid_until else {}),
        "awardedDate": award.date,
        "credentialSubject": _subject(award, achievement, salt),
        **_listed("evidence", [{"type": ["Evidence"], **item} for item in award.evidence]),
        **({"credentialStatus": _status(status)} if status else {}),
    }


def sign(document: JsonObject, issuer: Issuer, signer: suites.Signer, created: str) -> SignedBadge:
    """Sign with each of the issuer's suites; `created` (UTC to the second) dates every proof.

    Raises `Refusal` when the document is not one that we would verify, or its file will not be.
    """
    secured = secure(document, issuer, signer, created)
    # What `secure` cannot see of the file: its size, its nesting, its characters.
    parse_json(_largest_file(secured, issuer.account, created))
    return SignedBadge(jcs(secured), anchor.leaf(document, anchor.options(issuer.account, created)))


def secure(document: JsonObject, issuer: Issuer, signer: suites.Signer, created: str) -> JsonObject:
    """Any credential of the issuer's with its signatures, as `sign` makes them; it raises alike."""
    require_strict_json_ld(document)
    read_credential(document)
    method = f"{issuer.did}#{signer.public_key.multikey}"
    hashed = suites.Hashed(document)
    proofs = [
        suites.sign(
            hashed,
            {
                "type": suites.PROOF_TYPE,
                "cryptosuite": suite,
                "created": created,
                "verificationMethod": method,
                "proofPurpose": "assertionMethod",
            },
            signer,
        )
        for suite in issuer.suites
    ]
    return {**document, "proof": proofs}


def as_file(document: JsonObject) -> bytes:
    """A credential as its holder gets it: JSON for people to read, in UTF-8."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _largest_file(secured: JsonObject, account: Account, created: str) -> bytes:
    """The file that `secured` becomes once it is anchored, in the largest of trees."""
    path = (bytes(merkle.HASH_BYTES),) * merkle.MAX_PATH_LENGTH
    size = merkle.MAX_TREE_SIZE
    proof = anchor.encode(anchor.Anchor(account, created, REGISTRY.address, size, size - 1, path))
    return as_file({**secured, "proof": [*secured.get("proof", ()), proof]})


def identity_hash(identifier: str, salt: str) -> str:
    """Open Badges 3.0, IdentityHash: `sha256$` and the hex digest of identifier and salt."""
    return f"sha256${sha256((identifier + salt).encode('utf-8')).hexdigest()}"


def resolve_results(award: Award, achievement: JsonObject) -> list[JsonObject]:
    """The award's results with the ids of their descriptions; raises `InvalidArgument`.

    A CSV file names a description by its name, and a level by its name too.
    """
    descriptions = _with_ids(achievement, "resultDescription")
    return [_result(result, descriptions) for result in award.results]


def _subject(award: Award, achievement: JsonObject, salt: str) -> JsonObject:
    return {
        "type": ["AchievementSubject"],
        **_identity(award.recipient, salt),
        "achievement": achievement,
        **_listed("result", resolve_results(award, achievement)),
        **({"narrative": award.narrative} if award.narrative else {}),
    }


def _status(entry: StatusEntry) -> JsonObject:
    return {"id": f"{entry.list_url}#{entry.index}", **entry.as_document()}


def _identity(recipient: Recipient, salt: str) -> JsonObject:
    if recipient.type == "did":
        return {"id": recipient.identifier}
    return {
        "identifier": [
            {
                "type": "IdentityObject",
                "hashed": True,
                "identityHash": identity_hash(recipient.identifier, salt),
                "identityType": recipient.type,
                "salt": salt,
            }
        ]
    }


def _result(result: Mapping[str, str], descriptions: Sequence[JsonObject]) -> JsonObject:
    wanted = result.get("resultDescription")
    found = [d for d in descriptions if wanted in (d.get("id"), d.get("name"))]
    if len(found) != 1:
        known = ", ".join(str(d.get("name")) for d in descriptions) or "none"
        raise InvalidArgument(f"the achievement has no result {wanted!r}; it has: {known}")
    levels = _with_ids(found[0], "rubricCriterionLevel")
    reached = [level["id"] for level in levels if level.get("name") == result.get("value")]
    level = {"achievedLevel": reached[0]} if len(reached) == 1 else {}
    return {"type": ["Result"], **level, **result, "resultDescription": found[0]["id"]}


def _with_ids(node: JsonObject, key: str) -> list[JsonObject]:
    """The member's objects, which results refer to; one may stand without a list around it."""
    value = node.get(key, [])
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, dict) and isinstance(item.get("id"), str) for item in items):
        raise InvalidArgument(f"{key} holds something that is not an object with an id")
    return items


def _listed(key: str, items: list[JsonObject]) -> JsonObject:
    return {key: items} if items else {}
