"""The OULAD converter: on the real data set where it is at hand, and on small made-up files."""

from __future__ import annotations

import importlib.util
import json
import os
import sqlite3
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from csv import reader
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from jsonschema import Draft201909Validator  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "scripts" / "oulad_awards.py"
OULAD = ROOT.parent / "shared" / "data" / "oulad"
SCHEMA = (
    ROOT.parent / "shared" / "vectors" / "ob-schemas" / "packages" / "coverage" / "vendor"
) / "open-badges/v3_0/ob_v3p0_achievementcredential_schema.json"

needs_oulad = pytest.mark.skipif(
    not OULAD.is_dir(), reason="the OULAD files are not at ../shared/data/oulad"
)
needs_schema = pytest.mark.skipif(
    not SCHEMA.is_file(), reason="the Open Badges 3.0 schema is not under ../shared/vectors"
)

COURSES = """\
code_module,code_presentation,module_presentation_length
AAA,2013J,268
AAA,2014B,240
"""
ASSESSMENTS = """\
code_module,code_presentation,id_assessment,assessment_type,date,weight
AAA,2013J,12,TMA,54,12.5
AAA,2013J,11,CMA,19,87.5
AAA,2013J,13,Exam,,100
AAA,2014B,21,TMA,20,100
"""
INFO = """\
code_module,code_presentation,id_student,gender,final_result
AAA,2013J,1,M,Pass
AAA,2013J,2,F,Distinction
AAA,2013J,3,F,Fail
AAA,2013J,4,F,Withdrawn
AAA,2014B,1,M,Distinction
"""
SCORES = """\
id_assessment,id_student,date_submitted,is_banked,score
12,1,50,0,70
11,1,18,0,64
11,2,18,0,
12,2,18,0,?
11,3,18,0,30
21,1,19,0,92
"""
# Award id, what was assessed, value: one row for each result that must be in the awards file.
EXPECTED_RESULTS = """
with won as (
    select *, code_module || '/' || code_presentation || '/' || id_student as award_id
    from studentInfo where final_result in ('Pass', 'Distinction')
), scored as (
    select award_id, assessment_type || ' ' || id_assessment as label, score, is_banked
    from won
    join assessments using (code_module, code_presentation)
    join studentAssessment using (id_assessment, id_student)
    where score not in ('', '?')
)
select award_id, label, score from scored
union all select award_id, 'Banked assessment', label from scored where is_banked = '1'
union all select award_id, 'Final result', final_result from won
"""
SMALL = {
    "courses.csv": COURSES,
    "assessments.csv": ASSESSMENTS,
    "studentInfo.csv": INFO,
    "studentAssessment.csv": SCORES,
}


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("oulad_awards", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their own module up while the module body runs.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


oulad = load_script()


def parse(text: str) -> tuple[list[Any], list[Any]]:
    """The achievements and the awards of an awards file."""
    objects = [json.loads(line) for line in text.splitlines()]
    return (
        [item for item in objects if "recipient" not in item],
        [item for item in objects if "recipient" in item],
    )


def folder_of(path: Path, **replaced: str | None) -> Path:
    """The small data set, with some files replaced (by stem) or left out (None)."""
    path.mkdir(exist_ok=True)
    for name, text in SMALL.items():
        given = replaced.get(name.removesuffix(".csv"), text)
        if given is not None:
            (path / name).write_text(given, encoding="utf-8")
    return path


def convert(tmp_path: Path, **replaced: str | None) -> tuple[list[Any], list[Any]]:
    out = tmp_path / "awards.ndjson"
    folder = folder_of(tmp_path / "in", **replaced)
    assert oulad.main([str(folder), str(out)]) == 0
    return parse(out.read_text(encoding="utf-8"))


def refusal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], **replaced: str | bytes | None
) -> str:
    """What the script says when it refuses the input; nothing may be left behind."""
    out = tmp_path / "awards.ndjson"
    texts = {k: v for k, v in replaced.items() if not isinstance(v, bytes)}
    folder = folder_of(tmp_path / "in", **texts)
    for stem, raw in replaced.items():
        if isinstance(raw, bytes):
            (folder / f"{stem}.csv").write_bytes(raw)
    assert oulad.main([str(folder), str(out)]) == 1
    assert not out.exists()
    return capsys.readouterr().err


