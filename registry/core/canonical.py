"""JSON value -> canonical bytes: JCS (RFC 8785) and RDF Dataset Canonicalization (RDFC-1.0)."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import pyoxigraph as ox
import rfc8785

from .contexts import bundled, context_urls
from .document import JsonObject, members
from .errors import Refusal
from .safe_mode import NO_BASE, UNDEFINED, Names, all_defined, bundled_names, require_few_orders

# JSON-LD 1.1 API, 8.6 (data round tripping): the canonical double is printf's %1.15E.
DOUBLE_DIGITS: Final = 15


def jcs(value: Any) -> bytes:
    """The JSON Canonicalization Scheme, RFC 8785.

    Raises `Refusal` at `format` with `malformed` for what JCS cannot write.
    """
    try:
        return rfc8785.dumps(value)
    except rfc8785.CanonicalizationError as error:
        raise Refusal("format", "malformed", f"cannot be canonicalised: {error}") from error


def rdfc(document: JsonObject, contexts: Mapping[str, Any] | None = None) -> bytes:
    """The canonical N-Quads of a JSON-LD document: RDFC-1.0 with SHA-256.

    `contexts` (URL -> `@context` value) stands in for the bundled ones. Raises `Refusal` at
    `format`: `undefined_term`, `unknown_context`, `ambiguous`, or `malformed`.
    """
    known = bundled() if contexts is None else contexts
    urls = context_urls(document, known)
    used = [known[url] for url in urls]
    names = bundled_names(urls) if contexts is None else Names(used)
    names.require_kept({key: item for key, item in document.items() if key != "@context"})
    inlined = [{"@vocab": UNDEFINED}, *used]
    quads = list(all_defined(_quads({**document, "@context": inlined}, _double_forms(document))))
    require_few_orders(quads)
    return canonical_n_quads(ox.Dataset(quads))


def canonical_n_quads(dataset: ox.Dataset) -> bytes:
    """The canonical form of `dataset`: blank nodes named by RDFC-1.0, lines in code point order."""
    dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
    lines = ox.serialize(dataset, format=ox.RdfFormat.N_QUADS)
    return b"".join(sorted((lines or b"").splitlines(keepends=True)))


def _quads(inlined: JsonObject, doubles: Mapping[str, str]) -> Iterator[ox.Quad]:
    try:
        for quad in ox.parse(jcs(inlined), format=ox.RdfFormat.JSON_LD, base_iri=NO_BASE):
            yield _with_canonical_double(quad, doubles) if doubles else quad
    except (SyntaxError, ValueError) as error:
        raise Refusal("format", "malformed", f"not JSON-LD: {error}") from error


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
        raise Refusal("format", "ambiguous", f"the text {clash!r} stands beside the same number")
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
    literal = ox.Literal(doubles[term.value], datatype=term.datatype)
    return ox.Quad(quad.subject, quad.predicate, literal, quad.graph_name)
