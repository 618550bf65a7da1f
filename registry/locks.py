"""One process at a time: a lock on a file, which ends with its holder, however that ends."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self


class Lock:
    """The advisory lock (flock) of one file, which says who holds it. Use it in `with`."""

    def __init__(self, path: Path) -> None:
        """Raises `OSError` when the file cannot be opened."""
        self._file = path.open("a+", encoding="ascii")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def take(self) -> bool:
        """Take the lock, to be let go at the end of `with`; `False` while another holds it."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._file.truncate(0)
        self._file.write(str(os.getpid()))
        self._file.flush()
        return True

    def holder(self) -> str:
        """Who holds it, for people: asked after `take` said `False`."""
        self._file.seek(0)
        # A holder writes its number an instant after taking the lock.
        pid = self._file.read()
        return f"process {pid}" if pid else "another process"
