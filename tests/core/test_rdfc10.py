"""RDFC-1.0: the whole suite of the W3C, another implementation, and poison of every kind."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, permutations
from typing import Any

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.budget import MAX_QUADS
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.rdfc10 import (
    MAX_DEPTH,
    SHA_256,
    SHA_384,
    canonical_n_quads,
    canonical_names,
)

from .public_vectors import VECTORS, needs_vectors, read_json

FOLDER = VECTORS / "rdf-canon" / "tests"
HASHES = {"SHA384": SHA_384, "SHA256": SHA_256}
P, Q = ox.NamedNode("urn:p"), ox.NamedNode("urn:q")
# The longest that anything, refused or not, may take here: the machine may be busy with more.
SECONDS = 4.0


def entries(kind: str) -> list[JsonObject]:
    manifest = FOLDER / "manifest.jsonld"
    found: Iterable[Any] = read_json(manifest)["entries"] if manifest.is_file() else ()
    return [entry for entry in found if entry["type"] == f"rdfc:RDFC10{kind}Test"]


def named(entry: JsonObject) -> str:
    return str(entry["id"])


def read(entry: JsonObject) -> tuple[list[ox.Quad], str]:
    quads = ox.parse((FOLDER / entry["action"]).read_bytes(), format=ox.RdfFormat.N_QUADS)
    return list(quads), HASHES[entry.get("hashAlgorithm", "SHA256")]


@needs_vectors
def test_the_suite_has_86_cases_and_each_is_run_here() -> None:
    kinds = {kind: len(entries(kind)) for kind in ("Eval", "Map", "NegativeEval")}
    assert kinds == {"Eval": 64, "Map": 21, "NegativeEval": 1}
    assert len(read_json(FOLDER / "manifest.jsonld")["entries"]) == 86


@needs_vectors
@pytest.mark.parametrize("entry", entries("Eval"), ids=named)
def test_n_quads_are_those_of_the_suite(entry: JsonObject) -> None:
    quads, hash_name = read(entry)
    assert canonical_n_quads(quads, hash_name) == (FOLDER / entry["result"]).read_bytes()


@needs_vectors
@pytest.mark.parametrize("entry", entries("Map"), ids=named)
def test_names_are_those_of_the_suite(entry: JsonObject) -> None:
    quads, hash_name = read(entry)
    names = canonical_names(quads, hash_name)
    assert {old[2:]: new[2:] for old, new in names.items()} == read_json(FOLDER / entry["result"])


@needs_vectors
@pytest.mark.parametrize("entry", entries("NegativeEval"), ids=named)
def test_the_suite_s_poison_is_refused(entry: JsonObject) -> None:
    assert_refused_in_time(lambda: read(entry)[0])


NODES = st.integers(0, 4).map(lambda n: ox.BlankNode(f"n{n}"))
THINGS = NODES | st.sampled_from([ox.NamedNode("urn:a"), ox.Literal("a"), ox.Literal("é\n\u007f")])
GRAPHS = NODES | st.sampled_from([ox.DefaultGraph(), ox.NamedNode("urn:g")])
DATASETS = st.lists(
    st.builds(
        ox.Quad, NODES | st.just(ox.NamedNode("urn:a")), st.sampled_from([P, Q]), THINGS, GRAPHS
    ),
    max_size=12,
)


@given(DATASETS, st.sampled_from([SHA_256, SHA_384]))
def test_another_implementation_writes_the_same(quads: list[ox.Quad], hash_name: str) -> None:
    algorithm = ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_384
    if hash_name == SHA_256:
        algorithm = ox.CanonicalizationAlgorithm.RDFC_1_0_SHA_256
    dataset = ox.Dataset(quads)
    dataset.canonicalize(algorithm)
    lines = (ox.serialize(dataset, format=ox.RdfFormat.N_QUADS) or b"").splitlines(keepends=True)
    assert canonical_n_quads(quads, hash_name) == b"".join(sorted(lines))


@given(DATASETS, st.permutations(range(5)), st.randoms())
def test_neither_order_nor_names_nor_repetitions_matter(
    quads: list[ox.Quad], places: Sequence[int], random: Any
) -> None:
    def moved(term: Any) -> Any:
        if isinstance(term, ox.BlankNode):
            return ox.BlankNode(f"m{places[int(term.value[1:])]}")
        return term

    again = [
        ox.Quad(moved(q.subject), q.predicate, moved(q.object), moved(q.graph_name)) for q in quads
    ]
    again += again[:3]
    random.shuffle(again)
    assert canonical_n_quads(again) == canonical_n_quads(quads)


def test_a_line_longer_than_the_parser_takes_is_too_large_and_crashes_nobody() -> None:
    line = b'<urn:a> <urn:b> "%b" .\n' % (b"n" * (1 << 24))
    with pytest.raises(Refusal) as caught:
        canonical_n_quads(ox.parse(line, format=ox.RdfFormat.N_QUADS), SHA_384)
    assert (caught.value.step, caught.value.code) == ("format", "too_large")


def test_every_character_is_written_as_canonical_n_quads_write_it() -> None:
    """N-Quads in canonical form (RDFC-1.0, A): seven short escapes, \\u for other controls.

    U+FFFE and U+FFFF, which pyoxigraph escapes as RDF 1.2 will have it, never pass the door.
    """
    characters = "".join(
        map(chr, [*range(0xD800), *range(0xE000, 0xFFFE), *range(1 << 16, 0x110000)])
    )
    escapes = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
    escapes |= {'"': '\\"', "\\": "\\\\"}
    controls = [chr(code) for code in [*range(0x20), 0x7F]]
    escapes |= {c: f"\\u{ord(c):04X}" for c in controls if c not in escapes}
    expected = "".join(escapes.get(c, c) for c in characters)
    quad = ox.Quad(ox.NamedNode("urn:a"), P, ox.Literal(characters))
    assert canonical_n_quads([quad]) == f'<urn:a> <urn:p> "{expected}" .\n'.encode()


# Poison: every kind is refused or done, and soon


def node(*place: object) -> ox.BlankNode:
    return ox.BlankNode("x" + "x".join(map(str, place)))


def edges(pairs: Iterable[tuple[Any, Any]]) -> list[ox.Quad]:
    return [ox.Quad(node(a), P, node(b)) for a, b in pairs]


def both_ways(pairs: Iterable[tuple[Any, Any]]) -> list[ox.Quad]:
    found = list(pairs)
    return edges(found) + edges((b, a) for a, b in found)


def clique(count: int, name: object = "") -> list[ox.Quad]:
    return edges((f"{name}x{a}", f"{name}x{b}") for a, b in permutations(range(count), 2))


def bipartite(left: int, right: int) -> list[ox.Quad]:
    return edges((f"l{a}", f"r{b}") for a in range(left) for b in range(right))


def tree(width: int, depth: int, name: str = "t") -> list[ox.Quad]:
    children = [f"{name}x{n}" for n in range(width)] if depth else []
    below = [quad for child in children for quad in tree(width, depth - 1, child)]
    return edges((name, child) for child in children) + below


def petersen() -> list[ox.Quad]:
    outer = [(f"o{n}", f"o{(n + 1) % 5}") for n in range(5)]
    inner = [(f"i{n}", f"i{(n + 2) % 5}") for n in range(5)]
    return both_ways(outer + inner + [(f"o{n}", f"i{n}") for n in range(5)])


def hypercube(dimensions: int) -> list[ox.Quad]:
    size = range(1 << dimensions)
    return both_ways(
        (n, n ^ 1 << bit) for n in size for bit in range(dimensions) if not n >> bit & 1
    )


def rook(size: int) -> list[ox.Quad]:
    """Strongly regular: fields of a chess board that a rook moves between."""
    fields = [(row, column) for row in range(size) for column in range(size)]
    pairs = [(a, b) for a, b in combinations(fields, 2) if (a[0] == b[0]) != (a[1] == b[1])]
    return both_ways((f"{a[0]}x{a[1]}", f"{b[0]}x{b[1]}") for a, b in pairs)


def twisted(size: int, *, twist: bool) -> list[ox.Quad]:
    """As Cai, Fürer and Immerman: a cycle of doubled nodes, its links straight or once crossed."""
    pairs = []
    for place in range(size):
        after = (place + 1) % size
        for side in (0, 1):
            other = side ^ (twist and after == 0)
            pairs += [(f"{place}x{side}", f"{after}x{other}")]
            pairs += [(f"{place}x{side}", f"m{place}")]
    return both_ways(pairs)


def path(length: int) -> list[ox.Quad]:
    return edges((n, n + 1) for n in range(length - 1))


def cycle(length: int) -> list[ox.Quad]:
    return edges((n, (n + 1) % length) for n in range(length))


def graph_names(count: int) -> list[ox.Quad]:
    """Blank graphs that hold each other's names."""
    pairs = permutations(range(count), 2)
    return [ox.Quad(ox.NamedNode("urn:a"), P, node(a), node(b)) for a, b in pairs]


