"""Headers, accounts and slots against public vectors, and against a registry on a real chain."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from installations import StillChain

from anchor_service.chain import registry_at
from registry.core.contract import (
    NOTHING,
    REGISTRY,
    Batch,
    Registry,
    StatusWord,
    batch_of_slot,
    slots,
    status_words_answer,
    status_words_call,
)
from registry.core.errors import InvalidArgument, Refusal
from registry.core.evidence import Block, Question
from registry.core.keys import Account
from registry.core.state import (
    MAX_HEADER_BYTES,
    AccountState,
    account_at,
    header_rlp,
    proved_status,
    read_header,
    storage_at,
)
from registry.core.times import MAX_SECONDS
from registry.core.trie import EMPTY_ROOT, trie_root

from .execution_apis import blocks, exchanges, header_of
from .fuzz_targets import proving_answer, run_proved_status
from .naive_trie import Item, naive_proof, naive_root, write_rlp
from .public_vectors import needs_vectors


def refusal(check: Callable[[], object], code: str = "bad_state_proof") -> str:
    with pytest.raises(Refusal) as caught:
        check()
    assert (caught.value.step, caught.value.code) == ("anchor", code)
    return caught.value.detail


def tried(check: Callable[[], Any]) -> Any:
    """What `check` gives, or its refusal."""
    try:
        return check()
    except Refusal as error:
        return error


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def raw_all(texts: list[str]) -> list[bytes]:
    return [raw(text) for text in texts]


def flipped(data: bytes) -> Iterator[bytes]:
    """`data` with each of its bits changed."""
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        yield bytes(changed)


# Headers


@needs_vectors
def test_every_header_of_the_public_chain_hashes_to_what_its_child_names() -> None:
    (_, genesis) = exchanges("eth_getBlockByNumber")["get-genesis"]
    parent = raw(genesis["hash"])
    for number in range(1, len(blocks()) + 1):
        header = read_header(header_of(number))
        assert (header.number, header.parent_hash) == (number, parent)
        parent = header.hash
    (_, newest) = exchanges("eth_getBlockByNumber")["get-latest"]
    assert parent == raw(newest["hash"])


@needs_vectors
def test_the_public_chain_has_headers_of_every_fork_up_to_osaka() -> None:
    counts = Counter(len(header) for header, *_ in blocks())
    assert counts == {15: 26, 16: 12, 17: 3, 20: 3, 21: 10}


@needs_vectors
def test_a_header_built_of_a_node_s_answer_is_the_chain_s() -> None:
    answers = exchanges("eth_getBlockByNumber") | exchanges("eth_getBlockByHash")
    assert len(answers) == 10
    for _, block in answers.values():
        header = read_header(header_rlp(block))
        number = int(block["number"], 16)
        assert header.block == Block(number, raw(block["hash"]), int(block["timestamp"], 16))
        assert header.state_root == raw(block["stateRoot"])
        assert header.receipts_root == raw(block["receiptsRoot"])
        assert header.parent_hash == raw(block["parentHash"])
        if number:
            assert header_rlp(block) == header_of(number)


@needs_vectors
@pytest.mark.parametrize("number", [1, 27, 39, 42, 54])
def test_a_header_with_any_bit_changed_is_refused_or_another_block(number: int) -> None:
    data = header_of(number)
    known = read_header(data).hash
    for changed in flipped(data):
        header = tried(lambda data=changed: read_header(data))  # type: ignore[misc]
        assert isinstance(header, Refusal) or header.hash != known


@needs_vectors
def test_the_public_chain_s_transactions_and_withdrawals_give_their_roots() -> None:
    for header, transactions, _, *rest in blocks():
        plain = [tx if isinstance(tx, bytes) else write_rlp(tx) for tx in transactions]
        assert root_of_list(plain) == header[4]
        if rest:
            assert root_of_list([write_rlp(item) for item in rest[0]]) == header[16]


def root_of_list(values: list[bytes]) -> bytes:
    keys = (b"\x80" if n == 0 else write_rlp(bytes([n])) for n in range(len(values)))
    return trie_root(dict(zip(keys, values, strict=True)))


def fields(count: int = 21) -> list[Item]:
    """The fields of a header that no chain has, of the fork with `count` of them."""
    address, word, bloom = b"\xaa" * 20, b"\xbb" * 32, b"\0" * 256
    first: list[Item] = [word, word, address, word, word, word, bloom]
    numbers: list[Item] = [b"", b"\x07", b"\x01\x00", b"\x80", b"\x6a\x00\x00\x00"]
    rest: list[Item] = [b"extra", word, b"\0" * 8, b"\x09", word, b"", b"\x01", word, word]
    return [*first, *numbers, *rest, word, b"\x05", *[b"later"] * 60][:count]


NAMES = [
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
    *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
    *("mixHash", "nonce", "baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas"),
    *("parentBeaconBlockRoot", "requestsHash", "blockAccessListHash", "slotNumber"),
    "fieldOfALaterFork",
]


def as_json(count: int) -> dict[str, Any]:
    numbers = {*NAMES[7:12], *NAMES[15:16], *NAMES[17:19], *NAMES[22:23]}
    block: dict[str, Any] = {}
    for name, value in zip(NAMES, fields(count), strict=False):
        assert isinstance(value, bytes)
        number = hex(int.from_bytes(value, "big"))
        block[name] = number if name in numbers else f"0x{value.hex()}"
    return block | {"hash": f"0x{keccak(write_rlp(fields(count))).hex()}", "size": "0x1"}


@pytest.mark.parametrize("count", [15, 16, 17, 20, 21, 23])
def test_headers_of_each_fork_are_read_and_built(count: int) -> None:
    data = write_rlp(fields(count))
    assert header_rlp(as_json(count)) == data
    header = read_header(data)
    assert header.block == Block(7, keccak(data), 0x6A000000)


@pytest.mark.parametrize("count", [24, 30, 64])
def test_a_header_of_a_later_fork_is_read_as_rlp_and_not_built_of_unknown_members(
    count: int,
) -> None:
    assert read_header(write_rlp(fields(count))).number == 7
    assert "do not give its hash" in refusal(lambda: header_rlp(as_json(24)))


@pytest.mark.parametrize("count", [0, 1, 14, 18, 19, 22, 65])
def test_a_count_of_fields_that_no_fork_has_is_refused(count: int) -> None:
    data = write_rlp(fields(count))
    assert f"{count} fields" in refusal(lambda: read_header(data))
    if 0 < count <= 22:
        assert "any known fork" in refusal(lambda: header_rlp(as_json(count)))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, b"\xbb" * 31),
        (2, b"\xaa" * 21),
        (3, []),
        (6, b"\0" * 255),
        (7, b"\x01" * 33),
        (8, b"\0\x07"),
        (8, b"\x01" * 9),
        (8, [b"\x07"]),
        (11, b"\0"),
        (11, (253_402_300_800).to_bytes(5, "big")),
        (12, [b"extra"]),
        (14, b"\0" * 7),
        (15, b"\0"),
        (20, b""),
        (23, []),
    ],
)
def test_a_field_of_another_form_is_refused(place: int, value: Item) -> None:
    items = fields(24)
    items[place] = value
    refusal(lambda: read_header(write_rlp(items)))


@pytest.mark.parametrize(
    ("place", "length"),
    [*((place, 8) for place in (8, 9, 10, 17, 18, 22)), *((place, 32) for place in (7, 15))],
)
def test_a_number_is_as_long_as_clients_keep_it_and_no_longer(place: int, length: int) -> None:
    items = fields(23)
    items[place] = b"\xff" * length
    read_header(write_rlp(items))
    items[place] = b"\x01" + b"\0" * length
    assert NAMES[place] in refusal(lambda: read_header(write_rlp(items)))


def test_the_last_second_of_the_calendar_is_read() -> None:
    items = fields()
    items[11] = (253_402_300_799).to_bytes(5, "big")
    assert read_header(write_rlp(items)).time == 253_402_300_799


def test_header_bytes_are_bounded_and_one_item() -> None:
    items = fields()
    length = MAX_HEADER_BYTES - len(write_rlp(fields())) + 5 - 2
    items[12] = b"e" * length
    assert len(write_rlp(items)) == MAX_HEADER_BYTES
    read_header(write_rlp(items))
    items[12] = b"e" * (length + 1)
    assert "at most 4096" in refusal(lambda: read_header(write_rlp(items)))
    refusal(lambda: read_header(write_rlp(fields()) + b"\0"))
    refusal(lambda: read_header(write_rlp(fields())[:-1]))
    refusal(lambda: read_header(write_rlp(b"not a list")))


def test_a_block_with_a_member_missing_wrong_or_spare_is_refused() -> None:
    block = as_json(21)
    for name in set(block) - {"size"}:
        refusal(lambda name=name: header_rlp({k: v for k, v in block.items() if k != name}))  # type: ignore[misc]
        wrong: tuple[Any, ...] = (7, "", "0x", "7", "0x0x", "0xzz", "0x_1", [], "0x" + "ff" * 40)
        for value in wrong:
            refusal(lambda name=name, value=value: header_rlp(block | {name: value}))  # type: ignore[misc]
    refusal(lambda: header_rlp(as_json(21) | {"slotNumber": "0x5"}))
    refusal(lambda: header_rlp([block]))
    refusal(lambda: header_rlp(None))
    assert header_rlp(block | {"totalDifficulty": "0x0", "l1BlockNumber": "0x1"})


@pytest.mark.parametrize("name", ["parentHash", "miner", "number", "baseFeePerGas", "blobGasUsed"])
def test_a_block_with_a_gap_is_refused_though_its_hash_fits(name: str) -> None:
    block, items = as_json(21), fields(21)
    del block[name], items[NAMES.index(name)]
    block["hash"] = f"0x{keccak(write_rlp(items)).hex()}"
    assert "any known fork" in refusal(lambda: header_rlp(block))


@pytest.mark.parametrize("digest", ["00" * 32, "ff" * 32])
def test_a_block_with_another_hash_is_refused(digest: str) -> None:
    block = as_json(21) | {"hash": f"0x{digest}"}
    assert "do not give its hash" in refusal(lambda: header_rlp(block))


@pytest.mark.parametrize("address", [bytes(20), b"\xff" * 20])
def test_the_registry_s_code_at_another_address_is_not_the_registry(address: bytes) -> None:
    answer = proving_answer(address=address)
    assert "not of the registry" in refusal(lambda: run_proved_status(answer))


@pytest.mark.parametrize("code_hash", [bytes(32), b"\xff" * 32])
def test_other_code_at_the_registry_s_address_is_not_the_registry(code_hash: bytes) -> None:
    answer = proving_answer(code_hash=code_hash)
    refusal(lambda: run_proved_status(answer), "code_mismatch")


# Accounts and storage of the public vectors

ACCOUNTS = [
    "get-account-proof-blockhash",
    "get-account-proof-default-block",
    "get-account-proof-latest",
    "get-account-proof-with-storage",
]


def public_proof(name: str) -> tuple[bytes, Any]:
    """The state root of the public chain's last block, and the answer."""
    return read_header(header_of(54)).state_root, exchanges("eth_getProof")[name][1]


