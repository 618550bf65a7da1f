"""Files of awards of every quality: what each gets, on which line, and in how much memory."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.errors import CoreError, InvalidArgument
from registry.lifecycle.awards import (
    COLUMNS,
    MAX_ROW_BYTES,
    AchievementRow,
    Award,
    BadFile,
    BadRow,
    moment,
    parse_award,
    read_awards,
)

HEADER: Final = "recipient,achievement,date\n"
GOOD: Final = "ada,urn:a:1,2026-06-30\n"
LINE: Final = '{"recipient": "ada", "achievement": "urn:a:1", "date": "2026-06-30"}\n'

Read = Callable[[str | bytes, str], dict[int, str]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """What a file's rows are, by line: `award`, `achievement`, or why a row was refused."""

    def read(content: str | bytes, suffix: str) -> dict[int, str]:
        path = tmp_path / f"awards{suffix}"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return {number: told(row) for number, row in read_awards(path)}

    return read


def told(row: object) -> str:
    if isinstance(row, BadRow):
        return row.reason
    return {Award: "award", AchievementRow: "achievement"}[type(row)]


@pytest.mark.parametrize(
    ("content", "suffix", "reason"),
    [
        ("", ".csv", "the file is empty: want a header with recipient, achievement, date"),
        ("\n", ".csv", "the file is empty"),
        (HEADER, ".csv", "the file has no rows"),
        (HEADER + "\n,,\n", ".csv", "the file has no rows"),
        ("recipient,achievement,when\n" + GOOD, ".csv", "unknown 'when'"),
        ("recipient;achievement;date\n", ".csv", "unknown 'recipient;achievement;date'"),
        ("recipient,achievement\n", ".csv", "missing date"),
        ("recipient,achievement,date,date\n", ".csv", "twice the same"),
        ('"recipient,achievement,date\n', ".csv", "the header is not CSV"),
        (b"recipient,achievement,d\xe4te\n", ".csv", "not UTF-8 at byte 23 of line 1"),
        (HEADER.encode("utf-16"), ".csv", "not UTF-8"),
        (b"x" * (MAX_ROW_BYTES + 1) + b"\n", ".csv", "longer than 1048576 bytes"),
        ("", ".ndjson", "the file has no rows"),
        ("\n \n", ".jsonl", "the file has no rows"),
        (HEADER + GOOD, ".xlsx", "want a .csv or .ndjson file"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_is_refused_with_the_reason(
    read: Read, content: str | bytes, suffix: str, reason: str
) -> None:
    with pytest.raises(BadFile) as refused:
        read(content, suffix)
    assert reason in str(refused.value)
    assert "awards" + suffix in str(refused.value)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("ada,urn:a:1,30.06.2026", "date '30.06.2026' is not a date"),
        ("ada,urn:a:1,2026-02-30", "date '2026-02-30' is not a date"),
        ("ada,urn:a:1,2026-06-30T12:00:00", "date '2026-06-30T12:00:00' is not a date"),
        ("ada,urn:a:1,", "date is missing"),
        (",urn:a:1,2026-06-30", "recipient is missing"),
        ("ada,,2026-06-30", "achievement is missing"),
        ("ada,urn:a:1", "2 cells, want 3"),
        ("ada,urn:a:1,2026-06-30,more", "4 cells, want 3"),
        ('"ada"x,urn:a:1,2026-06-30', "not CSV: ',' expected after '\"'"),
    ],
)
def test_a_bad_csv_row_is_told_with_its_line_and_the_others_go_on(
    read: Read, row: str, reason: str
) -> None:
    rows = read(f"{HEADER}{GOOD}{row}\n{GOOD}", ".csv")
    assert rows.keys() == {2, 3, 4}
    assert reason in rows[3]
    assert rows[2] == rows[4] == "award"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON at line 1 column"),
        ("[]", "not a JSON object"),
        ('{"recipient": "a", "recipient": "b"}', 'duplicate key "recipient"'),
        ('{"recipient": "a", "achievement": "u:x", "date": 20260630}', "date 20260630 is not"),
        ('{"recipient": "a", "achievement": 7, "date": "2026-06-30"}', "achievement is not text"),
        ('{"recipient": "a", "achievement": "u:x", "day": "2026-06-30"}', "unknown members: day"),
        ('{"recipient": 7, "achievement": "u:x", "date": "2026-06-30"}', "recipient is empty"),
        ('{"recipient": NaN}', "the number NaN"),
        ('{"recipient": 1e400}', "the number 1e400"),
        ('{"recipient": "\\ud800"}', "the lone surrogate U+D800"),
        ("[" * 100_000, "nested deeper"),
    ],
)
def test_a_bad_json_line_is_told_with_its_line_and_the_others_go_on(
    read: Read, line: str, reason: str
) -> None:
    rows = read(f"{LINE}\n{line}\n{LINE}", ".ndjson")
    assert rows.keys() == {1, 3, 4}
    assert reason in rows[3]
    assert rows[1] == rows[4] == "award"


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"results": 5}, "results is not a list"),
        ({"results": "five"}, "results is not a list"),
        ({"results": {"value": "5"}}, "results is not a list"),
        ({"results": [5]}, "something that is not an object"),
        ({"results": [{}]}, "something that is not an object"),
        ({"results": [{"worth": "5"}]}, "unknown members in results: worth"),
        ({"results": [{"value": 5}]}, "empty or not text"),
        ({"evidence": True}, "evidence is not a list"),
        ({"recipient_type": ["emailAddress"]}, "is no identity type"),
        ({"recipient": {"identifier": "a", "type": {"x": 1}}}, "is no identity type"),
        ({"recipient": {"identifier": "a", "salt": "x"}}, "recipient is not text or"),
        ({"recipient": {"identifier": " "}}, "recipient is empty"),
        ({"recipient": []}, "recipient is empty"),
        ({"award_id": 7}, "award_id is not text"),
        ({"narrative": {"en": "x"}}, "narrative is not text"),
        ({"valid_until": "soon"}, "valid_until 'soon' is not a date"),
        ({"valid_until": "2026-06-29"}, "valid_until 2026-06-29T00:00:00Z is before date"),
        ({"valid_until": "2026-06-30T01:00:00+02:00"}, "is before date 2026-06-30T00:00:00Z"),
        ({"date": "0001-01-01"}, "date '0001-01-01' is before the year 1900"),
        ({"date": "1899-12-30T00:00:00Z"}, "is before the year 1900"),
        ({"recipient": "javascript:alert(1)", "recipient_type": "did"}, "is not a DID"),
        ({"recipient": "did:not a did"}, "is not a DID"),
        ({"recipient": {"identifier": "did:web:x#key", "type": "did"}}, "is not a DID"),
    ],
)
def test_members_of_the_wrong_kind_are_refused(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        parse_award({"recipient": "a", "achievement": "u:x", "date": "2026-06-30", **members})
    assert reason in str(refused.value)


def test_bytes_that_are_not_utf8_spoil_one_csv_row_only(read: Read) -> None:
    rows = read(HEADER.encode() + b"\xe9da,urn:a:1,2026-06-30\n" + GOOD.encode(), ".csv")
    assert rows == {2: "not UTF-8 at byte 0 of line 2", 3: "award"}


def test_bytes_that_are_not_utf8_inside_a_quoted_field_spoil_that_row(read: Read) -> None:
    header = "recipient,achievement,date,narrative\n"
    spoilt = b'ada,urn:a:1,2026-06-30,"one\ntw\xf6\nthree"\n'
    rows = read(header.encode() + spoilt + b"ben,urn:a:1,2026-06-30,\n", ".csv")
    assert rows == {
        2: "not UTF-8 at byte 2 of line 3 (lines 2 to 4 were read as one)",
        5: "award",
    }


def test_bytes_that_are_not_utf8_spoil_one_json_line_only(read: Read) -> None:
    rows = read(LINE.encode() + b'{"recipient": "\xe9da"}\n' + LINE.encode(), ".ndjson")
    assert rows == {1: "award", 2: "not UTF-8 at byte 15", 3: "award"}


def test_a_quote_that_is_never_closed_is_told_with_the_lines_that_it_swallowed(read: Read) -> None:
    rows = read(f'{HEADER}{GOOD}"ben,urn:a:1,2026-06-30\n{GOOD}{GOOD}', ".csv")
    assert rows == {
        2: "award",
        3: "not CSV: unexpected end of data (lines 3 to 5 were read as one)",
    }


def test_a_quote_too_many_is_told_with_the_lines_that_it_swallowed(read: Read) -> None:
    swallowing = f'"ben\n{GOOD}{GOOD}",urn:a:1\n'
    assert read(f"{HEADER}{GOOD}{swallowing}{GOOD}", ".csv") == {
        2: "award",
        3: "2 cells, want 3 (lines 3 to 6 were read as one)",
        7: "award",
    }


def test_a_quote_that_is_not_closed_for_a_megabyte_is_given_up_and_the_rest_goes_on(
    read: Read,
) -> None:
    lines = MAX_ROW_BYTES // len(GOOD) + 100
    rows = read(f'{HEADER}"ben,urn:a:1,2026-06-30\n{GOOD * lines}', ".csv")
    assert "not CSV" in rows[2]
    assert "were read as one" in rows[2]
    assert rows[lines + 2] == "award"
    assert 50 < len(rows) < 150


def test_rows_that_span_lines_are_told_by_their_first(read: Read) -> None:
    header = "recipient,achievement,date,narrative\n"
    long = '"one\ntwo\nthree"'
    rows = read(
        f"{header}ada,urn:a:1,2026-06-30,{long}\nben,urn:a:1,never,{long}\n\n"
        f"cem,urn:a:1,2026-06-30,\n",
        ".csv",
    )
    assert rows.keys() == {2, 5, 9}
    assert (rows[2], rows[9]) == ("award", "award")
    assert "'never' is not a date" in rows[5]


@pytest.mark.parametrize("suffix", [".csv", ".ndjson"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"", b"\n"])
def test_byte_order_mark_and_line_endings_make_no_difference(
    read: Read, suffix: str, bom: bytes, ending: bytes, last: bytes
) -> None:
    text = HEADER + GOOD + GOOD if suffix == ".csv" else LINE + LINE
    content = bom + text.encode().replace(b"\n", ending).rstrip() + last
    first = 2 if suffix == ".csv" else 1
    assert read(content, suffix) == {first: "award", first + 1: "award"}


def test_a_byte_order_mark_before_a_quoted_header_makes_no_difference(read: Read) -> None:
    quoted = '\ufeff"recipient","achievement","date"\n' + GOOD
    assert read(quoted, ".csv") == {2: "award"}


def test_achievements_may_stand_before_awards_in_ndjson(read: Read) -> None:
    assert read('{"type": ["Achievement"]}\n' + LINE, ".ndjson") == {1: "achievement", 2: "award"}


def test_a_full_csv_row_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "awards.csv"
    path.write_text(
        ",".join(COLUMNS) + "\n"
        "Ada@Example.org ,,urn:a:1,2026-06-30T14:00:00+02:00,A-1,2030-01-01,"
        '" Test=88; Log = a=b ",https://x.example/1 https://x.example/2,"Well, done"\n'
    )
    ((_, award),) = read_awards(path)
    assert isinstance(award, Award)
    assert (award.recipient.identifier, award.recipient.type) == ("ada@example.org", "emailAddress")
    assert (award.date, award.valid_until) == ("2026-06-30T12:00:00Z", "2030-01-01T00:00:00Z")
    assert (award.award_id, award.narrative) == ("A-1", "Well, done")
    assert award.results == (
        {"resultDescription": "Test", "value": "88"},
        {"resultDescription": "Log", "value": "a=b"},
    )
    assert [e["id"] for e in award.evidence] == ["https://x.example/1", "https://x.example/2"]


@pytest.mark.parametrize("cell", ["Test", "=5", "Test=", "Test=5;;Log"])
def test_results_that_are_not_name_and_value_are_refused(read: Read, cell: str) -> None:
    content = f"recipient,achievement,date,results\nada,urn:a:1,2026-06-30,{cell}\n"
    assert "is not NAME=VALUE" in read(content, ".csv")[2]


MEASURE: Final = """
import resource, sys
from pathlib import Path
from registry.lifecycle.awards import read_awards
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
rows = [(n, getattr(row, "reason", "award")) for n, row in read_awards(Path(sys.argv[1]))]
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, rows)
"""


@pytest.mark.parametrize("quote", [b"", b'"'])
@pytest.mark.parametrize("suffix", [".csv", ".ndjson"])
def test_a_line_of_100_megabytes_is_passed_over_in_little_memory(
    tmp_path: Path, suffix: str, quote: bytes
) -> None:
    path = tmp_path / f"awards{suffix}"
    first, good = (HEADER, GOOD) if suffix == ".csv" else (LINE, LINE)
    with path.open("wb") as file:
        file.write(first.encode() + quote)
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(quote + b"\n" + good.encode())
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True
    )
    kilobytes, rows = done.stdout.split(maxsplit=1)
    assert int(kilobytes) < 16_000
    assert "the line is longer than 1048576 bytes" in rows
    assert "(3, 'award')" in rows


