"""Trust files: read strictly, for a list that is half understood is no list."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.errors import Refusal
from registry.core.keys import Account
from registry.core.policy import Policy, TrustedKey, TrustEntry, parse_trust

from .anchored_badges import ACCOUNT, DID, METHOD, NOW, SIGNER, entry

CARD: dict[str, Any] = {
    "name": "Northmere",
    "did": DID,
    "accounts": [str(ACCOUNT)],
    "keys": [
        {
            "id": METHOD,
            "publicKeyMultibase": SIGNER.public_key.multikey,
            "until": "2027-01-01T00:00:00Z",
        }
    ],
    "registry": "0x" + "12" * 20,
    "from": "2026-01-01T00:00:00Z",
    "until": "2028-01-01T00:00:00Z",
}
READ = TrustEntry(
    "Northmere",
    DID,
    (ACCOUNT,),
    (TrustedKey(METHOD, SIGNER.public_key, datetime(2027, 1, 1, tzinfo=UTC)),),
    b"\x12" * 20,
    datetime(2026, 1, 1, tzinfo=UTC),
    datetime(2028, 1, 1, tzinfo=UTC),
)


def test_an_issuers_card_is_read_whole() -> None:
    assert parse_trust(json.dumps(CARD).encode()) == (READ,)


def test_a_list_of_issuers_is_read_in_order() -> None:
    plain = {"name": "Other", "did": "did:web:other.example.org", "accounts": []}
    listed = json.dumps({"issuers": [CARD, plain]}).encode()
    assert parse_trust(listed) == (READ, TrustEntry("Other", "did:web:other.example.org", ()))


BROKEN: dict[str, Any] = {
    "no name": {**CARD, "name": None},
    "a name that is no text": {**CARD, "name": 7},
    "a DID that is no text": {**CARD, "did": [DID]},
    "accounts as text": {**CARD, "accounts": str(ACCOUNT)},
    "no account": {**CARD, "accounts": ["0x12"]},
    "an account that is no text": {**CARD, "accounts": [7]},
    "an unknown member": {**CARD, "Until": "2027-01-01T00:00:00Z"},
    "a date without a zone": {**CARD, "until": "2028-01-01T00:00:00"},
    "a date that is no text": {**CARD, "from": 2026},
    "a key of another kind": {**CARD, "keys": [{"id": METHOD, "publicKeyMultibase": "zDna"}]},
    "a key without id": {**CARD, "keys": [{"publicKeyMultibase": SIGNER.public_key.multikey}]},
    "keys as an object": {**CARD, "keys": {"id": METHOD}},
    "a registry that is no address": {**CARD, "registry": "0x12zz"},
    "a registry that is too short": {**CARD, "registry": "0x1234"},
    "a registry without 0x": {**CARD, "registry": "12" * 21},
    "issuers as an object": {"issuers": {"Northmere": CARD}},
    "a text as issuer": {"issuers": ["Northmere"]},
    "issuers that are a number": {"issuers": 7},
    "an empty object": {},
    "no issuers": {"issuers": []},
    "issuers as text": {"issuers": ""},
    "issuers as an empty object": {"issuers": {}},
    "issuers and a note": {"issuers": [CARD], "note": "mine"},
    "issuers and an entry": {"issuers": [CARD], **CARD},
    "a null for an entry": {"issuers": [None]},
    "accounts as an empty text": {**CARD, "accounts": ""},
    "accounts as an empty object": {**CARD, "accounts": {}},
    "accounts as an object": {**CARD, "accounts": {str(ACCOUNT): "x"}},
    "keys as an empty text": {**CARD, "keys": ""},
    "keys as an empty object": {**CARD, "keys": {}},
    "a key that is a text": {**CARD, "keys": [METHOD]},
    "a key with an unknown member": {**CARD, "keys": [{**CARD["keys"][0], "note": "x"}]},
    "a key in both forms": {**CARD, "keys": [{**CARD["keys"][0], "publicKeyJwk": {}}]},
    "a key in no form": {**CARD, "keys": [{"id": METHOD}]},
    "a DID that is none": {**CARD, "did": "Northmere"},
    "an empty DID": {**CARD, "did": "", "keys": []},
    "an address without https": {**CARD, "did": "http://a.example/", "keys": []},
    "an end before its begin": {**CARD, "until": "2025-12-31T23:59:59Z"},
    "an end at its begin": {**CARD, "until": CARD["from"]},
    "a null for an end": {**CARD, "until": None},
}


@pytest.mark.parametrize("value", BROKEN.values(), ids=BROKEN)
def test_a_trust_file_that_is_not_understood_whole_is_refused(value: Any) -> None:
    with pytest.raises(Refusal) as caught:
        parse_trust(json.dumps(value).encode())
    assert (caught.value.step, caught.value.code) == ("issuer", "unresolved")


def told(value: Any) -> str:
    with pytest.raises(Refusal) as caught:
        parse_trust(json.dumps(value).encode())
    return caught.value.detail


MISNAMED = {
    "a fragment alone": "#key-1",
    "a name alone": "key-1",
    "the DID alone": DID,
    "the DID and no name": f"{DID}#",
    "of another DID": "did:web:other.example.org#key-1",
    "of a path of the DID": f"{DID}/#key-1",
    "nothing": "",
}


@pytest.mark.parametrize("name", MISNAMED.values(), ids=MISNAMED)
def test_a_key_that_would_pin_nothing_is_refused_and_what_to_write_is_told(name: str) -> None:
    """An entry speaks of its own issuer's keys: another id would leave every key open."""
    detail = told({**CARD, "keys": [{**CARD["keys"][0], "id": name}]})
    assert f"write the whole URL of the method, {DID}# and its name" in detail


