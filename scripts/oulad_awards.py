#!/usr/bin/env python3
"""Turn the Open University Learning Analytics Dataset (OULAD) into an awards file.

Source: J. Kuzilek, M. Hlosta, Z. Zdrahal, "Open University Learning Analytics dataset",
Scientific Data 4:170171 (2017), https://doi.org/10.1038/sdata.2017.171, CC BY 4.0. Four of its
files are read: courses.csv, assessments.csv, studentInfo.csv and studentAssessment.csv.

Out: NDJSON, UTF-8, one JSON object a line. First one Open Badges 3.0 Achievement for each module
presentation, then one award for each registration that ended in Pass or Distinction, in the order
of studentInfo.csv. The same input gives the same bytes: every id is a version 5 UUID of what it
names.

Units: scores are marks from 0 to 100; weights are percent; due days and lengths are days counted
from the start of the presentation.

What the data set does not say, and what is done about it:

* Dates. OULAD gives a year, a month letter (B or J) and a length in days, never a calendar date.
  By convention here a B presentation starts on 1 February and a J presentation on 1 October; an
  award's date is that start plus the length.
* Weights. Open Badges has no field for a weight, so it stands in the result description's name.
* Missing scores. An empty score or `?` gives no result; nothing is guessed. Most exams have no
  scores in OULAD at all: the exam stays in the achievement, because it counted, without results.
* Banked scores (is_banked = 1). The score was earned in an earlier presentation and carried over.
  It did count here, so it is written like any other, and a second result, "Banked assessment",
  names the assessment so that nobody reads it as work done in this presentation.
* Retakes. A learner who takes a module again is another registration. An assessment belongs to
  one presentation, so only that presentation's scores reach the award.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import sys
import tempfile
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import NoReturn, TypeVar

DATASET_URL = "https://doi.org/10.1038/sdata.2017.171"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, DATASET_URL)

COLUMNS: dict[str, tuple[str, ...]] = {
    "courses.csv": ("code_module", "code_presentation", "module_presentation_length"),
    "assessments.csv": (
        "code_module",
        "code_presentation",
        "id_assessment",
        "assessment_type",
        "date",
        "weight",
    ),
    "studentInfo.csv": ("code_module", "code_presentation", "id_student", "final_result"),
    "studentAssessment.csv": ("id_assessment", "id_student", "is_banked", "score"),
}

# Low to high, the order Open Badges asks of allowedValue.
AWARDED_RESULTS = ("Pass", "Distinction")

START_MONTH = {"B": 2, "J": 10}

ZERO_TO_HUNDRED = r"(0|[1-9][0-9]?)(\.[0-9]+)?|100(\.0+)?"

JsonObject = dict[str, object]
K = TypeVar("K")
V = TypeVar("V")


class InputError(Exception):
    """The input cannot be used; the message says where and what to do."""


# --- What is read ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Presentation:
    """One run of a module, from courses.csv. `length` is in days."""

    module: str
    code: str
    length: int

    @property
    def key(self) -> str:
        return presentation_key(self.module, self.code)

    @property
    def start(self) -> date:
        return date(int(self.code[:4]), START_MONTH[self.code[4]], 1)

    @property
    def end(self) -> date:
        return self.start + timedelta(days=self.length)


@dataclass(frozen=True)
class Assessment:
    """One assessment of one presentation, from assessments.csv.

    `due` is in days from the start, None where the data set leaves it blank. `weight` is in
    percent, kept as written, so that 12.5 never turns into a rounded binary fraction.
    """

    id: str
    presentation: str
    kind: str
    due: int | None
    weight: str

    @property
    def label(self) -> str:
        return f"{self.kind} {self.id}"


@dataclass(frozen=True)
class Registration:
    """One learner in one presentation, from studentInfo.csv."""

    presentation: str
    student: str
    final_result: str

    @property
    def key(self) -> str:
        return f"{self.presentation}/{self.student}"


@dataclass(frozen=True)
class Score:
    """One learner's mark in one assessment, from studentAssessment.csv. None: no mark given."""

    assessment: Assessment
    student: str
    banked: bool
    mark: str | None

    @property
    def registration(self) -> str:
        return f"{self.assessment.presentation}/{self.student}"


@dataclass(frozen=True)
class Dataset:
    """The four files, checked against one another."""

    presentations: Mapping[str, Presentation]
    assessments: Mapping[str, Assessment]
    registrations: Mapping[str, Registration]
    scores: Sequence[Score]


