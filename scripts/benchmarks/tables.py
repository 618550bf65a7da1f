"""Measurements as a table that can stand in a page of the documentation as it is."""

from collections.abc import Sequence
from typing import Any, Final

HEADINGS: Final = ("", "ours", "peer", "ours / peer", "peer's name")
RIGHT: Final = (False, True, True, True, False)


def table(rows: Sequence[dict[str, Any]]) -> str:
    cells = [HEADINGS, *map(line, rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    rule = tuple("-" * (width - 1) + (":" if right else "-") for width, right in _columns(widths))
    return "\n".join(_padded(item, widths) for item in (cells[0], rule, *cells[1:]))


def line(row: dict[str, Any]) -> tuple[str, ...]:
    """The cells of one row."""
    numbers = (f"{row['ours']:,}", f"{row['peer']:,}", f"{row['ratio']:.3f}")
    return (row["name"], *numbers, row["peer_name"])


def _padded(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        text.rjust(width) if right else text.ljust(width)
        for text, (width, right) in zip(cells, _columns(widths), strict=True)
    )
    return f"| {' | '.join(padded)} |"


def _columns(widths: Sequence[int]) -> list[tuple[int, bool]]:
    return list(zip(widths, RIGHT, strict=True))
