"""The issuer's side as commands use it: settings, database, one organisation and its keys."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.settings import Settings

from .console import Failure

if TYPE_CHECKING:
    from anchor_service.chain import EthereumChain
    from registry.lifecycle.badges import Issuer
    from registry.lifecycle.signing_key import Ed25519Signer
    from registry.store.anchoring import Anchoring
    from registry.store.database import Engine
    from registry.store.issuance import Issuance
    from registry.store.organisations import Organisation

CHAIN_KEY: Final = "chain-key.json"


@dataclass(frozen=True)
class Workspace:
    """One organisation in one installation."""

    settings: Settings
    engine: "Engine"
    organisation: "Organisation"

    @property
    def folder(self) -> Path:
        return self.settings.issuer_folder(self.organisation.slug)

    @cached_property
    def passphrase(self) -> str:
        from registry.private_files import read_passphrase

        return read_passphrase(self.settings.passphrase_file)

    @property
    def issuance(self) -> "Issuance":
        from registry.store.issuance import Issuance

        return Issuance(self.engine, self.organisation.id)

    @property
    def anchoring(self) -> "Anchoring":
        from registry.store.anchoring import Anchoring

        return Anchoring(self.engine, self.organisation.id)

    @property
    def issuer(self) -> "Issuer":
        from registry.lifecycle.badges import Issuer

        o = self.organisation
        return Issuer(o.did, o.profile, o.account, o.suites)

    def signer(self) -> "Ed25519Signer":
        """The credential signing key, opened with the passphrase."""
        from registry.lifecycle.founding import SIGNING_KEY
        from registry.lifecycle.signing_key import Ed25519Signer

        return Ed25519Signer.open(self.folder / SIGNING_KEY, self.passphrase)

    def chain(self) -> "EthereumChain":
        """The chain with the sending key, opened with the passphrase."""
        from anchor_service.chain import EthereumChain, connect
        from anchor_service.keystore import open_keystore

        key = open_keystore(self.folder / CHAIN_KEY, self.passphrase)
        return EthereumChain(connect(self.settings.nodes[0]), self.organisation.account, key)

    @contextmanager
    def only_worker(self) -> Iterator[None]:
        """Hold the installation's worker lock; raises `Failure` while another process does."""
        with (self.settings.home / "worker.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Failure(
                    "another credroot process is anchoring: it will carry this too"
                ) from error
            yield


def open_engine(settings: Settings) -> "Engine":
    """The installation's database; raises `Failure` when `credroot init` was never run."""
    from registry.store.database import connect, require_current

    scheme, _, path = settings.database.partition(":///")
    if scheme == "sqlite" and not Path(path).exists():
        raise Failure(f"there is no registry at {path}: run `credroot init`")
    engine = connect(settings.database)
    require_current(engine)
    return engine


def open_workspace(slug: str | None) -> Workspace:
    """The organisation `slug`, or the only one there is."""
    from registry.store.organisations import find_organisation

    settings = Settings.from_environment()
    engine = open_engine(settings)
    return Workspace(settings, engine, find_organisation(engine, slug))
