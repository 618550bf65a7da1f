"""RFC 9162 trees against the RFC's own recursion, public vectors and another library."""

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from blockcerts_merkletools import MerkleTools  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core import merkle
from registry.core.errors import InvalidArgument, Refusal

from .public_vectors import needs_vectors, read_json, vector_files


def leaves_of(size: int) -> list[bytes]:
    return [merkle.leaf_hash(place.to_bytes(8, "big")) for place in range(size)]


def split(size: int) -> int:
    """RFC 9162, 2.1.1: the largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def naive_root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(leaves: list[bytes], index: int) -> list[bytes]:
    """RFC 9162, 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*naive_path(leaves[:k], index), naive_root(leaves[k:])]
    return [*naive_path(leaves[k:], index - k), naive_root(leaves[:k])]


def test_leaf_and_node_hashes_have_their_prefixes() -> None:
    assert merkle.leaf_hash(b"data") == sha256(b"\x00data").digest()
    assert (
        merkle.node_hash(b"l" * 32, b"r" * 32) == sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()
    )


@pytest.mark.parametrize("size", range(1, 131))
def test_root_and_every_path_are_those_of_the_rfcs_recursion(size: int) -> None:
    leaves = leaves_of(size)
    tree = merkle.levels(leaves)
    assert merkle.root(leaves) == naive_root(leaves)
    for index in range(size):
        path = naive_path(leaves, index)
        assert list(merkle.path(tree, index)) == path
        assert merkle.path_length(size, index) == len(path)
        assert merkle.root_from_path(leaves[index], size, index, path) == tree[-1][0]


@settings(max_examples=15, deadline=None)
@given(st.integers(131, 5000), st.data())
def test_larger_trees_too_are_those_of_the_rfcs_recursion(size: int, data: st.DataObject) -> None:
    leaves = leaves_of(size)
    tree = merkle.levels(leaves)
    root = naive_root(leaves)
    assert tree[-1][0] == root
    for index in {0, size - 1, data.draw(st.integers(0, size - 1))}:
        path = naive_path(leaves, index)
        assert list(merkle.path(tree, index)) == path
        assert merkle.root_from_path(leaves[index], size, index, path) == root


@pytest.mark.parametrize("size", [2, 3, 5, 8, 21, 64, 100, 128])
def test_another_library_pairs_the_same_leaves_in_the_same_order(size: int) -> None:
    """It hashes nodes without a prefix, so its tree is compared by shape: where siblings stand.

    Both lift an odd last node unchanged; each of its siblings is looked up as the leaves under it.
    """
    leaves = leaves_of(size)
    other = MerkleTools()
    other.add_leaf([leaf.hex() for leaf in leaves])
    other.make_tree()
    ours, theirs = merkle.levels(leaves), list(reversed(other.levels))
    assert [len(level) for level in ours] == [len(level) for level in theirs]
    for index in range(size):
        siblings = [next(iter(item.items())) for item in other.get_proof(index)]
        positions = []
        place = index
        for level in theirs[:-1]:
            if place ^ 1 < len(level):
                positions.append(("left" if place & 1 else "right", bytes(level[place ^ 1]).hex()))
            place >>= 1
        assert siblings == positions
        assert len(merkle.path(ours, index)) == len(siblings)
        turns = []
        place = index
        for level in ours[:-1]:
            if place ^ 1 < len(level):
                turns.append("left" if place & 1 else "right")
            place >>= 1
        assert [side for side, _ in siblings] == turns


@pytest.mark.parametrize("size", [1, 2, 4, 8, 64, 256])
def test_another_library_finds_our_root_when_it_is_given_our_node_hash(size: int) -> None:
    class Prefixed:
        """hashlib's interface, with the node prefix that the library leaves out."""

        def __init__(self, pair: bytes) -> None:
            self.digest = sha256(b"\x01" + pair).digest

    other = MerkleTools()
    other.hash_function = Prefixed
    leaves = leaves_of(size)
    other.add_leaf([leaf.hex() for leaf in leaves])
    other.make_tree()
    tree = merkle.levels(leaves)
    assert other.get_merkle_root() == tree[-1][0].hex()
    for index in range(size):
        hashes = [next(iter(item.values())) for item in other.get_proof(index)]
        assert hashes == [item.hex() for item in merkle.path(tree, index)]


