"""Commands of the issuer's desk: init, issuer, achievement, issue, export."""

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import typer

from registry.settings import Settings

from .carrying import APPOINTMENT
from .console import EXIT_INVALID, EXIT_VALID, Failure, JsonFlag, Output, many
from .processors import processors
from .unsigned import written
from .workspace import CHAIN_KEY, Workspace, open_engine, open_workspace

if TYPE_CHECKING:
    from registry.lifecycle.pictures import Pictures

IssuerOption = Annotated[
    str | None, typer.Option("--issuer", help="Which issuer; not needed while there is only one.")
]
# How many refused rows are shown to a person; a file of them all is asked for with --json.
SHOWN_ROWS: Final = 20
OPERATOR_SECONDS: Final = 365 * 24 * 3600
SUITES: Final = ("eddsa-rdfc-2022", "eddsa-jcs-2022")

issuer_app = typer.Typer(no_args_is_help=True, help="Who issues: create, card, list.")
achievement_app = typer.Typer(no_args_is_help=True, help="What can be achieved: import, list.")


def init(as_json: JsonFlag = False) -> None:
    """Make the registry's folder and database, or bring them up to date."""
    from registry.store.database import connect, migrate

    settings, output = Settings.from_environment(), Output(as_json=as_json)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    migrate(connect(settings.database))
    output.say(f"The registry is ready in {settings.home}.")
    output.say("Next: credroot issuer create NAME")
    output.result({"home": str(settings.home)})


