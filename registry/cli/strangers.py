"""Batches that somebody else anchored in the issuer's name: found by the chain, and revoked."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from registry.core.times import from_seconds, write_stamp

from .console import EXIT_INVALID, EXIT_VALID, JsonFlag, many
from .deploying import created_in
from .issuing import IssuerOption
from .key_desk import KeyDesk, open_desk, send_unless, sending_alone, signer_of
from .unsigned import KeyOption, UnsignedFlag, batch

if TYPE_CHECKING:
    from anchor_service.issuer_keys import Anchored

# At some 10,000 gas each this is half of what a transaction may hold (EIP-7825).
MOST_ROOTS: Final = 500


def strangers(
    revoke: Annotated[
        bool, typer.Option(help="Revoke them whole, for ever. By the controller.")
    ] = False,
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Find batches in the issuer's name that this registry does not know: a thief's.

    Run it where the registry's database is whole. The exit status is 1 while any is not revoked.
    """
    desk = open_desk(issuer, None, as_json=as_json)
    found = _found(desk)
    alive = [batch.root for batch in found if not batch.revoked_at]
    if revoke and alive:
        _revoke(desk, alive, key, unsigned=unsigned)
        return
    _tell(desk, found)
    raise typer.Exit(EXIT_INVALID if alive else EXIT_VALID)


def _revoke(desk: KeyDesk, roots: list[bytes], key: Path | None, *, unsigned: bool) -> None:
    """All of them, in as many transactions as it takes."""
    from anchor_service.calls import set_batch_status

    parts = [roots[start : start + MOST_ROOTS] for start in range(0, len(roots), MOST_ROOTS)]
    calls = [set_batch_status(desk.account, "revoke", part) for part in parts]
    if unsigned:
        desk.output.document(batch(calls, desk.chain.controller))
        return
    signer = signer_of(desk, (desk.chain.controller,), key)
    sent = []
    with sending_alone(desk, signer):
        for call, part in zip(calls, parts, strict=True):
            sent += send_unless(desk, call, signer, partial(_are_revoked, desk, part))
            desk.output.say(f"Done: {call.says}")
    desk.output.result({"issuer": str(desk.account), "revoked": len(roots), "sent": sent})


def _are_revoked(desk: KeyDesk, roots: list[bytes]) -> bool:
    return all(found.revoked_at for found in desk.chain.batches(roots))


def _found(desk: KeyDesk) -> "list[Anchored]":
    """The foreign batches, in the order of their numbers."""
    assert desk.workspace is not None  # noqa: S101 - without an account it is an issuer of ours
    known = {own.root for own in desk.workspace.anchoring.batches()}
    start = created_in(desk.settings, desk.account.chain_id)
    with desk.output.progress("Looking for batches") as bar:
        anchored = desk.chain.anchored(start, lambda done, _total: bar.at(done))
    return desk.chain.batches({root for root in anchored if root not in known})


def _tell(desk: KeyDesk, found: "list[Anchored]") -> None:
    rows = [tuple(str(part) for part in _row(batch).values()) for batch in found]
    if found:
        columns = ("root", "credentials", "number", "anchored", "revoked")
        desk.output.table("Batches that this registry does not know", columns, rows)
        desk.output.say("To revoke them: credroot keys strangers --revoke")
    desk.output.say(f"{many(len(found), 'batch').replace('batchs', 'batches')} of strangers.")
    desk.output.result({"strangers": [_row(batch) for batch in found]})


def _row(batch: "Anchored") -> dict[str, Any]:
    return {
        "root": batch.root.hex(),
        "size": batch.size,
        "seq": batch.seq,
        "anchored_at": write_stamp(from_seconds(batch.anchored_at)),
        "revoked_at": write_stamp(from_seconds(batch.revoked_at)) if batch.revoked_at else None,
    }
