"""RDF Dataset Canonicalization: blank nodes get names that follow from the dataset alone.

Source: W3C RDF Dataset Canonicalization 1.0 (RDFC-1.0), section 4; the steps named are its steps.
It stands here in full because its work must be counted (7.1, dataset poisoning): the one in
pyoxigraph takes minutes for a list of 1,000 equal texts, and a longer one overflows the stack and
so ends the process. They agree but on a few datasets (12 of 249,158 random ones) in which two blank
nodes are related in two graphs, or a quad names one of them twice: what credentials do not make. Of
the former kind a third implementation (pyld) writes what this one does.

Terms are kept as N-Quads writes them, in its canonical form (A): `<iri>`, `"text"`, `_:name`.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256, sha384
from itertools import permutations
from operator import itemgetter
from typing import Final

import pyoxigraph as ox

from .budget import Budget
from .errors import Refusal

SHA_256: Final = "sha256"
SHA_384: Final = "sha384"
# How far a chain of blank nodes that look alike is followed: as deep as documents nest. Python's
# own stack ends at a few hundred.
MAX_DEPTH: Final = 64

# Subject, predicate, object and graph; the default graph is "".
_Terms = tuple[str, str, str, str]
_PLACES: Final = ((0, "s"), (2, "o"), (3, "g"))
_HASHES: Final = {SHA_256: sha256, SHA_384: sha384}


def canonical_n_quads(
    quads: Iterable[ox.Quad], hash_name: str = SHA_256, budget: Budget | None = None
) -> bytes:
    """The canonical form of a dataset: N-Quads in code point order, blank nodes named (4.4).

    `budget` is a whole one unless given. Raises `Refusal` at `format` with `too_large` when naming
    them would take too much work.
    """
    budget = budget or Budget()
    dataset = _dataset(quads, budget)
    names = _Canonicaliser(dataset, hash_name, budget).names()
    lines = (_line([names.get(term, term) for term in terms]) for terms in dataset)
    return "".join(sorted(lines)).encode("utf-8")


def canonical_names(quads: Iterable[ox.Quad], hash_name: str = SHA_256) -> dict[str, str]:
    """Each blank node of a dataset -> its canonical name, both as `_:name`; raises the same."""
    budget = Budget()
    return _Canonicaliser(_dataset(quads, budget), hash_name, budget).names()


@dataclass
class _Issuer:
    """Identifiers in the order in which they are asked for (4.5)."""

    prefix: str
    names: dict[str, str] = field(default_factory=dict)

    def issue(self, node: str) -> str:
        return self.names.setdefault(node, f"{self.prefix}{len(self.names)}")


class _Canonicaliser:
    """The canonicalization state (4.3), and the work that may still be done."""

    def __init__(self, dataset: Sequence[_Terms], hash_name: str, budget: Budget) -> None:
        self._digest = _HASHES[hash_name]
        self._canonical = _Issuer("_:c14n")
        self._budget = budget
        self._around: defaultdict[str, list[_Terms]] = defaultdict(list)
        for terms in dataset:
            for node in {terms[place] for place, _ in _PLACES if _is_blank(terms[place])}:
                self._around[node].append(terms)
        self._first = {node: self._first_degree(node) for node in self._around}

    def names(self) -> dict[str, str]:
        """Steps 3 to 5 of 4.4.3; nodes that look like no other need nothing more."""
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for node, digest in self._first.items():
            alike[digest].append(node)
        groups = [nodes for _, nodes in sorted(alike.items())]
        for nodes in groups:
            if len(nodes) == 1:
                self._canonical.issue(nodes[0])
        for nodes in groups:
            if len(nodes) > 1:
                self._name_alike(nodes)
        return self._canonical.names

    def _name_alike(self, nodes: Sequence[str]) -> None:
        results = []
        for node in nodes:
            if node not in self._canonical.names:
                issuer = _Issuer("_:b")
                issuer.issue(node)
                results.append(self._n_degree(node, issuer, MAX_DEPTH))
        for _, issuer in sorted(results, key=itemgetter(0)):
            for node in issuer.names:
                self._canonical.issue(node)

    def _first_degree(self, node: str) -> str:
        """Hash First Degree Quads (4.6): the quads around `node`, other blank nodes unnamed."""
        shown = (
            _line([("_:a" if t == node else "_:z") if _is_blank(t) else t for t in terms])
            for terms in self._around[node]
        )
        return self._hash("".join(sorted(shown)))

    def _n_degree(self, node: str, issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """Hash N-Degree Quads (4.8): the digest of `node`, and the names that it was made with."""
        if not depth:
            raise Refusal("format", "too_large", "too many objects alike below one another")
        related = self._related(node, issuer)
        data: list[str] = []
        for digest in sorted(related):
            path, issuer = self._best_path(related[digest], issuer, depth)
            data += (digest, path)
        return self._hash("".join(data)), issuer

    def _related(self, node: str, issuer: _Issuer) -> dict[str, list[str]]:
        """The other blank nodes of the quads around `node`, by Hash Related Blank Node (4.7)."""
        self._budget.spend_work(len(self._around[node]))
        related: defaultdict[str, list[str]] = defaultdict(list)
        for terms in self._around[node]:
            for place, position in _PLACES:
                other = terms[place]
                if other != node and _is_blank(other):
                    predicate = "" if position == "g" else terms[1]
                    known = self._canonical.names.get(other) or issuer.names.get(other)
                    digest = self._hash(position + predicate + (known or self._first[other]))
                    related[digest].append(other)
        return related

    def _best_path(self, nodes: Sequence[str], issuer: _Issuer, depth: int) -> tuple[str, _Issuer]:
        """Step 5.4: of all orders of `nodes` the one whose path comes first."""
        best, chosen = "", issuer
        for order in permutations(nodes):
            copy = issuer
            if len(nodes) > 1:
                self._budget.spend_work(len(nodes) + len(issuer.names))
                copy = _Issuer(issuer.prefix, dict(issuer.names))
            path, copy = self._path(order, copy, best, depth)
            if path and (not best or path < best):
                best, chosen = path, copy
        return best, chosen

    def _path(
        self, order: Sequence[str], issuer: _Issuer, best: str, depth: int
    ) -> tuple[str, _Issuer]:
        """Steps 5.4.2 to 5.4.5; the empty path where `best` cannot be bettered."""
        path, fresh = "", []
        for node in order:
            name = self._canonical.names.get(node)
            if name is None:
                if node not in issuer.names:
                    fresh.append(node)
                name = issuer.issue(node)
            path += name
            if _is_worse(path, best):
                return "", issuer
        for node in fresh:
            digest, found = self._n_degree(node, issuer, depth - 1)
            path += f"{issuer.issue(node)}<{digest}>"
            issuer = found
            if _is_worse(path, best):
                return "", issuer
        return path, issuer

    def _hash(self, text: str) -> str:
        return self._digest(text.encode("utf-8")).hexdigest()


def _dataset(quads: Iterable[ox.Quad], budget: Budget) -> list[_Terms]:
    """The quads without repetitions, in their order."""
    dataset: dict[_Terms, None] = {}
    try:
        for quad in quads:
            budget.spend_quads(1)
            dataset[_terms(quad)] = None
    except MemoryError as error:
        # What is parsed while it is read here: a line beyond the parser's limit of 16 MiB.
        raise Refusal("format", "too_large", f"too long to be read as RDF: {error}") from error
    return list(dataset)


def _terms(quad: ox.Quad) -> _Terms:
    graph = "" if isinstance(quad.graph_name, ox.DefaultGraph) else str(quad.graph_name)
    return str(quad.subject), str(quad.predicate), str(quad.object), graph


def _line(terms: Sequence[str]) -> str:
    return " ".join(filter(None, terms)) + " .\n"


def _is_blank(term: str) -> bool:
    return term.startswith("_:")


def _is_worse(path: str, best: str) -> bool:
    return bool(best) and len(path) >= len(best) and path > best
