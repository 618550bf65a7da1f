"""Points in time as the data models write them: XML Schema dateTimeStamp, always with a zone."""

import re
from datetime import UTC, datetime
from typing import Final

from .errors import InvalidArgument

# The last second that a calendar can name (9999-12-31T23:59:59Z), since 1970.
MAX_SECONDS: Final = 253_402_300_799
_STAMP: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})", re.ASCII
)
_UTC_SECONDS: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)


def parse_stamp(text: str) -> datetime:
    """Read an XML Schema 1.1 dateTimeStamp (VC 2.0, 4.9); raises `InvalidArgument`."""
    if not _STAMP.fullmatch(text):
        raise InvalidArgument(f"{text!r} is not a date-time with a zone")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidArgument(f"{text!r} is not a date-time: {error}") from error


def is_utc_seconds(text: str) -> bool:
    """Whether `text` is a real point in time written `YYYY-MM-DDThh:mm:ssZ`."""
    try:
        return bool(_UTC_SECONDS.fullmatch(text)) and parse_stamp(text) is not None
    except InvalidArgument:
        return False


def write_stamp(moment: datetime) -> str:
    """`moment` in UTC to the second, as `YYYY-MM-DDThh:mm:ssZ`."""
    # Not strftime: of a year before 1000 it may write fewer than four digits.
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def from_seconds(seconds: int) -> datetime:
    """A chain's timestamp (seconds since 1970, UTC), 0 to `MAX_SECONDS`."""
    return datetime.fromtimestamp(seconds, UTC)
