"""DIDs that need no network, against the vectors and examples of their specifications."""

import json
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.did import MAX_DID_CHARACTERS, DidDocument, read_did_document
from registry.core.did_methods import did_web_url, resolve
from registry.core.ecdsa import CURVES, EcPublicKey
from registry.core.errors import InvalidArgument
from registry.core.jwk import read_jwk, write_jwk
from registry.core.keys import MAX_CHAIN_ID, Account, Ed25519PublicKey, read_multikey
from registry.core.multibase import base64url_encode

from .public_vectors import VECTORS, needs_vectors, read_json, vector_files

DID_KEYS: Final = VECTORS / "did-key-vectors" / "test-vectors"
DID_PKH: Final = vector_files("did-pkh/test-vectors", "*.jsonld")
# The example of the did:jwk specification, and its second one, an X25519 key for encryption.
P256_JWK: Final = {
    "crv": "P-256",
    "kty": "EC",
    "x": "acbIQiuMs3i8_uszEjJ2tpTtRM4EU3yz91PH6CdH2V0",
    "y": "_KcyLj9vWMptnmKtm46GqDz8wf74I5LKgrl2GzH3nSE",
}
P256_DID_JWK: Final = (
    "did:jwk:eyJjcnYiOiJQLTI1NiIsImt0eSI6IkVDIiwieCI6ImFjYklRaXVNczNpOF91c3pFakoydHBUdFJNNEVVM3l"
    "6OTFQSDZDZEgyVjAiLCJ5IjoiX0tjeUxqOXZXTXB0bm1LdG00NkdxRHo4d2Y3NEk1TEtncmwyR3pIM25TRSJ9"
)
X25519_DID_JWK: Final = (
    "did:jwk:eyJrdHkiOiJPS1AiLCJjcnYiOiJYMjU1MTkiLCJ1c2UiOiJlbmMiLCJ4IjoiM3A3YmZYdDl3YlRUVzJIQzd"
    "PUTFOei1EUThoYmVHZE5yZngtRkctSUswOCJ9"
)
# The address of did:ethr's and did:pkh's examples.
ADDRESS: Final = "0xb9c5714089478a327f09197987f16f9e5d936e8a"
# Base points of secp256k1: the private key 1, whose address every wallet knows.
ONE: Final = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
ONE_ADDRESS: Final = "0x7e5f4552091a69125d5dfcb7b8c2659029395bdf"


def resolved(did: str) -> DidDocument:
    document = resolve(did)
    assert document is not None
    assert document.id == did
    assert document.assertion_methods == {method.id for method in document.methods}
    assert {method.controller for method in document.methods} == {did}
    return document


def published(value: Any) -> DidDocument:
    return read_did_document(json.dumps(value).encode(), value["id"])


def did_key_documents(*names: str) -> list[Any]:
    """The DID documents of the vector files, each file with a layout of its own; none without."""
    found = []
    for file in (DID_KEYS / f"{name}.json" for name in names):
        vectors = read_json(file) if file.exists() else {}
        listed = vectors.get("didDocument", {}) or {
            did: vector["didDocument"] for did, vector in vectors.items()
        }
        found += list(listed.values())
    return found


READ: Final = [
    document
    for document in did_key_documents("ed25519-x25519", "secp256k1", "nist-curves")
    if not document["id"].startswith("did:key:z2J9")
]
# X25519 alone, RSA, BLS12-381, and P-521 among the NIST curves.
NOT_READ: Final = [
    *did_key_documents("x25519", "rsa", "bls12381"),
    *(d for d in did_key_documents("nist-curves") if d["id"].startswith("did:key:z2J9")),
]


def ids(document: Any) -> str:
    return str(document["id"])[:24]


@needs_vectors
def test_all_public_vectors_of_did_key_are_there() -> None:
    assert (len(READ), len(NOT_READ)) == (16, 14)


@needs_vectors
@pytest.mark.parametrize("document", READ, ids=ids)
def test_a_did_key_has_the_assertion_key_of_its_published_document(document: Any) -> None:
    ours, theirs = resolved(document["id"]), published(document)
    (method,) = ours.methods
    assert ours.retrieve(method.id) == method
    assert method.id in theirs.assertion_methods
    if document["verificationMethod"][0]["type"] != "P256Key2021":
        assert theirs.retrieve(method.id).key == method.key


