"""keys: who may act for an issuer on its chain; to appoint, renew, remove, hand over."""

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from registry.core.times import from_seconds, write_stamp
from registry.settings import Settings

from .carrying import alone
from .console import EXIT_INVALID, EXIT_VALID, Failure, JsonFlag, Output
from .deploying import created_in
from .issuing import IssuerOption
from .key_desk import (
    KeyDesk,
    appoint,
    deliver_call,
    make,
    open_desk,
    parse_end,
    required,
    told,
)
from .rotation import appointment, change_over, next_key
from .unsigned import KeyOption, UnsignedFlag, batch, keystore_address, open_key

if TYPE_CHECKING:
    from anchor_service.issuer_keys import IssuerKeys

SOON: Final = 30 * 24 * 3600

keys_app = typer.Typer(
    no_args_is_help=True, help="Who acts for an issuer: show, add, renew, remove, hand over."
)

AccountOption = Annotated[
    str | None,
    typer.Option("--account", help="The issuer by its account (eip155:…), where it is not yours."),
]
RoleOption = Annotated[
    list[str] | None,
    typer.Option(
        "--role",
        help="anchor, revoke, suspend or reinstate; may be given again. Without: all but revoke.",
    ),
]
UntilOption = Annotated[
    str | None,
    typer.Option("--until", help="When the roles end: a date (2027-06-30), or never. A year."),
]
OperatorArgument = Annotated[
    str | None,
    typer.Argument(help="The operator's address (0x…); the sending key of this installation."),
]


