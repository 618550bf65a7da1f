"""`merkle.json`: RFC 9162 trees and inclusion paths."""

from collections.abc import Sequence
from hashlib import sha256

from registry.core import merkle
from registry.core.errors import Refusal

from .writing import Case, File, attack, case, file_of, hexed, hexes

DESCRIPTION = (
    "Inclusion paths of RFC 9162 trees over SHA-256 (docs/spec/anchor-proof.md, 4 and 6). Leaf i "
    "of a tree is H(0x00 || leafData), leafData being i in 8 bytes, big-endian; where leafData is "
    "not given, the path is made up and root is what it leads to. root is the tree's; `nodes` are "
    "the hashes on the way from the leaf upward, the last is what the path leads to. A case with "
    "`code` must be refused before anything is hashed; one with `expected`, which is always "
    "`another root`, leads to computedRoot, which is not root: it must not be taken for included. "
    "Chains keep the size, so that what holds for another size (look_alike_...) is refuted there."
)
SMALL = range(1, 18)
LARGE = (255, 256, 257, 1000)


def make() -> File:
    return file_of(DESCRIPTION, [*_whole_trees(), *_large_trees(), *_made_up(), *_attacks()])


def _data(index: int) -> bytes:
    return index.to_bytes(8, "big")


def _leaves(size: int) -> list[bytes]:
    return [merkle.leaf_hash(_data(index)) for index in range(size)]


def _included(name: str, desc: str, size: int, index: int) -> Case:
    leaves = _leaves(size)
    tree = merkle.levels(leaves)
    path = merkle.path(tree, index)
    made = _path_case(name, desc, tree[-1][0], (leaves[index], size, index, path))
    return {**made, "leafData": hexed(_data(index))}


def _path_case(
    name: str, desc: str, root: bytes, claimed: tuple[bytes, int, int, Sequence[bytes]]
) -> Case:
    """A case with what comes out: the root, another root, or a refusal."""
    leaf, size, index, path = claimed
    given = {
        "size": size,
        "index": index,
        "leaf": hexed(leaf),
        "path": hexes(path),
        "root": hexed(root),
    }
    try:
        found = merkle.root_from_path(leaf, size, index, path)
    except Refusal as refusal:
        return attack(name, desc, **given, code=f"{refusal.step}.{refusal.code}")
    nodes = hexes(_nodes(leaf, size, index, path))
    if found != root:
        told = {"computedRoot": hexed(found), "expected": "another root"}
        return attack(name, desc, **given, nodes=nodes, **told)
    return case(name, desc, **given, nodes=nodes)


def _nodes(leaf: bytes, size: int, index: int, path: Sequence[bytes]) -> list[bytes]:
    """The hashes from the leaf to the root, by the steps of the specification."""
    nodes, rest, last = [leaf], list(path), size - 1
    while last:
        if index ^ 1 <= last:
            pair = (rest.pop(0), nodes[-1]) if index & 1 else (nodes[-1], rest.pop(0))
            nodes.append(sha256(b"\x01" + b"".join(pair)).digest())
        index, last = index >> 1, last >> 1
    return nodes


def _whole_trees() -> list[Case]:
    return [
        _included(f"leaf_{index}_of_{size}", f"leaf {index} of a tree of {size}", size, index)
        for size in SMALL
        for index in range(size)
    ]


