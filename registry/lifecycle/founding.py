"""Founding an issuer: its DID, its account, its card."""

import json
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

from registry.core.contract import CONTRACT
from registry.core.keys import Account
from registry.store.database import Engine
from registry.store.organisations import Organisation, add_organisation

from .signing_key import Ed25519Signer

SIGNING_KEY: Final = "signing-key.json"
CARD: Final = "card.json"


@dataclass(frozen=True)
class Founding:
    """What is known of an issuer before it exists; `controller` none: the sender owns itself."""

    slug: str
    name: str
    url: str | None
    chain_id: int
    controller: str | None
    sender: str
    suites: tuple[str, ...]
    status_url: str | None = None

    @property
    def account(self) -> Account:
        """Raises `InvalidArgument` when the controller is not an address."""
        return Account.parse(f"eip155:{self.chain_id}:{self.controller or self.sender}")


@dataclass(frozen=True)
class Founded:
    did: str
    account: Account


def found_issuer(
    engine: Engine, founding: Founding, folder: Path, passphrase: str, now: int
) -> Founded:
    """Make the signing key (encrypted) and the card in `folder`, store the organisation.

    What an interruption left behind is taken up again. Raises `AlreadyThere`.
    """
    account = founding.account
    signer = _signing_key(folder / SIGNING_KEY, passphrase)
    did = signer.public_key.did_key
    profile: dict[str, Any] = {"name": founding.name}
    if founding.url:
        profile["url"] = founding.url
    (folder / CARD).write_text(card(founding.name, did, account), encoding="utf-8")
    add_organisation(
        engine,
        Organisation(
            id=0,
            slug=founding.slug,
            did=did,
            profile=profile,
            suites=founding.suites,
            account=account,
            sender=founding.sender,
            award_salt=token_bytes(32),
            status_url=founding.status_url,
        ),
        now,
    )
    return Founded(did, account)


def card(name: str, did: str, account: Account) -> str:
    """The issuer's own trust entry, as `registry.core.policy.parse_trust` reads it."""
    entry = {
        "name": name,
        "did": did,
        "accounts": [str(account)],
        "registry": str(CONTRACT["address"]).lower(),
    }
    return json.dumps(entry, ensure_ascii=False, indent=2) + "\n"


def _signing_key(path: Path, passphrase: str) -> Ed25519Signer:
    if path.exists():
        return Ed25519Signer.open(path, passphrase)
    signer = Ed25519Signer.generate()
    signer.save(path, passphrase)
    return signer
