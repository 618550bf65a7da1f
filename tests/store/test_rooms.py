"""What the store promises to issuing and to the worker, in a real SQLite file."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, NoResultFound

from registry.core.keys import Account
from registry.store.anchoring import Anchoring, Overtaken, SignedTransaction
from registry.store.compression import SAMPLES_FOR_DICTIONARY, Codec, train
from registry.store.database import connect, migrate, reading, writing
from registry.store.issuance import Conflict, Issuance, Signed
from registry.store.organisations import NotThere, Organisation, add_organisation

ACHIEVEMENT = {"id": "urn:example:soldering", "name": "Soldering"}


@dataclass(frozen=True)
class Rooms:
    """One organisation's part of the store."""

    engine: Engine
    issuance: Issuance
    anchoring: Anchoring

    def add(self, count: int = 1) -> list[UUID]:
        self.issuance.add_achievement(ACHIEVEMENT, 1)
        found = self.issuance.achievement(ACHIEVEMENT["id"])
        assert found is not None
        new = [signed(found[0]) for _ in range(count)]
        self.issuance.add(new, 1)
        return [s.uuid for s in new]

    def anchored(self, count: int = 3) -> list[UUID]:
        """Credentials whose batch is final."""
        uuids = self.add(count)
        (batch,) = self.anchoring.batches("open")
        self.anchoring.seal(batch.id)
        self.anchoring.store_tree(batch.id, os.urandom(32), [(0, 0, bytes(32 * count))])
        self.anchoring.add_anchor(transaction(0), batch.id, 1)
        for state in ("sent", "mined", "final"):
            (under_way,) = self.anchoring.transactions(["signed", "sent", "mined"])
            self.anchoring.advance(under_way, state, 7)
        return uuids


def signed(achievement_id: int, key: bytes | None = None, leaf: bytes | None = None) -> Signed:
    body = b'{"id": "%s"}' % os.urandom(8).hex().encode()
    key, leaf = key or os.urandom(32), leaf or os.urandom(32)
    return Signed(uuid4(), achievement_id, key, b"d" * 32, body, leaf)


def transaction(nonce: int) -> SignedTransaction:
    return SignedTransaction(nonce, os.urandom(32), os.urandom(100))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'registry.db'}")
    migrate(engine)
    for number, slug in enumerate(("school", "college"), 1):
        account = Account(31337, f"0x{number:040x}")
        add_organisation(
            engine,
            Organisation(0, slug, f"did:x:{slug}", {}, (), account, account.address, bytes(32)),
            1,
        )
    yield engine
    engine.dispose()


@pytest.fixture
def school(engine: Engine) -> Rooms:
    return Rooms(engine, Issuance(engine, 1), Anchoring(engine, 1))


@pytest.fixture
def college(engine: Engine) -> Rooms:
    return Rooms(engine, Issuance(engine, 2), Anchoring(engine, 2))


def test_an_achievement_is_stored_once_and_never_with_other_content(school: Rooms) -> None:
    assert school.issuance.add_achievement(ACHIEVEMENT, 1)
    assert not school.issuance.add_achievement(dict(reversed(ACHIEVEMENT.items())), 2)
    with pytest.raises(Conflict, match="other content"):
        school.issuance.add_achievement({**ACHIEVEMENT, "name": "Welding"}, 3)
    assert school.issuance.achievements() == [ACHIEVEMENT]


def test_credentials_come_back_as_they_were_stored_in_the_order_of_their_leaves(
    school: Rooms,
) -> None:
    uuids = [*school.add(3), *school.add(2)]
    stored = list(school.issuance.credentials())
    assert [s.uuid for s in stored] == uuids
    assert [s.position for s in stored] == [0, 1, 2, 3, 4]
    assert {s.size for s in stored} == {5}
    assert not any(s.anchored for s in stored)
    assert [s.uuid for s in school.issuance.credentials([uuids[3], uuids[1]])] == [
        uuids[1],
        uuids[3],
    ]