@needs_vectors
@pytest.mark.parametrize("document", NOT_READ, ids=ids)
def test_a_did_key_of_another_kind_is_not_read(document: Any) -> None:
    with pytest.raises(InvalidArgument):
        resolve(document["id"])


@given(st.binary(min_size=32, max_size=32))
def test_every_ed25519_key_is_its_did_key(raw: bytes) -> None:
    key = Ed25519PublicKey(raw)
    assert resolved(key.did_key).retrieve(f"{key.did_key}#{key.multikey}").key == key


@pytest.mark.parametrize(
    "did",
    [
        "did:key:",
        "did:key:z",
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW",
        "did:key:1.1:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        "did:key:6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp:",
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp#z6Mk",
        "did:key:z" + "1" * 1000,
        "did:key:u7QE7aie8zrakLWKjqNAqbw1zZTIVdx3iQ6Y6wEihi1naKQ",
        "did:ion:abc",
        "did:web",
        "did:KEY:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        "https://northmere.example",
        "",
    ],
)
def test_what_is_no_did_of_a_known_method_is_refused(did: str) -> None:
    with pytest.raises(InvalidArgument):
        resolve(did)


@needs_vectors
@pytest.mark.parametrize("file", DID_PKH, ids=lambda file: str(file.name)[:40])
def test_a_did_pkh_is_its_published_document_or_of_a_chain_not_read(file: Path) -> None:
    document = read_json(file)
    if document["id"].startswith("did:pkh:eip155:"):
        assert resolved(document["id"]) == published(document)
        assert len(resolved(document["id"]).accounts) == 1
    else:
        with pytest.raises(InvalidArgument):
            resolve(document["id"])


def test_a_did_pkh_keeps_its_spelling_and_its_account_has_one() -> None:
    did = f"did:pkh:eip155:1:0x{ADDRESS[2:].upper()}"
    (method,) = resolved(did).methods
    assert method.id == f"{did}#blockchainAccountId"
    assert (method.key, method.account) == (None, Account(1, ADDRESS))


def test_a_did_jwk_is_the_specification_s_own_example() -> None:
    (method,) = resolved(P256_DID_JWK).methods
    assert method.id == f"{P256_DID_JWK}#0"
    assert method.key == read_jwk(P256_JWK)
    assert resolved(P256_DID_JWK).retrieve(method.id) == method


def test_a_did_jwk_for_encryption_is_not_read() -> None:
    with pytest.raises(InvalidArgument):
        resolve(X25519_DID_JWK)
    with pytest.raises(InvalidArgument):
        resolve(did_jwk(json.dumps({**P256_JWK, "use": "enc"})))


def did_jwk(text: str) -> str:
    return f"did:jwk:{base64url_encode(text.encode())}"


@given(st.sampled_from(CURVES), st.booleans(), st.integers(1, 9))
def test_every_key_is_its_did_jwk(curve: Any, odd: bool, start: int) -> None:
    key = None
    for x in range(start, start + 60):
        try:
            key = EcPublicKey(curve, bytes((2 + odd,)) + x.to_bytes(curve.coordinate_bytes, "big"))
            break
        except InvalidArgument:
            continue
    assert key is not None
    did = did_jwk(json.dumps(write_jwk(key)))
    assert resolved(did).retrieve(f"{did}#0").key == key
    assert resolved(key.did_key).retrieve(f"{key.did_key}#{key.multikey}").key == key


@pytest.mark.parametrize(
    "did",
    [
        "did:jwk:",
        "did:jwk:e30",
        "did:jwk:AAAA",
        f"{P256_DID_JWK}=",
        f"{P256_DID_JWK}%3D",
        did_jwk("[]"),
        did_jwk(json.dumps({**P256_JWK, "d": "AA"})),
        did_jwk(json.dumps({**P256_JWK, "crv": "P-521"})),
        did_jwk(json.dumps({**P256_JWK, "y": P256_JWK["x"]})),
        did_jwk('{"kty":"EC",' + json.dumps(P256_JWK)[1:]),
        did_jwk(json.dumps(P256_JWK) + "x"),
        did_jwk(json.dumps({**P256_JWK, "x5c": ["A" * MAX_DID_CHARACTERS]})),
    ],
)
def test_what_is_no_did_jwk_is_refused(did: str) -> None:
    with pytest.raises(InvalidArgument):
        resolve(did)


