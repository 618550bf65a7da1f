"""Worker processes of one command: they end with it, however it ends."""

import os
import signal
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import parent_process
from multiprocessing.connection import wait
from threading import Thread


def processors() -> ProcessPoolExecutor:
    """One worker for every processor of this machine."""
    return ProcessPoolExecutor(os.cpu_count(), initializer=_be_a_worker)


def _be_a_worker() -> None:
    # Ctrl-C reaches the whole group; the command alone decides what becomes of the work.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A killed parent tells its workers nothing: they would wait for ever, one with the key."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
