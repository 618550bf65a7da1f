"""`credroot` as its users run it: a process of its own, without a terminal."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final
from unittest.mock import patch

from eth_account import Account
from eth_keyfile.keyfile import create_keyfile_json

from registry.cli.application import run as run_words
from registry.cli.console import Output
from registry.private_files import write_private

ROOT: Final = Path(__file__).resolve().parents[2]
PASSPHRASE: Final = "correct horse battery staple 7291"  # noqa: S105 - of keys that are worth nothing
SECONDS: Final = 90
COMMAND: Final = [sys.executable, "-c", "from registry.cli import main; main()"]


@dataclass(frozen=True)
class Said:
    """How one command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Its one JSON object."""
        (line,) = self.out.strip().splitlines()
        return json.loads(line)


@dataclass(frozen=True)
class Desk:
    """One installation's environment; every word that its commands say is kept in `log`."""

    home: Path
    node: str
    log: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        self.home.parent.mkdir(parents=True, exist_ok=True)
        passphrase = self.home.parent / "passphrase"
        passphrase.write_text(PASSPHRASE + "\n")
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(self.home.parent),
            "CREDROOT_HOME": str(self.home),
            "CREDROOT_RPC": self.node,
            "CREDROOT_PASSPHRASE_FILE": str(passphrase),
            "COLUMNS": "200",
        }

    def run(self, *words: str | Path, **environment: str | None) -> Said:
        """Run `credroot` with `words`; `environment` changes single variables, `None` drops one."""
        done = subprocess.run(
            [*COMMAND, *map(str, words)],
            env=self._with(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            start_new_session=True,
            cwd=self.home.parent,
            check=False,
        )
        self.log.append(done.stdout + done.stderr)
        return Said(done.returncode, done.stdout, done.stderr)

    def run_here(self, *words: str | Path) -> Said:
        """The same within this process: what the libraries take to load is not waited for again."""
        out, err = io.StringIO(), io.StringIO()
        environment = {**self.environment, "PATH": os.environ["PATH"]}
        with (
            patch.dict(os.environ, environment, clear=True),
            chdir(self.home.parent),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            Output.has_result = False
            status = run_words([str(word) for word in words])
        self.log.append(out.getvalue() + err.getvalue())
        return Said(status, out.getvalue(), err.getvalue())

    def start(self, *words: str | Path) -> subprocess.Popen[str]:
        """Start `credroot` in a process group of its own."""
        return subprocess.Popen(
            [*COMMAND, *map(str, words)],
            env=self._with({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            cwd=self.home.parent,
        )

    def _with(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        merged: dict[str, str | None] = {**self.environment, **changes}
        return {name: value for name, value in merged.items() if value is not None}


def ended(process: subprocess.Popen[str], with_signal: signal.Signals) -> Said:
    """Signal the process's whole group, as a terminal does, and wait for its end."""
    os.killpg(process.pid, with_signal)
    out, err = process.communicate(timeout=SECONDS)
    return Said(process.returncode, out, err)


def wait_until(holds: Callable[[], bool], seconds: float = SECONDS) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.01)


def group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def lay_out_keys(folder: Path) -> None:
    """Key files as an interrupted creation leaves them, but quick to open (scrypt with n = 2)."""
    folder.mkdir(parents=True)
    passphrase, seed = PASSPHRASE.encode(), token_bytes(32)
    stored = create_keyfile_json(seed, passphrase, kdf="scrypt", iterations=2)
    write_private(folder / "signing-key.json", json.dumps(stored))
    key = Account.create().key
    stored = Account.encrypt(key, PASSPHRASE, kdf="scrypt", iterations=2)
    write_private(folder / "chain-key.json", json.dumps(stored))
