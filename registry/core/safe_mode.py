"""What JSON-LD would drop without a word, or take for ever over, is found and refused.

A processor leaves out undefined terms and IRIs that are not well-formed, with all that hangs on
them: a holder could add them under an intact RDF signature. And RDF canonicalisation can be made
to try an astronomical number of orders (RDFC-1.0, 7.1, dataset poisoning).
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from math import factorial
from typing import Any, Final

import pyoxigraph as ox

from .contexts import bundled
from .errors import Refusal

# Put before the contexts, so that an undefined term becomes an IRI that shows in the quads
# instead of being dropped without a word; when every term is defined the bytes are unchanged.
UNDEFINED: Final = "urn:credroot:undefined-term:"
# Stands for "there is no base": a relative IRI resolves below it and shows in the quads.
RELATIVE: Final = "credroot-relative:"
NO_BASE: Final = f"{RELATIVE}//iri/"
# RDFC-1.0, 7.1 (dataset poisoning): its work grows with the orders of blank nodes that look alike;
# this many take milliseconds, and nine alike under two alike parents already take seconds.
MAX_ORDERS: Final = 100_000


class Names:
    """Which strings of a document JSON-LD reads as IRIs.

    A processor drops an IRI that is not well-formed without a word, with all that hangs on it: a
    member or an object could be added under an intact signature.
    """

    def __init__(self, contexts: Iterable[Any]) -> None:
        self._keywords = {"id", "type"}
        self._iri_terms = {"id", "type"}
        self._prefixes: set[str] = set()
        for context in contexts:
            self._learn(context)

    def _learn(self, context: Any) -> None:
        for part in context if isinstance(context, list) else [context]:
            for term, meaning in part.items() if isinstance(part, dict) else ():
                named = meaning.get("@id") if isinstance(meaning, dict) else meaning
                if isinstance(named, str) and named.startswith("@"):
                    self._keywords.add(term)
                if isinstance(meaning, dict):
                    if meaning.get("@type") in ("@id", "@vocab"):
                        self._iri_terms.add(term)
                    if meaning.get("@prefix"):
                        self._prefixes.add(term)
                    self._learn(meaning.get("@context"))
                elif isinstance(meaning, str) and meaning.endswith(tuple(":/?#[]@")):
                    self._prefixes.add(term)

    def require_kept(self, value: Any, term: str = "") -> None:
        """Refuse keys and IRIs below `value` that would be dropped: `undefined_term`."""
        if isinstance(value, dict):
            for key, item in value.items():
                if not _is_iri(UNDEFINED + key):
                    raise Refusal("format", "undefined_term", f"no context defines {key!r}")
                self.require_kept(item, key)
        elif isinstance(value, list):
            for item in value:
                self.require_kept(item, term)
        elif isinstance(value, str) and term in self._iri_terms and not self._is_kept(value):
            raise Refusal("format", "undefined_term", f"{value!r} at {term} is not an absolute IRI")

    def _is_kept(self, name: str) -> bool:
        scheme, colon, rest = name.partition(":")
        if not colon:
            return (
                not name.startswith("@")
                and name not in self._keywords
                and _is_iri(UNDEFINED + name)
            )
        return _is_iri(name) and (scheme not in self._prefixes or rest.startswith("//"))


@cache
def bundled_names(urls: tuple[str, ...]) -> Names:
    return Names(bundled()[url] for url in urls)


def _is_iri(text: str) -> bool:
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def require_few_orders(quads: Sequence[ox.Quad]) -> None:
    """Refuse blank nodes so alike that RDFC-1.0 would try their orders one by one for ever.

    Its Hash N-Degree Quads tries n! orders of the n neighbours of a node that look alike.
    """
    around: defaultdict[ox.BlankNode, list[ox.Quad]] = defaultdict(list)
    for quad in quads:
        for _, node in _blank_nodes(quad):
            around[node].append(quad)
    looks = {node: _look(node, near) for node, near in around.items()}
    alike = Counter(looks.values())
    orders = 1
    for node in (node for node in around if alike[looks[node]] > 1):
        neighbours = Counter(
            (place, quad.predicate, looks[other])
            for quad in around[node]
            for place, other in _blank_nodes(quad)
            if other != node and alike[looks[other]] > 1
        )
        for count in neighbours.values():
            orders *= factorial(min(count, 10))
        if orders > MAX_ORDERS:
            raise Refusal(
                "format", "too_large", "too many objects that only their places tell apart"
            )


def _blank_nodes(quad: ox.Quad) -> Iterator[tuple[str, ox.BlankNode]]:
    places = (("s", quad.subject), ("o", quad.object), ("g", quad.graph_name))
    return ((place, term) for place, term in places if isinstance(term, ox.BlankNode))


def _look(node: ox.BlankNode, near: Iterable[ox.Quad]) -> tuple[tuple[str, ...], ...]:
    """What Hash First Degree Quads hashes: the quads around `node`, other blank nodes unnamed."""

    def shown(term: Any) -> str:
        return ("a" if term == node else "z") if isinstance(term, ox.BlankNode) else str(term)

    return tuple(
        sorted(
            (shown(q.subject), str(q.predicate), shown(q.object), shown(q.graph_name)) for q in near
        )
    )


def all_defined(quads: Iterator[ox.Quad]) -> Iterator[ox.Quad]:
    for quad in quads:
        for term in (quad.subject, quad.predicate, quad.object, quad.graph_name):
            if isinstance(term, ox.NamedNode):
                _require_defined(term.value)
            elif isinstance(term, ox.Literal):
                _require_defined(term.datatype.value)
        yield quad


def _require_defined(iri: str) -> None:
    if iri.startswith(UNDEFINED):
        term = iri.removeprefix(UNDEFINED)
        raise Refusal("format", "undefined_term", f"no context defines {term!r}")
    if iri.startswith(RELATIVE):
        reference = iri.removeprefix(NO_BASE).removeprefix(RELATIVE)
        raise Refusal("format", "undefined_term", f"{reference!r} is not an absolute IRI")
