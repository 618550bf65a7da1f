"""Achievements, profiles, and the credentials of Open Badges 3.0 that speak of them."""

from dataclasses import dataclass
from typing import Any, Final

from registry.core.data_model import CredentialSubject, Issuer, VerifiableCredential, context
from registry.core.errors import InvalidArgument
from registry.core.shapes import (
    Shape,
    Text,
    day,
    iri,
    localised,
    lone,
    many,
    maybe,
    number,
    of,
    one,
    only,
    read,
    stamp,
    text,
    typed,
)

from .parts import (
    Address,
    Alignment,
    Criteria,
    Evidence,
    IdentifierEntry,
    IdentityObject,
    Image,
    OneTypeObject,
    OneTypeSchema,
    Proof,
    RefreshService,
    Related,
    Result,
    ResultDescription,
)
from .vocabulary import ACHIEVEMENT_TYPE, COMPACT_JWS, LANGUAGE_CODE, OPEN_BADGES_CONTEXT

BADGE_TYPES: Final = ("AchievementCredential", "OpenBadgeCredential")
ENDORSEMENT_TYPE: Final = "EndorsementCredential"


@dataclass(frozen=True, kw_only=True)
class Profile(Issuer):
    """A person or an organisation."""

    type: tuple[str, ...] = one(typed("Profile"))
    name: Text | None = maybe(localised)
    description: Text | None = maybe(localised)
    url: str | None = maybe(text)
    phone: Text | None = maybe(localised)
    endorsement: tuple["EndorsementCredential", ...] = many(of(lambda: EndorsementCredential))
    endorsement_jwt: tuple[str, ...] = many(COMPACT_JWS)
    image: Image | None = maybe(of(lambda: Image))
    email: Text | None = maybe(localised)
    address: Address | None = maybe(of(lambda: Address))
    other_identifier: tuple[IdentifierEntry, ...] = many(of(lambda: IdentifierEntry))
    official: Text | None = maybe(localised)
    parent_org: "Profile | None" = maybe(of(lambda: Profile))
    family_name: Text | None = maybe(localised)
    given_name: Text | None = maybe(localised)
    additional_name: Text | None = maybe(localised)
    patronymic_name: Text | None = maybe(localised)
    honorific_prefix: Text | None = maybe(localised)
    honorific_suffix: Text | None = maybe(localised)
    family_name_prefix: Text | None = maybe(localised)
    date_of_birth: str | None = maybe(day)


def profile_or_id(value: Any) -> str | Issuer:
    """A profile, or no more than its id: as an IRI, or alone in an object (VC 2.0, 4.7)."""
    if isinstance(value, dict) and value.keys() == {"id"}:
        return read(Issuer, value)
    return iri(value) if isinstance(value, str) else read(Profile, value)


@dataclass(frozen=True, kw_only=True)
class Achievement(Shape):
    """What can be achieved."""

    id: str = one(iri)
    type: tuple[str, ...] = one(typed("Achievement"))
    alignment: tuple[Alignment, ...] = many(of(lambda: Alignment))
    achievement_type: str | None = maybe(ACHIEVEMENT_TYPE)
    creator: Profile | None = maybe(of(lambda: Profile))
    credits_available: int | float | None = maybe(number)
    criteria: Criteria = one(of(lambda: Criteria))
    description: Text = one(localised)
    endorsement: tuple["EndorsementCredential", ...] = many(of(lambda: EndorsementCredential))
    endorsement_jwt: tuple[str, ...] = many(COMPACT_JWS)
    field_of_study: Text | None = maybe(localised)
    human_code: Text | None = maybe(localised)
    image: Image | None = maybe(of(lambda: Image))
    in_language: str | None = maybe(LANGUAGE_CODE)
    name: Text = one(localised)
    other_identifier: tuple[IdentifierEntry, ...] = many(of(lambda: IdentifierEntry))
    related: tuple[Related, ...] = many(of(lambda: Related))
    result_description: tuple[ResultDescription, ...] = many(of(lambda: ResultDescription))
    specialization: Text | None = maybe(localised)
    tag: tuple[Text, ...] = many(localised)
    version: Text | None = maybe(localised)


