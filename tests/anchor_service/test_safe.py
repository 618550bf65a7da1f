"""Files of calls, as the Safe transaction builder writes and takes them."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchor_service.calls import Call, remove_operator, set_operator
from anchor_service.safe import checksum, read_batch, safe_batch
from registry.core.errors import InvalidArgument
from registry.core.keys import Account

ISSUER = Account(560048, "0x" + "ab" * 20)
OPERATOR = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def calls() -> list[Call]:
    return [
        set_operator(ISSUER, OPERATOR, ("anchor", "suspend"), 1_900_000_000),
        remove_operator(ISSUER, OPERATOR),
    ]


def written(batch: Any) -> bytes:
    return json.dumps(batch).encode()


def test_the_checksum_is_that_of_a_file_which_the_builder_wrote() -> None:
    batch: Any = {
        "version": "1.0",
        "chainId": "1",
        "createdAt": 1761326849944,
        "meta": {
            "name": "Transactions Batch",
            "description": "",
            "txBuilderVersion": "1.18.2",
            "createdFromSafeAddress": "0xA77DE01e157f9f57C7c4A326eeE9C4874D0598b6",
            "createdFromOwnerAddress": "",
        },
        "transactions": [
            {
                "to": "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
                "value": "0",
                "data": None,
                "contractMethod": {
                    "inputs": [
                        {"internalType": "address", "name": "spender", "type": "address"},
                        {"internalType": "uint256", "name": "value", "type": "uint256"},
                    ],
                    "name": "approve",
                    "payable": False,
                },
                "contractInputsValues": {
                    "spender": "0x474e5Ded6b5D078163BFB8F6dBa355C3aA5478C8",
                    "value": "100000000000",
                },
            }
        ],
    }
    said = "0x8b5032f716845c8b08bab3d63dbd9ba92e056f3557793cd041e59b84e16aa989"
    assert checksum(batch) == said
    assert checksum({**batch, "meta": {**batch["meta"], "checksum": said}}) == said


def test_a_file_says_in_words_what_its_calls_do_and_gives_them_back() -> None:
    batch = safe_batch(calls(), OPERATOR, 1_790_000_000)
    assert batch["chainId"] == "560048"
    assert batch["createdAt"] == 1_790_000_000_000
    assert batch["meta"]["createdFromSafeAddress"] == OPERATOR
    told = "appoint 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed to anchor, suspend until 2030-03-17"
    assert told in batch["meta"]["description"]
    found = read_batch(written(batch))
    assert [(c.chain_id, c.to, c.data) for c in found] == [
        (c.chain_id, c.to, c.data) for c in calls()
    ]


@given(st.sampled_from(["chainId", "createdAt", "description", "to", "data"]))
def test_a_file_that_was_changed_on_its_way_is_refused(member: str) -> None:
    batch = safe_batch(calls(), None, 1_790_000_000)
    holder: Any = {
        "description": batch["meta"],
        "to": batch["transactions"][1],
        "data": batch["transactions"][1],
    }.get(member, batch)
    other: Any = {"chainId": "1", "createdAt": 0, "to": OPERATOR, "data": "0x00"}
    holder[member] = other.get(member, "nothing to see here")
    with pytest.raises(InvalidArgument, match="changed since it was made"):
        read_batch(written(batch))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b'{"chainId": "x"}', b'{"a":1,"a":1}', b"\xff", b"null"]
)
def test_what_is_no_such_file_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidArgument, match="not a file of calls"):
        read_batch(data)


def test_a_call_that_sends_money_and_a_file_without_calls_are_refused() -> None:
    batch = safe_batch(calls(), None, 1_790_000_000)
    batch["transactions"][0]["value"] = "1"
    batch["meta"]["checksum"] = checksum(batch)
    with pytest.raises(InvalidArgument, match="sends money"):
        read_batch(written(batch))
    batch["transactions"] = []
    batch["meta"]["checksum"] = checksum(batch)
    with pytest.raises(InvalidArgument, match="no calls"):
        read_batch(written(batch))