@pytest.mark.parametrize(
    ("network", "chain_id"),
    [
        *(("", 1), ("mainnet:", 1), ("0x1:", 1), ("0x01:", 1), ("goerli:", 5)),
        *(("sepolia:", 11_155_111), ("0xaa36a7:", 11_155_111), ("0x88BB0:", 560_048)),
        (f"{MAX_CHAIN_ID:#x}:", MAX_CHAIN_ID),
    ],
)
def test_a_did_ethr_is_controlled_by_its_account(network: str, chain_id: int) -> None:
    did = f"did:ethr:{network}{ADDRESS}"
    document = resolved(did)
    assert [method.id for method in document.methods] == [f"{did}#controller"]
    assert document.accounts == {Account(chain_id, ADDRESS)}


@pytest.mark.parametrize(
    ("key", "address"),
    [
        (ONE, ONE_ADDRESS),
        (
            "0328939c3dc5af29fe52fea2ab97019d256a6ffd17e7bbc09405e15466f253c910",
            "0xcaf3c37a127793a4934a7e2831ffedd9e83cc8b1",
        ),
    ],
)
def test_a_did_ethr_by_its_key_has_the_key_and_its_account(key: str, address: str) -> None:
    for did in (f"did:ethr:0x{key}", f"did:ethr:mainnet:0x{key.upper()}"):
        document = resolved(did)
        controller, controller_key = document.methods
        assert (controller.id, controller_key.id) == (f"{did}#controller", f"{did}#controllerKey")
        assert document.accounts == {Account(1, address)}
        found = document.retrieve(f"{did}#controllerKey").key
        assert isinstance(found, EcPublicKey)
        assert found.point.hex() == key


def test_the_did_ethr_specification_s_own_document_is_read_alike() -> None:
    did = f"did:ethr:0x{ONE}"
    jwk = {
        "crv": "secp256k1",
        "kty": "EC",
        "x": "eb5mfvncu6xVoGKVzocLBwKb_NstzijZWfKBWxb4F5g",
        "y": "SDradyajxGVdpPv8DhEIqP0XtEimhVQZnEfQj_sQ1Lg",
    }
    controller = {
        "id": f"{did}#controller",
        "type": "EcdsaSecp256k1RecoveryMethod2020",
        "controller": did,
        "blockchainAccountId": f"eip155:1:{ONE_ADDRESS}",
    }
    key = {
        "id": f"{did}#controllerKey",
        "type": "EcdsaSecp256k1VerificationKey2019",
        "controller": did,
        "publicKeyJwk": jwk,
    }
    named = [f"{did}#controller", f"{did}#controllerKey"]
    assert resolved(did) == published(
        {"id": did, "verificationMethod": [controller, key], "assertionMethod": named}
    )


@pytest.mark.parametrize(
    "did",
    [
        "did:ethr:",
        f"did:ethr:{ADDRESS[2:]}",
        f"did:ethr:{ADDRESS[:-1]}",
        f"did:ethr:{ADDRESS}0",
        f"did:ethr:ropsten:{ADDRESS}",
        f"did:ethr:1:{ADDRESS}",
        f"did:ethr:0x:{ADDRESS}",
        f"did:ethr:0x0:{ADDRESS}",
        f"did:ethr:{MAX_CHAIN_ID + 1:#x}:{ADDRESS}",
        f"did:ethr:0x{'f' * 17}:{ADDRESS}",
        f"did:ethr:mainnet:mainnet:{ADDRESS}",
        f"did:ethr:0x04{ONE[2:]}",
        "did:ethr:0x02" + "ff" * 32,
        f"did:ethr:0x04{'ab' * 64}",
    ],
)
def test_what_is_no_did_ethr_is_refused(did: str) -> None:
    with pytest.raises(InvalidArgument):
        resolve(did)


