"""The anchor proof `evm-merkle-2026`: one credential's place in an anchored Merkle tree.

It is one more Data Integrity proof in the set, independent of the signature, hashed over JCS so
that no context that changes or disappears can break it.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import cbor2

from .canonical import jcs
from .document import JsonObject
from .errors import InvalidArgument, Refusal
from .keys import ADDRESS_BYTES, Account
from .merkle import (
    HASH_BYTES,
    MAX_TREE_SIZE,
    leaf_hash,
    path_length,
    root_from_path,
)
from .suites import PROOF_TYPE
from .times import is_utc_seconds

CRYPTOSUITE: Final = "evm-merkle-2026"
VERSION: Final = 1
FRAGMENT: Final = "#blockchainAccountId"
MEMBERS: Final = frozenset(
    ("type", "cryptosuite", "created", "proofPurpose", "verificationMethod", "proofValue")
)
# 32 path hashes in CBOR and base64url come to 1,500 characters.
MAX_VALUE_CHARACTERS: Final = 2048


@dataclass(frozen=True)
class Anchor:
    """A decoded anchor proof: where on which chain the leaf must be found."""

    account: Account
    created: str
    registry: bytes
    size: int
    index: int
    path: tuple[bytes, ...]


@dataclass(frozen=True)
class Claim:
    """What an anchor proof says of a document: this `root` of `anchor.account` holds it."""

    anchor: Anchor
    leaf: bytes
    root: bytes


def is_anchor_proof(proof: JsonObject) -> bool:
    """Whether `proof` says that it is of this suite; `decode` reads it."""
    return proof.get("cryptosuite") == CRYPTOSUITE


def options(account: Account, created: str) -> JsonObject:
    """The proof's members but `proofValue`; `created` is UTC to the second."""
    return {
        "type": PROOF_TYPE,
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "proofPurpose": "assertionMethod",
        "verificationMethod": account.did_pkh + FRAGMENT,
    }


def leaf(document: JsonObject, proof_options: JsonObject) -> bytes:
    """The leaf hash of `document` (without proofs) under `proof_options` (without `proofValue`)."""
    return _leaf(document["@context"], sha256(jcs(document)).digest(), proof_options)


def encode(anchor: Anchor) -> JsonObject:
    """The proof object of `anchor`."""
    value = [VERSION, anchor.registry, anchor.size, anchor.index, list(anchor.path)]
    return {**options(anchor.account, anchor.created), "proofValue": _to_multibase(value)}


def decode(proof: JsonObject) -> Anchor:
    """Read a proof object strictly: one value has one spelling.

    Raises `Refusal` at `inclusion` with `malformed`.
    """
    if set(proof) != MEMBERS or proof["type"] != PROOF_TYPE or proof["cryptosuite"] != CRYPTOSUITE:
        raise _malformed("the proof does not have exactly the six members of the suite")
    if proof["proofPurpose"] != "assertionMethod":
        raise _malformed("proofPurpose is not assertionMethod")
    if not isinstance(proof["created"], str) or not is_utc_seconds(proof["created"]):
        raise _malformed("created is not UTC to the second")
    account = _account(proof["verificationMethod"])
    registry, size, index, path = _decode_value(proof["proofValue"])
    return Anchor(account, proof["created"], registry, size, index, path)


def claim(document: JsonObject, proof: JsonObject) -> Claim:
    """Decode `proof` and follow its path from the leaf of `document` (without proofs) to a root.

    Raises `Refusal` at `inclusion` with `malformed`.
    """
    return claims(document, (proof,))[0]


def claims(document: JsonObject, proofs: Sequence[JsonObject]) -> tuple[Claim, ...]:
    """The claim of each proof; the document is hashed once. Raises like `claim`."""
    hashed = sha256(jcs(document)).digest()
    return tuple(_claim(document["@context"], hashed, decode(proof)) for proof in proofs)


def _claim(context: Any, hashed: bytes, anchor: Anchor) -> Claim:
    leaf = _leaf(context, hashed, options(anchor.account, anchor.created))
    return Claim(anchor, leaf, root_from_path(leaf, anchor.size, anchor.index, anchor.path))


def _leaf(context: Any, hashed: bytes, proof_options: JsonObject) -> bytes:
    config = {**proof_options, "@context": context}
    return leaf_hash(sha256(jcs(config)).digest() + hashed)


def _account(method: Any) -> Account:
    did = method.removesuffix(FRAGMENT) if isinstance(method, str) else ""
    try:
        account = Account.from_did_pkh(did)
    except InvalidArgument as error:
        raise _malformed(f"verificationMethod: {error}") from error
    if method != account.did_pkh + FRAGMENT:
        raise _malformed("verificationMethod is not a did:pkh in lower case with its fragment")
    return account


def _decode_value(text: Any) -> tuple[bytes, int, int, tuple[bytes, ...]]:
    match _from_multibase(text):
        case [version, registry, size, index, path]:
            pass
        case _:
            raise _malformed("proofValue is not an array of five")
    if type(version) is not int or version != VERSION:
        raise _malformed("proofValue has an unknown version")
    if type(registry) is not bytes or len(registry) != ADDRESS_BYTES:
        raise _malformed("the registry is not an address")
    if type(size) is not int or type(index) is not int or not 0 <= index < size <= MAX_TREE_SIZE:
        raise _malformed("size and index are not those of a tree")
    if type(path) is not list or len(path) != path_length(size, index):
        raise _malformed("the path's length is not what size and index ask for")
    if any(type(item) is not bytes or len(item) != HASH_BYTES for item in path):
        raise _malformed("a path hash is not 32 bytes")
    return registry, size, index, tuple(path)


def _to_multibase(value: Any) -> str:
    data = cbor2.dumps(value, canonical=True)
    return "u" + urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_multibase(text: Any) -> Any:
    if not isinstance(text, str) or not text.startswith("u") or len(text) > MAX_VALUE_CHARACTERS:
        raise _malformed("proofValue is not multibase base64url, or too long")
    try:
        value = cbor2.loads(urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)))
        again = _to_multibase(value)
    except (ValueError, TypeError, RecursionError, binascii.Error, cbor2.CBORError) as error:
        raise _malformed("proofValue is not CBOR in base64url") from error
    if again != text:
        raise _malformed("proofValue is not in its one deterministic spelling")
    return value


def _malformed(detail: str) -> Refusal:
    return Refusal("inclusion", "malformed", detail)
