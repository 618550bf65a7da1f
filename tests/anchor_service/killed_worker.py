"""A worker that kills itself (SIGKILL) at a chosen write: a program of its own, run by its test.

It reads one JSON object a line and forks a worker for each; the fork saves the imports, the death
is real. Fields: database, url, issuer, key, changes,
call (0: live on), phase. It answers with one
JSON object a line: how the worker ended, and the writes that it began.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from eth_account import Account as Keys
from web3.types import RPCEndpoint

from anchor_service.chain import EthereumChain
from anchor_service.node import connect
from anchor_service.worker import step
from registry.core.keys import Account
from registry.store.anchoring import Anchoring
from registry.store.database import connect as open_database

STORE_WRITES = ("seal", "store_tree", "add_anchor", "add_status", "advance", "request_changes")
CHAIN_WRITES = ("send",)
MOST_ROUNDS = 40


class Fate:
    """Counts the writes, and ends the process before or after the chosen one."""

    def __init__(self, call: int, phase: str, log: int) -> None:
        self.call, self.phase, self.log = call, phase, log
        self.count = 0

    def meet(self, name: str, write: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.count += 1
        mine = self.count == self.call
        os.write(self.log, name.encode() + b"\n")
        if mine and self.phase == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = write(*args, **kwargs)
        if mine:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


class Fatal:
    """A port whose named methods meet their fate; all else is the port's own."""

    def __init__(self, port: Any, names: tuple[str, ...], fate: Fate) -> None:
        self._port, self._names, self._fate = port, names, fate

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)
        if name not in self._names:
            return method
        return lambda *args, **kwargs: self._fate.meet(name, method, *args, **kwargs)


def work(order: dict[str, Any], log: int) -> None:
    """Anchor, ask for changes, send them: all that a worker writes, in one life."""
    fate = Fate(order["call"], order["phase"], log)
    engine = open_database(f"sqlite:///{order['database']}")
    account = Account.parse(order["issuer"])
    w3 = connect(order["url"])
    key = Keys.from_key(order["key"])
    store: Any = Fatal(Anchoring(engine, 1), STORE_WRITES, fate)
    chain: Any = Fatal(EthereumChain(w3, account, key), CHAIN_WRITES, fate)

    def settle(*, seal: bool) -> None:
        for number in range(MOST_ROUNDS):
            clock = lambda: int(time.time())  # noqa: E731 - a clock is this small
            if not step(store, chain, clock, seal_now=seal and number == 0).pending:
                return
            w3.provider.make_request(RPCEndpoint("evm_mine"), [])
        raise SystemExit("still under way")

    settle(seal=True)
    for kind, uuids in order["changes"]:
        store.request_changes(uuids, kind, int(time.time()))
    settle(seal=False)


def lead(order: dict[str, Any]) -> dict[str, Any]:
    """Fork a worker, wait for its end, and tell it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            work(order, writer)
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader) as log:
        writes = log.read().split()
    _, status = os.waitpid(child, 0)
    return {"exit": os.waitstatus_to_exitcode(status), "writes": writes}


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        order["changes"] = [(kind, [UUID(u) for u in ids]) for kind, ids in order["changes"]]
        print(json.dumps(lead(order)), flush=True)


if __name__ == "__main__":
    main()
