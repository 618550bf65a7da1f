"""Numbers of status entries are given once, whatever happens; where a list stands never changes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from registry.core.keys import Account
from registry.store.database import MIGRATIONS, connect, migrate, reading, writing
from registry.store.organisations import (
    ENTRIES_PER_LIST,
    AlreadyThere,
    Organisation,
    add_organisation,
    find_organisation,
    set_status_url,
)
from registry.store.status_lists import NumberedLeaf, StatusList, StatusLists
from registry.store.tables import metadata

HERE: Final = "https://school.example.org/status"
THERE: Final = "https://lists.example.net/school"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'registry.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def founded(engine: Engine, slug: str = "school", url: str | None = HERE) -> StatusLists:
    account = Account(31337, "0x" + slug.encode().hex().rjust(40, "0"))
    organisation = Organisation(
        0, slug, f"did:example:{slug}", {}, ("s",), account, account.address, bytes(32), url
    )
    add_organisation(engine, organisation, 1)
    return StatusLists(engine, find_organisation(engine, slug).id)


def numbers(lists: StatusLists, count: int) -> list[int]:
    return [given.number for given in lists.reserve(count)]


def run(engine: Engine, *statements: str) -> None:
    with writing(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_numbers_follow_one_another_and_name_their_list(engine: Engine) -> None:
    lists = founded(engine)
    assert lists.reserve(0) == []
    assert numbers(lists, 3) == [0, 1, 2]
    (fourth,) = lists.reserve(1)
    assert (fourth.number, fourth.list_url) == (3, f"{HERE}/0.json")
    assert lists.lists() == [StatusList(0, f"{HERE}/0.json")]


def test_without_an_address_no_number_is_given(engine: Engine) -> None:
    lists = founded(engine, url=None)
    assert lists.reserve(5) == []
    set_status_url(engine, 1, HERE)
    assert numbers(lists, 1) == [0]
    set_status_url(engine, 1, None)
    assert lists.reserve(5) == []


def test_a_full_list_is_followed_by_the_next(engine: Engine) -> None:
    lists = founded(engine)
    lists.reserve(ENTRIES_PER_LIST - 1)
    last, first = lists.reserve(2)
    assert (last.list_url, first.list_url) == (f"{HERE}/0.json", f"{HERE}/1.json")
    assert [item.number for item in lists.lists()] == [0, 1]


def test_no_two_ever_get_the_same_number(engine: Engine, tmp_path: Path) -> None:
    founded(engine)

    def reserve(_: int) -> list[int]:
        own = connect(f"sqlite:///{tmp_path / 'registry.db'}")
        return [n for _ in range(5) for n in numbers(StatusLists(own, 1), 7)]

    with ThreadPoolExecutor(4) as threads:
        given = [n for part in threads.map(reserve, range(4)) for n in part]
    assert sorted(given) == list(range(140))


def test_every_organisation_counts_for_itself(engine: Engine) -> None:
    school, college = founded(engine), founded(engine, "college", THERE)
    assert (numbers(school, 2), numbers(college, 2)) == ([0, 1], [0, 1])
    assert [item.url for item in college.lists()] == [f"{THERE}/0.json"]


def test_another_address_begins_another_list_and_moves_none(engine: Engine) -> None:
    lists = founded(engine)
    lists.reserve(5)
    set_status_url(engine, 1, HERE)
    assert numbers(lists, 1) == [5]
    set_status_url(engine, 1, THERE)
    set_status_url(engine, 1, HERE)
    set_status_url(engine, 1, THERE)
    (given,) = lists.reserve(1)
    assert (given.number, given.list_url) == (ENTRIES_PER_LIST, f"{THERE}/1.json")
    assert [item.url for item in lists.lists()] == [f"{HERE}/0.json", f"{THERE}/1.json"]


def test_two_organisations_never_share_an_address(engine: Engine) -> None:
    lists = founded(engine)
    founded(engine, "college", None)
    with pytest.raises(AlreadyThere, match="another issuer's status lists"):
        set_status_url(engine, 2, HERE)
    lists.reserve(1)
    set_status_url(engine, 1, THERE)
    for taken in (HERE, THERE):
        with pytest.raises(AlreadyThere):
            set_status_url(engine, 2, taken)
        with pytest.raises(AlreadyThere):
            founded(engine, "academy", taken)
    set_status_url(engine, 1, HERE)


ACHIEVEMENT_ROW: Final = (
    "INSERT INTO achievements (organisation_id, iri, digest, body, created_at) "
    "VALUES (1, 'i', 'd', 'b', 1)"
)
BATCH_ROW: Final = "INSERT INTO batches (organisation_id, state, opened_at) VALUES (1, 'open', 1)"
CREDENTIAL_ROW: Final = (
    "INSERT INTO credentials (organisation_id, uuid, achievement_id, award_key, award_digest, "
    "body, issued_at) VALUES (1, 'u', 1, 'k', 'd', 'b', 1)"
)
CREDENTIAL: Final = (ACHIEVEMENT_ROW, BATCH_ROW, CREDENTIAL_ROW)
LEAF: Final = (
    "INSERT INTO leaves (batch_id, position, organisation_id, credential_id, leaf, status_number) "
    "VALUES (1, {0}, 1, {1}, 'leaf{0}', {2})"
)


def test_an_erased_credential_keeps_its_number(engine: Engine) -> None:
    lists = founded(engine)
    run(engine, *CREDENTIAL, LEAF.format(0, 1, 7), "DELETE FROM credentials")
    assert list(lists.leaves()) == [NumberedLeaf(7, 1, 0)]


def test_the_database_gives_no_number_twice_and_changes_none(engine: Engine) -> None:
    founded(engine).reserve(1)
    run(engine, *CREDENTIAL, LEAF.format(0, 1, 7), LEAF.format(1, "NULL", "NULL"))
    with pytest.raises(DatabaseError, match="UNIQUE"):
        run(engine, LEAF.format(2, "NULL", 7))
    for change in ("leaves SET status_number = 8", "leaves SET status_number = NULL"):
        with pytest.raises(DatabaseError, match="status numbers are written once"):
            run(engine, f"UPDATE {change}")
    with pytest.raises(DatabaseError, match="status lists are written once"):
        run(engine, "UPDATE status_lists SET url = 'x'")


def migrate_to(engine: Engine, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        go = command.downgrade if revision == "0001" and current(engine) else command.upgrade
        go(config, revision)


def current(engine: Engine) -> str | None:
    with reading(engine) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def test_what_was_stored_before_status_lists_stays_and_has_no_number(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'registry.db'}")
    migrate_to(engine, "0001")
    run(
        engine,
        "INSERT INTO organisations (slug, did, profile, suites, chain_id, account, sender, "
        "award_salt, created_at) VALUES ('s', 'd', '{}', '[]', 1, '0x' , 'a', x'00', 1)",
        *CREDENTIAL,
        "INSERT INTO leaves (batch_id, position, organisation_id, credential_id, leaf) "
        "VALUES (1, 0, 1, 1, 'leaf')",
    )
    migrate(engine)
    lists = StatusLists(engine, 1)
    assert (lists.reserve(3), list(lists.leaves()), lists.lists()) == ([], [], [])
    with pytest.raises(DatabaseError, match="written once"):
        run(engine, "UPDATE credentials SET body = 'x'")
    migrate_to(engine, "0001")
    migrate(engine)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM leaves").scalar() == 1
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
