"""The door: bytes from outside become one JSON object, read strictly.

Sources: RFC 8259, RFC 7493 (I-JSON, section 2), and the project's own rules for JSON-LD documents
under an RDF signature: a signature covers quads, not JSON, so every way of writing the same quads
with another meaning for a JSON reader is refused here.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final, NoReturn

from .errors import Refusal, shown

JsonObject = dict[str, Any]

# A large badge with an embedded image stays well below this; a reader's memory stays bounded.
MAX_DOCUMENT_BYTES: Final = 1 << 20
# Real credentials nest about ten deep; recursive readers in any language bear this many.
MAX_NESTING: Final = 64
# The largest integer that a double holds exactly together with both neighbours (RFC 7493, 2.2).
MAX_SAFE_INTEGER: Final = (1 << 53) - 1
# The shortest form of any double fits (24 at most); more digits only some readers would read.
MAX_NUMBER_CHARACTERS: Final = 32
_ZERO: Final = re.compile(r"0(?:\.0+)?(?:[eE][+-]?[0-9]+)?")
# RFC 7493, 2.1: neither a lone surrogate nor a noncharacter, raw or escaped.
_NO_CHARACTER: Final = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
# A string's end may be missing, so that text made to be slow is read in one pass too.
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[{\]}]', re.DOTALL)
_CONTAINERS: Final = frozenset((dict, list))
_LITERAL_TERMS: Final = frozenset(("jsonSchema", "_sd", "jwk"))
# Stands for a JSON literal while the rest of a document is read.
_JSON_LITERAL: Final = "urn:credroot:json:"
# RFC 5646 in its outline, as RDF's grammar has it.
_LANGUAGE_TAG: Final = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*", re.ASCII)


_BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]+")


def parse_json(
    data: bytes, max_bytes: int = MAX_DOCUMENT_BYTES, max_beside: int | None = None
) -> JsonObject:
    """Read one JSON object strictly, as I-JSON (RFC 7493).

    `max_beside` bounds the bytes beside its longest run of base64url: of one long text a document
    is read quickly, of as many small values it is not.

    A number without a fraction is an `int` however it is spelt (`1`, `1.0`, `1e2`): ECMAScript,
    JCS and JSON-LD know no difference. Raises `Refusal` at step `format`: `too_large`, `too_deep`,
    or `malformed` for bytes that are not UTF-8, syntax errors, duplicate keys, lone surrogates,
    noncharacters, NaN, infinities, negative zero, numbers beyond 2^53 - 1 and numbers so small
    that a double holds nothing of them.
    """
    if len(data) > max_bytes:
        raise Refusal("format", "too_large", f"got {len(data)} bytes, want at most {max_bytes}")
    if max_beside is not None and _beside_longest_run(data) > max_beside:
        told = f"more than {max_beside} bytes beside its longest text"
        raise Refusal("format", "too_large", told)
    try:
        text = data.decode("utf-8")
        _check_nesting(text)
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise Refusal("format", "malformed", f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Refusal("format", "malformed", f"not JSON at {where}: {error.msg}") from error
    if not isinstance(value, dict):
        raise Refusal("format", "malformed", "the document is not a JSON object")
    _check_characters(text, value)
    return value


def _beside_longest_run(data: bytes) -> int:
    runs = (match.end() - match.start() for match in _BASE64URL.finditer(data))
    return len(data) - max(runs, default=0)


def members(value: Any) -> Iterator[tuple[str | None, Any]]:
    """Every (key, value) pair below `value`, depth first; array items have the key `None`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key, item
            yield from members(item)
    elif isinstance(value, list):
        for item in value:
            yield None, item
            yield from members(item)


def objects_below(value: Any) -> list[JsonObject]:
    """Every object below `value`, an outer one before those in it."""
    found: list[JsonObject] = []
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict):
            found.append(item)
        if isinstance(item, dict | list):
            found += objects_below(item)
    return found


def without_json_literals(document: JsonObject) -> tuple[JsonObject, dict[str, Any]]:
    """The document with a text in the place of each JSON literal, and text -> literal.

    Data in a literal is not read as JSON-LD (JSON-LD 1.1, 10.2): neither its keys nor its types,
    nor `null` in it, mean anything there. Equal literals that are written alike get one text.
    """
    literals: dict[str, Any] = {}
    if not _names_a_literal(document):
        return document, literals
    return _without_literals(document, literals, in_cnf=False), literals


def require_strict_json_ld(document: JsonObject) -> JsonObject:
    """Refuse what would let two readers of the same quads see different credentials.

    `@context` may stand only at the top, and in an embedded endorsement as a list of URLs; no
    other key begins with `@` or contains `:`, but in language value objects at `name` and
    `description`; there is no `null` and no empty array. What a JSON literal holds is passed over:
    returns the document as JSON-LD reads it (`without_json_literals`). Raises `Refusal` at `format`
    with `ambiguous`.
    """
    read, _ = without_json_literals(document)
    for key, value in read.items():
        if key != "@context":
            _require_term(key)
            _require_plain(key, value)
    return read


def endorsements(document: JsonObject) -> Iterator[JsonObject]:
    """The EndorsementCredentials that are embedded in `document`, an outer one before its own."""
    read, literals = without_json_literals(document)
    for key, value in members(read):
        if key == "endorsement":
            found = (item for item in _listed(value) if _is_endorsement(item))
            yield from (_with_literals(item, literals) if literals else item for item in found)


