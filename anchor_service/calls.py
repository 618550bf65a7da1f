"""Calls of the registry for an issuer, to be sent by a key of ours or signed by a wallet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from web3 import Web3
from web3.types import TxParams

from registry.core.contract import CONTRACT, REGISTRY
from registry.core.keys import Account
from registry.core.times import from_seconds, write_stamp

KINDS: Final = {"revoke": 0, "suspend": 1, "reinstate": 2}
ROLES: Final = {"anchor": 1, "revoke": 2, "suspend": 4, "reinstate": 8}
# A hot key can do nothing that cannot be undone, but anchor (contract: three tiers of keys).
DEFAULT_ROLES: Final = ("anchor", "suspend", "reinstate")
# The contract's way to say that roles have no end.
FOR_EVER: Final = 2**40 - 1


@dataclass(frozen=True)
class Call:
    """One call on one chain: the contract `to` (0x), its `data` (0x hex), and what it does."""

    chain_id: int
    to: str
    data: str
    says: str

    @property
    def transaction(self) -> TxParams:
        return {"to": _address(self.to), "data": self.data}  # type: ignore[typeddict-item]


def set_operator(issuer: Account, operator: str, roles: Iterable[str], expires: int) -> Call:
    """Give `operator` exactly `roles` until `expires` (seconds since 1970; `FOR_EVER`)."""
    named = [role for role in ROLES if role in set(roles)]
    bits = sum(ROLES[role] for role in named)
    until = "for ever" if expires == FOR_EVER else f"until {write_stamp(from_seconds(expires))}"
    says = f"appoint {operator} to {', '.join(named)} {until}"
    return _call(issuer, "setOperator", [_address(operator), bits, expires], says)


def remove_operator(issuer: Account, operator: str) -> Call:
    """Take all roles from `operator`; by itself, it resigns."""
    arguments = [_address(operator), 0, 0]
    return _call(issuer, "setOperator", arguments, f"take all roles from {operator}")


def commit_successor(issuer: Account, successor: str) -> Call:
    """Commit, once, who may take over at any time."""
    says = f"commit {successor} as the successor; nobody but it can change that later"
    return _call(issuer, "commitSuccessor", [digest(successor)], says)


def succeed(issuer: Account, next_successor: str) -> Call:
    """Take over as the committed successor; all operators lose their roles."""
    says = f"take over as the controller; the next successor is {next_successor}"
    return _call(issuer, "succeed", [digest(next_successor)], says)


def set_status(issuer: Account, root: bytes, kind: str, patches: Sequence[tuple[int, int]]) -> Call:
    """Change the status of single credentials of the batch `root`: (word, mask) pairs."""
    count = sum(mask.bit_count() for _, mask in patches)
    says = f"{kind} {count} of the batch {root.hex()}"
    return _call(issuer, "setStatus", [root, KINDS[kind], list(patches)], says)


def set_batch_status(issuer: Account, kind: str, roots: Sequence[bytes]) -> Call:
    """Change the status of whole batches."""
    says = f"{kind} {len(roots)} whole batches, the first of them {roots[0].hex()}"
    return _call(issuer, "setBatchStatus", [KINDS[kind], list(roots)], says)


def digest(successor: str) -> bytes:
    """The commitment to a successor: keccak256(abi.encode(address))."""
    return bytes(Web3.keccak(bytes(12) + bytes.fromhex(successor.removeprefix("0x"))))


def when(expires: int) -> datetime | None:
    """The end of roles; none for roles without end."""
    return None if expires == FOR_EVER else from_seconds(expires)


def _call(issuer: Account, name: str, arguments: list[Any], says: str) -> Call:
    contract = Web3().eth.contract(address=_address(REGISTRY.address), abi=CONTRACT["abi"])
    data = contract.encode_abi(name, args=[_address(issuer.address), *arguments])
    return Call(issuer.chain_id, _address(REGISTRY.address), data, f"{issuer}: {says}")


def _address(value: str | bytes) -> Any:
    return Web3.to_checksum_address(value)
