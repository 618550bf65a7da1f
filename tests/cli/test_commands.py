"""The command line from outside: statuses, JSON, refusals, interruptions, secrets."""

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import proxies
import pytest
from commands import (
    PASSPHRASE,
    ROOT,
    SECONDS,
    Desk,
    Said,
    ended,
    group_is_gone,
    lay_out_keys,
    wait_until,
)
from eth_account import Account
from eth_keyfile.keyfile import decode_keyfile_json
from installations import ACHIEVEMENT

from anchor_service.devchain import running_chain
from anchor_service.node import connect
from registry.core.contract import CONTRACT

NAMES: Final = ("ada", "ben", "cem", "dia")
HEADER: Final = "recipient,achievement,date\n"
BADGE: Final = ROOT / "scripts" / "cohort" / "badge.svg"
VERIFIERS_OWN: Final = ("sqlalchemy", "alembic", "web3", "eth_account", "eth_keyfile", "zstandard")


def rows(*names: str) -> str:
    return "".join(f"{name},{ACHIEVEMENT['id']},2026-06-30\n" for name in names)


@dataclass(frozen=True)
class Office:
    """An installation with one issuer and four anchored, exported credentials."""

    desk: Desk
    folder: Path
    said: dict[str, Said]

    @property
    def card(self) -> Path:
        return Path(self.said["issuer create"].json["card"])

    def file(self, number: int) -> Path:
        return sorted((self.folder / "out").iterdir())[number]

    def verify(self, *words: str | Path) -> Said:
        return self.desk.run("verify", "--trust", self.card, *words)


def opened(folder: Path, node: str, *, suite: str = "eddsa-jcs-2022") -> Office:
    """An installation with an issuer and an achievement."""
    desk, said = Desk(folder / "home", node), {}
    said["init"] = desk.run("init", "--json")
    lay_out_keys(desk.home / "issuers" / "school")
    said["issuer create"] = desk.run(
        "issuer", "create", "The School", "--slug", "school", "--suite", suite, "--json"
    )
    (folder / "achievement.json").write_text(json.dumps(ACHIEVEMENT))
    said["achievement import"] = desk.run(
        "achievement", "import", folder / "achievement.json", "--json"
    )
    return Office(desk, folder, said)


def anchored(office: Office) -> Office:
    desk, folder, said = office.desk, office.folder, office.said
    (folder / "awards.csv").write_text(HEADER + rows(*NAMES))
    said["issue"] = desk.run("issue", folder / "awards.csv", "--json")
    said["anchor"] = desk.run("anchor", "--json")
    said["export"] = desk.run("export", folder / "out", "--json")
    return office


