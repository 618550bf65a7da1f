"""DID documents as others write them, and documents written to deceive."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from base58 import b58encode
from hypothesis import given
from hypothesis import strategies as st

from registry.core.did import (
    MAX_DID_CHARACTERS,
    MAX_DID_DOCUMENT_BYTES,
    DidDocument,
    read_did_document,
    require_did,
)
from registry.core.errors import InvalidArgument, Refusal
from registry.core.jwk import write_jwk
from registry.core.keys import Account, read_multikey
from registry.core.multibase import base58btc_decode

DID: Final = "did:web:northmere.example"
OTHER: Final = "did:web:elsewhere.example"
# Private keys 1 (secp256k1, P-256's and P-384's base points) and the Ed25519 key of a zero seed.
ED25519: Final = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"
P256: Final = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"
SECP256K1: Final = "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme"
ACCOUNT: Final = "eip155:1:0x" + "ab" * 20
NOW: Final = datetime(2026, 11, 23, 12, tzinfo=UTC)

Json = dict[str, Any]


def method(**members: Any) -> Json:
    """A Multikey method `#key`, with `members` changed; `None` leaves one out."""
    whole = {
        "id": f"{DID}#key",
        "type": "Multikey",
        "controller": DID,
        "publicKeyMultibase": ED25519,
        **members,
    }
    return {name: value for name, value in whole.items() if value is not None}


def document(*methods: Any, **members: Any) -> Json:
    return {
        "id": DID,
        "verificationMethod": list(methods),
        "assertionMethod": [f"{DID}#key"],
        **members,
    }


def read(value: Any, did: str = DID) -> DidDocument:
    return read_did_document(json.dumps(value).encode(), did)


def refused(found: DidDocument, method_id: str = f"{DID}#key") -> str:
    with pytest.raises(Refusal) as caught:
        found.retrieve(method_id)
    assert caught.value.step == "signature"
    return caught.value.code


def base58(multikey: str) -> str:
    """The key of a Multikey without its two bytes of prefix, in base58 without multibase."""
    return b58encode(base58btc_decode(multikey)[2:]).decode()


JWK: Final = write_jwk(read_multikey(P256))
SECP_JWK: Final = write_jwk(read_multikey(SECP256K1))
SECP_HEX: Final = base58btc_decode(SECP256K1)[2:].hex()
SECP_2019: Final = "EcdsaSecp256k1VerificationKey2019"


def hexadecimal(multikey: str) -> str:
    return base58btc_decode(multikey)[2:].hex()


def forms(multikey: str) -> dict[str, Any]:
    """The four ways to write a key in a method of its curve's own kind."""
    return {
        "publicKeyMultibase": multikey,
        "publicKeyJwk": write_jwk(read_multikey(multikey)),
        "publicKeyBase58": base58(multikey),
        "publicKeyHex": hexadecimal(multikey),
    }


OF_ONE_CURVE: Final = {
    "Ed25519VerificationKey2018": ED25519,
    "Ed25519VerificationKey2020": ED25519,
    SECP_2019: SECP256K1,
    "EcdsaSecp256r1VerificationKey2019": P256,
}
ED_JWK: Final = write_jwk(read_multikey(ED25519))


@pytest.mark.parametrize(
    ("kind", "member", "value", "multikey"),
    [
        ("Multikey", "publicKeyMultibase", ED25519, ED25519),
        ("Multikey", "publicKeyMultibase", P256, P256),
        ("Multikey", "publicKeyMultibase", SECP256K1, SECP256K1),
        ("JsonWebKey", "publicKeyJwk", JWK, P256),
        ("JsonWebKey", "publicKeyJwk", ED_JWK, ED25519),
        ("JsonWebKey2020", "publicKeyJwk", JWK, P256),
        ("JsonWebKey2020", "publicKeyJwk", {**JWK, "kid": "x", "use": "sig"}, P256),
        ("JwsVerificationKey2020", "publicKeyJwk", ED_JWK, ED25519),
        *(
            (kind, member, value, multikey)
            for kind, multikey in OF_ONE_CURVE.items()
            for member, value in forms(multikey).items()
        ),
    ],
)
def test_a_key_is_read_in_every_form_of_its_kind(
    kind: str, member: str, value: Any, multikey: str
) -> None:
    members = {"publicKeyMultibase": None, "type": kind, member: value}
    found = read(document(method(**members))).retrieve(f"{DID}#key")
    assert found.key == read_multikey(multikey)
    assert (found.id, found.controller, found.account) == (f"{DID}#key", DID, None)


