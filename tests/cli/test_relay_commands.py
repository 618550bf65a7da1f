"""`credroot relay`: an issuer that signs and pays nothing, and a relayer on another machine."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from commands import PASSPHRASE, Desk, Said, lay_out_keys
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from installations import ACHIEVEMENT

from anchor_service.calls import DEFAULT_ROLES, FOR_EVER, set_operator
from anchor_service.devchain import fund
from anchor_service.node import connect
from anchor_service.relay_requests import RELAY
from anchor_service.sending import deliver
from registry.core.keys import Account as IssuerAccount
from registry.private_files import write_private

NOWHERE: Final = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Office:
    """An issuer of a cold controller; its sending key has roles, as the relay has, and no money."""

    desk: Desk
    controller: LocalAccount
    node: str

    @property
    def online(self) -> Desk:
        return replace(self.desk, node=self.node)

    def issue(self, *names: str) -> None:
        awards = self.desk.home.parent / "awards.csv"
        rows = "".join(f"{name},{ACHIEVEMENT['id']},2026-06-30\n" for name in names)
        awards.write_text(f"recipient,achievement,date\n{rows}")
        assert self.desk.run_here("issue", awards).status == 0

    def ids(self) -> list[str]:
        with closing(sqlite3.connect(self.desk.home / "registry.db")) as connection:
            query = "SELECT hex(uuid) FROM credentials ORDER BY id"
            return [row[0].lower() for row in connection.execute(query)]

    def appoint(self, operator: str) -> None:
        issuer = IssuerAccount(31337, self.controller.address.lower())
        call = set_operator(issuer, operator, DEFAULT_ROLES, FOR_EVER)
        deliver(connect(self.node), self.controller, call.transaction)


def keystore(path: Path) -> tuple[Path, LocalAccount]:
    """A key in a file that is quick to open (scrypt with n = 2)."""
    key: LocalAccount = Account.create()
    stored = Account.encrypt(key.key, PASSPHRASE, kdf="scrypt", iterations=2)
    write_private(path, json.dumps(stored))
    return path, key


@pytest.fixture(scope="module")
def relayer(ticking_chain: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, Path]:
    """Another machine: it has a key that pays, and nothing of the issuer's."""
    folder = tmp_path_factory.mktemp("relayer")
    path, _ = keystore(folder / "payer.json")
    desk = Desk(folder / "home", ticking_chain)
    said = desk.run_here("relay", "deploy", "--key", path, "--json")
    assert said.status == 0, said
    assert said.json["address"] == RELAY["address"]
    said = desk.run_here("relay", "deploy", "--key", path, "--json")
    assert (said.status, said.json["deployed"]) == (0, False)
    return desk, path


@pytest.fixture(scope="module")
def office(
    ticking_chain: str, tmp_path_factory: pytest.TempPathFactory, relayer: tuple[Desk, Path]
) -> Office:
    folder = tmp_path_factory.mktemp("office")
    desk, controller = Desk(folder / "home", NOWHERE), Account.create()
    desk.run_here("init")
    lay_out_keys(desk.home / "issuers" / "school")
    words = ("--slug", "school", "--chain-id", "31337", "--controller", controller.address)
    said = desk.run_here("issuer", "create", "School", *words, "--json")
    assert said.status == 0, said
    achievement = folder / "achievement.json"
    achievement.write_text(json.dumps(ACHIEVEMENT))
    desk.run_here("achievement", "import", achievement)
    fund(connect(ticking_chain), controller.address)
    made = Office(desk, controller, ticking_chain)
    made.appoint(said.json["sender"])
    made.appoint(RELAY["address"])
    return made


def sent(relayer: tuple[Desk, Path], *words: str | Path) -> Said:
    desk, key = relayer
    return desk.run_here("relay", "send", *words, "--key", key, "--json")


def signed_files(said: Said) -> list[Path]:
    assert said.status == 0, said
    assert all(request["signed"] for request in said.json["requests"])
    return [Path(request["file"]) for request in said.json["requests"]]


