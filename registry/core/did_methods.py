"""DIDs that are resolved without asking anybody, and where did:web has its document. Pure.

Sources: the methods did:key, did:web (W3C CCG), did:pkh (W3C CCG, CAIP-10), did:jwk, did:ethr
(ERC-1056). Whatever is malformed or not supported raises `InvalidArgument`: the caller knows
whether a signing key (`signature.key_unresolved`) or an issuer's account (`issuer.unresolved`)
was asked for.
"""

import re
from collections.abc import Callable
from typing import Final

from eth_hash.auto import keccak

from .did import DidDocument, VerificationMethod, require_did
from .document import parse_json
from .ecdsa import SECP256K1, EcPublicKey
from .errors import InvalidArgument, Refusal, shown
from .jwk import read_jwk
from .keys import ADDRESS_BYTES, Account, PublicKey, read_multikey
from .multibase import base64url_decode

# RFC 1035, 2.3.4: the longest name, and RFC 1123, 2.1: letters, digits, hyphens inside a label.
_MAX_HOST_CHARACTERS: Final = 253
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# Any address of IPv4, in every spelling that resolvers take (decimal, octal, hexadecimal, short),
# ends in a label like this; no top-level domain does.
_NUMBER: Final = re.compile("[0-9]+|0[xX][0-9a-fA-F]*")
_PORT: Final = re.compile("[1-9][0-9]{0,4}")
_MAX_PORT: Final = 65535
# Encoded, these would be read as another path by some server or proxy on the way.
_ENCODED_DANGER: Final = re.compile("%(?:2F|5C|[01][0-9A-F]|7F)", re.IGNORECASE)
_ENCODED_DOT: Final = re.compile("%2E", re.IGNORECASE)

# The names of the method's own specification, and the test network that took over from goerli.
_ETHR_NETWORKS: Final = {"mainnet": 1, "goerli": 5, "sepolia": 11_155_111}
_ETHR: Final = re.compile(
    "did:ethr:(?:(?P<name>[a-z]+):|0x(?P<number>[0-9a-fA-F]{1,16}):)?"
    "0x(?:(?P<address>[0-9a-fA-F]{40})|(?P<key>[0-9a-fA-F]{66}))"
)


def resolve(did: str) -> DidDocument | None:
    """The document of a DID whose method needs no network; `None` where it needs one (did:web).

    A document holds what is of use for verifying assertions: methods for other purposes (such as
    the X25519 key that did:key derives) are left out. Raises `InvalidArgument` for what is no
    DID, for a method that is not known, and for keys and chains that are not read.
    """
    require_did(did)
    method = did.split(":", 2)[1]
    if method == "web":
        return None
    if method not in _METHODS:
        raise InvalidArgument(f"the DID method {shown(method)} is not known")
    return _METHODS[method](did)


def did_web_url(did: str) -> str:
    """Where the document of a did:web is (did:web, "Read"); raises `InvalidArgument`.

    The host is a domain name in its ASCII form, never an address; the only other thing that is
    decoded is the colon before a port. Segments of the path stay as they are, and none of them is
    empty, `.`, `..`, or hides a slash, a backslash or a control character.
    """
    require_did(did)
    if not did.startswith("did:web:"):
        raise InvalidArgument(f"{did} is not a did:web")
    authority, *segments = did.removeprefix("did:web:").split(":")
    path = "/".join(_segment(segment, did) for segment in segments) or ".well-known"
    return f"https://{_authority(authority, did)}/{path}/did.json"


def _authority(text: str, did: str) -> str:
    host, colon, port = re.sub("%3A", ":", text, count=1, flags=re.IGNORECASE).partition(":")
    labels = host.split(".")
    if len(host) > _MAX_HOST_CHARACTERS or not _HOST.fullmatch(host):
        raise InvalidArgument(f"the host of {did} is not a domain name")
    if _NUMBER.fullmatch(labels[-1]):
        raise InvalidArgument(f"the host of {did} is an address, not a domain name")
    if colon and (not _PORT.fullmatch(port) or int(port) > _MAX_PORT):
        raise InvalidArgument(f"{did} has no port after its colon")
    return f"{host.lower()}{colon}{port}"


def _segment(segment: str, did: str) -> str:
    plain = _ENCODED_DOT.sub(".", segment)
    if plain in ("", ".", "..") or _ENCODED_DANGER.search(segment):
        raise InvalidArgument(f"the path of {did} leads somewhere else")
    return segment


def _did_key(did: str) -> DidDocument:
    """did:key, "Read": the key is the DID, and its Multikey is the method's name."""
    multikey = did.removeprefix("did:key:")
    return _document(did, (multikey, read_multikey(multikey)))


def _did_jwk(did: str) -> DidDocument:
    """did:jwk, "Read"; a key whose `use` is `enc` is not for assertions, and not read."""
    try:
        jwk = parse_json(base64url_decode(did.removeprefix("did:jwk:")))
    except Refusal as refusal:
        raise InvalidArgument(f"not a did:jwk: {refusal.detail}") from refusal
    return _document(did, ("0", read_jwk(jwk)))


def _did_pkh(did: str) -> DidDocument:
    """did:pkh, "Read", of the namespace eip155."""
    return _document(did, ("blockchainAccountId", Account.from_did_pkh(did)))


def _did_ethr(did: str) -> DidDocument:
    """did:ethr, "Create": what its document says where ERC-1056's registry was never told a thing.

    Whether it was told (another owner, more keys) was NOT looked up: that takes a node. A DID
    whose owner has changed resolves here to the owner that it began with.
    """
    match = _ETHR.fullmatch(did)
    if match is None:
        raise InvalidArgument(f"{did} is not a did:ethr")
    chain_id = _ethr_chain(match["name"], match["number"])
    if match["address"]:
        return _document(did, ("controller", Account.parse(f"{chain_id}0x{match['address']}")))
    key = EcPublicKey(SECP256K1, bytes.fromhex(match["key"]))
    account = Account.parse(f"{chain_id}0x{_address(key).hex()}")
    return _document(did, ("controller", account), ("controllerKey", key))


def _ethr_chain(name: str | None, number: str | None) -> str:
    """The CAIP-2 chain and a colon; no network means mainnet."""
    if number is not None:
        return f"eip155:{int(number, 16)}:"
    if (name or "mainnet") not in _ETHR_NETWORKS:
        raise InvalidArgument(f"the network {shown(name)} of did:ethr is not known")
    return f"eip155:{_ETHR_NETWORKS[name or 'mainnet']}:"


def _address(key: EcPublicKey) -> bytes:
    """The Ethereum address of a key on secp256k1 (Yellow Paper, appendix F)."""
    return keccak(b"".join(key.coordinates))[-ADDRESS_BYTES:]


def _document(did: str, *named: tuple[str, PublicKey | Account]) -> DidDocument:
    """The document of methods that are all for assertions, each by its fragment."""
    methods = tuple(
        VerificationMethod(f"{did}#{fragment}", did, account=value)
        if isinstance(value, Account)
        else VerificationMethod(f"{did}#{fragment}", did, key=value)
        for fragment, value in named
    )
    return DidDocument(did, methods, frozenset(method.id for method in methods))


_METHODS: Final[dict[str, Callable[[str], DidDocument]]] = {
    "key": _did_key,
    "jwk": _did_jwk,
    "pkh": _did_pkh,
    "ethr": _did_ethr,
}