@pytest.mark.parametrize(
    "members",
    [
        {"type": "Bls12381G2Key2020"},
        {"type": "multikey"},
        {"type": "X25519KeyAgreementKey2020"},
        {"publicKeyMultibase": None},
        {"publicKeyMultibase": 5},
        {"publicKeyMultibase": ED25519[1:]},
        {"publicKeyMultibase": ED25519 + " "},
        {"publicKeyMultibase": ED25519[:-1]},
        {"publicKeyMultibase": "z" * 60_000},
        {"publicKeyMultibase": None, "publicKeyJwk": JWK},
        {"type": "Ed25519VerificationKey2020", "publicKeyMultibase": P256},
        {"type": SECP_2019, "publicKeyMultibase": P256},
        {"type": "EcdsaSecp256r1VerificationKey2019", "publicKeyMultibase": SECP256K1},
        {"type": "JsonWebKey2020", "publicKeyMultibase": P256},
        {"type": "Multikey", "publicKeyMultibase": None, "publicKeyJwk": JWK},
        *(
            {"type": kind, "publicKeyMultibase": None, member: value}
            for kind, multikey in OF_ONE_CURVE.items()
            for other in (ED25519, P256, SECP256K1)
            if other != multikey
            for member, value in forms(other).items()
            # The bytes of a compressed point may be one of either curve: that is for the signature.
            if member in ("publicKeyMultibase", "publicKeyJwk") or ED25519 in (multikey, other)
        ),
        {"type": SECP_2019, "publicKeyMultibase": None, "publicKeyHex": SECP_HEX[:-2]},
        {"type": SECP_2019, "publicKeyMultibase": None, "publicKeyHex": 2},
        {"type": SECP_2019, "publicKeyMultibase": None, "publicKeyJwk": JWK},
        {"type": SECP_2019, "publicKeyMultibase": None, "publicKeyHex": "04" + "ab" * 64},
        {"type": SECP_2019, "publicKeyMultibase": None, "publicKeyHex": SECP_HEX + "\n"},
        {"type": SECP_2019, "publicKeyMultibase": None, "publicKeyHex": "02" + "ff" * 32},
        {"type": "JsonWebKey", "publicKeyMultibase": None, "publicKeyJwk": "{}"},
        {"type": "JsonWebKey", "publicKeyMultibase": None, "publicKeyJwk": {**JWK, "d": "AA"}},
        {"type": "JsonWebKey", "publicKeyMultibase": None, "publicKeyJwk": {**JWK, "use": "enc"}},
        {
            "type": "Ed25519VerificationKey2018",
            "publicKeyMultibase": None,
            "publicKeyBase58": base58(ED25519)[:-2],
        },
        # One method, two keys (2.2): which one was meant, nobody can say.
        {"publicKeyJwk": JWK},
        # A key whose secret is in the same document.
        {"secretKeyMultibase": "z3u2en7t5LR2WtQH5PfFqMqwVHgeXouLzo6haApm8XHqvjxq"},
        {"privateKeyJwk": {}},
    ],
)
def test_a_key_of_an_unknown_kind_or_form_is_kept_without_key(members: Json) -> None:
    found = read(document(method(**members), method(id="#other", publicKeyMultibase=P256)))
    assert [m.key for m in found.methods] == [None, read_multikey(P256)]
    assert refused(found) == "key_unresolved"


@pytest.mark.parametrize("reference", ["#key", f"{DID}#key"])
@pytest.mark.parametrize("own_id", ["#key", f"{DID}#key"])
def test_a_relative_id_is_the_document_s_own(own_id: str, reference: str) -> None:
    found = read(document(method(id=own_id), assertionMethod=[reference]))
    assert found.retrieve(f"{DID}#key").key == read_multikey(ED25519)
    assert refused(found, "#key") == "key_unresolved"


def test_a_method_by_value_is_for_that_purpose_alone() -> None:
    found = read(
        {"id": DID, "assertionMethod": [method()], "authentication": [method(id="#login")]}
    )
    assert found.retrieve(f"{DID}#key").id == f"{DID}#key"
    assert refused(found, f"{DID}#login") == "wrong_purpose"


@pytest.mark.parametrize(
    "purpose", ["authentication", "keyAgreement", "capabilityInvocation", "capabilityDelegation"]
)
def test_a_key_for_another_purpose_signs_no_assertions(purpose: str) -> None:
    found = read(document(method(), assertionMethod=[], **{purpose: ["#key"]}))
    assert refused(found) == "wrong_purpose"
    assert refused(read({"id": DID, "verificationMethod": [method()]})) == "wrong_purpose"


