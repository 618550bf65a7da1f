"""Points in time as they are written are read as the same."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from registry.core.times import is_utc_seconds, parse_stamp, write_stamp


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_a_stamp_of_any_year_is_read_as_it_was_written(moment: datetime) -> None:
    stamp = write_stamp(moment)
    assert is_utc_seconds(stamp)
    assert parse_stamp(stamp) == moment.replace(microsecond=0)


def test_a_year_is_written_with_four_digits() -> None:
    assert write_stamp(datetime(1, 2, 3, tzinfo=UTC)) == "0001-02-03T00:00:00Z"
