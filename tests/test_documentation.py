"""The README's commands are what a new user types: they run as they stand."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from anchor_service.chain import EthereumChain
from anchor_service.devchain import fund_if_empty
from anchor_service.keystore import keystore_address, open_keystore
from anchor_service.node import connect
from anchor_service.relay_requests import RELAY
from registry.core.keys import Account

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# What stands in the README where a reader puts an id of their own.
SOME_ID = "5a4b1ec1-…"
# Started by the fixture, in a terminal of its own as the README says; or a whole run of its own.
NOT_TYPED_HERE = ("credroot devchain", "scripts/demo", "scripts/test")


def commands(page: Path) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), f"{page.name}: not only commands"
    return [line.removeprefix("$ ") for line in lines]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A new user's environment beside a running dev chain."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    (tmp_path / "scripts").symlink_to(ROOT / "scripts")
    (tmp_path / "passphrase").write_text("of the documentation's test")
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "CREDROOT_HOME": str(tmp_path / "home"),
        "CREDROOT_RPC": f"http://127.0.0.1:{port}",
        "CREDROOT_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
    }
    chain = subprocess.Popen(
        [BIN / "credroot", "devchain", "--port", port, "--json"],
        env=environment,
        stdout=subprocess.PIPE,
    )
    try:
        assert chain.stdout is not None
        assert json.loads(chain.stdout.readline())["chain_id"] == 31337
        yield environment
    finally:
        chain.send_signal(signal.SIGTERM)
        chain.wait(20)


def test_the_readmes_commands_run_in_their_order(tmp_path: Path, terminal: dict[str, str]) -> None:
    typed = [c for c in commands(ROOT / "README.md") if not c.startswith(NOT_TYPED_HERE)]
    assert len(typed) > 10
    for line in typed:
        exported = [file.stem for file in (tmp_path / "badges").glob("*.json")]
        command = line.replace(SOME_ID, exported[0]) if exported else line
        started = time.monotonic()
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=terminal, capture_output=True, text=True
        )
        # After the revocation one of the badges is invalid, and the README says so.
        expected = 1 if "verify" in command else 0
        assert done.returncode == expected, f"{command}: {done.stdout}{done.stderr}"
        print(f"{time.monotonic() - started:5.1f} s  {command}")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_dependency_has_its_line() -> None:
    said = (ROOT / "docs/dependencies.md").read_text(encoding="utf-8")
    projects = [ROOT / "pyproject.toml", ROOT / "tests/audit/pyproject.toml"]
    project = "".join(file.read_text(encoding="utf-8") for file in projects)
    node = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    audit = json.loads((ROOT / "tests/audit/package.json").read_text(encoding="utf-8"))
    names = re.findall(r'^  "([a-z0-9-]+)(?:\[[a-z]+\])?[>=]=', project, re.MULTILINE)
    names += [*node["devDependencies"], *node.get("optionalDependencies", {})]
    peers = json.loads((ROOT / "scripts/benchmarks/package.json").read_text(encoding="utf-8"))
    names += peers["devDependencies"]
    names += audit["optionalDependencies"]
    assert len(names) > 20
    assert [name for name in names if name not in said] == []


def test_the_procedures_for_keys_run_as_the_page_says(
    tmp_path: Path, terminal: dict[str, str]
) -> None:
    for title, typed in sections(ROOT / "docs/keys.md"):
        if title == "The sending key was stolen":
            anchored_by_a_thief(tmp_path, terminal, "issuers/northmere-institute/chain-key.json")
        if title == "The controller's key was stolen, or lost":
            anchored_by_a_thief(tmp_path, terminal, "../controller.json")
        for command in typed:
            done = subprocess.run(
                command, shell=True, cwd=tmp_path, env=terminal, capture_output=True, text=True
            )
            # A thief's batch was found.
            expected = 1 if command == "credroot keys strangers" else 0
            assert done.returncode == expected, f"{command}: {done.stdout}{done.stderr}"
    shown = json.loads(
        subprocess.check_output(["credroot", "keys", "show", "--json"], env=terminal, cwd=tmp_path)
    )
    holder = keystore_address(tmp_path / "successor.json")
    assert shown["controller"].lower() == holder
    assert [operator["address"].lower() for operator in shown["operators"]] == [shown["sender"]]
    assert (shown["successions"], shown["remarks"]) == (1, [])
    found = subprocess.check_output(
        ["credroot", "keys", "strangers", "--json"], env=terminal, cwd=tmp_path
    )
    assert [bool(item["revoked_at"]) for item in json.loads(found)["strangers"]] == [True, True]


def test_relaying_goes_as_the_page_says(tmp_path: Path, terminal: dict[str, str]) -> None:
    def run(command: str) -> None:
        badges = [file.stem for file in (tmp_path / "badges").glob("*.json")]
        typed = command.replace(SOME_ID, badges[0]) if badges else command
        done = subprocess.run(
            typed, shell=True, cwd=tmp_path, env=terminal, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{typed}: {done.stdout}{done.stderr}"

    page = ROOT / "docs/relaying.md"
    assert set(re.findall(r"0x[0-9a-fA-F]{40}", page.read_text())) == {RELAY["address"]}
    first_day = dict(sections(ROOT / "docs/keys.md"))["The first day"]
    # The relayer anchors here what the issuer anchors there.
    for command in [c for c in first_day if "successor" not in c and c != "credroot anchor"]:
        run(command)
    for command in commands(page):
        run(command)


def sections(page: Path) -> list[tuple[str, list[str]]]:
    parts = re.split(r"^## (.*)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    blocks = [re.findall(r"```console\n(.*?)```", part, re.DOTALL) for part in parts[2::2]]
    lines = [[line for block in found for line in block.splitlines()] for found in blocks]
    assert all(line.startswith("$ ") for found in lines for line in found)
    return [
        (title, [line.removeprefix("$ ") for line in found])
        for title, found in zip(parts[1::2], lines, strict=True)
    ]


def anchored_by_a_thief(tmp_path: Path, terminal: dict[str, str], keystore: str) -> None:
    """Whoever has the key and its passphrase anchors a root of his own for the issuer."""
    home = Path(terminal["CREDROOT_HOME"])
    card = json.loads((home / "issuers/northmere-institute/card.json").read_text())
    key = open_keystore(home / keystore, (tmp_path / "passphrase").read_text())
    w3 = connect(terminal["CREDROOT_RPC"])
    fund_if_empty(w3, key.address)
    chain = EthereumChain(w3, Account.parse(card["accounts"][0]), key)
    root = os.urandom(32)
    chain.send(chain.sign_anchor(root, 7, chain.next_nonce()).raw)
    until = time.monotonic() + 30
    while not chain.batch(root).anchored_at and time.monotonic() < until:
        time.sleep(0.2)
    assert chain.batch(root).size == 7
