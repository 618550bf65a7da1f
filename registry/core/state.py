"""Ethereum state proofs: block header -> account -> storage slot -> the registry's answer.

Sources: yellow paper, 4.1 (state), 4.3 (block header) and appendix D; EIP-1186 (`eth_getProof`);
the EIPs named at the header's fields; the registry's storage layout. Nothing is believed that is
not hashed up to the header's own hash; whether that hash is of the right chain, and final, the
caller knows from elsewhere (a pinned hash, or several nodes that agree).

Every refusal is at `anchor` with `bad_state_proof`, unless another code is named.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_hash.auto import keccak

from .contract import Batch, Registry, StatusWord, batch_of_slot, slots
from .errors import Refusal
from .ethereum import (
    ADDRESS_BYTES,
    HASH_BYTES,
    WORD_BYTES,
    RlpItem,
    as_bytes,
    as_number,
    bad_proof,
    decode_list,
    decode_rlp,
    encode_number,
    encode_rlp,
    json_bytes,
    json_list,
    json_number,
    json_object,
)
from .evidence import Block, Question
from .times import MAX_SECONDS
from .trie import trie_value

# In the order of the RLP; the name is the one of JSON-RPC.
_FIELDS: Final = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot"),
    *("logsBloom", "difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData"),
    *("mixHash", "nonce"),
    "baseFeePerGas",  # London: EIP-1559
    "withdrawalsRoot",  # Shanghai: EIP-4895
    *("blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot"),  # Cancun: EIP-4844, EIP-4788
    "requestsHash",  # Prague, and Osaka: EIP-7685
    *("blockAccessListHash", "slotNumber"),  # Amsterdam: EIP-7928, EIP-7843
)
_FORK_COUNTS: Final = frozenset({15, 16, 17, 20, 21, 23})
# In bytes: 64 bits where every client keeps no more, else the 256 of the yellow paper.
_NUMBERS: Final = {
    **dict.fromkeys(("number", "gasLimit", "gasUsed", "timestamp", "slotNumber"), 8),
    **dict.fromkeys(("blobGasUsed", "excessBlobGas"), 8),
    **dict.fromkeys(("difficulty", "baseFeePerGas"), WORD_BYTES),
}
_LENGTHS: Final = {"miner": ADDRESS_BYTES, "logsBloom": 256, "nonce": 8, "extraData": None}
# A proof-of-authority checkpoint names its signers in `extraData`: this has room for 150.
MAX_HEADER_BYTES: Final = 4096
# Forks have only ever appended fields, two or three at most; this leaves room for a dozen forks.
MAX_HEADER_FIELDS: Final = 64


@dataclass(frozen=True)
class Header:
    """What a verifier needs of a block header; hashes are 32 bytes, `time` is in seconds."""

    number: int
    hash: bytes
    time: int
    parent_hash: bytes
    state_root: bytes
    receipts_root: bytes

    @property
    def block(self) -> Block:
        """The block that this is the header of."""
        return Block(self.number, self.hash, self.time)


@dataclass(frozen=True)
class AccountState:
    """An account as the state trie holds it; `balance` is in wei, hashes are 32 bytes."""

    nonce: int
    balance: int
    storage_hash: bytes
    code_hash: bytes


def read_header(data: bytes) -> Header:
    """Read a block header's RLP, of any fork from Frontier to Amsterdam, strictly.

    A header with more fields than we know is read too, if they are byte strings: forks append and
    leave what stands before where it was, all of it is under the hash, and credentials outlive
    many forks. Counts that no fork had are refused.
    """
    if len(data) > MAX_HEADER_BYTES:
        raise bad_proof(f"the header has {len(data)} bytes, want at most {MAX_HEADER_BYTES}")
    fields = decode_list(data, "the header")
    _check_count(len(fields))
    for item in fields[len(_FIELDS) :]:
        as_bytes(item, "a header field of a later fork")
    known = dict(zip(_FIELDS, fields, strict=False))
    values = {name: _read_field(name, item) for name, item in known.items()}
    return _header(values, keccak(data))


def header_rlp(block: Any) -> bytes:
    """The header RLP of a block as `eth_getBlockByNumber` gives it (parsed JSON).

    The result hashes to the block's `hash`, or is refused: so is a block of a fork whose fields
    are unknown here. Members that belong to the body, or to a client, are passed over.
    """
    members = json_object(block, "the block")
    present = tuple(name for name in _FIELDS if members.get(name) is not None)
    if present != _FIELDS[: len(present)] or len(present) not in _FORK_COUNTS:
        raise bad_proof("the block has not the header fields of any known fork")
    data = encode_rlp([_json_field(name, members[name]) for name in present])
    if keccak(data) != json_bytes(members.get("hash"), "the block's hash", HASH_BYTES):
        raise bad_proof("the block's header fields do not give its hash")
    return data


def account_at(state_root: bytes, address: bytes, proof: Sequence[bytes]) -> AccountState | None:
    """The account of `address` (20 bytes) under `state_root`; None where it is proved absent."""
    value = trie_value(state_root, keccak(address), proof)
    if value is None:
        return None
    fields = decode_list(value, "the account")
    if len(fields) != 4:
        raise bad_proof(f"the account has {len(fields)} fields, want 4")
    return AccountState(
        as_number(fields[0], "the nonce", 8),
        as_number(fields[1], "the balance"),
        as_bytes(fields[2], "the storage hash", HASH_BYTES),
        as_bytes(fields[3], "the code hash", HASH_BYTES),
    )


def storage_at(storage_hash: bytes, slot: bytes, proof: Sequence[bytes]) -> int:
    """The 256-bit word at `slot` (32 bytes) of the storage `storage_hash`; 0 where it is absent."""
    value = trie_value(storage_hash, keccak(slot), proof)
    # Ethereum removes zeros from the trie; a dev chain that leaves one there says the same by it.
    return (
        0 if value is None else as_number(decode_rlp(value, "a storage value"), "a storage value")
    )


def proved_status(
    header: bytes, answer: Any, question: Question, registry: Registry
) -> tuple[Block, bytes, StatusWord]:
    """The registry's answer to `question` at the block of `header` (RLP), and its code hash.

    `answer` is what `eth_getProof` gave (parsed JSON) for the registry's address and exactly the
    three slots of `registry.core.contract.slots`, in their order. What it states beside the
    proofs must be what they prove: nobody can be misled by reading the wrong half. The question's
    chain is the caller's to check, a header does not name it.

    Raises `Refusal` at `anchor` with `bad_state_proof`, or with `code_mismatch` when it is proved
    that the accepted registry is not there.
    """
    top = read_header(header)
    members = json_object(answer, "the answer")
    account = _registry_account(top.state_root, members, registry)
    wanted = slots(question.account.address_bytes, question.root, question.word)
    proofs = json_list(members.get("storageProof"), "the storage proofs")
    if len(proofs) != len(wanted):
        raise bad_proof(f"got {len(proofs)} storage proofs, want {len(wanted)}")
    head, revoked, suspended = (
        _slot_value(account.storage_hash, slot, item)
        for slot, item in zip(wanted, proofs, strict=True)
    )
    return top.block, account.code_hash, _status_word(batch_of_slot(head), revoked, suspended)


def _registry_account(
    state_root: bytes, members: dict[str, Any], registry: Registry
) -> AccountState:
    address = json_bytes(members.get("address"), "the address", ADDRESS_BYTES)
    if address != registry.address:
        raise bad_proof(f"the proof is of 0x{address.hex()}, not of the registry")
    account = account_at(state_root, address, _nodes(members.get("accountProof")))
    if account is None or account.code_hash != registry.code_hash:
        raise Refusal("anchor", "code_mismatch", "the registry's code is not at its address")
    if account != _stated_account(members):
        raise bad_proof("the answer states another account than it proves")
    return account


def _stated_account(members: dict[str, Any]) -> AccountState:
    return AccountState(
        json_number(members.get("nonce"), "the nonce"),
        json_number(members.get("balance"), "the balance"),
        json_bytes(members.get("storageHash"), "the storage hash"),
        json_bytes(members.get("codeHash"), "the code hash"),
    )


def _slot_value(storage_hash: bytes, slot: bytes, item: Any) -> int:
    members = json_object(item, "a storage proof")
    if json_number(members.get("key"), "a storage key") != int.from_bytes(slot, "big"):
        raise bad_proof("a storage proof is of another slot")
    value = storage_at(storage_hash, slot, _nodes(members.get("proof")))
    if json_number(members.get("value"), "a storage value") != value:
        raise bad_proof("a storage proof states another value than it proves")
    return value


def _status_word(batch: Batch, revoked: int, suspended: int) -> StatusWord:
    if batch.size == 0 and (revoked or suspended):
        raise bad_proof("a batch that is not anchored has a status")
    if any(time > MAX_SECONDS for time in batch.times):
        raise bad_proof("a batch's time is one that no calendar names")
    return StatusWord(batch, revoked, suspended)


def _nodes(value: Any) -> list[bytes]:
    return [json_bytes(item, "a trie node") for item in json_list(value, "a proof")]


def _check_count(count: int) -> None:
    if count not in _FORK_COUNTS and not len(_FIELDS) < count <= MAX_HEADER_FIELDS:
        raise bad_proof(f"the header has {count} fields, as no fork has")


def _read_field(name: str, item: RlpItem) -> int | bytes:
    if name in _NUMBERS:
        return as_number(item, name, _NUMBERS[name])
    return as_bytes(item, name, _LENGTHS.get(name, HASH_BYTES))


def _json_field(name: str, value: Any) -> bytes:
    if name in _NUMBERS:
        return encode_number(json_number(value, name))
    return json_bytes(value, name, _LENGTHS.get(name, HASH_BYTES))


def _header(values: dict[str, Any], digest: bytes) -> Header:
    if values["timestamp"] > MAX_SECONDS:
        raise bad_proof("the header's time is one that no calendar names")
    return Header(
        values["number"],
        digest,
        values["timestamp"],
        values["parentHash"],
        values["stateRoot"],
        values["receiptsRoot"],
    )
