"""Putting the registry on a chain: CREATE2 through the deterministic deployer, and only once."""

from typing import Final

from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import Web3
from web3.types import TxParams, Wei

from registry.core.contract import CONTRACT, REGISTRY

from .chain import ChainProblem

RECEIPT_SECONDS: Final = 60


def ensure_registry(w3: Web3, payer: ChecksumAddress) -> bool:
    """Deploy the registry, paid by the node's own account `payer`; `False` if it was there.

    Raises `ChainProblem` when what stands at the address afterwards is not the registry.
    """
    address = Web3.to_checksum_address(REGISTRY.address)
    if w3.eth.get_code(address):
        _require_code(w3, address)
        return False
    _ensure_deployer(w3, payer)
    salted = HexBytes(CONTRACT["salt"]) + HexBytes(CONTRACT["creationCode"])
    _send(w3, {"from": payer, "to": CONTRACT["deployer"], "data": HexBytes(salted)})
    _require_code(w3, address)
    return True


def _ensure_deployer(w3: Web3, payer: ChecksumAddress) -> None:
    if w3.eth.get_code(CONTRACT["deployer"]):
        return
    known = CONTRACT["deployerTransaction"]
    _send(w3, {"from": payer, "to": known["sender"], "value": Wei(known["cost"])})
    sent = w3.eth.send_raw_transaction(HexBytes(known["raw"]))
    w3.eth.wait_for_transaction_receipt(sent, timeout=RECEIPT_SECONDS, poll_latency=0.1)


def _send(w3: Web3, transaction: TxParams) -> None:
    sent = w3.eth.send_transaction(transaction)
    w3.eth.wait_for_transaction_receipt(sent, timeout=RECEIPT_SECONDS, poll_latency=0.1)


def _require_code(w3: Web3, address: ChecksumAddress) -> None:
    if Web3.keccak(w3.eth.get_code(address)) != REGISTRY.code_hash:
        raise ChainProblem(f"what stands at {address} is not the registry")
