"""Merkle-Patricia proofs against a naive trie, another library's, and every way to spoil them."""

import inspect
import sys

import pytest
from eth_hash.auto import keccak
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.core.errors import Refusal
from registry.core.ethereum import MAX_RLP_NESTING, decode_rlp, encode_rlp
from registry.core.trie import (
    EMPTY_NODE,
    EMPTY_ROOT,
    MAX_NODE_BYTES,
    MAX_PROOF_NODES,
    trie_root,
    trie_value,
)

from . import naive_trie
from .naive_trie import Item, compact, naive_proof, naive_root, write_rlp

# Few distinct bytes: paths that share much give extensions, short values give inlined nodes.
SHORT_KEYS = st.binary(max_size=4).map(lambda key: bytes(byte & 0x31 for byte in key))
HASHED_KEYS = st.integers(0, 200).map(lambda number: keccak(bytes([number])))
VALUES = st.binary(min_size=1, max_size=40)
TRIES = st.one_of(
    st.dictionaries(SHORT_KEYS, VALUES, max_size=24),
    st.dictionaries(HASHED_KEYS, VALUES, max_size=24),
)
KEYS = st.one_of(SHORT_KEYS, HASHED_KEYS)


def refusal(root: bytes, key: bytes, proof: list[bytes]) -> str:
    with pytest.raises(Refusal) as caught:
        trie_value(root, key, proof)
    assert (caught.value.step, caught.value.code) == ("anchor", "bad_state_proof")
    return caught.value.detail


def refusal_of_root_node(node: Item | bytes, key: bytes = b"\x12") -> str:
    """What is said of a trie whose root is `node`: its hash is right, so only its form is wrong."""
    encoded = node if isinstance(node, bytes) else write_rlp(node)
    return refusal(keccak(encoded), key, [encoded])


def branch(*children: tuple[int, Item], value: bytes = b"") -> list[Item]:
    node: list[Item] = [*[b""] * 16, value]
    for place, child in children:
        node[place] = child
    return node


@settings(max_examples=300, deadline=None)
@given(TRIES, st.lists(KEYS, max_size=8))
def test_every_key_is_proved_present_or_absent_in_tries_made_at_random(
    entries: dict[bytes, bytes], others: list[bytes]
) -> None:
    root = naive_root(entries)
    assert trie_root(entries) == root
    for key in [*entries, *others]:
        assert trie_value(root, key, naive_proof(entries, key)) == entries.get(key)


@settings(max_examples=60, deadline=None)
@given(TRIES, st.lists(KEYS, max_size=4))
def test_another_library_builds_the_same_tries_and_proofs(
    entries: dict[bytes, bytes], others: list[bytes]
) -> None:
    library = pytest.importorskip("trie", reason="py-trie, the oracle, is not installed")
    other = library.HexaryTrie({})
    for key, value in entries.items():
        other[key] = value
    assert trie_root(entries) == other.root_hash
    for key in [*entries, *others]:
        listed = [encode_rlp(node) for node in other.get_proof(key) if entries]
        proof = [node for place, node in enumerate(listed) if place == 0 or len(node) >= 32]
        assert trie_value(other.root_hash, key, proof) == entries.get(key)


@settings(max_examples=150, deadline=None)
@given(TRIES, TRIES, KEYS)
def test_no_proof_of_one_trie_holds_in_another(
    one: dict[bytes, bytes], other: dict[bytes, bytes], key: bytes
) -> None:
    if one != other:
        refusal(naive_root(one), key, [*naive_proof(other, key), b"\x80"])
        if other:
            refusal(naive_root(one), key, naive_proof(other, key))


ENTRIES = {keccak(bytes([number])): bytes([number]) * 33 for number in range(1, 200)}
PRESENT = keccak(b"\x07")
ABSENT = keccak(b"\xff")


