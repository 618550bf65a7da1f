"""What each operation of the registry costs, from fixed accounts, roots and seeds."""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from eth_typing import ChecksumAddress
from web3 import Web3

from registry.core.contract import CONTRACT, REGISTRY, WORD_BITS
from registry.core.merkle import path_length, root_from_path

from .chain import Chain, call_data

SNAPSHOT: Final = Path(__file__).resolve().parent / "gas.json"
REGISTRY_AT: Final = Web3.to_checksum_address(REGISTRY.address)
ANCHOR_ROLE: Final = 1
NEVER: Final = (1 << 40) - 1
REVOKE, SUSPEND, REINSTATE = range(3)
COHORT: Final = 10_000
NATION: Final = 1_000_000
WHOLE_BATCHES: Final = 20
# A new status word is what a revocation costs. With this seed 100 of 10,000 fall into 36 words
# (36.8 in the mean), 1,000 into all 40, and 1,000 of 1,000,000 into 884 (882 in the mean).
SEED: Final = 11


def named_hash(name: str) -> bytes:
    """32 bytes that are the same in every run."""
    return sha256(name.encode()).digest()


def at_random(count: int, size: int) -> list[int]:
    """`count` different indices below `size`, the same in every run."""
    return random.Random(SEED).sample(range(size), count)  # noqa: S311 - no secret


def patches_of(indices: Iterable[int]) -> list[tuple[int, int]]:
    """(word, mask) of each status word that has some of `indices`."""
    masks: dict[int, int] = {}
    for index in indices:
        word, bit = divmod(index, WORD_BITS)
        masks[word] = masks.get(word, 0) | 1 << bit
    return sorted(masks.items())


@dataclass(frozen=True)
class ProvedLeaf:
    index: int
    hash: bytes
    path: tuple[bytes, ...]
    root: bytes


def proved_leaf(size: int) -> ProvedLeaf:
    """A leaf in a tree of `size` leaves, with the longest path that there is."""
    index = (size - 1) // 2
    path = tuple(named_hash(f"sibling {n} of {size}") for n in range(path_length(size, index)))
    leaf = named_hash(f"leaf of {size}")
    return ProvedLeaf(index, leaf, path, root_from_path(leaf, size, index, path))


class Issuer:
    """One who is its own controller and calls the registry."""

    def __init__(self, chain: Chain, account: ChecksumAddress) -> None:
        self._chain, self.account = chain, account

    def send(self, signature: str, *arguments: object) -> int:
        return self._send_from(self.account, signature, *arguments)

    def anchor(self, root: bytes, size: int, sender: ChecksumAddress | None = None) -> int:
        signature = "anchor(address,bytes32,uint32)"
        return self._send_from(sender or self.account, signature, root, size)

    def set_status(self, root: bytes, kind: int, indices: Sequence[int]) -> int:
        signature = "setStatus(address,bytes32,uint8,(uint24,uint256)[])"
        return self._chain.send_parts(
            self.account,
            REGISTRY_AT,
            patches_of(indices),
            lambda patches: call_data(signature, self.account, root, kind, patches),
        )

    def _send_from(self, sender: ChecksumAddress, signature: str, *arguments: object) -> int:
        data = call_data(signature, self.account, *arguments)
        return self._chain.send(sender, REGISTRY_AT, data)


def measure(chain: Chain) -> dict[str, int]:
    """Name and gas of every operation, on a chain on which nobody has used the registry."""
    issuer = Issuer(chain, chain.accounts[1])
    parts = (_anchoring, _statuses, _whole_batches, _reading, _keys)
    costs = {name: gas for part in parts for name, gas in part(chain, issuer)}
    return {**costs, "deploy": chain.gas_of_first(CONTRACT["deployer"])}


def _anchoring(chain: Chain, issuer: Issuer) -> Iterator[tuple[str, int]]:
    operator = chain.accounts[2]
    yield "anchor, the issuer's first", issuer.anchor(named_hash("first"), COHORT)
    yield "anchor, by the controller", issuer.anchor(named_hash("second"), COHORT)
    operators = "setOperator(address,address,uint8,uint40)"
    yield "add an operator", issuer.send(operators, operator, ANCHOR_ROLE, NEVER)
    yield "anchor, by an operator", issuer.anchor(named_hash("third"), COHORT, operator)


