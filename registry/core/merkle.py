"""Merkle trees and inclusion paths of RFC 9162, section 2.1, over SHA-256.

A tree is kept as levels: level 0 is the leaf hashes, each next level pairs the one below, and an
odd last hash moves up unchanged. That is the tree of RFC 9162 (its left subtree is the largest
power of two), and a path is one sibling from each level that has one.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Final

from .errors import InvalidArgument, Refusal

LEAF_PREFIX: Final = b"\x00"
NODE_PREFIX: Final = b"\x01"
HASH_BYTES: Final = 32
# The contract keeps the size in 32 bits.
MAX_TREE_SIZE: Final = (1 << 32) - 1
MAX_PATH_LENGTH: Final = 32
# As tlog-tiles: a tile is 2^8 hashes, so a path in 16 million leaves is read from three tiles.
TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT

Level = Sequence[bytes]


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data), RFC 9162, 2.1.1."""
    return sha256(LEAF_PREFIX + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), RFC 9162, 2.1.1."""
    return sha256(NODE_PREFIX + left + right).digest()


def levels(leaves: Level) -> list[Level]:
    """All levels of the tree over `leaves` (leaf hashes), the root's last.

    Raises `InvalidArgument` when there is no leaf or more than 2^32 - 1.
    """
    if not 0 < len(leaves) <= MAX_TREE_SIZE:
        raise InvalidArgument(f"got {len(leaves)} leaves, want 1 to {MAX_TREE_SIZE}")
    result: list[Level] = [leaves]
    while len(result[-1]) > 1:
        result.append(_parents(result[-1]))
    return result


def root(leaves: Level) -> bytes:
    """The Merkle tree hash of `leaves` (leaf hashes), 32 bytes."""
    return levels(leaves)[-1][0]


def path(tree: Sequence[Level], index: int) -> tuple[bytes, ...]:
    """The inclusion path of leaf `index`, from the leaf's sibling upward (RFC 9162, 2.1.3.1)."""
    return tuple(tree[height][sibling] for height, sibling in _siblings(len(tree[0]), index))


def path_length(size: int, index: int) -> int:
    """How many hashes the inclusion path of leaf `index` in a tree of `size` leaves has.

    Below the height where `index` and the last leaf part, every level has a sibling; above it,
    only those where the index is a right child.
    """
    _check_position(size, index)
    inner = (index ^ (size - 1)).bit_length()
    return inner + (index >> inner).bit_count()


def root_from_path(leaf: bytes, size: int, index: int, hashes: Sequence[bytes]) -> bytes:
    """The root that `leaf` at `index` and its inclusion path lead to (RFC 9162, 2.1.3.2).

    The path's length is checked before anything is hashed: for a given size and index exactly
    one length is right. Raises `Refusal` at `inclusion` with `malformed`.
    """
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise Refusal("inclusion", "malformed", f"index {index} is not in a tree of {size}")
    want = path_length(size, index)
    if len(hashes) != want:
        raise Refusal("inclusion", "malformed", f"got {len(hashes)} path hashes, want {want}")
    if any(len(item) != HASH_BYTES for item in (leaf, *hashes)):
        raise Refusal("inclusion", "malformed", f"a hash is not {HASH_BYTES} bytes")
    result = leaf
    for (height, sibling), item in zip(_siblings(size, index), hashes, strict=True):
        result = node_hash(item, result) if sibling < index >> height else node_hash(result, item)
    return result


def tiles(tree: Sequence[Level]) -> Iterator[tuple[int, int, bytes]]:
    """The tree as (tile level, number, hashes): level t holds tree level 8t, 256 hashes a tile.

    The last hash of a level may stand for an incomplete subtree: a batch never grows.
    """
    for tile_level, level in enumerate(tree[::TILE_HEIGHT]):
        for start in range(0, len(level), TILE_WIDTH):
            yield tile_level, start // TILE_WIDTH, b"".join(level[start : start + TILE_WIDTH])


def path_from_tiles(
    size: int, index: int, read_tile: Callable[[int, int], bytes]
) -> tuple[bytes, ...]:
    """The inclusion path of leaf `index`, reading one tile for every eight levels.

    `read_tile(tile level, number)` gives a tile of `tiles`, its hashes joined.
    """
    result = []
    cached: dict[tuple[int, int], list[Level]] = {}
    for height, sibling in _siblings(size, index):
        tile_level, above = divmod(height, TILE_HEIGHT)
        number, place = divmod(sibling, TILE_WIDTH >> above)
        if (tile_level, number) not in cached:
            cached[tile_level, number] = levels(_split(read_tile(tile_level, number)))
        # Even where a tile at the right edge closes early: a sibling lies below the tile's root.
        result.append(cached[tile_level, number][above][place])
    return tuple(result)


def _parents(level: Level) -> list[bytes]:
    even = len(level) & ~1
    pairs = zip(level[0:even:2], level[1:even:2], strict=True)
    result = [sha256(NODE_PREFIX + left + right).digest() for left, right in pairs]
    result.extend(level[even:])
    return result


def _siblings(size: int, index: int) -> Iterator[tuple[int, int]]:
    """(height, position) of every sibling on the way up from `index`."""
    _check_position(size, index)
    height, last = 0, size - 1
    while last:
        sibling = index ^ 1
        if sibling <= last:
            yield height, sibling
        height, index, last = height + 1, index >> 1, last >> 1


def _check_position(size: int, index: int) -> None:
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise InvalidArgument(f"index {index} is not in a tree of {size} leaves")


def _split(tile: bytes) -> list[bytes]:
    return [tile[i : i + HASH_BYTES] for i in range(0, len(tile), HASH_BYTES)]