@dataclass(frozen=True)
class Row:
    """One line of a CSV file that still knows where it stands."""

    file: str
    line: int
    cells: Mapping[str, str]

    def fail(self, problem: str) -> NoReturn:
        raise InputError(f"{self.file}, line {self.line}: {problem}")

    def match(self, column: str, pattern: str, expected: str) -> str:
        cell = self.cells[column]
        if re.fullmatch(pattern, cell) is None:
            self.fail(f"{column} is {cell!r}, but must be {expected}; correct that cell")
        return cell

    def is_blank(self, column: str) -> bool:
        return self.cells[column].strip() in ("", "?")


def presentation_key(module: str, code: str) -> str:
    return f"{module}/{code}"


# --- Parsing --------------------------------------------------------------------------------------


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of one file, each with exactly the cells of the header."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            header = next(reader, [])
            check_header(path.name, header)
            # A spreadsheet's export often ends in empty lines; they say nothing.
            for cells in filter(None, reader):
                yield row_of(path.name, reader.line_num, header, cells)
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}): give the folder that holds "
            f"{', '.join(COLUMNS)} ({DATASET_URL})"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not UTF-8: save it again as UTF-8") from error
    except csv.Error as error:
        raise InputError(
            f"{path.name}, line {reader.line_num}: not well-formed CSV ({error}); "
            "correct the quotes on that line"
        ) from error


def check_header(file: str, header: Sequence[str]) -> None:
    wrong = [column for column in COLUMNS[file] if header.count(column) != 1]
    if wrong:
        raise InputError(
            f"{file}, line 1: the header must name {', '.join(wrong)} once; "
            "export the file again with its header row"
        )