def test_what_is_signed_without_a_node_is_sent_by_a_relayer_and_found_by_the_issuer(
    office: Office, relayer: tuple[Desk, Path], tmp_path: Path
) -> None:
    office.issue("ada", "ben")
    words = ("relay", "sign-anchor", "--to", tmp_path / "requests", "--json")
    (file,) = signed_files(office.desk.run_here(*words))
    first = sent(relayer, file)
    assert (first.status, len(first.json["requests"][0]["sent"])) == (0, 1), first
    again = sent(relayer, file)
    assert (again.status, again.json["requests"][0]["sent"]) == (0, []), again

    said = office.online.run_here("anchor", "--json")
    assert (said.status, said.json["anchored"]) == (0, 2), said
    assert office.desk.run_here(*words).json == {"requests": []}

    first_id, second_id = office.ids()[-2:]
    change = ("relay", "sign-status", "suspend", "--to", tmp_path / "requests", "--json")
    files = signed_files(office.desk.run_here(*change, first_id, second_id))
    assert sent(relayer, *files).status == 0
    office.online.run_here("export", tmp_path / "badges")
    said = office.online.run_here("issuer", "card", "--json")
    (tmp_path / "card.json").write_text(json.dumps(said.json))
    verify = ("verify", tmp_path / "badges", "--trust", tmp_path / "card.json", "--trust-one-node")
    said = office.online.run_here(*verify, "--json")
    assert (said.status, "suspended" in said.out) == (1, True), said


def test_a_wallets_signature_is_given_beside_the_typed_data(
    office: Office, relayer: tuple[Desk, Path], tmp_path: Path
) -> None:
    office.issue("cem")
    wallet = office.controller.address
    said = office.desk.run_here(
        "relay", "sign-anchor", "--to", tmp_path, "--signer", wallet, "--json"
    )
    request = said.json["requests"][-1]
    assert request["signed"] is False
    typed_data = json.loads(Path(request["file"]).read_text())
    assert set(typed_data) == {"types", "primaryType", "domain", "message"}
    unsigned = sent(relayer, request["file"])
    assert (unsigned.status, "is not signed" in unsigned.err) == (64, True)
    signed = office.controller.sign_message(encode_typed_data(full_message=typed_data))
    signature = "0x" + signed.signature.hex().removeprefix("0x")
    two = sent(relayer, request["file"], request["file"], "--signature", signature)
    assert (two.status, "name one file" in two.err) == (64, True)
    done = sent(relayer, request["file"], "--signature", signature)
    assert (done.status, len(done.json["requests"][0]["sent"])) == (0, 1), done


def test_a_change_that_was_cancelled_is_not_sent(
    office: Office, relayer: tuple[Desk, Path], tmp_path: Path
) -> None:
    office.issue("dan")
    *_, anchor = signed_files(
        office.desk.run_here("relay", "sign-anchor", "--to", tmp_path, "--json")
    )
    words = ("relay", "sign-status", "suspend", office.ids()[-1], "--to", tmp_path, "--json")
    (change,) = signed_files(office.desk.run_here(*words))

    said = office.desk.run_here("relay", "cancel", anchor)
    assert (said.status, "an anchor cannot be taken back" in said.err) == (64, True)
    path, _ = keystore(tmp_path / "stranger.json")
    said = office.desk.run_here("relay", "cancel", change, "--key", path)
    assert (said.status, "--unsigned" in said.err) == (64, True)
    said = office.desk.run_here("relay", "cancel", change, "--unsigned", "--json")
    assert said.json["transactions"][0]["to"] == RELAY["address"]

    said = office.online.run_here("relay", "cancel", change, "--json")
    assert (said.status, len(said.json["sent"])) == (0, 1), said
    said = sent(relayer, anchor, change)
    assert (said.status, "or its signer cancelled it" in said.err) == (64, True)


def test_what_cannot_be_signed_is_told(office: Office, tmp_path: Path) -> None:
    office.issue("zoe")
    only = office.ids()[-1]

    def why(*words: str) -> str:
        said = office.desk.run_here("relay", *words, "--to", str(tmp_path / "none"))
        assert said.status == 64, said
        return said.err

    assert "there are revoke, suspend, reinstate" in why("sign-status", "erase", only)
    assert "never issued" in why("sign-status", "revoke", str(uuid4()))
    assert "in no sealed batch yet" in why("sign-status", "revoke", only)
    assert not (tmp_path / "none").exists()


def test_what_cannot_be_sent_is_told(relayer: tuple[Desk, Path], tmp_path: Path) -> None:
    stray: dict[str, Any] = {"hello": "relay"}
    (tmp_path / "stray.json").write_text(json.dumps(stray))
    said = sent(relayer, tmp_path / "stray.json")
    assert (said.status, "stray.json: not a request to the relay" in said.err) == (64, True)
    assert said.json["error"]["status"] == 64
