"""Who acts for an issuer: shown, appointed, renewed, removed, handed over, and refused."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commands import PASSPHRASE, Desk, Said, lay_out_keys, wait_until

from anchor_service.calls import digest
from anchor_service.chain import EthereumChain
from anchor_service.devchain import fund
from anchor_service.issuer_keys import parse_address
from anchor_service.keystore import keystore_address, open_keystore
from anchor_service.node import connect
from registry.cli import carrying, strangers
from registry.core.contract import CONTRACT
from registry.core.keys import Account
from registry.locks import Lock

STRANGER = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@dataclass(frozen=True)
class Firm:
    """An issuer with a cold controller, and key files of people around it."""

    desk: Desk
    folder: Path

    def keystore(self, name: str) -> Path:
        path = self.folder / f"{name}.json"
        if not path.exists():
            lay_out_keys(self.folder / name)
            shutil.copy(self.folder / name / "chain-key.json", path)
        return path

    def address(self, name: str) -> str:
        return parse_address(keystore_address(self.keystore(name)))

    def keys(self, *words: str | Path) -> Said:
        return self.desk.run_here("keys", *words)

    def by(self, name: str, *words: str | Path) -> Said:
        return self.keys(*words, "--key", self.keystore(name), "--json")

    def shown(self) -> Any:
        return self.keys("show", "--json").json

    @property
    def sender(self) -> str:
        return str(self.shown()["sender"])

    @property
    def office(self) -> Path:
        return self.desk.home / "issuers/firm"


@pytest.fixture
def firm(tmp_path: Path, ticking_chain: str) -> Firm:
    return founded(tmp_path, ticking_chain)


@pytest.fixture(scope="module")
def idle_firm(tmp_path_factory: pytest.TempPathFactory, ticking_chain: str) -> Firm:
    """One for all who change nothing."""
    return founded(tmp_path_factory.mktemp("idle"), ticking_chain)


def founded(tmp_path: Path, ticking_chain: str) -> Firm:
    firm = Firm(Desk(tmp_path / "home", ticking_chain), tmp_path)
    assert firm.desk.run_here("init").status == 0
    lay_out_keys(firm.office)
    words = ("issuer", "create", "Firm", "--slug", "firm", "--controller", firm.address("boss"))
    said = firm.desk.run_here(*words)
    assert said.status == 0, said
    return firm


def test_a_new_issuer_shows_its_controller_and_what_is_to_be_done(idle_firm: Firm) -> None:
    shown, firm = idle_firm.shown(), idle_firm
    assert shown["controller"] == firm.address("boss")
    assert (shown["successor"], shown["operators"], shown["batches"]) == (None, [], 0)
    assert [word in " ".join(shown["remarks"]) for word in ("No successor", "has no roles")] == [
        True,
        True,
    ]


def test_the_controller_appoints_renews_and_removes_and_twice_sends_nothing(firm: Firm) -> None:
    words = ("add", "--role", "anchor", "--until", "2035-06-30")
    first, again = firm.by("boss", *words), firm.by("boss", *words)
    assert [len(said.json["sent"]) for said in (first, again)] == [1, 0]
    (operator,) = firm.shown()["operators"]
    assert (operator["roles"], operator["expires"]) == (["anchor"], 2_066_774_400)
    assert operator["address"].lower() == firm.sender
    said = firm.by("boss", "renew", firm.sender, "--until", "never")
    assert said.status == 0, said
    (operator,) = firm.shown()["operators"]
    assert (operator["roles"], operator["expires"]) == (["anchor"], None)
    removed = [firm.by("boss", "remove", firm.sender) for _ in range(2)]
    assert [len(said.json["sent"]) for said in removed] == [1, 0]
    shown = firm.shown()
    assert (shown["operators"], [a.lower() for a in shown["ended"]]) == ([], [firm.sender])
    assert firm.by("boss", "renew").status == 64


def test_an_operator_may_resign_and_do_nothing_else(firm: Firm) -> None:
    firm.by("boss", "add")
    said = firm.keys("add", STRANGER)
    assert (said.status, f"only {firm.address('boss')} may" in said.err) == (64, True)
    assert firm.keys("commit-successor", STRANGER).status == 64
    assert firm.by("stranger", "remove").status == 64
    assert firm.keys("remove").status == 0
    assert firm.shown()["operators"] == []


def test_a_successor_is_committed_once_takes_over_and_ends_all_operators(firm: Firm) -> None:
    firm.by("boss", "add")
    commit = ("commit-successor", firm.address("heir"))
    assert [len(firm.by("boss", *commit).json["sent"]) for _ in range(2)] == [1, 0]
    said = firm.by("boss", "commit-successor", STRANGER)
    assert (said.status, "another successor is committed" in said.err) == (64, True)
    assert firm.shown()["successor"] == "0x" + digest(firm.address("heir")).hex()

    take = ("succeed", "--next", firm.address("third"))
    said = firm.by("stranger", *take)
    assert (said.status, "is not the successor" in said.err) == (64, True)
    assert firm.keys(*take).status == 64
    assert [len(firm.by("heir", *take).json["sent"]) for _ in range(2)] == [1, 0]
    shown = firm.shown()
    assert (shown["controller"], shown["operators"]) == (firm.address("heir"), [])
    assert (shown["successions"], len(shown["ended"])) == (1, 1)
    assert firm.by("boss", "add").status == 64
    assert firm.by("heir", "add").status == 0


def test_a_wallets_calls_are_printed_and_sent_from_their_file(firm: Firm) -> None:
    said = firm.keys("add", STRANGER, "--role", "anchor", "--unsigned")
    assert (said.status, said.err) == (0, "")
    batch = json.loads(said.out)
    assert batch["meta"]["createdFromSafeAddress"] == firm.address("boss")
    assert f"appoint {STRANGER} to anchor until" in batch["meta"]["description"]
    assert firm.shown()["operators"] == []
    file = firm.folder / "calls.json"
    file.write_text(said.out)
    assert firm.by("boss", "send", file).status == 0
    assert [operator["address"] for operator in firm.shown()["operators"]] == [STRANGER]
    file.write_text(said.out.replace(STRANGER, firm.address("boss")))
    said = firm.by("boss", "send", file)
    assert (said.status, "was changed since it was made" in said.err) == (64, True)
    assert firm.keys("send", file).status == 64


def test_the_file_of_a_new_issuer_appoints_its_sending_key(firm: Firm) -> None:
    assert firm.by("boss", "send", firm.office / "unsigned-set-operator.json").status == 0
    (operator,) = firm.shown()["operators"]
    assert operator["address"].lower() == firm.sender
    assert operator["roles"] == ["anchor", "suspend", "reinstate"]


def test_the_sending_key_is_changed_for_a_new_one_with_its_roles(firm: Firm) -> None:
    firm.by("boss", "add", "--role", "anchor", "--role", "revoke")
    before = firm.sender
    said = firm.by("boss", "rotate")
    assert (said.status, said.json["before"]) == (0, before), said
    shown = firm.shown()
    assert shown["sender"] == said.json["sender"] != before
    (operator,) = shown["operators"]
    assert operator["address"].lower() == shown["sender"]
    assert operator["roles"] == ["anchor", "revoke"]
    assert [address.lower() for address in shown["ended"]] == [before]
    assert keystore_address(firm.office / "chain-key.json") == shown["sender"]
    assert keystore_address(firm.office / f"chain-key.{before}.json") == before
    assert not (firm.office / "chain-key.next.json").exists()


def test_a_rotation_by_a_wallet_goes_on_where_it_stopped(firm: Firm) -> None:
    firm.by("boss", "add")
    before = firm.sender
    said = firm.keys("rotate", "--unsigned")
    assert said.status == 0, said
    assert firm.sender == before
    file = firm.folder / "appoint.json"
    file.write_text(said.out)
    said = firm.keys("rotate")
    assert (said.status, "give its keystore with --key" in said.err) == (64, True)
    assert firm.by("boss", "send", file).status == 0
    said = firm.keys("rotate")
    assert (said.status, f"credroot keys remove {before}" in said.out) == (0, True), said
    assert firm.sender != before
    assert len(firm.shown()["operators"]) == 2


def test_a_rotation_that_was_killed_between_its_two_last_steps_goes_on(firm: Firm) -> None:
    firm.by("boss", "add")
    old = keystore_address(firm.office / "chain-key.json")
    assert firm.by("boss", "rotate").status == 0
    new = firm.sender
    # As if it had ended after the database was told and before the file took its place.
    shutil.copy(firm.office / "chain-key.json", firm.office / "chain-key.next.json")
    shutil.copy(firm.office / f"chain-key.{old}.json", firm.office / "chain-key.json")
    said = firm.by("boss", "rotate")
    assert said.status == 0, said
    assert keystore_address(firm.office / "chain-key.json") == new == firm.sender
    assert [operator["address"].lower() for operator in firm.shown()["operators"]] == [new]


def test_an_issuer_elsewhere_is_shown_and_served_by_its_account(firm: Firm, tmp_path: Path) -> None:
    account = firm.shown()["issuer"]
    other = Desk(tmp_path / "elsewhere/home", firm.desk.node)
    assert other.run_here("keys", "show").status == 64
    said = other.run_here("keys", "show", "--account", account, "--json")
    assert (said.status, said.json["controller"]) == (0, firm.address("boss"))
    words = ("keys", "add", STRANGER, "--account", account, "--key", firm.keystore("boss"))
    assert other.run_here(*words).status == 0
    assert len(firm.shown()["operators"]) == 1
    said = other.run_here("keys", "remove", "--account", account, "--key", firm.keystore("boss"))
    assert (said.status, "name the operator's address" in said.err) == (64, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("add", "0x12"), "is not an address"),
        (("add", STRANGER[:-1] + "E"), "is not an address"),
        (("add", STRANGER[2:]), "is not an address"),
        (("add", STRANGER, "--role", "admin"), "no role is called admin"),
        (("add", STRANGER, "--until", "2020-01-01"), "in the past"),
        (("add", STRANGER, "--until", "soon"), "want a date"),
        (("show", "--account", "0x12"), "is not a CAIP-10 account"),
        (("show", "--account", "eip155:1:" + STRANGER.lower()), "the node is on chain 31337"),
        (("address", "nowhere.json"), "No such file"),
    ],
)
def test_wrong_words_get_a_sentence(idle_firm: Firm, words: tuple[str, ...], reason: str) -> None:
    said = idle_firm.keys(*words)
    assert (said.status, reason in said.err, "Traceback" in said.err) == (64, True, False), said


def test_a_new_key_is_encrypted_and_never_written_over(idle_firm: Firm) -> None:
    firm, file = idle_firm, idle_firm.folder / "new.json"
    said = firm.keys("new", file, "--json")
    assert said.status == 0
    assert firm.keys("address", file).out.strip() == said.json["address"]
    assert file.stat().st_mode & 0o777 == 0o600
    before = file.read_bytes()
    assert firm.keys("new", file).status == 64
    assert file.read_bytes() == before
    file.write_text("{}")
    said = firm.keys("address", file)
    assert (said.status, "is not a key file that says its address" in said.err) == (64, True)


def test_the_committed_successor_is_shown_and_told_apart(firm: Firm) -> None:
    assert firm.keys("show", "--successor", firm.address("heir")).status == 1
    firm.by("boss", "commit-successor", firm.address("heir"))
    assert f"the hash 0x{digest(firm.address('heir')).hex()}" in firm.keys("show").out
    assert firm.keys("show", "--successor", firm.address("heir")).status == 0
    said = firm.keys("show", "--successor", STRANGER)
    assert (said.status, f"{STRANGER} is NOT the committed successor" in said.out) == (1, True)
    # The controller took nothing over: what stands is no succession of its own.
    said = firm.by("boss", "succeed", "--next", firm.address("heir"))
    assert (said.status, "is not the successor" in said.err) == (64, True)


def test_a_successor_that_could_not_save_the_issuer_is_refused(idle_firm: Firm) -> None:
    boss, sender = idle_firm.address("boss"), parse_address(idle_firm.sender)
    for address in ("0x" + "0" * 40, boss, sender, CONTRACT["address"]):
        said = idle_firm.by("boss", "commit-successor", address)
        assert (said.status, "could not save the issuer" in said.err) == (64, True), said
    said = idle_firm.by("boss", "commit-successor", STRANGER.lower())
    assert (said.status, "with its checksum" in said.err) == (64, True)
    assert idle_firm.shown()["successor"] is None


def test_a_watch_keeps_the_controller_from_nothing_and_the_sending_key_from_its_nonces(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrying, "PATIENCE", 1)
    firm.by("boss", "add")
    with Lock(firm.office / carrying.LOCK) as watch:
        assert watch.take()
        said = firm.keys("remove")
        assert (said.status, "if it is `credroot anchor --watch`, stop it" in said.err) == (
            64,
            True,
        )
        assert firm.by("boss", "rotate").status == 64
        assert firm.by("boss", "remove").status == 0
    assert firm.shown()["operators"] == []


def test_batches_of_strangers_are_found_and_revoked_however_many_there_are(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strangers, "MOST_ROOTS", 2)
    firm.by("boss", "add")
    key = open_keystore(firm.office / "chain-key.json", PASSPHRASE)
    w3 = connect(firm.desk.node)
    fund(w3, key.address)
    chain = EthereumChain(w3, Account.parse(firm.shown()["issuer"]), key)
    roots = [bytes([n]) * 32 for n in (1, 2, 3)]
    for root in roots:
        signed = chain.sign_anchor(root, 5, chain.next_nonce())
        chain.send(signed.raw)
        wait_until(lambda root=root: chain.batch(root).size == 5)  # type: ignore[misc]
    said = firm.keys("strangers", "--json")
    assert said.status == 1
    assert [item["root"] for item in said.json["strangers"]] == [root.hex() for root in roots]
    batch = firm.keys("strangers", "--revoke", "--unsigned", "--json").json
    assert len(batch["transactions"]) == 2
    said = firm.by("boss", "strangers", "--revoke")
    assert (said.status, said.json["revoked"], len(said.json["sent"])) == (0, 3, 2)
    assert firm.keys("strangers").status == 0
    assert [chain.batch(root).revoked_at > 0 for root in roots] == [True] * 3
