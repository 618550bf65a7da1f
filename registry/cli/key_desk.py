"""An issuer's keys on its chain: who may act, and one call made by one who may."""

import re
import time
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from registry.core.errors import InvalidArgument
from registry.core.keys import Account
from registry.core.times import parse_stamp
from registry.settings import Settings

from .carrying import alone
from .console import Failure, Output
from .issuing import OPERATOR_SECONDS
from .unsigned import batch, keystore_address, open_key
from .workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from anchor_service.calls import Call
    from anchor_service.issuer_keys import IssuerOnChain

_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True)
class KeyDesk:
    """One issuer's keys on its chain; `workspace` where it is an issuer of this installation."""

    output: Output
    settings: Settings
    account: Account
    workspace: Workspace | None
    chain: "IssuerOnChain"


def open_desk(issuer: str | None, account: str | None, *, as_json: bool) -> KeyDesk:
    """The desk of an issuer of ours, or of the one that `account` names."""
    from anchor_service.issuer_keys import IssuerOnChain
    from anchor_service.node import connect

    output, settings = Output(as_json=as_json), Settings.from_environment()
    if account is not None:
        workspace, owner = None, Account.parse(account)
    else:
        workspace = open_workspace(issuer)
        owner = workspace.organisation.account
    chain = IssuerOnChain(connect(settings.nodes[0]), owner)
    return KeyDesk(output, settings, owner, workspace, chain)


def parse_end(until: str | None) -> int:
    """Seconds since 1970; raises `Failure`."""
    from anchor_service.calls import FOR_EVER

    now = int(time.time())
    if until is None:
        return now + OPERATOR_SECONDS
    if until == "never":
        return FOR_EVER
    text = f"{until}T00:00:00Z" if _DATE.fullmatch(until) else until
    try:
        seconds = int(parse_stamp(text).timestamp())
    except InvalidArgument as error:
        raise Failure(f"--until {until}: want a date (2027-06-30), or never") from error
    if not now < seconds < FOR_EVER:
        raise Failure(f"--until {until} is in the past, or too far away")
    return seconds


def appoint(
    desk: KeyDesk,
    operator: str,
    roles: tuple[str, ...],
    end: int,
    key: Path | None,
    unsigned: bool,
) -> None:
    from anchor_service.calls import ROLES, set_operator

    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        raise Failure(f"no role is called {', '.join(unknown)}; there are {', '.join(ROLES)}")
    call = set_operator(desk.account, operator, roles, end)

    def is_done() -> bool:
        held = desk.chain.operator(operator)
        return held is not None and (set(held.roles), held.expires) == (set(roles), end)

    make(desk, call, (desk.chain.controller,), is_done, key, unsigned=unsigned)


def make(
    desk: KeyDesk,
    call: "Call",
    may: Collection[str],
    is_done: Callable[[], bool],
    key: Path | None,
    *,
    unsigned: bool,
) -> None:
    """Send `call` by a key that `may`, unless it is done; or print it for a wallet."""
    if unsigned:
        desk.output.document(batch([call], desk.chain.controller))
        return
    sent = []
    if not is_done():
        signer = signer_of(desk, may, key)
        with sending_alone(desk, signer):
            sent = send_unless(desk, call, signer, is_done)
    where = f"Done in block {sent[0]['block']}" if sent else "So already"
    desk.output.say(f"{where}: {call.says}")
    desk.output.result({"issuer": str(desk.account), "does": call.says, "sent": sent})


def send_unless(
    desk: KeyDesk, call: "Call", signer: "LocalAccount", is_done: Callable[[], bool]
) -> list[dict[str, Any]]:
    """What was sent: nothing, where an earlier command's transaction has done it meanwhile."""
    from anchor_service.sending import settle

    settle(desk.chain.w3, signer.address)
    if is_done():
        return []
    return [told(deliver_call(desk.output, desk.chain.w3, signer, call))]


def signer_of(desk: KeyDesk, may: Collection[str], key: Path | None) -> "LocalAccount":
    """The key of `--key`, else the sending key; raises `Failure` for one that may not."""
    sender = desk.workspace.organisation.sender if desk.workspace else None
    address = keystore_address(key) if key else sender
    if address is None or address.lower() not in {other.lower() for other in may}:
        wanted = " or ".join(may)
        raise Failure(
            f"only {wanted} may: give its keystore with --key, or print the call for its wallet "
            "with --unsigned"
        )
    if key:
        return open_key(desk.settings, key)
    assert desk.workspace is not None  # noqa: S101 - `sender` is its
    return desk.workspace.chain_key


def sending_alone(desk: KeyDesk, signer: "LocalAccount") -> AbstractContextManager[None]:
    """Alone with the sending key; any other key sends beside the issuer's worker.

    So that a thief's roles are taken away at once, whatever runs.
    """
    workspace = desk.workspace
    if workspace is None or workspace.organisation.sender != signer.address.lower():
        return nullcontext()
    return alone(workspace, desk.output)


def deliver_call(output: Output, w3: Any, signer: "LocalAccount", call: "Call") -> Any:
    from anchor_service.devchain import fund_if_empty
    from anchor_service.sending import deliver
    from registry.core.evidence import DEV_CHAIN_ID

    if call.chain_id == DEV_CHAIN_ID and fund_if_empty(w3, signer.address):
        output.note(f"The dev chain gave {signer.address} play money.")
    with output.progress("Sent; waiting for a block to take it"):
        return deliver(w3, signer, call.transaction)


def told(receipt: Any) -> dict[str, Any]:
    return {
        "transaction": receipt["transactionHash"].to_0x_hex(),
        "block": receipt["blockNumber"],
        "gasUsed": receipt["gasUsed"],
    }


def required(key: Path | None, whose: str) -> Path:
    if key is None:
        raise Failure(f"name {whose} keystore with --key")
    return key
