"""A new sending key in the place of the old one, in steps of which each may be the last."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from .key_desk import KeyDesk, parse_end, send_unless, signer_of
from .workspace import CHAIN_KEY, Workspace

if TYPE_CHECKING:
    from anchor_service.calls import Call

NEXT_KEY: Final = "chain-key.next.json"


def next_key(workspace: Workspace) -> str:
    """The address of the key that is to come, made when there is none yet."""
    from anchor_service.keystore import create_keystore, keystore_address

    path = workspace.folder / NEXT_KEY
    if path.exists():
        return keystore_address(path)
    return create_keystore(path, workspace.passphrase)


def key_in_place(workspace: Workspace) -> str:
    """The address of the key that sends: the file is what counts, and changes its place last."""
    from anchor_service.keystore import keystore_address

    return keystore_address(workspace.folder / CHAIN_KEY)


def appointment(desk: KeyDesk, workspace: Workspace, coming: str) -> "Call":
    """The call that gives `coming` the roles that the sending key has, or the usual ones."""
    from anchor_service.calls import DEFAULT_ROLES, set_operator

    held = desk.chain.operator(key_in_place(workspace))
    roles = held.roles if held else DEFAULT_ROLES
    return set_operator(desk.account, coming, roles, parse_end(None))


def change_over(desk: KeyDesk, workspace: Workspace, coming: str, key: Path | None) -> None:
    """Appoint `coming` if that is to be done, put it in place, and remove the one before."""
    from anchor_service.calls import remove_operator

    def is_appointed() -> bool:
        return desk.chain.operator(coming) is not None

    before, controller = key_in_place(workspace), desk.chain.controller
    # With a controller that is a wallet, what is left for it is told.
    here = key is not None or before.lower() == controller.lower() or not is_appointed()
    signer = signer_of(desk, (controller,), key) if here else None
    call = appointment(desk, workspace, coming)
    sent = send_unless(desk, call, signer, is_appointed) if signer else []
    put_in_place(workspace, coming)
    desk.output.say(f"{coming} sends from now on. {before} is kept beside it.")
    if signer:
        removal = remove_operator(desk.account, before)
        sent += send_unless(desk, removal, signer, lambda: desk.chain.operator(before) is None)
    elif desk.chain.operator(before):
        desk.output.say(f"It has its roles still: credroot keys remove {before}")
    desk.output.result({"before": before, "sender": coming, "sent": sent})


def put_in_place(workspace: Workspace, coming: str) -> None:
    """The next key becomes the sending key; the old one is kept under its address.

    Stopped in between, the next call goes on.
    """
    from registry.store.organisations import set_sender

    folder, before = workspace.folder, key_in_place(workspace)
    for name, address in ((CHAIN_KEY, before), (NEXT_KEY, coming)):
        kept = folder / f"chain-key.{address}.json"
        if not kept.exists():
            # A link, so that at no moment there is no key under the name that commands open.
            kept.hardlink_to(folder / name)
    set_sender(workspace.engine, workspace.organisation.id, coming)
    (folder / NEXT_KEY).replace(folder / CHAIN_KEY)
