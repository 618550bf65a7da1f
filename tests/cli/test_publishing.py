"""`issuer status-url` and `status-list` from outside: what is written, and when nothing is."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from commands import Desk, Said, lay_out_keys
from installations import ACHIEVEMENT

from registry.core.status_list import StatusEntry, read_status
from registry.core.times import parse_stamp

STATUS: Final = "https://school.example.org/status"
THERE: Final = "https://lists.example.net"
DEAD: Final = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Office:
    """An issuer with a status address; credentials are issued by name."""

    desk: Desk
    folder: Path

    def issue(self, *names: str) -> None:
        rows = "".join(f"{name},{ACHIEVEMENT['id']},2026-06-30\n" for name in names)
        (self.folder / "awards.csv").write_text("recipient,achievement,date\n" + rows)
        assert self.desk.run("issue", self.folder / "awards.csv").status == 0

    def export(self) -> dict[str, dict[str, Any]]:
        said = self.desk.run("export", self.folder / "out", "--unanchored")
        assert said.status == 0, said
        files = (self.folder / "out").glob("*.json")
        return {file.stem: json.loads(file.read_text()) for file in files}

    def publish(self, *words: str | Path, **environment: str | None) -> Said:
        return self.desk.run("status-list", self.folder / "www", "--json", *words, **environment)

    def served(self) -> dict[str, dict[str, Any]]:
        documents = [json.loads(file.read_text()) for file in (self.folder / "www").iterdir()]
        return {document["id"]: document for document in documents}


@pytest.fixture(scope="module")
def office(ticking_chain: str, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An issuer with two anchored credentials, the first of them revoked."""
    folder = tmp_path_factory.mktemp("publishing")
    desk = Desk(folder / "home", ticking_chain)
    desk.run("init")
    lay_out_keys(desk.home / "issuers" / "school")
    suite = ("--slug", "school", "--suite", "eddsa-jcs-2022", "--status-url", f"{STATUS}/")
    said = desk.run("issuer", "create", "The School", *suite)
    assert said.status == 0, said
    (folder / "achievement.json").write_text(json.dumps(ACHIEVEMENT))
    assert desk.run("achievement", "import", folder / "achievement.json").status == 0
    office = Office(desk, folder)
    office.issue("ada", "ben")
    assert desk.run("anchor").status == 0
    assert desk.run("revoke", min(office.export())).status == 0
    return office


def is_set(credential: dict[str, Any], served: dict[str, dict[str, Any]]) -> bool:
    entry = credential["credentialStatus"]
    url = entry["statusListCredential"]
    index = int(entry["statusListIndex"])
    return read_status(StatusEntry("suspension", index, url), served[url])


def test_nothing_is_written_where_the_chain_or_the_key_cannot_be_had(office: Office) -> None:
    said = office.publish("--rpc", DEAD)
    assert (said.status, said.json.keys()) == (64, {"error"})
    assert said.err.startswith("credroot: nothing is written: chain 31337 was not read")
    assert "cannot be reached" in said.err
    said = office.publish(CREDROOT_PASSPHRASE_FILE=os.devnull)
    assert (said.status, said.json.keys()) == (64, {"error"})
    assert not (office.folder / "www").exists()


def test_a_list_says_what_the_chain_says_and_when_to_publish_again(office: Office) -> None:
    said = office.publish("--valid-for", "2")
    assert (said.status, said.err) == (0, "")
    told = said.json
    assert told.pop("lists") == [
        {
            "url": f"{STATUS}/0.json",
            "file": str(office.folder / "www" / "0.json"),
            "credentials": 2,
            "set": 1,
        }
    ]
    ends, again = (parse_stamp(told.pop(k)) for k in ("valid_until", "publish_again_by"))
    assert timedelta(days=1, hours=23) < ends - datetime.now(UTC) <= timedelta(days=2)
    assert timedelta(hours=23) < ends - again <= timedelta(days=1, seconds=1)
    assert told.pop("block") > 0
    assert told == {"credentials": 2, "set": 1, "unanchored": 0, "answered_by": ["127.0.0.1"]}
    credentials, served = office.export(), office.served()
    revoked = min(credentials)
    assert {uuid: is_set(c, served) for uuid, c in credentials.items()} == {
        uuid: uuid == revoked for uuid in credentials
    }


def test_a_run_that_fails_leaves_the_lists_that_are_there(office: Office) -> None:
    file = office.folder / "www" / "0.json"
    assert office.publish().status == 0
    before = file.read_bytes()
    assert office.publish("--rpc", DEAD).status == 64
    assert file.read_bytes() == before
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("words", [["--valid-for", "0"], ["--rpc", "ftp:"]])
def test_wrong_words_are_told(office: Office, words: list[str]) -> None:
    said = office.publish(*words)
    assert (said.status, "Traceback" in said.err) == (64, False)


def test_a_bad_address_is_told(office: Office) -> None:
    said = office.desk.run("issuer", "status-url", "http://school.example.org/status")
    assert (said.status, "cannot be the address" in said.err) == (64, True)
    told = office.desk.run("issuer", "status-url", "--json").json
    assert told == {"issuer": "school", "status_url": STATUS, "lists": [f"{STATUS}/0.json"]}


def test_another_address_leaves_alone_what_is_out(office: Office) -> None:
    moved = office.desk.run("issuer", "status-url", THERE)
    assert moved.status == 0
    assert f"keep the lists there too: {STATUS}/0.json" in moved.out
    office.issue("ada", "ben", "cem")
    assert office.desk.run("issuer", "status-url", "--none").status == 0
    office.issue("ada", "ben", "cem", "dia")
    entries = [c.get("credentialStatus", {}) for c in office.export().values()]
    urls = [f"{STATUS}/0.json", f"{THERE}/1.json"]
    named = sorted(e.get("statusListCredential", "") for e in entries)
    assert named == ["", f"{THERE}/1.json", f"{STATUS}/0.json", f"{STATUS}/0.json"]
    said = office.desk.run("status-list", office.folder / "www")
    assert said.status == 0
    assert "1 credential not anchored yet: not set." in said.out
    assert "Publish again after every change of status, and by 20" in said.out
    assert set(office.served()) == set(urls)