def _statuses(_chain: Chain, issuer: Issuer) -> Iterator[tuple[str, int]]:
    revocations = {
        "revoke 1 of 10,000": (COHORT, at_random(1, COHORT)),
        "revoke 100 of 10,000, at random": (COHORT, at_random(100, COHORT)),
        "revoke 1,000 of 10,000, at random": (COHORT, at_random(1000, COHORT)),
        "revoke 1,000 of 10,000, neighbours": (COHORT, range(1000)),
        "revoke 1,000 of 1,000,000, at random": (NATION, at_random(1000, NATION)),
    }
    for name, (size, indices) in revocations.items():
        root = named_hash(name)
        issuer.anchor(root, size)
        yield name, issuer.set_status(root, REVOKE, indices)
    root = named_hash("suspended")
    issuer.anchor(root, COHORT)
    yield "suspend 1 of 10,000", issuer.set_status(root, SUSPEND, [5000])
    yield "reinstate 1 of 10,000", issuer.set_status(root, REINSTATE, [5000])


def _whole_batches(_chain: Chain, issuer: Issuer) -> Iterator[tuple[str, int]]:
    roots = [named_hash(f"whole batch {n}") for n in range(WHOLE_BATCHES)]
    for root in roots:
        issuer.anchor(root, COHORT)
    revoked = issuer.send("setBatchStatus(address,uint8,bytes32[])", REVOKE, roots)
    yield "revoke 20 whole batches", revoked


def _reading(chain: Chain, issuer: Issuer) -> Iterator[tuple[str, int]]:
    signature = "verify(address,bytes32,uint32,bytes32,bytes32[])"

    def verify(size: int) -> int:
        leaf = proved_leaf(size)
        issuer.anchor(leaf.root, size)
        place = (issuer.account, leaf.root, leaf.index)
        return chain.execution(REGISTRY_AT, call_data(signature, *place, leaf.hash, leaf.path))

    # A batch of one has an empty path: what is over is the path's.
    without_path = verify(1)
    for size in (COHORT, NATION):
        gas = verify(size)
        yield f"verify one of {size:,} on chain", gas
        yield f"verify one of {size:,} on chain, the path alone", gas - without_path
    asked = call_data("status(address,bytes32,uint32)", issuer.account, proved_leaf(1).root, 0)
    yield "read one's status on chain", chain.execution(REGISTRY_AT, asked)


def _keys(chain: Chain, issuer: Issuer) -> Iterator[tuple[str, int]]:
    operator, successor = chain.accounts[2], Issuer(chain, chain.accounts[3])
    operators = "setOperator(address,address,uint8,uint40)"
    digest = Web3.keccak(bytes.fromhex(successor.account[2:]).rjust(32, b"\0"))
    yield "remove an operator", issuer.send(operators, operator, 0, 0)
    yield "set the profile", issuer.send("setProfile(address,string)", "https://example.org/badges")
    yield "commit a successor", issuer.send("commitSuccessor(address,bytes32)", digest)
    taken = call_data("succeed(address,bytes32)", issuer.account, named_hash("next successor"))
    yield "succeed", chain.send(successor.account, REGISTRY_AT, taken)


def read_snapshot() -> dict[str, int]:
    costs: dict[str, int] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    return costs


def write_snapshot(costs: dict[str, int]) -> None:
    SNAPSHOT.write_text(json.dumps(costs, indent=1) + "\n", encoding="utf-8")


def differences(recorded: dict[str, int], measured: dict[str, int]) -> list[str]:
    """A sentence for each operation that does not cost what is recorded."""
    return [
        _difference(name, recorded.get(name), measured.get(name))
        for name in sorted(recorded.keys() | measured.keys())
        if recorded.get(name) != measured.get(name)
    ]


def _difference(name: str, before: int | None, now: int | None) -> str:
    if before is None:
        return f"{name}: costs {now} and is not recorded"
    if now is None:
        return f"{name}: is recorded with {before} and not measured any more"
    word = "rose" if now > before else "fell"
    return f"{name}: {word} from {before} to {now} ({now - before:+})"
