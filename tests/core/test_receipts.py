"""All logs of a block, rebuilt into its receipts root: real blocks of a dev chain, and vectors."""

from collections.abc import Callable
from typing import Any

import pytest
from installations import StillChain
from web3 import Web3

from anchor_service.chain import registry_at
from registry.core.contract import REGISTRY
from registry.core.errors import Refusal
from registry.core.receipts import proved_logs, receipts_root
from registry.core.state import Header, header_rlp, read_header
from registry.core.trie import EMPTY_ROOT

from .execution_apis import exchanges, header_of
from .naive_trie import Item, naive_root, write_rlp
from .public_vectors import needs_vectors


def refusal(check: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as caught:
        check()
    assert (caught.value.step, caught.value.code) == ("anchor", "bad_state_proof")
    return caught.value.detail


def header_and_receipts(chain: StillChain, block: int) -> tuple[Header, list[Any]]:
    header = read_header(header_rlp(chain.call("eth_getBlockByNumber", hex(block), False)))
    return header, chain.call("eth_getBlockReceipts", hex(block))


@pytest.fixture(scope="module")
def busy_block(still_chain: StillChain) -> tuple[Header, list[Any]]:
    """One block with receipts of three types, one of a transaction that failed."""
    w3 = still_chain.w3
    registry, price = registry_at(w3), w3.eth.gas_price * 3
    legacy, listed, usual = (w3.eth.accounts[place] for place in (6, 7, 8))
    ways: list[Any] = [
        {"from": legacy, "gas": 150_000, "gasPrice": price},
        {"from": listed, "gas": 150_000, "gasPrice": price, "accessList": []},
        *[{"from": usual, "gas": 150_000}] * 140,
    ]
    root = int.from_bytes(Web3.keccak(text=f"receipts at {still_chain.time}"), "big")
    for number, way in enumerate(ways):
        word, size = (root ^ number).to_bytes(32, "big"), 0 if number == 3 else 10
        registry.functions.anchor(way["from"], word, size).transact(way)
    still_chain.mine()
    block = w3.eth.block_number
    header, receipts = header_and_receipts(still_chain, block)
    assert len(receipts) == len(ways)
    return header, receipts


def test_receipts_of_a_real_block_give_its_root(busy_block: tuple[Header, list[Any]]) -> None:
    header, receipts = busy_block
    assert {receipt["type"] for receipt in receipts} == {"0x0", "0x1", "0x2"}
    assert sorted({receipt["status"] for receipt in receipts}) == ["0x0", "0x1"]
    assert receipts_root(receipts) == header.receipts_root


def test_the_logs_of_the_registry_in_a_block_are_read_in_order(
    busy_block: tuple[Header, list[Any]],
) -> None:
    header, receipts = busy_block
    logs = proved_logs(header, receipts, REGISTRY.address)
    stated = [log for receipt in receipts for log in receipt["logs"]]
    assert len(logs) == len(stated) == len(receipts) - 1
    for log, said in zip(logs, stated, strict=True):
        assert log.transaction == int(said["transactionIndex"], 16)
        assert [f"0x{topic.hex()}" for topic in log.topics] == said["topics"]
        assert f"0x{log.data.hex()}" == said["data"]
    assert proved_logs(header, receipts, b"\x01" * 20) == ()


def test_a_block_without_transactions_has_no_logs(still_chain: StillChain) -> None:
    still_chain.mine()
    header, receipts = header_and_receipts(still_chain, still_chain.w3.eth.block_number)
    assert receipts == []
    assert header.receipts_root == EMPTY_ROOT == receipts_root([])
    assert proved_logs(header, [], REGISTRY.address) == ()


def test_a_log_or_receipt_left_out_added_moved_or_changed_is_refused(
    busy_block: tuple[Header, list[Any]],
) -> None:
    header, receipts = busy_block

    def check(spoiled: Any) -> None:
        assert "not those of block" in refusal(
            lambda: proved_logs(header, spoiled, REGISTRY.address)
        )

    check([])
    check(receipts[:-1])
    check(receipts[1:])
    check([*receipts, receipts[0]])
    check([receipts[1], receipts[0], *receipts[2:]])
    place = [receipt["type"] for receipt in receipts].index("0x2")
    usual = receipts[place]
    log = usual["logs"][0]
    changes: list[dict[str, Any]] = [
        {"logs": []},
        {"logs": [log, log]},
        {"logs": [log | {"address": "0x" + "00" * 20}]},
        {"logs": [log | {"topics": log["topics"][:-1]}]},
        {"logs": [log | {"topics": log["topics"][::-1]}]},
        {"logs": [log | {"data": "0x"}]},
        {"status": "0x0"},
        {"cumulativeGasUsed": "0x1"},
        {"logsBloom": "0x" + "00" * 256},
        {"type": "0x1"},
        {"type": "0x0"},
        {"type": "0x7f"},
        {"status": None, "root": "0x" + "00" * 32},
    ]
    for change in changes:
        check([*receipts[:place], usual | change, *receipts[place + 1 :]])


def test_what_is_no_receipt_is_refused(busy_block: tuple[Header, list[Any]]) -> None:
    _, (first, *_) = busy_block
    log = first["logs"][0]
    changes: list[dict[str, Any]] = [
        {"logs": None},
        {"logs": {}},
        {"logs": [None]},
        {"logs": [log | {"topics": ["0x" + "00" * 31]}]},
        {"logs": [log | {"topics": ["0x" + "00" * 32] * 5}]},
        {"logs": [log | {"topics": None}]},
        {"logs": [log | {"address": "0x" + "00" * 21}]},
        {"logs": [log | {"data": "0x0"}]},
        {"status": "0x2"},
        {"status": True},
        {"status": None},
        {"status": None, "root": "0x00"},
        {"cumulativeGasUsed": "many"},
        {"logsBloom": "0x00"},
        {"type": "0x80"},
        {"type": "0xc0"},
        {"type": None},
    ]
    for change in changes:
        refusal(lambda change=change: receipts_root([first | change]))  # type: ignore[misc]
    wrong: tuple[Any, ...] = (None, {}, "0x", [None], [[]])
    for receipts in wrong:
        refusal(lambda receipts=receipts: receipts_root(receipts))  # type: ignore[misc]


def test_typed_legacy_and_early_receipts_are_encoded_as_their_eips_say() -> None:
    bloom, root = bytes(256), b"\x05" * 32
    log: Item = [b"\x01" * 20, [b"\x02" * 32], b"\x03"]
    entry = {
        "address": "0x" + "01" * 20,
        "topics": ["0x" + "02" * 32],
        "data": "0x03",
    }
    base = {"cumulativeGasUsed": "0x5208", "logsBloom": f"0x{bloom.hex()}", "logs": [entry]}
    receipts: list[dict[str, Any]] = [
        base | {"status": "0x1"},
        base | {"status": "0x0", "type": "0x0"},
        base | {"root": f"0x{root.hex()}", "type": "0x0"},
        base | {"status": "0x1", "type": "0x4"},
    ]
    rest: list[Item] = [b"\x52\x08", bloom, [log]]
    encoded = [
        write_rlp([b"\x01", *rest]),
        write_rlp([b"", *rest]),
        write_rlp([root, *rest]),
        b"\x04" + write_rlp([b"\x01", *rest]),
    ]
    keys = (b"\x80", b"\x01", b"\x02", b"\x03")
    assert receipts_root(receipts) == naive_root(dict(zip(keys, encoded, strict=True)))


@needs_vectors
def test_public_receipts_of_every_type_are_read_and_are_bound_to_their_block() -> None:
    """The vectors hold single receipts of blocks with several: alone they are not the block's."""
    answers = exchanges("eth_getTransactionReceipt")
    kinds = set()
    for _, receipt in answers.values():
        kinds.add((receipt["type"], "root" in receipt))
        header = read_header(header_of(int(receipt["blockNumber"], 16)))
        assert header.hash == bytes.fromhex(receipt["blockHash"][2:])
        assert len(receipts_root([receipt])) == 32
        refusal(lambda h=header, r=receipt: proved_logs(h, [r], b"\x01" * 20))  # type: ignore[misc]
    assert kinds == {("0x0", True), ("0x1", False), ("0x2", False), ("0x3", False), ("0x4", False)}
