"""relay: the issuer signs and pays nothing; a relayer sends and pays.

Signing asks no node. What is signed for a wallet elsewhere is written without a signature.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import randbits
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from registry.settings import Settings

from .anchoring import IdsArgument, IdsOption
from .carrying import alone
from .console import Failure, JsonFlag, Output
from .issuing import IssuerOption, parse_id, read_ids
from .key_desk import required, told
from .unsigned import KeyOption, UnsignedFlag, batch, open_key
from .workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from anchor_service.relay_requests import Request, StatusRequest
    from registry.core.keys import Account

# A request that was sent to nobody counts for so long: time to send it, and not to forget it.
DEFAULT_HOURS: Final = 24
MAX_HOURS: Final = 24 * 366

relay_app = typer.Typer(
    no_args_is_help=True, help="One signs, another pays: deploy, sign-anchor, sign-status, send."
)

ToOption = Annotated[
    Path, typer.Option("--to", help="The folder for the requests' files; made if it is not there.")
]
SignerOption = Annotated[
    str | None,
    typer.Option(
        "--signer", help="A wallet's address (0x…) that signs in place of the sending key."
    ),
]
HoursOption = Annotated[
    int, typer.Option("--hours", help="How long the request counts.", min=1, max=MAX_HOURS)
]


@relay_app.command()
def deploy(key: KeyOption = None, as_json: JsonFlag = False) -> None:
    """Put the relay on the chain, at the address it has on every chain; once."""
    from anchor_service.relay_requests import RELAY
    from anchor_service.relaying import ensure_relay

    output, settings = Output(as_json=as_json), Settings.from_environment()
    w3, payer = _payment(output, settings, key)
    with output.progress("Creating the relay; waiting for a block to take it"):
        made = ensure_relay(w3, payer)
    output.say(f"Relay {RELAY['address']} ({'deployed' if made else 'was there already'}).")
    output.say(f"Who wants to use it appoints it: credroot keys add {RELAY['address']}")
    output.result({"address": RELAY["address"], "deployed": made, "chain_id": w3.eth.chain_id})


@relay_app.command("sign-anchor")
def sign_anchor(
    to: ToOption = Path(),
    signer: SignerOption = None,
    hours: HoursOption = DEFAULT_HOURS,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Seal what was issued, and sign a request to anchor each batch that waits for its anchor.

    When a relayer has sent them, `credroot anchor` finds them on the chain, and pays nothing.
    """
    from anchor_service.relay_requests import AnchorRequest
    from anchor_service.worker import seal_all

    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    by, account = _signer(workspace, signer), workspace.organisation.account
    with alone(workspace, output):
        for event in seal_all(workspace.anchoring, int(time.time())):
            output.note(event)
        waiting = workspace.anchoring.batches_without_transaction()
    roots = [(batch.root or b"", batch.size) for batch in waiting]
    requests = [AnchorRequest(by, account, root, size, _deadline(hours)) for root, size in roots]
    if not requests:
        output.say("No batch waits for its anchor.")
    _write(workspace, output, requests, to)


