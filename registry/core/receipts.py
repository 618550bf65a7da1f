"""All logs of a block, proved by rebuilding its `receiptsRoot` from its receipts.

Sources: yellow paper, 4.3.1 (receipts) and 4.3.2; EIP-658 (status in place of a state root);
EIP-2718 (typed receipts). A log left out, added, moved or changed is another root: so is a type of
receipt whose payload has other fields than Ethereum's own.
"""

from dataclasses import dataclass
from typing import Any, Final

from .ethereum import (
    ADDRESS_BYTES,
    HASH_BYTES,
    RlpItem,
    bad_proof,
    encode_number,
    encode_rlp,
    json_bytes,
    json_list,
    json_number,
    json_object,
)
from .state import Header
from .trie import trie_root

BLOOM_BYTES: Final = 256
MAX_TOPICS: Final = 4
# EIP-2718: a first byte beyond this would be the start of a legacy receipt's list.
MAX_TYPE: Final = 0x7F


@dataclass(frozen=True)
class Log:
    """One event: `transaction` is its place in the block, `topics` are of 32 bytes each."""

    transaction: int
    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


def receipts_root(receipts: Any) -> bytes:
    """The root of a block's receipts as `eth_getBlockReceipts` gives them, in the block's order.

    Raises `Refusal` at `anchor` with `bad_state_proof` for what is not a list of receipts.
    """
    encoded = [_encode(item) for item in json_list(receipts, "the receipts")]
    return trie_root({encode_rlp(encode_number(place)): data for place, data in enumerate(encoded)})


def proved_logs(header: Header, receipts: Any, address: bytes) -> tuple[Log, ...]:
    """Every log of `address` (20 bytes) in the block of `header`, in order, and no other.

    Raises `Refusal` at `anchor` with `bad_state_proof` unless `receipts` are all the block's.
    """
    if receipts_root(receipts) != header.receipts_root:
        raise bad_proof(f"the receipts are not those of block {header.number}")
    logs = (_log(place, item) for place, receipt in enumerate(receipts) for item in receipt["logs"])
    return tuple(log for log in logs if log.address == address)


def _encode(receipt: Any) -> bytes:
    members = json_object(receipt, "a receipt")
    logs = json_list(members.get("logs"), "a receipt's logs")
    payload = encode_rlp(
        [
            _outcome(members),
            encode_number(json_number(members.get("cumulativeGasUsed"), "the gas used")),
            json_bytes(members.get("logsBloom"), "a receipt's bloom", BLOOM_BYTES),
            [_log_item(_log(0, item)) for item in logs],
        ]
    )
    kind = json_number(members.get("type", "0x0"), "a receipt's type")
    if kind > MAX_TYPE:
        raise bad_proof(f"a receipt's type is {kind}, want at most {MAX_TYPE}")
    return encode_number(kind) + payload


def _outcome(members: dict[str, Any]) -> bytes:
    """The status, or before Byzantium the state root after the transaction."""
    if members.get("status") is None:
        return json_bytes(members.get("root"), "a receipt's root", HASH_BYTES)
    status = json_number(members["status"], "a receipt's status")
    if status > 1:
        raise bad_proof(f"a receipt's status is {status}")
    return encode_number(status)


def _log(transaction: int, item: Any) -> Log:
    members = json_object(item, "a log")
    topics = json_list(members.get("topics"), "a log's topics")
    if len(topics) > MAX_TOPICS:
        raise bad_proof(f"a log has {len(topics)} topics")
    return Log(
        transaction,
        json_bytes(members.get("address"), "a log's address", ADDRESS_BYTES),
        tuple(json_bytes(topic, "a log's topic", HASH_BYTES) for topic in topics),
        json_bytes(members.get("data"), "a log's data"),
    )


def _log_item(log: Log) -> RlpItem:
    return [log.address, list(log.topics), log.data]
