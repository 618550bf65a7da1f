"""The key that sends transactions: an Ethereum keystore file (Web3 Secret Storage, version 3)."""

import json
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from registry.private_files import write_private


class WrongPassphrase(Exception):
    """The passphrase does not open the keystore."""


class DamagedKeystore(Exception):
    """The file is not a keystore."""


def create_keystore(path: Path, passphrase: str) -> str:
    """Make a key, write it encrypted to `path` (mode 0600), and tell its address (0x, lower case).

    Raises `FileExistsError`: a key is never written over.
    """
    key: LocalAccount = Account.create()
    write_private(path, json.dumps(Account.encrypt(key.key, passphrase)))
    return key.address.lower()


def keystore_address(path: Path) -> str:
    """Whose key the keystore at `path` says it holds (0x, lower case); it stays closed.

    Raises `DamagedKeystore`, `OSError`.
    """
    try:
        address = str(json.loads(path.read_bytes())["address"])
    except (ValueError, LookupError, TypeError) as error:
        raise DamagedKeystore(f"{path} is not a key file that says its address") from error
    return f"0x{address.lower().removeprefix('0x')}"


def open_keystore(path: Path, passphrase: str) -> LocalAccount:
    """The key in the keystore at `path`.

    Raises `WrongPassphrase`, `DamagedKeystore`, `OSError`.
    """
    text = path.read_bytes()
    try:
        key: LocalAccount = Account.from_key(Account.decrypt(json.loads(text), passphrase))
    except (ValueError, LookupError, TypeError, AttributeError, NotImplementedError) as error:
        if "MAC mismatch" in str(error):
            raise WrongPassphrase(f"the passphrase does not open {path}") from error
        raise DamagedKeystore(f"{path} is not a whole key file: restore it") from error
    return key
