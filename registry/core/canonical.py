"""JSON value -> canonical bytes: JCS (RFC 8785) and RDF Dataset Canonicalization (RDFC-1.0)."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import orjson
import pyoxigraph as ox
import rfc8785

from .budget import Budget
from .contexts import all_context_urls, bundled, context_urls
from .document import JsonObject, members, without_json_literals
from .errors import Refusal, shown
from .rdfc10 import canonical_n_quads
from .safe_mode import (
    NO_BASE,
    UNDEFINED,
    Names,
    all_defined,
    bundled_names,
    never_unset,
    spend_objects,
)

RDF_JSON: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON"
# JSON-LD 1.1 API, 8.6 (data round tripping): the canonical double is printf's %1.15E.
DOUBLE_DIGITS: Final = 15
# Beyond 2^53 - 1 orjson raises, as it does for lone surrogates and keys that are not text.
_ORJSON: Final = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
_PLAIN: Final = frozenset((str, int, bool, type(None)))


def jcs(value: Any, budget: Budget | None = None) -> bytes:
    """The JSON Canonicalization Scheme, RFC 8785.

    Raises `Refusal` at `format` with `malformed` for what JCS cannot write, and `too_large` for
    what would take longer than a given `budget` allows.
    """
    try:
        written = orjson.dumps(value, option=_ORJSON)
        # Only what orjson could write is looked through: it holds no cycle.
        return written if is_plain(value) else _jcs(value, budget, len(written))
    except orjson.JSONEncodeError:
        return _jcs(value, budget, 0)


def is_plain(value: Any) -> bool:
    """Whether orjson writes `value`, which it can write, byte for byte as JCS asks.

    It does for the exact types of JSON without fractions (its doubles are spelt otherwise) and
    for keys in ASCII (it sorts by code points, JCS by UTF-16 code units: 3.2.3).
    """
    items = [value]
    for item in items:
        kind = type(item)
        if kind is dict:
            if not "".join(item).isascii():
                return False
            items += item.values()
        elif kind is list:
            items += item
        elif kind not in _PLAIN:
            return False
    return True


def _jcs(value: Any, budget: Budget | None, size: int) -> bytes:
    if budget is not None:
        budget.spend_slow_bytes(size)
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, RecursionError) as error:
        raise Refusal("format", "malformed", f"cannot be canonicalised: {error}") from error


def rdfc(
    document: JsonObject, contexts: Mapping[str, Any] | None = None, budget: Budget | None = None
) -> bytes:
    """The canonical N-Quads of a JSON-LD document: RDFC-1.0 with SHA-256.

    `contexts` (URL -> `@context` value) stands in for the bundled ones, `budget` for a whole one.
    Raises `Refusal` at `format`: `undefined_term`, `unknown_context`, `ambiguous`, `malformed`, or
    `too_large` (so many objects, or so much alike, that it would take too long).
    """
    known = bundled() if contexts is None else contexts
    budget = budget or Budget()
    document, literals = without_json_literals(document)
    outer, *nested = all_context_urls(document, known)
    urls = tuple(sorted({*outer, *(url for used in nested for url in used)}))
    names = bundled_names(urls) if contexts is None else Names(known[url] for url in urls)
    budget.spend_contexts(len(outer) + sum(map(len, nested)))
    spend_objects(document, budget)
    names.require_kept(document)
    watched = {url: never_unset(known[url]) for url in urls}
    inlined = _inlined(document, watched) if nested else dict(document)
    inlined["@context"] = [{"@vocab": UNDEFINED}, *(watched[url] for url in outer)]
    quads = _quads(inlined, _double_forms(document), budget)
    if literals:
        quads = _with_json(quads, {text: jcs(item, budget) for text, item in literals.items()})
    return canonical_n_quads(all_defined(quads), budget=budget)


def _inlined(value: Any, contexts: Mapping[str, Any]) -> Any:
    """`value` with the contexts themselves for their URLs, wherever an object names some."""
    if isinstance(value, dict):
        return {
            name: [contexts[url] for url in context_urls(value, contexts)]
            if name == "@context"
            else _inlined(item, contexts)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [_inlined(item, contexts) for item in value]
    return value


def _quads(inlined: JsonObject, doubles: Mapping[str, str], budget: Budget) -> Iterator[ox.Quad]:
    try:
        for quad in ox.parse(jcs(inlined, budget), format=ox.RdfFormat.JSON_LD, base_iri=NO_BASE):
            yield _with_canonical_double(quad, doubles) if doubles else quad
    except (SyntaxError, ValueError, OSError) as error:
        raise Refusal("format", "malformed", f"not JSON-LD: {error}") from error
    except MemoryError as error:
        # The parser's own limit for one token (8 MiB), however much memory there is.
        raise Refusal("format", "too_large", f"too long to be read as RDF: {error}") from error


def _with_json(quads: Iterator[ox.Quad], literals: Mapping[str, bytes]) -> Iterator[ox.Quad]:
    """The quads with each JSON literal in its canonical form (JSON-LD 1.1, 10.2: RFC 8785).

    What stands for one comes out of pyoxigraph, which sorts names otherwise, as the JSON of a text.
    """
    for quad in quads:
        term = quad.object
        if isinstance(term, ox.Literal) and term.datatype.value == RDF_JSON:
            text = literals[json.loads(term.value)].decode("utf-8")
            yield _with_object(quad, ox.Literal(text, datatype=term.datatype))
        else:
            yield quad


def _double_forms(document: JsonObject) -> dict[str, str]:
    """pyoxigraph's spelling of each fractional number in `document` -> the canonical spelling."""
    values = [item for _, item in members(document)]
    forms = {
        _shortest_form(item): canonical_double(item)
        for item in values
        if isinstance(item, float) and not item.is_integer()
    }
    changed = {
        spelling: canonical for spelling, canonical in forms.items() if spelling != canonical
    }
    clash = next((v for v in values if isinstance(v, str) and v in changed), None)
    if clash is not None:
        raise Refusal(
            "format", "ambiguous", f"the text {shown(clash)} stands beside the same number"
        )
    return changed


def canonical_double(value: float) -> str:
    """JSON-LD's lexical form of a number with a fraction: 72.35 is 7.234999999999999E1."""
    return _scientific(f"{value:.{DOUBLE_DIGITS}E}")


def _shortest_form(value: float) -> str:
    """As pyoxigraph writes a double: the shortest digits that read back as `value`."""
    # Not by formatting to as many digits: at a power of two that may not read back (2^-44).
    return _scientific(f"{Decimal(repr(value)).normalize():E}")


def _scientific(text: str) -> str:
    mantissa, exponent = text.split("E")
    whole, _, fraction = mantissa.partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}E{int(exponent)}"


def _with_canonical_double(quad: ox.Quad, doubles: Mapping[str, str]) -> ox.Quad:
    term = quad.object
    if not isinstance(term, ox.Literal) or term.value not in doubles:
        return quad
    return _with_object(quad, ox.Literal(doubles[term.value], datatype=term.datatype))


def _with_object(quad: ox.Quad, term: ox.Literal) -> ox.Quad:
    return ox.Quad(quad.subject, quad.predicate, term, quad.graph_name)
