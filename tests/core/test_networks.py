"""The networks that are known by name."""

import pytest

from registry.core.errors import InvalidArgument
from registry.core.evidence import DEV_CHAIN_ID
from registry.core.networks import NETWORKS, network, network_of


def test_each_network_has_its_own_name_chain_id_and_first_block() -> None:
    assert len({known.name for known in NETWORKS}) == len(NETWORKS)
    assert len({known.chain_id for known in NETWORKS}) == len(NETWORKS)
    first = [known.genesis_hash for known in NETWORKS if known.genesis_hash]
    assert len(set(first)) == len(NETWORKS) - 1
    assert {len(hash_) for hash_ in first} == {32}


def test_only_the_dev_chain_has_a_first_block_of_anybodys_own() -> None:
    assert [known.chain_id for known in NETWORKS if known.genesis_hash is None] == [DEV_CHAIN_ID]


def test_every_network_that_was_asked_for_is_there_by_name_and_by_id() -> None:
    ids = {
        "hoodi": 560048,
        "sepolia": 11155111,
        "base-sepolia": 84532,
        "op-sepolia": 11155420,
        "polygon-amoy": 80002,
        "ethereum": 1,
        "base": 8453,
        "dev": 31337,
    }
    assert {known.name: known.chain_id for known in NETWORKS} == ids
    for name, chain_id in ids.items():
        assert network(name) is network_of(chain_id)
    assert network_of(4) is None


def test_a_checkpoint_is_a_later_block_and_its_hash() -> None:
    found = [known.checkpoint for known in NETWORKS if known.checkpoint]
    assert found
    assert all(point.number > 0 and len(point.hash) == 32 for point in found)


def test_an_unknown_name_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(InvalidArgument, match="no network is called 'goerli'; there are hoodi, "):
        network("goerli")