def pairs_of_alike_below_alike(count: int) -> list[ox.Quad]:
    return [quad for n in range(count) for quad in tree(2, 2, f"t{n}")]


POISON: dict[str, Callable[[], list[ox.Quad]]] = {
    "a clique of 8": lambda: clique(8),
    "a clique of 9": lambda: clique(9),
    "a clique of 40": lambda: clique(40),
    "a clique of 300": lambda: clique(300),
    "K(7,7)": lambda: bipartite(7, 7),
    "K(9,9)": lambda: bipartite(9, 9),
    "K(100,100)": lambda: bipartite(100, 100),
    "2,000 cliques of 5": lambda: [q for n in range(2000) for q in clique(5, n)],
    "a tree of 2^8": lambda: tree(2, 8) + tree(2, 8, "u"),
    "a tree of 4^3": lambda: tree(4, 3) + tree(4, 3, "u"),
    "nine below each of two": lambda: tree(9, 1) + tree(9, 1, "u"),
    "5,000 trees of 2^2": lambda: pairs_of_alike_below_alike(5000),
    "a hypercube of 5 dimensions": lambda: hypercube(5),
    "a rook's graph of 5": lambda: rook(5),
    "a twisted double cycle": lambda: twisted(30, twist=True),
    "a straight double cycle": lambda: twisted(30, twist=False),
    "a path of 1,000": lambda: path(1000),
    "a path of 50,000": lambda: path(50_000),
    "a cycle of 200": lambda: cycle(200),
    "a cycle of 50,000": lambda: cycle(50_000),
    "9 graphs of graphs": lambda: graph_names(9),
    "too many quads": lambda: [
        ox.Quad(ox.NamedNode("urn:a"), P, ox.Literal(str(n))) for n in range(MAX_QUADS + 1)
    ],
}


