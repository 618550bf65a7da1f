"""The relay on real chains: put there once, and carrying out what others signed."""

import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from secrets import token_bytes
from typing import Any, Final

import pytest
from eth_account import Account as Keys
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from installations import StillChain
from web3 import Web3
from web3.logs import DISCARD
from web3.types import RPCEndpoint, TxReceipt

from anchor_service.calls import DEFAULT_ROLES, FOR_EVER, remove_operator, set_operator
from anchor_service.chain import registry_at
from anchor_service.deploy import deploy_by_node
from anchor_service.devchain import fund
from anchor_service.node import ChainProblem, connect
from anchor_service.relay_requests import (
    RELAY,
    AnchorRequest,
    Request,
    StatusRequest,
    sign,
    signable,
)
from anchor_service.relaying import cancel, ensure_relay, relay, relay_at
from anchor_service.sending import deliver
from registry.core.evidence import DEV_CHAIN_ID
from registry.core.keys import Account

ROLES: Final = ("anchor", "revoke", "suspend", "reinstate")
OTHER_CHAIN_ID: Final = 31338
DAY: Final = 24 * 3600
# A wallet that says yes to the hash that was stored in it: 32 bytes store, anything else asks.
WALLET: Final = HexBytes(
    "0x3660201460165760043560005414601e5760006000fd"  # 32 bytes? the hash? else revert
    "5b60003560005500"  # store
    "5b631626ba7e60e01b60005260206000f3"  # the magic value of ERC-1271
)


@dataclass(frozen=True)
class Parties:
    """An issuer and the two who act for it: one signs and has no money, another pays."""

    w3: Web3
    controller: LocalAccount = field(default_factory=Keys.create)
    signer: LocalAccount = field(default_factory=Keys.create)
    payer: LocalAccount = field(default_factory=Keys.create)

    @property
    def issuer(self) -> Account:
        return Account(DEV_CHAIN_ID, self.controller.address.lower())

    def appoint(self, operator: str, roles: tuple[str, ...] = ROLES) -> None:
        call = set_operator(self.issuer, operator, roles, FOR_EVER)
        deliver(self.w3, self.controller, call.transaction)

    def dismiss(self, operator: str) -> None:
        call = remove_operator(self.issuer, operator)
        deliver(self.w3, self.controller, call.transaction)

    def anchor(self, size: int = 1000, **changes: Any) -> AnchorRequest:
        by, root = self.signer.address.lower(), token_bytes(32)
        request = AnchorRequest(by, self.issuer, root, size, int(time.time()) + DAY)
        return replace(request, **changes)

    def change(self, root: bytes, kind: str, **changes: Any) -> StatusRequest:
        by, nonce = self.signer.address.lower(), int.from_bytes(token_bytes(32), "big")
        patches, deadline = ((0, 6), (3, 1)), int(time.time()) + DAY
        request = StatusRequest(by, self.issuer, root, kind, patches, nonce, deadline)
        return replace(request, **changes)

    def relay(self, request: Request) -> TxReceipt | None:
        return relay(self.w3, self.payer, request, sign(request, self.signer))

    def batch(self, root: bytes) -> Any:
        issuer = self.controller.address
        return registry_at(self.w3).functions.statusWords(issuer, root, 0, 4).call()


@pytest.fixture(scope="module")
def chain(ticking_chain: str) -> Web3:
    w3, payer = connect(ticking_chain), Keys.create()
    fund(w3, payer.address)
    ensure_relay(w3, payer)
    return w3


@pytest.fixture
def parties(chain: Web3) -> Parties:
    made = Parties(chain)
    fund(chain, made.controller.address)
    fund(chain, made.payer.address)
    made.appoint(RELAY["address"])
    made.appoint(made.signer.address)
    return made


