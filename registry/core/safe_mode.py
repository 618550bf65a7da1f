"""What JSON-LD would drop without a word, or take very long over, is found and refused.

A processor leaves out undefined terms and IRIs that are not well-formed, with all that hangs on
them: a holder could add them under an intact RDF signature.
"""

import json
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, Final

import pyoxigraph as ox

from .budget import Budget
from .contexts import bundled
from .document import JsonObject, members
from .errors import Refusal, shown

# Put before the contexts, so that an undefined term becomes an IRI that shows in the quads
# instead of being dropped without a word; when every term is defined the bytes are unchanged.
UNDEFINED: Final = "urn:credroot:undefined-term:"
# Stands for "there is no base": a relative IRI resolves below it and shows in the quads.
RELATIVE: Final = "credroot-relative:"
NO_BASE: Final = f"{RELATIVE}//iri/"
# What any other keyword says, and any key that only looks like one or names a blank node, need not
# show in the quads.
_SEEN_KEYWORDS: Final = frozenset(("@context", "@id", "@type", "@value", "@language"))

# Documents name their contexts in a handful of orders; whoever tries others finds nothing kept.
_KNOWN_ORDERS: Final = 256


class Names:
    """What the contexts of a document call by name, and which of its strings are read as IRIs.

    A processor drops an IRI that is not well-formed without a word, with all that hangs on it: a
    member or an object could be added under an intact signature. It reads a class's name as a
    member (`Criteria` for `criteria`) and an IRI as a type (for `OpenBadgeCredential`) as the same
    quads: what is written so would be hidden from a JSON reader.
    """

    def __init__(self, contexts: Iterable[Any]) -> None:
        self._keywords = {"id", "type"}
        self._iri_terms = {"id", "type"}
        self._prefixes: set[str] = set()
        self._classes: set[str] = set()
        self._named: set[str] = set()
        self._mapped: set[str] = set()
        for context in contexts:
            self._learn(context)

    def _learn(self, context: Any) -> None:
        for part in context if isinstance(context, list) else [context]:
            for term, meaning in part.items() if isinstance(part, dict) else ():
                self._learn_term(term, meaning)

    def _learn_term(self, term: str, meaning: Any) -> None:
        named = meaning.get("@id") if isinstance(meaning, dict) else meaning
        if isinstance(named, str):
            if named.startswith("@"):
                self._keywords.add(term)
            else:
                self._mapped.add(term)
            if ":" in named:
                self._named.add(named)
        if term[:1].isupper():
            self._classes.add(term)
        if isinstance(meaning, dict):
            if meaning.get("@type") in ("@id", "@vocab"):
                self._iri_terms.add(term)
            if meaning.get("@prefix"):
                self._prefixes.add(term)
            self._learn(meaning.get("@context"))
        elif isinstance(meaning, str) and meaning.endswith(tuple(":/?#[]@")):
            self._prefixes.add(term)

    def require_types(self, value: JsonObject) -> None:
        """Refuse a type below `value` that is no absolute IRI and no term of the contexts.

        VC 2.0, 4.5: types are URLs, or map to them. Asked under every suite; what stands at a
        member without a meaning has none itself, and a proof is judged by its suite. Raises
        `Refusal` at `format` with `undefined_term`.
        """
        types = value.get("type", ())
        for name in types if isinstance(types, list) else (types,):
            if isinstance(name, str) and not self._is_type(name):
                raise Refusal("format", "undefined_term", f"no context defines {shown(name)}")
        for term, item in value.items():
            if isinstance(item, dict | list) and term in self._mapped and term != "proof":
                for node in _objects_in(item):
                    self.require_types(node)

    def _is_type(self, name: str) -> bool:
        return name in self._mapped or (":" in name and self._is_kept(name))

    def require_kept(self, value: Any, term: str = "") -> None:
        """Refuse keys and IRIs below `value` that would be dropped, and second names.

        Raises `Refusal` at `format`: `undefined_term` for the former, `ambiguous` for the latter.
        """
        if isinstance(value, dict):
            for key, item in value.items():
                if key != "@context":
                    self._require_key(key)
                    self.require_kept(item, key)
        elif isinstance(value, list):
            for item in value:
                self.require_kept(item, term)
        elif isinstance(value, str) and term in self._iri_terms:
            self._require_iri(value, term)

    def _require_key(self, key: str) -> None:
        if key == "@direction":
            raise Refusal("format", "undefined_term", "JSON-LD drops the direction of a text")
        unseen = key.startswith(("@", "_:")) and key not in _SEEN_KEYWORDS
        if unseen or not _is_iri(UNDEFINED + key):
            raise Refusal("format", "undefined_term", f"no context defines {shown(key)}")
        if key in self._classes:
            raise Refusal("format", "ambiguous", f"the class {key} stands as a member")

    def _require_iri(self, value: str, term: str) -> None:
        if term == "type" and value in self._named:
            raise Refusal("format", "ambiguous", f"the type {shown(value)} has a term of its own")
        if not self._is_kept(value):
            raise Refusal(
                "format", "undefined_term", f"{shown(value)} at {term} is not an absolute IRI"
            )

    def _is_kept(self, name: str) -> bool:
        scheme, colon, rest = name.partition(":")
        if not colon:
            return (
                not name.startswith("@")
                and name not in self._keywords
                and _is_iri(UNDEFINED + name)
            )
        return _is_iri(name) and (scheme not in self._prefixes or rest.startswith("//"))


