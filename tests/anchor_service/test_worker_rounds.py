"""step() on a real chain: seal, build, sign, send, mined, final; and what a chain does to it."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from installations import House, StillChain

from anchor_service.batch import State
from anchor_service.calls import DEFAULT_ROLES, set_operator, set_status
from anchor_service.worker import patches, step
from registry.core.evidence import Quorum
from registry.core.policy import Policy
from registry.core.times import from_seconds
from registry.core.verdict import Verdict
from registry.core.verify import questions, verify
from registry.verifier.nodes import parse_node
from registry.verifier.reading import read_evidence


def judged(house: House, data: bytes) -> Verdict:
    evidence = read_evidence([parse_node(house.chain.url)], questions(data))
    at = from_seconds(house.chain.time) + timedelta(seconds=1)
    policy = Policy(at=at, trust=(house.trust,), quorum=Quorum(trust_one_node=True))
    return verify(data, evidence, policy)


def states(house: House) -> list[str]:
    return [t.state for t in house.anchoring().transactions(list(State))]


def only_root(house: House) -> bytes:
    (batch,) = house.anchoring().batches()
    assert batch.root is not None
    return batch.root


def test_a_batch_goes_from_open_to_final_and_its_credentials_verify(house: House) -> None:
    house.issue(["ada", "ben", "cem"])
    seen = [states(house) for _ in house.rounds()]
    assert seen[0] == ["sent"]
    assert ["mined"] in seen
    assert seen[-1] == ["final"]
    assert [judged(house, data).outcome for data in house.files()] == ["valid"] * 3
    assert house.batches_on_chain() == 1


def test_once_all_is_final_a_round_does_nothing(house: House) -> None:
    house.issue(["ada"])
    house.settle()
    nonce = house.nonce_on_chain()
    progress = step(house.anchoring(), house.port(), lambda: 0, seal_now=True)
    assert (progress.events, progress.pending) == ((), 0)
    assert house.nonce_on_chain() == nonce


def test_rounds_without_a_new_block_change_nothing(house: House) -> None:
    house.issue(["ada"])
    store, port = house.anchoring(), house.port()
    step(store, port, lambda: 0, seal_now=True)
    before = house.anchoring().transactions(list(State))
    for _ in range(3):
        assert step(store, port, lambda: 0, seal_now=True).events == ()
    assert house.anchoring().transactions(list(State)) == before


def test_an_open_batch_waits_for_its_policy(house: House) -> None:
    house.issue(["ada"])
    progress = step(house.anchoring(), house.port(), lambda: 0)
    assert (progress.events, progress.pending) == ((), 0)


@pytest.mark.parametrize("depth", [1, 2])
def test_after_a_reorg_the_same_bytes_are_sent_again(house: House, depth: int) -> None:
    house.issue(["ada", "ben"])
    store, port = house.anchoring(), house.port()
    house.chain.mine(depth)
    step(store, port, lambda: 0, seal_now=True)
    house.chain.mine()
    step(store, port, lambda: 0)
    (mined,) = store.transactions(["mined"])
    house.chain.reorganise(depth)
    assert house.batches_on_chain() == 0
    house.settle()
    (final,) = house.anchoring().transactions(["final"])
    assert (final.raw, final.hash, final.nonce) == (mined.raw, mined.hash, mined.nonce)
    assert house.batches_on_chain() == 1
    assert house.events_on_chain("Anchored") == 1
    assert house.nonce_on_chain() == 1
    assert [judged(house, data).outcome for data in house.files()] == ["valid"] * 2


def test_a_reorg_of_a_status_change_loses_nothing(house: House) -> None:
    first, _second = house.issue(["ada", "ben"])
    house.settle()
    house.change("revoke", first)
    store, port = house.anchoring(), house.port()
    step(store, port, lambda: 0)
    house.chain.mine()
    step(store, port, lambda: 0)
    house.chain.reorganise(1)
    house.settle()
    assert house.words_on_chain(only_root(house)) == [(1, 0)]
    assert [judged(house, data).code for data in house.files()] == ["status.revoked", None]


def test_a_root_that_an_earlier_life_anchored_is_found_and_not_anchored_twice(
    house: House, tmp_path: Path
) -> None:
    house.issue(["ada", "ben"])
    store, port = house.anchoring(), house.port()
    store.seal(store.batches("open")[0].id)
    older = tmp_path / "older.db"
    backup(house, older)
    step(store, port, lambda: 0)
    house.settle()

    restored = replace(house, database=older)
    events = restored.settle()
    assert any("found on chain" in event for event in events)
    assert [t.state for t in restored.anchoring().transactions(list(State))] == ["final"]
    assert restored.batches_on_chain() == 1
    assert restored.nonce_on_chain() == 1
    assert [judged(restored, data).outcome for data in restored.files()] == ["valid"] * 2


def test_an_earlier_lifes_anchoring_that_is_reorganised_away_is_made_anew(
    house: House, tmp_path: Path
) -> None:
    house.issue(["ada"])
    store, port = house.anchoring(), house.port()
    store.seal(store.batches("open")[0].id)
    older = tmp_path / "older.db"
    backup(house, older)
    step(store, port, lambda: 0)
    house.chain.mine()
    restored = replace(house, database=older)
    step(restored.anchoring(), restored.port(), lambda: 0)
    assert [t.raw for t in restored.anchoring().transactions(["mined"])] == [b""]
    house.chain.reorganise(1)
    restored.settle()
    assert restored.batches_on_chain() == 1
    assert [judged(restored, data).outcome for data in restored.files()] == ["valid"]


def backup(house: House, target: Path) -> None:
    """A copy of the database as a plain file copy finds it, the write-ahead log with it."""
    for suffix in ("", "-wal", "-shm"):
        source = house.database.with_name(house.database.name + suffix)
        if source.exists():
            shutil.copy(source, target.with_name(target.name + suffix))


def test_changes_of_many_credentials_are_patches_of_one_transaction(house: House) -> None:
    uuids = house.issue([f"learner-{n}" for n in range(300)])
    house.settle()
    revoked = [uuids[n] for n in (0, 5, 255, 256, 299)]
    assert house.change("revoke", *revoked) == 5
    house.settle()
    wanted = patches([0, 5, 255, 256, 299])
    assert house.words_on_chain(only_root(house)) == [(mask, 0) for _, mask in wanted]
    assert house.nonce_on_chain() == 2
    assert house.events_on_chain("StatusChanged") == 1


def test_suspended_reinstated_and_revoked_in_the_order_of_asking(house: House) -> None:
    first, second = house.issue(["ada", "ben"])
    house.settle()
    for kind, uuid in (("suspend", first), ("reinstate", first), ("suspend", second)):
        house.change(kind, uuid)
    house.settle()
    assert [judged(house, data).code for data in house.files()] == [None, "status.suspended"]
    house.change("revoke", second)
    house.settle()
    assert [judged(house, data).code for data in house.files()] == [None, "status.revoked"]


def test_a_change_waits_while_an_earlier_one_of_its_credential_is_under_way(house: House) -> None:
    (only,) = house.issue(["ada"])
    house.settle()
    house.change("suspend", only)
    house.settle()
    for kind in ("reinstate", "suspend", "reinstate"):
        house.change(kind, only)
    house.settle()
    assert house.words_on_chain(only_root(house)) == [(0, 0)]
    assert set(states(house)) == {"final"}
    assert judged(house, house.files()[0]).outcome == "valid"


def test_a_change_of_a_credential_that_is_not_anchored_waits_for_its_batch(house: House) -> None:
    (only,) = house.issue(["ada"])
    house.change("revoke", only)
    assert house.anchoring().pending_changes() == []
    house.settle()
    assert judged(house, house.files()[0]).code == "status.revoked"


def test_without_the_role_to_anchor_nothing_is_sent_and_the_reason_is_said(
    cold_house: House,
) -> None:
    cold_house.issue(["ada"])
    progress = step(cold_house.anchoring(), cold_house.port(), lambda: 0, seal_now=True)
    assert ["role ANCHOR" in said for said in progress.refused] == [True]
    assert progress.pending == 0
    assert cold_house.nonce_on_chain() == 0


def appoint(house: House, *roles: str) -> None:
    """What the controller's wallet does to give the sending key exactly these roles."""
    expires = house.chain.time + 10**6
    house.sign_and_send(set_operator(house.account, house.sender.address, roles, expires))


