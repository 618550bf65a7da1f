"""Opening the database: SQLite by default (WAL, foreign keys on), migrated by Alembic."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

__all__ = (
    "DatabaseProblem",
    "Engine",
    "connect",
    "migrate",
    "reading",
    "require_current",
    "writing",
)

MIGRATIONS: Final = Path(__file__).parent / "migrations"
# Another process may hold the one write lock for the length of a bulk import's chunk. An address
# with `?timeout=SECONDS` sets its own time.
SQLITE_BUSY_SECONDS: Final = 60


class DatabaseProblem(Exception):
    """The database is not there, not of this program's version, or cannot be used now.

    The text says what to do.
    """


def connect(url: str) -> Engine:
    """An engine for `url`; nothing is created or migrated. Raises `DatabaseProblem`."""
    try:
        engine = create_engine(_patient(make_url(url)))
    except (ArgumentError, ModuleNotFoundError) as error:
        raise DatabaseProblem(f"CREDROOT_DATABASE cannot be used: {error}") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision; a second time changes nothing."""
    with _readable(engine, DatabaseError), writing(engine) as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def require_current(engine: Engine) -> None:
    """Raises `DatabaseProblem` unless the schema is the newest revision."""
    with _readable(engine, DatabaseError), reading(engine) as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    wanted = ScriptDirectory.from_config(_config()).get_current_head()
    if found != wanted:
        raise DatabaseProblem(
            f"the database is at revision {found}, this program needs {wanted}: run `credroot init`"
        )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One consistent view of the database. Raises `DatabaseProblem`."""
    with _readable(engine), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that holds the write lock from its start: all of it, or nothing.

    Raises `DatabaseProblem`.
    """
    with (
        _readable(engine),
        engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        yield connection


@contextmanager
def _readable(engine: Engine, problem: type[DatabaseError] = OperationalError) -> Iterator[None]:
    """What is the database's own trouble (locked, full, gone) becomes one sentence."""
    try:
        yield
    except problem as error:
        where = engine.url.difference_update_query(["timeout"]).render_as_string()
        advice = ""
        if "locked" in str(error.orig):
            advice = " by another process for too long: run it again when that has ended"
        raise DatabaseProblem(
            f"the database {where} cannot be used: {error.orig}{advice}"
        ) from error


def _patient(url: URL) -> URL:
    if url.get_backend_name() != "sqlite" or "timeout" in url.query:
        return url
    return url.update_query_dict({"timeout": str(SQLITE_BUSY_SECONDS)})


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling begins too late to hold the lock while reading.
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "foreign_keys = ON",
        # With NORMAL a power cut may lose the last commits, a signed transaction's among them.
        "synchronous = FULL",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
