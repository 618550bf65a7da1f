"""Files of awards, read strictly: each row becomes an `Award`, or an error with its line number.

Rows are outside data of any size and quality: a bad one is reported and the next is read.
"""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, BinaryIO, Final

from registry.core.did import require_did
from registry.core.document import MAX_DOCUMENT_BYTES, JsonObject, parse_json
from registry.core.errors import InvalidArgument, Refusal
from registry.core.times import parse_stamp, write_stamp

# A row makes one credential, which may not be larger than this.
MAX_ROW_BYTES: Final = MAX_DOCUMENT_BYTES
COLUMNS: Final = (
    "recipient",
    "recipient_type",
    "achievement",
    "date",
    "award_id",
    "valid_until",
    "results",
    "evidence",
    "narrative",
)
REQUIRED: Final = ("recipient", "achievement", "date")
RESULT_MEMBERS: Final = frozenset(("resultDescription", "value", "status", "achievedLevel"))
EVIDENCE_MEMBERS: Final = frozenset(("id", "name", "narrative", "description", "genre", "audience"))
# Open Badges 3.0, B.6.5 IdentifierTypeEnum.
IDENTITY_TYPES: Final = frozenset(
    (
        *("name", "sourcedId", "systemId", "productId", "userName", "accountId", "emailAddress"),
        *("nationalIdentityNumber", "isbn", "issn", "lisSourcedId", "oneRosterSourcedId"),
        *("sisSourcedId", "ltiContextId", "ltiDeploymentId", "ltiToolId", "ltiPlatformId"),
        *("ltiUserId", "identifier"),
    )
)
# Nobody alive was awarded earlier; a spreadsheet's empty date is of 1899.
EARLIEST_YEAR: Final = 1900
_EXTENSION: Final = re.compile(r"ext:[A-Za-z0-9._-]+")
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class BadFile(Exception):
    """The file as a whole cannot be read; the text says why, and what to do."""


@dataclass(frozen=True)
class Recipient:
    """Who is awarded; `type` is an Open Badges identity type, or `did`."""

    identifier: str
    type: str


@dataclass(frozen=True)
class Award:
    """One award as the file tells it; times are XML Schema dateTimeStamps."""

    recipient: Recipient
    achievement: str
    date: str
    award_id: str | None = None
    valid_until: str | None = None
    results: tuple[Mapping[str, str], ...] = ()
    evidence: tuple[JsonObject, ...] = ()
    narrative: str | None = None


@dataclass(frozen=True)
class AchievementRow:
    """An achievement that an NDJSON file brings along."""

    achievement: JsonObject


@dataclass(frozen=True)
class BadRow:
    """Why a row was refused."""

    reason: str


Row = tuple[int, Award | AchievementRow | BadRow]


def read_awards(path: Path) -> Iterator[Row]:
    """The rows of a CSV or NDJSON file with their line numbers (the first line is 1).

    Raises `BadFile` for a file that is empty, of an unknown kind, or has wrong columns.
    """
    kind = path.suffix.lower()
    if kind not in (".csv", ".ndjson", ".jsonl"):
        raise BadFile(f"{path.name}: want a .csv or .ndjson file")
    with path.open("rb") as file:
        rows = _csv_rows(file, path.name) if kind == ".csv" else _ndjson_rows(file)
        any_row = False
        for row in rows:
            any_row = True
            yield row
        if not any_row:
            raise BadFile(f"{path.name}: the file has no rows")


def parse_award(item: Mapping[str, Any]) -> Award:
    """Read one award object; raises `InvalidArgument` with the reason."""
    unknown = set(item) - set(COLUMNS)
    if unknown:
        raise InvalidArgument(f"unknown members: {', '.join(sorted(unknown))}")
    for name in REQUIRED:
        if item.get(name) in (None, ""):
            raise InvalidArgument(f"{name} is missing")
    awarded = moment(item["date"], "date")
    until = moment(item["valid_until"], "valid_until") if item.get("valid_until") else None
    # Stamps of one form: they sort as the times that they are.
    if until is not None and until < awarded:
        raise InvalidArgument(f"valid_until {until} is before date {awarded}")
    return Award(
        recipient=_recipient(item["recipient"], item.get("recipient_type")),
        achievement=_text(item, "achievement") or "",
        date=awarded,
        award_id=_text(item, "award_id"),
        valid_until=until,
        results=_listed(item, "results", RESULT_MEMBERS),
        evidence=_listed(item, "evidence", EVIDENCE_MEMBERS),
        narrative=_text(item, "narrative"),
    )