@relay_app.command("sign-status")
def sign_status(
    kind: Annotated[str, typer.Argument(help="revoke, suspend or reinstate.")],
    credentials: IdsArgument = None,
    ids: IdsOption = None,
    to: ToOption = Path(),
    signer: SignerOption = None,
    hours: HoursOption = DEFAULT_HOURS,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Sign requests to change credentials' status, one for each batch that they are in.

    The database is not told: the chain is, once a relayer has sent them.
    """
    from anchor_service.calls import KINDS

    if kind not in KINDS:
        raise Failure(f"{kind} is no change of status; there are {', '.join(KINDS)}")
    wanted = [parse_id(text) for text in credentials or ()] + (read_ids(ids) if ids else [])
    if not wanted:
        raise Failure("name credentials by their ids, or a file of them with --ids")
    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    by = _signer(workspace, signer)
    requests = list(_changes(workspace, kind, wanted, by, _deadline(hours)))
    _write(workspace, output, requests, to)


@relay_app.command()
def send(
    files: Annotated[list[Path], typer.Argument(help="Requests, as the sign commands write them.")],
    signature: Annotated[
        str | None,
        typer.Option("--signature", help="A wallet's signature (0x…) of the one request."),
    ] = None,
    key: KeyOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Send requests that others signed, and pay for them; what is done already costs nothing."""
    from anchor_service.relay_requests import parse_signature, says
    from anchor_service.relaying import relay

    output, settings = Output(as_json=as_json), Settings.from_environment()
    if signature is not None and len(files) != 1:
        raise Failure("--signature is one request's: name one file")
    given = None if signature is None else parse_signature(signature)
    signed = [(file, *_signed(file, given)) for file in files]
    w3, payer = _payment(output, settings, key)
    rows = []
    for file, request, by in signed:
        with output.progress(f"Sending {file.name}; waiting for a block to take it"):
            receipt = relay(w3, payer, request, by)
        where = f"done in block {receipt['blockNumber']}" if receipt else "done already"
        output.say(f"{file}: {where}: {says(request)}")
        rows.append({"file": str(file), "sent": [told(receipt)] if receipt else []})
    output.result({"requests": rows})


@relay_app.command()
def cancel(
    file: Annotated[Path, typer.Argument(help="A request to change status.")],
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take a signed change of status back, before a relayer sends it. By its signer, who pays."""
    from anchor_service.relay_requests import StatusRequest
    from anchor_service.relaying import cancel as take_back
    from anchor_service.relaying import cancellation

    output, settings = Output(as_json=as_json), Settings.from_environment()
    request, _ = _read(file)
    if not isinstance(request, StatusRequest):
        raise Failure("an anchor cannot be taken back: remove its signer's role, or let it end")
    if unsigned:
        output.document(batch([cancellation(request)], request.signer))
        return
    with _signing(output, settings, key, issuer) as signer:
        if signer.address.lower() != request.signer:
            raise Failure(
                f"only {request.signer} may: give its keystore with --key, or print the call for "
                "its wallet with --unsigned"
            )
        w3 = _connect(output, settings, signer)
        receipt = take_back(w3, signer, request)
    said = "cancelled" if receipt else "its nonce is spent already: carried out, or cancelled"
    output.say(f"{file}: {said}.")
    output.result({"file": str(file), "sent": [told(receipt)] if receipt else []})


def _changes(
    workspace: Workspace, kind: str, wanted: list[UUID], signer: str, deadline: int
) -> "Iterator[StatusRequest]":
    from anchor_service.relay_requests import StatusRequest
    from anchor_service.worker import MAX_PATCHES, patches

    found = {stored.uuid: stored for stored in workspace.issuance.credentials(wanted)}
    missing = [uuid.urn for uuid in wanted if uuid not in found]
    if missing:
        raise Failure(f"this issuer never issued {', '.join(missing)}")
    open_ones = [uuid.urn for uuid in wanted if found[uuid].root is None]
    if open_ones:
        raise Failure(f"in no sealed batch yet: {', '.join(open_ones)}")
    places = {(stored.root or b"", stored.position) for stored in found.values()}
    for root in sorted({root for root, _ in places}):
        words = patches(position for other, position in places if other == root)
        for start in range(0, len(words), MAX_PATCHES):
            part = tuple(words[start : start + MAX_PATCHES])
            account = workspace.organisation.account
            yield StatusRequest(signer, account, root, kind, part, randbits(256), deadline)


def _write(workspace: Workspace, output: Output, requests: "list[Any]", to: Path) -> None:
    """Each request into a file: signed where the signer is the sending key."""
    from anchor_service.relay_requests import says, sign, write_request
    from registry.whole_files import write_whole

    to.mkdir(parents=True, exist_ok=True)
    rows = []
    for request in requests:
        is_ours = request.signer == workspace.organisation.sender
        signature = sign(request, workspace.chain_key) if is_ours else None
        path = to / _file_name(request)
        write_whole(path, write_request(request, signature))
        output.say(f"{path}: {says(request)}")
        if not is_ours:
            output.say(f"  Not signed: {request.signer} signs it as typed data (EIP-712).")
        rows.append({"file": str(path), "signed": is_ours, "deadline": request.deadline})
    output.result({"requests": rows})


def _file_name(request: "Request") -> str:
    from anchor_service.relay_requests import AnchorRequest

    batch = request.root.hex()[:16]
    if isinstance(request, AnchorRequest):
        return f"anchor-{batch}.json"
    return f"{request.kind}-{batch}-{request.nonce >> 224:08x}.json"


def _read(file: Path) -> "tuple[Request, bytes | None]":
    from anchor_service.relay_requests import NoRequest, read_request
    from registry.core.document import MAX_DOCUMENT_BYTES
    from registry.whole_files import read_bounded

    try:
        return read_request(read_bounded(file, MAX_DOCUMENT_BYTES))
    except NoRequest as error:
        raise Failure(f"{file}: {error}") from error


def _signed(file: Path, given: bytes | None) -> "tuple[Request, bytes]":
    request, own = _read(file)
    signature = own if given is None else given
    if signature is None:
        raise Failure(
            f"{file} is not signed: have {request.signer} sign it as typed data, and give what "
            "comes out with --signature"
        )
    return request, signature


def _signer(workspace: Workspace, given: str | None) -> str:
    """Who is to sign: the sending key, or the address that was given."""
    from registry.lifecycle.founding import parse_owner

    if given is None:
        return workspace.organisation.sender
    account: Account = parse_owner(workspace.organisation.account.chain_id, given)
    return account.address


def _deadline(hours: int) -> int:
    return int(time.time()) + hours * 3600


@contextmanager
def _signing(
    output: Output, settings: Settings, key: Path | None, issuer: str | None
) -> "Iterator[LocalAccount]":
    """The key of `--key`, else the sending key, which nobody else uses meanwhile."""
    if key is not None:
        yield open_key(settings, key)
        return
    workspace = open_workspace(issuer)
    with alone(workspace, output):
        yield workspace.chain_key


def _payment(output: Output, settings: Settings, key: Path | None) -> "tuple[Any, LocalAccount]":
    """The chain, and the key that pays on it."""
    payer = open_key(settings, required(key, "the payer's"))
    return _connect(output, settings, payer), payer


def _connect(output: Output, settings: Settings, payer: "LocalAccount") -> Any:
    from anchor_service.devchain import fund_if_empty
    from anchor_service.node import connect
    from registry.core.evidence import DEV_CHAIN_ID

    w3 = connect(settings.nodes[0])
    if w3.eth.chain_id == DEV_CHAIN_ID and fund_if_empty(w3, payer.address):
        output.note(f"The dev chain gave {payer.address} play money.")
    return w3
