"""Points in time as the data models write them: XML Schema dateTimeStamp, always with an offset."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from .errors import InvalidArgument, shown

# The last second that a calendar can name (9999-12-31T23:59:59Z), since 1970.
MAX_SECONDS: Final = 253_402_300_799
# XML Schema 1.1 Part 2, 3.4.28 and 3.3.7: midnight may be the end of a day, offsets end at 14:00,
# and a minute has sixty seconds, so that a leap second has no name.
_STAMP: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(?:((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\.(\d+))?|(24:00:00)(?:\.0+)?)"
    r"(Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))",
    re.ASCII,
)
# A point in time is kept to the microsecond; nothing is decided by less.
_FRACTION_DIGITS: Final = 6
_DAY: Final = timedelta(days=1)


def parse_stamp(text: str) -> datetime:
    """Read an XML Schema 1.1 dateTimeStamp of the years 1 to 9999; raises `InvalidArgument`.

    VC 2.0, 4.9 asks for this form. 5.8 says that a time written without an offset, which is wrong,
    is to be read as UTC; here it is refused, as what breaks 4.9 may be: readers who take it for
    their local time would see another period.
    """
    match = _STAMP.fullmatch(text)
    if match is None:
        raise InvalidArgument(f"{shown(text)} is not a date-time with an offset")
    day, clock, fraction, end_of_day, offset = match.groups()
    digits = (fraction or "")[:_FRACTION_DIGITS].ljust(_FRACTION_DIGITS, "0")
    try:
        moment = datetime.fromisoformat(f"{day}T{clock or '00:00:00'}.{digits}{offset}")
        return (moment + _DAY if end_of_day else moment).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"{shown(text)} is not a date-time: {error}") from error


def is_utc_seconds(text: str) -> bool:
    """Whether `text` is a real point in time written `YYYY-MM-DDThh:mm:ssZ`."""
    try:
        return write_stamp(parse_stamp(text)) == text
    except InvalidArgument:
        return False


def write_stamp(moment: datetime) -> str:
    """`moment` in UTC to the second, as `YYYY-MM-DDThh:mm:ssZ`."""
    # Not strftime: of a year before 1000 it may write fewer than four digits.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def from_seconds(seconds: int) -> datetime:
    """A chain's timestamp (seconds since 1970, UTC), 0 to `MAX_SECONDS`."""
    return datetime.fromtimestamp(seconds, UTC)
