"""The door: bytes from outside become one JSON object, read strictly.

Sources: RFC 8259, RFC 7493 (I-JSON, section 2), and the project's own rules for JSON-LD documents
under an RDF signature: a signature covers quads, not JSON, so every way of writing the same quads
with another meaning for a JSON reader is refused here.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from .errors import Refusal

JsonObject = dict[str, Any]

# A large badge with an embedded image stays well below this; a reader's memory stays bounded.
MAX_DOCUMENT_BYTES: Final = 1 << 20
# Real credentials nest about ten deep; recursive readers in any language bear this many.
MAX_NESTING: Final = 64
# The largest integer that a double holds exactly together with both neighbours (RFC 7493, 2.2).
MAX_SAFE_INTEGER: Final = (1 << 53) - 1
MAX_NUMBER_CHARACTERS: Final = 32
# A string's end may be missing, so that text made to be slow is read in one pass too.
_STRING_OR_BRACKET: Final = re.compile(r'"(?:[^"\\]+|\\.)*"?|[\[{\]}]', re.DOTALL)


def parse_json(data: bytes, max_bytes: int = MAX_DOCUMENT_BYTES) -> JsonObject:
    """Read one JSON object strictly.

    Raises `Refusal` at step `format`: `too_large`, `too_deep`, or `malformed` for bytes that are
    not UTF-8, syntax errors, duplicate keys, lone surrogates, NaN, infinities, negative zero and
    numbers beyond 2^53 - 1.
    """
    if len(data) > max_bytes:
        raise Refusal("format", "too_large", f"got {len(data)} bytes, want at most {max_bytes}")
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
    if "\\u" in text:
        _check_surrogates(value)
    return value


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


def require_strict_json_ld(document: JsonObject) -> None:
    """Refuse what would let two readers of the same quads see different credentials.

    `@context` may stand only at the top; no other key begins with `@` or contains `:`; there is
    no `null` and no empty array. Raises `Refusal` at `format` with `ambiguous`.
    """
    for key, value in members({k: v for k, v in document.items() if k != "@context"}):
        if key is not None and (key.startswith("@") or ":" in key):
            raise Refusal("format", "ambiguous", f"the key {key!r} is not a plain term")
        if value is None:
            raise Refusal("format", "ambiguous", f"null at {key!r}: leave the member out")
        if value == []:
            raise Refusal("format", "ambiguous", f"empty array at {key!r}: leave the member out")


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise Refusal("format", "malformed", f"duplicate key {twice!r}")
    return result


def _integer(text: str) -> int:
    value = 0 if len(text) > MAX_NUMBER_CHARACTERS else int(text)
    if len(text) > MAX_NUMBER_CHARACTERS or abs(value) > MAX_SAFE_INTEGER or text == "-0":
        raise _bad_number(text)
    return value


def _number(text: str) -> float:
    value = float(text) if len(text) <= MAX_NUMBER_CHARACTERS else float("inf")
    if abs(value) > MAX_SAFE_INTEGER or (value == 0 and text.startswith("-")):
        raise _bad_number(text)
    return value


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


def _check_surrogates(value: Any) -> None:
    for key, item in members(value):
        for text in (key, item):
            if isinstance(text, str) and any("\ud800" <= c <= "\udfff" for c in text):
                raise Refusal("format", "malformed", "a lone surrogate in a string")
