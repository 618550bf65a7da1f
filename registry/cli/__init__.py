"""`credroot`: one command tree; the composition root.

Nothing is imported here, so that Ctrl-C is told in one sentence even while the program loads.
"""

import sys
from typing import Final

# What shells tell of a program that Ctrl-C ended.
INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line; every foreseeable problem becomes one sentence and an exit status."""
    try:
        from .application import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.stderr.write("credroot: interrupted\n")
        status = INTERRUPTED
    sys.exit(status)
