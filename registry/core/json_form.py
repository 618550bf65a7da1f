"""Frozen values as JSON and back, by their own declarations: evidence, policies, verdicts.

A dataclass is an object whose members are its fields in lowerCamelCase; a field that has its
default may be left out, and an unknown member is refused. Bytes are `0x` and hex digits, times are
UTC date-times, spans are seconds, accounts are CAIP-10, keys are JWKs, integers that JSON has no
exact common form for are decimal text; a mapping is a list of `{"key": …, "value": …}`
(docs/spec/evidence.md, 4).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import datetime, timedelta
from functools import cache
from types import UnionType
from typing import Any, Final, TypeVar, get_args, get_origin, get_type_hints

from .document import MAX_SAFE_INTEGER
from .errors import InvalidArgument, Refusal, shown
from .ethereum import json_bytes
from .jwk import read_jwk, write_jwk
from .keys import Account, PublicKey
from .times import parse_stamp, write_stamp

_T = TypeVar("_T")
_SECOND: Final = timedelta(seconds=1)
# A thousand years; a calendar ends soon after.
MAX_SPAN_SECONDS: Final = 31_556_952_000
# A word of 256 bits has 78 digits.
_BEYOND_SAFE: Final = re.compile("[1-9][0-9]{15,77}", re.ASCII)


def to_json(value: Any) -> Any:
    """The JSON of a frozen value; what has its default is left out."""
    for kind, write in _WRITE.items():
        if isinstance(value, kind):
            return write(value)
    if type(value) is int and value > MAX_SAFE_INTEGER:
        return str(value)
    if is_dataclass(value):
        told = ((field, getattr(value, field.name)) for field in fields(value))
        return {_name(f): to_json(item) for f, item in told if not _is_default(f, item)}
    return value


def from_json(kind: type[_T], value: Any) -> _T:
    """The value of `kind` that `value` is the JSON of; raises `InvalidArgument`."""
    read: _T = _read(kind, value)
    return read


def _read(kind: Any, value: Any) -> Any:
    if kind == PublicKey:
        return read_jwk(value)
    if isinstance(kind, UnionType):
        (inner,) = (part for part in get_args(kind) if part is not type(None))
        return None if value is None else _read(inner, value)
    if get_origin(kind) is not None:
        return _READ_MANY[get_origin(kind)](get_args(kind), value)
    if kind in _READ_ONE:
        return _READ_ONE[kind](value)
    if is_dataclass(kind) and isinstance(kind, type):
        return _read_object(kind, value)
    if type(value) is not kind:
        raise InvalidArgument(f"{shown(value)} is not of the type {kind.__name__}")
    return value


def _read_object(kind: Any, value: Any) -> Any:
    if not isinstance(value, dict):
        raise InvalidArgument(f"{kind.__name__} is not an object")
    known, kinds = {_name(field): field for field in fields(kind)}, _kinds(kind)
    wanted = {name for name, field in known.items() if _has_no_default(field)}
    if not wanted <= set(value) <= set(known):
        odd = sorted(wanted.symmetric_difference(value) - (set(known) - wanted))
        raise InvalidArgument(f"{kind.__name__}: missing or unknown members {odd}")
    given = {known[name].name: item for name, item in value.items()}
    return kind(**{name: _read(kinds[name], item) for name, item in given.items()})


@cache
def _kinds(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _name(field: Field[Any]) -> str:
    first, *others = field.name.split("_")
    return first + "".join(word.capitalize() for word in others)


def _has_no_default(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _is_default(field: Field[Any], value: Any) -> bool:
    if field.default_factory is not MISSING:
        return bool(value == field.default_factory())
    return field.default is not MISSING and bool(value == field.default)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{shown(value)} is not text")
    return value


def _bytes(value: Any) -> bytes:
    try:
        return json_bytes(value, "a value")
    except Refusal as refusal:
        raise InvalidArgument(refusal.detail) from refusal


def _integer(value: Any) -> int:
    if type(value) is int:
        return value
    if not isinstance(value, str) or not _BEYOND_SAFE.fullmatch(value):
        raise InvalidArgument(f"{shown(value)} is not an integer")
    number = int(value)
    if number <= MAX_SAFE_INTEGER:
        raise InvalidArgument(f"{shown(value)} is an integer that JSON can write")
    return number


def _span(value: Any) -> timedelta:
    if type(value) is not int or abs(value) > MAX_SPAN_SECONDS:
        raise InvalidArgument(f"{shown(value)} is not a number of seconds")
    return value * _SECOND


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidArgument("a list was expected")
    return value


def _mapping(kinds: tuple[Any, ...], value: Any) -> dict[Any, Any]:
    pairs = [_pair(kinds, item) for item in _list(value)]
    if len(dict(pairs)) != len(pairs):
        raise InvalidArgument("a key is given twice")
    return dict(pairs)


def _pair(kinds: tuple[Any, ...], item: Any) -> tuple[Any, Any]:
    if not isinstance(item, dict) or item.keys() != {"key", "value"}:
        raise InvalidArgument("a pair has a key and a value")
    return _read(kinds[0], item["key"]), _read(kinds[1], item["value"])


_READ_ONE: Final[dict[Any, Callable[[Any], Any]]] = {
    int: _integer,
    Account: lambda value: Account.parse(_text(value)),
    bytes: _bytes,
    datetime: lambda value: parse_stamp(_text(value)),
    timedelta: _span,
}
_READ_MANY: Final[dict[Any, Callable[[tuple[Any, ...], Any], Any]]] = {
    tuple: lambda kinds, value: tuple(_read(kinds[0], item) for item in _list(value)),
    Mapping: _mapping,
}
_WRITE: Final[dict[Any, Callable[[Any], Any]]] = {
    PublicKey: write_jwk,
    Account: str,
    bytes: lambda value: "0x" + value.hex(),
    datetime: write_stamp,
    timedelta: lambda value: value // _SECOND,
    Mapping: lambda value: [{"key": to_json(k), "value": to_json(v)} for k, v in value.items()],
    tuple: lambda value: [to_json(item) for item in value],
}