@keys_app.command()
def show(
    first_block: Annotated[
        int | None,
        typer.Option("--from-block", min=0, help="Where to begin to look for operators."),
    ] = None,
    successor: Annotated[
        str | None,
        typer.Option(help="Say whether this address is the committed successor; 1 if it is not."),
    ] = None,
    account: AccountOption = None,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show who may act: the controller, operators with their roles and ends, the successor."""
    desk = open_desk(issuer, account, as_json=as_json)
    if successor is not None:
        _tell_successor(desk, _address(successor))
        return
    start = created_in(desk.settings, desk.account.chain_id) if first_block is None else first_block
    with desk.output.progress("Looking for operators") as bar:
        found = desk.chain.keys(start, lambda done, _total: bar.at(done))
    _tell(desk, found)


@keys_app.command()
def new(
    file: Annotated[Path, typer.Argument(help="Where to: an encrypted Ethereum keystore.")],
    as_json: JsonFlag = False,
) -> None:
    """Make a key, encrypted with a passphrase: for a controller or a successor without a wallet."""
    from anchor_service.keystore import create_keystore
    from registry.private_files import read_passphrase

    output, settings = Output(as_json=as_json), Settings.from_environment()
    passphrase = read_passphrase(settings.key_passphrase_file, new=True, of=str(file))
    address = _address(create_keystore(file, passphrase))
    output.say(f"{address} is in {file}. Keep it and its passphrase apart, each twice.")
    output.result({"address": address, "file": str(file)})


@keys_app.command()
def add(
    operator: OperatorArgument = None,
    role: RoleOption = None,
    until: UntilOption = None,
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    account: AccountOption = None,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Appoint an operator with exactly these roles, until a day. By the controller."""
    from anchor_service.calls import DEFAULT_ROLES

    desk = open_desk(issuer, account, as_json=as_json)
    address, roles = _operator(desk, operator), tuple(role or DEFAULT_ROLES)
    appoint(desk, address, roles, parse_end(until), key, unsigned)


@keys_app.command()
def renew(
    operator: OperatorArgument = None,
    until: UntilOption = None,
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    account: AccountOption = None,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Let an operator keep its roles for longer. By the controller."""
    desk = open_desk(issuer, account, as_json=as_json)
    address = _operator(desk, operator)
    held = desk.chain.operator(address)
    if held is None:
        raise Failure(f"{address} has no roles to renew: appoint it with `credroot keys add`")
    appoint(desk, address, held.roles, parse_end(until), key, unsigned)


@keys_app.command()
def remove(
    operator: OperatorArgument = None,
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    account: AccountOption = None,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take all roles from an operator. By the controller, or by the operator itself."""
    from anchor_service.calls import remove_operator

    desk = open_desk(issuer, account, as_json=as_json)
    address = _operator(desk, operator)
    call = remove_operator(desk.account, address)
    may = (desk.chain.controller, address)
    make(desk, call, may, lambda: desk.chain.operator(address) is None, key, unsigned=unsigned)


@keys_app.command("commit-successor")
def commit_successor(
    successor: Annotated[str, typer.Argument(help="The address that may take over (0x…).")],
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    account: AccountOption = None,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Commit, once and for good, who may take over. By the controller."""
    from anchor_service import calls

    desk = open_desk(issuer, account, as_json=as_json)
    address = _successor(desk, successor)

    def is_done() -> bool:
        found = desk.chain.successor
        if found not in (None, calls.digest(address)):
            raise Failure("another successor is committed: only it can change that, by taking over")
        return found is not None

    is_done()
    call = calls.commit_successor(desk.account, address)
    make(desk, call, (desk.chain.controller,), is_done, key, unsigned=unsigned)


@keys_app.command()
def succeed(
    next_successor: Annotated[
        str, typer.Option("--next", help="Who may take over after you: an address (0x…).")
    ],
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    account: AccountOption = None,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take over as the committed successor: all operators lose their roles."""
    from anchor_service import calls

    desk = open_desk(issuer, account, as_json=as_json)
    following = _successor(desk, next_successor)
    call = calls.succeed(desk.account, following)
    if unsigned:
        desk.output.document(batch([call], None))
        return
    path = required(key, "the successor's")
    taker = keystore_address(path)

    if taker == following:
        raise Failure("the next successor is another key than the one that takes over")

    def is_done() -> bool:
        stands = (desk.chain.controller, desk.chain.successor)
        return desk.chain.successions > 0 and stands == (taker, calls.digest(following))

    if desk.chain.successor != calls.digest(taker) and not is_done():
        raise Failure(f"{taker} is not the successor that the issuer committed")
    make(desk, call, (taker,), is_done, path, unsigned=False)


@keys_app.command()
def send(
    file: Annotated[Path, typer.Argument(help="Calls, as `--unsigned` and other commands write.")],
    key: KeyOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Sign and send the calls of a file with a keystore, where the controller is no wallet."""
    from anchor_service.node import connect
    from anchor_service.safe import MAX_FILE_BYTES, read_batch
    from anchor_service.sending import settle
    from registry.whole_files import read_bounded

    output, settings = Output(as_json=as_json), Settings.from_environment()
    calls = read_batch(read_bounded(file, MAX_FILE_BYTES))
    w3 = connect(settings.nodes[0])
    if w3.eth.chain_id != calls[0].chain_id:
        raise Failure(f"{file} is for chain {calls[0].chain_id}, the node on {w3.eth.chain_id}")
    output.say(calls[0].says)
    signer = open_key(settings, required(key, "the controller's"))
    settle(w3, signer.address)
    receipts = [deliver_call(output, w3, signer, call) for call in calls]
    sent = [told(receipt) for receipt in receipts]
    output.say(f"Sent: {', '.join(item['transaction'] for item in sent)}")
    output.result({"sent": sent})


@keys_app.command()
def address(
    file: Annotated[Path, typer.Argument(help="An encrypted Ethereum keystore.")],
    as_json: JsonFlag = False,
) -> None:
    """Print the address of a keystore; it stays closed."""
    output, found = Output(as_json=as_json), keystore_address(file)
    output.say(found)
    output.result({"address": found, "file": str(file)})


@keys_app.command()
def rotate(
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Change the sending key of this installation for a new one, which takes over its roles.

    The controller appoints the new key and removes the old one, which is kept in its file. With
    --unsigned, or stopped in between: run it again, without --unsigned, to go on.
    """
    from anchor_service.batch import PENDING

    desk = open_desk(issuer, None, as_json=as_json)
    workspace = desk.workspace
    assert workspace is not None  # noqa: S101 - without an account it is an issuer of ours
    with alone(workspace, desk.output):
        if workspace.anchoring.transactions(PENDING):
            raise Failure("the sending key has transactions under way: run `credroot anchor` first")
        coming = next_key(workspace)
        if unsigned:
            desk.output.document(
                batch([appointment(desk, workspace, coming)], desk.chain.controller)
            )
            return
        change_over(desk, workspace, coming, key)


def _address(text: str) -> str:
    from anchor_service.issuer_keys import parse_address

    return parse_address(text)


def _successor(desk: KeyDesk, text: str) -> str:
    """An address that may be committed for good: with its checksum, and somebody else's key."""
    from anchor_service.relay_requests import RELAY
    from registry.core.contract import CONTRACT

    address = _address(text)
    if text != address:
        raise Failure(f"write {text} with its checksum, as its wallet shows it: this is for good")
    own = {desk.chain.controller, desk.account.address, CONTRACT["address"], RELAY["address"]}
    if desk.workspace:
        own.add(desk.workspace.organisation.sender)
    if address.lower() in {other.lower() for other in own} or int(address, 16) == 0:
        raise Failure(f"{address} could not save the issuer: name a key that is kept elsewhere")
    return address


def _operator(desk: KeyDesk, text: str | None) -> str:
    if text is not None:
        return _address(text)
    if desk.workspace is None:
        raise Failure("name the operator's address")
    return _address(desk.workspace.organisation.sender)


def _tell_successor(desk: KeyDesk, address: str) -> None:
    from anchor_service.calls import digest

    is_it = desk.chain.successor == digest(address)
    desk.output.say(f"{address} is {'' if is_it else 'NOT '}the committed successor.")
    desk.output.result({"address": address, "is_successor": is_it})
    raise typer.Exit(EXIT_VALID if is_it else EXIT_INVALID)


def _tell(desk: KeyDesk, found: "IssuerKeys") -> None:
    from anchor_service.calls import FOR_EVER

    sender = desk.workspace.organisation.sender if desk.workspace else None
    rows = [("controller", found.controller, "everything", "")]
    rows += [
        ("operator", o.address, ", ".join(o.roles), _written_end(o.expires))
        for o in found.operators
    ]
    if found.successor:
        digest = f"the hash 0x{found.successor.hex()}"
        rows.append(("successor", digest, "take over", ""))
    desk.output.table(f"{desk.account}", ("key", "address", "may", "until"), rows)
    if sender:
        desk.output.say(f"This installation sends with {sender}.")
    for sentence in _remarks(found, sender):
        desk.output.say(sentence)
    desk.output.result(
        {
            "issuer": str(desk.account),
            "controller": found.controller,
            "successor": "0x" + found.successor.hex() if found.successor else None,
            "successions": found.successions,
            "batches": found.batches,
            "operators": [
                {**asdict(o), "expires": None if o.expires == FOR_EVER else o.expires}
                for o in found.operators
            ],
            "ended": list(found.ended),
            "sender": sender,
            "remarks": list(_remarks(found, sender)),
        }
    )


def _written_end(expires: int) -> str:
    from anchor_service.calls import FOR_EVER

    return "for ever" if expires == FOR_EVER else write_stamp(from_seconds(expires))


def _remarks(found: "IssuerKeys", sender: str | None) -> Iterator[str]:
    """What an issuer should do something about."""
    if found.successor is None:
        yield (
            "No successor is committed: nobody could evict a thief of the controller's key. "
            "See docs/keys.md, the first day."
        )
    known = {operator.address.lower(): operator for operator in found.operators}
    if sender and sender.lower() not in {*known, found.controller.lower()}:
        yield f"The sending key {sender} has no roles: credroot keys add {sender}"
    for operator in found.operators:
        if operator.expires < time.time() + SOON:
            yield f"{operator.address} ends soon: credroot keys renew {operator.address}"
