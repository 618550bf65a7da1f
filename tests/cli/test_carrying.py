"""Who sends what, and who waits: several commands of one installation at once, and what is owed."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from commands import SECONDS, Desk, Said, ended, lay_out_keys, wait_until
from eth_account import Account
from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from installations import ACHIEVEMENT
from web3 import Web3

from anchor_service.deploy import deploy_by_node
from anchor_service.devchain import fund
from anchor_service.node import connect
from anchor_service.safe import read_batch
from registry.locks import Lock

OWED: Final = "revocation owed by the controller"


@dataclass(frozen=True)
class Office:
    """One issuer of an installation."""

    desk: Desk
    slug: str
    founded: dict[str, Any]

    def run(self, command: str, *words: str | Path) -> Said:
        return self.desk.run(command, *words, "--issuer", self.slug)

    def start(self, command: str, *words: str | Path) -> subprocess.Popen[str]:
        return self.desk.start(command, *words, "--issuer", self.slug)

    def issue(self, *names: str) -> list[str]:
        """Issue one credential to each; the ids of all there are."""
        awards = self.desk.home.parent / f"{self.slug}.csv"
        rows = "".join(f"{name},{ACHIEVEMENT['id']},2026-06-30\n" for name in names)
        awards.write_text(f"recipient,achievement,date\n{rows}")
        assert self.run("issue", awards).status == 0
        with closing(sqlite3.connect(self.desk.home / "registry.db")) as connection:
            query = (
                "SELECT hex(c.uuid) FROM credentials c JOIN organisations o "
                "ON o.id = c.organisation_id WHERE o.slug = ? ORDER BY c.id"
            )
            return [row[0].lower() for row in connection.execute(query, (self.slug,))]

    @property
    def folder(self) -> Path:
        return self.desk.home / "issuers" / self.slug

    @contextmanager
    def locked(self) -> Iterator[None]:
        """The issuer's chain key is another process's."""
        with Lock(self.folder / "worker.lock") as lock:
            assert lock.take()
            yield

    @contextmanager
    def watching(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        process = self.start("anchor", "--watch", "--age", "1", *words)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=SECONDS)


def founded(desk: Desk, slug: str, *words: str) -> Office:
    if not desk.home.exists():
        desk.run("init")
    lay_out_keys(desk.home / "issuers" / slug)
    said = desk.run("issuer", "create", slug, "--slug", slug, *words, "--json")
    assert said.status == 0, said
    achievement = desk.home.parent / "achievement.json"
    achievement.write_text(json.dumps(ACHIEVEMENT))
    desk.run("achievement", "import", achievement, "--issuer", slug)
    return Office(desk, slug, said.json)


@pytest.fixture(scope="module")
def school(ticking_chain: str, tmp_path_factory: pytest.TempPathFactory) -> Office:
    return founded(Desk(tmp_path_factory.mktemp("school") / "home", ticking_chain), "school")


@pytest.fixture(scope="module")
def ids(school: Office) -> Iterator[str]:
    """Anchored credentials of the school; who takes one has it alone."""
    issued = school.issue(*(f"learner-{n}" for n in range(10)))
    assert school.run("anchor").status == 0
    return iter(issued)


@dataclass(frozen=True)
class Controller:
    """A wallet on another machine, which owns an issuer."""

    key: LocalAccount
    w3: Web3

    def signs_and_sends(self, file: Path) -> None:
        (call,) = read_batch(file.read_bytes())
        transaction: dict[str, Any] = {
            "chainId": call.chain_id,
            "to": call.to,
            "data": HexBytes(call.data),
            "nonce": self.w3.eth.get_transaction_count(self.key.address),
            "gas": 500_000,
            "gasPrice": self.w3.eth.gas_price * 2,
        }
        signed = self.key.sign_transaction(transaction)
        sent = self.w3.eth.send_raw_transaction(signed.raw_transaction)
        receipt = self.w3.eth.wait_for_transaction_receipt(sent, timeout=30, poll_latency=0.05)
        assert receipt["status"] == 1


@pytest.fixture
def controller(ticking_chain: str) -> Controller:
    w3, key = connect(ticking_chain), Account.create()
    fund(w3, key.address)
    return Controller(key, w3)


@pytest.fixture
def cold(tmp_path: Path, ticking_chain: str, controller: Controller) -> Office:
    """An issuer of a cold controller, who has appointed the sending key."""
    desk = Desk(tmp_path / "home", ticking_chain)
    office = founded(desk, "cold", "--controller", controller.key.address)
    controller.signs_and_sends(Path(office.founded["unsigned"]))
    return office


def test_a_revocation_that_anchor_carries_as_a_suspension_is_written_and_told_until_it_is_made(
    cold: Office, controller: Controller
) -> None:
    first, _second = cold.issue("ada", "ben")
    said = cold.run("revoke", first, "--no-wait", "--json")
    assert (said.status, said.json["waiting"], said.json["unsigned"]) == (0, 1, None)
    assert cold.run("status", "--json").json["owed_revocations"] == 0

    said = cold.run("anchor", "--json")
    assert said.status == 0, said
    # The batch had to be final first.
    said = cold.run("anchor")
    assert (said.status, OWED in said.out) == (0, True), said
    calls = cold.folder / "unsigned-revocations.json"
    overview = cold.run("status", "--json").json
    assert (overview["owed_revocations"], overview["unsigned"]) == (1, str(calls))
    assert f"{OWED}: sign and send {calls}" in cold.run("status").out
    assert f": suspended; {OWED}" in cold.run("status", first).out
    assert cold.run("status", first, "--json").json["revocation_owed"] is True

    # As after a kill between the sending and the writing: who comes next writes it.
    calls.unlink()
    assert f"{OWED}: `credroot anchor` writes it" in cold.run("status").out
    assert cold.run("anchor", "--json").json["unsigned"] == str(calls)

    controller.signs_and_sends(calls)
    assert ": suspended; revocation made by the controller" in cold.run("status", first).out
    assert cold.run("status", "--json").json["owed_revocations"] == 0
    assert cold.run("anchor").status == 0
    assert not calls.exists()


def test_a_watch_says_a_line_of_json_for_each_thing_and_the_overview_at_its_end(
    cold: Office,
) -> None:
    (only,) = cold.issue("ada")
    with cold.watching("--json") as watch:
        wait_until(lambda: cold.run("status", "--json").json["anchored"] == 1)
        said = cold.run("revoke", only, "--json")
        assert (said.status, said.json["waiting"]) == (0, 0), said
        calls = cold.folder / "unsigned-revocations.json"
        assert said.json["unsigned"] == str(calls)
        assert calls.exists()
        last = ended(watch, signal.SIGINT)
    assert last.status == 0, last
    lines = [json.loads(line) for line in last.out.splitlines()]
    assert all(line.keys() == {"event"} for line in lines[:-1])
    assert any("batch 1: sealed" in line["event"] for line in lines[:-1])
    assert sum(OWED in line["event"] for line in lines[:-1]) == 1
    assert (lines[-1]["issuer"], lines[-1]["owed_revocations"]) == ("cold", 1)


def test_an_issuers_watch_carries_its_status_changes_and_holds_no_other_issuer_up(
    school: Office, ids: Iterator[str]
) -> None:
    college = founded(school.desk, "college")
    pupil = next(ids)
    college.issue("ada")
    with school.watching() as watch:
        assert watch.stdout is not None
        assert "Watching" in watch.stdout.readline()
        said = school.run("suspend", pupil, "--json")
        assert (said.status, said.json["changed"], said.json["waiting"]) == (0, 1, 0), said
        said = college.run("anchor", "--json")
        assert (said.status, said.json["anchored"]) == (0, 1), said
        said = school.run("reinstate", pupil, "--no-wait", "--json")
        assert (said.status, said.json["changed"]) == (0, 1)
        # With nothing left to do there is nothing to wait for.
        said = school.run("anchor", "--json")
        assert (said.status, said.json["waiting_changes"]) == (0, 0)
        last = ended(watch, signal.SIGINT)
    assert (last.status, "Stopped." in last.out, "Traceback" in last.err) == (0, True, False)


def test_anchoring_waits_for_its_turn_and_then_seals_and_anchors(school: Office) -> None:
    school.issue("ada")
    with school.locked():
        waiting = school.start("anchor", "--json")
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(3)
    out, err = waiting.communicate(timeout=SECONDS)
    assert waiting.returncode == 0, err
    said = json.loads(out)
    assert said["anchored"] == said["issued"] > 0


def test_a_change_that_waits_for_another_process_is_kept_when_it_is_interrupted(
    school: Office, ids: Iterator[str]
) -> None:
    only = next(ids)
    with school.locked():
        waiting = school.start("suspend", only)
        assert waiting.stderr is not None
        assert "sends for this issuer; Ctrl-C loses nothing" in waiting.stderr.readline()
        said = ended(waiting, signal.SIGINT)
        assert (said.status, "Traceback" in said.err) == (130, False)
        assert "1 change stored and not final yet" in said.out
        said = school.run("suspend", only, "--no-wait", "--json")
        assert (said.status, said.json["unchanged"], said.json["waiting"]) == (0, 1, 1)
    assert school.run("anchor", "--json").json["waiting_changes"] == 0


def test_three_changes_at_once_all_end_well(school: Office, ids: Iterator[str]) -> None:
    processes = []
    for n in range(3):
        file = school.desk.home.parent / f"ids-{n}"
        file.write_text(f"{next(ids)}\n{next(ids)}\n")
        processes.append(school.start("suspend", "--ids", file, "--json"))
    for process in processes:
        out, err = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, err
        said = json.loads(out)
        assert (said["changed"], said["waiting"]) == (2, 0)


def test_a_change_that_cannot_be_sent_now_is_told_as_stored(
    school: Office, ids: Iterator[str]
) -> None:
    words = ("suspend", next(ids), "--issuer", "school", "--json")
    said = school.desk.run(*words, CREDROOT_RPC="http://127.0.0.1:9")
    assert (said.status, said.json["changed"], said.json["waiting"]) == (64, 1, 1)
    assert said.err.startswith("credroot: the node cannot be reached")


def test_an_issuer_made_without_its_dev_chain_gets_its_play_money_when_it_anchors(
    tmp_path: Path, ticking_chain: str
) -> None:
    desk = Desk(tmp_path / "home", "http://127.0.0.1:9")
    office = founded(desk, "early", "--chain-id", "31337")
    office.issue("ada")
    awake = Office(Desk(desk.home, ticking_chain), "early", office.founded)
    said = awake.run("anchor")
    assert said.status == 0, said
    assert f"The dev chain gave {Web3.to_checksum_address(office.founded['sender'])}" in said.err


def test_a_key_that_was_never_appointed_is_told_what_its_controller_must_sign(
    tmp_path: Path, ticking_chain: str, controller: Controller
) -> None:
    desk = Desk(tmp_path / "home", ticking_chain)
    office = founded(desk, "cold", "--controller", controller.key.address)
    office.issue("ada")
    said = office.run("anchor", "--json")
    assert (said.status, said.json["anchored"]) == (64, 0)
    assert "give it the role ANCHOR (the controller signs and sends" in said.err
    assert str(office.folder / "unsigned-set-operator.json") in said.err


@pytest.fixture
def other_chain(anvil: str, new_port: Callable[[], int]) -> Iterator[str]:
    """A chain with the registry that gives no money away."""
    port = new_port()
    words = ["--port", str(port), "--chain-id", "31338", "--quiet"]
    with subprocess.Popen([anvil, *words], stdout=subprocess.DEVNULL) as process:
        try:
            w3 = connect(f"http://127.0.0.1:{port}")
            wait_until(w3.is_connected)
            deploy_by_node(w3)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_on_any_other_chain_the_account_that_needs_money_is_named(
    tmp_path: Path, other_chain: str
) -> None:
    office = founded(Desk(tmp_path / "home", other_chain), "poor")
    office.issue("ada")
    said = office.run("anchor")
    sender = Web3.to_checksum_address(office.founded["sender"])
    assert said.status == 64
    assert f"credroot: {sender} cannot pay for gas on chain 31338: send it money" in said.err
    assert "Traceback" not in said.err


def test_a_locked_database_is_told_in_one_sentence(school: Office, ids: Iterator[str]) -> None:
    words = ("suspend", next(ids), "--issuer", "school", "--no-wait")
    path = school.desk.home / "registry.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = school.desk.run(*words, CREDROOT_DATABASE=f"sqlite:///{path}?timeout=0.2")
    assert (said.status, said.out) == (64, "")
    assert "locked by another process for too long: run it again" in said.err
    assert len(said.err.splitlines()) == 1