def test_a_dictionary_is_trained_on_many_and_read_with_those_before_it(school: Rooms) -> None:
    few = school.add(3)
    many = school.add(SAMPLES_FOR_DICTIONARY * 2)
    stored = list(school.issuance.credentials())
    assert [s.uuid for s in stored] == [*few, *many]
    assert all(s.body.startswith(b'{"id": ') for s in stored)


def test_the_same_award_twice_is_refused_by_the_database_and_nothing_of_it_stays(
    school: Rooms,
) -> None:
    school.add(2)
    (first, _) = school.issuance.credentials()
    known = scalar_rows(school.engine, "SELECT award_key FROM credentials ORDER BY id")
    with pytest.raises(Conflict, match="run it again"):
        school.issuance.add([signed(1), signed(1, key=known[0])], 2)
    assert school.issuance.count() == 2
    (batch,) = school.anchoring.batches()
    assert batch.size == 2
    assert first.position == 0


def test_a_leaf_stands_in_one_batch_only(school: Rooms) -> None:
    school.add()
    (leaf,) = school.anchoring.leaves(1)
    school.anchoring.seal(1)
    with pytest.raises(Conflict):
        school.issuance.add([signed(1, leaf=leaf)], 2)
    assert school.issuance.count() == 1


def scalar_rows(engine: Engine, query: str) -> list[bytes]:
    with reading(engine) as connection:
        return [bytes(row[0]) for row in connection.exec_driver_sql(query)]


def test_after_sealing_credentials_go_to_a_new_batch(school: Rooms) -> None:
    school.add(2)
    school.anchoring.seal(1)
    school.add(1)
    assert [(b.state, b.size) for b in school.anchoring.batches()] == [("sealed", 2), ("open", 1)]


def test_who_comes_second_is_overtaken_and_changes_nothing(school: Rooms) -> None:
    school.add(1)
    with pytest.raises(Overtaken):
        school.anchoring.store_tree(1, bytes(32), [(0, 0, bytes(32))])
    school.anchoring.seal(1)
    with pytest.raises(Overtaken):
        school.anchoring.seal(1)
    school.anchoring.store_tree(1, b"r" * 32, [(0, 0, b"h" * 32)])
    with pytest.raises(Overtaken):
        school.anchoring.store_tree(1, b"s" * 32, [(1, 0, b"i" * 32)])
    (batch,) = school.anchoring.batches("built")
    assert batch.root == b"r" * 32
    school.anchoring.add_anchor(transaction(0), 1, 1)
    (before,) = school.anchoring.transactions(["signed"])
    school.anchoring.advance(before, "sent", None)
    with pytest.raises(Overtaken):
        school.anchoring.advance(before, "failed", None)
    assert [t.state for t in school.anchoring.transactions(["sent", "failed"])] == ["sent"]


def test_a_change_is_carried_by_one_transaction_only(school: Rooms) -> None:
    uuids = school.anchored()
    school.anchoring.request_changes(uuids[:2], "revoke", 1)
    changes = school.anchoring.pending_changes()
    school.anchoring.add_status(transaction(1), changes[:1], "revoke", 1)
    with pytest.raises(Overtaken):
        school.anchoring.add_status(transaction(2), changes, "revoke", 1)
    assert [t.nonce for t in school.anchoring.transactions(["signed"])] == [1]
    assert school.anchoring.pending_changes() == changes[1:]


def test_a_failed_transaction_gives_back_its_batch_and_its_changes(school: Rooms) -> None:
    uuids = school.anchored()
    school.anchoring.request_changes(uuids, "suspend", 1)
    changes = school.anchoring.pending_changes()
    school.anchoring.add_status(transaction(1), changes, "suspend", 1)
    (carrying,) = school.anchoring.transactions(["signed"])
    assert school.anchoring.pending_changes() == []
    school.anchoring.advance(carrying, "failed", None, "reverted")
    assert school.anchoring.pending_changes() == changes
    school.add(1)
    school.anchoring.seal(2)
    school.anchoring.store_tree(2, b"r" * 32, [(0, 0, b"h" * 32)])
    school.anchoring.add_anchor(transaction(2), 2, 1)
    assert school.anchoring.batches_without_transaction() == []
    (anchoring,) = school.anchoring.transactions(["signed"])
    school.anchoring.advance(anchoring, "failed", None)
    assert [b.id for b in school.anchoring.batches_without_transaction()] == [2]


