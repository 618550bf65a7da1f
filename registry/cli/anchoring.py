"""Commands that meet the chain: devchain, anchor, suspend, reinstate, revoke, status."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from registry.core.times import from_seconds, write_stamp
from registry.settings import Settings

from .console import Failure, JsonFlag, Output, ended_in_order, many
from .issuing import IssuerOption, parse_id, read_ids
from .workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from anchor_service.batch import SealingPolicy
    from anchor_service.chain import EthereumChain
    from registry.store.anchoring import OwedRevocation

POLL_SECONDS: Final = 0.5
IdsArgument = Annotated[list[str] | None, typer.Argument(help="Credential ids (urn:uuid:…).")]
IdsOption = Annotated[Path | None, typer.Option("--ids", help="A file, one credential id a line.")]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Only note it; `credroot anchor` sends it.")
]


def devchain(
    port: Annotated[int, typer.Option(help="Where it listens, on this machine only.")] = 8545,
    block_time: Annotated[int, typer.Option(help="Seconds from block to block.", min=1)] = 1,
    as_json: JsonFlag = False,
) -> None:
    """Run a chain for trying, with the registry deployed, until Ctrl-C; its state is kept."""
    from anchor_service.devchain import running_chain
    from registry.core.contract import CONTRACT
    from registry.core.evidence import DEV_CHAIN_ID

    output, settings = Output(as_json=as_json), Settings.from_environment()
    state, kept = settings.home / "devchain" / "state.json", "it never ran"
    with ended_in_order():
        try:
            with running_chain(port, state, block_time, settings.anvil) as chain:
                output.say(f"Dev chain {DEV_CHAIN_ID} at {chain.url}: everybody knows its keys.")
                how = "deployed" if chain.deployed else "was there already"
                output.say(f"Registry {CONTRACT['address']} ({how}). Ctrl-C stops the chain.")
                output.result(
                    {"rpc": chain.url, "chain_id": DEV_CHAIN_ID, "registry": CONTRACT["address"]}
                )
                kept = f"its state is in {state}" if chain.keeps_state else "this node keeps none"
                chain.wait()
        except KeyboardInterrupt:
            output.say(f"Stopped; {kept}.")


def anchor(
    watch: Annotated[bool, typer.Option(help="Go on until stopped.")] = False,
    count: Annotated[int, typer.Option(help="With --watch: seal at so many credentials.")] = 1000,
    age: Annotated[int, typer.Option(help="With --watch: seal after so many seconds.")] = 60,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Anchor what was issued and send status changes; ends when all of it is final."""
    from anchor_service.batch import SealingPolicy

    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    if watch:
        _watch(workspace, output, SealingPolicy(count, age))
    else:
        _run_until_final(workspace, output, seal_now=True)
        _tell_batches(workspace, output)


