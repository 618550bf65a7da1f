"""`credroot`: one command tree; the composition root.

Each command imports what it needs when it runs, so that the verifying side works where the
issuer's dependencies are not installed.
"""

import sys
import traceback
from typing import Final

import typer

from registry.core.errors import CoreError

from . import anchoring, baking, issuing, publishing, verifying
from .console import EXIT_USAGE, Failure

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
app.command("issue")(issuing.issue)
app.command("anchor")(anchoring.anchor)
app.command("export")(issuing.export)
app.command("verify")(verifying.verify_files)
app.command("suspend")(anchoring.suspend)
app.command("reinstate")(anchoring.reinstate)
app.command("revoke")(anchoring.revoke)
app.command("status")(anchoring.status)
issuing.issuer_app.command("status-url")(publishing.status_url)
app.command("status-list")(publishing.status_list)
app.command("bake")(baking.bake)
app.command("unbake")(baking.unbake)

INTERRUPTED: Final = 130
# sysexits.h EX_SOFTWARE: a defect. Python's own 1 would read as the verdict "invalid".
DEFECT: Final = 70
# Typer carries a copy of click, and names of its errors only the leaves.
ClickException: Final = next(
    c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException"
)


def main() -> None:
    """Run the command line; every foreseeable problem becomes one sentence and an exit status."""
    try:
        status = app(standalone_mode=False)
        if status == INTERRUPTED:
            # Typer takes Ctrl-C for itself, and tells only this number.
            raise KeyboardInterrupt
    except (typer.Abort, KeyboardInterrupt):
        _complain("interrupted; what was finished is kept, run it again to go on")
        sys.exit(INTERRUPTED)
    except Failure as failure:
        _complain(str(failure))
        sys.exit(failure.status)
    except Exception as error:
        if isinstance(error, ClickException):
            error.show()  # type: ignore[attr-defined]
            sys.exit(EXIT_USAGE)
        if not _is_foreseen(error):
            traceback.print_exc()
            sys.exit(DEFECT)
        _complain(_sentence(error))
        sys.exit(EXIT_USAGE)
    sys.exit(status if isinstance(status, int) else 0)


def _is_foreseen(error: Exception) -> bool:
    """Problems with files, nodes, keys and data that the rooms name; not defects of the program."""
    if isinstance(error, CoreError | OSError | ModuleNotFoundError):
        return True
    rooms = ("registry.", "anchor_service.", "web3.exceptions", "requests.exceptions")
    return type(error).__module__.startswith(rooms)


def _sentence(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return (
            f"this command needs the issuer's side ({error.name}): pip install 'credroot[server]'"
        )
    if type(error).__module__.startswith("requests."):
        return f"the node cannot be reached: {error}"
    return str(error)


def _complain(text: str) -> None:
    typer.echo(f"credroot: {text}", err=True)
