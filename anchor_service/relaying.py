"""The relay on a chain: putting it there, and having carried out what others signed."""

from collections.abc import Mapping
from typing import Any, Final

from eth_account.signers.local import LocalAccount
from hexbytes import HexBytes
from web3 import Web3
from web3.contract import Contract
from web3.exceptions import ContractCustomError, Web3Exception
from web3.types import TxReceipt

from .calls import KINDS, Call
from .chain import registry_at
from .node import ChainProblem
from .relay_requests import RELAY, AnchorRequest, Request, StatusRequest, says
from .sending import deliver, settle

# What the two contracts refuse with, and what that means for whoever sends a request.
REFUSALS: Final[Mapping[str, str]] = {
    "DeadlinePassed": "its deadline is over: have it signed anew",
    "NotEntitled": "its signer is neither the issuer's controller nor an operator with the role",
    "InvalidSignature": "its signature is not its signer's over exactly this",
    "NonceAlreadySpent": "it was carried out before, or its signer cancelled it",
    "NotAuthorized": "the issuer has not appointed the relay as an operator with the role",
    "AlreadyAnchored": "the issuer has anchored this root already",
    "NotAnchored": "the issuer has not anchored this root",
    "InvalidBatch": "a root or a size of 0 cannot be anchored",
    "EmptyPatch": "it changes no credential",
    "IndexOutOfRange": "it names a credential that the batch does not have",
}
_SELECTORS: Final = {Web3.keccak(text=f"{name}()")[:4].hex(): name for name in REFUSALS}


def relay_at(w3: Web3) -> Contract:
    """The relay on the chain of `w3`; raises `ChainProblem` when its code is not there."""
    contract = _contract(w3)
    if Web3.keccak(w3.eth.get_code(contract.address)) != HexBytes(RELAY["runtimeCodeHash"]):
        raise ChainProblem(
            f"there is no relay at {contract.address}: `credroot relay deploy` puts it there"
        )
    return contract


def creation(chain_id: int) -> Call:
    """The call of the deterministic deployer that creates the relay; anybody may make it."""
    data = "0x" + RELAY["salt"][2:] + RELAY["creationCode"][2:]
    return Call(chain_id, RELAY["deployer"], data, f"create the relay at {RELAY['address']}")


def ensure_relay(w3: Web3, payer: LocalAccount) -> bool:
    """Deploy the relay, where the registry is already; `False` if it was there.

    Raises `ChainProblem`.
    """
    # The deployer is where the registry is: that came through it.
    registry_at(w3)
    settle(w3, payer.address)
    if w3.eth.get_code(Web3.to_checksum_address(RELAY["address"])):
        relay_at(w3)
        return False
    deliver(w3, payer, creation(w3.eth.chain_id).transaction)
    relay_at(w3)
    return True


def relay(w3: Web3, payer: LocalAccount, request: Request, signature: bytes) -> TxReceipt | None:
    """Have a signed request carried out, paid by `payer`; `None` when the chain shows it already.

    Raises `ChainProblem`, with the reason, for whatever the contracts would refuse.
    """
    contract = _relay_for(w3, request)
    # What an earlier command sent may be under way.
    settle(w3, payer.address)
    if _is_done(w3, contract, request):
        return None
    call = carrying_out(request, signature)
    _require_accepted(w3, payer, call)
    return deliver(w3, payer, call.transaction)


def cancel(w3: Web3, signer: LocalAccount, request: StatusRequest) -> TxReceipt | None:
    """Take a request back, by its signer; `None` when its nonce is spent already.

    Raises `ChainProblem`.
    """
    contract = _relay_for(w3, request)
    settle(w3, signer.address)
    if contract.functions.isSpent(signer.address, request.nonce).call():
        return None
    return deliver(w3, signer, cancellation(request).transaction)


def carrying_out(request: Request, signature: bytes) -> Call:
    """The call that has a signed request carried out; anybody may make it."""
    head = (
        Web3.to_checksum_address(request.signer),
        Web3.to_checksum_address(request.issuer.address),
        request.root,
    )
    fields: tuple[Any, ...]
    if isinstance(request, AnchorRequest):
        name, fields = "anchor", (*head, request.size, request.deadline)
    else:
        kind, patches = KINDS[request.kind], list(request.patches)
        name, fields = "setStatus", (*head, kind, patches, request.nonce, request.deadline)
    return _call(request, name, [fields, signature], says(request))


def cancellation(request: StatusRequest) -> Call:
    """The call with which the signer of a request takes it back."""
    return _call(request, "cancel", [request.nonce], f"take back: {says(request)}")


def _call(request: Request, name: str, arguments: list[Any], what: str) -> Call:
    data = _contract(Web3()).encode_abi(name, args=arguments)
    return Call(request.issuer.chain_id, RELAY["address"], data, what)


def _contract(w3: Web3) -> Contract:
    return w3.eth.contract(Web3.to_checksum_address(RELAY["address"]), abi=RELAY["abi"])


def _relay_for(w3: Web3, request: Request) -> Contract:
    found, wanted = w3.eth.chain_id, request.issuer.chain_id
    if found != wanted:
        raise ChainProblem(f"the request is for chain {wanted}, the node is on chain {found}")
    return relay_at(w3)


def _is_done(w3: Web3, contract: Contract, request: Request) -> bool:
    if isinstance(request, AnchorRequest):
        size = _words(w3, request, 0, 0)[0][5]
        if size not in {0, request.size}:
            raise ChainProblem(f"the issuer has anchored this root already, with size {size}")
        return bool(size)
    signer = Web3.to_checksum_address(request.signer)
    if not contract.functions.isSpent(signer, request.nonce).call():
        return False
    if not _shows(w3, request):
        raise ChainProblem(f"{REFUSALS['NonceAlreadySpent']}; the chain does not show what it asks")
    return True


def _shows(w3: Web3, request: StatusRequest) -> bool:
    """Whether all credentials of the request have the status that it asks for."""
    for word, mask in request.patches:
        lanes = _words(w3, request, word, 1)[1]
        revoked, suspended = lanes[0] if lanes else (0, 0)
        lane = {"revoke": revoked, "suspend": suspended, "reinstate": ~suspended}[request.kind]
        if lane & mask != mask:
            return False
    return True


def _words(w3: Web3, request: Request, first: int, count: int) -> Any:
    issuer = Web3.to_checksum_address(request.issuer.address)
    return registry_at(w3).functions.statusWords(issuer, request.root, first, count).call()


def _require_accepted(w3: Web3, payer: LocalAccount, call: Call) -> None:
    """The contracts' own answer, before anything is paid."""
    try:
        w3.eth.call({**call.transaction, "from": payer.address})
    except ContractCustomError as error:
        data = str(error.data or error)
        name = next((name for code, name in _SELECTORS.items() if code in data), None)
        told = REFUSALS[name] if name else data
        raise ChainProblem(f"the request would be refused: {told}") from error
    except Web3Exception as error:
        raise ChainProblem(f"the request would be refused: {error}") from error
