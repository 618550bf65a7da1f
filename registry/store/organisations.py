"""Organisations in the store: who issues, under which DID, from which account on which chain."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, RowMapping, insert, select

from registry.core.keys import Account

from . import tables as t
from .database import reading, writing


class AlreadyThere(Exception):
    """What was to be created exists; the text says what."""


class NotThere(Exception):
    """What was asked for does not exist; the text says what, and what does."""


@dataclass(frozen=True)
class Organisation:
    """An issuing organisation. `account` is what verifiers trust, `sender` pays and signs."""

    id: int
    slug: str
    did: str
    profile: dict[str, Any]
    suites: tuple[str, ...]
    account: Account
    sender: str
    award_salt: bytes


def add_organisation(engine: Engine, organisation: Organisation, created_at: int) -> None:
    """Store a new organisation; its `id` is given by the database. Raises `AlreadyThere`."""
    with writing(engine) as connection:
        taken = t.organisations.c.slug == organisation.slug
        if connection.execute(select(t.organisations.c.id).where(taken)).first():
            raise AlreadyThere(f"the issuer {organisation.slug!r} exists already")
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
            )
        )


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
    )
