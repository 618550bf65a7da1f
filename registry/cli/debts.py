"""Revocations that only the controller may make: written for its wallet, and told."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .console import many
from .unsigned import written
from .workspace import Workspace

if TYPE_CHECKING:
    from anchor_service.calls import Call
    from registry.store.anchoring import OwedRevocation

CALLS: Final = "unsigned-revocations.json"
LOCK: Final = "unsigned.lock"
POLL_SECONDS: Final = 0.05


@dataclass(frozen=True)
class Debts:
    """What the controller owes; `path` has the calls that its wallet must sign, where written."""

    owed: tuple["OwedRevocation", ...]
    path: Path | None

    @property
    def sentence(self) -> str:
        suspended = f"{many(len(self.owed), 'credential')} suspended; revocation owed by the"
        if self.path is None:
            return f"{suspended} controller: `credroot anchor` writes it."
        return f"{suspended} controller: sign and send {self.path}"


def debts(workspace: Workspace) -> Debts:
    """What is owed now, and the file with it if there is one."""
    path = workspace.folder / CALLS
    owed = _owed(workspace)
    return Debts(owed, path if owed and path.exists() else None)


def write_debts(workspace: Workspace) -> Debts:
    """The same, once the file says exactly what is owed; it is gone when nothing is."""
    from registry.private_files import replace_private

    path = workspace.folder / CALLS
    if not (workspace.anchoring.owed_revocations() or path.exists()):
        return Debts((), None)
    # Two processes at once: the later one's file must not be the older one's.
    with workspace.lock(LOCK) as lock:
        while not lock.take():
            time.sleep(POLL_SECONDS)
        owed = _owed(workspace)
        if not owed:
            path.unlink(missing_ok=True)
            return Debts((), None)
        controller = workspace.organisation.account.address
        replace_private(path, written(_calls(workspace, owed), controller))
    return Debts(owed, path)


def _calls(workspace: Workspace, owed: tuple["OwedRevocation", ...]) -> "list[Call]":
    from anchor_service.calls import set_status
    from anchor_service.worker import MAX_PATCHES, patches

    account, calls = workspace.organisation.account, []
    for root in sorted({o.root for o in owed}):
        words = patches(o.position for o in owed if o.root == root)
        for start in range(0, len(words), MAX_PATCHES):
            part = words[start : start + MAX_PATCHES]
            calls.append(set_status(account, root, "revoke", part))
    return calls


def _owed(workspace: Workspace) -> tuple["OwedRevocation", ...]:
    """What the controller has not done yet; what the node does not tell is owed still."""
    from anchor_service.chain import revoked
    from anchor_service.node import PASSING, connect

    noted = tuple(workspace.anchoring.owed_revocations())
    if not noted:
        return ()
    w3, account = connect(workspace.settings.nodes[0]), workspace.organisation.account
    try:
        done = revoked(w3, account, [(o.root, o.position) for o in noted])
    except PASSING:
        return noted
    return tuple(o for o, made in zip(noted, done, strict=True) if not made)
