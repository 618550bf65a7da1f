"""The Ethereum execution APIs' test chain: its blocks as RLP, and a node's answers."""

import json
from functools import cache
from typing import Any

import rlp  # type: ignore[import-untyped]
from rlp.codec import consume_length_prefix  # type: ignore[import-untyped]

from .public_vectors import VECTORS

FOLDER = VECTORS / "execution-apis" / "tests"


@cache
def blocks() -> list[Any]:
    """The blocks 1 to 54, each the list [header, transactions, uncles, perhaps withdrawals]."""
    data, start, result = (FOLDER / "chain.rlp").read_bytes(), 0, []
    while start < len(data):
        _, _, length, payload = consume_length_prefix(data, start)
        result.append(rlp.decode(data[start : payload + length]))
        start = payload + length
    return result


def header_of(number: int) -> bytes:
    """The RLP of the header of block `number`."""
    encoded: bytes = rlp.encode(blocks()[number - 1][0])
    return encoded


def exchanges(method: str) -> dict[str, tuple[list[Any], Any]]:
    """Parameters and result of every question of `method` that was answered, by file name."""
    found = {}
    for path in sorted((FOLDER / method).glob("*.io")):
        lines = path.read_text(encoding="utf-8").splitlines()
        asked = next(json.loads(line[3:]) for line in lines if line.startswith(">> "))
        answer = next(json.loads(line[3:]) for line in lines if line.startswith("<< "))
        if answer.get("result"):
            found[path.stem] = (asked["params"], answer["result"])
    return found
