"""The command tree, and how every end of a command is told: a sentence and a status.

Each command imports what it needs when it runs, so that the verifying side works where the
issuer's dependencies are not installed.
"""

import io
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final

import typer

from registry.core.errors import CoreError
from registry.plain_text import shown

from . import (
    INTERRUPTED,
    anchoring,
    baking,
    deploying,
    issuing,
    keys,
    publishing,
    relaying,
    strangers,
    verifying,
)
from .console import EXIT_USAGE, Failure, Output, one_line

app = typer.Typer(
    name="credroot",
    help="Issue, anchor and verify Open Badges 3.0 credentials.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("init")(issuing.init)
app.command("devchain")(anchoring.devchain)
app.add_typer(issuing.issuer_app, name="issuer")
app.add_typer(issuing.achievement_app, name="achievement")
app.add_typer(keys.keys_app, name="keys")
app.command("deploy")(deploying.deploy)
app.command("issue")(issuing.issue)
app.command("anchor")(anchoring.anchor)
app.command("export")(issuing.export)
app.command("verify")(verifying.verify_files)
app.command("suspend")(anchoring.suspend)
app.command("reinstate")(anchoring.reinstate)
app.command("revoke")(anchoring.revoke)
app.command("status")(anchoring.status)
keys.keys_app.command("strangers")(strangers.strangers)
issuing.issuer_app.command("status-url")(publishing.status_url)
app.command("status-list")(publishing.status_list)
app.add_typer(relaying.relay_app, name="relay")
app.command("bake")(baking.bake)
app.command("unbake")(baking.unbake)

# sysexits.h EX_SOFTWARE: a defect. Python's own 1 would read as the verdict "invalid".
DEFECT: Final = 70
# What shells tell of a program whose reader has gone (128 + SIGPIPE).
NO_READER: Final = 141
# Typer carries a copy of click, and names of its errors only the leaves.
ClickException: Final = next(
    c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException"
)


def run(words: Sequence[str]) -> int:
    """Run the command line `words`; the exit status."""
    _be_writable()
    try:
        status = app(list(words), standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # Nobody reads on, as with `| head` (Typer would end with 1, the status of "invalid"); what
        # is left to be written must not fail again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NO_READER
    except (typer.Abort, KeyboardInterrupt):
        return _interrupted(words)
    except Exception as error:
        status, message = _told(error)
        _complain(words, message, status)
        return status
    if status == INTERRUPTED:
        # Typer takes Ctrl-C for itself, and tells only this number.
        return _interrupted(words)
    return status if isinstance(status, int) else 0


def _be_writable() -> None:
    """A terminal or file of another encoding than UTF-8 shows escapes; it never ends a command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _told(error: Exception) -> tuple[int, str]:
    """The status and the sentence of an error."""
    if isinstance(error, Failure):
        return error.status, str(error)
    if isinstance(error, ClickException):
        return EXIT_USAGE, _usage(error)
    if _is_foreseen(error):
        return EXIT_USAGE, _sentence(error)
    sys.stderr.write(shown(traceback.format_exc(), keep="\n"))
    return DEFECT, f"a defect of the program: {type(error).__name__}: {error}"


def _usage(error: Exception) -> str:
    """What is wrong with the words; how the command is used goes before it."""
    message, context = str(error.format_message()), getattr(error, "ctx", None)  # type: ignore[attr-defined]
    if not message:
        # A group without a command: its help has been shown.
        return "which command?"
    if context is not None:
        told = f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n"
        sys.stderr.write(shown(told, keep="\n"))
    return message


def _is_foreseen(error: Exception) -> bool:
    """Problems with files, nodes, keys and data that the rooms name; not defects of the program."""
    if isinstance(error, CoreError | OSError | ModuleNotFoundError):
        return True
    rooms = ("registry.", "anchor_service.", "web3.exceptions")
    return type(error).__module__.startswith(rooms)


def _sentence(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return (
            f"this command needs the issuer's side ({error.name}): pip install 'credroot[server]'"
        )
    return str(error)


def _interrupted(words: Sequence[str]) -> int:
    message = "interrupted; what was finished is kept, run it again to go on"
    _complain(words, message, INTERRUPTED)
    return INTERRUPTED


def _complain(words: Sequence[str], message: str, status: int) -> None:
    """To the person; and to the machine, if `words` ask for one object and it has none yet."""
    sys.stderr.write(f"credroot: {shown(message)}\n")
    if "--json" in words and not Output.has_result:
        sys.stdout.write(one_line({"error": {"message": message, "status": status}}) + "\n")
        sys.stdout.flush()
