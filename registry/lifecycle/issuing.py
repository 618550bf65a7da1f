"""Issuing a file of awards: every good row becomes one stored credential, once."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from hashlib import blake2b, sha256
from itertools import chain
from secrets import token_urlsafe
from typing import Final
from uuid import UUID, uuid4

from registry.core.canonical import jcs
from registry.core.document import JsonObject
from registry.core.errors import CoreError
from registry.core.status_list import StatusEntry
from registry.core.suites import Signer
from registry.core.times import from_seconds, write_stamp
from registry.store.issuance import Conflict, Issuance, Signed

from .awards import AchievementRow, Award, BadRow, Row
from .badges import Issuer, SignedBadge, build, check_achievement, resolve_results, sign
from .status_lists import status_entry

# One commit each: large enough to be quick, small enough that an interruption loses little work.
ROWS_PER_COMMIT: Final = 1000
ROWS_PER_TASK: Final = 100


@dataclass(frozen=True)
class RefusedRow:
    """A row that issued nothing, and why; lines are counted from 1."""

    line: int
    reason: str


@dataclass
class Tally:
    """What became of the rows of one file so far."""

    issued: int = 0
    passed_over: int = 0
    achievements: int = 0
    refused: list[RefusedRow] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.issued + self.passed_over + self.achievements + len(self.refused)


class Stopped(Exception):
    """A row was refused where the caller wanted none to be; `issued` were stored before."""

    def __init__(self, row: RefusedRow, issued: int) -> None:
        super().__init__(f"line {row.line}: {row.reason}")
        self.issued = issued


@dataclass(frozen=True)
class _Prepared:
    """An award that is new to the store, with all that its credential is made of."""

    line: int
    award: Award
    achievement_id: int
    achievement: JsonObject
    key: bytes
    digest: bytes
    uuid: UUID
    salt: str
    status: StatusEntry | None = None
    status_number: int | None = None


@dataclass(frozen=True)
class IssuingDesk:
    """All that issuing needs: where to, in whose name, with which key, on which processors."""

    store: Issuance
    issuer: Issuer
    signer: Signer
    award_salt: bytes
    executor: Executor

    def issue(
        self, rows: Iterable[Row], now: Callable[[], int], *, strict: bool = False
    ) -> Iterator[Tally]:
        """Issue row by row, committing every thousand; yields the tally after each commit.

        The same award again is passed over; the same key with other content is refused. With
        `strict`, `Stopped` is raised at the first refused row, and its thousand are not stored.
        """
        tally = Tally()
        intake = _Intake(self.store, self.award_salt)
        for part in _in_parts(rows, ROWS_PER_COMMIT):
            moment = now()
            prepared = self._numbered(intake.prepare(part, tally, moment))
            accepted = self._sign(prepared, tally, write_stamp(from_seconds(moment)))
            tally.refused.sort(key=lambda row: row.line)
            if strict and tally.refused:
                raise Stopped(tally.refused[0], tally.issued)
            self.store.add(accepted, moment)
            tally.issued += len(accepted)
            yield tally

    def _numbered(self, prepared: list[_Prepared]) -> list[_Prepared]:
        """With their places in the status lists, where the organisation publishes any."""
        numbers = self.store.status_lists.reserve(len(prepared))
        if not numbers:
            return prepared
        return [
            replace(
                item,
                status=status_entry(given.number, given.list_url, self.award_salt),
                status_number=given.number,
            )
            for item, given in zip(prepared, numbers, strict=True)
        ]

    def _sign(self, prepared: list[_Prepared], tally: Tally, created: str) -> list[Signed]:
        tasks = [
            prepared[start : start + ROWS_PER_TASK]
            for start in range(0, len(prepared), ROWS_PER_TASK)
        ]
        task = partial(_sign_task, self.issuer, self.signer, created)
        accepted = []
        results = chain.from_iterable(self.executor.map(task, tasks))
        for item, result in zip(prepared, results, strict=True):
            if isinstance(result, str):
                tally.refused.append(RefusedRow(item.line, result))
            else:
                accepted.append(_stored_form(item, result))
        return accepted


def _in_parts(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    part: list[Row] = []
    for row in rows:
        part.append(row)
        if len(part) == size:
            yield part
            part = []
    if part:
        yield part


class _Intake:
    """Where rows meet what is stored: achievements, and awards that were issued before."""

    def __init__(self, store: Issuance, award_salt: bytes) -> None:
        self._store = store
        self._salt = award_salt
        self._achievements: dict[str, tuple[int, JsonObject, str]] = {}

    def prepare(self, rows: list[Row], tally: Tally, now: int) -> list[_Prepared]:
        """The awards among `rows` that are to be issued; the others are tallied."""
        candidates = []
        for line, row in rows:
            try:
                if isinstance(row, BadRow):
                    tally.refused.append(RefusedRow(line, row.reason))
                elif isinstance(row, AchievementRow):
                    self._import(row.achievement, now)
                    tally.achievements += 1
                else:
                    candidates.append(self._candidate(line, row))
            except (CoreError, Conflict) as error:
                tally.refused.append(RefusedRow(line, _reason(error)))
        return self._new(candidates, tally)

    def _import(self, achievement: JsonObject, now: int) -> None:
        check_achievement(achievement)
        self._store.add_achievement(achievement, now)

    def _candidate(self, line: int, award: Award) -> _Prepared:
        achievement_id, achievement, digest = self._achievement(award.achievement)
        resolve_results(award, achievement)
        return _Prepared(
            line=line,
            award=award,
            achievement_id=achievement_id,
            achievement=achievement,
            key=award_key(award, self._salt),
            digest=sha256(jcs([asdict(award), digest])).digest(),
            uuid=uuid4(),
            salt=token_urlsafe(16),
        )

    def _achievement(self, iri: str) -> tuple[int, JsonObject, str]:
        if iri not in self._achievements:
            found = self._store.achievement(iri)
            if found is None:
                raise Conflict(
                    f"the achievement {iri!r} is not known: import it first, "
                    "with `credroot achievement import FILE`"
                )
            self._achievements[iri] = (*found, sha256(jcs(found[1])).hexdigest())
        return self._achievements[iri]

    def _new(self, candidates: list[_Prepared], tally: Tally) -> list[_Prepared]:
        stored = self._store.known_awards([candidate.key for candidate in candidates])
        known, fresh = dict(stored), set[bytes]()
        new = []
        for candidate in candidates:
            before = known.setdefault(candidate.key, candidate.digest)
            if before != candidate.digest:
                reason = "this award was issued before with other content"
                tally.refused.append(RefusedRow(candidate.line, reason))
            elif candidate.key in fresh or candidate.key in stored:
                tally.passed_over += 1
            else:
                fresh.add(candidate.key)
                new.append(candidate)
        return new


def award_key(award: Award, salt: bytes) -> bytes:
    """What makes two rows the same award: `award_id`, else achievement, recipient and date.

    Keyed with the organisation's salt: the store alone does not tell who was awarded.
    """
    parts = (
        ["award_id", award.award_id]
        if award.award_id
        else [award.achievement, award.recipient.type, award.recipient.identifier, award.date]
    )
    return blake2b(jcs(parts), key=salt, digest_size=32).digest()


def _sign_task(
    issuer: Issuer, signer: Signer, created: str, items: list[_Prepared]
) -> list[SignedBadge | str]:
    """Build and sign `items`; in place of a credential that cannot be made stands the reason."""
    results: list[SignedBadge | str] = []
    for item in items:
        try:
            document = build(
                item.award, item.achievement, issuer, item.uuid, item.salt, item.status
            )
            results.append(sign(document, issuer, signer, created))
        except CoreError as error:
            results.append(_reason(error))
    return results


def _stored_form(item: _Prepared, badge: SignedBadge) -> Signed:
    return Signed(
        item.uuid,
        item.achievement_id,
        item.key,
        item.digest,
        badge.body,
        badge.leaf,
        item.status_number,
    )


def _reason(error: Exception) -> str:
    return getattr(error, "detail", None) or str(error)
