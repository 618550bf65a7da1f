"""deploy: the registry's contract on a network, once, and what is known of it then."""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from registry.core.networks import NETWORKS, Network, network
from registry.settings import Settings

from .console import Failure, JsonFlag, Output
from .unsigned import KeyOption, UnsignedFlag, batch, open_key

if TYPE_CHECKING:
    from anchor_service.deploy import Deployed

FOLDER: Final = "deployments"
NAMES: Final = ", ".join(known.name for known in NETWORKS)


def deploy(
    name: Annotated[
        str,
        typer.Option("--network", help=f"Which: {NAMES}; or the chain id of one of your own."),
    ],
    key: KeyOption = None,
    unsigned: UnsignedFlag = False,
    explorer_input: Annotated[
        Path | None,
        typer.Option(
            "--explorer-input", help="Also write the compiler's input here, for block explorers."
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Put the registry on a network, at the address it has on every network.

    It is sent to the node of CREDROOT_RPC and paid by the key that --key names; a dev chain pays
    itself. Where the registry stands already, nothing is sent.
    """
    from anchor_service.deploy import creation, find_registry, require_network
    from anchor_service.node import connect

    output, settings, chosen = Output(as_json=as_json), Settings.from_environment(), _network(name)
    if explorer_input is not None:
        _write_explorer_input(output, explorer_input)
    if unsigned:
        output.document(batch([creation(chosen.chain_id)], None))
        return
    w3 = connect(settings.nodes[0])
    require_network(w3, chosen)
    if chosen.note:
        output.note(f"{chosen.title}: {chosen.note}")
    deployed = find_registry(w3) or _deploy(output, settings, w3, key)
    record = _recorded(settings, chosen, deployed, w3)
    _tell(output, chosen, deployed, record)


def created_in(settings: Settings, chain_id: int) -> int:
    """The block that created the registry on a chain, if we did; 0 otherwise."""
    records = map(_record, (settings.home / FOLDER).glob("*.json"))
    return next((r.get("block") or 0 for r in records if r.get("chainId") == chain_id), 0)


def _record(path: Path) -> dict[str, Any]:
    """What was recorded; nothing where the file is missing or damaged: the chain knows it anew."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _network(name: str) -> Network:
    """A known one; or one of the user's own by its chain id, of which nothing else is known."""
    if not name.isdecimal() or not name.isascii():
        return network(name)
    number = int(name)
    found = next((known for known in NETWORKS if known.chain_id == number), None)
    return found or Network(
        str(number), f"chain {number}", number, True, None, "unknown", 0, None, None, None
    )


def _deploy(output: Output, settings: Settings, w3: Any, key: Path | None) -> "Deployed":
    from anchor_service.deploy import deploy as create
    from anchor_service.deploy import deploy_by_node

    if key is None and not w3.eth.accounts:
        raise Failure("name the key that pays: --key FILE (make one: credroot keys new FILE)")
    with output.progress("Creating the registry; waiting for a block to take it"):
        if key is None:
            return deploy_by_node(w3)
        return create(w3, open_key(settings, key))


def _recorded(settings: Settings, chosen: Network, deployed: "Deployed", w3: Any) -> dict[str, Any]:
    """What is known of the deployment, in its file; of its creation, what the chain tells."""
    from anchor_service.deploy import block_of_creation
    from registry.whole_files import write_whole

    path = settings.home / FOLDER / f"{chosen.name}.json"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    before, receipt = _record(path), deployed.receipt
    block = block_of_creation(w3) if receipt is None else None
    if block is not None and block != before.get("block"):
        # We did not create it, or it is another chain of this id by now.
        before = {"block": block}
    made = (
        {
            "transaction": receipt["transactionHash"].to_0x_hex(),
            "block": receipt["blockNumber"],
            "gasUsed": receipt["gasUsed"],
        }
        if receipt
        else {part: before.get(part) for part in ("transaction", "block", "gasUsed")}
    )
    record = {
        "network": chosen.name,
        "chainId": chosen.chain_id,
        "address": deployed.address,
        "codeHash": "0x" + deployed.code_hash.hex(),
        **made,
    }
    write_whole(path, (json.dumps(record, indent=2) + "\n").encode("ascii"))
    return {**record, "record": str(path)}


def _tell(output: Output, chosen: Network, deployed: "Deployed", record: dict[str, Any]) -> None:
    if deployed.receipt:
        output.say(
            f"Created on {chosen.title} in block {record['block']} "
            f"({record['gasUsed']:,} gas): {deployed.address}"
        )
        output.say(f"It is final in about {chosen.finality_seconds} seconds: {chosen.finality}")
    else:
        output.say(f"The registry is on {chosen.title} already: {deployed.address}")
    output.say(f"Its code is the one that verifiers pin: {record['codeHash']}")
    output.say(f"Recorded in {record['record']}")
    if chosen.explorer:
        output.say(f"See {chosen.explorer}/address/{deployed.address}")
    output.result({**record, "deployed": deployed.receipt is not None})


def _write_explorer_input(output: Output, path: Path) -> None:
    from registry.core.contract import CONTRACT
    from registry.whole_files import write_whole

    data = files("anchor_service").joinpath("standard_input.json").read_bytes()
    write_whole(path, data)
    compiler = CONTRACT["compiler"]["version"]
    output.note(f"{path}: standard JSON input for {CONTRACT['name']}, solc {compiler}.")
