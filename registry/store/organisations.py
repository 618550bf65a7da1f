"""Organisations in the store: who issues, under which DID, from which account on which chain."""

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Engine, RowMapping, insert, select, update

from registry.core.keys import Account
from registry.core.status_list import MIN_ENTRIES

from . import tables as t
from .database import reading, writing


class AlreadyThere(Exception):
    """What was to be created exists; the text says what."""


class NotThere(Exception):
    """What was asked for does not exist; the text says what, and what does."""


# The id of an organisation that the database has given none yet.
NOBODY: Final = 0
# The least that hides a holder among others: a longer list is fetched by everyone who asks.
ENTRIES_PER_LIST: Final = MIN_ENTRIES


@dataclass(frozen=True)
class Organisation:
    """An issuing organisation. `account` is what verifiers trust, `sender` pays and signs.

    `status_url` is where its status lists stand; without one its credentials name none.
    """

    id: int
    slug: str
    did: str
    profile: dict[str, Any]
    suites: tuple[str, ...]
    account: Account
    sender: str
    award_salt: bytes
    status_url: str | None = None


def add_organisation(engine: Engine, organisation: Organisation, created_at: int) -> None:
    """Store a new organisation; its `id` is given by the database. Raises `AlreadyThere`."""
    with writing(engine) as connection:
        _require_new(connection, organisation.slug, organisation.status_url)
        connection.execute(
            insert(t.organisations).values(
                slug=organisation.slug,
                did=organisation.did,
                profile=json.dumps(organisation.profile, ensure_ascii=False),
                suites=json.dumps(organisation.suites),
                chain_id=organisation.account.chain_id,
                account=organisation.account.address,
                sender=organisation.sender,
                award_salt=organisation.award_salt,
                created_at=created_at,
                status_url=organisation.status_url,
            )
        )


def require_new(engine: Engine, slug: str, status_url: str | None) -> None:
    """Raises `AlreadyThere` where `add_organisation` would, before anything was made for it."""
    with reading(engine) as connection:
        _require_new(connection, slug, status_url)


def set_status_url(engine: Engine, organisation_id: int, url: str | None) -> None:
    """Where lists begun from now on stand; with none, credentials name no list any more.

    Lists that were begun stay where they are: another address begins a new list. Raises
    `AlreadyThere` when another organisation's lists stand there.
    """
    c = t.organisations.c
    mine = c.id == organisation_id
    query = select(c.status_url, c.status_count).where(mine).with_for_update()
    with writing(engine) as connection:
        before = connection.execute(query).one()
        if before.status_url == url:
            return
        if url is not None:
            _require_free(connection, url, organisation_id)
        begun = -(-before.status_count // ENTRIES_PER_LIST)
        connection.execute(
            update(t.organisations)
            .where(mine)
            .values(status_url=url, status_count=begun * ENTRIES_PER_LIST)
        )


def set_sender(engine: Engine, organisation_id: int, sender: str) -> None:
    """Another key pays and signs from now on; `sender` is its address."""
    mine = t.organisations.c.id == organisation_id
    with writing(engine) as connection:
        connection.execute(update(t.organisations).where(mine).values(sender=sender))


def all_organisations(engine: Engine) -> list[Organisation]:
    with reading(engine) as connection:
        rows = connection.execute(select(t.organisations).order_by(t.organisations.c.id))
        return [_organisation(row) for row in rows.mappings()]


def find_organisation(engine: Engine, slug: str | None) -> Organisation:
    """The organisation named `slug`, or the only one there is; raises `NotThere`."""
    known = all_organisations(engine)
    found = [o for o in known if slug in (None, o.slug)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(o.slug for o in known)
    if not known:
        raise NotThere("there is no issuer yet: run `credroot issuer create NAME`")
    if slug is None:
        raise NotThere(f"there are several issuers, name one with --issuer: {names}")
    raise NotThere(f"there is no issuer {slug!r}; there is: {names}")


def _require_new(connection: Connection, slug: str, status_url: str | None) -> None:
    taken = t.organisations.c.slug == slug
    if connection.execute(select(t.organisations.c.id).where(taken)).first():
        raise AlreadyThere(f"the issuer {slug!r} exists already")
    if status_url is not None:
        _require_free(connection, status_url, NOBODY)


def _require_free(connection: Connection, url: str, organisation_id: int) -> None:
    """Two organisations at one address would overwrite each other's lists."""
    o, lists = t.organisations.c, t.status_lists.c
    stands = lists.url.startswith(f"{url}/", autoescape=True)
    current = select(o.id).where(o.id != organisation_id, o.status_url == url)
    begun = select(lists.number).where(lists.organisation_id != organisation_id, stands)
    if connection.execute(current).first() or connection.execute(begun).first():
        raise AlreadyThere(f"another issuer's status lists stand at {url}")


def _organisation(row: RowMapping) -> Organisation:
    return Organisation(
        id=row["id"],
        slug=row["slug"],
        did=row["did"],
        profile=json.loads(row["profile"]),
        suites=tuple(json.loads(row["suites"])),
        account=Account(row["chain_id"], row["account"]),
        sender=row["sender"],
        award_salt=row["award_salt"],
        status_url=row["status_url"],
    )
