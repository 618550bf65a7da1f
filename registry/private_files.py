"""Files that only their owner reads, and passphrases: never in an argument, never in a log."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass
from pathlib import Path
from typing import Final

MAX_PASSPHRASE_BYTES: Final = 4096


class NoPassphrase(Exception):
    """No passphrase could be had; the text says how to give one."""


def write_private(path: Path, text: str) -> None:
    """Write a new file that only its owner reads, whole or not at all.

    Raises `FileExistsError`: nothing is written over.
    """
    with _written(path, text.encode("utf-8")) as part:
        # A link never replaces what is there, and shows the file only when it is whole.
        path.hardlink_to(part)


def replace_private(path: Path, data: bytes) -> None:
    """Put `data` in the place of the file at `path`, whole or not at all; only its owner reads it.

    Several processes may do so at once: one of their files stands there at the end.
    """
    with _written(path, data) as part:
        part.replace(path)


@contextmanager
def _written(path: Path, data: bytes) -> Iterator[Path]:
    """A file with `data` beside `path` (mode 0600, on the disk), to be given its name."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield part
    finally:
        part.unlink(missing_ok=True)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """A new name outlasts a power cut when its folder is on the disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_passphrase(file: Path | None, *, new: bool = False, of: str = "") -> str:
    """The passphrase from `file` (its first line), else from a prompt, asked twice when `new`.

    `of` says in the prompt what it opens.

    Raises `NoPassphrase`.
    """
    if file is not None:
        return _from_file(file)
    try:
        passphrase = getpass(f"Passphrase of {of}: " if of else "Passphrase: ")
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
