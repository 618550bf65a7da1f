"""The schema and what the database itself enforces, in a real SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect
from sqlalchemy.exc import DatabaseError

from registry.core.keys import Account
from registry.store.database import (
    SQLITE_BUSY_SECONDS,
    DatabaseProblem,
    connect,
    migrate,
    reading,
    require_current,
    writing,
)
from registry.store.organisations import (
    AlreadyThere,
    NotThere,
    Organisation,
    add_organisation,
    all_organisations,
    find_organisation,
)
from registry.store.tables import metadata

WRITTEN_ONCE: Final = ("credentials", "achievements", "dictionaries", "tiles", "status_lists")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'registry.db'}")
    migrate(engine)
    yield engine
    engine.dispose()


def organisation(slug: str) -> Organisation:
    account = Account(31337, "0x" + slug.encode().hex().rjust(40, "0"))
    return Organisation(
        0, slug, f"did:example:{slug}", {"name": slug}, ("s",), account, account.address, bytes(32)
    )


def scalar(engine: Engine, statement: str) -> object:
    with reading(engine) as connection:
        return connection.exec_driver_sql(statement).scalar()


def test_the_migrations_make_exactly_the_tables_of_the_program(engine: Engine) -> None:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_the_checks_of_the_program(engine: Engine) -> None:
    made = inspect(engine)
    for table in metadata.sorted_tables:
        wanted = {str(c.name) for c in table.constraints if type(c).__name__ == "CheckConstraint"}
        assert {c["name"] for c in made.get_check_constraints(table.name)} == wanted


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    before = scalar(engine, "SELECT group_concat(sql) FROM sqlite_master")
    migrate(engine)
    require_current(engine)
    assert scalar(engine, "SELECT group_concat(sql) FROM sqlite_master") == before


def test_the_database_is_in_wal_mode_with_foreign_keys_and_full_synchronisation(
    engine: Engine,
) -> None:
    assert scalar(engine, "PRAGMA journal_mode") == "wal"
    assert scalar(engine, "PRAGMA foreign_keys") == 1
    assert scalar(engine, "PRAGMA synchronous") == 2


def test_a_row_of_nobody_is_refused(engine: Engine) -> None:
    with (
        pytest.raises(DatabaseError, match="FOREIGN KEY"),
        writing(engine) as connection,
    ):
        connection.exec_driver_sql(
            "INSERT INTO dictionaries (organisation_id, body) VALUES (99, x'00')"
        )


@pytest.mark.parametrize("table", WRITTEN_ONCE)
def test_the_database_refuses_to_change_what_is_written_once(engine: Engine, table: str) -> None:
    add_organisation(engine, organisation("school"), 1)
    rows = {
        "achievements": "(organisation_id, iri, digest, body, created_at) VALUES (1,'i','d','b',1)",
        "dictionaries": "(organisation_id, body) VALUES (1, 'b')",
        "batches": "(organisation_id, state, opened_at) VALUES (1, 'open', 1)",
        "status_lists": "(organisation_id, number, url) VALUES (1, 0, 'u')",
        "tiles": "(batch_id, level, number, organisation_id, hashes) VALUES (1, 0, 0, 1, 'h')",
        "credentials": (
            "(organisation_id, uuid, achievement_id, award_key, award_digest, body, issued_at) "
            "VALUES (1, 'u', 1, 'k', 'd', 'b', 1)"
        ),
    }
    with writing(engine) as connection:
        for name, values in rows.items():
            connection.exec_driver_sql(f"INSERT INTO {name} {values}")
    columns = [c.name for c in metadata.tables[table].columns]
    for column in columns:
        with (
            pytest.raises(DatabaseError, match="written once and never changed"),
            writing(engine) as connection,
        ):
            connection.exec_driver_sql(f"UPDATE {table} SET {column} = {column}")  # noqa: S608


def test_an_organisation_has_at_most_one_open_batch(engine: Engine) -> None:
    add_organisation(engine, organisation("school"), 1)
    add_organisation(engine, organisation("college"), 1)
    opening = "INSERT INTO batches (organisation_id, state, opened_at) VALUES (?, 'open', 1)"
    with writing(engine) as connection:
        connection.exec_driver_sql(opening, (1,))
        connection.exec_driver_sql(opening, (2,))
    with pytest.raises(DatabaseError, match="UNIQUE"), writing(engine) as connection:
        connection.exec_driver_sql(opening, (1,))


def test_a_failed_write_leaves_nothing_behind(engine: Engine) -> None:
    half = (
        "INSERT INTO organisations (slug, did, profile, suites, chain_id, account, sender, "
        "award_salt, created_at) VALUES ('s', 'd', '{}', '[]', 1, 'a', 'a', x'00', 1)"
    )
    with pytest.raises(DatabaseError, match="UNIQUE"), writing(engine) as connection:
        [connection.exec_driver_sql(statement) for statement in (half, half)]
    assert all_organisations(engine) == []


def test_a_database_that_was_never_migrated_is_told_so(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'registry.db'}")
    with pytest.raises(DatabaseProblem, match="credroot init"):
        require_current(engine)


def test_a_database_of_a_later_program_is_told_so(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseProblem, match="9999"):
        require_current(engine)


def test_a_file_that_is_no_database_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    path.write_bytes(b"hello" * 1000)
    engine = connect(f"sqlite:///{path}")
    for attempt in (require_current, migrate):
        with pytest.raises(DatabaseProblem, match="cannot be used"):
            attempt(engine)


def test_a_database_that_another_process_holds_too_long_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    engine = connect(f"sqlite:///{path}?timeout=0.1")
    migrate(engine)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with (
            pytest.raises(DatabaseProblem, match=r"registry\.db cannot be used: .* locked by"),
            writing(engine),
        ):
            pass
        with reading(engine) as connection:
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1


@pytest.mark.parametrize(
    ("query", "milliseconds"), [("", 1000 * SQLITE_BUSY_SECONDS), ("?timeout=7", 7000)]
)
def test_a_lock_is_waited_for_as_long_as_the_address_says(
    tmp_path: Path, query: str, milliseconds: int
) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'registry.db'}{query}")
    assert scalar(engine, "PRAGMA busy_timeout") == milliseconds


@pytest.mark.parametrize("url", ["", "nonsense", "oracle://x/y", "nodialect:///x"])
def test_an_address_that_names_no_database_is_told_so(url: str) -> None:
    with pytest.raises(DatabaseProblem):
        connect(url)


def test_organisations_are_found_by_name_or_alone(engine: Engine) -> None:
    with pytest.raises(NotThere, match="no issuer yet"):
        find_organisation(engine, None)
    add_organisation(engine, organisation("school"), 1)
    assert find_organisation(engine, None).slug == "school"
    with pytest.raises(AlreadyThere):
        add_organisation(engine, organisation("school"), 1)
    add_organisation(engine, organisation("college"), 1)
    assert find_organisation(engine, "college").did == "did:example:college"
    with pytest.raises(NotThere, match="school, college"):
        find_organisation(engine, None)
    with pytest.raises(NotThere, match="no issuer 'shool'"):
        find_organisation(engine, "shool")


def test_a_reader_sees_one_state_while_another_writes(engine: Engine, tmp_path: Path) -> None:
    add_organisation(engine, organisation("school"), 1)
    count = "SELECT count(*) FROM organisations"
    with reading(engine) as reader:
        assert reader.exec_driver_sql(count).scalar() == 1
        add_organisation(engine, organisation("college"), 1)
        assert reader.exec_driver_sql(count).scalar() == 1
    other = sqlite3.connect(tmp_path / "registry.db")
    assert other.execute(count).fetchone() == (2,)
    other.close()