@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        (
            "did:web:w3c-ccg.github.io:user:alice",
            "https://w3c-ccg.github.io/user/alice/did.json",
        ),
        (
            "did:web:example.com%3A3000:user:alice",
            "https://example.com:3000/user/alice/did.json",
        ),
        ("did:web:example.com%3a3000", "https://example.com:3000/.well-known/did.json"),
        ("did:web:Example.COM", "https://example.com/.well-known/did.json"),
        ("did:web:xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example/.well-known/did.json"),
        ("did:web:localhost%3A8443", "https://localhost:8443/.well-known/did.json"),
        ("did:web:1and1.example:a%20b", "https://1and1.example/a%20b/did.json"),
        ("did:web:a.example:...:..a", "https://a.example/.../..a/did.json"),
    ],
)
def test_a_did_web_has_its_document_where_the_specification_says(did: str, url: str) -> None:
    assert resolve(did) is None
    assert did_web_url(did) == url


@pytest.mark.parametrize(
    "did",
    [
        "did:web:",
        "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        # Addresses, in every spelling that a resolver would take.
        "did:web:127.0.0.1",
        "did:web:127.1",
        "did:web:2130706433",
        "did:web:0x7f000001",
        "did:web:0x7f.0.0.0x1",
        "did:web:0177.0.0.1",
        "did:web:a.0x",
        "did:web:8.8.8.8%3A443",
        "did:web:%5B%3A%3A1%5D",
        "did:web:::1",
        # Hosts that are none.
        "did:web:.example",
        "did:web:example.",
        "did:web:a..example",
        "did:web:-a.example",
        "did:web:a-.example",
        "did:web:a_b.example",
        "did:web:user%40evil.example",
        "did:web:evil.example%2F@northmere.example",
        "did:web:northmere.example%2F.evil.example",
        "did:web:northmere.example%23.evil.example",
        "did:web:m%C3%BCnchen.example",
        "did:web:" + "a" * 64 + ".example",
        "did:web:" + "a." * 126 + "example",
        # Ports that are none.
        "did:web:a.example%3A",
        "did:web:a.example%3A0",
        "did:web:a.example%3A65536",
        "did:web:a.example%3A0443",
        "did:web:a.example%3A44a",
        "did:web:a.example%3A443%3A443",
        "did:web:%3A443",
        # Paths that lead somewhere else.
        "did:web:a.example:",
        "did:web:a.example::b",
        "did:web:a.example:.",
        "did:web:a.example:..",
        "did:web:a.example:b:..:c",
        "did:web:a.example:%2e%2E",
        "did:web:a.example:.%2e",
        "did:web:a.example:b%2Fc",
        "did:web:a.example:..%2F..%2Fsecret",
        "did:web:a.example:..%5Csecret",
        "did:web:a.example:b%0d%0aHost%3A evil",
        "did:web:a.example:b%0D%0A",
        "did:web:a.example:%00",
        "did:web:a.example:b%7F",
        "did:web:a.example#key",
        "did:web:a.example?x=y",
        "did:web:a.example/b",
        "did:web:a.example:" + "b" * MAX_DID_CHARACTERS,
    ],
)
def test_a_did_web_that_names_no_one_place_is_refused(did: str) -> None:
    with pytest.raises(InvalidArgument):
        did_web_url(did)


@given(st.text("abz09.-_%:23AaEeFf5C@/\\[]", max_size=40))
def test_whatever_a_did_web_says_its_url_has_no_other_parts(rest: str) -> None:
    try:
        url = did_web_url(f"did:web:{rest}")
    except InvalidArgument:
        return
    scheme, _, authority, *path = url.split("/")
    assert scheme == "https:"
    assert set(authority) <= set("abcdefz0123456789.-:")
    assert path[-1] == "did.json"
    assert not {"", ".", ".."}.intersection(path)


@pytest.mark.parametrize(
    "did", [P256_DID_JWK, f"did:ethr:{ADDRESS}", f"did:pkh:eip155:1:{ADDRESS}"]
)
def test_a_did_that_is_its_document_has_no_place_on_the_web(did: str) -> None:
    with pytest.raises(InvalidArgument):
        did_web_url(did)


def test_a_key_s_did_has_the_multikey_for_its_fragment() -> None:
    did = "did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
    (method,) = resolved(did).methods
    assert method.id == f"{did}#{did.removeprefix('did:key:')}"
    assert method.key == read_multikey(did.removeprefix("did:key:"))
