"""Points in time as they are written are read as the same."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.errors import InvalidArgument
from registry.core.times import is_utc_seconds, parse_stamp, write_stamp


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_a_stamp_of_any_year_is_read_as_it_was_written(moment: datetime) -> None:
    stamp = write_stamp(moment)
    assert is_utc_seconds(stamp)
    assert parse_stamp(stamp) == moment.replace(microsecond=0)


def test_a_year_is_written_with_four_digits() -> None:
    assert write_stamp(datetime(1, 2, 3, tzinfo=UTC)) == "0001-02-03T00:00:00Z"


@given(
    day=st.dates(date(2, 1, 1), date(9998, 12, 31)),
    clock=st.times(),
    minutes=st.integers(-14 * 60, 14 * 60),
    more=st.text("0123456789", max_size=30),
)
def test_an_offset_and_any_fraction_are_read(
    day: date, clock: time, minutes: int, more: str
) -> None:
    """The microsecond is kept, what is finer is left out."""
    local = datetime.combine(day, clock, timezone(timedelta(minutes=minutes)))
    written = local.isoformat(timespec="microseconds")
    head, offset = written[:26], written[26:]
    assert parse_stamp(head + more + offset) == local


@given(day=st.dates(max_value=date(9999, 12, 30)), zeros=st.integers(0, 9))
def test_midnight_may_be_the_end_of_a_day(day: date, zeros: int) -> None:
    fraction = "." + "0" * zeros if zeros else ""
    end = parse_stamp(f"{day.isoformat()}T24:00:00{fraction}Z")
    assert end == parse_stamp(f"{day.isoformat()}T00:00:00Z") + timedelta(days=1)
    assert not is_utc_seconds(f"{day.isoformat()}T24:00:00Z")


@pytest.mark.parametrize(
    "offset", ["", "z", "+14:01", "-14:01", "+15:00", "+00:60", "+1:00", "+0100"]
)
def test_another_offset_is_no_offset(offset: str) -> None:
    with pytest.raises(InvalidArgument, match="is not a date-time with an offset"):
        parse_stamp(f"2026-01-01T00:00:00{offset}")
