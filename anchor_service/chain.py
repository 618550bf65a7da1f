"""The chain as an issuer's anchor worker meets it: the registry's calls and what came of them."""

from collections.abc import Sequence
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import TransactionNotFound

from registry.core.contract import CONTRACT, REGISTRY, Batch
from registry.core.keys import Account
from registry.store.anchoring import SignedTransaction

from .batch import Observation
from .calls import KINDS, ROLES
from .node import ChainProblem
from .sending import send, sign

REVOKED_STATE: Final = 2
# At some 10,000 gas each this stays far below what nodes allow for a call.
PLACES_PER_CALL: Final = 500


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
        return self._sign("anchor", [self._issuer, root, size], nonce)

    def sign_status(
        self, root: bytes, kind: str, patches: Sequence[tuple[int, int]], nonce: int
    ) -> SignedTransaction:
        arguments = [self._issuer, root, KINDS[kind], list(patches)]
        return self._sign("setStatus", arguments, nonce)

    def send(self, raw: bytes) -> None:
        send(self._w3, raw, self._sender)

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

    def _sign(self, name: str, arguments: list[Any], nonce: int) -> SignedTransaction:
        data = self._contract.encode_abi(name, args=arguments)
        return sign(self._w3, self._key, {"to": self._contract.address, "data": data}, nonce)