def moment(text: Any, name: str) -> str:
    """A date (midnight UTC is meant) or a date-time with a zone, as a UTC stamp."""
    try:
        if isinstance(text, str) and _DATE.fullmatch(text):
            meant = datetime.combine(date.fromisoformat(text), time(), UTC)
        else:
            meant = parse_stamp(text if isinstance(text, str) else "")
    except ValueError as error:
        raise InvalidArgument(
            f"{name} {text!r} is not a date (2026-06-30) or a date-time with a zone"
        ) from error
    if meant.year < EARLIEST_YEAR:
        raise InvalidArgument(f"{name} {text!r} is before the year {EARLIEST_YEAR}")
    return write_stamp(meant)


def _recipient(value: Any, kind: Any) -> Recipient:
    if isinstance(value, dict):
        if set(value) - {"identifier", "type"} or not isinstance(value.get("identifier"), str):
            raise InvalidArgument('recipient is not text or {"identifier": …, "type": …}')
        value, kind = value["identifier"], value.get("type", kind)
    if not isinstance(value, str) or not value.strip():
        raise InvalidArgument("recipient is empty")
    identifier = value.strip()
    kind = kind or _guessed_type(identifier)
    if not isinstance(kind, str) or not (
        kind in IDENTITY_TYPES or kind == "did" or _EXTENSION.fullmatch(kind)
    ):
        raise InvalidArgument(f"{kind!r} is no identity type of Open Badges, nor did, nor ext:…")
    if kind == "did":
        require_did(identifier)
    # Mail hosts fold case, people do not remember it: the hash is of the lower-case address.
    return Recipient(identifier.lower() if kind == "emailAddress" else identifier, kind)


def _guessed_type(identifier: str) -> str:
    if identifier.startswith("did:"):
        return "did"
    return "emailAddress" if "@" in identifier else "systemId"


def _listed(award: Mapping[str, Any], name: str, allowed: frozenset[str]) -> tuple[JsonObject, ...]:
    items = award.get(name) or []
    if not isinstance(items, list):
        raise InvalidArgument(f"{name} is not a list")
    return tuple(_members(item, allowed, name) for item in items)


def _members(item: Any, allowed: frozenset[str], name: str) -> JsonObject:
    if not isinstance(item, dict) or not item:
        raise InvalidArgument(f"{name} holds something that is not an object")
    unknown = set(item) - allowed
    if unknown:
        raise InvalidArgument(f"unknown members in {name}: {', '.join(sorted(unknown))}")
    if not all(isinstance(value, str) and value for value in item.values()):
        raise InvalidArgument(f"{name} holds a value that is empty or not text")
    return item


def _text(item: Mapping[str, Any], name: str) -> str | None:
    value = item.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidArgument(f"{name} is not text")
    return value or None


def _ndjson_rows(file: BinaryIO) -> Iterator[Row]:
    for number, line in _bounded_lines(file):
        if isinstance(line, BadRow):
            yield number, line
        elif line.strip():
            yield number, _ndjson_row(line)


def _ndjson_row(line: bytes) -> Award | AchievementRow | BadRow:
    try:
        item = parse_json(line.rstrip())
        if "type" in item:
            return AchievementRow(item)
        return parse_award(item)
    except Refusal as refusal:
        return BadRow(refusal.detail)
    except InvalidArgument as error:
        return BadRow(str(error))


def _csv_rows(file: BinaryIO, name: str) -> Iterator[Row]:
    csv.field_size_limit(MAX_ROW_BYTES)
    lines = _RowLines(file)
    reader = csv.reader(lines, strict=True)
    try:
        cells = next(reader, None)
    except csv.Error as error:
        raise BadFile(f"{name}: the header is not CSV: {error}") from error
    if lines.problem:
        raise BadFile(f"{name}: the header cannot be read: {lines.problem}")
    header = _header(cells, name)
    while not lines.ended:
        lines.begin_row()
        row = _next_row(reader, lines, header)
        if isinstance(row, BadRow) and lines.last > lines.first:
            # A quote too many swallows rows that were meant as rows: they are lost with it.
            where = f"lines {lines.first} to {lines.last} were read as one"
            row = BadRow(f"{row.reason} ({where})")
        if row is not None:
            yield lines.first, row