@lru_cache(maxsize=_KNOWN_ORDERS)
def require_agreeing(urls: tuple[str, ...]) -> None:
    """Refuse bundled contexts of which one redefines protected terms of another before it.

    JSON-LD 1.1, 4.1.11. Whoever hashes quads meets it anyway. Raises `Refusal` at `format` with
    `malformed`.
    """
    document = {"@context": [bundled()[url] for url in urls], "@id": "urn:x:y"}
    try:
        list(ox.parse(json.dumps(document), format=ox.RdfFormat.JSON_LD, base_iri=NO_BASE))
    except SyntaxError as error:
        raise Refusal("format", "malformed", f"not JSON-LD: {error}") from error


def _objects_in(value: Any) -> Iterator[JsonObject]:
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _objects_in(item)


@cache
def bundled_names(urls: tuple[str, ...]) -> Names:
    """What the bundled contexts at `urls`, sorted and without repetition, call by name."""
    return Names(bundled()[url] for url in urls)


def never_unset(context: Any) -> Any:
    """`context` with the sentinel for undefined terms put back wherever it unsets everything.

    The context of credentials unsets all terms below `verifiableCredential` of a presentation.
    """
    if isinstance(context, list):
        return [never_unset(part) for part in context]
    if context is None:
        return [None, {"@vocab": UNDEFINED}]
    if not isinstance(context, dict):
        return context
    return {
        term: {**meaning, "@context": never_unset(meaning["@context"])}
        if isinstance(meaning, dict) and "@context" in meaning
        else meaning
        for term, meaning in context.items()
    }


def _is_iri(text: str) -> bool:
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return True


def spend_objects(document: JsonObject, budget: Budget) -> None:
    """Refuse, before it costs time, what JSON-LD would take too long over: `too_large`."""
    objects = [item for _, item in members(document) if isinstance(item, dict)]
    types = (item["type"] for item in objects if "type" in item)
    budget.spend_objects(len(objects), sum(len(t) if isinstance(t, list) else 1 for t in types))


def all_defined(quads: Iterator[ox.Quad]) -> Iterator[ox.Quad]:
    """The quads; raises `Refusal` at `format` with `undefined_term` where one holds a sentinel."""
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
        raise Refusal("format", "undefined_term", f"no context defines {shown(term)}")
    if iri.startswith(RELATIVE):
        reference = iri.removeprefix(NO_BASE).removeprefix(RELATIVE)
        raise Refusal("format", "undefined_term", f"{shown(reference)} is not an absolute IRI")
