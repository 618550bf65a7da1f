"""JSON objects as frozen values and back: a class says of its members what they are, once.

A class of a data model is a frozen dataclass below `Shape`. Each field says by its cardinality
(`one`, `maybe`, `many`, `some`, `lone`) how often the member may stand, and by its kind how it is
read. A field's name in snake_case is the member's in camelCase. What `read` takes from JSON,
`write` gives back: the same JSON, whether a member stood in a list or alone.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Final, TypeVar, cast

from .errors import InvalidArgument, shown
from .iri import is_absolute_iri
from .times import parse_stamp

# Reads one JSON value into a frozen one; raises `InvalidArgument` when it is not of the kind.
Kind = Callable[[Any], Any]
Item_co = TypeVar("Item_co", covariant=True)
Read = TypeVar("Read", bound="Shape")
# Text, or the same in several languages: language tag -> text.
Text = str | Mapping[str, str]

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Open Badges 3.0 schemas: the names of a language map.
_LANGUAGE: Final = re.compile(r"[a-z]{2}(-[A-Z]{2})?")
_MEMBER: Final = "member"
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Lone(tuple[Item_co, ...]):
    """A tuple of one that stands in JSON without a list around it (JSON-LD reads both alike)."""

    __slots__ = ()


@dataclass(frozen=True)
class Member:
    """How a member is read, and how often it may stand; `name` when the field's is not enough."""

    kind: Kind
    required: bool
    name: str | None = None
    listed: bool = False
    tupled: bool = False

    def read(self, value: Any) -> Any:
        """The member's value, a tuple where there may be many; raises `InvalidArgument`."""
        if not self.tupled:
            return self.kind(value)
        if not isinstance(value, list):
            return Lone((self.kind(value),))
        if not value or not self.listed:
            raise InvalidArgument(f"is a list of {len(value)}")
        return tuple(self.kind(item) for item in value)


def one(kind: Kind, *, name: str | None = None) -> Any:
    """Exactly one, without a list."""
    return field(metadata={_MEMBER: Member(kind, required=True, name=name)})


def maybe(kind: Kind, *, name: str | None = None) -> Any:
    """At most one, without a list; `None` when absent."""
    return field(default=None, metadata={_MEMBER: Member(kind, required=False, name=name)})


def many(kind: Kind) -> Any:
    """Any number, alone or in a list: a tuple, empty when absent."""
    member = Member(kind, required=False, listed=True, tupled=True)
    return field(default=(), metadata={_MEMBER: member})


def some(kind: Kind) -> Any:
    """At least one, alone or in a list: a tuple."""
    return field(metadata={_MEMBER: Member(kind, required=True, listed=True, tupled=True)})


def lone(kind: Kind) -> Any:
    """At most one, without a list, where a wider class has many: a tuple like there."""
    return field(default=(), metadata={_MEMBER: Member(kind, required=False, tupled=True)})


def only(kind: Kind) -> Any:
    """Exactly one, without a list, where a wider class has many: a tuple like there."""
    return field(metadata={_MEMBER: Member(kind, required=True, tupled=True)})


@dataclass(frozen=True, kw_only=True)
class Shape:
    """An object of a data model; `other` holds the members that its class does not name."""

    # Whether the published schema forbids members that the class does not name.
    closed: ClassVar[bool] = False

    other: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)


def read(shape: type[Read], value: Any) -> Read:
    """The JSON object as a value of the class; raises `InvalidArgument` that names the member."""
    if not isinstance(value, dict):
        raise InvalidArgument("is not an object")
    known = _members(cast("Any", shape))
    given: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for name, item in value.items():
        found = known.get(name)
        if found is None:
            other[name] = frozen(item)
            continue
        try:
            given[found[0]] = found[1].read(item)
        except InvalidArgument as error:
            raise InvalidArgument(_below(name, str(error))) from error
    if other and shape.closed:
        raise InvalidArgument(
            f"has a member {shown(min(other))}, which {shape.__name__} does not allow"
        )
    for name in _required(cast("Any", shape)) - value.keys():
        raise InvalidArgument(f"has no {name}")
    return shape(**given, other=MappingProxyType(other) if other else _NOTHING)


