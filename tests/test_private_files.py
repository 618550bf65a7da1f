"""Private files: whole or not at all, whatever ends the writing; locks: one holder at a time."""

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from registry.locks import Lock
from registry.private_files import replace_private, write_private

MORE_THAN_MAY_BE_WRITTEN = "x" * 4096


def write_and_die(write: Callable[[Path], None], path: Path) -> None:
    """The kernel ends this process in the middle of its writing."""
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    write(path)


def create(path: Path) -> None:
    write_private(path, MORE_THAN_MAY_BE_WRITTEN)


def replace(path: Path) -> None:
    replace_private(path, MORE_THAN_MAY_BE_WRITTEN.encode())


def killed(write: Callable[[Path], None], path: Path) -> None:
    process = multiprocessing.get_context("fork").Process(target=write_and_die, args=(write, path))
    process.start()
    process.join(20)
    assert process.exitcode == -signal.SIGXFSZ


def test_a_writer_that_is_killed_leaves_no_file_of_that_name(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    killed(create, path)
    assert not path.exists()
    write_private(path, "whole")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("whole", 0o600)


def test_a_replacement_that_is_killed_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    replace_private(path, b"before")
    killed(replace, path)
    assert path.read_bytes() == b"before"
    replace_private(path, b"after")
    assert path.read_bytes() == b"after"


def test_a_private_file_is_never_written_over_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    write_private(path, "first")
    with pytest.raises(FileExistsError):
        write_private(path, "second")
    assert path.read_text() == "first"
    assert [file.name for file in tmp_path.iterdir()] == ["key.json"]


def test_a_lock_has_one_holder_who_is_named_and_is_free_after_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with Lock(path) as first, Lock(path) as second:
        assert first.take()
        assert not second.take()
        assert second.holder() == f"process {os.getpid()}"
    with Lock(path) as third:
        assert third.take()
