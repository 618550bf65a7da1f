"""`did.json`: DIDs resolved without a network, did:web's addresses, and DID documents."""

import json
from typing import Any

from core.anchored_badges import SIGNER
from core.each_suite import ON_P256, ON_P384
from core.ecdsa_signer import EcdsaSigner
from core.test_did import (
    ACCOUNT,
    DID,
    ED25519,
    JWK,
    OF_ONE_CURVE,
    OTHER,
    P256,
    SECP256K1,
    SECP_2019,
    document,
    forms,
    method,
)

from registry.core.did import DidDocument, read_did_document
from registry.core.did_methods import did_web_url, resolve
from registry.core.document import JsonObject
from registry.core.ecdsa import SECP256K1 as CURVE
from registry.core.errors import InvalidArgument, Refusal
from registry.core.jwk import write_jwk
from registry.core.keys import MAX_CHAIN_ID
from registry.core.multibase import base64url_encode
from registry.core.times import write_stamp

from .writing import Case, File, attack, case, file_of, named

DESCRIPTION = (
    "DIDs and their documents (docs/spec/binding.md, 4). `did` with methods: what the document of "
    "the DID says of interest for assertions (keys as JWK, accounts as CAIP-10), found in the DID "
    "itself or in `document`, the exact text that was read. `did` with url: where a did:web has "
    "its document. `did` with document and retrieve: the verification method that is asked for, "
    "for the purpose assertionMethod. Refused: signature.key_unresolved where a signing key was "
    "wanted; the same DID gives issuer.unresolved where an account was."
)
UNRESOLVED = "signature.key_unresolved"


def make() -> File:
    return file_of(
        DESCRIPTION,
        [
            *(_resolved(name, did) for name, did in RESOLVED.items()),
            *(_not_resolved(name, did) for name, did in NOT_RESOLVED.items()),
            *(case(f"web {name}", did, did=did, url=did_web_url(did)) for name, did in WEB.items()),
            *(_no_place(name, did) for name, did in NO_PLACE.items()),
            *(_read(name, value) for name, value in _documents().items()),
            *(_not_read(name, data) for name, data in _broken().items()),
            *_retrievals(),
        ],
    )


def _did_jwk(text: str) -> str:
    return f"did:jwk:{base64url_encode(text.encode())}"


