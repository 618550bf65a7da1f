"""What commands say: tables and lines for people, one JSON object for machines."""

import json
import re
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Annotated, Any, ClassVar, Final

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
from rich.text import Text

from registry.plain_text import shown

EXIT_VALID: Final = 0
EXIT_INVALID: Final = 1
EXIT_INDETERMINATE: Final = 2
# sysexits.h EX_USAGE: wrong words, a file or a setting that cannot be used.
EXIT_USAGE: Final = 64

# So wide that no cell is folded where no person looks: a program reads a line as one row.
PIPE_WIDTH: Final = 1 << 16
_NOT_PLAIN: Final = re.compile(r"[^ -~]")

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]


def many(number: int, thing: str) -> str:
    """`1 credential`, `2 credentials`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def one_line(value: Mapping[str, Any]) -> str:
    """JSON in ASCII: every terminal and pipe takes it, and nothing in it is obeyed by one.

    What is no Unicode (a byte of a file's name) becomes U+FFFD: strict readers would refuse it.
    """
    return _NOT_PLAIN.sub(_in_ascii, json.dumps(value, ensure_ascii=False))


def _in_ascii(match: re.Match[str]) -> str:
    lone = "\ud800" <= match[0] <= "\udfff"
    return json.dumps("\ufffd" if lone else match[0])[1:-1]


class Failure(Exception):
    """A command cannot do what was asked; the text says why, and what to do about it."""

    def __init__(self, message: str, status: int = EXIT_USAGE) -> None:
        super().__init__(message)
        self.status = status


class Output:
    """Where one command speaks: results on standard output, progress and errors beside it."""

    # A process runs one command, and a command has one result: after it, no failure adds another.
    has_result: ClassVar[bool] = False

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._out = Console(highlight=False, soft_wrap=True, emoji=False)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)
        if not sys.stdout.isatty():
            self._out.width = PIPE_WIDTH

    def say(self, text: str) -> None:
        """One line for people; outside text in it moves, hides and marks up nothing."""
        if not self.as_json:
            self._out.print(Text(shown(text)))
            self._out.file.flush()

    def note(self, text: str) -> None:
        """A remark beside the result."""
        if not self.as_json:
            self._err.print(Text(shown(text)), style="dim")

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Every cell whole: on a narrow screen over several lines."""
        if self.as_json:
            return
        table = Table(title=Text(shown(title)), title_justify="left")
        for column in columns:
            table.add_column(column, overflow="fold")
        for row in rows:
            table.add_row(*(Text(shown(cell)) for cell in row))
        self._out.print(table, soft_wrap=False)

    def result(self, value: Mapping[str, Any]) -> None:
        """The command's result, for machines."""
        if self.as_json:
            sys.stdout.write(one_line(value) + "\n")
            sys.stdout.flush()
        Output.has_result = True

    def document(self, value: Mapping[str, Any]) -> None:
        """A JSON document that is the result: a person redirects it into a file."""
        if not self.as_json:
            sys.stdout.write(json.dumps(value, indent=2) + "\n")
        self.result(value)

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
            yield Bar(progress, progress.add_task(_label(title), total=total))


def _label(title: str) -> str:
    return escape(shown(title))


class Bar:
    """One running progress bar."""

    def __init__(self, progress: Progress, task: Any) -> None:
        self._progress = progress
        self._task = task

    def at(self, completed: int, title: str | None = None) -> None:
        said = {"description": _label(title)} if title else {}
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