def assert_refused_in_time(make: Callable[[], list[ox.Quad]]) -> None:
    quads = make()
    started = time.process_time()
    with pytest.raises(Refusal) as caught:
        canonical_n_quads(quads)
    assert time.process_time() - started < SECONDS
    assert (caught.value.step, caught.value.code) == ("format", "too_large")


@pytest.mark.parametrize("make", POISON.values(), ids=POISON)
def test_poison_is_refused_in_time(make: Callable[[], list[ox.Quad]]) -> None:
    assert_refused_in_time(make)


def alike(count: int) -> list[ox.Quad]:
    return [ox.Quad(ox.NamedNode("urn:a"), P, node(n)) for n in range(count)]


BEARABLE: dict[str, Callable[[], list[ox.Quad]]] = {
    "nothing": list,
    "30,000 alike below one": lambda: alike(30_000),
    "30,000 with texts of their own": lambda: [
        quad
        for n, link in enumerate(alike(30_000))
        for quad in (link, ox.Quad(node(n), Q, ox.Literal(str(n))))
    ],
    "a path as deep as documents nest": lambda: path(MAX_DEPTH),
    "2,000 pairs below alike": lambda: [q for n in range(2000) for q in tree(2, 1, f"t{n}")],
    "500 trees of 2^2": lambda: pairs_of_alike_below_alike(500),
    "a clique of 5": lambda: clique(5),
    "the Petersen graph": petersen,
    "a hypercube of 3 dimensions": lambda: hypercube(3),
    "the graph of K(4,4)": lambda: bipartite(4, 4),
}


@pytest.mark.parametrize("make", BEARABLE.values(), ids=BEARABLE)
def test_what_is_not_refused_is_done_in_time(make: Callable[[], list[ox.Quad]]) -> None:
    quads = make()
    started = time.process_time()
    lines = canonical_n_quads(quads).splitlines()
    assert time.process_time() - started < SECONDS
    assert len(lines) == len(quads)


def test_names_are_given_out_as_json_can_hold_them() -> None:
    assert json.dumps(canonical_names(path(2))) == '{"_:x1": "_:c14n0", "_:x0": "_:c14n1"}'
