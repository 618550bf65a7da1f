"""DID documents: which keys and accounts a DID names, and for what. Pure.

Sources: W3C Controlled Identifiers 1.0 (2.1 to 2.3, 3.3), W3C Decentralized Identifiers 1.0 (3.1
syntax, 3.2 relative DID URLs), and, for the kinds of verification methods, Ed25519Signature2018
and 2020, EcdsaSecp256k1Signature2019, EcdsaSecp256k1RecoverySignature2020, JsonWebSignature2020 and
the security vocabulary. A document is read as JSON (application/did+json): its `@context` is not
looked at.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .document import JsonObject, parse_json
from .ecdsa import P256, SECP256K1, Curve, EcPublicKey
from .errors import InvalidArgument, Refusal, shown
from .jwk import read_jwk
from .keys import Account, Ed25519PublicKey, PublicKey, read_multikey
from .multibase import base58btc_decode
from .times import parse_stamp

# A document with a hundred keys stays below this; the 540 that fit are read in 0.04 s.
MAX_DID_DOCUMENT_BYTES: Final = 64 << 10
# An RSA key of 8192 bits, written twice in base64url by did:jwk, comes to 1,950 characters.
MAX_DID_CHARACTERS: Final = 2048
_Forms = Mapping[str, Callable[[Any], PublicKey]]
_Kind = tuple[_Forms, Callable[[PublicKey], bool]]
_IDCHAR: Final = r"(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})"
_DID: Final = re.compile(rf"did:[a-z0-9]+:(?:{_IDCHAR}*:)*{_IDCHAR}+")
_RELATIONSHIPS: Final = (
    "authentication",
    "assertionMethod",
    "keyAgreement",
    "capabilityInvocation",
    "capabilityDelegation",
)
_FORMS: Final = ("Multibase", "Jwk", "Base58", "Hex")
_KEY_MEMBERS: Final = frozenset(f"publicKey{form}" for form in _FORMS)
# What only the holder may know: a key beside which it stands is no longer a secret.
_SECRET_MEMBERS: Final = frozenset(
    f"{word}Key{form}" for word in ("secret", "private") for form in _FORMS
)
# Of a key on one of the curves here: compressed, or of Ed25519.
_KEY_IN_HEX: Final = re.compile("(?:[0-9a-fA-F]{2}){32,33}")


@dataclass(frozen=True)
class VerificationMethod:
    """A verification method (Controlled Identifiers 1.0, 2.2); `id` is an absolute DID URL.

    `key` and `account` are what could be read of it: neither, where its kind is not read here, or
    its value breaks the kind's rules. `revoked` and `expires` are points in time.
    """

    id: str
    controller: str
    key: PublicKey | None = None
    account: Account | None = None
    revoked: datetime | None = None
    expires: datetime | None = None

    def in_force(self, moment: datetime) -> bool:
        """Whether it is neither revoked nor expired at `moment`."""
        return all(end is None or moment < end for end in (self.revoked, self.expires))


@dataclass(frozen=True)
class DidDocument:
    """A DID's verification methods, and the ids of those for the purpose `assertionMethod`."""

    id: str
    methods: tuple[VerificationMethod, ...]
    assertion_methods: frozenset[str]

    @property
    def accounts(self) -> frozenset[Account]:
        """Every account that the DID says is its own, also by what is revoked or expired now."""
        return frozenset(m.account for m in self._own() if m.account)

    def accounts_at(self, moment: datetime) -> frozenset[Account]:
        """The accounts that are the DID's at `moment`: of an anchor, the time of the anchor."""
        return frozenset(m.account for m in self._own() if m.account and m.in_force(moment))

    def retrieve(self, method_id: str) -> VerificationMethod:
        """The method with a key that may sign assertions (Controlled Identifiers 1.0, 3.3).

        Whether it is in force is left to the caller, who knows the time of the signature. Raises
        `Refusal` at `signature`, in the order of the algorithm: `key_unresolved` when the
        document has no such method, or its key is not read here; `not_issuer` when the method
        names another controller; `wrong_purpose` when it is not for `assertionMethod`.
        """
        method = next((method for method in self.methods if method.id == method_id), None)
        if method is None or method_id.partition("#")[0] != self.id:
            raise Refusal("signature", "key_unresolved", f"{self.id} has no key {shown(method_id)}")
        if method.key is None:
            raise Refusal("signature", "key_unresolved", f"the key {method_id} is not read here")
        if method.controller != self.id:
            detail = f"{method_id} is controlled by {shown(method.controller)}"
            raise Refusal("signature", "not_issuer", detail)
        if method_id not in self.assertion_methods:
            raise Refusal("signature", "wrong_purpose", f"{method_id} is not for assertionMethod")
        return method

    def _own(self) -> tuple[VerificationMethod, ...]:
        """A method of another controller is that one's, whoever lists it (3.3, step 10)."""
        return tuple(method for method in self.methods if method.controller == self.id)


def require_did(did: str) -> None:
    """Refuse what is no DID (DID 1.0, 3.1), or a long one; raises `InvalidArgument`."""
    if len(did) > MAX_DID_CHARACTERS or not _DID.fullmatch(did):
        raise InvalidArgument(f"{shown(did)} is not a DID, or too long")


