"""Merkle-Patricia tries (yellow paper, appendix D): proofs of presence and absence, and roots.

A proof is the nodes from the root to where the key's path ends, as `eth_getProof` gives them
(EIP-1186). Nodes shorter than 32 bytes stand inside their parents and are not listed.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak

from .ethereum import (
    HASH_BYTES,
    RlpItem,
    as_bytes,
    bad_proof,
    decode_list,
    encode_rlp,
)

EMPTY_NODE: Final = encode_rlp(b"")
EMPTY_ROOT: Final = keccak(EMPTY_NODE)
# A key of 32 bytes has 64 nibbles and each branch takes one: a 65th node would take two keccak
# hashes that agree in 63 nibbles.
MAX_PROOF_NODES: Final = 64
# A branch with sixteen hashes and no value, the longest node of a state or storage trie.
MAX_NODE_BYTES: Final = 532
WIDTH: Final = 16
_BRANCH_ITEMS: Final = WIDTH + 1
_ODD: Final = 1
_LEAF: Final = 2


@dataclass(frozen=True)
class _Step:
    """Where a node leads: on to `reference` with `path` left, or (no reference) to `value`.

    The empty value is absence: a trie holds none.
    """

    reference: RlpItem = b""
    path: bytes = b""
    value: bytes = b""


def trie_value(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """The value of `key` in the trie `root` (32 bytes), or None where it is proved absent.

    Raises `Refusal` at `anchor` with `bad_state_proof` unless every node of `proof` is what the
    one before refers to, and none is left over.
    """
    _check_size(proof)
    if root == EMPTY_ROOT:
        # Some nodes of the network send no node for the empty trie, others its only one.
        if list(proof) not in ([], [EMPTY_NODE]):
            raise bad_proof("the empty trie has a proof of its own")
        return None
    nodes = deque(proof)
    step = _step(_take(nodes, root, "the root node", is_root=True), _nibbles(key))
    while step.reference:
        step = _step(_resolve(step.reference, nodes), step.path)
    if nodes:
        raise bad_proof(f"{len(nodes)} trie node(s) more than the path needs")
    return step.value or None


def trie_root(entries: Mapping[bytes, bytes]) -> bytes:
    """The root of the trie with these keys and (non-empty) values, 32 bytes."""
    if not entries:
        return EMPTY_ROOT
    node = _build(sorted((_nibbles(key), value) for key, value in entries.items()), 0)
    return keccak(encode_rlp(node))


def _check_size(proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF_NODES:
        raise bad_proof(f"got {len(proof)} trie nodes, want at most {MAX_PROOF_NODES}")
    longest = max(map(len, proof), default=0)
    if longest > MAX_NODE_BYTES:
        raise bad_proof(f"a trie node has {longest} bytes, want at most {MAX_NODE_BYTES}")


def _resolve(reference: RlpItem, nodes: deque[bytes]) -> list[RlpItem]:
    if isinstance(reference, list):
        return reference
    return _take(nodes, reference, "a trie node", is_root=False)


def _take(nodes: deque[bytes], digest: bytes, what: str, *, is_root: bool) -> list[RlpItem]:
    """The next node of the proof, which must hash to `digest`."""
    if not nodes:
        raise bad_proof(f"{what} is missing")
    node = nodes.popleft()
    if keccak(node) != digest:
        raise bad_proof(f"{what} does not hash to its reference")
    if len(node) < HASH_BYTES and not is_root:
        raise bad_proof(f"{what} is so short that it belongs inside its parent")
    return decode_list(node, what)


def _step(node: list[RlpItem], path: bytes) -> _Step:
    if len(node) == _BRANCH_ITEMS:
        return _step_in_branch(node, path)
    if len(node) != 2:
        raise bad_proof(f"a trie node has {len(node)} items")
    is_leaf, own = _read_compact(as_bytes(node[0], "a trie node's path"))
    if is_leaf:
        return _step_in_leaf(as_bytes(node[1], "a leaf's value"), matches=own == path)
    return _step_in_extension(own, node[1], path)


def _step_in_branch(node: list[RlpItem], path: bytes) -> _Step:
    for child in node[:WIDTH]:
        _check_reference(child)
    value = as_bytes(node[WIDTH], "a branch's value")
    if not path:
        return _Step(value=value)
    return _Step(reference=node[path[0]], path=path[1:])


def _step_in_leaf(value: bytes, *, matches: bool) -> _Step:
    if not value:
        raise bad_proof("a leaf has no value")
    return _Step(value=value) if matches else _Step()


def _step_in_extension(own: bytes, child: RlpItem, path: bytes) -> _Step:
    _check_reference(child)
    if not own or not child:
        raise bad_proof("an extension has no path, or no child")
    if not path.startswith(own):
        return _Step()
    return _Step(reference=child, path=path[len(own) :])


def _check_reference(child: RlpItem) -> None:
    """A child is nothing, a hash, or a node of less than 32 bytes."""
    if isinstance(child, bytes):
        fits = len(child) in (0, HASH_BYTES)
    else:
        fits = len(encode_rlp(child)) < HASH_BYTES
    if not fits:
        raise bad_proof("a trie node's child is neither a hash nor a short node")


def _nibbles(data: bytes) -> bytes:
    return bytes(nibble for byte in data for nibble in (byte >> 4, byte & 15))


def _read_compact(data: bytes) -> tuple[bool, bytes]:
    """(whether a leaf's, nibbles) of a hex-prefixed path (yellow paper, appendix C)."""
    flags, first, *rest = _nibbles(data) or (WIDTH, 0)
    odd = bool(flags & _ODD)
    if flags > (_ODD | _LEAF) or (first and not odd):
        raise bad_proof("a trie node's path is not compact")
    return bool(flags & _LEAF), bytes([first, *rest] if odd else rest)


def _write_compact(nibbles: bytes, *, is_leaf: bool) -> bytes:
    odd = len(nibbles) % 2
    flags = _LEAF * is_leaf | odd
    padded = bytes([flags, *nibbles] if odd else [flags, 0, *nibbles])
    pairs = zip(padded[::2], padded[1::2], strict=True)
    return bytes(high << 4 | low for high, low in pairs)


def _build(entries: Sequence[tuple[bytes, bytes]], depth: int) -> list[RlpItem]:
    """The node over sorted (path, value) pairs whose paths agree in their first `depth` nibbles."""
    first, value = entries[0]
    if len(entries) == 1:
        return [_write_compact(first[depth:], is_leaf=True), value]
    shared = _shared(first[depth:], entries[-1][0][depth:])
    if shared:
        below = _refer(_build(entries, depth + shared))
        return [_write_compact(first[depth : depth + shared], is_leaf=False), below]
    ends_here = len(first) == depth
    children = _children(entries[1:] if ends_here else entries, depth)
    return [*children, value if ends_here else b""]


def _children(entries: Iterable[tuple[bytes, bytes]], depth: int) -> list[RlpItem]:
    groups: list[list[tuple[bytes, bytes]]] = [[] for _ in range(WIDTH)]
    for path, value in entries:
        groups[path[depth]].append((path, value))
    return [_refer(_build(group, depth + 1)) if group else b"" for group in groups]


def _refer(node: list[RlpItem]) -> RlpItem:
    encoded = encode_rlp(node)
    return node if len(encoded) < HASH_BYTES else keccak(encoded)


def _shared(low: bytes, high: bytes) -> int:
    """How many nibbles the smallest and the largest of sorted paths share, and so all between."""
    length = 0
    while length < min(len(low), len(high)) and low[length] == high[length]:
        length += 1
    return length
