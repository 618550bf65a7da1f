"""Files as others may meet them: written whole or not at all, read up to a limit."""

from pathlib import Path
from secrets import token_hex


def write_whole(path: Path, data: bytes) -> None:
    """A reader sees the old file or the new one, never a part. Raises `OSError`.

    What is no file, as /dev/stdout, is written to as it is; a link stays one.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    target = path.resolve()
    # Of its own name: two programs may write the same file at once.
    part = target.with_name(f".credroot-{token_hex(8)}.part")
    try:
        part.write_bytes(data)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def read_bounded(path: Path, limit: int) -> bytes:
    """At most one byte more than `limit`, so that what is too large shows as such."""
    with path.open("rb") as file:
        return file.read(limit + 1)
