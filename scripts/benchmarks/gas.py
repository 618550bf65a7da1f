"""The registry's gas beside the prototype's and beside what others need for the same work."""

import sys
from typing import Any, Final

from . import peers
from .chain import bench_chain
from .peers import Cost
from .registry_gas import measure, read_snapshot, write_snapshot

# What was measured before the contract was written: it is to do no worse.
PROTOTYPE: Final = {
    "anchor, the issuer's first": 73_103,
    "anchor, by the controller": 53_502,
    "anchor, by an operator": 56_003,
    "revoke 1 of 10,000": 60_678,
    "revoke 100 of 10,000, at random": 888_276,
    "revoke 1,000 of 10,000, at random": 990_131,
    "revoke 1,000 of 10,000, neighbours": 133_006,
    "revoke 20 whole batches": 215_308,
    "verify one of 10,000 on chain, the path alone": 8_957,
    "verify one of 1,000,000 on chain, the path alone": 12_728,
    "deploy": 1_390_000,
}
HEAD: Final = {"benchmark": "gas", "unit": "gas; ratio is ours / peer"}
# A batch of any size is anchored for the same.
SAME_AS: Final = {"anchor 100 credentials": "anchor, by the controller"}


def run() -> dict[str, Any]:
    """Measure all of it on one chain; `rows` in the order of our operations."""
    with bench_chain() as chain:
        _say("the registry's operations")
        costs = measure(chain)
        _say("the same on other contracts")
        compared = [*limits(), *peers.measure(chain)]
        node = chain.node
    order = list(costs)
    compared.sort(key=lambda cost: order.index(SAME_AS.get(cost.operation, cost.operation)))
    return {
        **HEAD,
        "node": node,
        "peers": peers.versions(),
        "rows": [row(cost, costs) for cost in compared],
    }


def record() -> dict[str, Any]:
    """Measure the registry alone and write the snapshot; `rows` beside what was recorded before."""
    with bench_chain() as chain:
        costs = measure(chain)
    before = read_snapshot()
    write_snapshot(costs)
    recorded = [Cost(name, "recorded before", before[name]) for name in costs if name in before]
    return {**HEAD, "rows": [row(cost, costs) for cost in recorded]}


def limits() -> list[Cost]:
    return [Cost(name, "prototype", gas) for name, gas in PROTOTYPE.items()]


def row(cost: Cost, costs: dict[str, int]) -> dict[str, Any]:
    ours = costs[SAME_AS.get(cost.operation, cost.operation)]
    return {
        "name": cost.operation,
        "ours": ours,
        "peer": cost.gas,
        "peer_name": cost.peer,
        "ratio": round(ours / cost.gas, 4),
    }


def _say(what: str) -> None:
    print(f"gas: measuring {what} ...", file=sys.stderr, flush=True)