def test_what_is_wrong_is_told_in_words_that_help() -> None:
    assert told({}) == "not a trust list: an entry of the trust list needs name, did, accounts"
    assert "issuers is empty" in told({"issuers": []})
    assert "never in force" in told({**CARD, "until": CARD["from"]})
    assert 'an unknown member "note"' in told({**CARD, "note": 1})
    assert "accounts is not a list" in told({**CARD, "accounts": str(ACCOUNT)})


def test_an_issuer_may_be_known_by_a_url() -> None:
    url = "https://northmere.example.org/issuer"
    key = {**CARD["keys"][0], "id": f"{url}#key-1"}
    (read,) = parse_trust(json.dumps({**CARD, "did": url, "keys": [key]}).encode())
    assert (read.did, read.keys[0].id) == (url, f"{url}#key-1")


@given(
    st.binary(max_size=60)
    | st.recursive(
        st.none() | st.integers(-9, 9) | st.text(max_size=5) | st.sampled_from([DID, str(ACCOUNT)]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*CARD, "issuers"]), inner)
        ),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode())
)
def test_anything_else_is_refused_in_the_same_way(data: bytes) -> None:
    try:
        entries = parse_trust(data)
    except Refusal as refusal:
        told = f"{refusal.step}.{refusal.code}"
    else:
        told = "read" if all(isinstance(entry, TrustEntry) for entry in entries) else "half read"
    assert told in ("read", "issuer.unresolved")


def test_an_entry_is_in_force_from_its_first_moment_until_before_its_last() -> None:
    one = timedelta(seconds=1)
    limited = entry(valid_from=NOW, valid_until=NOW + 2 * one)
    moments = [NOW - one, NOW, NOW + one, NOW + 2 * one]
    assert [limited.in_force(moment) for moment in moments] == [False, True, True, False]
    assert entry().in_force(datetime(1970, 1, 1, tzinfo=UTC))


def test_a_policy_demands_everything_unless_told_otherwise() -> None:
    default = Policy(NOW)
    assert default.require_signature
    assert default.require_anchor
    assert not default.quorum.trust_one_node
    assert not default.quorum.accept_dev_chain
    assert (default.max_age, default.anchor_window) == (timedelta(hours=1), timedelta(days=30))


def test_accounts_of_entries_are_compared_in_lower_case() -> None:
    upper = {**CARD, "accounts": [str(ACCOUNT).replace("ab", "AB")]}
    assert parse_trust(json.dumps(upper).encode())[0].accounts == (
        Account(ACCOUNT.chain_id, ACCOUNT.address),
    )