def test_asking_twice_for_a_status_changes_nothing_and_revoked_is_for_ever(school: Rooms) -> None:
    first, second, _ = school.anchored()
    ask = school.anchoring.request_changes
    assert ask([first, second, first], "suspend", 1) == 2
    assert ask([first], "suspend", 2) == 0
    assert ask([first], "reinstate", 3) == 1
    assert ask([first], "reinstate", 4) == 0
    assert ask([first], "revoke", 5) == 1
    for kind in ("revoke", "suspend", "reinstate"):
        assert ask([first], kind, 6) == 0
    assert ask([second], "reinstate", 7) == 1
    kinds = [change.kind for change in school.anchoring.pending_changes()]
    assert kinds == ["suspend", "suspend", "reinstate", "revoke", "reinstate"]
    assert school.anchoring.waiting_changes() == 5


def test_one_unknown_credential_and_nothing_is_asked_for(school: Rooms) -> None:
    (first, *_) = school.anchored()
    with pytest.raises(NotThere, match="never issued"):
        school.anchoring.request_changes([first, uuid4()], "revoke", 1)
    assert school.anchoring.waiting_changes() == 0


def test_a_transaction_known_by_its_hash_is_taken_up_again(school: Rooms) -> None:
    school.add(1)
    school.anchoring.seal(1)
    school.anchoring.store_tree(1, b"r" * 32, [(0, 0, b"h" * 32)])
    sent = transaction(0)
    school.anchoring.add_anchor(sent, 1, 1)
    (stored,) = school.anchoring.transactions(["signed"])
    school.anchoring.advance(stored, "failed", None)
    school.anchoring.add_anchor(SignedTransaction(0, sent.hash, b""), 1, 2)
    (again,) = school.anchoring.transactions(["sent"])
    assert (again.id, again.raw) == (stored.id, sent.raw)


def test_what_was_found_and_lost_is_signed_anew_with_its_bytes(school: Rooms) -> None:
    school.add(1)
    school.anchoring.seal(1)
    school.anchoring.store_tree(1, b"r" * 32, [(0, 0, b"h" * 32)])
    anew = transaction(5)
    school.anchoring.add_anchor(SignedTransaction(0, anew.hash, b""), 1, 1)
    (found,) = school.anchoring.transactions(["signed"])
    school.anchoring.advance(found, "failed", None)
    school.anchoring.add_anchor(anew, 1, 2)
    (stored,) = school.anchoring.transactions(["signed"])
    assert (stored.id, stored.nonce, stored.raw) == (found.id, 5, anew.raw)


READS: list[Callable[[Rooms, UUID], object]] = [
    lambda r, _: r.issuance.achievement(ACHIEVEMENT["id"]),
    lambda r, _: r.issuance.achievements(),
    lambda r, _: r.issuance.known_awards(
        scalar_rows(r.engine, "SELECT award_key FROM credentials")
    ),
    lambda r, _: r.issuance.count(),
    lambda r, _: list(r.issuance.credentials()),
    lambda r, uuid: list(r.issuance.credentials([uuid])),
    lambda r, _: r.anchoring.batches(),
    lambda r, _: r.anchoring.leaves(1),
    lambda r, _: r.anchoring.batches_without_transaction(),
    lambda r, _: r.anchoring.transactions(["signed", "sent", "mined", "final", "failed"]),
    lambda r, _: r.anchoring.pending_changes(),
    lambda r, _: r.anchoring.waiting_changes(),
    lambda r, uuid: r.anchoring.waiting_changes([uuid]),
    lambda r, _: r.anchoring.anything_left(),
    lambda r, _: r.anchoring.owed_revocations(),
]


@pytest.mark.parametrize("number", range(len(READS)))
def test_one_organisation_sees_nothing_of_another(
    school: Rooms, college: Rooms, number: int
) -> None:
    uuids = school.anchored()
    school.anchoring.request_changes(uuids, "revoke", 1)
    (change, *_) = school.anchoring.pending_changes()
    school.anchoring.add_status(transaction(1), [change], "suspend", 1)
    school.add(1)
    school.anchoring.seal(2)
    school.anchoring.store_tree(2, b"r" * 32, [(0, 0, b"h" * 32)])
    assert READS[number](school, uuids[0])
    assert not READS[number](college, uuids[0])


