"""Files that only their owner reads, and passphrases: never in an argument, never in a log."""

import os
from getpass import getpass
from pathlib import Path
from typing import Final

MAX_PASSPHRASE_BYTES: Final = 4096


class NoPassphrase(Exception):
    """No passphrase could be had; the text says how to give one."""


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner reads; raises `FileExistsError`."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read_passphrase(file: Path | None, *, new: bool = False) -> str:
    """The passphrase from `file` (its first line), else from a prompt, asked twice when `new`.

    Raises `NoPassphrase`.
    """
    if file is not None:
        return _from_file(file)
    try:
        passphrase = getpass("Passphrase: ")
        if new and passphrase and getpass("The same again: ") != passphrase:
            raise NoPassphrase("the two passphrases differ")
    except EOFError as error:
        raise NoPassphrase(
            "no terminal to ask for the passphrase: name a file in CREDROOT_PASSPHRASE_FILE"
        ) from error
    return _not_empty(passphrase)


def _from_file(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            line = stream.read(MAX_PASSPHRASE_BYTES).split(b"\n")[0].rstrip(b"\r")
        return _not_empty(line.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise NoPassphrase(f"CREDROOT_PASSPHRASE_FILE cannot be read: {error}") from error


def _not_empty(passphrase: str) -> str:
    if not passphrase:
        raise NoPassphrase("the passphrase is empty")
    return passphrase