def _next_row(
    reader: Iterator[list[str]], lines: "_RowLines", header: list[str]
) -> Award | BadRow | None:
    """The next row, none for a blank one and at the end."""
    try:
        cells = next(reader, [])
    except csv.Error as error:
        return BadRow(f"not CSV: {error}")
    if lines.problem:
        return BadRow(lines.problem)
    return _csv_row(header, cells) if any(cell.strip() for cell in cells) else None


class _RowLines(Iterator[str]):
    """Lines for a CSV reader, and what it cannot know: where a row began, what was wrong with it.

    A row may span lines. One of them that is not UTF-8 spoils its row, and is read on with
    replacements: the quotes in it must count, or the rows after it would be torn.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._lines = _bounded_lines(file)
        self.ended = False
        self.last = 0
        self.begin_row()

    def begin_row(self) -> None:
        self.first = 0
        self.problem = ""
        self._bytes = 0

    def __next__(self) -> str:
        try:
            number, line = next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        self.first, self.last = self.first or number, number
        if isinstance(line, BadRow):
            self.problem = line.reason
            return "\n"
        self._bytes += len(line)
        if self._bytes > MAX_ROW_BYTES:
            raise csv.Error(f"the row is longer than {MAX_ROW_BYTES} bytes: is a quote not closed?")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            where = f"byte {error.start} of line {number}"
            self.problem = self.problem or f"not UTF-8 at {where}"
            return line.decode("utf-8", errors="replace")


def _header(cells: list[str] | None, name: str) -> list[str]:
    if not cells:
        raise BadFile(f"{name}: the file is empty: want a header with {', '.join(REQUIRED)}")
    header = [cell.strip().lower() for cell in cells]
    unknown = [cell for cell in header if cell not in COLUMNS]
    missing = [cell for cell in REQUIRED if cell not in header]
    if unknown or missing or len(set(header)) != len(header):
        problem = f"unknown {', '.join(map(repr, unknown))}" if unknown else "twice the same"
        problem = f"missing {', '.join(missing)}" if missing and not unknown else problem
        raise BadFile(f"{name}: wrong columns: {problem}; known are {', '.join(COLUMNS)}")
    return header


def _csv_row(header: list[str], cells: list[str]) -> Award | BadRow:
    if len(cells) != len(header):
        return BadRow(f"{len(cells)} cells, want {len(header)}")
    row: dict[str, Any] = dict(zip(header, (cell.strip() for cell in cells), strict=True))
    try:
        row["results"] = _csv_results(row.get("results", ""))
        row["evidence"] = [{"id": link} for link in row.get("evidence", "").split()]
        return parse_award(row)
    except InvalidArgument as error:
        return BadRow(str(error))


def _csv_results(text: str) -> list[dict[str, str]]:
    """`NAME=VALUE; NAME=VALUE`: the name is that of a result description, or its id."""
    results = []
    for part in filter(None, (p.strip() for p in text.split(";"))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InvalidArgument(f"results: {part!r} is not NAME=VALUE")
        results.append({"resultDescription": name.strip(), "value": value.strip()})
    return results


def _bounded_lines(file: BinaryIO) -> Iterator[tuple[int, bytes | BadRow]]:
    """Lines with their numbers; one that is too long is passed over without being held."""
    number = 0
    while line := file.readline(MAX_ROW_BYTES + 1):
        number += 1
        if number == 1:
            line = line.removeprefix(BOM_UTF8)
        if len(line) <= MAX_ROW_BYTES or line.endswith(b"\n"):
            yield number, line
            continue
        while (rest := file.readline(MAX_ROW_BYTES)) and not rest.endswith(b"\n"):
            pass
        yield number, BadRow(f"the line is longer than {MAX_ROW_BYTES} bytes")
