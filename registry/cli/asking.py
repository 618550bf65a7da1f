"""Which nodes a command asks, and how many of them must agree: the options, and what they mean."""

from collections.abc import Sequence
from typing import Annotated

import typer

from registry.core.errors import InvalidArgument
from registry.core.evidence import Quorum
from registry.verifier.nodes import Node, parse_node
from registry.verifier.reading import MAX_NODES

from .console import Failure

RpcOption = Annotated[
    list[str] | None,
    typer.Option("--rpc", help="An Ethereum node's URL; several must agree."),
]
AgreeOption = Annotated[
    int | None,
    typer.Option("--agree", min=1, help="How many nodes must agree; a majority if left out."),
]
TrustOneNode = Annotated[
    bool, typer.Option("--trust-one-node", help="Believe a single node, your own.")
]
DevChain = Annotated[
    bool, typer.Option("--dev-chain", help="Accept a dev chain that is not on this machine.")
]


def chosen_nodes(urls: Sequence[str]) -> list[Node]:
    """The nodes of these URLs; raises `Failure`."""
    if len(set(urls)) > MAX_NODES:
        raise Failure(f"{len(set(urls))} nodes are too many: at most {MAX_NODES} are asked")
    try:
        return [parse_node(url) for url in urls]
    except InvalidArgument as error:
        raise Failure(str(error)) from error


def chosen_quorum(
    nodes: Sequence[Node], agree: int | None, *, trust_one_node: bool, dev_chain: bool
) -> Quorum:
    """A dev chain counts where it was asked for, or runs on this machine."""
    own = dev_chain or all(node.is_loopback for node in nodes)
    return Quorum(agree, trust_one_node=trust_one_node, accept_dev_chain=own)