def row_of(file: str, line: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    row = Row(file, line, dict(zip(header, cells, strict=False)))
    if len(cells) != len(header):
        row.fail(f"{len(cells)} cells, but the header has {len(header)}; correct that line")
    return row


def keyed(entries: Iterable[tuple[Row, K, V]]) -> dict[K, V]:
    """A dictionary of the entries; a key that comes twice is an error, never overwritten."""
    result: dict[K, V] = {}
    for row, key, value in entries:
        if key in result:
            row.fail(f"{key} was on an earlier line already; keep one of the two")
        result[key] = value
    return result


def parse_module(row: Row) -> tuple[str, str]:
    module = row.match("code_module", r"[A-Za-z0-9]+", "letters and digits, as AAA")
    code = row.match("code_presentation", r"(19|20)[0-9]{2}[BJ]", "a year and B or J, as 2013J")
    return module, code


def parse_student(row: Row) -> str:
    return row.match("id_student", r"[0-9]+", "a whole number")


def parse_course(row: Row) -> Presentation:
    module, code = parse_module(row)
    length = row.match("module_presentation_length", r"[1-9][0-9]{0,3}", "a number of days")
    return Presentation(module, code, int(length))


def parse_known_presentation(row: Row, presentations: Mapping[str, Presentation]) -> str:
    key = presentation_key(*parse_module(row))
    if key not in presentations:
        row.fail(f"presentation {key} is not in courses.csv; add it there with its length")
    return key


def parse_due(row: Row) -> int | None:
    if row.is_blank("date"):
        return None
    return int(row.match("date", r"-?[0-9]{1,4}", "a day counted from the start, or empty"))


def parse_assessment(row: Row, presentations: Mapping[str, Presentation]) -> Assessment:
    return Assessment(
        id=row.match("id_assessment", r"[0-9]+", "a whole number"),
        presentation=parse_known_presentation(row, presentations),
        kind=row.match("assessment_type", r"TMA|CMA|Exam", "TMA, CMA or Exam"),
        due=parse_due(row),
        weight=row.match("weight", ZERO_TO_HUNDRED, "a percentage from 0 to 100"),
    )


def parse_registration(row: Row, presentations: Mapping[str, Presentation]) -> Registration:
    return Registration(
        presentation=parse_known_presentation(row, presentations),
        student=parse_student(row),
        final_result=row.match(
            "final_result",
            r"Pass|Distinction|Fail|Withdrawn",
            "Pass, Distinction, Fail or Withdrawn",
        ),
    )


def parse_mark(row: Row) -> str | None:
    if row.is_blank("score"):
        return None
    return row.match("score", ZERO_TO_HUNDRED, "a mark from 0 to 100, or empty")


def parse_score(
    row: Row,
    assessments: Mapping[str, Assessment],
    registrations: Mapping[str, Registration],
) -> Score:
    assessment = assessments.get(row.cells["id_assessment"])
    if assessment is None:
        row.fail(f"assessment {row.cells['id_assessment']!r} is not in assessments.csv; add it")
    banked = row.match("is_banked", r"0|1", "0 or 1") == "1"
    score = Score(assessment, parse_student(row), banked, parse_mark(row))
    if score.registration not in registrations:
        row.fail(
            f"registration {score.registration} is not in studentInfo.csv; "
            "add it there or remove this line"
        )
    return score


def read_dataset(folder: Path) -> Dataset:
    presentations = keyed(
        (row, course.key, course)
        for row in read_rows(folder / "courses.csv")
        for course in [parse_course(row)]
    )
    assessments = keyed(
        (row, assessment.id, assessment)
        for row in read_rows(folder / "assessments.csv")
        for assessment in [parse_assessment(row, presentations)]
    )
    registrations = keyed(
        (row, registration.key, registration)
        for row in read_rows(folder / "studentInfo.csv")
        for registration in [parse_registration(row, presentations)]
    )
    scores = keyed(
        (row, f"{score.assessment.label} of learner {score.student}", score)
        for row in read_rows(folder / "studentAssessment.csv")
        for score in [parse_score(row, assessments, registrations)]
    )
    return Dataset(presentations, assessments, registrations, tuple(scores.values()))


# --- Achievements ---------------------------------------------------------------------------------


def urn(name: str) -> str:
    return f"urn:uuid:{uuid.uuid5(NAMESPACE, name)}"


def final_result_id(presentation: str) -> str:
    return urn(f"{presentation}/final-result")


def banked_id(presentation: str) -> str:
    return urn(f"{presentation}/banked")


def assessment_urn(assessment: Assessment) -> str:
    return urn(f"{assessment.presentation}/{assessment.id}")


def in_teaching_order(assessment: Assessment) -> tuple[bool, int, int]:
    """By due day; those without one last, since OULAD leaves only exams at the end blank."""
    return assessment.due is None, assessment.due or 0, int(assessment.id)


def assessment_name(assessment: Assessment) -> str:
    due = "no due date given" if assessment.due is None else f"due day {assessment.due}"
    return f"{assessment.label} ({due}, weight {assessment.weight}%)"


def assessment_description(assessment: Assessment) -> JsonObject:
    return {
        "type": ["ResultDescription"],
        "id": assessment_urn(assessment),
        "name": assessment_name(assessment),
        "resultType": "Percent",
        "valueMin": "0",
        "valueMax": "100",
    }


def banked_description(presentation: str) -> JsonObject:
    # Present whether or not anybody banked: the achievement must not depend on its learners.
    return {
        "type": ["ResultDescription"],
        "id": banked_id(presentation),
        "name": "Banked assessment (its score was carried over from an earlier presentation)",
        "resultType": "Result",
    }


def final_result_description(presentation: str) -> JsonObject:
    return {
        "type": ["ResultDescription"],
        "id": final_result_id(presentation),
        "name": "Final result",
        "resultType": "Result",
        "allowedValue": list(AWARDED_RESULTS),
        "requiredValue": AWARDED_RESULTS[0],
    }


def criteria_narrative(presentation: Presentation, assessments: Sequence[Assessment]) -> str:
    kinds = Counter(assessment.kind for assessment in assessments)
    listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none listed"
    return (
        f"A final result of Pass or Distinction in module {presentation.module}, presentation "
        f"{presentation.code}. Assessments: {listed} (CMA: computer-marked, TMA: tutor-marked). "
        "Each name gives the due day, counted from the start, and the weight; exams are weighted "
        "apart from coursework."
    )


def achievement(presentation: Presentation, assessments: Sequence[Assessment]) -> JsonObject:
    """The Open Badges 3.0 Achievement of one presentation, with all its result descriptions."""
    return {
        "type": ["Achievement"],
        "id": urn(presentation.key),
        "name": f"Module {presentation.module}, presentation {presentation.code}",
        "description": (
            f"Open University module {presentation.module} (the data set's code), presentation "
            f"{presentation.code}, {presentation.length} days long."
        ),
        "criteria": {"narrative": criteria_narrative(presentation, assessments)},
        "achievementType": "Course",
        "humanCode": presentation.key,
        "inLanguage": "en",
        "resultDescription": [
            *map(assessment_description, assessments),
            banked_description(presentation.key),
            final_result_description(presentation.key),
        ],
    }


def achievements(dataset: Dataset) -> list[JsonObject]:
    by_presentation: defaultdict[str, list[Assessment]] = defaultdict(list)
    for assessment in sorted(dataset.assessments.values(), key=in_teaching_order):
        by_presentation[assessment.presentation].append(assessment)
    return [achievement(p, by_presentation[p.key]) for p in dataset.presentations.values()]


# --- Awards ---------------------------------------------------------------------------------------


def result(description: str, value: str) -> JsonObject:
    return {"resultDescription": description, "value": value}


def results(registration: Registration, scores: Sequence[Score]) -> list[JsonObject]:
    """Marks in teaching order, then what was banked, then the final result."""
    marked = sorted(
        ((score, score.mark) for score in scores if score.mark is not None),
        key=lambda pair: in_teaching_order(pair[0].assessment),
    )
    banked = banked_id(registration.presentation)
    return [
        *(result(assessment_urn(score.assessment), mark) for score, mark in marked),
        *(result(banked, score.assessment.label) for score, _ in marked if score.banked),
        result(final_result_id(registration.presentation), registration.final_result),
    ]


def award(registration: Registration, day: date, scores: Sequence[Score]) -> JsonObject:
    return {
        "award_id": registration.key,
        "recipient": {"identifier": registration.student, "type": "sisSourcedId"},
        "achievement": urn(registration.presentation),
        "date": day.isoformat(),
        "results": results(registration, scores),
    }


def awarded(dataset: Dataset) -> list[Registration]:
    return [r for r in dataset.registrations.values() if r.final_result in AWARDED_RESULTS]


def scores_by_registration(dataset: Dataset) -> dict[str, list[Score]]:
    grouped: defaultdict[str, list[Score]] = defaultdict(list)
    for score in dataset.scores:
        grouped[score.registration].append(score)
    return grouped


def awards(dataset: Dataset) -> list[JsonObject]:
    scores = scores_by_registration(dataset)
    ends = {key: presentation.end for key, presentation in dataset.presentations.items()}
    return [
        award(registration, ends[registration.presentation], scores.get(registration.key, []))
        for registration in awarded(dataset)
    ]


def summary(dataset: Dataset) -> dict[str, int]:
    """Counts of what the awards file holds, and of the rows that gave no result."""
    winners = awarded(dataset)
    keys = {registration.key for registration in winners}
    scores = [score for score in dataset.scores if score.registration in keys]
    finals = Counter(registration.final_result for registration in winners)
    return {
        "achievements": len(dataset.presentations),
        "awards": len(winners),
        "pass": finals["Pass"],
        "distinction": finals["Distinction"],
        "learners": len({registration.student for registration in winners}),
        "scores": sum(score.mark is not None for score in scores),
        "banked_scores": sum(score.banked and score.mark is not None for score in scores),
        "rows_without_score": sum(score.mark is None for score in scores),
    }


# --- Effects --------------------------------------------------------------------------------------


def ndjson(objects: Iterable[JsonObject]) -> Iterator[bytes]:
    for item in objects:
        yield json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write_atomically(target: Path, lines: Iterable[bytes]) -> None:
    """Write beside the target, then rename: a reader sees the whole file or none of it.

    The temporary file's owner-only mode is kept, because awards name their recipients in clear.
    """
    handle = tempfile.NamedTemporaryFile(  # noqa: SIM115 - renamed after it is closed
        dir=target.parent, prefix=f".{target.name}.", suffix=".tmp", delete=False
    )
    try:
        with handle:
            handle.writelines(lines)
            handle.flush()
            os.fsync(handle.fileno())
        Path(handle.name).replace(target)
    except BaseException:
        Path(handle.name).unlink(missing_ok=True)
        raise


def write(out: str, lines: Iterable[bytes]) -> None:
    if out == "-":
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
        return
    target = Path(out).resolve()
    # Renaming over a device or a folder would replace it, or fail half way.
    if target.exists() and not target.is_file():
        raise InputError(f"{out} is not a regular file; name a file, or - for standard output")
    try:
        write_atomically(target, lines)
    except OSError as error:
        raise InputError(
            f"{out} cannot be written ({error.strerror}); name a file in a folder you may write to"
        ) from error


def report(counts: Mapping[str, int], out: str, as_json: bool) -> None:
    if as_json:
        # With the awards on standard output, a summary there would be one more, wrong, line.
        print(json.dumps(counts), file=sys.stderr if out == "-" else sys.stdout)
        return
    print(
        f"{counts['achievements']} achievements, {counts['awards']} awards "
        f"({counts['pass']} Pass, {counts['distinction']} Distinction) "
        f"to {counts['learners']} learners; {counts['scores']} scores, "
        f"{counts['banked_scores']} of them banked; "
        f"{counts['rows_without_score']} rows without a score left out",
        file=sys.stderr,
    )


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description="Turn the Open University Learning Analytics Dataset into an awards file.",
        epilog=f"Data set: Kuzilek, Hlosta, Zdrahal (2017), {DATASET_URL}, CC BY 4.0.",
    )
    parser.add_argument("folder", metavar="OULAD_DIR", help=f"folder of {', '.join(COLUMNS)}")
    parser.add_argument("out", metavar="OUT", help="awards file (NDJSON); - is standard output")
    parser.add_argument("--json", action="store_true", help="print the summary as a JSON object")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    try:
        dataset = read_dataset(Path(options.folder))
        write(options.out, ndjson([*achievements(dataset), *awards(dataset)]))
    except InputError as error:
        print(f"oulad_awards: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader (head, say) has what it wanted; without this, exit would complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    report(summary(dataset), options.out, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
