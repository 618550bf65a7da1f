"""The dev chain and what a kill leaves of it."""

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from commands import SECONDS, Desk, ended, wait_until

from anchor_service.node import connect


@pytest.fixture
def desk(anvil: str, new_port: Callable[[], int], tmp_path: Path) -> Desk:
    return Desk(tmp_path / "home", f"http://127.0.0.1:{new_port()}")


def port_of(desk: Desk) -> str:
    return desk.node.rsplit(":", 1)[1]


@contextmanager
def running(desk: Desk) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    process = desk.start("devchain", "--port", port_of(desk), "--json")
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        if process.poll() is None:
            ended(process, signal.SIGTERM)


def test_the_node_of_a_dev_chain_that_is_killed_ends_too_and_nothing_of_it_is_lost(
    desk: Desk,
) -> None:
    with running(desk) as (process, _said):
        block = connect(desk.node).eth.block_number
        process.kill()
        process.communicate(timeout=SECONDS)
    wait_until(lambda: not connect(desk.node).is_connected(), 20)
    with running(desk):
        assert connect(desk.node).eth.block_number >= block > 0


def test_a_second_dev_chain_of_one_registry_is_refused_and_the_first_one_named(
    desk: Desk, new_port: Callable[[], int]
) -> None:
    with running(desk) as (process, _said):
        said = desk.run("devchain", "--port", str(new_port()))
        assert said.status == 64
        assert f"process {process.pid} runs a dev chain with" in said.err


def test_a_node_that_an_earlier_dev_chain_left_behind_is_named(
    desk: Desk, ticking_chain: str
) -> None:
    folder = desk.home / "devchain"
    folder.mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as left:
        (folder / "state.node").write_text(f"{left.pid} {ticking_chain}")
        said = desk.run("devchain", "--port", ticking_chain.rsplit(":", 1)[1])
        left.kill()
    assert said.status == 64
    assert f"(process {left.pid}, left behind by a dev chain that was killed)" in said.err
    said = desk.run("devchain", "--port", ticking_chain.rsplit(":", 1)[1])
    assert (said.status, "left behind" in said.err) == (64, False)


@pytest.mark.parametrize("left", ["", '{"block"'])
def test_what_a_node_did_not_write_whole_is_passed_over_for_the_state_before(
    desk: Desk, left: str
) -> None:
    with running(desk):
        block = connect(desk.node).eth.block_number
    (desk.home / "devchain" / "state.live.json").write_text(left)
    with running(desk):
        assert connect(desk.node).eth.block_number >= block > 0


@pytest.mark.parametrize("damaged", ["", '{"block"'])
def test_a_damaged_state_is_told_with_what_to_do(desk: Desk, damaged: str) -> None:
    state = desk.home / "devchain" / "state.json"
    state.parent.mkdir(parents=True)
    state.write_text(damaged)
    said = desk.run("devchain", "--port", port_of(desk))
    assert said.status == 64
    assert (
        f"the dev chain's state {state} is damaged: put a copy of it back, or move it" in said.err
    )
    assert len(said.err.splitlines()) == 1
    assert state.read_text() == damaged