def read_did_document(data: bytes, did: str) -> DidDocument:
    """The document of `did`, from the JSON that its method gives; raises `InvalidArgument`.

    An `https` URL may stand for the DID: its document is read alike (Controlled Identifiers 1.0,
    2.1.1). Refused are strict JSON's cases (`document.parse_json`), another `id` than `did`,
    members of another shape than the specification's, different methods of one id, and times that
    cannot be read.
    """
    if not did.startswith("https://"):
        require_did(did)
    try:
        document = parse_json(data, MAX_DID_DOCUMENT_BYTES)
    except Refusal as refusal:
        raise InvalidArgument(f"the document of {did}: {refusal.detail}") from refusal
    if document.get("id") != did:
        raise InvalidArgument(f"the document of {did} says it is of {shown(document.get('id'))}")
    listed = {name: _list(document, name) for name in ("verificationMethod", *_RELATIONSHIPS)}
    return DidDocument(
        did,
        tuple(_method(item) for item in _given(listed, did).values()),
        frozenset(_method_id(item, did) for item in listed["assertionMethod"]),
    )


def _given(listed: Mapping[str, list[Any]], did: str) -> dict[str, JsonObject]:
    """The methods given by value, by their absolute ids; one that stands twice alike is one."""
    given: dict[str, JsonObject] = {}
    for name, items in listed.items():
        for item in items:
            if isinstance(item, str) and name != "verificationMethod":
                continue
            if not isinstance(item, dict):
                raise InvalidArgument("a verification method is an object")
            method_id = _method_id(item, did)
            whole = {**item, "id": method_id}
            if given.setdefault(method_id, whole) != whole:
                raise InvalidArgument(f"different verification methods have the id {method_id}")
    return given


def _list(document: JsonObject, name: str) -> list[Any]:
    items = document.get(name, [])
    if not isinstance(items, list):
        raise InvalidArgument(f"{name} of a DID document is a list")
    return items


def _method_id(item: Any, did: str) -> str:
    """The absolute id of a method given by reference or by value (2.3).

    `#key` is one of the document's own (DID 1.0, 3.2.2). Anything else stands as it is: what is
    no DID URL of this document is never asked for (`retrieve`).
    """
    reference = item.get("id") if isinstance(item, dict) else item
    if not isinstance(reference, str):
        raise InvalidArgument("a verification method is named by a text")
    return did + reference if reference.startswith("#") else reference


def _method(item: JsonObject) -> VerificationMethod:
    """A method given by value; raises `InvalidArgument` without type or controller (2.2)."""
    method_id = item["id"]
    kind, controller = item.get("type"), item.get("controller")
    if not isinstance(kind, str) or not isinstance(controller, str):
        raise InvalidArgument(f"{method_id} has no type or no controller")
    return VerificationMethod(
        method_id,
        controller,
        _key(kind, item),
        _account(item),
        _time(item, "revoked"),
        _time(item, "expires"),
    )


def _time(item: JsonObject, member: str) -> datetime | None:
    if member not in item:
        return None
    value = item[member]
    return parse_stamp(value if isinstance(value, str) else "")


def _account(item: JsonObject) -> Account | None:
    value = item.get("blockchainAccountId")
    try:
        return Account.parse(value) if isinstance(value, str) else None
    except InvalidArgument:
        return None


def _key(kind: str, item: JsonObject) -> PublicKey | None:
    """The key, where its kind is read and it is given in one way alone (2.2)."""
    given = _KEY_MEMBERS.intersection(item)
    if kind not in _KINDS or len(given) != 1 or _SECRET_MEMBERS.intersection(item):
        return None
    (member,) = given
    forms, is_of_the_kind = _KINDS[kind]
    try:
        key = forms[member](item[member]) if member in forms else None
    except InvalidArgument:
        return None
    return key if key is not None and is_of_the_kind(key) else None


def _multikey(value: Any) -> PublicKey:
    return read_multikey(_text(value))


def _raw(read: Callable[[bytes], PublicKey]) -> _Forms:
    """The four ways to write a key of one curve; in the older two its bytes stand alone."""
    return {
        "publicKeyMultibase": _multikey,
        "publicKeyJwk": read_jwk,
        "publicKeyBase58": lambda value: read(base58btc_decode("z" + _text(value))),
        "publicKeyHex": lambda value: read(_hexadecimal(_text(value))),
    }


def _hexadecimal(text: str) -> bytes:
    if not _KEY_IN_HEX.fullmatch(text):
        raise InvalidArgument("not a key in hexadecimal")
    return bytes.fromhex(text)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidArgument("a key that is not text")
    return value


_MULTIKEY: Final[_Kind] = {"publicKeyMultibase": _multikey}, lambda _: True
_JWK: Final[_Kind] = {"publicKeyJwk": read_jwk}, lambda _: True
_ED25519: Final[_Kind] = _raw(Ed25519PublicKey), lambda key: isinstance(key, Ed25519PublicKey)


def _on(curve: Curve) -> _Kind:
    return (
        _raw(lambda data: EcPublicKey(curve, data)),
        lambda key: isinstance(key, EcPublicKey) and key.curve == curve,
    )


# In which members a kind of method has its key, and which keys it may be.
_KINDS: Final[dict[str, _Kind]] = {
    "Multikey": _MULTIKEY,
    **dict.fromkeys(("JsonWebKey", "JsonWebKey2020", "JwsVerificationKey2020"), _JWK),
    **dict.fromkeys(("Ed25519VerificationKey2018", "Ed25519VerificationKey2020"), _ED25519),
    "EcdsaSecp256k1VerificationKey2019": _on(SECP256K1),
    "EcdsaSecp256r1VerificationKey2019": _on(P256),
}
