"""The chain through web3: the only code of the project that signs or sends transactions."""

from collections.abc import Sequence
from typing import Any, Final, cast

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.exceptions import (
    ContractCustomError,
    TransactionNotFound,
    Web3Exception,
    Web3RPCError,
)
from web3.types import RPCEndpoint, RPCResponse, TxParams, Wei

from registry.core.contract import CONTRACT, REGISTRY, Batch
from registry.core.keys import Account
from registry.store.anchoring import SignedTransaction

from .batch import Observation

# EIP-7825: no transaction may ask for more.
MAX_TRANSACTION_GAS: Final = 16_777_216
# The estimate is of the newest block; a status word may be colder in the next.
GAS_MARGIN: Final = 1.2
REQUEST_SECONDS: Final = 15
ROLES: Final = {"anchor": 1, "revoke": 2, "suspend": 4, "reinstate": 8}
REVOKED_STATE: Final = 2
# At some 10,000 gas each this stays far below what nodes allow for a call.
PLACES_PER_CALL: Final = 500
KINDS: Final = {"revoke": 0, "suspend": 1, "reinstate": 2}
# What nodes say of bytes that they have, or that were mined already.
ALREADY_SENT: Final = ("already known", "already imported", "nonce too low", "already exists")

# What nodes say when the sender cannot pay.
TOO_POOR: Final = ("insufficient funds", "gas required exceeds allowance", "insufficient balance")


class ChainProblem(Exception):
    """The chain cannot be used as asked; the text says why, and what to do."""


# What a node's silence or rubbish looks like through web3: the next round may fare better.
PASSING: Final = (ChainProblem, Web3Exception, OSError, ValueError)


def connect(url: str) -> Web3:
    """A connection to the node at `url`; nothing is asked yet."""
    return Web3(_Node(url, request_kwargs={"timeout": REQUEST_SECONDS}))


class _Node(HTTPProvider):
    """A node whose rubbish is its own problem, and no defect of this program."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        try:
            return super().make_request(method, params)
        except ValueError as error:
            raise ChainProblem(f"the node answers rubbish: {error}") from error


def registry_at(w3: Web3) -> Contract:
    """The registry on the chain of `w3`; raises `ChainProblem` when its code is not there."""
    address = Web3.to_checksum_address(REGISTRY.address)
    code = w3.eth.get_code(address)
    if Web3.keccak(code) != REGISTRY.code_hash:
        found = "another contract" if code else "no contract"
        raise ChainProblem(
            f"there is {found} at {address}: is the registry deployed on this chain?"
        )
    return w3.eth.contract(address=address, abi=CONTRACT["abi"])


def revoked(w3: Web3, issuer: Account, places: Sequence[tuple[bytes, int]]) -> list[bool]:
    """Of each (root, index) of the issuer, whether it is revoked at the newest block."""
    ask = registry_at(w3).functions.statusMany
    address = Web3.to_checksum_address(issuer.address)
    answers: list[Any] = []
    for start in range(0, len(places), PLACES_PER_CALL):
        part = places[start : start + PLACES_PER_CALL]
        answers += ask([(address, root, index) for root, index in part]).call()
    return [state == REVOKED_STATE for state, _batch in answers]


class EthereumChain:
    """One issuer's account on one chain, acted for by one sending key."""

    def __init__(self, w3: Web3, issuer: Account, key: LocalAccount) -> None:
        """Raises `ChainProblem` when the node is of another chain or has no registry."""
        found = w3.eth.chain_id
        if found != issuer.chain_id:
            raise ChainProblem(
                f"the node is on chain {found}, the issuer's account on {issuer.chain_id}"
            )
        self._w3 = w3
        self._contract = registry_at(w3)
        self._issuer = Web3.to_checksum_address(issuer.address)
        self._key = key

    def next_nonce(self) -> int:
        return self._w3.eth.get_transaction_count(self._sender, "latest")

    def may(self, kind: str) -> bool:
        controller = self._contract.functions.issuerOf(self._issuer).call()[0]
        if controller == self._sender:
            return True
        roles, expires = self._contract.functions.operatorOf(self._issuer, self._sender).call()
        now = self._w3.eth.get_block("latest")["timestamp"]
        return bool(roles & ROLES[kind]) and now < expires

    def batch(self, root: bytes) -> Batch:
        answer = self._contract.functions.statusWords(self._issuer, root, 0, 0).call()
        return Batch(*answer[0])

    def anchoring_transaction(self, root: bytes) -> bytes:
        block = self.batch(root).anchored_block
        logs = self._contract.events.Anchored.get_logs(
            from_block=block,
            to_block=block,
            argument_filters={"issuer": self._issuer, "root": root},
        )
        return bytes(logs[0]["transactionHash"])

    def sign_anchor(self, root: bytes, size: int, nonce: int) -> SignedTransaction:
        return self._sign(self._contract.functions.anchor(self._issuer, root, size), nonce)

    def sign_status(
        self, root: bytes, kind: str, patches: Sequence[tuple[int, int]], nonce: int
    ) -> SignedTransaction:
        call = self._contract.functions.setStatus(self._issuer, root, KINDS[kind], list(patches))
        return self._sign(call, nonce)

    def send(self, raw: bytes) -> None:
        try:
            self._w3.eth.send_raw_transaction(HexBytes(raw))
        except Web3RPCError as error:
            if not any(words in str(error).lower() for words in ALREADY_SENT):
                raise self._problem("the node refused a transaction", error) from error

    def observe(self, transaction_hash: bytes, nonce: int) -> Observation:
        finalized = self._w3.eth.get_block("finalized")["number"]
        # Asked before the receipt: what was final by then would have shown its receipt.
        used = self._w3.eth.get_transaction_count(self._sender, finalized)
        try:
            receipt = self._w3.eth.get_transaction_receipt(HexBytes(transaction_hash))
        except TransactionNotFound:
            return Observation(
                None, succeeded=False, finalized=finalized, nonce_passed=used > nonce
            )
        return Observation(
            receipt["blockNumber"],
            succeeded=receipt["status"] == 1,
            finalized=finalized,
            nonce_passed=used > nonce,
        )

    @property
    def _sender(self) -> ChecksumAddress:
        return self._key.address

    def _sign(self, call: Any, nonce: int) -> SignedTransaction:
        transaction: TxParams = call.build_transaction(
            {
                "from": self._sender,
                "nonce": nonce,
                "gas": min(int(self._estimate(call) * GAS_MARGIN), MAX_TRANSACTION_GAS),
                **self._fees(),
            }
        )
        signed = self._key.sign_transaction(cast("dict[str, Any]", transaction))
        return SignedTransaction(nonce, bytes(signed.hash), bytes(signed.raw_transaction))

    def _estimate(self, call: Any) -> int:
        try:
            return int(call.estimate_gas({"from": self._sender}))
        except ContractCustomError as error:
            raise ChainProblem(f"the registry refuses: {_error_name(error)}") from error
        except Web3Exception as error:
            raise self._problem("the transaction cannot be made", error) from error

    def _problem(self, what: str, error: Web3Exception) -> ChainProblem:
        if not any(words in str(error).lower() for words in TOO_POOR):
            return ChainProblem(f"{what}: {error}")
        chain = self._w3.eth.chain_id
        return ChainProblem(f"{self._sender} cannot pay for gas on chain {chain}: send it money")

    def _fees(self) -> TxParams:
        tip = self._w3.eth.max_priority_fee
        base = self._w3.eth.get_block("latest")["baseFeePerGas"]
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
