"""Transactions of one key: priced, signed, sent, waited for. Nothing else here signs or sends."""

import time
from typing import Any, Final, cast

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import (
    ContractCustomError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.types import TxParams, TxReceipt, Wei

from registry.core.contract import CONTRACT
from registry.store.anchoring import SignedTransaction

from .node import ChainProblem

# EIP-7825: no transaction may ask for more.
MAX_TRANSACTION_GAS: Final = 16_777_216
# The estimate is of the newest block; a status word may be colder in the next.
GAS_MARGIN: Final = 1.2
# Ten slots of Ethereum's: with twice the base fee a transaction is in one of the next few.
RECEIPT_SECONDS: Final = 120
POLL_SECONDS: Final = 0.2
# What nodes say of bytes that they have, or that were mined already.
ALREADY_SENT: Final = ("already known", "already imported", "nonce too low", "already exists")
# What nodes say when the sender cannot pay.
TOO_POOR: Final = ("insufficient funds", "gas required exceeds allowance", "insufficient balance")


def sign(w3: Web3, key: LocalAccount, call: TxParams, nonce: int) -> SignedTransaction:
    """`call` (its `to` and `data`) as `key` signs it for this chain, with the gas it needs.

    Raises `ChainProblem` when it would fail, or the key cannot pay.
    """
    transaction: TxParams = {
        **call,
        "from": key.address,
        "chainId": w3.eth.chain_id,
        "nonce": cast("Any", nonce),
        "gas": min(int(_estimate(w3, key, call) * GAS_MARGIN), MAX_TRANSACTION_GAS),
        "value": Wei(0),
        **_fees(w3),
    }
    signed = key.sign_transaction(cast("dict[str, Any]", transaction))
    return SignedTransaction(nonce, bytes(signed.hash), bytes(signed.raw_transaction))


def send(w3: Web3, raw: bytes, sender: ChecksumAddress) -> None:
    """Hand the bytes to the node; that it has them already is no error."""
    try:
        w3.eth.send_raw_transaction(HexBytes(raw))
    except Web3RPCError as error:
        if not any(words in str(error).lower() for words in ALREADY_SENT):
            raise _problem(w3, sender, "the node refused a transaction", error) from error


def deliver(w3: Web3, key: LocalAccount, call: TxParams) -> TxReceipt:
    """Sign, send, and wait until a block has it; raises `ChainProblem` when it failed there.

    `settle` first, and look then whether it is needed still: so a command that was stopped after
    it sent something sends nothing twice.
    """
    signed = sign(w3, key, call, w3.eth.get_transaction_count(key.address, "latest"))
    send(w3, signed.raw, key.address)
    receipt = _receipt(w3, signed.hash)
    if receipt["status"] != 1:
        raise ChainProblem(f"the transaction {signed.hash.hex()} failed on the chain")
    return receipt


def settle(w3: Web3, sender: ChecksumAddress) -> None:
    """Wait until nothing that `sender` sent is under way; raises `ChainProblem` after a while."""
    until = time.monotonic() + RECEIPT_SECONDS
    while w3.eth.get_transaction_count(sender, "pending") > w3.eth.get_transaction_count(sender):
        if time.monotonic() > until:
            raise ChainProblem(
                f"{sender} has sent transactions that no block has yet: run this again later"
            )
        time.sleep(POLL_SECONDS)


def _receipt(w3: Web3, transaction_hash: bytes) -> TxReceipt:
    until = time.monotonic() + RECEIPT_SECONDS
    while True:
        try:
            return w3.eth.get_transaction_receipt(HexBytes(transaction_hash))
        except TransactionNotFound:
            if time.monotonic() > until:
                raise ChainProblem(
                    f"no block has {transaction_hash.hex()} after {RECEIPT_SECONDS} seconds: "
                    "it is sent, run this again to see what came of it"
                ) from None
        time.sleep(POLL_SECONDS)


def _estimate(w3: Web3, key: LocalAccount, call: TxParams) -> int:
    try:
        return w3.eth.estimate_gas({**call, "from": key.address})
    except ContractCustomError as error:
        raise ChainProblem(f"the registry refuses: {_error_name(error)}") from error
    except Web3Exception as error:
        raise _problem(w3, key.address, "the transaction cannot be made", error) from error


def _problem(w3: Web3, sender: ChecksumAddress, what: str, error: Web3Exception) -> ChainProblem:
    if not any(words in str(error).lower() for words in TOO_POOR):
        return ChainProblem(f"{what}: {error}")
    chain = w3.eth.chain_id
    return ChainProblem(f"{sender} cannot pay for gas on chain {chain}: send it money")


def _fees(w3: Web3) -> TxParams:
    tip = w3.eth.max_priority_fee
    base = w3.eth.get_block("latest")["baseFeePerGas"]
    # Twice the base fee outlasts six full blocks in a row.
    return {"maxPriorityFeePerGas": tip, "maxFeePerGas": Wei(2 * base + tip)}


def _error_name(error: ContractCustomError) -> str:
    data = str(error.data or error)
    for item in CONTRACT["abi"]:
        if item["type"] == "error":
            arguments = ",".join(field["type"] for field in item["inputs"])
            if Web3.keccak(text=f"{item['name']}({arguments})")[:4].hex() in data:
                return str(item["name"])
    return data