@pytest.fixture(scope="module")
def office(ticking_chain: str, tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = anchored(opened(tmp_path_factory.mktemp("office"), ticking_chain))
    said = office.said
    said["issuer card"] = office.desk.run("issuer", "card", "--json")
    said["issuer list"] = office.desk.run("issuer", "list", "--json")
    said["achievement list"] = office.desk.run("achievement", "list", "--json")
    said["status"] = office.desk.run("status", "--json")
    said["verify"] = office.verify(office.folder / "out", "--json")
    return office


STRANGE_ID: Final = "urn:uuid:00000000-0000-4000-8000-000000000000"
KEYS: Final = {
    "init": {"home"},
    "issuer create": {"issuer", "did", "account", "sender", "card", "unsigned"},
    "issuer card": {"name", "did", "accounts", "registry"},
    "issuer list": {"issuers"},
    "achievement import": {"imported", "passed_over"},
    "achievement list": {"achievements"},
    "issue": {"issued", "passed_over", "achievements", "refused", "seconds"},
    "anchor": {
        "issuer",
        "issued",
        "anchored",
        "waiting_changes",
        "owed_revocations",
        "unsigned",
        "batches",
    },
    "export": {"exported", "pictures", "waiting", "unknown", "folder"},
    "status": {
        "issuer",
        "issued",
        "anchored",
        "waiting_changes",
        "owed_revocations",
        "unsigned",
        "batches",
    },
    "verify": {"summary", "verdicts"},
}


@pytest.mark.parametrize("command", KEYS)
def test_every_command_says_one_json_object_and_nothing_else(office: Office, command: str) -> None:
    said = office.said[command]
    assert said.status == 0, said
    assert said.json.keys() == KEYS[command]
    assert said.err == ""


def test_what_was_issued_is_anchored_and_valid(office: Office) -> None:
    assert office.said["issue"].json["issued"] == len(NAMES)
    assert office.said["anchor"].json["anchored"] == len(NAMES)
    assert office.said["export"].json["exported"] == len(NAMES)
    assert office.said["verify"].json["summary"]["valid"] == len(NAMES)


def test_one_credentials_status_tells_its_place_and_every_change_asked_for(office: Office) -> None:
    uuid = office.file(1).stem
    said = office.desk.run("status", uuid, "--json")
    assert said.json["id"] == f"urn:uuid:{uuid}"
    assert (said.json["anchored"], said.json["changes"]) == (True, [])
    office.desk.run("suspend", uuid)
    office.desk.run("reinstate", uuid)
    changes = office.desk.run("status", uuid, "--json").json["changes"]
    assert [(c["kind"], c["state"]) for c in changes] == [
        ("suspend", "final"),
        ("reinstate", "final"),
    ]
    assert office.desk.run("status", STRANGE_ID).status == 64


def test_an_id_that_was_never_issued_is_told_by_export(office: Office, tmp_path: Path) -> None:
    ids = tmp_path / "ids"
    ids.write_text(f"{office.file(0).stem}\n{STRANGE_ID}\n")
    said = office.desk.run("export", tmp_path / "some", "--ids", ids, "--json")
    assert said.status == 1
    assert (said.json["exported"], said.json["unknown"]) == (1, 1)


def test_verifying_says_yes_no_and_open_by_its_exit_status(
    office: Office, ticking_chain: str, tmp_path: Path
) -> None:
    good, changed = office.file(0), tmp_path / "changed.json"
    changed.write_text(good.read_text().replace("Soldering", "Welding"))
    assert office.verify(good).status == 0
    assert office.verify(changed).status == 1
    assert office.verify(good, "--rpc", "http://127.0.0.1:9").status == 2
    assert office.verify(good, changed).status == 1
    assert office.desk.run("verify", good).status == 2
    assert office.verify(tmp_path / "nowhere.json").status == 64
    assert office.verify(good, "--rpc", "http://[bad").status == 64
    assert office.verify(good, "--agree", "0").status == 64
    assert office.desk.run("anchor", "--watch", "--count", "0").status == 64
    assert office.desk.run("devchain", "--port", "99999").status == 64
    many = [word for n in range(17) for word in ("--rpc", f"http://127.0.0.1:{n + 1}")]
    assert office.verify(good, *many).status == 64
    assert office.verify().status == 64


def test_a_credential_goes_through_every_status_and_back(office: Office) -> None:
    file = office.file(1)
    uuid = file.stem
    keys = {"kind", "changed", "unchanged", "waiting", "unsigned"}
    for command, status in (("suspend", 1), ("reinstate", 0), ("revoke", 1)):
        said = office.desk.run(command, uuid, "--json")
        assert said.status == 0, said
        assert said.json.keys() == keys
        assert (said.json["changed"], said.json["waiting"]) == (1, 0)
        assert office.verify(file).status == status
    verdict = office.verify(file, "--json").json["verdicts"][0]
    assert (verdict["verdict"], verdict["code"]) == ("invalid", "status.revoked")
    assert office.desk.run("revoke", uuid, "--no-wait", "--json").json["changed"] == 0
    assert office.verify(office.file(0)).status == 0


@pytest.mark.parametrize(
    ("name", "content", "status", "reason"),
    [
        ("awards.csv", "", 64, "the file is empty"),
        ("awards.csv", HEADER, 64, "the file has no rows"),
        ("awards.csv", "recipient,achievement,when\nx,y,z\n", 64, "unknown 'when'"),
        ("awards.csv", HEADER + "ada,urn:a,someday\n", 1, "line 2: date 'someday' is not a date"),
        ("awards.csv", HEADER + rows("ada", "ada"), 0, "2 issued before"),
        ("awards.ndjson", '{"a": 1, "a": 2}\n', 1, 'line 1: duplicate key "a"'),
        ("awards.txt", "x", 64, "want a .csv or .ndjson file"),
        (None, "", 64, "No such file"),
    ],
)
def test_a_bad_file_gets_a_sentence_and_a_status(
    office: Office, tmp_path: Path, *, name: str | None, content: str, status: int, reason: str
) -> None:
    path = tmp_path / (name or "nowhere.csv")
    if name:
        path.write_text(content)
    said = office.desk.run("issue", path)
    assert (said.status, "Traceback" in said.err) == (status, False)
    assert reason in said.out + said.err


def test_bytes_that_are_not_utf8_and_a_line_of_100_megabytes_spoil_their_rows_only(
    office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "awards.csv"
    good = rows("ada").encode()
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\xe9" + good + good)
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + good)
    said = office.desk.run("issue", path, "--json")
    assert said.status == 1
    assert [(r["line"], r["reason"]) for r in said.json["refused"]] == [
        (2, "not UTF-8 at byte 0 of line 2"),
        (4, "the line is longer than 1048576 bytes"),
    ]
    assert said.json["passed_over"] == 2


def test_strict_stops_at_a_bad_row_and_issues_nothing_of_its_part(
    office: Office, tmp_path: Path
) -> None:
    path = tmp_path / "awards.csv"
    path.write_text(HEADER + rows("new one") + "x,y,z\n")
    said = office.desk.run("issue", path, "--strict")
    assert said.status == 1
    assert "line 3: date 'z' is not a date" in said.err
    assert "0 credentials issued before" in said.err
    assert office.desk.run("status", "--json").json["issued"] == len(NAMES)


@pytest.mark.parametrize("command", [["issue", "awards.csv"], ["anchor"]])
def test_a_wrong_passphrase_is_told_in_one_sentence(
    office: Office, tmp_path: Path, command: list[str]
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n")
    words = [str(office.folder / w) if w.endswith(".csv") else w for w in command]
    said = office.desk.run(*words, CREDROOT_PASSPHRASE_FILE=str(wrong))
    assert (said.status, said.out) == (64, "")
    assert re.fullmatch(r"credroot: the passphrase does not open \S+\n", said.err)


@pytest.mark.parametrize(
    ("file", "reason"),
    [(None, "no terminal to ask"), ("nowhere", "cannot be read"), (os.devnull, "is empty")],
)
def test_no_passphrase_is_told_with_what_to_do(
    office: Office, file: str | None, reason: str
) -> None:
    said = office.desk.run("anchor", CREDROOT_PASSPHRASE_FILE=file)
    assert said.status == 64
    assert reason in said.err
    assert "CREDROOT_PASSPHRASE_FILE" in said.err or file == os.devnull
    assert "Traceback" not in said.err


def test_a_node_that_is_down_is_told_in_one_sentence(office: Office) -> None:
    said = office.desk.run("anchor", CREDROOT_RPC="http://127.0.0.1:9")
    assert (said.status, "the node cannot be reached" in said.err) == (64, True)
    assert "Traceback" not in said.err
    said = office.desk.run("issuer", "create", "Another", CREDROOT_RPC="http://127.0.0.1:9")
    assert (said.status, "no node answers" in said.err) == (64, True)


@pytest.mark.parametrize("answer", [b"<html>Welcome</html>", b"null", b"[]"])
def test_a_node_that_answers_rubbish_is_told_in_one_sentence(office: Office, answer: bytes) -> None:
    with proxies.running("127.0.0.2", "") as node:
        node.manner = proxies.saying(answer)
        said = office.desk.run("anchor", CREDROOT_RPC=node.url)
    assert (said.status, "Traceback" in said.err) == (64, False)
    assert said.err.startswith("credroot: ")


@pytest.fixture(scope="module")
def foreign_chain(
    anvil: str, new_port: Callable[[], int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A chain that is not the issuer's."""
    port = new_port()
    with subprocess.Popen(
        [anvil, "--port", str(port), "--chain-id", "31338", "--quiet"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            wait_until(connect(f"http://127.0.0.1:{port}").is_connected)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def test_a_node_on_another_chain_is_told_and_leaves_a_verdict_open(
    office: Office, foreign_chain: str
) -> None:
    said = office.desk.run("anchor", CREDROOT_RPC=foreign_chain)
    assert said.status == 64
    assert "the node is on chain 31338, the issuer's account on 31337" in said.err
    said = office.verify(office.file(0), "--rpc", foreign_chain, "--json")
    assert (said.status, said.json["verdicts"][0]["code"]) == (2, "anchor.unreachable")
    assert "is on chain 31338" in said.out


def test_a_contract_that_is_not_ours_is_told_and_leaves_a_verdict_open(
    office: Office, anvil: str, new_port: Callable[[], int], tmp_path: Path
) -> None:
    with running_chain(new_port(), tmp_path / "state.json", 1, anvil) as node:
        url = node.url
        w3: Any = connect(url)
        w3.provider.make_request("anvil_setCode", [CONTRACT["address"], "0x6001600101"])
        # The block that counts as final must show it too.
        for _ in range(3):
            w3.provider.make_request("evm_mine", [])
        said = office.desk.run("anchor", CREDROOT_RPC=url)
        assert (said.status, "there is another contract at" in said.err) == (64, True)
        said = office.verify(office.file(0), "--rpc", url, "--json")
        verdict = said.json["verdicts"][0]
        assert (said.status, verdict["code"]) == (2, "anchor.code_mismatch")
        w3.provider.make_request("anvil_setCode", [CONTRACT["address"], "0x"])
        said = office.desk.run("anchor", CREDROOT_RPC=url)
        assert (said.status, "there is no contract at" in said.err) == (64, True)


@pytest.mark.parametrize("content", ["", "{}", "[", '{"name": 1}', '{"issuers": 5}', "\udcff"])
def test_a_damaged_trust_file_is_told(office: Office, tmp_path: Path, content: str) -> None:
    path = tmp_path / "trust.json"
    path.write_text(content, errors="surrogateescape")
    said = office.desk.run("verify", "--trust", path, office.file(0))
    assert (said.status, "not a trust list" in said.err) == (64, True)


def test_a_missing_trust_file_is_told(office: Office) -> None:
    said = office.desk.run("verify", "--trust", "nowhere.json", office.file(0))
    assert (said.status, "No such file" in said.err) == (64, True)


COMMANDS: Final = [
    ["issue", "x.csv"],
    ["anchor"],
    ["export", "out"],
    ["status"],
    ["revoke", "urn:uuid:00000000-0000-4000-8000-000000000000"],
    ["issuer", "list"],
    ["issuer", "card"],
    ["issuer", "create", "X"],
    ["achievement", "import", "x.json"],
    ["achievement", "list"],
]


@pytest.mark.parametrize("words", COMMANDS[::3], ids=" ".join)
def test_without_init_a_command_says_to_run_it(tmp_path: Path, words: list[str]) -> None:
    said = Desk(tmp_path / "home", "http://127.0.0.1:9").run(*words)
    assert (said.status, "run `credroot init`" in said.err) == (64, True)


def test_without_an_issuer_and_with_several_a_command_says_what_to_do(
    ticking_chain: str, tmp_path: Path
) -> None:
    desk = Desk(tmp_path / "home", ticking_chain)
    desk.run("init")
    assert "credroot issuer create NAME" in desk.run("status").err
    for name in ("One", "Two"):
        assert desk.run("issuer", "create", name, "--chain-id", "31337").status == 0
        for file in ("chain-key.json", "signing-key.json"):
            assert (desk.home / "issuers" / name.lower() / file).stat().st_mode & 0o777 == 0o600
    said = desk.run("status")
    assert (said.status, "name one with --issuer: one, two" in said.err) == (64, True)
    assert desk.run("status", "--issuer", "two").status == 0
    assert "there is no issuer 'three'" in desk.run("status", "--issuer", "three").err
    assert PASSPHRASE not in "".join(desk.log)


def test_an_issuer_is_not_created_twice(office: Office) -> None:
    said = office.desk.run("issuer", "create", "The School", "--slug", "school")
    assert (said.status, "exists already" in said.err) == (64, True)


@pytest.mark.parametrize(
    "words",
    [
        ["--nonsense"],
        ["nonsense"],
        ["revoke"],
        ["revoke", "no-id"],
        ["revoke", "urn:uuid:00000000-0000-4000-8000-000000000000"],
        ["verify"],
        ["anchor", "--count", "many"],
    ],
    ids=" ".join,
)
def test_wrong_words_end_with_64_and_without_a_traceback(office: Office, words: list[str]) -> None:
    said = office.desk.run(*words)
    assert (said.status, said.out) == (64, "")
    assert "Traceback" not in said.err
    assert said.err


def test_the_script_is_the_same_command() -> None:
    script = Path(sys.executable).with_name("credroot")
    done = subprocess.run([script, "--help"], capture_output=True, text=True, check=True)
    assert "anchor" in done.stdout


def test_a_registry_elsewhere_is_found_by_its_address(office: Office, tmp_path: Path) -> None:
    elsewhere = f"sqlite:///{tmp_path / 'other.db'}"
    assert "run `credroot init`" in office.desk.run("status", CREDROOT_DATABASE=elsewhere).err
    assert office.desk.run("init", CREDROOT_DATABASE=elsewhere).status == 0
    assert "issuer create" in office.desk.run("status", CREDROOT_DATABASE=elsewhere).err


@pytest.mark.parametrize("database", ["nonsense", "sqlite:////dev/null/x.db", "nodialect:///x"])
def test_a_database_that_cannot_be_used_is_told(office: Office, database: str) -> None:
    said = office.desk.run("init", CREDROOT_DATABASE=database)
    assert (said.status, "cannot be used" in said.err) == (64, True)


BLIND: Final = """
import sys
class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Refusing())
from registry.cli import main
main()
"""


def blind(desk: Desk, *words: str | Path) -> Said:
    environment = {k: v for k, v in desk.environment.items() if k != "CREDROOT_HOME"}
    environment["HOME"] = os.devnull
    done = subprocess.run(
        [sys.executable, "-c", BLIND.format(blocked=set(VERIFIERS_OWN)), *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Said(done.returncode, done.stdout, done.stderr)


def test_verifying_works_without_the_issuers_side(office: Office, ticking_chain: str) -> None:
    words = ("verify", "--trust", office.card, "--rpc", ticking_chain, "--json")
    said = blind(office.desk, *words, office.file(0), office.file(2))
    assert (said.status, said.json["summary"]["valid"]) == (0, 2)
    said = blind(office.desk, "status")
    assert said.status == 64
    assert "pip install 'credroot[server]'" in said.err


def test_baking_works_without_the_issuers_side(office: Office, tmp_path: Path) -> None:
    picture, again = tmp_path / "badge.svg", tmp_path / "again.json"
    said = blind(office.desk, "bake", office.file(0), BADGE, "-o", picture)
    assert said.status == 0, said
    said = blind(office.desk, "unbake", picture, "-o", again)
    assert said.status == 0, said
    assert json.loads(again.read_text()) == json.loads(office.file(0).read_text())


def test_export_bakes_into_a_picture_or_says_why_not(office: Office, tmp_path: Path) -> None:
    said = office.desk.run("export", tmp_path / "out", "--image", BADGE, "--own-image", "--json")
    assert (said.status, said.json["exported"], said.json["pictures"]) == (0, 4, 4)
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert [name.partition(".")[2] for name in names] == ["json", "svg"] * len(NAMES)
    (tmp_path / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    said = office.desk.run("export", tmp_path / "none", "--image", tmp_path / "bad.png")
    assert (said.status, "bad.png: the PNG ends within the chunk" in said.err) == (1, True)
    assert not (tmp_path / "none").exists()


def test_no_secret_shows_in_any_output_log_or_database(office: Office) -> None:
    folder = office.desk.home / "issuers" / "school"
    chain_key = bytes(
        Account.decrypt(json.loads((folder / "chain-key.json").read_text()), PASSPHRASE)
    )
    stored = json.loads((folder / "signing-key.json").read_text())
    seed = bytes(decode_keyfile_json(stored, PASSPHRASE.encode()))
    secrets = [PASSPHRASE.encode(), *(k for key in (chain_key, seed) for k in spellings(key))]
    files = [f for f in office.folder.rglob("*") if f.is_file() and f.name != "passphrase"]
    assert any(f.name == "registry.db" for f in files)
    for file in files:
        content = file.read_bytes().lower()
        assert not any(secret.lower() in content for secret in secrets), file
    said = "".join(office.desk.log).encode().lower()
    assert len(said) > 1000
    assert not any(secret.lower() in said for secret in secrets)


def spellings(key: bytes) -> list[bytes]:
    return [key, key.hex().encode(), str(int.from_bytes(key)).encode(), repr(key)[2:-1].encode()]


def test_key_files_are_their_owners_alone(office: Office) -> None:
    folder = office.desk.home / "issuers" / "school"
    for name in ("chain-key.json", "signing-key.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
    assert office.desk.home.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["chain-key.json", "signing-key.json"])
def test_a_damaged_key_file_is_told(office: Office, tmp_path: Path, name: str) -> None:
    copied = Desk(tmp_path / "home", office.desk.node)
    shutil.copytree(office.desk.home, copied.home)
    (copied.home / "issuers/school" / name).write_text("")
    words = ["anchor"] if name == "chain-key.json" else ["issue", office.folder / "awards.csv"]
    said = copied.run(*words)
    assert (said.status, "is not a whole key file" in said.err) == (64, True)


MANY: Final = 1700


@pytest.fixture
def busy(ticking_chain: str, tmp_path: Path) -> Office:
    """An issuer with a larger file, signed the slower way."""
    office = opened(tmp_path, ticking_chain, suite="eddsa-rdfc-2022")
    (tmp_path / "many.csv").write_text(HEADER + rows(*(f"learner-{n}" for n in range(MANY))))
    return office


def issued(office: Office) -> int:
    with closing(sqlite3.connect(office.desk.home / "registry.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM credentials").fetchone()[0])


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_issue_keeps_what_was_committed_and_goes_on_when_run_again(
    busy: Office, how: signal.Signals
) -> None:
    process = busy.desk.start("issue", busy.folder / "many.csv")
    wait_until(lambda: issued(busy) >= 1000)
    if how is signal.SIGINT:
        said = ended(process, how)
        assert said.status == 130
        assert "what was finished is kept" in said.err
        assert "Traceback" not in said.err
    else:
        # The command alone is killed: its workers must notice by themselves.
        process.kill()
        process.communicate(timeout=SECONDS)
    wait_until(lambda: group_is_gone(process.pid), 10)
    kept = issued(busy)
    assert 1000 <= kept < MANY
    said = busy.desk.run("issue", busy.folder / "many.csv", "--json")
    assert (said.json["issued"], said.json["passed_over"]) == (MANY - kept, kept)
    with closing(sqlite3.connect(busy.desk.home / "registry.db")) as connection:
        counts = connection.execute(
            "SELECT count(*), count(DISTINCT award_key), count(DISTINCT uuid), "
            "(SELECT count(DISTINCT credential_id) FROM leaves), (SELECT sum(size) FROM batches) "
            "FROM credentials"
        ).fetchone()
    assert counts == (MANY,) * 5


def test_two_issues_of_one_file_at_once_issue_every_award_once(busy: Office) -> None:
    processes = [busy.desk.start("issue", busy.folder / "many.csv") for _ in range(2)]
    errors = [process.communicate(timeout=SECONDS)[1] for process in processes]
    assert sorted(p.returncode for p in processes)[0] == 0
    assert not any("Traceback" in error for error in errors)
    assert issued(busy) == MANY


def test_the_dev_chain_keeps_its_state_over_a_polite_kill(
    anvil: str, new_port: Callable[[], int], tmp_path: Path
) -> None:
    port = str(new_port())
    desk = Desk(tmp_path / "home", f"http://127.0.0.1:{port}")
    first = desk.start("devchain", "--port", port, "--json")
    try:
        assert first.stdout is not None
        assert json.loads(first.stdout.readline())["chain_id"] == 31337
        office = anchored(opened(tmp_path, desk.node))
        assert office.verify(tmp_path / "out").status == 0
        block = connect(desk.node).eth.block_number
    finally:
        said = ended(first, signal.SIGTERM)
    assert (said.status, said.err) == (0, "")
    assert office.verify(tmp_path / "out").status == 2
    assert not connect(desk.node).is_connected()

    second = desk.start("devchain", "--port", port)
    try:
        assert second.stdout is not None
        second.stdout.readline()
        assert "was there already" in second.stdout.readline()
        assert connect(desk.node).eth.block_number >= block
        assert office.verify(tmp_path / "out").status == 0
    finally:
        said = ended(second, signal.SIGINT)
    assert said.status == 0
    assert "Traceback" not in said.err


def test_a_second_dev_chain_at_one_port_is_refused(office: Office, ticking_chain: str) -> None:
    said = office.desk.run("devchain", "--port", ticking_chain.rsplit(":", 1)[1])
    assert (said.status, "something answers at" in said.err) == (64, True)
