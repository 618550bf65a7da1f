"""A chain for trying, on this machine: anvil where there is one, else Hardhat's node.

Its accounts are well known: whatever it holds is worth nothing.
"""

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from registry.core.contract import REGISTRY
from registry.core.evidence import DEV_CHAIN_ID
from registry.locks import Lock
from registry.private_files import replace_private

from .deploy import deploy_by_node
from .node import ChainProblem, connect

HOST: Final = "127.0.0.1"
# What a kill may lose of the chain's state, in seconds.
STATE_INTERVAL: Final = 5
READY_SECONDS: Final = 30
STOP_SECONDS: Final = 10
POLL_SECONDS: Final = 0.1
PR_SET_PDEATHSIG: Final = 1  # prctl(2)
DEV_BALANCE: Final = 10**20  # wei: 100 ether of a chain whose ether is worth nothing
_ROOT: Final = Path(__file__).resolve().parents[1]
_BUNDLED_ANVIL: Final = _ROOT / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
_BUNDLED_HARDHAT: Final = _ROOT / "node_modules/hardhat/dist/src/cli.js"


@dataclass(frozen=True)
class DevChain:
    """A running dev chain; `deployed`: the registry was not there before.

    `kept` is its state's file, none where the node keeps no state.
    """

    url: str
    deployed: bool
    kept: Path | None
    process: subprocess.Popen[bytes]

    def wait(self) -> None:
        """Until the node ends by itself, which it should not. Raises `ChainProblem`."""
        while self.process.poll() is None:
            time.sleep(STATE_INTERVAL)
            if self.kept:
                _keep(self.kept)
        raise ChainProblem(f"the node ended by itself, with status {self.process.returncode}")


@contextmanager
def running_chain(
    port: int, state: Path, block_seconds: int, anvil: str | None = None
) -> Iterator[DevChain]:
    """Run the dev chain with the registry deployed; one at a time for one `state`.

    The chain's state is read from the file `state` and written back to it, where the node can
    (Hardhat's cannot). Raises `ChainProblem`.
    """
    url = f"http://{HOST}:{port}"
    state.parent.mkdir(parents=True, exist_ok=True)
    log, node_file = state.with_suffix(".log"), state.with_suffix(".node")
    with Lock(state.with_suffix(".lock")) as lock:
        if not lock.take():
            raise ChainProblem(
                f"{lock.holder()} runs a dev chain with {state}: stop it, "
                "or set another CREDROOT_HOME"
            )
        _require_free(connect(url), url, node_file)
        program = _anvil(anvil)
        if program:
            _take_over(state)
            command = [program, *_anvil_words(port, state, block_seconds)]
        else:
            command = _hardhat(port)
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
                preexec_fn=_dying_with_parent(),  # noqa: PLW1509 - one system call, no lock
            ) as process,
        ):
            try:
                node_file.write_text(f"{process.pid} {url}", encoding="utf-8")
                deployed = _prepare(connect(url), process, log)
                yield DevChain(url, deployed, state if program else None, process)
            finally:
                _stop(process)
                node_file.unlink(missing_ok=True)
                if program:
                    _take_over(state)


def _live(state: Path) -> Path:
    """Where the node writes: in place, so that a kill may leave a part of it."""
    return state.with_suffix(".live.json")


def _keep(state: Path) -> None:
    """Take over what the node wrote last, if it is whole; else the state before stays."""
    try:
        written = _live(state).read_bytes()
        json.loads(written)
    except (FileNotFoundError, ValueError):
        return
    replace_private(state, written)


def _take_over(state: Path) -> None:
    """The same with no node running: what it wrote has then served."""
    _keep(state)
    _live(state).unlink(missing_ok=True)


def _require_whole(state: Path) -> None:
    try:
        json.loads(state.read_bytes())
    except ValueError as error:
        raise ChainProblem(
            f"the dev chain's state {state} is damaged: put a copy of it back, or move it away to "
            "begin a new chain, which knows nothing of what was anchored before"
        ) from error


def fund(w3: Web3, address: str) -> None:
    """Give `address` play money on a dev chain; raises `ChainProblem` on any other."""
    if w3.eth.chain_id != DEV_CHAIN_ID:
        raise ChainProblem("only the dev chain gives money away")
    method = RPCEndpoint("hardhat_setBalance")
    response = w3.provider.make_request(method, [address, hex(DEV_BALANCE)])
    if "error" in response:
        raise ChainProblem(f"the node gives no money: {response['error']}")


def fund_if_empty(w3: Web3, address: str) -> bool:
    """Play money for an account that has none: made while the dev chain was down, or anew.

    Whether it was needed. Raises `ChainProblem` on any other chain.
    """
    if w3.eth.get_balance(Web3.to_checksum_address(address)):
        return False
    fund(w3, address)
    return True


def _require_free(w3: Web3, url: str, node_file: Path) -> None:
    if w3.is_connected():
        raise ChainProblem(
            f"something answers at {url} already{_left_behind(node_file, url)}: "
            "stop it, or use another --port"
        )


def _left_behind(node_file: Path, url: str) -> str:
    """Which node of an earlier dev chain that was killed still runs at `url`, if one does."""
    try:
        pid, _, where = node_file.read_text(encoding="utf-8").partition(" ")
        os.kill(int(pid), 0)
    except (OSError, ValueError):
        return ""
    return f" (process {pid}, left behind by a dev chain that was killed)" if where == url else ""


def _dying_with_parent() -> Callable[[], object] | None:
    """What the node's process does first, so that a kill of the dev chain ends the node as well."""
    if sys.platform != "linux":
        return None
    # Loaded here: between fork and exec as little as possible may happen.
    return partial(ctypes.CDLL(None).prctl, PR_SET_PDEATHSIG, signal.SIGTERM)


def _anvil(given: str | None) -> str | None:
    return given or (str(_BUNDLED_ANVIL) if _BUNDLED_ANVIL.exists() else shutil.which("anvil"))


def _anvil_words(port: int, state: Path, block_seconds: int) -> list[str]:
    words = ["--host", HOST, "--port", str(port), "--chain-id", str(DEV_CHAIN_ID)]
    words += ["--block-time", str(block_seconds), "--slots-in-an-epoch", "1", "--quiet"]
    words += ["--dump-state", str(_live(state)), "--state-interval", str(STATE_INTERVAL)]
    if not state.exists():
        return words
    _require_whole(state)
    return [*words, "--load-state", str(state)]


def _hardhat(port: int) -> list[str]:
    node = shutil.which("node")
    if node and _BUNDLED_HARDHAT.exists():
        return [node, str(_BUNDLED_HARDHAT), "node", "--hostname", HOST, "--port", str(port)]
    raise ChainProblem("no anvil and no Hardhat found: put `anvil` on the PATH")


def _prepare(w3: Web3, process: subprocess.Popen[bytes], log: Path) -> bool:
    until = time.monotonic() + READY_SECONDS
    _wait(w3.is_connected, process, until, log)
    deployed = deploy_by_node(w3).receipt is not None
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