@pytest.fixture(scope="module")
def other_chain(anvil: str, new_port: Callable[[], int]) -> Iterator[Web3]:
    """A chain of another id, with the registry, that gives no money away."""
    port = new_port()
    words = ["--port", str(port), "--chain-id", str(OTHER_CHAIN_ID), "--quiet"]
    with subprocess.Popen([anvil, *words], stdout=subprocess.DEVNULL) as process:
        try:
            w3, until = connect(f"http://127.0.0.1:{port}"), time.monotonic() + 30
            while not w3.is_connected():
                assert time.monotonic() < until, "no node"
                time.sleep(0.05)
            deploy_by_node(w3)
            yield w3
        finally:
            process.terminate()


def rich_key(w3: Web3) -> LocalAccount:
    key: LocalAccount = Keys.create()
    w3.provider.make_request(RPCEndpoint("anvil_setBalance"), [key.address, hex(10**20)])
    return key


def test_the_relay_is_created_once_and_alike_on_every_chain(chain: Web3, other_chain: Web3) -> None:
    payer = rich_key(other_chain)
    assert ensure_relay(other_chain, payer) is True
    spent = other_chain.eth.get_transaction_count(payer.address)
    assert ensure_relay(other_chain, payer) is False
    assert other_chain.eth.get_transaction_count(payer.address) == spent
    codes = [w3.eth.get_code(RELAY["address"]) for w3 in (chain, other_chain)]
    assert codes[0] == codes[1]
    assert Web3.keccak(codes[0]) == HexBytes(RELAY["runtimeCodeHash"])
    assert relay_at(chain).functions.registry().call() == RELAY["registry"]


def test_where_the_relay_or_the_registry_is_missing_that_is_told(still_chain: StillChain) -> None:
    with pytest.raises(ChainProblem, match="there is no relay at"):
        relay(still_chain.w3, Keys.create(), Parties(still_chain.w3).anchor(), b"")


def test_what_stands_there_and_is_not_the_relay_is_not_used(other_chain: Web3) -> None:
    code = other_chain.eth.get_code(RELAY["address"])
    put = RPCEndpoint("anvil_setCode")
    other_chain.provider.make_request(put, [RELAY["address"], "0x00"])
    try:
        with pytest.raises(ChainProblem, match="there is no relay at"):
            ensure_relay(other_chain, rich_key(other_chain))
    finally:
        other_chain.provider.make_request(put, [RELAY["address"], code.to_0x_hex()])


def test_a_signer_without_money_anchors_and_the_payer_pays_once(parties: Parties) -> None:
    request = parties.anchor()
    receipt = parties.relay(request)
    assert receipt is not None
    assert receipt["from"] == parties.payer.address
    batch, _ = parties.batch(request.root)
    assert batch[5:7] == (1000, 1)
    assert parties.w3.eth.get_balance(parties.signer.address) == 0
    (event,) = relay_at(parties.w3).events.Relayed().process_receipt(receipt, errors=DISCARD)
    assert event["args"]["signer"] == parties.signer.address
    spent = parties.w3.eth.get_balance(parties.payer.address)
    assert parties.relay(request) is None
    assert parties.w3.eth.get_balance(parties.payer.address) == spent


def test_status_changes_are_carried_out_in_any_order_and_each_once(parties: Parties) -> None:
    root = parties.anchor().root
    parties.relay(parties.anchor(root=root))
    first, second = parties.change(root, "suspend"), parties.change(root, "revoke", nonce=3)
    reinstated = parties.change(root, "reinstate", patches=((0, 2),))
    assert parties.relay(second) is not None
    assert parties.relay(first) is not None
    assert parties.relay(first) is None
    assert parties.relay(reinstated) is not None
    _, words = parties.batch(root)
    assert words == [[6, 4], [0, 0], [0, 0], [1, 1]]
    assert parties.relay(second) is None
    assert parties.relay(reinstated) is None
    # It was carried out, and is so no longer: to say "done" would be wrong.
    with pytest.raises(ChainProblem, match="the chain does not show what it asks"):
        parties.relay(first)


