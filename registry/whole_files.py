"""Files as others may meet them: written whole or not at all, read up to a limit."""

from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """A reader sees the old file or the new one, never a part. Raises `OSError`."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def read_bounded(path: Path, limit: int) -> bytes:
    """At most one byte more than `limit`, so that what is too large shows as such."""
    with path.open("rb") as file:
        return file.read(limit + 1)
