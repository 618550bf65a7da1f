"""A new sending key in the place of the old one, in steps of which each may be the last."""

from typing import Final

from .workspace import CHAIN_KEY, Workspace

NEXT_KEY: Final = "chain-key.next.json"


def next_key(workspace: Workspace) -> str:
    """The address of the key that is to come, made when there is none yet."""
    from anchor_service.keystore import create_keystore, keystore_address

    path = workspace.folder / NEXT_KEY
    if path.exists():
        return keystore_address(path)
    return create_keystore(path, workspace.passphrase)


def put_in_place(workspace: Workspace, address: str) -> None:
    """The next key becomes the sending key; the old one is kept under its address.

    Stopped in between, the next call goes on: the database is told last, and what it says of the
    sender only becomes true with the files.
    """
    from registry.store.organisations import set_sender

    folder, before = workspace.folder, workspace.organisation.sender
    kept = folder / f"chain-key.{before}.json"
    if not kept.exists():
        # A link, so that at no moment there is no key under the name that commands open.
        kept.hardlink_to(folder / CHAIN_KEY)
    next_path = folder / NEXT_KEY
    copy = folder / f"chain-key.{address}.json"
    if not copy.exists():
        copy.hardlink_to(next_path)
    set_sender(workspace.engine, workspace.organisation.id, address.lower())
    next_path.replace(folder / CHAIN_KEY)
