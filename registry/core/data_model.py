"""The W3C data model's own classes: a verifiable credential, and what it may carry.

Sources: Verifiable Credentials Data Model 2.0, sections 4, 5 and 11.1, and 1.1 for the names that
2.0 replaced. Open Badges narrows these classes (`open_badges.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .contexts import CREDENTIALS_V1, CREDENTIALS_V2
from .digests import agree, read_multibase_digest, read_sri
from .document import language_value
from .errors import InvalidArgument
from .shapes import (
    Shape,
    Text,
    frozen,
    iri,
    many,
    maybe,
    of,
    one,
    read,
    some,
    stamp,
    text,
    typed,
    types,
)
from .times import parse_stamp

# Text, or a language value object, or a list of such (11.1); in Open Badges text by language.
Words = Text | tuple[Mapping[str, str], ...]


def words(value: Any) -> Words:
    """Text, a language value object (`@value`, `@language`, `@direction`), or a list of these."""
    if isinstance(value, str):
        return value
    items = value if isinstance(value, list) else [value]
    if not items or not all(language_value(item) for item in items):
        raise InvalidArgument("is not text, nor a language value object")
    kept: Words = frozen(value)
    return kept


def context(value: Any) -> tuple[str, ...]:
    """A list of URLs of contexts, that of the data model first (2.0, 4.3; 1.1, 4.1).

    One URL without a list is JSON-LD, but no ordered set.
    """
    if not isinstance(value, list) or not all(isinstance(url, str) for url in value):
        raise InvalidArgument("is not a list of URLs")
    if not value or value[0] not in (CREDENTIALS_V1, CREDENTIALS_V2):
        raise InvalidArgument("is without the context of Verifiable Credentials in front")
    return tuple(value)


def integrity(value: Any) -> str:
    """Digests in the form of Subresource Integrity (5.3), as they are written."""
    read_sri(text(value))
    return str(value)


def multibase_digest(value: Any) -> str:
    """A digest as Multihash in Multibase (5.3), as it is written."""
    try:
        read_multibase_digest(text(value))
    except InvalidArgument as error:
        raise InvalidArgument(f"is not a digest: {error}") from error
    return str(value)


def wording(value: Words | None) -> str | None:
    """The text alone; of several languages the first."""
    while value and not isinstance(value, str):
        if isinstance(value, tuple):
            value = value[0]
        else:
            value = value.get("@value") or next(iter(value.values()))
    return value if isinstance(value, str) else None


@dataclass(frozen=True, kw_only=True)
class Issuer(Shape):
    """Who issued a credential, when more than an IRI is said (4.7)."""

    id: str = one(iri)
    name: Words | None = maybe(words)
    description: Words | None = maybe(words)


def issuer(value: Any) -> str | Issuer:
    """An issuer by its IRI alone, or as an object (4.7)."""
    return iri(value) if isinstance(value, str) else read(Issuer, value)


@dataclass(frozen=True, kw_only=True)
class CredentialSubject(Shape):
    """Whom claims are made about (4.8)."""

    id: str | None = maybe(iri)

    def __post_init__(self) -> None:
        if self.id is None and type(self) is CredentialSubject and not self.other:
            raise InvalidArgument("is without a claim")


@dataclass(frozen=True, kw_only=True)
class TypedObject(Shape):
    """A status, refresh service, terms of use, evidence, or another extension point (4.5, 5)."""

    id: str | None = maybe(iri)
    type: tuple[str, ...] = one(types)


@dataclass(frozen=True, kw_only=True)
class CredentialSchema(TypedObject):
    """What describes the credential's form (4.11)."""

    id: str = one(iri)


@dataclass(frozen=True, kw_only=True)
class RelatedResource(Shape):
    """A resource and its digests (5.3), each in good form."""

    id: str = one(iri)
    digest_sri: str | None = maybe(integrity, name="digestSRI")
    digest_multibase: tuple[str, ...] = many(multibase_digest)
    media_type: str | None = maybe(text)

    def __post_init__(self) -> None:
        if self.digest_sri is None and not self.digest_multibase:
            raise InvalidArgument("is without digestSRI and digestMultibase")

    def fits(self, known: Mapping[str, bytes]) -> bool:
        """Whether a resource with the `known` digests, one of each algorithm, is the one meant."""
        sri = read_sri(self.digest_sri) if self.digest_sri is not None else ()
        multibase = [read_multibase_digest(item) for item in self.digest_multibase]
        return all(agree(stated, known) for stated in (sri, multibase) if stated)


@dataclass(frozen=True, kw_only=True)
class VerifiableCredential(Shape):
    """A credential of the W3C data model 2.0, or of 1.1 by its first context."""

    context: tuple[str, ...] = one(context, name="@context")
    id: str | None = maybe(iri)
    type: tuple[str, ...] = one(typed("VerifiableCredential"))
    name: Words | None = maybe(words)
    description: Words | None = maybe(words)
    issuer: str | Issuer = one(issuer)
    credential_subject: tuple[CredentialSubject, ...] = some(of(lambda: CredentialSubject))
    valid_from: str | None = maybe(stamp)
    valid_until: str | None = maybe(stamp)
    issuance_date: str | None = maybe(stamp)
    expiration_date: str | None = maybe(stamp)
    credential_status: tuple[TypedObject, ...] = many(of(lambda: TypedObject))
    credential_schema: tuple[CredentialSchema, ...] = many(of(lambda: CredentialSchema))
    refresh_service: tuple[TypedObject, ...] = many(of(lambda: TypedObject))
    terms_of_use: tuple[TypedObject, ...] = many(of(lambda: TypedObject))
    evidence: tuple[TypedObject, ...] = many(of(lambda: TypedObject))
    confidence_method: tuple[TypedObject, ...] = many(of(lambda: TypedObject))
    render_method: tuple[TypedObject, ...] = many(of(lambda: TypedObject))
    related_resource: tuple[RelatedResource, ...] = many(of(lambda: RelatedResource))

    def __post_init__(self) -> None:
        start, end = self.period
        if start is not None and end is not None and start > end:
            raise InvalidArgument("is valid from a time after the one that it is valid until")
        if self.is_version_1 and self.issuance_date is None:
            raise InvalidArgument("has no issuanceDate")
        resources = [resource.id for resource in self.related_resource]
        if len(set(resources)) != len(resources):
            raise InvalidArgument("has two relatedResource of one id")

    @property
    def is_version_1(self) -> bool:
        """Whether it is of the data model 1.1, as its first context says."""
        return self.context[0] == CREDENTIALS_V1

    @property
    def period(self) -> tuple[datetime | None, datetime | None]:
        """When it becomes valid and when it ceases to be (4.9; in 1.1: 4.6).

        Version 1's context defines the names of 2.0 as well, with the same IRIs: a holder could
        exchange the contexts under an intact RDF signature. There both count, and the narrower.
        """
        starts, ends = [self.valid_from], [self.valid_until]
        if self.is_version_1:
            starts.append(self.issuance_date)
            ends.append(self.expiration_date)
        return (
            max((parse_stamp(start) for start in starts if start), default=None),
            min((parse_stamp(end) for end in ends if end), default=None),
        )
