"""Batches, transactions and status changes of one organisation: what the worker reads and writes.

Every change of state is a compare-and-swap: who finds another state than expected has been
overtaken, and does nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Engine, Select, exists, func, insert, select, update

from . import tables as t
from .database import reading, writing
from .organisations import NotThere

# SQLite's bound on variables in one statement, with room for the others.
KEYS_PER_QUERY: Final = 500


class Overtaken(Exception):
    """Another process changed the row first."""


@dataclass(frozen=True)
class Batch:
    id: int
    state: str
    size: int
    opened_at: int
    root: bytes | None


@dataclass(frozen=True)
class Transaction:
    """A signed transaction as it was stored before it was sent; `raw` never changes."""

    id: int
    state: str
    batch_id: int | None
    nonce: int
    hash: bytes
    raw: bytes
    block_number: int | None
    note: str


@dataclass(frozen=True)
class SignedTransaction:
    """`raw` as a node takes it (empty when only its `hash`, 32 bytes, is known)."""

    nonce: int
    hash: bytes
    raw: bytes


@dataclass(frozen=True)
class Change:
    """A status change of one credential that no transaction carries yet."""

    id: int
    kind: str
    credential_id: int
    root: bytes
    position: int


@dataclass(frozen=True)
class OwedRevocation:
    """A credential suspended in place of a revocation that only the controller can make."""

    uuid: UUID
    root: bytes
    position: int


@dataclass(frozen=True)
class PastChange:
    """A status change that was asked for; `state` is that of the transaction that carries it."""

    kind: str
    sent_as: str | None
    requested_at: int
    state: str


class Anchoring:
    """What the worker reads and writes; every query is bound to one organisation."""

    def __init__(self, engine: Engine, organisation_id: int) -> None:
        self._engine = engine
        self._owner = organisation_id

    def batches(self, *states: str) -> list[Batch]:
        """The batches in `states` (all of them when none is named), oldest first."""
        c = t.batches.c
        query = select(c.id, c.state, c.size, c.opened_at, c.root).order_by(c.id)
        query = query.where(c.organisation_id == self._owner)
        if states:
            query = query.where(c.state.in_(states))
        with reading(self._engine) as connection:
            return [Batch(**row) for row in connection.execute(query).mappings()]

    def seal(self, batch_id: int) -> None:
        """open -> sealed: nothing is added to it any more. Raises `Overtaken`."""
        with writing(self._engine) as connection:
            self._swap(connection, batch_id, "open", "sealed")

    def leaves(self, batch_id: int) -> list[bytes]:
        """The leaf hashes of a batch in the order of their positions."""
        c = t.leaves.c
        query = select(c.leaf).where(c.organisation_id == self._owner, c.batch_id == batch_id)
        with reading(self._engine) as connection:
            return [
                bytes(leaf) for leaf in connection.execute(query.order_by(c.position)).scalars()
            ]

    def store_tree(
        self, batch_id: int, root: bytes, tiles: Iterable[tuple[int, int, bytes]]
    ) -> None:
        """sealed -> built: tiles and root together, or nothing. Raises `Overtaken`."""
        with writing(self._engine) as connection:
            self._swap(connection, batch_id, "sealed", "built", root=root)
            connection.execute(
                insert(t.tiles),
                [
                    {
                        "batch_id": batch_id,
                        "organisation_id": self._owner,
                        "level": level,
                        "number": number,
                        "hashes": hashes,
                    }
                    for level, number, hashes in tiles
                ],
            )

    def batches_without_transaction(self) -> list[Batch]:
        """Built batches that no transaction carries: never signed, or the last one failed."""
        alive = exists().where(
            t.transactions.c.batch_id == t.batches.c.id, t.transactions.c.state != "failed"
        )
        c = t.batches.c
        query = select(c.id, c.state, c.size, c.opened_at, c.root).where(
            c.organisation_id == self._owner, c.state == "built", ~alive
        )
        with reading(self._engine) as connection:
            return [Batch(**row) for row in connection.execute(query.order_by(c.id)).mappings()]

    def transactions(self, states: Collection[str]) -> list[Transaction]:
        """The transactions in `states`, in the order of their nonces."""
        c = t.transactions.c
        columns = (c.id, c.state, c.batch_id, c.nonce, c.hash, c.raw, c.block_number, c.note)
        query = select(*columns).where(c.organisation_id == self._owner, c.state.in_(states))
        with reading(self._engine) as connection:
            rows = connection.execute(query.order_by(c.nonce, c.id)).mappings()
            return [Transaction(**row) for row in rows]

    def add_anchor(self, signed: SignedTransaction, batch_id: int, now: int) -> None:
        """Store the transaction that anchors a batch, before anybody sees it.

        Raises `NotThere` when the organisation has no such batch.
        """
        c = t.batches.c
        own = select(c.id).where(c.organisation_id == self._owner, c.id == batch_id)
        with writing(self._engine) as connection:
            if connection.execute(own).first() is None:
                raise NotThere(f"there is no batch {batch_id}")
            self._add(connection, signed, batch_id, now)

    def add_status(
        self, signed: SignedTransaction, changes: Sequence[Change], sent_as: str, now: int
    ) -> None:
        """Store the transaction that carries `changes`, before anybody sees it."""
        with writing(self._engine) as connection:
            transaction_id = self._add(connection, signed, None, now)
            for change in changes:
                self._carry(connection, change, transaction_id, sent_as)

    def advance(
        self, transaction: Transaction, state: str, block_number: int | None, note: str = ""
    ) -> None:
        """Move a transaction on; a failed one gives back its status changes. Raises `Overtaken`."""
        c = t.transactions.c
        with writing(self._engine) as connection:
            moved = connection.execute(
                update(t.transactions)
                .where(
                    c.organisation_id == self._owner,
                    c.id == transaction.id,
                    c.state == transaction.state,
                )
                .values(state=state, block_number=block_number, note=note or transaction.note)
            )
            if moved.rowcount != 1:
                raise Overtaken(f"transaction {transaction.id} is no longer {transaction.state}")
            if state == "failed":
                connection.execute(
                    update(t.status_changes)
                    .where(t.status_changes.c.transaction_id == transaction.id)
                    .values(transaction_id=None, sent_as=None)
                )

    def request_changes(self, uuids: Sequence[UUID], kind: str, now: int) -> int:
        """Ask for `kind` of every credential; how many were not in that state already.

        Raises `NotThere` for an unknown credential, and then none is asked for.
        """
        with writing(self._engine) as connection:
            asked = [self._credential_id(connection, uuid) for uuid in uuids]
            new = [c for c in dict.fromkeys(asked) if self._changes_anything(connection, c, kind)]
            if new:
                connection.execute(
                    insert(t.status_changes),
                    [
                        {
                            "organisation_id": self._owner,
                            "credential_id": credential_id,
                            "kind": kind,
                            "requested_at": now,
                        }
                        for credential_id in new
                    ],
                )
        return len(new)

    def pending_changes(self) -> list[Change]:
        """Changes that can be sent now, in the order of asking.

        Their batch is final, and no earlier change of the same credential is under way: that one
        may fail and be sent again, and would then come last.
        """
        final = exists().where(
            t.transactions.c.batch_id == t.batches.c.id, t.transactions.c.state == "final"
        )
        s, x = t.status_changes.c, t.transactions.c
        under_way = (
            select(s.credential_id)
            .join(t.transactions, x.id == s.transaction_id)
            .where(s.organisation_id == self._owner, x.state.not_in(("final", "failed")))
        )
        query = self._changes().where(
            s.transaction_id.is_(None), final, s.credential_id.not_in(under_way)
        )
        with reading(self._engine) as connection:
            return [Change(**row) for row in connection.execute(query).mappings()]

    def waiting_changes(
        self, uuids: Sequence[UUID] | None = None, *, anchored: bool = False
    ) -> int:
        """How many changes (of `uuids`, or all) no final transaction carries yet.

        With `anchored`, only those whose batch is final: nothing but their sending is missing.
        """
        s, x = t.status_changes, t.transactions
        query = (
            select(func.count())
            .select_from(s.outerjoin(x, x.c.id == s.c.transaction_id))
            .where(s.c.organisation_id == self._owner, func.coalesce(x.c.state, "") != "final")
        )
        if anchored:
            anchoring = t.transactions.alias()
            final = exists().where(
                t.leaves.c.credential_id == s.c.credential_id,
                anchoring.c.batch_id == t.leaves.c.batch_id,
                anchoring.c.state == "final",
            )
            query = query.where(final)
        with reading(self._engine) as connection:
            if uuids is None:
                return connection.execute(query).scalar_one()
            return sum(
                connection.execute(query.where(s.c.credential_id.in_(part))).scalar_one()
                for part in self._credential_ids(connection, uuids)
            )

    def anything_left(self) -> bool:
        """Whether there is anything to seal, to anchor, to send or to follow."""
        return bool(
            any(batch.size for batch in self.batches("open", "sealed"))
            or self.batches_without_transaction()
            or self.transactions(("signed", "sent", "mined"))
            or self.pending_changes()
        )

    def history(self, uuid: UUID) -> list[PastChange]:
        """Every status change that was asked for a credential, oldest first."""
        s, x = t.status_changes, t.transactions
        query = (
            select(
                s.c.kind,
                s.c.sent_as,
                s.c.requested_at,
                func.coalesce(x.c.state, "waiting").label("state"),
            )
            .join(t.credentials, t.credentials.c.id == s.c.credential_id)
            .outerjoin(x, x.c.id == s.c.transaction_id)
            .where(s.c.organisation_id == self._owner, t.credentials.c.uuid == uuid.bytes)
            .order_by(s.c.id)
        )
        with reading(self._engine) as connection:
            return [PastChange(**row) for row in connection.execute(query).mappings()]

    def owed_revocations(self) -> list[OwedRevocation]:
        """Revocations that were carried as suspensions: the controller has yet to make them."""
        query = (
            select(t.credentials.c.uuid, t.batches.c.root, t.leaves.c.position)
            .select_from(t.status_changes)
            .join(t.credentials, t.credentials.c.id == t.status_changes.c.credential_id)
            .join(t.leaves, t.leaves.c.credential_id == t.credentials.c.id)
            .join(t.batches, t.batches.c.id == t.leaves.c.batch_id)
            .where(
                t.status_changes.c.organisation_id == self._owner,
                t.status_changes.c.kind == "revoke",
                t.status_changes.c.sent_as == "suspend",
            )
        )
        with reading(self._engine) as connection:
            rows = connection.execute(query)
            return [OwedRevocation(UUID(bytes=r.uuid), r.root, r.position) for r in rows]

    def _add(
        self, connection: Connection, signed: SignedTransaction, batch_id: int | None, now: int
    ) -> int:
        c = t.transactions.c
        known = connection.execute(select(c.id).where(c.hash == signed.hash)).scalar()
        if known is not None:
            # Given up, and then seen on the chain after all; or signed anew to the same bytes.
            again = {"state": "sent"}
            anew = {"state": "signed", "nonce": signed.nonce, "raw": signed.raw}
            connection.execute(
                update(t.transactions).where(c.id == known).values(anew if signed.raw else again)
            )
            return int(known)
        added = connection.execute(
            insert(t.transactions)
            .values(
                organisation_id=self._owner,
                state="signed",
                batch_id=batch_id,
                nonce=signed.nonce,
                hash=signed.hash,
                raw=signed.raw,
                created_at=now,
            )
            .returning(c.id)
        )
        return int(added.scalar_one())

    def _swap(
        self, connection: Connection, batch_id: int, old: str, new: str, root: bytes | None = None
    ) -> None:
        c = t.batches.c
        moved = connection.execute(
            update(t.batches)
            .where(c.organisation_id == self._owner, c.id == batch_id, c.state == old)
            .values(state=new, root=root)
        )
        if moved.rowcount != 1:
            raise Overtaken(f"batch {batch_id} is no longer {old}")

    def _carry(
        self, connection: Connection, change: Change, transaction_id: int, sent_as: str
    ) -> None:
        c = t.status_changes.c
        carried = connection.execute(
            update(t.status_changes)
            .where(c.organisation_id == self._owner, c.id == change.id, c.transaction_id.is_(None))
            .values(transaction_id=transaction_id, sent_as=sent_as)
        )
        if carried.rowcount != 1:
            raise Overtaken(f"another transaction carries status change {change.id}")

    def _credential_id(self, connection: Connection, uuid: UUID) -> int:
        c = t.credentials.c
        query = select(c.id).where(c.organisation_id == self._owner, c.uuid == uuid.bytes)
        found = connection.execute(query).scalar()
        if found is None:
            raise NotThere(f"this issuer never issued urn:uuid:{uuid}")
        return int(found)

    def _credential_ids(self, connection: Connection, uuids: Sequence[UUID]) -> Iterator[list[int]]:
        """The row ids of `uuids`, in parts; what was never issued has none."""
        c, wanted = t.credentials.c, [uuid.bytes for uuid in dict.fromkeys(uuids)]
        for start in range(0, len(wanted), KEYS_PER_QUERY):
            part = wanted[start : start + KEYS_PER_QUERY]
            query = select(c.id).where(c.organisation_id == self._owner, c.uuid.in_(part))
            yield list(connection.execute(query).scalars())

    def _changes_anything(self, connection: Connection, credential_id: int, kind: str) -> bool:
        c = t.status_changes.c
        query = select(c.kind).where(c.credential_id == credential_id).order_by(c.id)
        before = [row.kind for row in connection.execute(query)]
        if "revoke" in before:
            return False
        return (before[-1] if before else "reinstate") != kind

    def _changes(self) -> Select[tuple[int, str, int, bytes, int]]:
        s = t.status_changes.c
        return (
            select(s.id, s.kind, s.credential_id, t.batches.c.root, t.leaves.c.position)
            .join(t.leaves, t.leaves.c.credential_id == s.credential_id)
            .join(t.batches, t.batches.c.id == t.leaves.c.batch_id)
            .where(s.organisation_id == self._owner)
            .order_by(s.id)
        )