@pytest.mark.parametrize("key", [PRESENT, ABSENT], ids=["present", "absent"])
def test_a_proof_with_any_bit_changed_is_refused(key: bytes) -> None:
    root, proof = naive_root(ENTRIES), naive_proof(ENTRIES, key)
    assert trie_value(root, key, proof) == ENTRIES.get(key)
    for place, node in enumerate(proof):
        for bit in range(8 * len(node)):
            changed = bytearray(node)
            changed[bit // 8] ^= 1 << bit % 8
            refusal(root, key, [*proof[:place], bytes(changed), *proof[place + 1 :]])


@pytest.mark.parametrize("key", [PRESENT, ABSENT], ids=["present", "absent"])
def test_nodes_missing_added_doubled_moved_or_cut_are_refused(key: bytes) -> None:
    root, proof = naive_root(ENTRIES), naive_proof(ENTRIES, key)
    assert len(proof) >= 2
    refusal(root, key, [])
    refusal(root, key, proof[::-1])
    for place, node in enumerate(proof):
        before, after = proof[:place], proof[place + 1 :]
        refusal(root, key, before + after)
        refusal(root, key, [*before, node, node, *after])
        refusal(root, key, [*before, node, EMPTY_NODE, *after])
        refusal(root, key, [*before, node[:-1], *after])
        refusal(root, key, [*before, node + b"\0", *after])
        refusal(root, key, [*before, b"", *after])


def test_a_node_that_stands_inside_its_parent_is_not_listed_again() -> None:
    entries = {b"\x12\x34": b"a", b"\x12\x35": b"b"}
    root, proof = naive_root(entries), naive_proof(entries, b"\x12\x34")
    assert len(proof) == 1
    assert trie_value(root, b"\x12\x34", proof) == b"a"
    inner = write_rlp([compact("", is_leaf=True), b"a"])
    assert "more than the path needs" in refusal(root, b"\x12\x34", [*proof, inner])


def test_another_key_s_proof_proves_nothing() -> None:
    root = naive_root(ENTRIES)
    other = next(key for key in ENTRIES if key[0] >> 4 != PRESENT[0] >> 4)
    refusal(root, PRESENT, naive_proof(ENTRIES, other))


def test_the_empty_trie_has_one_root_and_two_ways_to_say_it() -> None:
    assert EMPTY_ROOT == naive_trie.EMPTY_ROOT == keccak(b"\x80") == trie_root({})
    assert trie_value(EMPTY_ROOT, PRESENT, []) is None
    assert trie_value(EMPTY_ROOT, PRESENT, [b"\x80"]) is None
    refusal(EMPTY_ROOT, PRESENT, [b"\x80", b"\x80"])
    refusal(EMPTY_ROOT, PRESENT, naive_proof(ENTRIES, PRESENT))
    refusal(naive_root(ENTRIES), PRESENT, [b"\x80"])


def test_a_branch_holds_the_value_of_the_key_that_ends_there() -> None:
    entries = {b"": b"root", b"\x12": b"one", b"\x12\x34": b"two"}
    for key in [*entries, b"\x12\x30", b"\x10"]:
        proof = naive_proof(entries, key)
        assert trie_value(naive_root(entries), key, proof) == entries.get(key)


@pytest.mark.parametrize(
    "path",
    [b"", b"\x01", b"\x21", b"\x0f", b"\x41\x12", b"\x80\x12", b"\xf1", b"\x60\x12"],
    ids=bytes.hex,
)
def test_a_path_with_other_flags_or_padding_than_the_appendix_s_is_refused(path: bytes) -> None:
    assert "compact" in refusal_of_root_node([path, b"value"])


def test_nodes_of_a_form_that_no_trie_has_are_refused() -> None:
    leaf: list[Item] = [compact("12", is_leaf=True), b"value"]
    assert "not a list" in refusal_of_root_node(b"\x83abc")
    assert "0 items" in refusal_of_root_node([])
    assert "3 items" in refusal_of_root_node([*leaf, b""])
    assert "16 items" in refusal_of_root_node(branch()[:16])
    assert "18 items" in refusal_of_root_node([*branch(), b""])
    assert "no value" in refusal_of_root_node([leaf[0], b""])
    assert "leaf's value" in refusal_of_root_node([leaf[0], [b"value"]])
    assert "path" in refusal_of_root_node([[b" "], b"value"])
    assert "branch's value" in refusal_of_root_node([*branch()[:16], [b"a"]])
    assert "no path" in refusal_of_root_node([compact("", is_leaf=False), b"h" * 32])
    assert "no child" in refusal_of_root_node([compact("12", is_leaf=False), b""])


@pytest.mark.parametrize("child", [b"h", b"h" * 31, b"h" * 33, [b" ", b"v" * 40]], ids=repr)
def test_a_child_that_is_neither_a_hash_nor_short_is_refused(child: Item) -> None:
    assert "child" in refusal_of_root_node(branch((1, child)))
    assert "child" in refusal_of_root_node(branch((9, child))), "off the path too"
    assert "child" in refusal_of_root_node([compact("12", is_leaf=False), child])
    assert "child" in refusal_of_root_node([compact("99", is_leaf=False), child])


def test_an_inlined_node_has_at_most_31_bytes() -> None:
    for length in range(20, 40):
        leaf: Item = [compact("2", is_leaf=True), b"v" * length]
        root = write_rlp(branch((1, leaf)))
        if len(write_rlp(leaf)) < 32:
            assert trie_value(keccak(root), b"\x12", [root]) == b"v" * length
        else:
            refusal(keccak(root), b"\x12", [root])


def test_a_short_node_behind_a_hash_is_refused() -> None:
    short = write_rlp([compact("2", is_leaf=True), b"v"])
    root = write_rlp(branch((1, keccak(short))))
    assert "inside its parent" in refusal(keccak(root), b"\x12", [root, short])
    long = write_rlp([compact("2", is_leaf=True), b"v" * 29])
    assert len(long) == 32
    root = write_rlp(branch((1, keccak(long))))
    assert trie_value(keccak(root), b"\x12", [root, long]) == b"v" * 29


@pytest.mark.parametrize(
    "node",
    [
        bytes.fromhex("c58220128161"),  # a small byte with a prefix
        bytes.fromhex("f8058220128180"),  # a list in the long form
        bytes.fromhex("c6822012b80161"),  # a string in the long form
        bytes.fromhex("c7822012b9000161"),  # a length with a leading zero
        bytes.fromhex("c38220128180"),  # a list shorter than its items
        bytes.fromhex("c48220126161"),  # a byte left over
        bytes.fromhex("c582201261"),  # cut off
        bytes.fromhex("f9"),  # a length without its bytes
    ],
    ids=bytes.hex,
)
def test_a_node_in_another_spelling_is_refused_though_its_hash_is_right(node: bytes) -> None:
    assert "RLP" in refusal_of_root_node(node)


def test_sizes_are_bounded_before_anything_is_hashed() -> None:
    root, proof = naive_root(ENTRIES), naive_proof(ENTRIES, PRESENT)
    assert "got 65 trie nodes" in refusal(root, PRESENT, proof[:1] * (MAX_PROOF_NODES + 1))
    assert "does not hash" in refusal(root, PRESENT, [proof[0], *proof[:1] * 63])
    longest = write_rlp([*(keccak(bytes([n])) for n in range(16)), b""])
    assert len(longest) == MAX_NODE_BYTES
    assert "is missing" in refusal(keccak(longest), PRESENT, [longest])
    assert "533 bytes" in refusal(keccak(longest), PRESENT, [longest, b"n" * 533])


def test_a_path_of_64_nodes_is_followed_to_its_end() -> None:
    """As deep as a trie of hashed keys can get: 63 branches and a leaf."""
    node = write_rlp([compact("7", is_leaf=True), b"v" * 40])
    proof = [node]
    for _ in range(63):
        node = write_rlp(branch((7, keccak(node)), (1, b"x" * 32)))
        proof.insert(0, node)
    assert trie_value(keccak(node), b"\x77" * 32, proof) == b"v" * 40
    deeper = write_rlp(branch((7, keccak(node)), (1, b"x" * 32)))
    assert "got 65" in refusal(keccak(deeper), b"\x77" * 32, [deeper, *proof])


def nested(depth: int, content: bytes = b"") -> bytes:
    """RLP of a list in a list in a list."""
    for _ in range(depth):
        length = len(content).to_bytes(-(-len(content).bit_length() // 8), "big")
        short = len(content) <= 55
        content = (
            bytes([0xC0 + len(content)]) if short else bytes([0xF7 + len(length)]) + length
        ) + content
    return content


def test_what_nests_deep_is_refused_before_it_is_read_and_however_deep_the_stack_is() -> None:
    """A recursive reader would end by the depth of whoever calls it, and so now and then."""
    deepest = nested(MAX_RLP_NESTING)
    assert encode_rlp(decode_rlp(deepest, "it")) == deepest
    for depth in (MAX_RLP_NESTING + 1, 100, 247, 400, 1000, 5000):
        with pytest.raises(Refusal, match="nested deeper") as caught:
            decode_rlp(nested(depth), "it")
        assert (caught.value.step, caught.value.code) == ("anchor", "bad_state_proof")
    in_front = b"\xc2\x01" + b"\x02"
    for data in (nested(MAX_RLP_NESTING, in_front), nested(20, in_front * 3)):
        with pytest.raises(Refusal, match="nested deeper"):
            decode_rlp(data, "it")
    wide = nested(1, nested(2) * 5000)
    assert encode_rlp(decode_rlp(wide, "it")) == wide


def test_a_node_of_nested_lists_is_refused_at_any_depth_of_the_stack() -> None:
    node = nested(150)

    def called_at(depth: int) -> str:
        return called_at(depth - 1) if depth else refusal(keccak(node), b"\x12", [node])

    here = len(inspect.stack(0))
    for depth in (0, 100, sys.getrecursionlimit() - here - 60):
        assert "nested deeper" in called_at(depth)


@settings(max_examples=500)
@given(st.binary(max_size=80))
@example(b"")
@example(b"\xc1" * 5000 + b"\xc0")
@example(b"\xf9\xff\xff" * 1300)
@example(b"\xbf" + b"\xff" * 8)
@example(b"\xb9\x00")
@example(b"\x81")
def test_any_bytes_are_refused_or_are_the_only_spelling_of_their_item(data: bytes) -> None:
    try:
        item = decode_rlp(data, "it")
    except Refusal:
        return
    assert encode_rlp(item) == data == write_rlp(item)