def names_and_values(achievements: list[Any], award: Any) -> list[tuple[str, str]]:
    names = {d["id"]: d["name"] for a in achievements for d in a["resultDescription"]}
    return [(names[r["resultDescription"]], r["value"]) for r in award["results"]]


def credential(achievement: Any, results: list[Any], when: str) -> Any:
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": "urn:uuid:00000000-0000-4000-8000-000000000000",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "https://issuer.example.org", "type": ["Profile"]},
        "validFrom": f"{when}T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "achievement": achievement,
            "result": [{"type": ["Result"], **item} for item in results],
        },
    }


# --- The real data set ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out: Path = tmp_path_factory.mktemp("oulad") / "awards.ndjson"
    assert oulad.main([str(OULAD), str(out)]) == 0
    return out


@pytest.fixture(scope="module")
def real_parsed(real: Path) -> tuple[list[Any], list[Any]]:
    return parse(real.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def database() -> Iterator[sqlite3.Connection]:
    """The same files behind SQL: a second road to the expected answers."""
    connection = sqlite3.connect(":memory:")
    for path in sorted(OULAD.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            rows = reader(handle)
            header = next(rows)
            connection.execute(f"create table {path.stem} ({', '.join(header)})")
            marks = ", ".join("?" * len(header))
            # S608: the names come from the data set's own folder and headers.
            connection.executemany(f"insert into {path.stem} values ({marks})", rows)  # noqa: S608
    yield connection
    connection.close()


@needs_oulad
def test_the_real_data_set_gives_22_achievements_and_15385_awards(
    real_parsed: tuple[list[Any], list[Any]],
) -> None:
    achievements, awards = real_parsed
    assert len(achievements) == 22
    assert len(awards) == 15_385
    assert len({award["award_id"] for award in awards}) == 15_385
    assert len({achievement["id"] for achievement in achievements}) == 22


@needs_oulad
def test_achievement_lines_stand_before_the_awards_that_use_them(real: Path) -> None:
    seen = set()
    for line in real.read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        if "recipient" in item:
            assert item["achievement"] in seen
        else:
            seen.add(item["id"])


@needs_oulad
def test_a_second_run_in_another_process_gives_identical_bytes(real: Path) -> None:
    command = [sys.executable, str(SCRIPT), str(OULAD), "-", "--json"]
    again = subprocess.run(
        command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": "7"}
    )
    assert again.stdout == real.read_bytes()
    counts = json.loads(again.stderr)
    assert (counts["achievements"], counts["awards"]) == (22, 15_385)


@needs_oulad
def test_every_result_description_id_is_used_by_one_achievement_only(
    real_parsed: tuple[list[Any], list[Any]],
) -> None:
    achievements, awards = real_parsed
    ids = [d["id"] for a in achievements for d in a["resultDescription"]]
    # 206 assessments, and for each of the 22 a banked and a final one.
    assert len(ids) == len(set(ids)) == 206 + 2 * 22
    own = {a["id"]: {d["id"] for d in a["resultDescription"]} for a in achievements}
    for award in awards:
        assert {r["resultDescription"] for r in award["results"]} <= own[award["achievement"]]


@needs_oulad
def test_the_awards_say_what_a_query_over_the_same_files_says(
    real_parsed: tuple[list[Any], list[Any]], database: sqlite3.Connection
) -> None:
    achievements, awards = real_parsed
    got = {
        (award["award_id"], name.split(" (")[0], value)
        for award in awards
        for name, value in names_and_values(achievements, award)
    }
    expected = set(database.execute(EXPECTED_RESULTS))
    assert got == expected
    assert len(got) == sum(len(award["results"]) for award in awards)


@needs_oulad
def test_the_ends_of_the_real_presentations_follow_the_convention(
    real_parsed: tuple[list[Any], list[Any]],
) -> None:
    _, awards = real_parsed
    dates = {award["award_id"].rsplit("/", 1)[0]: award["date"] for award in awards}
    assert len(dates) == 22
    # Worked out by hand: 1 October 2013 + 268 days, 1 February 2014 + 241 days.
    assert dates["AAA/2013J"] == "2014-06-26"
    assert dates["CCC/2014B"] == "2014-09-30"


@needs_oulad
@needs_schema
def test_every_real_achievement_and_result_fits_the_open_badges_schema(
    real_parsed: tuple[list[Any], list[Any]],
) -> None:
    achievements, awards = real_parsed
    # One credential per achievement with every distinct result of it: all are seen, none twice.
    distinct: dict[str, dict[str, Any]] = defaultdict(dict)
    for award in awards:
        for item in award["results"]:
            distinct[award["achievement"]][json.dumps(item)] = item
    validator = Draft201909Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for achievement in achievements:
        results = list(distinct[achievement["id"]].values())
        assert results
        validator.validate(credential(achievement, results, "2014-06-26"))


@needs_oulad
def test_the_recipients_are_student_numbers_of_the_sis_type(
    real_parsed: tuple[list[Any], list[Any]],
) -> None:
    for award in real_parsed[1]:
        student = award["award_id"].rsplit("/", 1)[1]
        assert award["recipient"] == {"identifier": student, "type": "sisSourcedId"}


# --- Small files: the traps -----------------------------------------------------------------------


def test_only_pass_and_distinction_become_awards(tmp_path: Path) -> None:
    _, awards = convert(tmp_path)
    assert [a["award_id"] for a in awards] == ["AAA/2013J/1", "AAA/2013J/2", "AAA/2014B/1"]


def test_results_come_in_teaching_order_with_the_final_result_last(tmp_path: Path) -> None:
    achievements, awards = convert(tmp_path)
    assert names_and_values(achievements, awards[0]) == [
        ("CMA 11 (due day 19, weight 87.5%)", "64"),
        ("TMA 12 (due day 54, weight 12.5%)", "70"),
        ("Final result", "Pass"),
    ]


def test_the_due_day_orders_assessments_and_not_their_number(tmp_path: Path) -> None:
    # The exam has the lowest number and no date; day 9 comes before day 19, as numbers do.
    assessments = ASSESSMENTS.replace("13,Exam", "2,Exam").replace("12,TMA,54", "12,TMA,9")
    achievements, awards = convert(tmp_path, assessments=assessments)
    names = [d["name"].split(" (")[0] for d in achievements[0]["resultDescription"]]
    assert names == ["TMA 12", "CMA 11", "Exam 2", "Banked assessment", "Final result"]
    assert [value for _, value in names_and_values(achievements, awards[0])] == ["70", "64", "Pass"]


def test_an_empty_score_and_a_question_mark_give_no_result(tmp_path: Path) -> None:
    achievements, awards = convert(tmp_path)
    assert names_and_values(achievements, awards[1]) == [("Final result", "Distinction")]


def test_a_score_of_zero_is_a_result(tmp_path: Path) -> None:
    scores = SCORES.replace("11,1,18,0,64", "11,1,18,0,0")
    achievements, awards = convert(tmp_path, studentAssessment=scores)
    assert ("CMA 11 (due day 19, weight 87.5%)", "0") in names_and_values(achievements, awards[0])


def test_an_exam_without_date_or_submission_stays_in_the_achievement_without_results(
    tmp_path: Path,
) -> None:
    achievements, awards = convert(tmp_path)
    names = [d["name"] for d in achievements[0]["resultDescription"]]
    assert names[2] == "Exam 13 (no due date given, weight 100%)"
    given = {name for award in awards for name, _ in names_and_values(achievements, award)}
    assert names[2] not in given


def test_a_question_mark_for_a_due_date_is_a_blank_date(tmp_path: Path) -> None:
    assessments = ASSESSMENTS.replace("13,Exam,,100", "13,Exam,?,100")
    achievements, _ = convert(tmp_path, assessments=assessments)
    assert "no due date" in achievements[0]["resultDescription"][2]["name"]


def test_a_module_taken_twice_gives_two_awards_with_their_own_scores(tmp_path: Path) -> None:
    achievements, awards = convert(tmp_path)
    first, second = (a for a in awards if a["recipient"]["identifier"] == "1")
    assert first["achievement"] != second["achievement"]
    assert names_and_values(achievements, second) == [
        ("TMA 21 (due day 20, weight 100%)", "92"),
        ("Final result", "Distinction"),
    ]


def test_a_banked_score_is_written_and_named_as_banked(tmp_path: Path) -> None:
    scores = SCORES.replace("12,1,50,0,70", "12,1,-1,1,70")
    achievements, awards = convert(tmp_path, studentAssessment=scores)
    assert names_and_values(achievements, awards[0])[1:3] == [
        ("TMA 12 (due day 54, weight 12.5%)", "70"),
        ("Banked assessment (its score was carried over from an earlier presentation)", "TMA 12"),
    ]


def test_a_banked_row_without_a_score_says_nothing(tmp_path: Path) -> None:
    scores = SCORES.replace("12,2,18,0,?", "12,2,-1,1,")
    achievements, awards = convert(tmp_path, studentAssessment=scores)
    assert names_and_values(achievements, awards[1]) == [("Final result", "Distinction")]


def test_achievements_do_not_depend_on_who_took_part(tmp_path: Path) -> None:
    with_learners, _ = convert(tmp_path)
    header_only = {"studentInfo": INFO.splitlines()[0], "studentAssessment": SCORES.splitlines()[0]}
    without, awards = convert(tmp_path, **header_only)
    assert awards == []
    assert without == with_learners


def test_ids_stay_the_same_from_one_version_to_the_next(tmp_path: Path) -> None:
    achievements, _ = convert(tmp_path)
    assert achievements[0]["id"] == "urn:uuid:3219fc00-b69d-51c9-99c0-026d1f096dd5"


def test_february_and_october_starts_give_the_end_dates(tmp_path: Path) -> None:
    _, awards = convert(tmp_path)
    assert [award["date"] for award in awards] == ["2014-06-26", "2014-06-26", "2014-09-29"]
    assert all(date.fromisoformat(award["date"]) for award in awards)


def test_a_byte_order_mark_crlf_and_empty_last_lines_are_read_well(tmp_path: Path) -> None:
    windows = "\ufeff" + COURSES.replace("\n", "\r\n") + "\r\n\r\n"
    assert convert(tmp_path, courses=windows) == convert(tmp_path)


@needs_schema
def test_the_small_data_set_fits_the_open_badges_schema(tmp_path: Path) -> None:
    achievements, awards = convert(tmp_path)
    by_id = {achievement["id"]: achievement for achievement in achievements}
    validator = Draft201909Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for award in awards:
        achievement = by_id[award["achievement"]]
        validator.validate(credential(achievement, award["results"], award["date"]))


# --- Small files: bad input -----------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(SMALL))
def test_a_missing_file_is_named_with_what_to_give(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(tmp_path, capsys, **{name.removesuffix(".csv"): None})
    assert name in said
    assert "give the folder that holds" in said


@pytest.mark.parametrize(
    ("stem", "column"),
    [(name.removesuffix(".csv"), c) for name in sorted(SMALL) for c in oulad.COLUMNS[name]],
)
def test_a_missing_column_is_named_with_its_file(
    stem: str, column: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(tmp_path, capsys, **{stem: SMALL[f"{stem}.csv"].replace(column, "other", 1)})
    assert f"{stem}.csv, line 1" in said
    assert column in said


def test_a_column_named_twice_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = refusal(tmp_path, capsys, studentInfo=INFO.replace("gender", "final_result"))
    assert "studentInfo.csv, line 1" in said


def test_an_empty_file_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "courses.csv, line 1" in refusal(tmp_path, capsys, courses="")


@pytest.mark.parametrize(
    "case",
    [
        ("courses", "AAA,2013J,268", "AAA,2013K,268", "line 2", "code_presentation"),
        ("courses", "AAA,2013J,268", "A/A,2013J,268", "line 2", "code_module"),
        ("courses", "AAA,2014B,240", "AAA,2014B,0", "line 3", "module_presentation_length"),
        ("assessments", "12,TMA,54", "x,TMA,54", "line 2", "id_assessment"),
        ("assessments", "12,TMA,54", "12,Quiz,54", "line 2", "assessment_type"),
        ("assessments", "12,TMA,54", "12,TMA,soon", "line 2", "date"),
        ("assessments", "54,12.5", "54,101", "line 2", "weight"),
        ("assessments", "54,12.5", "54,", "line 2", "weight"),
        ("studentInfo", "2,F,Distinction", "2,F,distinction", "line 3", "final_result"),
        ("studentInfo", "2013J,2,F", "2013J, 2,F", "line 3", "id_student"),
        ("studentAssessment", "11,1,18,0,64", "11,1,18,0,100.5", "line 3", "score"),
        ("studentAssessment", "11,1,18,0,64", "11,1,18,0,-1", "line 3", "score"),
        ("studentAssessment", "11,1,18,0,64", "11,1,18,0,NaN", "line 3", "score"),
        ("studentAssessment", "11,1,18,0,64", "11,1,18,yes,64", "line 3", "is_banked"),
    ],
)
def test_an_odd_value_is_named_with_file_line_and_column(
    case: tuple[str, str, str, str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stem, good, bad, place, column = case
    text = SMALL[f"{stem}.csv"]
    assert good in text
    said = refusal(tmp_path, capsys, **{stem: text.replace(good, bad, 1)})
    assert f"{stem}.csv, {place}: {column} is " in said
    assert "correct that cell" in said


@pytest.mark.parametrize(
    ("stem", "extra", "said_about"),
    [
        ("assessments", "BBB,2013J,14,TMA,5,1", "presentation BBB/2013J is not in courses.csv"),
        ("studentInfo", "BBB,2013J,9,F,Pass", "presentation BBB/2013J is not in courses.csv"),
        ("studentAssessment", "99,1,5,0,50", "assessment '99' is not in assessments.csv"),
        ("studentAssessment", "21,2,5,0,50", "registration AAA/2014B/2 is not in studentInfo.csv"),
        ("courses", "AAA,2013J,268", "AAA/2013J was on an earlier line already"),
        ("assessments", "AAA,2014B,11,TMA,5,1", "11 was on an earlier line already"),
        ("studentInfo", "AAA,2013J,1,M,Fail", "AAA/2013J/1 was on an earlier line already"),
        ("studentAssessment", "12,1,50,0,71", "TMA 12 of learner 1 was on an earlier line"),
        ("studentAssessment", "13,1,50", "3 cells, but the header has 5"),
    ],
)
def test_a_line_that_does_not_fit_the_others_is_refused(
    stem: str, extra: str, said_about: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = SMALL[f"{stem}.csv"] + extra + "\n"
    said = refusal(tmp_path, capsys, **{stem: text})
    assert f"{stem}.csv, line {len(text.splitlines())}: " in said
    assert said_about in said


def test_a_file_that_is_not_utf_8_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "not UTF-8" in refusal(tmp_path, capsys, studentInfo=INFO.encode("utf-16"))


def test_an_unclosed_quote_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = refusal(tmp_path, capsys, courses=COURSES + '"AAA')
    assert "courses.csv, line 4" in said
    assert "not well-formed CSV" in said


# --- Writing --------------------------------------------------------------------------------------


def test_a_refused_input_leaves_the_earlier_file_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "awards.ndjson"
    out.write_text("earlier\n", encoding="utf-8")
    folder = folder_of(tmp_path / "in", courses=None)
    assert oulad.main([str(folder), str(out)]) == 1
    assert out.read_text(encoding="utf-8") == "earlier\n"


def test_a_write_that_fails_half_way_leaves_no_temporary_file(tmp_path: Path) -> None:
    out = tmp_path / "awards.ndjson"
    out.write_text("earlier\n", encoding="utf-8")

    def lines() -> Iterator[bytes]:
        yield b"{}\n"
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError):
        oulad.write_atomically(out, lines())
    assert out.read_text(encoding="utf-8") == "earlier\n"
    assert [path.name for path in tmp_path.iterdir()] == ["awards.ndjson"]


def test_the_awards_file_is_for_its_owner_only(tmp_path: Path) -> None:
    convert(tmp_path)
    assert (tmp_path / "awards.ndjson").stat().st_mode & 0o077 == 0


def test_a_folder_is_not_taken_for_the_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "in")
    assert oulad.main([str(folder), str(tmp_path)]) == 1
    assert "not a regular file" in capsys.readouterr().err


def test_an_output_in_a_folder_that_is_not_there_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "in")
    assert oulad.main([str(folder), str(tmp_path / "absent" / "a.ndjson")]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_the_json_summary_counts_what_was_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "in")
    assert oulad.main([str(folder), str(tmp_path / "a.ndjson"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "achievements": 2,
        "awards": 3,
        "pass": 1,
        "distinction": 2,
        "learners": 2,
        "scores": 3,
        "banked_scores": 0,
        "rows_without_score": 2,
    }


def test_standard_output_holds_nothing_but_the_awards(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path / "in")
    assert oulad.main([str(folder), "-", "--json"]) == 0
    printed = capfd.readouterr()
    achievements, awards = parse(printed.out)
    assert (len(achievements), len(awards)) == (2, 3)
    assert json.loads(printed.err)["awards"] == 3


def test_help_explains_the_two_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        oulad.main(["--help"])
    assert stop.value.code == 0
    said = capsys.readouterr().out
    assert "OULAD_DIR" in said
    assert "OUT" in said
