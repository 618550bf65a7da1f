"""An issuing organisation on a real chain and in a real database, with no command line between."""

import json
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from eth_account import Account as Keys
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3
from web3.types import RPCEndpoint

from anchor_service.calls import Call
from anchor_service.chain import EthereumChain, registry_at
from anchor_service.devchain import fund
from anchor_service.node import connect
from anchor_service.worker import step
from registry.core.evidence import DEV_CHAIN_ID
from registry.core.keys import Account
from registry.core.policy import TrustEntry
from registry.lifecycle.awards import Award, Recipient, Row
from registry.lifecycle.badges import Issuer
from registry.lifecycle.export import Exporter
from registry.lifecycle.issuing import IssuingDesk, Tally
from registry.lifecycle.signing_key import Ed25519Signer
from registry.store.anchoring import Anchoring
from registry.store.database import connect as open_database
from registry.store.database import migrate
from registry.store.issuance import Issuance
from registry.store.organisations import Organisation, add_organisation, find_organisation

# More rounds than any way to finality needs: a test that waits for nothing fails, and soon.
MOST_ROUNDS: Final = 40
ACHIEVEMENT: Final[dict[str, Any]] = {
    "type": ["Achievement"],
    "id": "https://school.example.org/achievements/soldering",
    "name": "Soldering",
    "description": "Joins wires that stay joined.",
    "criteria": {"narrative": "Ten joints, each inspected."},
    "resultDescription": [
        {
            "type": ["ResultDescription"],
            "id": "urn:uuid:6a1ee3d7-94d1-4b1b-93b4-1b3a2ac7f001",
            "name": "Inspection",
            "resultType": "Percent",
            "valueMin": "0",
            "valueMax": "100",
        }
    ],
}


def now() -> int:
    return int(time.time())


@dataclass(frozen=True)
class StillChain:
    """A dev chain that mines when it is told to, and at no other time."""

    url: str
    w3: Web3

    def call(self, method: str, *params: Any) -> Any:
        answer = self.w3.provider.make_request(RPCEndpoint(method), list(params))
        assert "error" not in answer, answer
        return answer["result"]

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.call("evm_mine")

    def reorganise(self, depth: int) -> None:
        """Replace the newest `depth` blocks by empty ones; their transactions are forgotten."""
        self.call("anvil_reorg", depth, [])

    @property
    def time(self) -> int:
        return self.w3.eth.get_block("latest")["timestamp"]


