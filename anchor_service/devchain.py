"""A chain for trying, on this machine: anvil where there is one, else Hardhat's node.

Its accounts are well known: whatever it holds is worth nothing.
"""

import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from registry.core.contract import REGISTRY
from registry.core.evidence import DEV_CHAIN_ID

from .chain import ChainProblem, connect
from .deploy import ensure_registry

HOST: Final = "127.0.0.1"
# What a kill may lose of the chain's state, in seconds.
STATE_INTERVAL: Final = 5
READY_SECONDS: Final = 30
STOP_SECONDS: Final = 10
POLL_SECONDS: Final = 0.1
DEV_BALANCE: Final = 10**20  # wei: 100 ether of a chain whose ether is worth nothing
_ROOT: Final = Path(__file__).resolve().parents[1]
_BUNDLED_ANVIL: Final = _ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
_BUNDLED_HARDHAT: Final = _ROOT / "node_modules/hardhat/dist/src/cli.js"


@dataclass(frozen=True)
class DevChain:
    """A running dev chain; `deployed`: the registry was not there before."""

    url: str
    deployed: bool
    keeps_state: bool
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Until the node ends by itself, which it should not. Raises `ChainProblem`."""
        self.process.wait()
        raise ChainProblem(f"the node ended by itself, with status {self.process.returncode}")


@contextmanager
def running_chain(
    port: int, state: Path, block_seconds: int, anvil: str | None = None
) -> Iterator[DevChain]:
    """Run the dev chain with the registry deployed.

    The chain's state is read from the file `state` and written back to it, where the node can
    (Hardhat's cannot). Raises `ChainProblem`.
    """
    url = f"http://{HOST}:{port}"
    _require_free(connect(url), url)
    state.parent.mkdir(parents=True, exist_ok=True)
    log = state.with_suffix(".log")
    command = _command(port, state, block_seconds, anvil)
    with (
        log.open("wb") as said,
        subprocess.Popen(  # noqa: S603 - the node's program and our own arguments
            command,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd=_ROOT,
            # Ctrl-C is for this program, which then stops the node in order.
            start_new_session=True,
        ) as process,
    ):
        try:
            deployed = _prepare(connect(url), process, log)
            yield DevChain(url, deployed, str(state) in command, process)
        finally:
            _stop(process)


def fund(w3: Web3, address: str) -> None:
    """Give `address` play money on a dev chain; raises `ChainProblem` on any other."""
    if w3.eth.chain_id != DEV_CHAIN_ID:
        raise ChainProblem("only the dev chain gives money away")
    method = RPCEndpoint("hardhat_setBalance")
    response = w3.provider.make_request(method, [address, hex(DEV_BALANCE)])
    if "error" in response:
        raise ChainProblem(f"the node gives no money: {response['error']}")


def _require_free(w3: Web3, url: str) -> None:
    if w3.is_connected():
        raise ChainProblem(f"something answers at {url} already: stop it, or use another --port")


def _command(port: int, state: Path, block_seconds: int, anvil: str | None) -> list[str]:
    program = anvil or (str(_BUNDLED_ANVIL) if _BUNDLED_ANVIL.exists() else shutil.which("anvil"))
    if program:
        return [
            program,
            *("--host", HOST, "--port", str(port), "--chain-id", str(DEV_CHAIN_ID)),
            *("--block-time", str(block_seconds), "--slots-in-an-epoch", "1"),
            *("--state", str(state), "--state-interval", str(STATE_INTERVAL), "--quiet"),
        ]
    node = shutil.which("node")
    if node and _BUNDLED_HARDHAT.exists():
        return [node, str(_BUNDLED_HARDHAT), "node", "--hostname", HOST, "--port", str(port)]
    raise ChainProblem("no anvil and no Hardhat found: put `anvil` on the PATH")


def _prepare(w3: Web3, process: subprocess.Popen[bytes], log: Path) -> bool:
    until = time.monotonic() + READY_SECONDS
    _wait(w3.is_connected, process, until, log)
    deployed = ensure_registry(w3, w3.eth.accounts[0])
    # After a restart the last final blocks come back one by one; before that nothing verifies.
    _wait(lambda: _is_final(w3), process, until, log)
    return deployed


def _is_final(w3: Web3) -> bool:
    try:
        code = w3.eth.get_code(Web3.to_checksum_address(REGISTRY.address), "finalized")
    except Web3Exception:
        return False
    return Web3.keccak(code) == REGISTRY.code_hash


def _wait(
    ready: Callable[[], bool], process: subprocess.Popen[bytes], until: float, log: Path
) -> None:
    while not ready():
        if process.poll() is not None:
            said = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
            raise ChainProblem(f"the node stopped at once: {said}")
        if time.monotonic() > until:
            raise ChainProblem(f"the node is not ready after {READY_SECONDS} seconds")
        time.sleep(POLL_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
