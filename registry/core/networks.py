"""The networks that are known by name, and what is public of each: `networks.json`. Pure.

The genesis hash is that of block 0, by which a node shows which chain it follows: a chain id alone
anybody can claim. A checkpoint is a later block that everybody knows. No node's address stands
there: whom to ask is the user's choice.
"""

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from .errors import InvalidArgument


@dataclass(frozen=True)
class Checkpoint:
    """A block that is known to be the chain's; `hash` has 32 bytes."""

    number: int
    hash: bytes


@dataclass(frozen=True)
class Network:
    """One chain. `finality` says what makes a block final, `finality_seconds` how long it takes.

    `genesis_hash` has 32 bytes; none for a chain that everybody begins for himself. `explorer` is
    the web page of a block explorer; `note` is for people who are about to choose.
    """

    name: str
    title: str
    chain_id: int
    testnet: bool
    genesis_hash: bytes | None
    finality: str
    finality_seconds: int
    checkpoint: Checkpoint | None
    explorer: str | None
    note: str | None


def network(name: str) -> Network:
    """The network of this name; raises `InvalidArgument` with the names there are."""
    found = next((known for known in NETWORKS if known.name == name), None)
    if found is None:
        names = ", ".join(known.name for known in NETWORKS)
        raise InvalidArgument(f"no network is called {name!r}; there are {names}")
    return found


def network_of(chain_id: int) -> Network | None:
    """The network with this chain id (EIP-155), if it is one of the known."""
    return next((known for known in NETWORKS if known.chain_id == chain_id), None)


def _read(item: dict[str, Any]) -> Network:
    genesis, checkpoint = item["genesisHash"], item["checkpoint"]
    return Network(
        item["name"],
        item["title"],
        item["chainId"],
        item["testnet"],
        _hash(genesis) if genesis else None,
        item["finality"]["rule"],
        item["finality"]["seconds"],
        Checkpoint(checkpoint["number"], _hash(checkpoint["hash"])) if checkpoint else None,
        item["explorer"],
        item.get("note"),
    )


def _hash(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


NETWORKS: Final[tuple[Network, ...]] = tuple(
    map(
        _read,
        json.loads(files(__package__).joinpath("networks.json").read_text(encoding="utf-8"))[
            "networks"
        ],
    )
)