_ONE = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
_ADDRESS = "0x" + "ab" * 20
RESOLVED = {
    "key of ed25519": SIGNER.public_key.did_key,
    "key of p256": ON_P256.public_key.did_key,
    "key of p384": ON_P384.public_key.did_key,
    "key of secp256k1": EcdsaSigner(CURVE, 1234567).public_key.did_key,
    "jwk of p256": _did_jwk(json.dumps(JWK)),
    "jwk of ed25519": _did_jwk(json.dumps(write_jwk(SIGNER.public_key))),
    "pkh": f"did:pkh:eip155:560048:{_ADDRESS}",
    "pkh in capitals": f"did:pkh:eip155:1:0x{'AB' * 20}",
    "ethr by address": f"did:ethr:{_ADDRESS}",
    "ethr on sepolia": f"did:ethr:sepolia:{_ADDRESS}",
    "ethr by chain id": f"did:ethr:0x88bb0:{_ADDRESS}",
    "ethr on the largest chain id": f"did:ethr:{MAX_CHAIN_ID:#x}:{_ADDRESS}",
    "ethr by key": f"did:ethr:0x{_ONE}",
}
NOT_RESOLVED = {
    "did key without a key": "did:key:",
    "did key without a multikey": "did:key:z",
    "did key cut short": f"did:key:{ED25519[:-1]}",
    "did key in another base": f"did:key:{ED25519[1:]}",
    "did key with a version": f"did:key:1.1:{ED25519}",
    "did key with a colon behind": f"did:key:{ED25519}:",
    "URL of a method": f"did:key:{ED25519}#{ED25519}",
    "method in capitals": "did:KEY:" + ED25519,
    "unknown method": "did:ion:abc",
    "method alone": "did:web",
    "URL that is no DID": "https://northmere.example",
    "nothing": "",
    "did jwk of an empty object": _did_jwk("{}"),
    "did jwk of a list": _did_jwk("[]"),
    "did jwk that shows its private key": _did_jwk(json.dumps({**JWK, "d": "AA"})),
    "did jwk for encryption": _did_jwk(json.dumps({**JWK, "use": "enc"})),
    "did jwk padded": _did_jwk(json.dumps(JWK)) + "=",
    "did jwk with a full stop": "did:jwk:e30.",
    "did pkh of one byte": "did:pkh:eip155:1:0x00",
    "did pkh on a chain with a leading zero": f"did:pkh:eip155:01:{_ADDRESS}",
    "did pkh on a chain beyond the largest": f"did:pkh:eip155:{MAX_CHAIN_ID + 1}:{_ADDRESS}",
    "did pkh of another namespace": "did:pkh:bip122:x:1abc",
    "did ethr on a network that is unknown": f"did:ethr:ropsten:{_ADDRESS}",
    "did ethr on chain zero": f"did:ethr:0x0:{_ADDRESS}",
    "did ethr on a chain in decimal": f"did:ethr:1:{_ADDRESS}",
    "did ethr of a point that is not compressed": f"did:ethr:0x{'04' + _ONE[2:]}",
    "did ethr of a point off the curve": "did:ethr:0x02" + "ff" * 32,
    "did ethr cut short": f"did:ethr:{_ADDRESS[:-1]}",
}
WEB = {
    "host": "did:web:w3c-ccg.github.io",
    "path": "did:web:w3c-ccg.github.io:user:alice",
    "port and path": "did:web:example.com%3A3000:user:alice",
    "port in small letters": "did:web:example.com%3a3000",
    "capitals": "did:web:Example.COM",
    "international name": "did:web:xn--mnchen-3ya.example",
    "escaped path": "did:web:1and1.example:a%20b",
    "dots that are no way up": "did:web:a.example:...:..a",
}
NO_PLACE = {
    "no host": "did:web:",
    "IPv4 address": "did:web:127.0.0.1",
    "IPv4 address cut short": "did:web:127.1",
    "IPv4 address as one number": "did:web:2130706433",
    "IPv4 address in hexadecimal": "did:web:0x7f000001",
    "IPv4 address in octal": "did:web:0177.0.0.1",
    "IPv4 address in several bases": "did:web:0x7f.0.0.0x1",
    "IPv4 address and port": "did:web:8.8.8.8%3A443",
    "IPv6 address": "did:web:::1",
    "IPv6 address in brackets": "did:web:%5B%3A%3A1%5D",
    "host that begins with a full stop": "did:web:.example",
    "host that ends in a full stop": "did:web:example.",
    "host with an empty label": "did:web:a..example",
    "label that begins with a hyphen": "did:web:-a.example",
    "label that ends in a hyphen": "did:web:a-.example",
    "label with an underscore": "did:web:a_b.example",
    "user before the host": "did:web:user%40evil.example",
    "path hidden in the host": "did:web:northmere.example%2F.evil.example",
    "fragment hidden in the host": "did:web:northmere.example%23.evil.example",
    "host that is not ASCII": "did:web:m%C3%BCnchen.example",
    "label of 64 letters": f"did:web:{'a' * 64}.example",
    "port of no digits": "did:web:a.example%3A",
    "port zero": "did:web:a.example%3A0",
    "port beyond the largest": "did:web:a.example%3A65536",
    "port with a leading zero": "did:web:a.example%3A0443",
    "two ports": "did:web:a.example%3A443%3A443",
    "empty segment at the end": "did:web:a.example:",
    "empty segment": "did:web:a.example::b",
    "dot for a segment": "did:web:a.example:.",
    "way up": "did:web:a.example:..",
    "way up in the middle": "did:web:a.example:b:..:c",
    "way up in escapes": "did:web:a.example:%2e%2E",
    "slash hidden in a segment": "did:web:a.example:b%2Fc",
    "way up with a backslash": "did:web:a.example:..%5Csecret",
    "header hidden in a segment": "did:web:a.example:b%0d%0aHost%3A evil",
    "zero byte in a segment": "did:web:a.example:%00",
    "URL of a method": "did:web:a.example#key",
    "URL with a query": "did:web:a.example?x=y",
    "URL with a path": "did:web:a.example/b",
}


def _said(found: DidDocument) -> JsonObject:
    methods = []
    for item in found.methods:
        told = {
            "id": item.id,
            "controller": item.controller,
            "publicKeyJwk": write_jwk(item.key) if item.key else None,
            "account": str(item.account) if item.account else None,
            "revoked": write_stamp(item.revoked) if item.revoked else None,
            "expires": write_stamp(item.expires) if item.expires else None,
        }
        methods.append({key: value for key, value in told.items() if value is not None})
    return {"methods": methods, "assertionMethod": sorted(found.assertion_methods)}


def _resolved(name: str, did: str) -> Case:
    found = resolve(did)
    if found is None:
        raise ValueError(f"{did} needs a network")
    return case(name, "out of the DID itself", did=did, **_said(found))


def _not_resolved(name: str, did: str) -> Case:
    try:
        resolve(did)
    except InvalidArgument as error:
        return attack(named(f"unresolved {name}"), str(error)[:90], did=did, code=UNRESOLVED)
    return attack(named(f"unresolved {name}"), "needs a document", did=did, code=UNRESOLVED)


def _no_place(name: str, did: str) -> Case:
    try:
        did_web_url(did)
    except InvalidArgument as error:
        return attack(named(f"no place: {name}"), str(error)[:90], did=did, code=UNRESOLVED)
    raise ValueError(f"{did} has a place")


