"""Founding an issuer: its names, its DID, its account, its card."""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final
from urllib.parse import urlsplit

from registry.core.canonical import jcs
from registry.core.contract import CONTRACT
from registry.core.document import JsonObject, parse_json
from registry.core.errors import InvalidArgument, Refusal
from registry.core.keys import Account
from registry.plain_text import shown
from registry.store.database import Engine
from registry.store.organisations import NOBODY, Organisation, add_organisation
from registry.whole_files import write_whole

from .signing_key import Ed25519Signer

SIGNING_KEY: Final = "signing-key.json"
CARD: Final = "card.json"
# Every credential and every verdict carries the name; the longest of ministries' take 150.
MAX_NAME_CHARACTERS: Final = 256
# Every credential carries it too.
MAX_URL_CHARACTERS: Final = 2048
# A folder's name on every system, and never a path.
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)
# RFC 3986: its characters, no user before the host.
_URL: Final = re.compile(
    r"https?://[A-Za-z0-9.:\[\]-]+(?:[/?#](?:[A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)?"
)


@dataclass(frozen=True)
class Founding:
    """What is known of an issuer before it exists; `sender` is the address that pays and signs."""

    slug: str
    name: str
    url: str | None
    account: Account
    sender: str
    suites: tuple[str, ...]
    status_url: str | None = None


def parse_owner(chain_id: int, address: str) -> Account:
    """The account that owns an issuer; raises `InvalidArgument` when it is not an address."""
    return Account.parse(f"eip155:{chain_id}:{address}")


def parse_slug(text: str) -> str:
    """An issuer's short name, which is also its folder's; raises `InvalidArgument`."""
    if not _SLUG.fullmatch(text):
        raise InvalidArgument(
            f"{text!r} cannot be an issuer's short name: want at most 64 of a-z, 0-9 and "
            "hyphens, none first or last"
        )
    return text


def parse_name(text: str) -> str:
    """An issuer's name: text that shows as it is; raises `InvalidArgument`."""
    name = text.strip()
    try:
        parse_json(jcs({"name": name}))
    except Refusal as refusal:
        raise InvalidArgument(f"{text!r} cannot be a name: {refusal.detail}") from refusal
    if not name or len(name) > MAX_NAME_CHARACTERS or shown(name) != name:
        raise InvalidArgument(
            f"{name[:MAX_NAME_CHARACTERS]!r} cannot be a name: want 1 to {MAX_NAME_CHARACTERS} "
            "characters, and none that steers a terminal or the direction of text"
        )
    return name


def parse_web_address(text: str) -> str:
    """An issuer's web address, http or https; raises `InvalidArgument`."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or port == 0 or len(text) > MAX_URL_CHARACTERS or not _URL.fullmatch(text):
        raise InvalidArgument(f"{text[:200]!r} is not a web address: want https://host/path")
    return text


def found_issuer(
    engine: Engine, founding: Founding, folder: Path, passphrase: str, now: int
) -> Organisation:
    """Make the signing key (encrypted) in `folder`, store the organisation, write its card.

    What an interruption left behind is taken up again. Raises `AlreadyThere`.
    """
    signer = _signing_key(folder / SIGNING_KEY, passphrase)
    did = signer.public_key.did_key
    profile: dict[str, Any] = {"name": founding.name}
    if founding.url:
        profile["url"] = founding.url
    organisation = Organisation(
        id=NOBODY,
        slug=founding.slug,
        did=did,
        profile=profile,
        suites=founding.suites,
        account=founding.account,
        sender=founding.sender,
        award_salt=token_bytes(32),
        status_url=founding.status_url,
    )
    add_organisation(engine, organisation, now)
    _write_card(organisation, folder)
    return organisation


def card(organisation: Organisation) -> JsonObject:
    """The issuer's own trust entry, as `registry.core.policy.parse_trust` reads it."""
    return {
        "name": organisation.profile["name"],
        "did": organisation.did,
        "accounts": [str(organisation.account)],
        "registry": str(CONTRACT["address"]).lower(),
    }


def _write_card(organisation: Organisation, folder: Path) -> None:
    """The card as a file, to be handed on: a copy of what the database knows."""
    text = json.dumps(card(organisation), indent=2) + "\n"
    write_whole(folder / CARD, text.encode("ascii"))


def _signing_key(path: Path, passphrase: str) -> Ed25519Signer:
    if path.exists():
        return Ed25519Signer.open(path, passphrase)
    signer = Ed25519Signer.generate()
    signer.save(path, passphrase)
    return signer