@needs_vectors
@pytest.mark.parametrize("name", ACCOUNTS)
def test_a_public_account_proof_proves_what_its_node_states(name: str) -> None:
    root, answer = public_proof(name)
    assert account_at(root, raw(answer["address"]), raw_all(answer["accountProof"])) == (
        AccountState(
            int(answer["nonce"], 16),
            int(answer["balance"], 16),
            raw(answer["storageHash"]),
            raw(answer["codeHash"]),
        )
    )


@needs_vectors
def test_a_public_storage_proof_proves_what_its_node_states() -> None:
    _, answer = public_proof("get-account-proof-with-storage")
    (item,) = answer["storageProof"]
    proof = raw_all(item["proof"])
    slot = int(item["key"], 16).to_bytes(32, "big")
    value = storage_at(raw(answer["storageHash"]), slot, proof)
    assert value == int(item["value"], 16) > 0
    for place, node in enumerate(proof):
        for changed in flipped(node):
            spoiled = [*proof[:place], changed, *proof[place + 1 :]]
            refusal(lambda p=spoiled: storage_at(raw(answer["storageHash"]), slot, p))  # type: ignore[misc]


@needs_vectors
def test_the_nodes_of_a_public_proof_prove_that_other_accounts_and_slots_are_absent() -> None:
    """An address whose path ends in an empty child of the last branch: found by trying."""
    root, answer = public_proof("get-account-proof-latest")
    state = raw_all(answer["accountProof"])
    address = first_absent(20, lambda key: account_at(root, key, state))
    assert account_at(root, address, state) is None
    refusal(lambda: account_at(root, address, [*state, state[-1]]))
    refusal(lambda: account_at(root, address, state[:-1]))
    _, answer = public_proof("get-account-proof-with-storage")
    storage, root = raw_all(answer["storageProof"][0]["proof"]), raw(answer["storageHash"])
    slot = first_absent(32, lambda key: storage_at(root, key, storage))
    assert storage_at(root, slot, storage) == 0


