"""A dev chain on which the same transaction costs the same in every run.

Accounts are the node's own and in its order; block times are set, for they go into hashes, and a
zero byte of a hash costs less than another.
"""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, TypeVar

from eth_abi.abi import encode
from eth_abi.grammar import TupleType, parse
from eth_hash.auto import keccak
from eth_typing import ChecksumAddress
from hexbytes import HexBytes
from web3 import Web3
from web3.types import RPCEndpoint, TxParams

from anchor_service.devchain import running_chain
from anchor_service.node import connect
from anchor_service.sending import MAX_TRANSACTION_GAS

START: Final = 4_102_444_800  # 2100-01-01
# So that a call that is too large for one transaction can be estimated and then split.
BLOCK_GAS: Final = 500_000_000

Item = TypeVar("Item")


class BenchProblem(Exception):
    """Something cannot be measured; the text says what."""


def call_data(signature: str, *arguments: Any) -> bytes:
    """Call data of a function, such as `revoke(bytes32)`."""
    types = parse(signature[signature.index("(") :])
    if not isinstance(types, TupleType):
        raise BenchProblem(f"{signature} is no function")
    names = [part.to_type_str() for part in types.components]
    return keccak(signature.encode())[:4] + encode(names, arguments)


@dataclass(frozen=True)
class Chain:
    w3: Web3

    @property
    def accounts(self) -> Sequence[ChecksumAddress]:
        return self.w3.eth.accounts

    @property
    def node(self) -> str:
        """The node's name, release and rules."""
        rules = self.ask("anvil_nodeInfo")["hardFork"]
        return f"{self.w3.client_version}, {rules} rules"

    def ask(self, method: str, *parameters: Any) -> Any:
        answer = self.w3.provider.make_request(RPCEndpoint(method), list(parameters))
        if "error" in answer:
            raise BenchProblem(f"{method}: {answer['error']}")
        return answer["result"]

    def send(self, sender: ChecksumAddress, to: ChecksumAddress, data: bytes) -> int:
        """The gas that the transaction used, of its receipt."""
        return self._mined({"from": sender, "to": to, "data": HexBytes(data)})[0]

    def send_parts(
        self,
        sender: ChecksumAddress,
        to: ChecksumAddress,
        items: Sequence[Item],
        call: Callable[[Sequence[Item]], bytes],
    ) -> int:
        """The gas of `call` over all `items`, in as few equal transactions as may be sent."""
        for parts in count(1):
            size = -(-len(items) // parts)
            first = HexBytes(call(items[:size]))
            needed = self.w3.eth.estimate_gas({"from": sender, "to": to, "data": first})
            if needed <= MAX_TRANSACTION_GAS:
                break
        starts = range(0, len(items), size)
        return sum(self.send(sender, to, call(items[at : at + size])) for at in starts)

    def deploy(self, sender: ChecksumAddress, code: bytes) -> tuple[int, ChecksumAddress]:
        """Gas and address of a new contract; `code` with the constructor's arguments."""
        gas, address = self._mined({"from": sender, "data": HexBytes(code)})
        if address is None:
            raise BenchProblem("a contract was not made")
        return gas, address

    def execution(self, to: ChecksumAddress, data: bytes) -> int:
        """The gas of a call's execution alone: what it costs another contract that has `to` warm.

        Without the transaction's base cost and its call data, which hide it in a receipt.
        """
        transaction = {"from": self.accounts[0], "to": to, "data": HexBytes(data).to_0x_hex()}
        quiet = {"disableStorage": True, "disableStack": True, "enableMemory": False}
        trace = self.ask("debug_traceCall", transaction, "latest", quiet)
        if trace["failed"]:
            raise BenchProblem(f"a call to {to} failed")
        first, last = trace["structLogs"][0], trace["structLogs"][-1]
        return int(first["gas"] - last["gas"] + last["gasCost"])

    def gas_of_first(self, to: str) -> int:
        """The gas of the first transaction that any account sent to `to`."""
        for number in range(self.w3.eth.block_number + 1):
            for sent in self.w3.eth.get_block(number, full_transactions=True)["transactions"]:
                if not isinstance(sent, bytes) and sent.get("to") == to:
                    return self.w3.eth.get_transaction_receipt(sent["hash"])["gasUsed"]
        raise BenchProblem(f"nothing was sent to {to}")

    def _mined(self, transaction: TxParams) -> tuple[int, ChecksumAddress | None]:
        sent = self.w3.eth.send_transaction({**transaction, "gas": MAX_TRANSACTION_GAS})
        receipt = self.w3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
        if receipt["status"] != 1:
            raise BenchProblem(f"the transaction {sent.to_0x_hex()} failed")
        return receipt["gasUsed"], receipt["contractAddress"]


@contextmanager
def bench_chain(anvil: str | None = None) -> Iterator[Chain]:
    """A dev chain of its own, with the registry and nothing else; each transaction is a block."""
    with TemporaryDirectory() as folder:
        state = Path(folder) / "state.json"
        with running_chain(_free_port(), state, 1, anvil) as node:
            chain = Chain(connect(node.url))
            chain.ask("evm_setIntervalMining", 0)
            chain.ask("evm_setAutomine", True)
            chain.ask("evm_setBlockGasLimit", hex(BLOCK_GAS))
            chain.ask("anvil_setBlockTimestampInterval", 1)
            chain.ask("evm_setNextBlockTimestamp", START)
            yield chain


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