@dataclass(frozen=True)
class House:
    """One organisation with its keys; `controller` is who owns its account on the chain."""

    database: Path
    chain: StillChain
    sender: LocalAccount
    controller: LocalAccount
    signer: Ed25519Signer

    @classmethod
    def found(
        cls,
        database: Path,
        chain: StillChain,
        slug: str = "school",
        *,
        cold: bool = False,
        suites: tuple[str, ...] = ("eddsa-jcs-2022",),
        status_url: str | None = None,
    ) -> "House":
        """Found an organisation in `database`; with `cold`, its controller is another key."""
        sender: LocalAccount = Keys.create()
        controller: LocalAccount = Keys.create() if cold else sender
        signer = Ed25519Signer.generate()
        engine = open_database(f"sqlite:///{database}")
        migrate(engine)
        account = Account(DEV_CHAIN_ID, controller.address.lower())
        add_organisation(
            engine,
            Organisation(
                id=0,
                slug=slug,
                did=signer.public_key.did_key,
                profile={"name": f"The {slug}"},
                suites=suites,
                account=account,
                sender=sender.address.lower(),
                award_salt=bytes(32),
                status_url=status_url,
            ),
            now(),
        )
        for key in {sender.address, controller.address}:
            fund(chain.w3, key)
        house = cls(database, chain, sender, controller, signer)
        house.issuance(slug).add_achievement(ACHIEVEMENT, now())
        return house

    def organisation(self, slug: str | None = None) -> Organisation:
        return find_organisation(open_database(f"sqlite:///{self.database}"), slug)

    def issuance(self, slug: str | None = None) -> Issuance:
        engine = open_database(f"sqlite:///{self.database}")
        return Issuance(engine, find_organisation(engine, slug).id)

    def anchoring(self, slug: str | None = None) -> Anchoring:
        engine = open_database(f"sqlite:///{self.database}")
        return Anchoring(engine, find_organisation(engine, slug).id)

    def port(self) -> EthereumChain:
        """The chain as a worker that has just started finds it."""
        return EthereumChain(connect(self.chain.url), self.account, self.sender)

    @property
    def account(self) -> Account:
        return Account(DEV_CHAIN_ID, self.controller.address.lower())

    @property
    def trust(self) -> TrustEntry:
        return TrustEntry("The school", self.signer.public_key.did_key, (self.account,))

    def issue(self, names: Sequence[str], *, date: str = "2026-06-30T00:00:00Z") -> list[UUID]:
        """Issue one credential to each of `names`; all ids there are, in the order of leaves."""
        rows: list[Row] = [
            (line, Award(Recipient(name, "systemId"), ACHIEVEMENT["id"], date))
            for line, name in enumerate(names, 1)
        ]
        tally = self.issue_rows(rows)
        assert not tally.refused, tally.refused
        return [stored.uuid for stored in self.issuance().credentials()]

    def issue_rows(self, rows: Sequence[Row], *, strict: bool = False) -> Tally:
        salt = self.organisation().award_salt
        with ThreadPoolExecutor(1) as executor:
            desk = IssuingDesk(self.issuance(), self.issuer, self.signer, salt, executor)
            tallies = list(desk.issue(rows, now, strict=strict))
        return tallies[-1] if tallies else Tally()

    @property
    def issuer(self) -> Issuer:
        organisation = self.organisation()
        return Issuer(
            organisation.did, organisation.profile, organisation.account, organisation.suites
        )

    def rounds(self, *, seal: bool = True) -> Iterator[tuple[str, ...]]:
        """The worker's rounds with one new block after each, until nothing is under way."""
        store, port = self.anchoring(), self.port()
        for number in range(MOST_ROUNDS):
            progress = step(store, port, now, seal_now=seal and number == 0)
            yield progress.events
            if not progress.pending:
                return
            self.chain.mine()
        raise AssertionError(f"still under way after {MOST_ROUNDS} rounds")

    def settle(self, *, seal: bool = True) -> list[str]:
        return [event for events in self.rounds(seal=seal) for event in events]

    def change(self, kind: str, *uuids: UUID) -> int:
        return self.anchoring().request_changes(list(uuids), kind, now())

    def files(self) -> list[bytes]:
        """The credential files as their holders get them, in the order of leaves."""
        store = self.issuance()
        exporter = Exporter(store, self.account)
        return [json.dumps(exporter.complete(stored)).encode() for stored in store.credentials()]

    def batches_on_chain(self) -> int:
        contract = registry_at(self.chain.w3)
        issuer = Web3.to_checksum_address(self.account.address)
        return int(contract.functions.issuerOf(issuer).call()[1])

    def words_on_chain(self, root: bytes) -> list[tuple[int, int]]:
        """The revoked and the suspended lane of each status word."""
        contract = registry_at(self.chain.w3)
        issuer = Web3.to_checksum_address(self.account.address)
        _, words = contract.functions.statusWords(issuer, root, 0, 512).call()
        return [(revoked, suspended) for revoked, suspended in words]

    def events_on_chain(self, name: str) -> int:
        contract = registry_at(self.chain.w3)
        issuer = Web3.to_checksum_address(self.account.address)
        event = getattr(contract.events, name)
        return len(event.get_logs(from_block=0, argument_filters={"issuer": issuer}))

    def nonce_on_chain(self) -> int:
        return self.chain.w3.eth.get_transaction_count(self.sender.address)

    def sign_and_send(self, call: Call) -> None:
        """What the controller's wallet does with an unsigned call."""
        w3, key = self.chain.w3, self.controller
        transaction: dict[str, Any] = {
            "chainId": call.chain_id,
            "from": key.address,
            "to": Web3.to_checksum_address(call.to),
            "data": HexBytes(call.data),
            "nonce": w3.eth.get_transaction_count(key.address),
            "gas": 500_000,
            "gasPrice": w3.eth.gas_price * 2,
        }
        sent = w3.eth.send_raw_transaction(key.sign_transaction(transaction).raw_transaction)
        self.chain.mine(3)
        assert w3.eth.get_transaction_receipt(sent)["status"] == 1
