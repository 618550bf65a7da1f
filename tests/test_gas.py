"""What the registry's operations cost: as it is recorded, no more than promised, and as told."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.chain import Chain, bench_chain, call_data
from benchmarks.gas import PROTOTYPE
from benchmarks.registry_gas import (
    REGISTRY_AT,
    at_random,
    differences,
    measure,
    patches_of,
    read_snapshot,
)
from benchmarks.tables import line, table
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "scripts/benchmarks/node_modules"
RECORD = "scripts/bench gas --record writes scripts/benchmarks/gas.json anew, for the commit"
costs = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 10**9))


@pytest.fixture(scope="module")
def chain(anvil: str) -> Iterator[Chain]:
    with bench_chain(anvil) as started:
        yield started


def test_every_operation_costs_what_is_recorded(chain: Chain) -> None:
    found = differences(read_snapshot(), measure(chain))
    assert not found, "\n".join([*found, RECORD])


def test_execution_is_the_receipt_without_base_cost_and_call_data(chain: Chain) -> None:
    reader = chain.accounts[0]
    for issuer in chain.accounts[:2]:
        data = call_data("status(address,bytes32,uint32)", issuer, bytes(range(32)), 7)
        # EIP-2028: 4 gas for a zero byte, 16 for another.
        base = 21_000 + sum(16 if byte else 4 for byte in data)
        receipt = chain.send(reader, REGISTRY_AT, data)
        assert chain.execution(REGISTRY_AT, data) == receipt - base


def test_what_does_not_fit_into_a_transaction_is_sent_in_parts(chain: Chain) -> None:
    account = chain.accounts[0]
    # EIP-7623: at least 40 gas for a byte that is not zero; a transaction holds 16,777,216.
    item, items = b"\x01" * 10_000, [b"\x01" * 10_000] * 50
    assert chain.send_parts(account, account, [item], b"".join) == 21_000 + 400_000
    assert chain.send_parts(account, account, items, b"".join) == 2 * 21_000 + 20_000_000


def test_nothing_costs_more_than_on_the_prototype() -> None:
    recorded = read_snapshot()
    assert [name for name, gas in PROTOTYPE.items() if recorded[name] > gas] == []


@given(costs)
def test_what_is_the_same_is_no_difference(recorded: dict[str, int]) -> None:
    assert differences(recorded, dict(reversed(recorded.items()))) == []


@given(costs, st.sampled_from("abcdef"), st.integers(1, 10**9), st.booleans())
def test_a_rise_and_a_fall_are_told_and_nothing_else_is(
    recorded: dict[str, int], name: str, change: int, rises: bool
) -> None:
    before = recorded.get(name, 2 * change)
    now = before + change if rises else before - change
    told = differences({**recorded, name: before}, {**recorded, name: now})
    word = "rose" if rises else "fell"
    assert told == [f"{name}: {word} from {before} to {now} ({now - before:+})"]


@given(costs, costs)
def test_what_is_new_or_gone_is_told(recorded: dict[str, int], measured: dict[str, int]) -> None:
    told = {sentence.partition(":")[0] for sentence in differences(recorded, measured)}
    assert told >= recorded.keys() ^ measured.keys()
    assert told == {n for n in {*recorded, *measured} if recorded.get(n) != measured.get(n)}


@given(st.integers(1, 2000))
def test_patches_name_each_index_once(count: int) -> None:
    indices = at_random(count, 5000)
    patches = patches_of(indices)
    assert len(dict(patches)) == len(patches)
    named = [256 * word + bit for word, mask in patches for bit in range(256) if mask >> bit & 1]
    assert named == sorted(set(indices))
    assert len(named) == count


@pytest.fixture(scope="module")
def bench(anvil: str) -> dict[str, Any]:
    """The object that `scripts/bench gas --json` prints, from a real run."""
    if not PACKAGES.is_dir():
        if os.environ.get("CREDROOT_TESTS_COMPLETE"):
            pytest.fail("CREDROOT_TESTS_COMPLETE is set, and the others' contracts are not there")
        pytest.skip("the others' contracts are not installed: scripts/test installs them")
    command = [sys.executable, "scripts/benchmarking.py", "gas"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_rows_are_ours_and_a_peers_with_their_ratio(bench: dict[str, Any]) -> None:
    for row in bench["rows"]:
        assert list(row) == ["name", "ours", "peer", "peer_name", "ratio"]
        assert type(row["ours"]) is type(row["peer"]) is int
        assert row["ratio"] == round(row["ours"] / row["peer"], 4)
    names = [(row["name"], row["peer_name"]) for row in bench["rows"]]
    assert len(set(names)) == len(names)
    assert {name for name, peer in names if peer == "prototype"} == set(PROTOTYPE)
    assert {peer.split()[0].strip(",") for _, peer in names} > {"document-store", "EAS"}


def test_the_page_about_gas_has_what_is_measured(bench: dict[str, Any]) -> None:
    page = (ROOT / "docs/gas.md").read_text(encoding="utf-8")
    told = {tuple(cell.strip() for cell in text.split("|")[1:-1]) for text in page.splitlines()}
    missing = [row for row in bench["rows"] if line(row) not in told]
    assert not missing, f"docs/gas.md needs the table of scripts/bench gas:\n{table(missing)}"
    alone = read_snapshot().keys() - {row["name"] for row in bench["rows"]}
    assert [n for n in sorted(alone) if (n, f"{read_snapshot()[n]:,}") not in told] == []
    for package, version in bench["peers"].items():
        assert f"{package}` {version}" in page