def first_absent(length: int, read: Callable[[bytes], object]) -> bytes:
    for number in range(1, 20_000):
        key = number.to_bytes(length, "big")
        try:
            if not read(key):
                return key
        except Refusal:
            continue
    raise AssertionError("no key ends there")


@needs_vectors
def test_a_public_account_proof_with_any_bit_changed_is_refused() -> None:
    root, answer = public_proof("get-account-proof-latest")
    address, proof = raw(answer["address"]), raw_all(answer["accountProof"])
    for place, node in enumerate(proof):
        for changed in flipped(node):
            spoiled = [*proof[:place], changed, *proof[place + 1 :]]
            refusal(lambda p=spoiled: account_at(root, address, p))  # type: ignore[misc]
    for other in flipped(address):
        refusal(lambda a=other: account_at(root, a, proof))  # type: ignore[misc]


# Accounts and storage whose hashes are right and whose form is wrong

ADDRESS, SLOT = b"\xaa" * 20, b"\x05" * 32


def account_of(item: Item | bytes) -> AccountState | None:
    value = item if isinstance(item, bytes) else write_rlp(item)
    entries = {keccak(ADDRESS): value}
    return account_at(naive_root(entries), ADDRESS, naive_proof(entries, keccak(ADDRESS)))


def word_of(value: bytes) -> int:
    entries = {keccak(SLOT): value}
    return storage_at(naive_root(entries), SLOT, naive_proof(entries, keccak(SLOT)))