@dataclass(frozen=True, kw_only=True)
class AchievementSubject(CredentialSubject):
    """Who achieved what, and how."""

    type: tuple[str, ...] = one(typed("AchievementSubject"))
    activity_end_date: str | None = maybe(stamp)
    activity_start_date: str | None = maybe(stamp)
    credits_earned: int | float | None = maybe(number)
    achievement: Achievement = one(of(lambda: Achievement))
    identifier: tuple[IdentityObject, ...] = many(of(lambda: IdentityObject))
    image: Image | None = maybe(of(lambda: Image))
    license_number: Text | None = maybe(localised)
    narrative: Text | None = maybe(localised)
    result: tuple[Result, ...] = many(of(lambda: Result))
    role: Text | None = maybe(localised)
    source: Profile | None = maybe(of(lambda: Profile))
    term: Text | None = maybe(localised)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.id is None and not self.identifier:
            raise InvalidArgument("has neither id nor identifier")


@dataclass(frozen=True, kw_only=True)
class EndorsementSubject(CredentialSubject):
    """What is endorsed, by its id, and the endorser's words (Markdown)."""

    id: str = one(iri)
    type: tuple[str, ...] = one(typed("EndorsementSubject"))
    endorsement_comment: Text | None = maybe(localised)


def open_badges_context(value: Any) -> tuple[str, ...]:
    """The contexts of Verifiable Credentials and of Open Badges, in this order, then others."""
    urls = context(value)
    if len(urls) < 2:
        raise InvalidArgument("is without the context of Open Badges")
    OPEN_BADGES_CONTEXT(urls[1])
    return urls


@dataclass(frozen=True, kw_only=True)
class OpenBadgesCredential(VerifiableCredential):
    """What the two credentials of Open Badges have in common."""

    context: tuple[str, ...] = one(open_badges_context, name="@context")
    id: str = one(iri)
    name: Text | None = maybe(localised)
    description: Text | None = maybe(localised)
    awarded_date: str | None = maybe(stamp)
    issuer: str | Issuer = one(profile_or_id)
    proof: tuple[Proof, ...] = many(of(lambda: Proof))
    credential_schema: tuple[OneTypeSchema, ...] = many(of(lambda: OneTypeSchema))
    credential_status: tuple[OneTypeObject, ...] = lone(of(lambda: OneTypeObject))
    refresh_service: tuple[RefreshService, ...] = lone(of(lambda: RefreshService))
    terms_of_use: tuple[OneTypeObject, ...] = many(of(lambda: OneTypeObject))
    evidence: tuple[Evidence, ...] = many(of(lambda: Evidence))

    def __post_init__(self) -> None:
        super().__post_init__()
        if "VerifiableCredential" not in self.type:
            raise InvalidArgument("type is without VerifiableCredential")
        if self.period[0] is None:
            raise InvalidArgument("has no validFrom")


@dataclass(frozen=True, kw_only=True)
class AchievementCredential(OpenBadgesCredential):
    """That somebody achieved something; `OpenBadgeCredential` is another name of the class."""

    type: tuple[str, ...] = one(typed(*BADGE_TYPES))
    image: Image | None = maybe(of(lambda: Image))
    credential_subject: tuple[AchievementSubject, ...] = only(of(lambda: AchievementSubject))
    endorsement: tuple["EndorsementCredential", ...] = many(of(lambda: EndorsementCredential))
    endorsement_jwt: tuple[str, ...] = many(COMPACT_JWS)


@dataclass(frozen=True, kw_only=True)
class EndorsementCredential(OpenBadgesCredential):
    """What somebody says of an achievement, a profile or a credential of another."""

    type: tuple[str, ...] = one(typed(ENDORSEMENT_TYPE))
    name: Text = one(localised)
    credential_subject: tuple[EndorsementSubject, ...] = only(of(lambda: EndorsementSubject))
