"""What one signs and another pays for: requests to the contract RegistryRelay, as EIP-712.

A request's file is the JSON that wallets sign (`eth_signTypedData_v4`); once signed, it has a
member `signature` besides. `relay.json` is what the compiler gave of the contract.
"""

import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from registry.core.document import JsonObject, parse_json
from registry.core.errors import InvalidArgument, Refusal
from registry.core.keys import Account

from .calls import KINDS

RELAY: Final[dict[str, Any]] = json.loads(
    files(__package__).joinpath("relay.json").read_text(encoding="utf-8")
)
# Wallets of several owners sign with all of their signatures in a row; a hundred fit.
MAX_SIGNATURE_BYTES: Final = 8192
SIGNATURE: Final = "signature"

_DOMAIN: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
)
_ANCHOR: Final = (
    ("signer", "address"),
    ("issuer", "address"),
    ("root", "bytes32"),
    ("size", "uint32"),
    ("deadline", "uint256"),
)
_SET_STATUS: Final = (
    ("signer", "address"),
    ("issuer", "address"),
    ("root", "bytes32"),
    ("kind", "uint8"),
    ("patches", "Patch[]"),
    ("nonce", "uint256"),
    ("deadline", "uint256"),
)
_PATCH: Final = (("word", "uint24"), ("mask", "uint256"))
_ADDRESS: Final = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_ROOT: Final = re.compile(r"0x[0-9a-fA-F]{64}", re.ASCII)
_BYTES: Final = re.compile(r"0x(?:[0-9a-fA-F]{2})*", re.ASCII)
# As long as 2^256 - 1 is, in decimal or in hexadecimal digits.
_NUMBER: Final = re.compile(r"0x[0-9a-fA-F]{1,64}|[0-9]{1,78}", re.ASCII)


class NoRequest(Exception):
    """Not a request to the relay, or not one that it could carry out; the text says why."""


@dataclass(frozen=True)
class AnchorRequest:
    """To anchor a batch: `root` has 32 bytes; `deadline` is the last second that counts.

    `signer` is an address (0x, lower case), the issuer's controller or its operator.
    """

    signer: str
    issuer: Account
    root: bytes
    size: int
    deadline: int


@dataclass(frozen=True)
class StatusRequest:
    """To change the status of credentials; `patches` are (word, mask), `nonce` counts once."""

    signer: str
    issuer: Account
    root: bytes
    kind: str
    patches: tuple[tuple[int, int], ...]
    nonce: int
    deadline: int


Request = AnchorRequest | StatusRequest


def typed_data(request: Request) -> JsonObject:
    """The request as wallets take it (`eth_signTypedData_v4`).

    Numbers that no double holds are decimal strings.
    """
    message: JsonObject = {
        "signer": to_checksum_address(request.signer),
        "issuer": to_checksum_address(request.issuer.address),
        "root": "0x" + request.root.hex(),
    }
    types = {"EIP712Domain": _fields(_DOMAIN)}
    if isinstance(request, AnchorRequest):
        name, message["size"] = "Anchor", request.size
        types |= {"Anchor": _fields(_ANCHOR)}
    else:
        name, message["kind"] = "SetStatus", KINDS[request.kind]
        message["patches"] = [{"word": word, "mask": str(mask)} for word, mask in request.patches]
        message["nonce"] = str(request.nonce)
        types |= {"SetStatus": _fields(_SET_STATUS), "Patch": _fields(_PATCH)}
    return {
        "types": types,
        "primaryType": name,
        "domain": {
            "name": RELAY["name"],
            "version": "1",
            "chainId": request.issuer.chain_id,
            "verifyingContract": RELAY["address"],
        },
        "message": {**message, "deadline": request.deadline},
    }


def signable(request: Request) -> SignableMessage:
    """What is signed: version, domain separator and `hashStruct` (EIP-712)."""
    return encode_typed_data(full_message=typed_data(request))