def language_value(value: Any) -> bool:
    """Whether `value` is a language value object (VC 2.0, 11.1): text, language, direction.

    `@value` alone is required. A language tag that is not well-formed would be dropped from the
    quads together with its text.
    """
    if not isinstance(value, dict) or not set(value) <= {"@value", "@language", "@direction"}:
        return False
    language = value.get("@language", "en")
    return (
        isinstance(value.get("@value"), str)
        and isinstance(language, str)
        and bool(_LANGUAGE_TAG.fullmatch(language))
        and value.get("@direction", "ltr") in ("ltr", "rtl")
    )


def _names_a_literal(document: JsonObject) -> bool:
    """Whether a term of the type `@json` stands anywhere; hardly any credential has one."""
    ahead: list[Any] = [document]
    while ahead:
        node = ahead.pop()
        if type(node) is dict:
            if not _LITERAL_TERMS.isdisjoint(node):
                return True
            node = node.values()
        ahead += [item for item in node if type(item) in _CONTAINERS]
    return False


def _without_literals(value: Any, literals: dict[str, Any], *, in_cnf: bool) -> Any:
    """`value` itself where there is none below it."""
    if isinstance(value, list):
        items = [_without_literals(item, literals, in_cnf=in_cnf) for item in value]
        same = all(new is old for new, old in zip(items, value, strict=True))
        return value if same else items
    if not isinstance(value, dict):
        return value
    changed: JsonObject = {}
    for key, item in value.items():
        if _is_json_literal(value, key, in_cnf=in_cnf):
            changed[key] = _JSON_LITERAL + sha256(repr(item).encode()).hexdigest()
            literals[changed[key]] = item
        elif isinstance(item, dict | list):
            new = _without_literals(item, literals, in_cnf=in_cnf or key == "cnf")
            if new is not item:
                changed[key] = new
    return {**value, **changed} if changed else value


def _with_literals(value: Any, literals: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _with_literals(item, literals) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_literals(item, literals) for item in value]
    return literals.get(value, value) if isinstance(value, str) else value


def _is_json_literal(holder: JsonObject, key: str, *, in_cnf: bool) -> bool:
    """The terms of the type `@json` in the context of VC 2.0, each where it is one."""
    if key == "jsonSchema":
        named = "JsonSchema" in _listed(holder.get("type"))
    else:
        named = key == "_sd" or (key == "jwk" and in_cnf)
    return named and holder[key] is not None


def _require_plain(key: str, value: Any) -> None:
    if isinstance(value, dict):
        if key in ("name", "description") and language_value(value):
            return
        embedded = key == "endorsement" and _is_endorsement(value)
        for name, item in value.items():
            if name == "@context" and embedded and _is_list_of_text(item):
                continue
            _require_term(name)
            _require_plain(name, item)
    elif isinstance(value, list):
        if not value:
            raise _ambiguous(f"empty array at {shown(key)}: leave the member out")
        for item in value:
            _require_plain(key, item)
    elif value is None:
        raise _ambiguous(f"null at {shown(key)}: leave the member out")


def _require_term(name: str) -> None:
    if name.startswith("@") or ":" in name:
        raise _ambiguous(f"the key {shown(name)} is not a plain term")


def _is_endorsement(value: Any) -> bool:
    return isinstance(value, dict) and "EndorsementCredential" in _listed(value.get("type"))


def _is_list_of_text(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _ambiguous(detail: str) -> Refusal:
    return Refusal("format", "ambiguous", detail)


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise Refusal("format", "malformed", f"duplicate key {shown(twice)}")
    return result


def _integer(text: str) -> int:
    value = 0 if len(text) > MAX_NUMBER_CHARACTERS else int(text)
    if len(text) > MAX_NUMBER_CHARACTERS or abs(value) > MAX_SAFE_INTEGER or text == "-0":
        raise _bad_number(text)
    return value


def _number(text: str) -> int | float:
    value = float(text) if len(text) <= MAX_NUMBER_CHARACTERS else float("inf")
    if abs(value) > MAX_SAFE_INTEGER or (value == 0 and not _ZERO.fullmatch(text)):
        raise _bad_number(text)
    # A reader of decimals and one of doubles see the same number only where no digit is lost.
    if Decimal(text) != Decimal(repr(value)):
        raise _bad_number(text)
    return int(value) if value.is_integer() else value


def _constant(text: str) -> NoReturn:
    raise _bad_number(text)


def _bad_number(text: str) -> Refusal:
    shown = text[:MAX_NUMBER_CHARACTERS]
    return Refusal("format", "malformed", f"the number {shown} has no exact common form")


def _check_nesting(text: str) -> None:
    """Before parsing: where another library has raised the recursion limit, the parser crashes."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        found = match[0]
        if found in "[{":
            depth += 1
        elif found in "]}":
            depth -= 1
        if depth > MAX_NESTING:
            raise Refusal("format", "too_deep", f"nested deeper than {MAX_NESTING}")


def _check_characters(text: str, value: JsonObject) -> None:
    """The text as it stands; where it has escapes, the strings that were read as well."""
    texts = [text]
    if "\\u" in text:
        texts += (part for pair in members(value) for part in pair if isinstance(part, str))
    for part in texts:
        found = None if part.isascii() else _NO_CHARACTER.search(part)
        if found:
            kind = "lone surrogate" if "\ud800" <= found[0] <= "\udfff" else "noncharacter"
            raise Refusal("format", "malformed", f"the {kind} U+{ord(found[0]):04X}")