TILE_EDGES = (1, 2, 255, 256, 257, 511, 512, 513, 1000, 65_535, 65_536, 65_537)


@pytest.mark.parametrize("size", TILE_EDGES)
def test_a_path_read_from_tiles_is_the_path(size: int) -> None:
    tree = merkle.levels(leaves_of(size))
    stored = {(level, number): data for level, number, data in merkle.tiles(tree)}
    edges = {0, 1, 254, 255, 256, 257, 511, 512, 513, 65_535, 65_536, size - 2, size - 1}
    sampled = range(0, size, 1 if size < 1100 else 4999)
    for index in {*sampled, *(edge for edge in edges if 0 <= edge < size)}:
        read: list[tuple[int, int]] = []

        def read_tile(level: int, number: int, into: list[tuple[int, int]] = read) -> bytes:
            into.append((level, number))
            return stored[level, number]

        assert merkle.path_from_tiles(size, index, read_tile) == merkle.path(tree, index)
        assert len(read) == len(set(read)) <= 3


def test_tiles_hold_at_most_256_hashes_each_and_every_leaf_once() -> None:
    leaves = leaves_of(600)
    tiles = list(merkle.tiles(merkle.levels(leaves)))
    assert [(level, number, len(data) // 32) for level, number, data in tiles] == [
        (0, 0, 256),
        (0, 1, 256),
        (0, 2, 88),
        (1, 0, 3),
    ]
    assert b"".join(data for level, _, data in tiles if level == 0) == b"".join(leaves)


def test_a_path_of_the_largest_tree_has_at_most_32_hashes() -> None:
    size = merkle.MAX_TREE_SIZE
    assert merkle.path_length(size, 0) == merkle.MAX_PATH_LENGTH
    assert max(merkle.path_length(size, size - 1 - i) for i in range(1000)) <= 32


def test_the_paths_length_is_checked_before_anything_is_hashed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def never(left: bytes, right: bytes) -> bytes:
        raise AssertionError("hashed")

    leaves = leaves_of(8)
    path = merkle.path(merkle.levels(leaves), 3)
    monkeypatch.setattr(merkle, "node_hash", never)
    with pytest.raises(AssertionError, match="hashed"):
        merkle.root_from_path(leaves[3], 8, 3, path)
    for wrong in (path[:-1], (*path, path[0]), (), path * 1000):
        with pytest.raises(Refusal, match="path hashes"):
            merkle.root_from_path(leaves[3], 8, 3, wrong)


def root_or_nothing(leaf: bytes, size: int, index: int, path: list[bytes]) -> bytes | None:
    try:
        return merkle.root_from_path(leaf, size, index, path)
    except Refusal:
        return None


@given(st.integers(1, 64), st.data())
def test_no_other_index_leaf_or_path_leads_to_the_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    tree = merkle.levels(leaves)
    root, path = tree[-1][0], list(merkle.path(tree, index))
    assert root_or_nothing(leaves[index], size, index, path) == root
    for other in range(-1, size + 2):
        if other != index:
            assert root_or_nothing(leaves[index], size, other, path) != root
    for leaf in (bytes(32), sha256(leaves[index]).digest(), leaves[index][:-1]):
        assert root_or_nothing(leaf, size, index, path) != root
    for extra in (bytes(32), root, leaves[index]):
        assert root_or_nothing(leaves[index], size, index, [*path, extra]) != root
        assert root_or_nothing(leaves[index], size, index, [extra, *path]) != root
    for place, item in enumerate(path):
        flipped = bytes([item[0] ^ 1]) + item[1:]
        for changed in ([flipped], [], [item, item], [item + b"\x00"], [item[:-1]]):
            mutated = [*path[:place], *changed, *path[place + 1 :]]
            assert root_or_nothing(leaves[index], size, index, mutated) != root


def test_a_wrong_size_leads_to_the_root_only_where_the_path_has_the_same_turns() -> None:
    """A path does not bind the size by itself: the chain's record does, and it is compared."""
    for size in range(1, 40):
        leaves = leaves_of(size)
        tree = merkle.levels(leaves)
        for index in range(size):
            path = list(merkle.path(tree, index))
            turns = [sibling < index >> height for height, sibling in siblings(size, index)]
            for other in (n for n in range(1, 80) if n != size):
                found = root_or_nothing(leaves[index], other, index, path)
                same = index < other and turns == [
                    sibling < index >> height for height, sibling in siblings(other, index)
                ]
                assert (found == tree[-1][0]) == same


def siblings(size: int, index: int) -> list[tuple[int, int]]:
    """(height, position) of the siblings on the way up, by the RFC's recursion."""
    if size == 1:
        return []
    k = split(size)
    height = k.bit_length() - 1
    if index < k:
        return [*siblings(k, index), (height, 1)]
    return [
        *((h, position + (k >> h)) for h, position in siblings(size - k, index - k)),
        (height, 0),
    ]


@pytest.mark.parametrize(("size", "index"), [(0, 0), (1, 1), (5, -1), (5, 5), (5, 9), (1 << 32, 0)])
def test_a_position_outside_the_tree_is_refused(size: int, index: int) -> None:
    with pytest.raises(InvalidArgument):
        merkle.path_length(size, index)
    with pytest.raises(Refusal) as caught:
        merkle.root_from_path(bytes(32), size, index, [])
    assert (caught.value.step, caught.value.code) == ("inclusion", "malformed")


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_leaf_or_a_path_hash_that_is_not_32_bytes_is_refused(length: int) -> None:
    for leaf, item in ((bytes(length), bytes(32)), (bytes(32), bytes(length))):
        with pytest.raises(Refusal) as caught:
            merkle.root_from_path(leaf, 2, 0, [item])
        assert (caught.value.step, caught.value.code) == ("inclusion", "malformed")


def test_the_largest_tree_has_roots() -> None:
    assert merkle.MAX_TREE_SIZE == 4_294_967_295
    for index in (0, merkle.MAX_TREE_SIZE - 1):
        length = merkle.path_length(merkle.MAX_TREE_SIZE, index)
        path = [bytes(32)] * length
        assert len(merkle.root_from_path(bytes(32), merkle.MAX_TREE_SIZE, index, path)) == 32


def test_a_tree_too_large_for_the_contract_is_refused_before_it_is_built() -> None:
    with pytest.raises(InvalidArgument):
        merkle.root(range(merkle.MAX_TREE_SIZE + 1))  # type: ignore[arg-type]


def test_a_tree_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        merkle.root([])


def decoded(vector: dict[str, Any]) -> tuple[bytes, list[bytes], bytes]:
    leaf, root = (base64.b64decode(vector[name] or "") for name in ("leafHash", "root"))
    return leaf, [base64.b64decode(item) for item in vector["proof"] or ()], root


INCLUSION = vector_files("merkle-transparency/testdata/inclusion", "**/*.json")


@needs_vectors
@pytest.mark.parametrize(
    "file", INCLUSION, ids=lambda path: f"{path.parent.name}-{path.stem}".replace("@", "at")
)
def test_inclusion_proofs_hold_or_fail_as_the_public_vectors_say(file: Path) -> None:
    vector = read_json(file)
    leaf, path, root = decoded(vector)
    found = root_or_nothing(leaf, vector["treeSize"], vector["leafIdx"], path)
    assert (found != root) == vector["wantErr"]


@needs_vectors
def test_the_public_vectors_hold_good_and_broken_proofs() -> None:
    wanted = [read_json(file)["wantErr"] for file in INCLUSION]
    assert (wanted.count(False), wanted.count(True)) == (6, 92)