def test_an_account_has_four_fields_in_their_shortest_form() -> None:
    storage, code = b"\x11" * 32, b"\x22" * 32
    assert account_of([b"\x01", b"\x02", storage, code]) == AccountState(1, 2, storage, code)
    assert account_of([b"", b"", storage, code]) == AccountState(0, 0, storage, code)
    wrong: list[Item] = [
        [b"\x01", b"\x02", storage],
        [b"\x01", b"\x02", storage, code, b""],
        [b"\0", b"\x02", storage, code],
        [b"\x01", b"\0\x02", storage, code],
        [b"\x01" * 9, b"\x02", storage, code],
        [b"\x01", b"\x02" * 33, storage, code],
        [b"\x01", b"\x02", storage[1:], code],
        [b"\x01", b"\x02", storage, code + b"\0"],
        [b"\x01", b"\x02", storage, [code]],
        [[], b"\x02", storage, code],
        b"\x83abc",
        write_rlp([b"\x01", b"\x02", storage, code]) + b"\0",
    ]
    for item in wrong:
        refusal(lambda item=item: account_of(item))  # type: ignore[misc]


def test_a_slot_holds_a_number_in_its_shortest_form() -> None:
    for number in (0, 1, 0x7F, 0x80, 1 << 255, (1 << 256) - 1):
        plain = number.to_bytes(-(-number.bit_length() // 8), "big")
        assert word_of(write_rlp(plain)) == number
    for value in (b"\0", b"\x82\0\x01", b"\x81\x7f", b"\xa1" + b"\x01" * 33, b"\xc1\x01", b"\x81"):
        refusal(lambda value=value: word_of(value))  # type: ignore[misc]


def test_an_absent_slot_is_zero() -> None:
    assert storage_at(EMPTY_ROOT, SLOT, []) == 0
    entries = {keccak(bytes([n])): b"\x07" for n in range(50)}
    assert storage_at(naive_root(entries), SLOT, naive_proof(entries, keccak(SLOT))) == 0


# The registry's slots


@given(st.lists(st.integers(0), min_size=8, max_size=8))
def test_the_head_s_slot_holds_a_batch_field_by_field(numbers: list[int]) -> None:
    """The bits are written here as the specification of the layout lists them."""
    places = ((0, 40), (40, 32), (72, 40), (112, 32), (144, 40), (184, 32), (216, 32), (248, 8))
    values = [n % (1 << bits) for n, (_, bits) in zip(numbers, places, strict=True)]
    word = sum(value << low for value, (low, _) in zip(values, places, strict=True))
    assert batch_of_slot(word) == Batch(*values)
    assert batch_of_slot(0) == NOTHING.batch


def test_slots_are_given_only_for_words_that_a_batch_can_have() -> None:
    issuer, root = b"\x01" * 20, b"\x02" * 32
    first, last = slots(issuer, root, 0), slots(issuer, root, (1 << 24) - 1)
    assert first.head == last.head
    steps = [int.from_bytes(x, "big") - int.from_bytes(first.head, "big") for x in (*first, *last)]
    assert steps == [0, 1, 2, 0, (1 << 25) - 1, 1 << 25]
    for account, batch, word in (
        (issuer, root, -1),
        (issuer, root, 1 << 24),
        (root, root, 0),
        (issuer, issuer, 0),
    ):
        with pytest.raises(InvalidArgument):
            slots(account, batch, word)


@dataclass(frozen=True)
class Scene:
    """A registry on a real chain with a batch of 1,000, and the block before and after changes."""

    chain: StillChain
    issuer: Account
    root: bytes
    empty: int
    anchored: int
    changed: int

    def question(self, word: int = 0) -> Question:
        return Question(self.issuer, self.root, word)

    def header(self, block: int) -> bytes:
        return header_rlp(self.chain.call("eth_getBlockByNumber", hex(block), False))

    def answer(self, question: Question, block: int) -> Any:
        wanted = slots(question.account.address_bytes, question.root, question.word)
        keys = [f"0x{slot.hex()}" for slot in wanted]
        return self.chain.call("eth_getProof", f"0x{REGISTRY.address.hex()}", keys, hex(block))

    def called(self, question: Question, block: int) -> StatusWord:
        """What the contract itself answers."""
        asked = status_words_call(question.account.address_bytes, question.root, question.word, 1)
        call = {"to": f"0x{REGISTRY.address.hex()}", "data": f"0x{asked.hex()}"}
        return status_words_answer(
            raw(self.chain.call("eth_call", call, hex(block))), question.word, 1
        )[0]


@pytest.fixture(scope="module")
def scene(still_chain: StillChain) -> Scene:
    w3 = still_chain.w3
    registry, sender = registry_at(w3), [*w3.eth.accounts][5]
    root = keccak(f"a batch at {still_chain.time}".encode())

    def send(call: Any) -> int:
        sent = call.transact({"from": sender, "gas": 500_000})
        still_chain.mine()
        receipt = w3.eth.get_transaction_receipt(sent)
        assert receipt["status"] == 1
        return receipt["blockNumber"]

    anchored = send(registry.functions.anchor(sender, root, 1000))
    send(registry.functions.setStatus(sender, root, 0, [(0, 0b1001), (3, 1 << 231)]))
    send(registry.functions.setStatus(sender, root, 1, [(0, 0b10), (1, 3 << 254), (2, 1)]))
    changed = send(registry.functions.setStatus(sender, root, 2, [(1, 1 << 255), (2, 1)]))
    issuer = Account(31337, sender.lower())
    return Scene(still_chain, issuer, root, anchored - 1, anchored, changed)


def proved(scene: Scene, question: Question, block: int) -> StatusWord:
    answer = scene.answer(question, block)
    top, code_hash, word = proved_status(scene.header(block), answer, question, REGISTRY)
    assert code_hash == REGISTRY.code_hash
    said = scene.chain.w3.eth.get_block(block)
    assert top == Block(block, bytes(said["hash"]), said["timestamp"])
    return word


def test_proofs_of_a_real_chain_say_what_the_contract_says(scene: Scene) -> None:
    other_issuer = replace(scene.issuer, address="0x" + "12" * 20)
    for block in (scene.empty, scene.anchored, scene.changed):
        questions = [
            *(scene.question(word) for word in (0, 1, 3, 4, (1 << 24) - 1)),
            Question(scene.issuer, b"\x01" * 32, 0),
            Question(other_issuer, scene.root, 0),
        ]
        for question in questions:
            assert proved(scene, question, block) == scene.called(question, block)


def test_a_proof_shows_the_anchor_the_lanes_and_their_times(scene: Scene) -> None:
    assert proved(scene, scene.question(), scene.empty) == NOTHING
    before = proved(scene, scene.question(), scene.anchored)
    assert (before.batch.size, before.batch.anchored_block) == (1000, scene.anchored)
    assert (before.revoked, before.suspended, before.batch.changed_at) == (0, 0, 0)
    word = proved(scene, scene.question(), scene.changed)
    assert (word.revoked, word.suspended) == (0b1001, 0b10)
    assert word.batch.changed_block == scene.changed
    assert word.batch.ever_suspended
    assert not word.batch.suspended
    assert proved(scene, scene.question(1), scene.changed).suspended == 1 << 254
    assert proved(scene, scene.question(3), scene.changed).revoked == 1 << 231


def test_a_registry_that_is_not_there_or_is_another_is_a_code_mismatch(scene: Scene) -> None:
    question = scene.question()

    def check(header: bytes, answer: Any, registry: Registry = REGISTRY) -> str:
        return refusal(lambda: proved_status(header, answer, question, registry), "code_mismatch")

    header, answer = scene.header(scene.changed), scene.answer(question, scene.changed)
    check(header, answer, replace(REGISTRY, code_hash=b"\x01" * 32))


def test_an_address_without_any_account_is_a_code_mismatch(scene: Scene) -> None:
    address = f"0x{'12' * 20}"
    answer = scene.chain.call("eth_getProof", address, [], hex(scene.changed))
    registry = replace(REGISTRY, address=raw(address))
    header = scene.header(scene.changed)
    refusal(lambda: proved_status(header, answer, scene.question(), registry), "code_mismatch")
    cut = answer | {"accountProof": answer["accountProof"][:-1]}
    refusal(lambda: proved_status(header, cut, scene.question(), registry))


def test_a_lane_that_went_back_to_zero_is_gone_from_the_trie_or_refused(scene: Scene) -> None:
    """Ethereum removes the slot; anvil keeps a zero in it, which no real chain has."""
    word = tried(lambda: proved(scene, scene.question(2), scene.changed))
    assert "holds a zero" in word.detail if isinstance(word, Refusal) else word.suspended == 0


def test_a_registry_at_another_address_than_the_accepted_one_is_not_looked_at(
    scene: Scene,
) -> None:
    header = scene.header(scene.changed)
    answer = scene.answer(scene.question(), scene.changed)
    other = replace(REGISTRY, address=b"\x01" * 20)
    assert "not of the registry" in refusal(
        lambda: proved_status(header, answer, scene.question(), other)
    )


def strings(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    """Every string in the answer, and where it stands."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in items:
        if isinstance(item, str):
            yield (*path, key), item
        else:
            yield from strings(item, (*path, key))


def put(answer: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(answer)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


@pytest.fixture(scope="module")
def evidence(scene: Scene) -> tuple[bytes, Any, Question]:
    question = scene.question()
    return scene.header(scene.changed), scene.answer(question, scene.changed), question


Evidence = tuple[bytes, Any, Question]


def test_an_answer_with_any_one_digit_changed_is_refused(evidence: Evidence) -> None:
    """Every digit of nodes, keys, values and statements, each changed to another one."""
    header, answer, question = evidence
    tried = 0
    for path, text in strings(answer):
        for place in range(2, len(text)):
            digit = f"{int(text[place], 16) ^ 1:x}"
            spoiled = put(answer, path, text[:place] + digit + text[place + 1 :])
            code = "bad_state_proof"
            refusal(lambda a=spoiled: proved_status(header, a, question, REGISTRY), code)  # type: ignore[misc]
            tried += 1
    assert tried > 1500


def test_an_answer_with_anything_missing_doubled_or_of_another_type_is_refused(
    evidence: Evidence,
) -> None:
    header, answer, question = evidence

    def check(spoiled: Any) -> None:
        refusal(lambda: proved_status(header, spoiled, question, REGISTRY))

    proofs = answer["storageProof"]
    spoils: tuple[Any, ...] = (proofs[:2], [*proofs, proofs[0]], proofs[::-1], proofs[:1] * 3, {})
    for spoiled in (*spoils, None):
        check(answer | {"storageProof": spoiled})
    for name in answer:
        check({k: v for k, v in answer.items() if k != name})
    wrong: tuple[Any, ...] = (None, 1, [], {}, "0x", "", "00", "0xg0", "0x0 ", " 0x00", "0x٣٣")
    for path, _ in strings(answer):
        for value in wrong:
            check(put(answer, path, value))
    nodes = [answer["accountProof"], *(item["proof"] for item in proofs)]
    paths = [("accountProof",), *(("storageProof", n, "proof") for n in range(3))]
    for path, proof in zip(paths, nodes, strict=True):
        for spoiled in ([], proof[1:], proof[:-1], [*proof, proof[-1]], [*proof, "0x80"], "0x80"):
            check(put(answer, path, spoiled))
        if len(proof) > 1:
            check(put(answer, path, proof[::-1]))
    check([answer])
    check(None)


@settings(max_examples=60)
@given(st.data())
def test_one_block_s_answer_proves_nothing_about_another(
    scene: Scene, evidence: Evidence, data: st.DataObject
) -> None:
    header, answer, question = evidence
    refusal(lambda: proved_status(scene.header(scene.anchored), answer, question, REGISTRY))
    word = data.draw(st.integers(1, (1 << 24) - 1))
    refusal(lambda: proved_status(header, answer, replace(question, word=word), REGISTRY))


def test_a_header_with_any_byte_changed_proves_nothing_or_is_another_block(
    evidence: Evidence,
) -> None:
    header, answer, question = evidence
    known = read_header(header).hash
    for changed in flipped(header):
        found = tried(lambda data=changed: proved_status(data, answer, question, REGISTRY))  # type: ignore[misc]
        assert isinstance(found, Refusal) or found[0].hash != known


def of_a_made_up_contract(values: tuple[int, int, int]) -> StatusWord:
    """What is proved where a contract of other code has these values in the three slots."""
    question = Question(Account(1, "0x" + "11" * 20), b"\x22" * 32, 0)
    wanted = slots(question.account.address_bytes, question.root, 0)
    held = dict(zip(wanted, values, strict=True))
    storage = {keccak(slot): write_rlp(shortest(value)) for slot, value in held.items() if value}
    code = b"\x33" * 32
    account: Item = [b"\x01", b"", naive_root(storage), code]
    state = {keccak(ADDRESS): write_rlp(account)}
    items = fields()
    items[3] = naive_root(state)

    def in_hex(nodes: list[bytes]) -> list[str]:
        return [f"0x{node.hex()}" for node in nodes]

    answer = {
        "address": f"0x{ADDRESS.hex()}",
        "nonce": "0x1",
        "balance": "0x0",
        "storageHash": f"0x{naive_root(storage).hex()}",
        "codeHash": f"0x{code.hex()}",
        "accountProof": in_hex(naive_proof(state, keccak(ADDRESS))),
        "storageProof": [
            {
                "key": f"0x{slot.hex()}",
                "value": hex(value),
                "proof": in_hex(naive_proof(storage, keccak(slot))),
            }
            for slot, value in held.items()
        ],
    }
    registry = Registry(ADDRESS, code)
    return proved_status(write_rlp(items), answer, question, registry)[2]


def shortest(value: int) -> bytes:
    return value.to_bytes(-(-value.bit_length() // 8), "big")


def test_a_status_of_what_is_not_anchored_is_refused() -> None:
    """No registry gets there; whoever accepts another code must not be led to a half-answer."""
    assert "not anchored" in refusal(lambda: of_a_made_up_contract((0, 7, 0)))


@pytest.mark.parametrize("low_bit", [0, 40 + 32, 40 + 32 + 40 + 32])
def test_a_time_that_no_calendar_names_is_refused(low_bit: int) -> None:
    """Forty bits hold the year 36812; a verdict tells dates."""
    size = 1 << (40 + 32) * 2 + 40

    def with_time(time: int) -> StatusWord:
        return of_a_made_up_contract((size + (time << low_bit), 0, 0))

    assert MAX_SECONDS in with_time(MAX_SECONDS).batch.times
    for time in (MAX_SECONDS + 1, (1 << 40) - 1):
        assert "no calendar" in refusal(lambda time=time: with_time(time))  # type: ignore[misc]
