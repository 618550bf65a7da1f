"""Whose keys act for an issuer: what the registry on a chain says of them now."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from web3 import Web3
from web3.exceptions import Web3Exception

from registry.core.contract import Batch
from registry.core.keys import Account

from .calls import ROLES
from .chain import registry_at
from .node import ChainProblem

# Public nodes answer for some thousands of blocks at once, none for all; fewer are asked for when
# one refuses.
MOST_BLOCKS: Final = 50_000
FEWEST_BLOCKS: Final = 100


@dataclass(frozen=True)
class Operator:
    """An operator that has roles now; `expires` in seconds since 1970, or `calls.FOR_EVER`."""

    address: str
    roles: tuple[str, ...]
    expires: int


@dataclass(frozen=True)
class Anchored:
    """One batch of an issuer, as it stands; times in seconds since 1970, `revoked_at` 0 if not."""

    root: bytes
    size: int
    seq: int
    anchored_at: int
    revoked_at: int


@dataclass(frozen=True)
class IssuerKeys:
    """Who may act for an issuer now; `successor` is the committed digest (32 bytes), if any.

    `ended` are former operators: removed, expired, or of before a succession.
    """

    controller: str
    successor: bytes | None
    successions: int
    batches: int
    operators: tuple[Operator, ...]
    ended: tuple[str, ...]


class IssuerOnChain:
    """One issuer's record in the registry, as a node shows it at the newest block."""

    def __init__(self, w3: Web3, issuer: Account) -> None:
        """Raises `ChainProblem` when the node is of another chain or has no registry."""
        found = w3.eth.chain_id
        if found != issuer.chain_id:
            raise ChainProblem(
                f"the node is on chain {found}, the issuer's account on {issuer.chain_id}"
            )
        self.w3 = w3
        self._contract = registry_at(w3)
        self._issuer = Web3.to_checksum_address(issuer.address)

    @property
    def controller(self) -> str:
        return str(self._record()[0])

    @property
    def successor(self) -> bytes | None:
        """The digest (32 bytes) that is committed, if one is."""
        found = bytes(self._record()[4])
        return found if any(found) else None

    @property
    def successions(self) -> int:
        """How many there were."""
        return int(self._record()[2])

    def operator(self, address: str) -> Operator | None:
        """The roles of one operator, if it has any now."""
        operator = Web3.to_checksum_address(address)
        bits, expires = self._contract.functions.operatorOf(self._issuer, operator).call()
        roles = tuple(role for role, bit in ROLES.items() if bits & bit)
        return Operator(operator, roles, expires) if roles else None

    def keys(self, first_block: int, at: Callable[[int, int], None]) -> IssuerKeys:
        """All who may act; operators are found by the events from `first_block` on.

        `at(done, total)` is told how many blocks are read. Raises `ChainProblem`.
        """
        controller, batches, successions, _, successor = self._record()
        last = self.w3.eth.block_number
        logs = self._logs("OperatorSet", first_block, last, at)
        named = dict.fromkeys(log["args"]["operator"] for log in logs)
        found = {address: self.operator(address) for address in named}
        return IssuerKeys(
            controller,
            bytes(successor) if any(successor) else None,
            successions,
            batches,
            tuple(operator for operator in found.values() if operator),
            tuple(address for address, operator in found.items() if operator is None),
        )

    def anchored(self, first_block: int, at: Callable[[int, int], None]) -> list[bytes]:
        """The roots of all batches, by the events from `first_block` on.

        Raises `ChainProblem` where some are missing: the registry counts the batches.
        """
        count, last = self._record()[1], self.w3.eth.block_number
        logs = self._logs("Anchored", first_block, last, at)
        roots = list(dict.fromkeys(bytes(log["args"]["root"]) for log in logs))
        if len(roots) < count:
            raise ChainProblem(
                f"the registry counts {count} batches, the node shows {len(roots)}: ask another "
                "node, or one that keeps all events"
            )
        return roots

    def batches(self, roots: Iterable[bytes]) -> list[Anchored]:
        """How the batches with `roots` stand, in the order of their numbers."""
        found = []
        for root in roots:
            head = self._contract.functions.statusWords(self._issuer, root, 0, 0).call()[0]
            batch = Batch(*head)
            stands = Anchored(root, batch.size, batch.seq, batch.anchored_at, batch.revoked_at)
            found.append(stands)
        return sorted(found, key=lambda batch: batch.seq)

    def _record(self) -> Any:
        return self._contract.functions.issuerOf(self._issuer).call()

    def _logs(
        self, event: str, first: int, last: int, at: Callable[[int, int], None]
    ) -> Iterator[Any]:
        """The issuer's events of one name, in their order, a stretch of blocks at a time."""
        start, blocks = first, MOST_BLOCKS
        while start <= last:
            end = min(start + blocks - 1, last)
            try:
                logs = getattr(self._contract.events, event).get_logs(
                    from_block=start, to_block=end, argument_filters={"issuer": self._issuer}
                )
            except Web3Exception as error:
                if blocks <= FEWEST_BLOCKS:
                    raise ChainProblem(f"the node does not give the events: {error}") from error
                blocks //= 2
                continue
            yield from logs
            start = end + 1
            at(start - first, last - first + 1)


def parse_address(text: str) -> str:
    """An address in its checksummed form (EIP-55); raises `ChainProblem` for one that is none.

    One in mixed case must have its own checksum right: a typed digit too few shows here.
    """
    is_plain = text[2:] in (text[2:].lower(), text[2:].upper())
    is_right = Web3.is_address(text) if is_plain else Web3.is_checksum_address(text)
    if not text.startswith("0x") or not is_right:
        raise ChainProblem(
            f"{text!r} is not an address: want 0x and 40 hex digits, as its wallet shows"
        )
    return Web3.to_checksum_address(text)
