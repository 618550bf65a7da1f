"""A real dev chain for every test that wants one; each runs on a free loopback port."""

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from installations import House, StillChain

from anchor_service.devchain import running_chain
from anchor_service.node import connect

ANVIL = Path(__file__).resolve().parents[1] / "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"


def pytest_configure() -> None:
    """A shell's background jobs ignore Ctrl-C, and so would every command that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def anvil() -> str:
    """Where anvil is. Without it a run that must be complete fails, any other skips."""
    found = str(ANVIL) if ANVIL.exists() else shutil.which("anvil")
    if found:
        return found
    if os.environ.get("CREDROOT_TESTS_COMPLETE"):
        pytest.fail("CREDROOT_TESTS_COMPLETE is set, and there is no anvil")
    pytest.skip("there is no anvil on this machine")


@pytest.fixture(scope="session")
def new_port() -> Callable[[], int]:
    return free_port


def tick(chain: StillChain, done: Event) -> None:
    while not done.wait(0.2):
        chain.mine()


@pytest.fixture(scope="session")
def ticking_chain(anvil: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a dev chain that mines by itself, faster than any other chain."""
    state = tmp_path_factory.mktemp("ticking-chain") / "state.json"
    with running_chain(free_port(), state, 1, anvil) as node, ThreadPoolExecutor(1) as clock:
        url = node.url
        chain, done = StillChain(url, connect(url)), Event()
        # Blocks come faster than seconds: their times stand still, or they would run ahead.
        chain.call("anvil_setBlockTimestampInterval", 0)
        ticking = clock.submit(tick, chain, done)
        yield url
        done.set()
        ticking.result()


@pytest.fixture(scope="session")
def still_chain(anvil: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StillChain]:
    state = tmp_path_factory.mktemp("still-chain") / "state.json"
    with running_chain(free_port(), state, 1, anvil) as node:
        chain = StillChain(node.url, connect(node.url))
        chain.call("evm_setIntervalMining", 0)
        yield chain


@pytest.fixture
def house(tmp_path: Path, still_chain: StillChain) -> House:
    """An issuer whose sending key owns its account."""
    return House.found(tmp_path / "registry.db", still_chain)


@pytest.fixture
def cold_house(tmp_path: Path, still_chain: StillChain) -> House:
    """An issuer owned by a key that is elsewhere; its sending key has no role yet."""
    return House.found(tmp_path / "registry.db", still_chain, cold=True)