def test_a_key_of_another_controller_is_not_the_issuer_s() -> None:
    for controller in (OTHER, f"{DID}/", f"{DID}#key", DID.upper(), ""):
        assert refused(read(document(method(controller=controller)))) == "not_issuer"


def test_a_key_named_as_another_did_s_is_never_retrieved_here() -> None:
    """The method's own DID is where it would have to be looked up (3.3, steps 2 to 6)."""
    foreign = f"{OTHER}#key"
    found = read(document(method(id=foreign), assertionMethod=[foreign]))
    assert refused(found, foreign) == "key_unresolved"
    assert refused(found, f"{DID}#key") == "key_unresolved"


@pytest.mark.parametrize("suffix", ["", "#", "#Key", "#key#key", "?x#key", "/#key", "#%6Bey"])
def test_only_the_very_id_finds_a_method(suffix: str) -> None:
    assert refused(read(document(method())), DID + suffix) == "key_unresolved"


@pytest.mark.parametrize(
    "second",
    [
        method(publicKeyMultibase=P256),
        method(controller=OTHER),
        method(id="#key", expires="2030-01-01T00:00:00Z"),
        method(note="other"),
    ],
)
def test_two_different_methods_of_one_id_are_refused(second: Json) -> None:
    for value in (
        document(method(), second),
        document(method(), assertionMethod=[second]),
        document(assertionMethod=[method()], keyAgreement=[second]),
    ):
        with pytest.raises(InvalidArgument, match=r"have the id did:web:northmere\.example#key"):
            read(value)


@pytest.mark.parametrize("second", [method(), method(id="#key")])
def test_a_method_that_stands_twice_is_one(second: Json) -> None:
    for value in (
        document(method(), second),
        document(method(), assertionMethod=[second]),
        document(assertionMethod=[method()], authentication=[second], keyAgreement=[second]),
    ):
        found = read(value)
        assert len(found.methods) == 1
        assert found.retrieve(f"{DID}#key").key == read_multikey(ED25519)


def test_accounts_are_those_of_methods_that_the_did_controls() -> None:
    account = Account.parse(ACCOUNT)
    kind = {"type": "EcdsaSecp256k1RecoveryMethod2020", "publicKeyMultibase": None}
    own = method(id="#account", blockchainAccountId=ACCOUNT, **kind)
    found = read(document(own))
    assert found.accounts == found.accounts_at(NOW) == {account}
    assert found.methods[0].account == account
    foreign = {**own, "controller": OTHER}
    assert read(document(foreign)).accounts == set()
    by_value = read({"id": DID, "authentication": [own]})
    assert by_value.accounts == {account}
    beside_a_key = read(document(method(blockchainAccountId=ACCOUNT)))
    assert beside_a_key.accounts == {account}
    assert beside_a_key.retrieve(f"{DID}#key").key == read_multikey(ED25519)


@pytest.mark.parametrize(
    "value",
    [
        5,
        None,
        "",
        "0x" + "ab" * 20,
        f"0x{'ab' * 20}@eip155:1",
        f"did:pkh:{ACCOUNT}",
        ACCOUNT[:-1],
        "solana:4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZ:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPqToJ4LBdvG9Ev",
    ],
)
def test_what_is_no_account_of_ethereum_is_none(value: Any) -> None:
    assert read(document({**method(), "blockchainAccountId": value})).accounts == set()


@pytest.mark.parametrize("member", ["revoked", "expires"])
def test_a_method_is_in_force_until_its_end(member: str) -> None:
    end = "2026-11-23T13:00:00+01:00"
    found = read(document(method(blockchainAccountId=ACCOUNT, **{member: end})))
    (only,) = found.methods
    assert getattr(only, member) == NOW
    assert not only.in_force(NOW)
    assert only.in_force(NOW - timedelta(seconds=1))
    assert found.accounts_at(NOW - timedelta(seconds=1)) == found.accounts
    assert found.accounts_at(NOW) == set()
    assert found.accounts == {Account.parse(ACCOUNT)}
    assert found.retrieve(f"{DID}#key") is only


def test_the_earlier_end_counts() -> None:
    (only,) = read(
        document(method(revoked="2020-01-01T00:00:00Z", expires="2030-01-01T00:00:00Z"))
    ).methods
    assert not only.in_force(NOW)