def suspend(
    credentials: IdsArgument = None,
    ids: IdsOption = None,
    no_wait: NoWait = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Suspend credentials: not valid until reinstated."""
    _change("suspend", credentials, ids, no_wait, issuer, Output(as_json=as_json))


def reinstate(
    credentials: IdsArgument = None,
    ids: IdsOption = None,
    no_wait: NoWait = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Reinstate suspended credentials."""
    _change("reinstate", credentials, ids, no_wait, issuer, Output(as_json=as_json))


def revoke(
    credentials: IdsArgument = None,
    ids: IdsOption = None,
    no_wait: NoWait = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Revoke credentials, for ever."""
    _change("revoke", credentials, ids, no_wait, issuer, Output(as_json=as_json))


def status(
    credential: Annotated[
        str | None, typer.Argument(help="One credential's id; all batches when left out.")
    ] = None,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """What was issued, what is anchored, what is under way; or all of that for one credential."""
    workspace, output = open_workspace(issuer), Output(as_json=as_json)
    if credential is None:
        _tell_batches(workspace, output)
    else:
        _tell_credential(workspace, output, parse_id(credential))


def _change(
    kind: str,
    credentials: list[str] | None,
    ids: Path | None,
    no_wait: bool,
    issuer: str | None,
    output: Output,
) -> None:
    wanted = [parse_id(text) for text in credentials or ()] + (read_ids(ids) if ids else [])
    if not wanted:
        raise Failure("name credentials by their ids, or a file of them with --ids")
    workspace = open_workspace(issuer)
    new = workspace.anchoring.request_changes(wanted, kind, int(time.time()))
    output.say(f"{kind}: {many(new, 'credential')}, {len(wanted) - new} so already.")
    if not no_wait:
        _run_until_final(workspace, output, seal_now=False)
    unsigned = _write_owed(workspace, output)
    left = workspace.anchoring.waiting_changes()
    if left:
        output.say(f"{left} changes are not final yet: they go with the next `credroot anchor`.")
    output.result(
        {
            "kind": kind,
            "changed": new,
            "unchanged": len(wanted) - new,
            "waiting": left,
            "unsigned": unsigned,
        }
    )


def _run_until_final(workspace: Workspace, output: Output, *, seal_now: bool) -> None:
    from anchor_service.worker import step

    chain = workspace.chain()
    with workspace.only_worker(), output.progress("Anchoring") as bar:
        first = True
        while True:
            progress = step(workspace.anchoring, chain, _now, seal_now=seal_now and first)
            first = False
            for event in progress.events:
                output.note(event)
            if not progress.pending:
                return
            bar.at(0, f"Anchoring: {progress.pending} under way, waiting for finality")
            time.sleep(POLL_SECONDS)


def _watch(workspace: Workspace, output: Output, policy: "SealingPolicy") -> None:
    from anchor_service.chain import PASSING
    from anchor_service.worker import NotPermitted, step

    chain: EthereumChain | None = None
    passphrase_checked = workspace.passphrase
    assert passphrase_checked  # noqa: S101 - asked once, before the long watch begins
    with ended_in_order(), workspace.only_worker():
        output.say("Watching; Ctrl-C stops. Nothing is lost by stopping.")
        try:
            while True:
                try:
                    chain = chain or workspace.chain()
                    for event in step(workspace.anchoring, chain, _now, policy).events:
                        output.note(event)
                except (*PASSING, NotPermitted) as problem:
                    output.note(f"{problem}; trying again")
                time.sleep(POLL_SECONDS)
        except KeyboardInterrupt:
            output.say("Stopped.")


def _write_owed(workspace: Workspace, output: Output) -> str | None:
    """The revocations that only the controller may make, as calls for its wallet to sign."""
    from anchor_service.unsigned import set_status
    from anchor_service.worker import patches

    account, path = workspace.organisation.account, workspace.folder / "unsigned-revocations.json"
    owed = [o for o in workspace.anchoring.owed_revocations() if not _is_revoked(workspace, o)]
    if not owed:
        path.unlink(missing_ok=True)
        return None
    calls = [
        set_status(account, root, "revoke", patches(o.position for o in owed if o.root == root))
        for root in sorted({o.root for o in owed})
    ]
    path.write_text(json.dumps(calls, indent=2) + "\n", encoding="utf-8")
    suspended = many(len(owed), "credential")
    output.say(f"{suspended} suspended; only the controller can revoke: sign and send {path}")
    return str(path)


def _is_revoked(workspace: Workspace, owed: "OwedRevocation") -> bool:
    """Whether the controller has done its part; what the node does not tell is owed still."""
    from anchor_service.chain import PASSING, connect, is_revoked

    w3 = connect(workspace.settings.nodes[0])
    try:
        return is_revoked(w3, workspace.organisation.account, owed.root, owed.position)
    except PASSING:
        return False


def _tell_batches(workspace: Workspace, output: Output) -> None:
    rows = [_told(workspace, batch) for batch in workspace.anchoring.batches()]
    columns = ("batch", "credentials", "state", "block", "root")
    output.table(
        f"{workspace.organisation.slug}: {many(workspace.issuance.count(), 'credential')}",
        columns,
        [tuple(str(cell) for cell in row) for row in rows],
    )
    waiting = workspace.anchoring.waiting_changes()
    if waiting:
        output.say(f"{waiting} status changes are not final yet.")
    output.result(
        {
            "issuer": workspace.organisation.slug,
            "issued": workspace.issuance.count(),
            "anchored": sum(row[1] for row in rows if row[2] == "final"),
            "waiting_changes": waiting,
            "batches": [dict(zip(columns, row, strict=True)) for row in rows],
        }
    )


def _tell_credential(workspace: Workspace, output: Output, uuid: UUID) -> None:
    found = next(iter(workspace.issuance.credentials([uuid])), None)
    if found is None:
        raise Failure(f"this issuer never issued urn:uuid:{uuid}")
    state = "anchored" if found.anchored else "waiting for its anchor"
    changes = [asdict(change) for change in workspace.anchoring.history(uuid)]
    output.say(f"urn:uuid:{uuid}: {state}, leaf {found.position} of batch {found.batch_id}.")
    for change in changes:
        when = write_stamp(from_seconds(change["requested_at"]))
        output.say(f"  {change['kind']} asked {when}: {change['state']}")
    output.result(
        {
            "id": uuid.urn,
            "anchored": found.anchored,
            "batch": found.batch_id,
            "leaf": found.position,
            "changes": changes,
        }
    )


def _told(workspace: Workspace, batch: Any) -> tuple[int, int, str, int | str, str]:
    from anchor_service.batch import State

    carried = [t for t in workspace.anchoring.transactions(list(State)) if t.batch_id == batch.id]
    alive = [t for t in carried if t.state != State.FAILED]
    newest = (alive or carried)[-1] if carried else None
    state = newest.state if newest else batch.state
    root = batch.root.hex() if batch.root else ""
    return batch.id, batch.size, state, newest.block_number or "" if newest else "", root


def _now() -> int:
    return int(time.time())