def test_a_cancelled_request_is_refused(parties: Parties) -> None:
    root = parties.anchor().root
    parties.relay(parties.anchor(root=root))
    request = parties.change(root, "suspend")
    fund(parties.w3, parties.signer.address)
    assert cancel(parties.w3, parties.signer, request) is not None
    assert cancel(parties.w3, parties.signer, request) is None
    with pytest.raises(ChainProblem, match="or its signer cancelled it"):
        parties.relay(request)


def test_every_refusal_is_told_in_a_sentence_and_nothing_is_paid(parties: Parties) -> None:
    anchored = parties.anchor()
    parties.relay(anchored)
    paid = parties.w3.eth.get_balance(parties.payer.address)

    def refused(request: Request, why: str) -> None:
        with pytest.raises(ChainProblem, match=why):
            parties.relay(request)

    refused(replace(anchored, size=7), "anchored this root already, with size 1000")
    refused(parties.anchor(deadline=1), "deadline is over")
    refused(parties.anchor(size=0), "a size of 0 cannot be anchored")
    refused(parties.change(bytes(31) + b"\1", "revoke"), "has not anchored this root")
    refused(parties.change(anchored.root, "revoke", patches=()), "changes no credential")
    refused(parties.change(anchored.root, "revoke", patches=((9, 1),)), "does not have")
    request = parties.anchor()
    for signature in (b"", bytes(65), sign(parties.anchor(), parties.signer)):
        with pytest.raises(ChainProblem, match="not its signer's over exactly this"):
            relay(parties.w3, parties.payer, request, signature)
    stranger = replace(parties, signer=Keys.create())
    with pytest.raises(ChainProblem, match="neither the issuer's controller nor an operator"):
        stranger.relay(stranger.anchor())
    parties.appoint(parties.signer.address, DEFAULT_ROLES)
    refused(parties.change(anchored.root, "revoke"), "neither the issuer's controller")
    parties.dismiss(RELAY["address"])
    refused(parties.anchor(), "has not appointed the relay")
    assert parties.w3.eth.get_balance(parties.payer.address) == paid


def test_a_request_for_another_chain_is_refused_before_anything_is_asked(
    parties: Parties, other_chain: Web3
) -> None:
    request = parties.anchor()
    with pytest.raises(ChainProblem, match=f"for chain 31337, the node is on chain {31338}"):
        relay(other_chain, parties.payer, request, sign(request, parties.signer))


def test_a_payer_without_money_is_named(other_chain: Web3) -> None:
    ensure_relay(other_chain, rich_key(other_chain))
    controller, poor = rich_key(other_chain), Keys.create()
    issuer = Account(OTHER_CHAIN_ID, controller.address.lower())
    call = set_operator(issuer, RELAY["address"], ROLES, FOR_EVER)
    deliver(other_chain, controller, call.transaction)
    by = controller.address.lower()
    request = AnchorRequest(by, issuer, token_bytes(32), 1, int(time.time()) + DAY)
    with pytest.raises(ChainProblem, match=f"{poor.address} cannot pay for gas on chain 31338"):
        relay(other_chain, poor, request, sign(request, controller))
    assert relay(other_chain, rich_key(other_chain), request, sign(request, controller))


def test_a_wallet_contract_signs_by_erc_1271(parties: Parties) -> None:
    wallet = "0x" + token_bytes(20).hex()
    put = RPCEndpoint("anvil_setCode")
    parties.w3.provider.make_request(put, [wallet, WALLET.to_0x_hex()])
    parties.appoint(wallet, ("anchor",))
    request = parties.anchor(signer=wallet)
    with pytest.raises(ChainProblem, match="not its signer's"):
        relay(parties.w3, parties.payer, request, b"")
    message = signable(request)
    digest = Web3.keccak(b"\x19\x01" + message.header + message.body)
    to = Web3.to_checksum_address(wallet)
    deliver(parties.w3, parties.payer, {"to": to, "data": HexBytes(digest)})
    # A message that was approved on the chain needs no bytes of a signature.
    assert relay(parties.w3, parties.payer, request, b"") is not None
    assert parties.batch(request.root)[0][5] == request.size
