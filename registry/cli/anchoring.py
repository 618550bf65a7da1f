"""Commands that meet the chain: devchain, anchor, suspend, reinstate, revoke, status."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from registry.core.times import from_seconds, write_stamp
from registry.settings import Settings

from .carrying import carry_to_finality, watch_for_work
from .console import Failure, JsonFlag, Output, ended_in_order, many
from .debts import debts, write_debts
from .issuing import IssuerOption, parse_id, read_ids
from .workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from registry.store.anchoring import PastChange

WatchJsonFlag = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object. With --watch one a line: {event} for what was done, {problem} "
        "for what hinders, at the end the object that `anchor --json` prints.",
    ),
]
IdsArgument = Annotated[list[str] | None, typer.Argument(help="Credential ids (urn:uuid:…).")]
IdsOption = Annotated[Path | None, typer.Option("--ids", help="A file, one credential id a line.")]
NoWait = Annotated[
    bool, typer.Option("--no-wait", help="Only note it; `credroot anchor` sends it.")
]


def devchain(
    port: Annotated[
        int, typer.Option(help="Where it listens, on this machine only.", min=1, max=65535)
    ] = 8545,
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
                kept = f"its state is in {state}" if chain.kept else "this node keeps none"
                chain.wait()
        except KeyboardInterrupt:
            output.say(f"Stopped; {kept}.")


def anchor(
    watch: Annotated[bool, typer.Option(help="Go on until stopped.")] = False,
    count: Annotated[
        int, typer.Option(help="With --watch: seal at so many credentials.", min=1)
    ] = 1000,
    age: Annotated[int, typer.Option(help="With --watch: seal after so many seconds.", min=0)] = 60,
    issuer: IssuerOption = None,
    as_json: WatchJsonFlag = False,
) -> None:
    """Anchor what was issued and send status changes; ends when all of it is final.

    While another command sends for the same issuer this one waits; to stop it loses nothing.
    """
    from anchor_service.batch import SealingPolicy

    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    if watch:
        watch_for_work(workspace, output, SealingPolicy(count, age))
        output.result(_overview(workspace))
        return

    def is_done() -> bool:
        return not workspace.anchoring.anything_left()

    refused = carry_to_finality(workspace, output, is_done, seal=True)
    _tell_batches(workspace, output)
    if refused:
        raise Failure("; ".join(refused))


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

    def is_done() -> bool:
        return not workspace.anchoring.waiting_changes(wanted, anchored=True)

    with _told_at_the_end(workspace, output, kind, new, wanted):
        if not no_wait:
            refused = carry_to_finality(workspace, output, is_done, kind=kind)
            if refused and not is_done():
                raise Failure("; ".join(refused))
            for sentence in refused:
                output.note(sentence)


@contextmanager
def _told_at_the_end(
    workspace: Workspace, output: Output, kind: str, new: int, wanted: list[UUID]
) -> Iterator[None]:
    """However the sending ends, the changes are stored: what has come of them is told."""
    try:
        yield
    finally:
        owed = write_debts(workspace)
        if owed.owed:
            output.say(owed.sentence)
        left = workspace.anchoring.waiting_changes(wanted)
        if left:
            output.say(
                f"{many(left, 'change')} stored and not final yet: the next `credroot anchor` "
                "sends what is to be sent."
            )
        output.result(
            {
                "kind": kind,
                "changed": new,
                "unchanged": len(wanted) - new,
                "waiting": left,
                "unsigned": str(owed.path) if owed.path else None,
            }
        )


COLUMNS: Final = ("batch", "credentials", "state", "block", "root")


def _overview(workspace: Workspace) -> dict[str, Any]:
    rows = [_told(workspace, batch) for batch in workspace.anchoring.batches()]
    owed = debts(workspace)
    return {
        "issuer": workspace.organisation.slug,
        "issued": workspace.issuance.count(),
        "anchored": sum(row[1] for row in rows if row[2] == "final"),
        "waiting_changes": workspace.anchoring.waiting_changes(),
        "owed_revocations": len(owed.owed),
        "unsigned": str(owed.path) if owed.path else None,
        "batches": [dict(zip(COLUMNS, row, strict=True)) for row in rows],
    }


def _tell_batches(workspace: Workspace, output: Output) -> None:
    seen = _overview(workspace)
    output.table(
        f"{seen['issuer']}: {many(seen['issued'], 'credential')}",
        COLUMNS,
        [tuple(str(batch[name]) for name in COLUMNS) for batch in seen["batches"]],
    )
    if seen["waiting_changes"]:
        output.say(f"{many(seen['waiting_changes'], 'status change')} not final yet.")
    if seen["owed_revocations"]:
        output.say(debts(workspace).sentence)
    output.result(seen)


def _tell_credential(workspace: Workspace, output: Output, uuid: UUID) -> None:
    found = next(iter(workspace.issuance.credentials([uuid])), None)
    if found is None:
        raise Failure(f"this issuer never issued urn:uuid:{uuid}")
    state = "anchored" if found.anchored else "waiting for its anchor"
    changes = workspace.anchoring.history(uuid)
    owed = debts(workspace)
    is_owed = any(o.uuid == uuid for o in owed.owed)
    output.say(f"urn:uuid:{uuid}: {state}, leaf {found.position} of batch {found.batch_id}.")
    for change in changes:
        when = write_stamp(from_seconds(change.requested_at))
        output.say(f"  {change.kind} asked {when}: {_come_of(change, is_owed=is_owed)}")
    if is_owed and owed.path:
        output.say(f"The controller must sign and send {owed.path}")
    output.result(
        {
            "id": uuid.urn,
            "anchored": found.anchored,
            "batch": found.batch_id,
            "leaf": found.position,
            "changes": [asdict(change) for change in changes],
            "revocation_owed": is_owed,
        }
    )


def _come_of(change: "PastChange", *, is_owed: bool) -> str:
    """What has come of a change; a revocation may have been sent as a suspension."""
    if change.sent_as in (None, change.kind):
        return change.state
    sent = "suspended" if change.state == "final" else f"suspension {change.state}"
    return f"{sent}; revocation {'owed' if is_owed else 'made'} by the controller"


def _told(workspace: Workspace, batch: Any) -> tuple[int, int, str, int | str, str]:
    from anchor_service.batch import State

    carried = [t for t in workspace.anchoring.transactions(list(State)) if t.batch_id == batch.id]
    alive = [t for t in carried if t.state != State.FAILED]
    newest = (alive or carried)[-1] if carried else None
    state = newest.state if newest else batch.state
    root = batch.root.hex() if batch.root else ""
    return batch.id, batch.size, state, newest.block_number or "" if newest else "", root
