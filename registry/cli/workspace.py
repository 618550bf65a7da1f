"""The issuer's side as commands use it: settings, database, one organisation and its keys."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from registry.settings import Settings

from .console import Failure

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

    from anchor_service.chain import EthereumChain
    from registry.lifecycle.badges import Issuer
    from registry.lifecycle.signing_key import Ed25519Signer
    from registry.locks import Lock
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

    @cached_property
    def chain_key(self) -> "LocalAccount":
        """The sending key, opened with the passphrase."""
        from anchor_service.keystore import open_keystore

        return open_keystore(self.folder / CHAIN_KEY, self.passphrase)

    def chain(self) -> "EthereumChain":
        """The chain with the sending key."""
        from anchor_service.chain import EthereumChain
        from anchor_service.node import connect

        w3, account = connect(self.settings.nodes[0]), self.organisation.account
        return EthereumChain(w3, account, self.chain_key)

    def lock(self, name: str) -> "Lock":
        """One of the issuer's locks, not taken yet."""
        from registry.locks import Lock

        return Lock(self.folder / name)


def open_engine(settings: Settings) -> "Engine":
    """The installation's database; raises `Failure` when `credroot init` was never run."""
    from registry.store.database import connect, require_current

    engine = connect(settings.database)
    path = engine.url.database
    if engine.dialect.name == "sqlite" and path and not Path(path).exists():
        raise Failure(f"there is no registry at {path}: run `credroot init`")
    require_current(engine)
    return engine


def open_workspace(slug: str | None) -> Workspace:
    """The organisation `slug`, or the only one there is."""
    from registry.store.organisations import find_organisation

    settings = Settings.from_environment()
    engine = open_engine(settings)
    return Workspace(settings, engine, find_organisation(engine, slug))
