"""Achievements and credentials of one organisation: written once, never changed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Engine, RowMapping, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from registry.core.canonical import jcs

from . import tables as t
from .compression import Codec, train
from .database import reading, writing
from .organisations import NotThere
from .status_lists import StatusLists

# SQLite's bound on variables in one statement, with room for the others.
KEYS_PER_QUERY: Final = 500


class Conflict(Exception):
    """The same thing was stored before with other content; the text says what."""


@dataclass(frozen=True)
class Signed:
    """A credential ready to be stored: `body` is its JSON with the signatures only."""

    uuid: UUID
    achievement_id: int
    award_key: bytes
    award_digest: bytes
    body: bytes
    leaf: bytes
    status_number: int | None = None


@dataclass(frozen=True)
class Stored:
    """A stored credential and its place: batch, position, and where the batch stands."""

    id: int
    uuid: UUID
    body: bytes
    batch_id: int
    position: int
    size: int
    root: bytes | None
    anchored: bool


class Issuance:
    """What issuing reads and writes; every query is bound to one organisation."""

    def __init__(self, engine: Engine, organisation_id: int) -> None:
        self._engine = engine
        self._owner = organisation_id

    @property
    def status_lists(self) -> StatusLists:
        """The same organisation's status lists."""
        return StatusLists(self._engine, self._owner)

    def add_achievement(self, achievement: Mapping[str, Any], created_at: int) -> bool:
        """Store an achievement; `False` if it was there already. Raises `Conflict`."""
        return bool(self.add_achievements([achievement], created_at))

    def add_achievements(self, items: Sequence[Mapping[str, Any]], created_at: int) -> int:
        """Store achievements, all or none; how many were not there already. Raises `Conflict`."""
        with writing(self._engine) as connection:
            return sum(self._add_achievement(connection, item, created_at) for item in items)

    def _add_achievement(
        self, connection: Connection, achievement: Mapping[str, Any], created_at: int
    ) -> bool:
        body = jcs(achievement)
        digest, iri = sha256(body).digest(), achievement["id"]
        there = connection.execute(self._achievement(iri)).mappings().first()
        if there is None:
            connection.execute(
                insert(t.achievements).values(
                    organisation_id=self._owner,
                    iri=iri,
                    digest=digest,
                    body=body,
                    created_at=created_at,
                )
            )
        elif there["digest"] != digest:
            raise Conflict(f"the achievement {iri} was imported before with other content")
        return there is None

    def achievement(self, iri: str) -> tuple[int, dict[str, Any]] | None:
        """Row id and content of an achievement."""
        with reading(self._engine) as connection:
            row = connection.execute(self._achievement(iri)).mappings().first()
        return None if row is None else (row["id"], json.loads(row["body"]))

    def achievements(self) -> list[dict[str, Any]]:
        mine = t.achievements.c.organisation_id == self._owner
        with reading(self._engine) as connection:
            rows = connection.execute(select(t.achievements.c.body).where(mine))
            return [json.loads(row.body) for row in rows]

    def known_awards(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Of `keys`, those that were issued before -> the digest of what was issued."""
        found: dict[bytes, bytes] = {}
        c = t.credentials.c
        with reading(self._engine) as connection:
            for start in range(0, len(keys), KEYS_PER_QUERY):
                part = keys[start : start + KEYS_PER_QUERY]
                rows = connection.execute(
                    select(c.award_key, c.award_digest).where(
                        c.organisation_id == self._owner, c.award_key.in_(part)
                    )
                )
                found.update({row.award_key: row.award_digest for row in rows})
        return found

    def add(self, credentials: Sequence[Signed], now: int) -> None:
        """Store `credentials` and append their leaves to the open batch: all, or none.

        Raises `Conflict` when another process issued one of the awards meanwhile, `NotThere` when
        an achievement is not the organisation's.
        """
        if not credentials:
            return
        try:
            self._add(credentials, now)
        except IntegrityError as error:
            raise Conflict(
                "another process issued some of these awards meanwhile: run it again to go on"
            ) from error

    def _add(self, credentials: Sequence[Signed], now: int) -> None:
        with writing(self._engine) as connection:
            self._require_own(connection, {c.achievement_id for c in credentials})
            dictionary_id, codec = self._codec(connection, [c.body for c in credentials])
            first = self._next_id(connection)
            batch_id, position = self._open_batch(connection, now)
            connection.execute(
                insert(t.credentials),
                [
                    {
                        "id": first + place,
                        "organisation_id": self._owner,
                        "uuid": credential.uuid.bytes,
                        "achievement_id": credential.achievement_id,
                        "award_key": credential.award_key,
                        "award_digest": credential.award_digest,
                        "dictionary_id": dictionary_id,
                        "body": codec.compress(credential.body),
                        "issued_at": now,
                    }
                    for place, credential in enumerate(credentials)
                ],
            )
            connection.execute(
                insert(t.leaves),
                [
                    {
                        "batch_id": batch_id,
                        "position": position + place,
                        "organisation_id": self._owner,
                        "credential_id": first + place,
                        "leaf": credential.leaf,
                        "status_number": credential.status_number,
                    }
                    for place, credential in enumerate(credentials)
                ],
            )
            connection.execute(
                update(t.batches)
                .where(t.batches.c.id == batch_id)
                .values(size=position + len(credentials))
            )

    def count(self) -> int:
        mine = t.credentials.c.organisation_id == self._owner
        with reading(self._engine) as connection:
            return connection.execute(
                select(func.count()).select_from(t.credentials).where(mine)
            ).scalar_one()

    def credentials(self, uuids: Sequence[UUID] | None = None) -> Iterator[Stored]:
        """Stored credentials in the order of their leaves: those named, each once, or all of them.

        Of more than `KEYS_PER_QUERY` names, each so many are in that order by themselves.
        """
        if uuids is None:
            yield from self._stored(self._credentials())
            return
        named = list(dict.fromkeys(uuids))
        for start in range(0, len(named), KEYS_PER_QUERY):
            part = [u.bytes for u in named[start : start + KEYS_PER_QUERY]]
            yield from self._stored(self._credentials().where(t.credentials.c.uuid.in_(part)))

    def tile(self, batch_id: int, level: int, number: int) -> bytes:
        """The hashes of one tile of a built batch."""
        c = t.tiles.c
        query = select(c.hashes).where(
            c.organisation_id == self._owner,
            c.batch_id == batch_id,
            c.level == level,
            c.number == number,
        )
        with reading(self._engine) as connection:
            return bytes(connection.execute(query).scalar_one())

    def _stored(self, query: Select[Any]) -> Iterator[Stored]:
        with reading(self._engine) as connection:
            for row in connection.execute(query).mappings():
                yield self._read(row)

    def _read(self, row: RowMapping) -> Stored:
        return Stored(
            id=row["id"],
            uuid=UUID(bytes=row["uuid"]),
            body=self._codecs[row["dictionary_id"]].decompress(row["body"]),
            batch_id=row["batch_id"],
            position=row["position"],
            size=row["size"],
            root=row["root"],
            anchored=row["anchored"] is not None,
        )

    def _credentials(self) -> Select[Any]:
        anchored = (
            select(t.transactions.c.id)
            .where(t.transactions.c.batch_id == t.batches.c.id, t.transactions.c.state == "final")
            .limit(1)
            .scalar_subquery()
        )
        return (
            select(
                *(t.credentials.c[name] for name in ("id", "uuid", "body", "dictionary_id")),
                t.leaves.c.batch_id,
                t.leaves.c.position,
                t.batches.c.size,
                t.batches.c.root,
                anchored.label("anchored"),
            )
            .join(t.leaves, t.leaves.c.credential_id == t.credentials.c.id)
            .join(t.batches, t.batches.c.id == t.leaves.c.batch_id)
            .where(t.credentials.c.organisation_id == self._owner)
            .order_by(t.leaves.c.batch_id, t.leaves.c.position)
        )

    def _achievement(self, iri: str) -> Select[Any]:
        c = t.achievements.c
        return select(t.achievements).where(c.organisation_id == self._owner, c.iri == iri)

    def _require_own(self, connection: Connection, achievement_ids: set[int]) -> None:
        c = t.achievements.c
        mine = select(c.id).where(c.organisation_id == self._owner)
        foreign = achievement_ids - set(connection.execute(mine).scalars())
        if foreign:
            raise NotThere(f"there is no achievement {min(foreign)}")

    def _open_batch(self, connection: Connection, now: int) -> tuple[int, int]:
        """Id and next position of the open batch; one is opened if there is none."""
        c = t.batches.c
        query = select(c.id, c.size).where(c.organisation_id == self._owner, c.state == "open")
        row = connection.execute(query).first()
        if row is not None:
            return row.id, row.size
        opened = connection.execute(
            insert(t.batches).values(organisation_id=self._owner, state="open", opened_at=now)
        )
        return self._key(opened), 0

    def _codec(self, connection: Connection, bodies: Sequence[bytes]) -> tuple[int | None, Codec]:
        """The newest dictionary, or one trained on these bodies, the first that there are."""
        c = t.dictionaries.c
        newest = select(c.id, c.body).where(c.organisation_id == self._owner).order_by(c.id.desc())
        row = connection.execute(newest.limit(1)).first()
        if row is not None:
            return row.id, Codec(row.body)
        dictionary = train(bodies)
        if dictionary is None:
            return None, Codec(None)
        added = connection.execute(
            insert(t.dictionaries).values(organisation_id=self._owner, body=dictionary)
        )
        return self._key(added), Codec(dictionary)

    @cached_property
    def _codecs(self) -> "_Codecs":
        return _Codecs(self._engine, self._owner)

    @staticmethod
    def _next_id(connection: Connection) -> int:
        return (connection.execute(select(func.max(t.credentials.c.id))).scalar() or 0) + 1

    @staticmethod
    def _key(result: Any) -> int:
        return int(result.inserted_primary_key[0])


class _Codecs(dict[int | None, Codec]):
    """Codecs by dictionary id, read when first needed."""

    def __init__(self, engine: Engine, owner: int) -> None:
        super().__init__({None: Codec(None)})
        self._engine = engine
        self._owner = owner

    def __missing__(self, dictionary_id: int | None) -> Codec:
        c = t.dictionaries.c
        query = select(c.body).where(c.organisation_id == self._owner, c.id == dictionary_id)
        with reading(self._engine) as connection:
            self[dictionary_id] = Codec(connection.execute(query).scalar_one())
        return self[dictionary_id]
