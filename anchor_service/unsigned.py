"""Transactions for a key that is elsewhere: what the controller's wallet must sign and send."""

from typing import Any, Final

from web3 import Web3

from registry.core.contract import CONTRACT, REGISTRY
from registry.core.keys import Account

from .chain import KINDS, ROLES

# A hot key can do nothing that cannot be undone, but anchor (contract: three tiers of keys).
DEFAULT_ROLES: Final = ("anchor", "suspend", "reinstate")


def set_operator(issuer: Account, operator: str, expires: int) -> dict[str, str]:
    """The controller's call that gives `operator` the default roles until `expires` (seconds)."""
    roles = sum(ROLES[role] for role in DEFAULT_ROLES)
    arguments = [_address(issuer.address), _address(operator), roles, expires]
    return _call(issuer, "setOperator", arguments)


def set_status(
    issuer: Account, root: bytes, kind: str, patches: list[tuple[int, int]]
) -> dict[str, str]:
    """The controller's call that makes a status change of one batch."""
    return _call(issuer, "setStatus", [_address(issuer.address), root, KINDS[kind], patches])


def _call(issuer: Account, name: str, arguments: list[Any]) -> dict[str, str]:
    contract = Web3().eth.contract(address=_address(REGISTRY.address), abi=CONTRACT["abi"])
    return {
        "chainId": str(issuer.chain_id),
        "from": _address(issuer.address),
        "to": _address(REGISTRY.address),
        "value": "0",
        "data": contract.encode_abi(name, args=arguments),
    }


def _address(value: str | bytes) -> Any:
    return Web3.to_checksum_address(value)
