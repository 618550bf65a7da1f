"""Keys that sign here, and calls that a wallet elsewhere must sign: the options for both."""

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from registry.core.document import JsonObject
from registry.settings import Settings

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from anchor_service.calls import Call

KeyOption = Annotated[
    Path | None,
    typer.Option("--key", help="The key that signs and pays: an encrypted Ethereum keystore."),
]
UnsignedFlag = Annotated[
    bool,
    typer.Option(
        "--unsigned", help="Send nothing: print the call for the Safe transaction builder."
    ),
]


def batch(calls: "Sequence[Call]", controller: str | None) -> JsonObject:
    """`calls` for the Safe transaction builder (anchor_service/safe.py)."""
    from anchor_service.safe import safe_batch

    return safe_batch(calls, controller, int(time.time()))


def written(calls: "Sequence[Call]", controller: str) -> bytes:
    """The same as a file."""
    return json.dumps(batch(calls, controller), indent=2).encode("ascii") + b"\n"


def keystore_address(path: Path) -> str:
    """Whose key it is, in its checksummed form (EIP-55); the keystore stays closed."""
    from anchor_service.issuer_keys import parse_address
    from anchor_service.keystore import keystore_address as read

    return parse_address(read(path))


def open_key(settings: Settings, path: Path) -> "LocalAccount":
    """The key in the keystore at `path`, opened with the passphrase."""
    from anchor_service.keystore import open_keystore
    from registry.private_files import read_passphrase

    return open_keystore(path, read_passphrase(settings.key_passphrase_file, of=str(path)))