def _large_trees() -> list[Case]:
    return [
        _included(f"leaf_{index}_of_{size}", f"leaf {index} of a tree of {size}", size, index)
        for size in LARGE
        for index in (0, 1, size // 2, size - 2, size - 1)
    ]


def _made_up() -> list[Case]:
    """Paths of trees too large to build: every hash of a path is as good as another."""
    cases = []
    for size in (1 << 20, (1 << 20) + 1, merkle.MAX_TREE_SIZE):
        for index in (0, size // 2, size - 1):
            path = [
                sha256(b"sibling %d" % height).digest()
                for height in range(merkle.path_length(size, index))
            ]
            leaf = merkle.leaf_hash(_data(index))
            root = merkle.root_from_path(leaf, size, index, path)
            name = f"leaf_{index}_of_{size}_made_up"
            desc = f"a path of {len(path)} made-up hashes"
            cases.append(_path_case(name, desc, root, (leaf, size, index, path)))
    return cases


def _attacks() -> list[Case]:
    leaves = _leaves(8)
    tree = merkle.levels(leaves)
    root, path, leaf = tree[-1][0], list(merkle.path(tree, 3)), leaves[3]
    of_three = merkle.levels(leaves[:3])
    tried: dict[str, tuple[str, tuple[bytes, int, int, Sequence[bytes]]]] = {
        "wrong_index": ("the path of leaf 3 for leaf 4", (leaf, 8, 4, path)),
        "index_of_the_sibling": ("the path of leaf 3 for leaf 2", (leaf, 8, 2, path)),
        "index_is_the_size": ("leaf 8 of 8", (leaf, 8, 8, path)),
        "empty_tree": ("leaf 0 of a tree without leaves", (leaf, 0, 0, [])),
        "size_beyond_32_bits": ("2^32 leaves", (leaf, 1 << 32, 0, [leaf] * 32)),
        "size_too_small": ("leaf 3 of 4: a path one shorter", (leaf, 4, 3, path)),
        "size_too_large": ("leaf 3 of 9: a path one longer", (leaf, 9, 3, path)),
        "another_leaf": ("leaf 2 with the path of leaf 3", (leaves[2], 8, 3, path)),
        "leaf_hashed_again": ("the hash of the leaf", (sha256(leaf).digest(), 8, 3, path)),
        "data_without_prefix": (
            "the leaf without its prefix 0x00",
            (sha256(_data(3)).digest(), 8, 3, path),
        ),
        "siblings_swapped": ("two hashes exchanged", (leaf, 8, 3, [path[1], path[0], path[2]])),
        "path_reversed": ("from the root downward", (leaf, 8, 3, path[::-1])),
        "path_cut_short": ("without its last hash", (leaf, 8, 3, path[:-1])),
        "path_without_its_first": ("without its first hash", (leaf, 8, 3, path[1:])),
        "path_empty": ("no hash at all", (leaf, 8, 3, [])),
        "path_extended": ("a zero hash behind", (leaf, 8, 3, [*path, bytes(32)])),
        "path_extended_by_the_root": ("the root behind", (leaf, 8, 3, [*path, root])),
        "path_of_33": ("longer than any tree", (leaf, 8, 3, [leaf] * 33)),
        "one_bit_changed": (
            "the first hash with one bit changed",
            (leaf, 8, 3, [bytes([path[0][0] ^ 1]) + path[0][1:], *path[1:]]),
        ),
        "inner_node_as_leaf": (
            "the node over leaves 2 and 3 as a leaf, with the rest of the path",
            (tree[1][1], 8, 3, path[1:]),
        ),
        "root_as_leaf": ("the root as the leaf of its own tree", (root, 8, 0, [])),
    }
    cases = [_path_case(name, desc, root, claimed) for name, (desc, claimed) in tried.items()]
    cases.append(
        _path_case(
            "last_leaf_doubled",
            "an odd last leaf paired with itself, as other trees do",
            of_three[-1][0],
            (leaves[2], 3, 2, [leaves[2], of_three[1][0]]),
        )
    )
    return [*cases, *_look_alikes(tree, path)]


def _look_alikes(tree: list[merkle.Level], path: list[bytes]) -> list[Case]:
    many = merkle.levels(_leaves(10_000))
    last = many[0][9_999]
    return [
        _path_case(
            "look_alike_size",
            "the inner node over leaves 2 and 3 of 8, as leaf 1 of 4: no known data has that hash",
            tree[-1][0],
            (tree[1][1], 4, 1, path[1:]),
        ),
        _path_case(
            "look_alike_position",
            "leaf 9999 of 10000 passes for leaf 255 of 256: the size on chain refutes it",
            many[-1][0],
            (last, 256, 255, merkle.path(many, 9_999)),
        ),
    ]