@issuer_app.command("create")
def create_issuer(
    name: Annotated[str, typer.Argument(help="The organisation's name, as credentials show it.")],
    url: Annotated[str | None, typer.Option(help="Its web address.")] = None,
    slug: Annotated[str | None, typer.Option(help="Its short name here; made from NAME.")] = None,
    controller: Annotated[
        str | None,
        typer.Option(help="The account that owns the issuer (a cold key); the new key operates."),
    ] = None,
    chain_id: Annotated[
        int | None, typer.Option(help="The chain; asked of the node when left out.")
    ] = None,
    suite: Annotated[
        list[str] | None, typer.Option(help="Signature suite, may be given twice.")
    ] = None,
    status_url: Annotated[
        str | None, typer.Option(help="Where its status lists will stand (https://…).")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Create an issuer: its keys (encrypted), its DID, its card for verifiers."""
    from registry.lifecycle import founding
    from registry.lifecycle.status_lists import parse_status_url
    from registry.private_files import read_passphrase
    from registry.store.organisations import require_new

    output, settings = Output(as_json=as_json), Settings.from_environment()
    suites = tuple(suite or SUITES[:1])
    if not set(suites) <= set(SUITES):
        raise Failure(f"unknown suite; known are {', '.join(SUITES)}")
    name, short = (
        founding.parse_name(name),
        founding.parse_slug(_slug(name) if slug is None else slug),
    )
    address = founding.parse_web_address(url) if url is not None else None
    lists = parse_status_url(status_url) if status_url else None
    engine = open_engine(settings)
    require_new(engine, short, lists)
    chain = _chain_id(settings) if chain_id is None else chain_id
    owner = founding.parse_owner(chain, controller) if controller else None
    folder = settings.issuer_folder(short)
    passphrase = read_passphrase(settings.passphrase_file, new=True)
    sender = _chain_key(folder / CHAIN_KEY, passphrase)
    account = owner or founding.parse_owner(chain, sender)
    unsigned = _appoint(output, settings, account, sender, folder)
    # The organisation last: until it is stored, the same command takes up what was made.
    founded = founding.found_issuer(
        engine,
        founding.Founding(short, name, address, account, sender, suites, lists),
        folder,
        passphrase,
        int(time.time()),
    )
    card = folder / founding.CARD
    output.say(f"Issuer {short}: {founded.did}")
    output.say(f"Account {account}, its card for verifiers: {card}")
    if unsigned:
        output.say(f"The controller must now appoint this key: sign and send {unsigned}")
    output.result(
        {
            "issuer": short,
            "did": founded.did,
            "account": str(account),
            "sender": sender,
            "card": str(card),
            "unsigned": unsigned,
        }
    )


@issuer_app.command("card")
def issuer_card(issuer: IssuerOption = None, as_json: JsonFlag = False) -> None:
    """Print the issuer's trust entry, for verifiers to take over after checking it another way."""
    from registry.lifecycle.founding import card

    output, told = Output(as_json=as_json), card(open_workspace(issuer).organisation)
    output.document(told)


@issuer_app.command("list")
def list_issuers(as_json: JsonFlag = False) -> None:
    """List the issuers of this installation."""
    from registry.store.organisations import all_organisations

    output = Output(as_json=as_json)
    found = all_organisations(open_engine(Settings.from_environment()))
    rows = [(o.slug, str(o.profile.get("name")), o.did, str(o.account)) for o in found]
    output.table("Issuers", ("issuer", "name", "DID", "account"), rows)
    keys = ("issuer", "name", "did", "account")
    output.result({"issuers": [dict(zip(keys, row, strict=True)) for row in rows]})


@achievement_app.command("import")
def import_achievements(
    file: Annotated[Path, typer.Argument(help="JSON: one Achievement, or a list of them.")],
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Import achievements: all of the file, or none; the same again changes nothing."""
    from registry.lifecycle.achievements import read_achievements, require_fit
    from registry.lifecycle.awards import BadFile
    from registry.store.issuance import Conflict

    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    items = read_achievements(file)
    try:
        require_fit(items, file)
        added = workspace.issuance.add_achievements(items, int(time.time()))
    except (BadFile, Conflict) as error:
        raise Failure(f"nothing is imported: {error}", EXIT_INVALID) from error
    output.say(f"{many(added, 'achievement')} imported, {len(items) - added} there already.")
    output.result({"imported": added, "passed_over": len(items) - added})


@achievement_app.command("list")
def list_achievements(issuer: IssuerOption = None, as_json: JsonFlag = False) -> None:
    """List the issuer's achievements."""
    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    rows = [(str(a.get("name")), str(a["id"])) for a in workspace.issuance.achievements()]
    output.table("Achievements", ("name", "id"), rows)
    output.result({"achievements": [{"name": name, "id": iri} for name, iri in rows]})


def issue(
    file: Annotated[Path, typer.Argument(help="Awards: .csv, or .ndjson with achievements.")],
    strict: Annotated[bool, typer.Option(help="Stop at the first bad row.")] = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Issue a credential for every award in a file; the same file again issues nothing twice."""
    from registry.lifecycle.issuing import Stopped, Tally

    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    started, tally = time.monotonic(), Tally()
    try:
        tally = _issue(workspace, file, output, strict=strict)
    except Stopped as stopped:
        raise Failure(
            f"{file}: {stopped} (--strict: stopped, {stopped.issued} credentials issued before)",
            EXIT_INVALID,
        ) from stopped
    _tell_tally(output, file, tally, time.monotonic() - started)
    raise typer.Exit(EXIT_INVALID if tally.refused else EXIT_VALID)


def export(
    folder: Annotated[Path, typer.Argument(help="Where to; one file per credential.")],
    ids: Annotated[
        Path | None, typer.Option("--ids", help="Only these: a file, one credential id a line.")
    ] = None,
    unanchored: Annotated[
        bool, typer.Option(help="Also those whose anchor is not final, with the signature only.")
    ] = False,
    image: Annotated[
        Path | None,
        typer.Option("--image", help="Also bake each into this picture, PNG or SVG."),
    ] = None,
    own_image: Annotated[
        bool,
        typer.Option(
            "--own-image", help="Also bake each into its achievement's image, if a data: URI."
        ),
    ] = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write credentials as files that stand on their own, and as pictures if asked for."""
    from registry.core.errors import Refusal
    from registry.lifecycle.export import Exporter, write_credentials

    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    store = workspace.issuance
    wanted = read_ids(ids) if ids else None
    pictures = _pictures(image, own_image=own_image)
    exporter = Exporter(store, workspace.organisation.account)
    written = waiting = baked = 0
    with output.progress("Exporting", len(wanted) if wanted else store.count()) as bar:
        found = store.credentials(wanted)
        exported = write_credentials(
            exporter, found, folder, unanchored=unanchored, pictures=pictures
        )
        try:
            for item in exported:
                written, waiting = written + (item.file is not None), waiting + (item.file is None)
                baked += item.picture is not None
                bar.at(written + waiting)
        except Refusal as refusal:
            raise Failure(f"stopped: {refusal.detail}", EXIT_INVALID) from refusal
    output.say(f"{many(written, 'credential')} written to {folder}.")
    if pictures:
        output.say(f"{many(baked, 'picture')} beside them, each with its credential baked in.")
    if pictures and baked < written:
        output.say(f"{written - baked} have no picture of their own: give one with --image.")
    if waiting:
        output.say(f"{waiting} wait for their anchor: run `credroot anchor`, then export again.")
    unknown = len(wanted) - written - waiting if wanted else 0
    if unknown:
        output.note(f"{many(unknown, 'id')} of the list were never issued here.")
    output.result(
        {
            "exported": written,
            "pictures": baked,
            "waiting": waiting,
            "unknown": unknown,
            "folder": str(folder),
        }
    )
    raise typer.Exit(EXIT_INVALID if unknown else EXIT_VALID)


def read_ids(file: Path) -> list[UUID]:
    """Credential ids, one a line (urn:uuid:… or the bare UUID), each once; raises `Failure`."""
    try:
        lines = file.read_text(encoding="utf-8-sig").split()
    except UnicodeDecodeError as error:
        raise Failure(f"{file} is not a list of credential ids: {error}") from error
    if not lines:
        raise Failure(f"{file} names no credential")
    return list(dict.fromkeys(parse_id(line) for line in lines))


def parse_id(text: str) -> UUID:
    """A credential's id as a UUID; raises `Failure`."""
    try:
        return UUID(text.strip().removeprefix("urn:uuid:"))
    except ValueError as error:
        raise Failure(f"{text!r} is not a credential id (urn:uuid:…)") from error


def _pictures(image: Path | None, *, own_image: bool) -> "Pictures | None":
    """What to bake into, if anything; a picture that can carry nothing is told before the work."""
    from registry.core.baked import MAX_PNG_BYTES, bake
    from registry.core.errors import Refusal
    from registry.lifecycle.pictures import Pictures
    from registry.whole_files import read_bounded

    if image is None:
        return Pictures(own=True, given=None) if own_image else None
    given = read_bounded(image, MAX_PNG_BYTES)
    try:
        bake(given, b"{}")
    except Refusal as refusal:
        raise Failure(f"{image}: {refusal.detail}", EXIT_INVALID) from refusal
    return Pictures(own_image, given)


def _issue(workspace: Workspace, file: Path, output: Output, *, strict: bool) -> Any:
    from registry.lifecycle.awards import read_awards
    from registry.lifecycle.issuing import IssuingDesk, Tally

    tally = Tally()
    size = file.stat().st_size
    with processors() as executor, output.progress("Issuing") as bar:
        desk = IssuingDesk(
            workspace.issuance,
            workspace.issuer,
            workspace.signer(),
            workspace.organisation.award_salt,
            executor,
        )
        rows = read_awards(file)
        for tally in desk.issue(rows, lambda: int(time.time()), strict=strict):
            bar.at(tally.rows, f"Issuing ({size >> 10} KiB of awards)")
    return tally


def _tell_tally(output: Output, file: Path, tally: Any, seconds: float) -> None:
    refused = many(len(tally.refused), "row")
    output.say(
        f"{file.name}: {many(tally.issued, 'credential')} issued, "
        f"{tally.passed_over} issued before, {refused} refused ({seconds:.1f} s)."
    )
    for row in tally.refused[:SHOWN_ROWS]:
        output.say(f"  line {row.line}: {row.reason}")
    if len(tally.refused) > SHOWN_ROWS:
        output.say(f"  … and {len(tally.refused) - SHOWN_ROWS} more (--json lists them all)")
    if tally.issued:
        output.say("Next: credroot anchor")
    output.result(
        {
            "issued": tally.issued,
            "passed_over": tally.passed_over,
            "achievements": tally.achievements,
            "refused": [{"line": row.line, "reason": row.reason} for row in tally.refused],
            "seconds": round(seconds, 3),
        }
    )


def _chain_id(settings: Settings) -> int:
    from anchor_service.node import connect

    w3 = connect(settings.nodes[0])
    if not w3.is_connected():
        raise Failure(
            f"no node answers at {settings.nodes[0]}: start one (`credroot devchain`), "
            "set CREDROOT_RPC, or give --chain-id"
        )
    return int(w3.eth.chain_id)


def _chain_key(path: Path, passphrase: str) -> str:
    """The sender's address; a key that an interrupted creation left behind is taken up again."""
    from anchor_service.keystore import create_keystore, open_keystore

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        return open_keystore(path, passphrase).address.lower()
    return create_keystore(path, passphrase)


def _appoint(
    output: Output, settings: Settings, account: Any, sender: str, folder: Path
) -> str | None:
    """Fund the sender on a dev chain; where the controller is another key, prepare its call."""
    from anchor_service.calls import DEFAULT_ROLES, set_operator
    from anchor_service.devchain import fund
    from anchor_service.node import connect
    from registry.core.evidence import DEV_CHAIN_ID
    from registry.whole_files import write_whole

    w3 = connect(settings.nodes[0])
    if account.chain_id == DEV_CHAIN_ID and w3.is_connected():
        fund(w3, sender)
        output.say("The dev chain gave the account play money.")
    elif account.address == sender:
        output.note(
            "One key owns the issuer and sends its transactions. On a public chain keep the owner "
            "cold: --controller."
        )
    if account.address == sender:
        return None
    path = folder / APPOINTMENT
    call = set_operator(account, sender, DEFAULT_ROLES, int(time.time()) + OPERATOR_SECONDS)
    write_whole(path, written([call], account.address))
    return str(path)


def _slug(name: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower())[:64].strip("-")
    if not slug:
        raise Failure("give the issuer a short name with --slug")
    return slug
