"""The anchor worker as commands run it: alone for its issuer, in rounds, until all is final."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from .console import Failure, Output, ended_in_order
from .debts import write_debts
from .workspace import Workspace

if TYPE_CHECKING:
    from anchor_service.batch import SealingPolicy
    from anchor_service.chain import EthereumChain
    from anchor_service.worker import Progress
    from registry.locks import Lock

POLL_SECONDS: Final = 0.5
# A worker that ends by itself has mostly ended by then.
PATIENCE: Final = 30
# One worker at a time holds an issuer's chain key: two would sign with one nonce.
LOCK: Final = "worker.lock"
APPOINTMENT: Final = "unsigned-set-operator.json"


def carry_to_finality(
    workspace: Workspace,
    output: Output,
    is_done: Callable[[], bool],
    *,
    seal: bool = False,
    kind: str | None = None,
) -> list[str]:
    """Rounds until all is final; while another process makes them, wait for it or for `is_done`.

    Returns what the sending key may not send, and what to do. A change of `kind` that it may not
    send is not waited for: raises `Failure`.
    """
    chain = _open_chain(workspace, output)

    def is_over() -> bool:
        if kind and not is_done():
            _require_permission(workspace, chain, kind)
        return is_done()

    with workspace.lock(LOCK) as lock:
        if take_turn(lock, output, is_over):
            return _rounds(workspace, output, chain, seal=seal)
    return []


def _rounds(
    workspace: Workspace, output: Output, chain: "EthereumChain", *, seal: bool
) -> list[str]:
    from anchor_service.worker import step

    # An earlier process may have been killed before it wrote them.
    write_debts(workspace)
    with output.progress("Anchoring") as bar:
        while True:
            progress = step(workspace.anchoring, chain, _now, seal_now=seal)
            seal = False
            for event in progress.events:
                output.note(event)
            if progress.events:
                write_debts(workspace)
            if not progress.pending:
                return [_with_appointment(workspace, sentence) for sentence in progress.refused]
            bar.at(0, f"Anchoring: {progress.pending} under way, waiting for finality")
            time.sleep(POLL_SECONDS)


def take_turn(lock: "Lock", output: Output, is_over: Callable[[], bool]) -> bool:
    """Wait for the lock; `False` when `is_over` said first that there is no more need of it."""
    if lock.take():
        return True
    text = f"Waiting: {lock.holder()} sends for this issuer; Ctrl-C loses nothing"
    output.note(text)
    with output.progress(text):
        while not lock.take():
            if is_over():
                return False
            time.sleep(POLL_SECONDS)
    return True


@contextmanager
def alone(workspace: Workspace, output: Output) -> Iterator[None]:
    """While the issuer's worker sends, its batches and its key's nonces are not ours to use.

    A watch never ends by itself: raises `Failure` that says to stop it.
    """
    until = time.monotonic() + PATIENCE
    with workspace.lock(LOCK) as lock:
        if not take_turn(lock, output, lambda: time.monotonic() > until):
            raise Failure(
                f"{lock.holder()} sends for this issuer: if it is `credroot anchor --watch`, stop "
                "it, run this again, and start it anew"
            )
        yield


def watch_for_work(workspace: Workspace, output: Output, policy: "SealingPolicy") -> None:
    """Rounds until stopped (Ctrl-C, SIGTERM); each thing is told once, a line of JSON if asked."""
    from anchor_service.node import PASSING
    from anchor_service.worker import step
    from registry.store.database import DatabaseProblem

    _ = workspace.chain_key  # opened once, before the long watch begins
    events = Events(workspace, output)
    with ended_in_order(), workspace.lock(LOCK) as lock:
        try:
            take_turn(lock, output, lambda: False)
            output.say("Watching; Ctrl-C stops. Nothing is lost by stopping.")
            chain: EthereumChain | None = None
            while True:
                try:
                    chain = chain or _open_chain(workspace, output)
                    events.tell(step(workspace.anchoring, chain, _now, policy))
                except (*PASSING, DatabaseProblem) as problem:
                    # Opened anew next time: a dev chain may have begun from nothing.
                    chain = None
                    events.hindered([f"{problem}; trying again"])
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            output.say("Stopped.")


class Events:
    """What a long watch did, and what hinders it: each thing told once, as a line."""

    def __init__(self, workspace: Workspace, output: Output) -> None:
        self._workspace = workspace
        self._output = output
        self._problems: list[str] = []
        self._debts: str | None = None

    def tell(self, progress: "Progress") -> None:
        for event in progress.events:
            self._say("event", event)
        self.hindered([_with_appointment(self._workspace, text) for text in progress.refused])
        # The first round looks too: an earlier process may have been killed before it wrote.
        if progress.events or self._debts is None:
            debts = write_debts(self._workspace)
            told = debts.sentence if debts.owed else ""
            if told and told != self._debts:
                self._say("event", told)
            self._debts = told

    def hindered(self, problems: list[str]) -> None:
        for problem in problems:
            if problem not in self._problems:
                self._say("problem", problem)
        self._problems = problems

    def _say(self, kind: str, text: str) -> None:
        self._output.note(text)
        self._output.result({kind: text})


def _open_chain(workspace: Workspace, output: Output) -> "EthereumChain":
    from anchor_service.devchain import fund_if_empty
    from anchor_service.node import connect
    from registry.core.evidence import DEV_CHAIN_ID

    chain = workspace.chain()
    if workspace.organisation.account.chain_id == DEV_CHAIN_ID:
        sender = workspace.chain_key.address
        if fund_if_empty(connect(workspace.settings.nodes[0]), sender):
            output.note(f"The dev chain gave {sender} play money.")
    return chain


def _require_permission(workspace: Workspace, chain: "EthereumChain", kind: str) -> None:
    from anchor_service.worker import lacking, permitted

    if permitted(chain, kind) is None:
        raise Failure(_with_appointment(workspace, lacking(kind)))


def _with_appointment(workspace: Workspace, sentence: str) -> str:
    """Where the controller is another key, what it must sign to appoint this one."""
    path = workspace.folder / APPOINTMENT
    return f"{sentence} (the controller signs and sends {path})" if path.exists() else sentence


def _now() -> int:
    return int(time.time())