def write(value: Any) -> Any:
    """The JSON that `value` was read from; the order of members is the class's."""
    if isinstance(value, Shape):
        known = _members(cast("Any", type(value)))
        items = {name: getattr(value, attribute) for name, (attribute, _) in known.items()}
        given = {name: write(item) for name, item in items.items() if item not in (None, ())}
        return given | write(value.other)
    if isinstance(value, Lone):
        return write(value[0])
    if isinstance(value, tuple):
        return [write(item) for item in value]
    if isinstance(value, Mapping):
        return {name: write(item) for name, item in value.items()}
    return value


def frozen(value: Any) -> Any:
    """Any JSON value, as a value that cannot be changed."""
    if isinstance(value, dict):
        return MappingProxyType({name: frozen(item) for name, item in value.items()})
    if isinstance(value, list):
        return tuple(frozen(item) for item in value)
    return value


@cache
def _members(shape: Any) -> Mapping[str, tuple[str, Member]]:
    """Of a class below `Shape`: member name -> (attribute, how it is read)."""
    declared = [(item.name, item.metadata.get(_MEMBER)) for item in fields(shape)]
    return {
        member.name or _camel_case(attribute): (attribute, member)
        for attribute, member in declared
        if member is not None
    }


@cache
def _required(shape: Any) -> frozenset[str]:
    return frozenset(name for name, (_, member) in _members(shape).items() if member.required)


def _camel_case(attribute: str) -> str:
    first, *rest = attribute.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _below(name: str, detail: str) -> str:
    # A detail is a predicate ("is not text") or begins with the member below ("name is not text").
    return f"{name} {detail}" if detail.startswith(("is ", "has ")) else f"{name}.{detail}"


def of(shape: Callable[[], type[Read]]) -> Callable[[Any], Read]:
    """An object of a class, which may be defined further below."""
    return lambda value: read(shape(), value)


def text(value: Any) -> str:
    """A text, which may be empty."""
    if not isinstance(value, str):
        raise InvalidArgument("is not text")
    return value


def iri(value: Any) -> str:
    """An absolute IRI (VC 2.0, 4.4: a URL), as it is written."""
    if not isinstance(value, str) or not is_absolute_iri(value):
        raise InvalidArgument(f"is not an absolute IRI: {shown(value)}")
    return value


def stamp(value: Any) -> str:
    """A point in time with a zone (XML Schema dateTimeStamp), as it is written."""
    try:
        parse_stamp(text(value))
    except InvalidArgument as error:
        raise InvalidArgument(f"is not a point in time: {error}") from error
    return str(value)


def day(value: Any) -> str:
    """A date without a time, as it is written."""
    try:
        if _DATE.fullmatch(text(value)):
            return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise InvalidArgument(f"is not a date: {shown(value)}") from error
    raise InvalidArgument(f"is not a date: {shown(value)}")


def number(value: Any) -> int | float:
    """A number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidArgument("is not a number")
    return value


def boolean(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InvalidArgument("is not true or false")
    return value


def localised(value: Any) -> Text:
    """Text, or an object with language tags as names and texts as values."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or not all(
        _LANGUAGE.fullmatch(name) and isinstance(item, str) for name, item in value.items()
    ):
        raise InvalidArgument("is not text, nor text by language")
    return MappingProxyType(dict(value))


def matching(pattern: str) -> Kind:
    """Text that the regular expression describes whole."""
    compiled = re.compile(pattern, re.ASCII)

    def kind(value: Any) -> str:
        if not compiled.fullmatch(text(value)):
            raise InvalidArgument(f"is not of the form {pattern}")
        return str(value)

    return kind


def types(value: Any) -> tuple[str, ...]:
    """One or many type names, not empty ones."""
    names = Lone((value,)) if isinstance(value, str) else value
    if (
        not isinstance(names, list | tuple)
        or not names
        or not all(isinstance(name, str) and name for name in names)
    ):
        raise InvalidArgument("is not the name of a type or a list of such")
    return names if isinstance(names, Lone) else tuple(names)


def typed(*names: str) -> Kind:
    """Type names with at least one of `names` among them."""

    def kind(value: Any) -> tuple[str, ...]:
        found = types(value)
        if not set(names).intersection(found):
            raise InvalidArgument(f"is without {' or '.join(names)}")
        return found

    return kind


def exactly(*terms: str, vocabulary: str | None = None) -> Kind:
    """One of the terms, which are all those of a vocabulary where it has a name."""
    named = f"no term of {vocabulary}: none of " if vocabulary else "none of "

    def kind(value: Any) -> str:
        if text(value) not in terms:
            raise InvalidArgument(f"is {named}{', '.join(terms)}")
        return str(value)

    return kind
