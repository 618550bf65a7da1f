"""Set up what the project needs inside its own folder: `.venv` and `node_modules`.

Needs Python 3.11 or newer with venv and pip, and nothing else: Node comes with a Python package.
A second call finds everything in place and returns at once.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
INTEROP = ROOT / "tests/interop"
PEERS = ROOT / "scripts/benchmarks"
AUDIT = ROOT / "tests/audit"
OLDEST = (3, 11)
PIP = (str(BIN / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")


def prepare(*others: Path) -> dict[str, str]:
    """Set up what is missing or out of date; the environment variables to run programs with.

    Of `others`, folders with an npm lock of their own: what ours is held against.
    """
    if sys.version_info < OLDEST:
        raise SystemExit(f"needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    variables = {
        **{k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH")},
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        "UV_PYTHON_DOWNLOADS": "never",
    }
    _once("Python packages", VENV / ".locked", ("uv.lock", "pyproject.toml"), _python, variables)
    for folder in (ROOT, *others):
        lock = str(folder.relative_to(ROOT) / "package-lock.json")
        install = partial(_node, folder)
        _once("Node packages", folder / "node_modules/.locked", (lock,), install, variables)
    return variables


def prepare_group(group: str, variables: dict[str, str]) -> str:
    """The Python of an environment of its own, with the dependency group `group` as well."""
    folder = ROOT / f".venv-{group}"

    def install(known: dict[str, str]) -> None:
        command = [str(BIN / "uv"), "sync", "--locked", "--all-extras", "--quiet"]
        _run([*command, "--group", group], known | {"UV_PROJECT_ENVIRONMENT": str(folder)})

    inputs = ("uv.lock", "pyproject.toml")
    _once(f"Python packages for {group}", folder / ".locked", inputs, install, variables)
    return str(folder / "bin/python")


def prepare_audit(variables: dict[str, str]) -> dict[str, str]:
    """The environment variables to run the auditors' tools with, in an environment of their own."""
    own = variables | {"UV_PROJECT_ENVIRONMENT": str(AUDIT / ".venv")}

    def install(known: dict[str, str]) -> None:
        _run([str(BIN / "uv"), "sync", "--locked", "--quiet"], known, AUDIT)

    inputs = ("tests/audit/uv.lock", "tests/audit/pyproject.toml")
    _once("Python packages for audit", AUDIT / ".venv/.locked", inputs, install, own)
    lock = ("tests/audit/package-lock.json",)
    _once("Node packages", AUDIT / "node_modules/.locked", lock, partial(_node, AUDIT), variables)
    return variables


def _once(
    what: str,
    stamp: Path,
    inputs: tuple[str, ...],
    install: Callable[[dict[str, str]], None],
    variables: dict[str, str],
) -> None:
    wanted = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in inputs)).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    into = stamp.parent.relative_to(ROOT)
    print(f"Setting up: {what} (into {into}/) ...", file=sys.stderr, flush=True)
    install(variables)
    stamp.write_text(wanted)


def _python(variables: dict[str, str]) -> None:
    if not (BIN / "uv").exists():
        _run([sys.executable, "-m", "venv", str(VENV)], variables)
        _run([*PIP, _locked_uv()], variables)
    _run([str(BIN / "uv"), "sync", "--locked", "--all-extras", "--quiet"], variables)


def _node(folder: Path, variables: dict[str, str]) -> None:
    _run(
        [
            str(BIN / "npm"),
            "ci",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
            "--loglevel=error",
            # What is only compared with runs nothing while it is installed.
            *([] if folder == ROOT else ["--ignore-scripts"]),
        ],
        variables,
        folder,
    )


def _locked_uv() -> str:
    version = re.search(r'name = "uv"\nversion = "([^"]+)"', (ROOT / "uv.lock").read_text())
    if version is None:
        raise SystemExit("uv.lock does not name uv")
    return f"uv=={version[1]}"


def _run(command: list[str], variables: dict[str, str], folder: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=folder, env=variables, check=False)
    if done.returncode:
        raise SystemExit(f"failed: {' '.join(command)}")
