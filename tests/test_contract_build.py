"""What clients pin (address, code hashes, ABI) is what two builds make of the sources."""

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = os.environ | {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
}


def run(*command: str) -> None:
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_committed_file_is_what_the_sources_give() -> None:
    run(sys.executable, "scripts/build_contract.py", "--check")


def test_hardhat_and_py_solc_x_give_the_same_code_and_abi() -> None:
    run("node", "node_modules/hardhat/dist/src/cli.js", "build")
    artifact = json.loads(
        (ROOT / "artifacts/contracts/CredentialRegistry.sol/CredentialRegistry.json").read_text()
    )
    committed = json.loads((ROOT / "registry/core/contract.json").read_text())
    assert artifact["bytecode"] == committed["creationCode"]
    assert artifact["abi"] == committed["abi"]
