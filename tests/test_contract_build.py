"""What clients pin (addresses, code hashes, ABIs) is what two builds make of the sources."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from anchor_service.relay_requests import RELAY
from registry.core.contract import CONTRACT

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
}


def run(*command: str) -> None:
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def artifact(name: str) -> Any:
    """What Hardhat made of a contract."""
    (file,) = ROOT.glob(f"artifacts/contracts/**/{name}.sol/{name}.json")
    return json.loads(file.read_text())


def test_the_committed_files_are_what_the_sources_give() -> None:
    run(sys.executable, "scripts/build_contract.py", "--check")


def test_hardhat_and_py_solc_x_give_the_same_code_and_abi() -> None:
    run("node", "node_modules/hardhat/dist/src/cli.js", "build")
    registry, relay = artifact("CredentialRegistry"), artifact("RegistryRelay")
    assert registry["bytecode"] == CONTRACT["creationCode"]
    assert registry["abi"] == CONTRACT["abi"]
    assert relay["bytecode"] + CONTRACT["address"][2:].lower().zfill(64) == RELAY["creationCode"]
    assert relay["abi"] == RELAY["abi"]
    assert RELAY["registry"] == CONTRACT["address"]