def sign(request: Request, key: LocalAccount) -> bytes:
    """The signature of `key`, 65 bytes. Raises `NoRequest` if the request names another signer."""
    if key.address.lower() != request.signer:
        raise NoRequest(f"this key is {key.address}, the request is to be signed by another")
    return bytes(key.sign_message(signable(request)).signature)


def says(request: Request) -> str:
    """What the request asks for, for people."""
    batch = f"batch {request.root.hex()} of {request.issuer}"
    if isinstance(request, AnchorRequest):
        return f"anchor {batch}, size {request.size}"
    count = sum(mask.bit_count() for _, mask in request.patches)
    return f"{request.kind} {count} in {batch}"


def write_request(request: Request, signature: bytes | None = None) -> bytes:
    """The request's file."""
    made = typed_data(request)
    if signature is not None:
        made[SIGNATURE] = "0x" + signature.hex()
    return json.dumps(made, indent=2).encode() + b"\n"


def read_request(data: bytes) -> tuple[Request, bytes | None]:
    """A request and its signature, if it has one, from its file. Raises `NoRequest`.

    Numbers may be strings too, and addresses in any case: wallets write both.
    """
    try:
        document = parse_json(data)
        signature = document.pop(SIGNATURE, None)
        request = _read(document)
        if not _is_of_relay(document, typed_data(request)):
            raise NoRequest("not a request to this relay: its domain or its types are others")
        return request, None if signature is None else parse_signature(signature)
    except (Refusal, KeyError, TypeError, AttributeError) as error:
        raise NoRequest(f"not a request to the relay: {error}") from error


def parse_signature(text: Any) -> bytes:
    """The bytes of 0x and hex digits; none are a signature to some wallets. Raises `NoRequest`."""
    if not isinstance(text, str) or not _BYTES.fullmatch(text[: 2 * MAX_SIGNATURE_BYTES + 3]):
        raise NoRequest(f"a signature is 0x and hex digits, at most {MAX_SIGNATURE_BYTES} bytes")
    return bytes.fromhex(text[2:])


def _read(document: JsonObject) -> Request:
    message = document["message"]
    chain_id = _number(document["domain"]["chainId"], 53)
    signer, root = _text(message["signer"], _ADDRESS).lower(), _text(message["root"], _ROOT)
    try:
        issuer = Account.parse(f"eip155:{chain_id}:{_text(message['issuer'], _ADDRESS)}")
    except InvalidArgument as error:
        raise NoRequest(f"not a request to the relay: {error}") from error
    root_bytes, deadline = bytes.fromhex(root[2:]), _number(message["deadline"], 53)
    if document["primaryType"] == "Anchor":
        size = _number(message["size"], 32)
        return AnchorRequest(signer, issuer, root_bytes, size, deadline)
    number = _number(message["kind"], 8)
    kind = next((kind for kind, known in KINDS.items() if known == number), None)
    if kind is None:
        raise NoRequest(f"there is no kind of status change {number}")
    patches = tuple(
        (_number(patch["word"], 24), _number(patch["mask"], 256)) for patch in message["patches"]
    )
    nonce = _number(message["nonce"], 256)
    return StatusRequest(signer, issuer, root_bytes, kind, patches, nonce, deadline)


def _is_of_relay(document: JsonObject, made: JsonObject) -> bool:
    """Whether what is signed is what `made` says: the values were read, the frame was not yet."""
    domain, own = document["domain"], made["domain"]
    return bool(
        document["types"] == made["types"]
        and document["primaryType"] == made["primaryType"]
        and domain["name"] == own["name"]
        and domain["version"] == own["version"]
        and str(domain["verifyingContract"]).lower() == own["verifyingContract"].lower()
    )


def _number(value: Any, bits: int) -> int:
    number = _integer(value)
    if number >> bits:
        raise NoRequest(f"{number} does not fit into {bits} bits")
    return number


def _integer(value: Any) -> int:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value, 16) if value.startswith("0x") else int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise NoRequest(f"{value!r} is not a number from 0 on")
    return value


def _text(value: Any, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise NoRequest(f"{value!r} is not hex digits as many as it should be")
    return value


def _fields(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]