@pytest.mark.parametrize(
    "value", [None, "", 0, True, "2026-11-23", "2026-11-23T12:00:00", [], "never"]
)
def test_a_time_that_cannot_be_read_is_not_passed_over(value: Any) -> None:
    for member in ("revoked", "expires"):
        with pytest.raises(InvalidArgument):
            read(document({**method(), member: value}))


@pytest.mark.parametrize("other", [OTHER, DID + "/", DID.upper(), f"{DID}#key", None, 5, ""])
def test_a_document_of_another_did_is_refused(other: Any) -> None:
    with pytest.raises(InvalidArgument, match="says it is of"):
        read({**document(method()), "id": other})


@pytest.mark.parametrize(
    "value",
    [
        document(method(id=None)),
        document(method(id=5)),
        document(method(type=None)),
        document(method(type=["Multikey"])),
        document(method(controller=None)),
        document(method(controller=[DID])),
        document("#key"),
        document(["#key"]),
        document(method(), assertionMethod="#key"),
        document(method(), assertionMethod={"id": "#key"}),
        document(method(), assertionMethod=[5]),
        document(method(), assertionMethod=[None]),
        document(method(), authentication=[5]),
        {"id": DID, "verificationMethod": method()},
        {"id": DID, "verificationMethod": None},
        {"didDocument": document(method())},
    ],
)
def test_members_of_another_shape_are_refused(value: Json) -> None:
    with pytest.raises(InvalidArgument):
        read(value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"id": "%s", "id": "%s"}' % (OTHER.encode(), DID.encode()),
        b'{"id": "%s", "x": NaN}' % DID.encode(),
        b'{"id": "%s", "x": "\\ud800"}' % DID.encode(),
        b'{"id": "%s", "x": %s}' % (DID.encode(), b"[" * 20_000 + b"]" * 20_000),
        b'{"id": "%s"}' % DID.encode() + b" " * MAX_DID_DOCUMENT_BYTES,
    ],
)
def test_what_is_no_strict_json_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidArgument):
        read_did_document(data, DID)


def test_the_largest_document_is_read_in_a_moment() -> None:
    many = [method(id=f"#{number}", publicKeyMultibase=P256) for number in range(425)]
    data = json.dumps(document(*many)).encode()
    assert MAX_DID_DOCUMENT_BYTES - 2000 < len(data) <= MAX_DID_DOCUMENT_BYTES
    started = time.monotonic()
    assert len(read_did_document(data, DID).methods) == len(many)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize(
    "did",
    [
        *("", "x", "did", "did:", "did:web", "did:web:", "did:web:x:", "did::x"),
        *("did:Web:x", "DID:web:x", "did:web:ä.example", "did:web:x y", "did:web:x\n"),
        *("did:web:x#k", "did:web:x?q", "did:web:x/y", "did:web:%", "did:web:%zz"),
        "did:web:" + "a" * MAX_DID_CHARACTERS,
    ],
)
def test_what_is_no_did_is_refused(did: str) -> None:
    with pytest.raises(InvalidArgument):
        require_did(did)
    with pytest.raises(InvalidArgument):
        read({**document(method()), "id": did}, did)


VALUES: Final[list[Any]] = [
    DID,
    OTHER,
    "#key",
    f"{DID}#key",
    "Multikey",
    ED25519,
    ACCOUNT,
    None,
    5,
    [],
    {},
]
METHODS: Final = st.dictionaries(
    st.sampled_from([*method(), "blockchainAccountId", "revoked", "publicKeyJwk"]),
    st.sampled_from(VALUES),
).map(lambda changed: method(**changed))
LISTS: Final = st.lists(METHODS | st.sampled_from(VALUES), max_size=3) | st.sampled_from(VALUES)


@given(st.just(DID) | st.sampled_from(VALUES), LISTS, LISTS)
def test_any_json_is_read_or_refused_and_a_retrieved_key_fulfils_every_rule(
    own_id: Any, methods: Any, assertion_methods: Any
) -> None:
    value = {"verificationMethod": methods, "assertionMethod": assertion_methods}
    try:
        found = read({**value, "id": own_id})
        retrieved = found.retrieve(f"{DID}#key")
    except (InvalidArgument, Refusal):
        return
    assert own_id == DID
    assert retrieved.key == read_multikey(ED25519)
    assert retrieved.controller == DID
    assert retrieved.id in found.assertion_methods