def test_one_organisation_changes_nothing_of_another(school: Rooms, college: Rooms) -> None:
    uuids = school.anchored()
    school.add(1)
    school.anchoring.request_changes(uuids, "revoke", 1)
    changes = school.anchoring.pending_changes()
    (final,) = school.anchoring.transactions(["final"])
    before = dump(school.engine)
    with pytest.raises(Overtaken):
        college.anchoring.seal(2)
    with pytest.raises(Overtaken):
        college.anchoring.store_tree(2, bytes(32), [])
    with pytest.raises(Overtaken):
        college.anchoring.advance(final, "failed", None)
    with pytest.raises(Overtaken):
        college.anchoring.add_status(transaction(1), changes, "revoke", 1)
    with pytest.raises(NotThere):
        college.anchoring.add_anchor(transaction(1), 2, 1)
    with pytest.raises(NotThere):
        college.anchoring.request_changes(uuids, "revoke", 1)
    with pytest.raises(NotThere):
        college.issuance.add([signed(1)], 1)
    with pytest.raises(NoResultFound):
        college.issuance.tile(1, 0, 0)
    assert dump(school.engine) == before


def dump(engine: Engine) -> list[str]:
    connection = engine.raw_connection()
    try:
        return list(connection.driver_connection.iterdump())  # type: ignore[union-attr]
    finally:
        connection.close()


def test_both_organisations_may_have_the_same_achievement_and_an_open_batch(
    school: Rooms, college: Rooms
) -> None:
    school.add(1)
    college.issuance.add_achievement({**ACHIEVEMENT, "name": "Welding"}, 1)
    found = college.issuance.achievement(ACHIEVEMENT["id"])
    assert found is not None
    college.issuance.add([signed(found[0])], 1)
    assert len(school.anchoring.batches("open")) == len(college.anchoring.batches("open")) == 1


def test_an_erased_credential_leaves_its_leaf_behind(school: Rooms) -> None:
    first, second, _ = school.anchored()
    with writing(school.engine) as connection:
        connection.exec_driver_sql("DELETE FROM credentials WHERE uuid = ?", (first.bytes,))
    assert len(school.anchoring.leaves(1)) == 3
    assert second in {s.uuid for s in school.issuance.credentials()}


def test_what_is_read_never_holds_the_writers_up(school: Rooms) -> None:
    school.add(2)
    reader = school.issuance.credentials()
    next(reader)
    school.add(1)
    assert len(list(reader)) == 1


SAMPLES = [b'{"number": %d, "text": "the same for all of them"}' % n for n in range(200)]
DICTIONARY = train(SAMPLES)


def test_a_dictionary_needs_enough_samples_that_are_not_all_alike() -> None:
    assert DICTIONARY is not None
    assert train(SAMPLES[: SAMPLES_FOR_DICTIONARY - 1]) is None
    assert train([b""] * SAMPLES_FOR_DICTIONARY) is None


@pytest.mark.parametrize("dictionary", [None, DICTIONARY])
@given(body=st.binary(max_size=5000))
def test_what_is_compressed_comes_back(dictionary: bytes | None, body: bytes) -> None:
    codec = Codec(dictionary)
    assert codec.decompress(codec.compress(body)) == body


def test_with_the_dictionary_credentials_take_less_room() -> None:
    body = SAMPLES[7]
    assert len(Codec(DICTIONARY).compress(body)) < len(Codec(None).compress(body))


def test_without_its_dictionary_nothing_is_read_wrongly() -> None:
    stored = Codec(DICTIONARY).compress(SAMPLES[7])
    with pytest.raises(Exception, match="ictionary"):
        Codec(None).decompress(stored)


def test_the_state_of_a_batch_is_one_that_is_known(school: Rooms) -> None:
    school.add(1)
    with pytest.raises(DatabaseError, match="batch_state"), writing(school.engine) as connection:
        connection.exec_driver_sql("UPDATE batches SET state = 'lost'")
