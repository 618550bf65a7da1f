"""Putting the registry on a chain: CREATE2 through the deterministic deployer, and only once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, cast

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import TxParams, TxReceipt, Wei

from registry.core.contract import CONTRACT, REGISTRY
from registry.core.networks import Network

from .calls import Call
from .node import ChainProblem
from .sending import deliver, settle

RECEIPT_SECONDS: Final = 60

Send = Callable[[TxParams], TxReceipt]


@dataclass(frozen=True)
class Deployed:
    """The registry on a chain; `receipt` is that of its creation, where we made it just now."""

    address: str
    code_hash: bytes
    receipt: TxReceipt | None


def require_network(w3: Web3, network: Network) -> None:
    """Raises `ChainProblem` when the node is of another chain, by its id or by its first block.

    A checkpoint that the node shows must be the known one; old blocks may be pruned.
    """
    found = w3.eth.chain_id
    if found != network.chain_id:
        raise ChainProblem(
            f"the node is on chain {found}, and {network.title} is {network.chain_id}: "
            f"set CREDROOT_RPC to a node of {network.title}"
        )
    if network.genesis_hash is None:
        return
    if _block_hash(w3, 0) != network.genesis_hash:
        raise ChainProblem(f"the node's first block is not that of {network.title}: ask another")
    checkpoint = network.checkpoint
    if checkpoint and _block_hash(w3, checkpoint.number) not in (None, checkpoint.hash):
        raise ChainProblem(
            f"the node's block {checkpoint.number} is not that of {network.title}: ask another"
        )


def creation(chain_id: int) -> Call:
    """The call of the deployer that creates the registry; anybody may make it."""
    data = "0x" + CONTRACT["salt"][2:] + CONTRACT["creationCode"][2:]
    says = f"create the credential registry at {CONTRACT['address']}"
    return Call(chain_id, CONTRACT["deployer"], data, says)


def find_registry(w3: Web3) -> Deployed | None:
    """The registry on this chain, if it is there; raises `ChainProblem` for other code."""
    address = Web3.to_checksum_address(REGISTRY.address)
    code = w3.eth.get_code(address)
    if not code:
        return None
    code_hash = bytes(Web3.keccak(code))
    if code_hash != REGISTRY.code_hash:
        raise ChainProblem(f"what stands at {address} is not the registry")
    return Deployed(address, code_hash, None)


def block_of_creation(w3: Web3) -> int | None:
    """The first block with the registry, which is there; none where the node forgets old states."""
    address = Web3.to_checksum_address(REGISTRY.address)
    low, high = 0, int(w3.eth.block_number)
    try:
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if w3.eth.get_code(address, middle) else (middle + 1, high)
    except Web3Exception:
        return None
    return low


def deploy(w3: Web3, key: LocalAccount) -> Deployed:
    """Create the registry, paid by `key`, unless it is there. Raises `ChainProblem`.

    Only on a dev chain is a missing deployer put there too: elsewhere somebody must have had a
    reason to leave it out.
    """
    # What an earlier call has sent may be under way.
    settle(w3, key.address)
    found = find_registry(w3)
    if found:
        return found
    if not w3.eth.get_code(CONTRACT["deployer"]):
        raise ChainProblem(
            f"the deterministic deployer {CONTRACT['deployer']} is not on this chain: the registry "
            "cannot have its address here"
        )
    return _create(w3, partial(deliver, w3, key))


def deploy_by_node(w3: Web3) -> Deployed:
    """The same, and the deployer where it is missing, by an account that the node has the key of.

    Only nodes of dev chains have any: everybody knows the keys. Raises `ChainProblem`.
    """
    found = find_registry(w3)
    if found:
        return found
    if not w3.eth.accounts:
        raise ChainProblem("the node holds no keys: name the key that pays with --key")
    send = partial(_send_by_node, w3, w3.eth.accounts[0])
    _ensure_deployer(w3, send)
    return _create(w3, send)


def _create(w3: Web3, send: Send) -> Deployed:
    receipt = send(creation(w3.eth.chain_id).transaction)
    found = find_registry(w3)
    if found is None:
        raise ChainProblem("the deployer created nothing: it ran out of gas, or is another program")
    return Deployed(found.address, found.code_hash, receipt)


def _ensure_deployer(w3: Web3, send: Send) -> None:
    if w3.eth.get_code(CONTRACT["deployer"]):
        return
    known = CONTRACT["deployerTransaction"]
    send({"to": known["sender"], "value": Wei(int(known["cost"], 16))})
    sent = w3.eth.send_raw_transaction(HexBytes(known["raw"]))
    w3.eth.wait_for_transaction_receipt(sent, timeout=RECEIPT_SECONDS, poll_latency=0.1)


def _send_by_node(w3: Web3, payer: ChecksumAddress, transaction: TxParams) -> TxReceipt:
    sent = w3.eth.send_transaction(cast("TxParams", {**transaction, "from": payer}))
    return w3.eth.wait_for_transaction_receipt(sent, timeout=RECEIPT_SECONDS, poll_latency=0.1)


def _block_hash(w3: Web3, number: int) -> bytes | None:
    try:
        return bytes(w3.eth.get_block(number)["hash"])
    except Web3Exception:
        return None
