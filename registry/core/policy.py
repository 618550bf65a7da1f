"""What a verifier demands and whom it trusts, as values."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from .contract import REGISTRY, Registry
from .did import require_did
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
_REQUIRED: Final = ("name", "did", "accounts")
_OPTIONAL: Final = ("keys", "registry", "from", "until")
_KEY_FORMS: Final = ("publicKeyMultibase", "publicKeyJwk")
_SHOWN_CHARACTERS: Final = 100
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
    """Read a trust file: one entry, or `{"issuers": [entry, ...]}` (docs/spec/binding.md, 3).

    Raises `Refusal` at `issuer` with `unresolved`, and says what to write instead: a trust list
    that is not understood whole is no list.
    """
    try:
        return tuple(_entry(item) for item in _entries(parse_json(data, MAX_TRUST_BYTES)))
    except (Refusal, InvalidArgument) as error:
        detail = error.detail if isinstance(error, Refusal) else str(error)
        raise Refusal("issuer", "unresolved", f"not a trust list: {detail}") from error


def _entries(value: JsonObject) -> list[Any]:
    if "issuers" not in value:
        return [value]
    _require_members(value, "a list of issuers", ("issuers",))
    issuers = _list(value["issuers"], "issuers")
    if not issuers:
        raise InvalidArgument("issuers is empty: write an entry, or verify without a trust list")
    return issuers


def _entry(item: Any) -> TrustEntry:
    what = "an entry of the trust list"
    _require_members(item, what, _REQUIRED, _OPTIONAL)
    did = _did(item["did"])
    begins, ends = _time(item, "from"), _time(item, "until")
    if begins is not None and ends is not None and ends <= begins:
        raise InvalidArgument("until of an entry is not after its from: it is never in force")
    return TrustEntry(
        name=_text(item["name"], "name"),
        did=did,
        accounts=tuple(_account(value) for value in _list(item["accounts"], "accounts")),
        keys=tuple(_key(key, did) for key in _list(item.get("keys", []), "keys")),
        registry=_address(item["registry"]) if "registry" in item else None,
        valid_from=begins,
        valid_until=ends,
    )


def _key(item: Any, did: str) -> TrustedKey:
    _require_members(item, "a key of an entry", ("id",), (*_KEY_FORMS, "until"))
    if all(form in item for form in _KEY_FORMS) or not any(form in item for form in _KEY_FORMS):
        raise InvalidArgument("a key of an entry has one of publicKeyMultibase and publicKeyJwk")
    if "publicKeyJwk" in item:
        key = read_jwk(item["publicKeyJwk"])
    else:
        key = read_multikey(_text(item["publicKeyMultibase"], "publicKeyMultibase"))
    return TrustedKey(_key_id(item["id"], did), key, _time(item, "until"))


def _key_id(value: Any, did: str) -> str:
    """An id that is none of the issuer's would pin nothing, and so leave every key open."""
    text = _text(value, "id of a key")
    if not text.startswith(f"{did}#") or text.endswith("#"):
        wanted = f"the whole URL of the method, {did}# and its name"
        raise InvalidArgument(f"the id of a key is {_shown(text)}: write {wanted}")
    return text


def _did(value: Any) -> str:
    text = _text(value, "did")
    if not text.startswith("https://"):
        require_did(text)
    return text


def _account(value: Any) -> Account:
    return Account.parse(_text(value, "an account"))


def _address(value: Any) -> bytes:
    text = _text(value, "registry")
    if not _ADDRESS.fullmatch(text):
        raise InvalidArgument(f"registry is {_shown(text)}, which is no address")
    return bytes.fromhex(text[2:])


def _time(item: Mapping[str, Any], key: str) -> datetime | None:
    return parse_stamp(_text(item[key], key)) if key in item else None


def _require_members(
    item: Any, what: str, required: Sequence[str], optional: Sequence[str] = ()
) -> None:
    if not isinstance(item, dict):
        raise InvalidArgument(f"{what} is not an object")
    if any(name not in item for name in required):
        raise InvalidArgument(f"{what} needs {', '.join(required)}")
    unknown = sorted(item.keys() - {*required, *optional})
    if unknown:
        raise InvalidArgument(f"{what} has an unknown member {_shown(unknown[0])}")


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidArgument(f"{name} is not a list: write [ and ] around it")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidArgument(f"{name} is not text")
    return value


def _shown(text: str) -> str:
    return json.dumps(text[:_SHOWN_CHARACTERS])