def _documents() -> dict[str, JsonObject]:
    def of(**members: Any) -> JsonObject:
        return document(method(**({"publicKeyMultibase": None} | members)))

    account = {"type": "EcdsaSecp256k1RecoveryMethod2020", "blockchainAccountId": ACCOUNT}
    accounts = method(id="#account", publicKeyMultibase=None, **account)
    ended = {"revoked": "2026-02-01T00:00:00Z", "expires": "2026-05-01T00:00:00+02:00"}
    return {
        "Multikey": document(method()),
        "Multikey of P-256": of(publicKeyMultibase=P256),
        "Multikey of secp256k1": of(publicKeyMultibase=SECP256K1),
        "JsonWebKey": of(type="JsonWebKey", publicKeyJwk=JWK),
        "JsonWebKey2020": of(type="JsonWebKey2020", publicKeyJwk={**JWK, "kid": "x"}),
        **{
            f"{kind} by {member}": of(type=kind, **{member: value})
            for kind, multikey in OF_ONE_CURVE.items()
            for member, value in forms(multikey).items()
        },
        "JwsVerificationKey2020": of(type="JwsVerificationKey2020", publicKeyJwk=JWK),
        "key of another curve than its type's": of(type=SECP_2019, publicKeyMultibase=P256),
        "JWK of another curve than its type's": of(type=SECP_2019, publicKeyJwk=JWK),
        "JsonWebKey2020 by publicKeyMultibase": of(type="JsonWebKey2020", publicKeyMultibase=P256),
        "method that stands twice": document(method(), assertionMethod=[method(id="#key")]),
        "key and account": document(method(), accounts),
        "relative ids": {**document(method(id="#key")), "assertionMethod": ["#key"]},
        "method by value": {"id": DID, "assertionMethod": [method()]},
        "key and its end": document(method(**ended)),
        "two keys of one method": document(method(publicKeyJwk=JWK)),
        "key beside its secret": document(method(secretKeyMultibase="z3u2")),
        "key of an unknown kind": document(method(type="Bls12381G2Key2020")),
        "key that is none": document(method(publicKeyMultibase=ED25519[:-1])),
        "account of another controller": document(method(**account, controller=OTHER)),
        "account in capitals": document({**accounts, "blockchainAccountId": ACCOUNT.upper()}),
    }


def _read(name: str, value: JsonObject) -> Case:
    text = json.dumps(value)
    said = _said(read_did_document(text.encode(), DID))
    return case(f"document {name}", name, did=DID, document=text, **said)


def _broken() -> dict[str, str]:
    values: dict[str, Any] = {
        "of another DID": {**document(method()), "id": OTHER},
        "without id": {k: v for k, v in document(method()).items() if k != "id"},
        "in a resolution result": {"didDocument": document(method())},
        "with two methods of one id": document(method(), method(publicKeyMultibase=P256)),
        "with a method twice, once with an end": document(
            method(), assertionMethod=[method(expires="2030-01-01T00:00:00Z")]
        ),
        "with a method without id": document(method(id=None)),
        "with a method without type": document(method(type=None)),
        "with a list of controllers": document(method(controller=[DID])),
        "with a text for assertionMethod": document(method(), assertionMethod="#key"),
        "with a number as reference": document(method(), assertionMethod=[5]),
        "with an object for methods": {"id": DID, "verificationMethod": method()},
        "with an end that is no time": document(method(revoked="never")),
        "with an end that is null": document({**method(), "expires": None}),
        "with an end without zone": document(method(revoked="2026-01-01T00:00:00")),
    }
    texts = {name: json.dumps(value) for name, value in values.items()}
    good = json.dumps(document(method()))
    texts["with a member twice"] = good.replace('"id":', f'"id": "{OTHER}", "id":', 1)
    texts["that is no JSON"] = "<html></html>"
    texts["that is a list"] = "[]"
    texts["that goes on"] = good + "{}"
    return texts


def _not_read(name: str, text: str) -> Case:
    try:
        read_did_document(text.encode(), DID)
    except InvalidArgument:
        return attack(f"document_{named(name)}", name, did=DID, document=text, code=UNRESOLVED)
    raise ValueError(f"{name} is read")


def _retrievals() -> list[Case]:
    good = document(method())
    tried: dict[str, tuple[JsonObject, str]] = {
        "the key": (good, f"{DID}#key"),
        "no such key": (good, f"{DID}#other"),
        "another spelling of the key": (good, f"{DID}#%6Bey"),
        "the DID alone": (good, DID),
        "a key of another controller": (document(method(controller=OTHER)), f"{DID}#key"),
        "a key for another purpose": (
            {**good, "assertionMethod": [], "authentication": ["#key"]},
            f"{DID}#key",
        ),
        "a key that is named as another DID's": (
            document(method(id=f"{OTHER}#key"), assertionMethod=[f"{OTHER}#key"]),
            f"{OTHER}#key",
        ),
        "an unknown kind of key": (
            document(method(type="X25519KeyAgreementKey2020")),
            f"{DID}#key",
        ),
    }
    cases = []
    for name, (value, asked) in tried.items():
        text = json.dumps(value)
        given = {"did": DID, "document": text, "retrieve": asked}
        try:
            found = read_did_document(text.encode(), DID).retrieve(asked)
        except Refusal as refusal:
            code = f"{refusal.step}.{refusal.code}"
            cases.append(attack(named(f"retrieve {name}"), name, **given, code=code))
        else:
            key = write_jwk(found.key) if found.key else None
            cases.append(case(f"retrieve {name}", name, **given, publicKeyJwk=key))
    return cases