def test_a_change_that_the_key_may_not_send_keeps_nothing_else_from_going(
    cold_house: House,
) -> None:
    house = cold_house
    first, second, third = house.issue(["ada", "ben", "cem"])
    appoint(house, "anchor", "suspend")
    house.settle()
    house.change("suspend", first)
    house.settle()
    house.change("reinstate", first)
    house.change("suspend", second)
    house.change("suspend", first)
    house.change("suspend", third)
    house.issue(["dia"])
    house.settle()
    assert [batch.state for batch in house.anchoring().batches()] == ["built", "built"]
    assert house.batches_on_chain() == 2
    root = house.anchoring().batches()[0].root
    assert root is not None
    assert house.words_on_chain(root) == [(0, 0b111)]
    progress = step(house.anchoring(), house.port(), lambda: 0)
    assert ["role REINSTATE" in said for said in progress.refused] == [True]
    assert [change.kind for change in house.anchoring().pending_changes()] == [
        "reinstate",
        "suspend",
    ]
    appoint(house, "reinstate", "suspend")
    house.settle()
    assert house.anchoring().waiting_changes() == 0


def test_revoking_without_the_role_suspends_until_the_controller_revokes(
    cold_house: House,
) -> None:
    house = cold_house
    first, second = house.issue(["ada", "ben"])
    appoint(house, *DEFAULT_ROLES)
    house.settle()
    house.change("revoke", first)
    house.settle()
    assert [judged(house, data).code for data in house.files()] == ["status.suspended", None]
    (owed,) = house.anchoring().owed_revocations()
    assert (owed.uuid, owed.root, owed.position) == (first, only_root(house), 0)

    house.sign_and_send(set_status(house.account, owed.root, "revoke", patches([owed.position])))
    assert [judged(house, data).code for data in house.files()] == ["status.revoked", None]
    assert house.change("reinstate", first) == 0
    assert house.change("suspend", second) == 1


def test_patches_cover_exactly_the_positions() -> None:
    positions = [0, 1, 255, 256, 511, 70_000]
    covered = [
        256 * word + bit
        for word, mask in patches(positions)
        for bit in range(256)
        if mask >> bit & 1
    ]
    assert covered == positions


def test_two_houses_on_one_chain_do_not_disturb_each_other(
    house: House, still_chain: StillChain, tmp_path: Path
) -> None:
    other = House.found(tmp_path / "other.db", still_chain, "college")
    house.issue(["ada"])
    other.issue(["ada"])
    house.settle()
    other.settle()
    assert house.batches_on_chain() == other.batches_on_chain() == 1
