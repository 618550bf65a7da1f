"""`kill -9` of the worker before and after each of its writes, and what a restart makes of it."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from installations import House, StillChain

from anchor_service.batch import State

WORKER: Final = Path(__file__).with_name("killed_worker.py")
ROOT: Final = WORKER.parents[2]
NAMES: Final = ("ada", "ben", "cem", "dia", "eli")
# Every write of one life in its order: which, the how-manieth of its kind. Checked by the first
# test, so that a write that is added later cannot stay untried.
WRITES: Final = (
    *("seal", "store_tree", "add_anchor", "send", "advance", "advance", "advance"),
    *("request_changes", "request_changes", "request_changes"),
    *("add_status", "add_status", "send", "advance", "send", "advance"),
    *("advance", "advance", "advance", "advance"),
    *("add_status", "send", "advance", "advance", "advance"),
)
POINTS: Final = [(n, phase) for n in range(1, len(WRITES) + 1) for phase in ("before", "after")]


@dataclass(frozen=True)
class Fate:
    """One line of the table."""

    point: str
    phase: str
    found: str
    outcome: str


TABLE: list[Fate] = []


def show(table: list[Fate]) -> str:
    """The table of what happened, for people: one line for each kill."""
    head = Fate("point", "phase", "state found at restart", "outcome")
    widths = {k: max(len(getattr(f, k)) for f in (head, *table)) for k in Fate.__annotations__}
    rows = [
        "  ".join(getattr(fate, k).ljust(w) for k, w in widths.items()).rstrip()
        for fate in (head, *table)
    ]
    return "\n".join(["", rows[0], "-" * max(map(len, rows)), *rows[1:]])


@pytest.fixture(scope="module")
def driver() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, str(WORKER)],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    yield
    print(show(TABLE))


def changes(uuids: list[UUID]) -> list[tuple[str, list[UUID]]]:
    """One batch: two revoked, two suspended, of whom one is reinstated."""
    return [("revoke", uuids[:2]), ("suspend", uuids[2:4]), ("reinstate", uuids[3:4])]


def live(driver: subprocess.Popen[str], house: House, call: int, phase: str) -> Any:
    """One life of the worker, ended at its write number `call`."""
    uuids = [stored.uuid for stored in house.issuance().credentials()]
    order = {
        "database": str(house.database),
        "url": house.chain.url,
        "issuer": str(house.account),
        "key": house.sender.key.hex(),
        "changes": [(kind, [str(uuid) for uuid in ids]) for kind, ids in changes(uuids)],
        "call": call,
        "phase": phase,
    }
    assert driver.stdin is not None
    assert driver.stdout is not None
    driver.stdin.write(json.dumps(order) + "\n")
    driver.stdin.flush()
    return json.loads(driver.stdout.readline())


def found(house: House) -> str:
    """What lies in the database, in words."""
    store = house.anchoring()
    (batch,) = store.batches()
    transactions = store.transactions(list(State))
    told = [f"batch {batch.state}"]
    told += [f"{'anchor' if t.batch_id else 'status'} {t.state}" for t in transactions]
    unsent = sum(1 for _ in store.pending_changes())
    return ", ".join([*told, *([f"{unsent} changes unsent"] if unsent else [])])


def resume(house: House) -> None:
    """What an operator does after a crash: start again, and ask for what was not asked for."""
    uuids = house.issue(NAMES)
    house.settle()
    for kind, ids in changes(uuids):
        before = asked(house, kind)
        assert before in (0, len(ids))
        # To suspend again who was reinstated meanwhile would be another wish; all else may repeat.
        if not before or kind != "suspend":
            assert house.change(kind, *ids) == len(ids) - before
    house.settle(seal=False)


def asked(house: House, kind: str) -> int:
    with closing(sqlite3.connect(house.database)) as connection:
        query = "SELECT count(*) FROM status_changes WHERE kind = ?"
        return int(connection.execute(query, (kind,)).fetchone()[0])


def root_of(house: House) -> bytes:
    (batch,) = house.anchoring().batches()
    assert batch.root is not None
    return batch.root


def outcome(house: House) -> str:
    """Checks all that must hold at the end, and tells it."""
    stored = list(house.issuance().credentials())
    assert len(stored) == len(NAMES)
    assert len({s.uuid for s in stored}) == len(NAMES)
    assert sorted(s.position for s in stored) == list(range(len(NAMES)))
    transactions = house.anchoring().transactions(list(State))
    assert {t.state for t in transactions} == {"final"}
    assert house.batches_on_chain() == house.events_on_chain("Anchored") == 1
    assert house.nonce_on_chain() == len(transactions)
    assert [t.nonce for t in transactions] == list(range(len(transactions)))
    assert house.words_on_chain(root_of(house)) == [(0b00011, 0b00100)]
    changed = house.events_on_chain("StatusChanged")
    assert changed == len(transactions) - 1 == 3
    assert house.anchoring().waiting_changes() == 0
    return f"1 batch anchored once, {changed} status changes once, nonces 0-{len(transactions) - 1}"


def test_a_life_without_a_kill_makes_exactly_the_writes_that_are_tried_below(
    house: House, driver: subprocess.Popen[str]
) -> None:
    house.issue(NAMES)
    ended = live(driver, house, 0, "")
    assert ended["exit"] == 0
    assert tuple(ended["writes"]) == WRITES
    outcome(house)


@pytest.mark.parametrize(
    ("call", "phase"), POINTS, ids=[f"{phase}-{n}-{WRITES[n - 1]}" for n, phase in POINTS]
)
def test_killed_at_any_write_it_loses_nothing_and_does_nothing_twice(
    house: House, driver: subprocess.Popen[str], call: int, phase: str
) -> None:
    house.issue(NAMES)
    ended = live(driver, house, call, phase)
    assert ended["exit"] == -signal.SIGKILL
    name = WRITES[call - 1]
    point = f"{name} {WRITES[:call].count(name)}"
    state = found(house)
    house.chain.mine()
    resume(house)
    TABLE.append(Fate(point, phase, state, outcome(house)))


@pytest.mark.parametrize("phase", ["before", "after"])
def test_killed_at_the_send_and_reorganised_before_the_restart_it_still_anchors_once(
    house: House, driver: subprocess.Popen[str], still_chain: StillChain, phase: str
) -> None:
    house.issue(NAMES)
    live(driver, house, WRITES.index("send") + 1, phase)
    still_chain.mine()
    still_chain.reorganise(1)
    house.settle()
    assert house.batches_on_chain() == house.nonce_on_chain() == 1
