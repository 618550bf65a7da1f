"""What a verifier demands and whom it trusts, as values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from .contract import REGISTRY, Registry
from .document import JsonObject, parse_json
from .errors import InvalidArgument, Refusal
from .evidence import Quorum
from .jwk import read_jwk
from .keys import Account, PublicKey, read_multikey
from .times import parse_stamp

# A list of a nation's institutions fits; a reader's memory stays bounded.
MAX_TRUST_BYTES: Final = 16 << 20
# Of what was read, how old may the newest final block be (formats: Evidence).
MAX_AGE: Final = timedelta(hours=1)
# How long after its signature a credential may be anchored (formats: Anchor proof).
ANCHOR_WINDOW: Final = timedelta(days=30)
# Clocks of honest machines and chains differ by seconds.
CLOCK_SKEW: Final = timedelta(minutes=1)
_ADDRESS: Final = re.compile("0x[0-9a-fA-F]{40}")


@dataclass(frozen=True)
class TrustedKey:
    """A verification method that a verifier takes from its trust list, not from the DID."""

    id: str
    key: PublicKey
    until: datetime | None = None


@dataclass(frozen=True)
class TrustEntry:
    """An issuer that the verifier trusts: its DID, its accounts, from when to when."""

    name: str
    did: str
    accounts: tuple[Account, ...]
    keys: tuple[TrustedKey, ...] = ()
    registry: bytes | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def in_force(self, moment: datetime) -> bool:
        """Whether the entry speaks of `moment`: from `valid_from` on, before `valid_until`."""
        return (self.valid_from is None or self.valid_from <= moment) and (
            self.valid_until is None or moment < self.valid_until
        )


@dataclass(frozen=True)
class Policy:
    """What is required of a credential and of the evidence; `at` is the time to check at.

    `recipient` is whose credential it must be, where that is asked: a DID, or an identifier such as
    an e-mail address.
    """

    at: datetime
    trust: tuple[TrustEntry, ...] = ()
    require_signature: bool = True
    require_anchor: bool = True
    registry: Registry = REGISTRY
    quorum: Quorum = field(default_factory=Quorum)
    max_age: timedelta = MAX_AGE
    anchor_window: timedelta = ANCHOR_WINDOW
    clock_skew: timedelta = CLOCK_SKEW
    recipient: str | None = None


def parse_trust(data: bytes) -> tuple[TrustEntry, ...]:
    """Read a trust file: one entry, or `{"issuers": [entry, ...]}`.

    Raises `Refusal` at `issuer` with `unresolved`: a trust list that cannot be read is no list.
    """
    try:
        value = parse_json(data, MAX_TRUST_BYTES)
        entries = value.get("issuers", [value])
        return tuple(_entry(item) for item in entries)
    except (Refusal, InvalidArgument, KeyError, TypeError, AttributeError, ValueError) as error:
        raise Refusal("issuer", "unresolved", f"not a trust list: {error}") from error


def _entry(item: JsonObject) -> TrustEntry:
    unknown = set(item) - {"name", "did", "accounts", "keys", "registry", "from", "until"}
    if unknown:
        raise InvalidArgument(f"unknown members {sorted(unknown)}")
    return TrustEntry(
        name=_text(item["name"]),
        did=_text(item["did"]),
        accounts=tuple(Account.parse(_text(account)) for account in item["accounts"]),
        keys=tuple(_key(key) for key in item.get("keys", ())),
        registry=_address(item["registry"]) if "registry" in item else None,
        valid_from=_time(item, "from"),
        valid_until=_time(item, "until"),
    )


def _key(item: Mapping[str, Any]) -> TrustedKey:
    unknown = set(item) - {"id", "publicKeyMultibase", "publicKeyJwk", "until"}
    if unknown or ("publicKeyMultibase" in item) == ("publicKeyJwk" in item):
        raise InvalidArgument("a key has an id, one of publicKeyMultibase and publicKeyJwk, until")
    if "publicKeyJwk" in item:
        key = read_jwk(item["publicKeyJwk"])
    else:
        key = read_multikey(_text(item["publicKeyMultibase"]))
    return TrustedKey(_text(item["id"]), key, _time(item, "until"))


def _address(value: Any) -> bytes:
    text = _text(value)
    if not _ADDRESS.fullmatch(text):
        raise InvalidArgument(f"{text!r} is not an address")
    return bytes.fromhex(text[2:])


def _time(item: Mapping[str, Any], key: str) -> datetime | None:
    return parse_stamp(_text(item[key])) if key in item else None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{value!r} is not text")
    return value
