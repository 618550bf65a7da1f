"""The classes of Open Badges 3.0 that hold no credentials of others."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import md5, sha256
from typing import ClassVar, Final

from registry.core.data_model import CredentialSchema, TypedObject
from registry.core.errors import InvalidArgument
from registry.core.shapes import (
    Shape,
    Text,
    boolean,
    iri,
    localised,
    many,
    maybe,
    number,
    of,
    one,
    text,
    typed,
)

from .vocabulary import (
    ALIGNMENT_TARGET_TYPE,
    IDENTIFIER_TYPE,
    LANGUAGE_CODE,
    RESULT_STATUS,
    RESULT_TYPE,
    single,
    single_type,
)


@dataclass(frozen=True, kw_only=True)
class Image(Shape):
    """An image by its IRI, which may be a `data:` URI."""

    closed: ClassVar[bool] = True
    id: str = one(iri)
    type: tuple[str, ...] = one(single("Image"))
    caption: Text | None = maybe(localised)


@dataclass(frozen=True, kw_only=True)
class GeoCoordinates(Shape):
    """A place: degrees, north and east positive."""

    type: tuple[str, ...] = one(single("GeoCoordinates"))
    latitude: int | float = one(number)
    longitude: int | float = one(number)


@dataclass(frozen=True, kw_only=True)
class Address(Shape):
    """A postal address."""

    type: tuple[str, ...] = one(typed("Address"))
    address_country: Text | None = maybe(localised)
    address_country_code: Text | None = maybe(localised)
    address_region: Text | None = maybe(localised)
    address_locality: Text | None = maybe(localised)
    street_address: Text | None = maybe(localised)
    post_office_box_number: Text | None = maybe(localised)
    postal_code: Text | None = maybe(localised)
    geo: GeoCoordinates | None = maybe(of(lambda: GeoCoordinates))


@dataclass(frozen=True, kw_only=True)
class IdentifierEntry(Shape):
    """An identifier in some scheme."""

    closed: ClassVar[bool] = True
    type: tuple[str, ...] = one(single("IdentifierEntry"))
    identifier: str = one(text)
    identifier_type: str = one(IDENTIFIER_TYPE)


@dataclass(frozen=True, kw_only=True)
class IdentityObject(Shape):
    """A recipient by an identifier, plain or hashed with a salt."""

    closed: ClassVar[bool] = True
    type: tuple[str, ...] = one(single("IdentityObject"))
    hashed: bool = one(boolean)
    identity_hash: str = one(text)
    identity_type: str = one(IDENTIFIER_TYPE)
    salt: str | None = maybe(text)

    def __post_init__(self) -> None:
        if self.hashed and not _IDENTITY_HASH.fullmatch(self.identity_hash):
            raise InvalidArgument("identityHash is not sha256$ or md5$ and the hex digest")

    def matches(self, identifier: str) -> bool:
        """Whether it stands for `identifier`, which is compared as it is written.

        `identityHash` is the algorithm's name, `$` and the hex digest of identifier and salt
        (Open Badges 3.0, B.7.1). MD5 is read because the standard names it.
        """
        if not self.hashed:
            return self.identity_hash == identifier
        algorithm, _, digest = self.identity_hash.partition("$")
        salted = (identifier + (self.salt or "")).encode("utf-8", "surrogatepass")
        return _IDENTITY_HASHES[algorithm](salted) == digest.lower()


_IDENTITY_HASH: Final = re.compile(r"sha256\$[0-9A-Fa-f]{64}|md5\$[0-9A-Fa-f]{32}", re.ASCII)
_IDENTITY_HASHES: Final[dict[str, Callable[[bytes], str]]] = {
    "sha256": lambda salted: sha256(salted).hexdigest(),
    "md5": lambda salted: md5(salted, usedforsecurity=False).hexdigest(),
}


@dataclass(frozen=True, kw_only=True)
class Alignment(Shape):
    """What an achievement, a result or a level corresponds to in a framework."""

    type: tuple[str, ...] = one(typed("Alignment"))
    target_code: Text | None = maybe(localised)
    target_description: Text | None = maybe(localised)
    target_name: Text = one(localised)
    target_framework: Text | None = maybe(localised)
    target_type: str | None = maybe(ALIGNMENT_TARGET_TYPE)
    target_url: str = one(text)


@dataclass(frozen=True, kw_only=True)
class Criteria(Shape):
    """What must be done to earn an achievement; the narrative is Markdown."""

    id: str | None = maybe(iri)
    narrative: Text | None = maybe(localised)


@dataclass(frozen=True, kw_only=True)
class Related(Shape):
    """Another version or translation of an achievement."""

    id: str = one(iri)
    type: tuple[str, ...] = one(typed("Related"))
    in_language: str | None = maybe(LANGUAGE_CODE)
    version: Text | None = maybe(localised)


@dataclass(frozen=True, kw_only=True)
class RubricCriterionLevel(Shape):
    """A level of a rubric."""

    id: str = one(iri)
    type: tuple[str, ...] = one(typed("RubricCriterionLevel"))
    alignment: tuple[Alignment, ...] = many(of(lambda: Alignment))
    description: Text | None = maybe(localised)
    level: Text | None = maybe(localised)
    name: Text = one(localised)
    points: Text | None = maybe(localised)


@dataclass(frozen=True, kw_only=True)
class ResultDescription(Shape):
    """A result that an achievement can have."""

    id: str = one(iri)
    type: tuple[str, ...] = one(typed("ResultDescription"))
    alignment: tuple[Alignment, ...] = many(of(lambda: Alignment))
    allowed_value: tuple[Text, ...] = many(localised)
    name: Text = one(localised)
    required_level: str | None = maybe(text)
    required_value: Text | None = maybe(localised)
    result_type: str = one(RESULT_TYPE)
    rubric_criterion_level: tuple[RubricCriterionLevel, ...] = many(
        of(lambda: RubricCriterionLevel)
    )
    value_max: Text | None = maybe(localised)
    value_min: Text | None = maybe(localised)


@dataclass(frozen=True, kw_only=True)
class Result(Shape):
    """A result; `achieved_level` and `result_description` are the ids of what they name."""

    type: tuple[str, ...] = one(typed("Result"))
    achieved_level: str | None = maybe(text)
    alignment: tuple[Alignment, ...] = many(of(lambda: Alignment))
    result_description: str | None = maybe(text)
    status: str | None = maybe(RESULT_STATUS)
    value: Text | None = maybe(localised)


@dataclass(frozen=True, kw_only=True)
class Evidence(TypedObject):
    """What supports the achievement; the narrative is Markdown."""

    type: tuple[str, ...] = one(typed("Evidence"))
    narrative: Text | None = maybe(localised)
    name: Text | None = maybe(localised)
    description: Text | None = maybe(localised)
    genre: Text | None = maybe(localised)
    audience: Text | None = maybe(localised)


@dataclass(frozen=True, kw_only=True)
class OneTypeObject(TypedObject):
    """A typed object of the W3C data model; Open Badges gives it one type, without a list."""

    type: tuple[str, ...] = one(single_type)


@dataclass(frozen=True, kw_only=True)
class OneTypeSchema(CredentialSchema):
    """What describes the credential's form."""

    type: tuple[str, ...] = one(single_type)


@dataclass(frozen=True, kw_only=True)
class RefreshService(OneTypeObject):
    """Where a newer credential can be had."""

    id: str = one(iri)


@dataclass(frozen=True, kw_only=True)
class Proof(Shape):
    """A proof by its form alone; whether it holds is judged at `signature`."""

    type: tuple[str, ...] = one(single_type)
    created: str | None = maybe(text)
    cryptosuite: str | None = maybe(text)
    challenge: str | None = maybe(text)
    domain: str | None = maybe(text)
    nonce: str | None = maybe(text)
    proof_purpose: str | None = maybe(text)
    proof_value: str | None = maybe(text)
    verification_method: str | None = maybe(text)
