"""What commands say: tables and lines for people, one JSON object for machines."""

import json
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

EXIT_VALID: Final = 0
EXIT_INVALID: Final = 1
EXIT_INDETERMINATE: Final = 2
# sysexits.h EX_USAGE: wrong words, a file or a setting that cannot be used.
EXIT_USAGE: Final = 64

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]


def many(number: int, thing: str) -> str:
    """`1 credential`, `2 credentials`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


class Failure(Exception):
    """A command cannot do what was asked; the text says why, and what to do about it."""

    def __init__(self, message: str, status: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.status = status


class Output:
    """Where one command speaks: results on standard output, progress and errors beside it."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out = Console(highlight=False, soft_wrap=True, emoji=False)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

    def say(self, text: str) -> None:
        """One line for people; outside text in it is shown as it is, never as markup."""
        if not self.as_json:
            self._out.print(escape(text))
            self._out.file.flush()

    def note(self, text: str) -> None:
        """A remark beside the result."""
        if not self.as_json:
            self._err.print(escape(text), style="dim")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        if self.as_json:
            return
        table = Table(title=escape(title), title_justify="left")
        for column in columns:
            table.add_column(column)
        for row in rows:
            table.add_row(*(escape(cell) for cell in row))
        self._out.print(table)

    def result(self, value: Mapping[str, Any]) -> None:
        """The command's result, for machines."""
        if self.as_json:
            sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
            sys.stdout.flush()

    @contextmanager
    def progress(self, title: str, total: int | None = None) -> Iterator["Bar"]:
        """A progress bar, shown where a person looks."""
        columns = [
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        ]
        hidden = self.as_json or not self._err.is_terminal
        with Progress(*columns, console=self._err, disable=hidden, transient=True) as progress:
            yield Bar(progress, progress.add_task(escape(title), total=total))


class Bar:
    """One running progress bar."""

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress = progress
        self._task = task

    def at(self, completed: int, title: str | None = None) -> None:
        said = {"description": escape(title)} if title else {}
        self._progress.update(self._task, completed=completed, **said)  # type: ignore[arg-type]


@contextmanager
def ended_in_order() -> Iterator[None]:
    """A polite kill (SIGTERM) ends what runs inside as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