@pytest.mark.parametrize("suffix", [".csv", ".ndjson"])
@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_bytes_at_all_make_the_reader_fail_in_any_other_way(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    path.write_bytes((HEADER.encode() if suffix == ".csv" else b"") + content)
    try:
        numbers = [number for number, _ in read_awards(path)]
    except BadFile:
        return
    assert numbers == sorted(set(numbers))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)


@given(members=st.dictionaries(st.sampled_from(COLUMNS), JSON))
def test_no_json_at_all_makes_parsing_fail_in_any_other_way(members: dict[str, Any]) -> None:
    base = {"recipient": "a", "achievement": "u:x", "date": "2026-06-30"}
    for item in (members, base | members):
        try:
            parse_award(json.loads(json.dumps(item)))
        except InvalidArgument:
            continue


@given(day=st.dates(min_value=date(1900, 1, 1)))
def test_a_date_means_midnight_utc(day: Any) -> None:
    assert moment(day.isoformat(), "date") == f"{day.isoformat()}T00:00:00Z"


@given(day=st.dates(max_value=date(1899, 12, 31)))
def test_a_date_that_no_award_has_is_refused(day: date) -> None:
    with pytest.raises(CoreError, match="before the year 1900"):
        moment(day.isoformat(), "date")


def test_an_award_may_end_as_it_begins_and_a_did_may_receive_it() -> None:
    item = {"achievement": "urn:a:1", "date": "2026-06-30", "valid_until": "2026-06-30"}
    assert parse_award({**item, "recipient": "did:web:example.org"}).recipient.type == "did"


@given(text=st.text())
def test_any_other_text_is_no_date(text: str) -> None:
    with pytest.raises(CoreError):
        moment(f"x{text}", "date")
