"""`credroot issuer status-url` and `credroot status-list`: lists for verifiers without a node."""

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from registry.core.document import JsonObject
from registry.core.evidence import Quorum
from registry.core.status_list import MIN_ENTRIES as ENTRIES_PER_LIST
from registry.core.times import write_stamp
from registry.verifier.nodes import Node
from registry.verifier.reading import read_evidence
from registry.whole_files import write_whole

from .asking import (
    AgreeOption,
    DevChain,
    RpcOption,
    TrustOneNode,
    chosen_nodes,
    chosen_quorum,
)
from .console import Failure, JsonFlag, Output, many
from .issuing import IssuerOption
from .workspace import Workspace, open_workspace

if TYPE_CHECKING:
    from registry.lifecycle.status_lists import Mirror
    from registry.store.status_lists import NumberedLeaf, StatusList

# A list that somebody kept and shows again hides what was revoked since: so long at most. Shorter
# asks for the signing key more often, and leaves every credential open when a run is missed.
DEFAULT_DAYS: Final = 7
# A list that a year may pass over protects nobody.
MAX_DAYS: Final = 366


def status_url(
    url: Annotated[
        str | None, typer.Argument(help="https://…, below which the lists will stand.")
    ] = None,
    none: Annotated[
        bool, typer.Option("--none", help="Credentials issued from now on name no list.")
    ] = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Tell or set where status lists stand; it holds for credentials issued from then on."""
    from registry.lifecycle.status_lists import parse_status_url
    from registry.store.organisations import set_status_url

    if url and none:
        raise Failure("give either an address or --none")
    workspace, output = open_workspace(issuer), Output(as_json=as_json)
    organisation = workspace.organisation
    current = organisation.status_url
    if url or none:
        current = parse_status_url(url) if url else None
        set_status_url(workspace.engine, organisation.id, current)
    lists = [item.url for item in workspace.issuance.status_lists.lists()]
    if current:
        output.say(f"Credentials issued from now on have their status listed below {current}.")
        output.say(f"Before you hand them out: credroot status-list FOLDER, served at {current}.")
    else:
        output.say("Credentials issued from now on name no status list.")
    elsewhere = [item for item in lists if not (current and item.startswith(f"{current}/"))]
    if elsewhere:
        output.say(
            "Credentials that are out name these addresses for ever; "
            f"keep the lists there too: {', '.join(elsewhere)}"
        )
    output.result({"issuer": organisation.slug, "status_url": current, "lists": lists})


def status_list(
    folder: Annotated[Path, typer.Argument(help="Where to; serve it at the status address.")],
    valid_for: Annotated[
        int,
        typer.Option(
            help="Days until the lists end; an old list shown again hides a revocation so long.",
            min=1,
            max=MAX_DAYS,
        ),
    ] = DEFAULT_DAYS,
    rpc: RpcOption = None,
    agree: AgreeOption = None,
    trust_one_node: TrustOneNode = False,
    dev_chain: DevChain = False,
    issuer: IssuerOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write the status lists as the chain has them, signed: all of them, or none."""
    output, workspace = Output(as_json=as_json), open_workspace(issuer)
    nodes = chosen_nodes(rpc or workspace.settings.nodes)
    quorum = chosen_quorum(nodes, agree, trust_one_node=trust_one_node, dev_chain=dev_chain)
    store = workspace.issuance.status_lists
    lists = store.lists()
    if not lists:
        raise Failure(
            "no credential names a status list: set an address with "
            "`credroot issuer status-url URL`, then issue"
        )
    # The store first: what the chain knows by the time it is asked is never older.
    leaves = list(store.leaves())
    mirror = _read_chain(workspace, leaves, nodes, quorum, output)
    now = datetime.now(UTC)
    period = (now, now + timedelta(days=valid_for))
    documents = _signed(workspace, lists, mirror, period, output)
    files = [folder / item.url.rpartition("/")[2] for item in lists]
    folder.mkdir(parents=True, exist_ok=True)
    for path, document in zip(files, documents, strict=True):
        text = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        write_whole(path, text.encode("utf-8"))
    held = Counter(leaf.number // ENTRIES_PER_LIST for leaf in leaves)
    _tell(
        [(i, f, held[i.number]) for i, f in zip(lists, files, strict=True)], mirror, period, output
    )


def _read_chain(
    workspace: Workspace,
    leaves: "Sequence[NumberedLeaf]",
    nodes: Sequence[Node],
    quorum: Quorum,
    output: Output,
) -> "Mirror":
    from registry.lifecycle.status_lists import NotMirrored, Reading, mirror, questions

    account = workspace.organisation.account
    batches = workspace.issuance.status_lists.batches()
    asked = questions(account, leaves, batches)
    with output.progress("Reading the chain", None):
        evidence = read_evidence(nodes, asked)
    try:
        reading = Reading(evidence, quorum, datetime.now(UTC))
        return mirror(account, leaves, batches, reading)
    except NotMirrored as problem:
        raise Failure(f"nothing is written: {problem}") from problem


def _signed(
    workspace: Workspace,
    lists: "Sequence[StatusList]",
    mirror: "Mirror",
    period: tuple[datetime, datetime],
    output: Output,
) -> list[JsonObject]:
    """Every list, before the first is written."""
    from registry.lifecycle.status_lists import index_of, signed_list

    signer, salt = workspace.signer(), workspace.organisation.award_salt
    indexes: defaultdict[int, list[int]] = defaultdict(list)
    for number in mirror.set_numbers:
        indexes[number // ENTRIES_PER_LIST].append(index_of(number, salt))
    documents = []
    with output.progress("Signing", len(lists)) as bar:
        for item in lists:
            bits = indexes[item.number]
            documents.append(signed_list(workspace.issuer, signer, item, bits, period))
            bar.at(len(documents))
    return documents


def _tell(
    written: "Sequence[tuple[StatusList, Path, int]]",
    mirror: "Mirror",
    period: tuple[datetime, datetime],
    output: Output,
) -> None:
    hit = Counter(number // ENTRIES_PER_LIST for number in mirror.set_numbers)
    rows = []
    for item, path, held in written:
        bits = hit[item.number]
        output.say(f"{path}: {many(held, 'credential')}, {bits} suspended or revoked.")
        output.say(f"  Serve it at {item.url}")
        rows.append({"url": item.url, "file": str(path), "credentials": held, "set": bits})
    begins, ends = period
    # Half of the time is left for mending a run that failed.
    again = write_stamp(begins + (ends - begins) / 2)
    if mirror.unanchored:
        output.say(f"{many(mirror.unanchored, 'credential')} not anchored yet: not set.")
    output.say(
        f"Publish again after every change of status, and by {again}: "
        f"these end {write_stamp(ends)}."
    )
    output.result(
        {
            "lists": rows,
            "credentials": sum(held for _, _, held in written),
            "set": len(mirror.set_numbers),
            "unanchored": mirror.unanchored,
            "block": mirror.block,
            "answered_by": list(mirror.hosts),
            "valid_until": write_stamp(ends),
            "publish_again_by": again,
        }
    )
