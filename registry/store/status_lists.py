"""Status lists of one organisation: where each stands, and whose bit each number is.

A number is given once, before its credential is signed; one that came to no credential is
skipped for ever.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, exists, insert, select, update

from . import tables as t
from .database import reading, writing
from .organisations import ENTRIES_PER_LIST


@dataclass(frozen=True)
class StatusList:
    """List `number` holds the numbers from `number * ENTRIES_PER_LIST` on."""

    number: int
    url: str


@dataclass(frozen=True)
class StatusNumber:
    """A number that was given to one credential, and the URL of the list that it falls into."""

    number: int
    list_url: str


@dataclass(frozen=True)
class NumberedLeaf:
    """The leaf of a credential that has a number; the credential itself may be erased."""

    number: int
    batch_id: int
    position: int


@dataclass(frozen=True)
class RootedBatch:
    """A batch whose tree is built; `final` is whether its anchor was ever seen to be final."""

    id: int
    root: bytes
    size: int
    final: bool


class StatusLists:
    """What publishing reads, and where numbers come from; bound to one organisation."""

    def __init__(self, engine: Engine, organisation_id: int) -> None:
        self._engine = engine
        self._owner = organisation_id

    def reserve(self, count: int) -> list[StatusNumber]:
        """The next `count` numbers, for nobody else; none where no address is set."""
        c = t.organisations.c
        mine = c.id == self._owner
        query = select(c.status_url, c.status_count).where(mine).with_for_update()
        with writing(self._engine) as connection:
            url, first = connection.execute(query).one()
            if url is None or count == 0:
                return []
            numbers = range(first, first + count)
            connection.execute(
                update(t.organisations).where(mine).values(status_count=numbers.stop)
            )
            begun = range(first // ENTRIES_PER_LIST, (numbers.stop - 1) // ENTRIES_PER_LIST + 1)
            urls = {number: self._begin(connection, number, url) for number in begun}
        return [StatusNumber(number, urls[number // ENTRIES_PER_LIST]) for number in numbers]

    def lists(self) -> list[StatusList]:
        """Every list that was begun, at whatever address."""
        c = t.status_lists.c
        query = select(c.number, c.url).where(c.organisation_id == self._owner).order_by(c.number)
        with reading(self._engine) as connection:
            return [StatusList(**row) for row in connection.execute(query).mappings()]

    def leaves(self) -> Iterator[NumberedLeaf]:
        """Every leaf with a number, anchored or not, in the order of numbers."""
        c = t.leaves.c
        query = (
            select(c.status_number.label("number"), c.batch_id, c.position)
            .where(c.organisation_id == self._owner, c.status_number.is_not(None))
            .order_by(c.status_number)
        )
        with reading(self._engine) as connection:
            for row in connection.execute(query):
                yield NumberedLeaf(row.number, row.batch_id, row.position)

    def batches(self) -> list[RootedBatch]:
        """Every batch that the chain may know."""
        c, x = t.batches.c, t.transactions.c
        final = exists().where(x.batch_id == c.id, x.state == "final").label("final")
        query = select(c.id, c.root, c.size, final).where(
            c.organisation_id == self._owner, c.root.is_not(None)
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(c.id))
            return [RootedBatch(r.id, bytes(r.root), r.size, bool(r.final)) for r in rows]

    def _begin(self, connection: Connection, number: int, base: str) -> str:
        c = t.status_lists.c
        query = select(c.url).where(c.organisation_id == self._owner, c.number == number)
        known = connection.execute(query).scalar()
        if known is not None:
            return str(known)
        url = f"{base}/{number}.json"
        connection.execute(
            insert(t.status_lists).values(organisation_id=self._owner, number=number, url=url)
        )
        return url
