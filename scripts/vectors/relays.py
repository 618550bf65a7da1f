"""`relay.json`: requests to the relay, as they are signed (docs/relaying.md)."""

from typing import Final

from eth_account import Account as Keys
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak

from anchor_service.calls import KINDS
from anchor_service.relay_requests import (
    AnchorRequest,
    Request,
    StatusRequest,
    sign,
    signable,
    typed_data,
)
from registry.core.keys import Account

from .writing import Case, File, case, file_of, hexed

DESCRIPTION = (
    "Requests to the contract RegistryRelay (docs/relaying.md), signed as EIP-712 typed data. "
    "`typedData` is what a wallet takes (eth_signTypedData_v4); `domainSeparator`, `structHash` "
    "and `digest` are what it comes to; `signature` is r, s and v of the key `key`, which is worth "
    "nothing."
)
KEY: Final[LocalAccount] = Keys.from_key(keccak(b"the signer of the vectors"))
OTHER_KEY: Final[LocalAccount] = Keys.from_key(keccak(b"another signer of the vectors"))
ISSUER: Final = "0x00000000000000000000000000000000000a11ce"
ROOT: Final = keccak(b"a root")
DEADLINE: Final = 1_900_000_000
LARGEST: Final = 2**256 - 1
DRAWN: Final = 18


def make() -> File:
    requests = [*_requests(), *_drawn_anchors(), *_drawn_changes()]
    return file_of(DESCRIPTION, [_case(*request) for request in requests])


def _requests() -> list[tuple[str, str, Request, LocalAccount]]:
    hoodi, mainnet = Account(560_048, ISSUER), Account(1, ISSUER)
    own = Account(560_048, KEY.address.lower())
    return [
        ("anchor", "A batch of 1,000.", _anchor(hoodi, keccak(b"a new root"), 1000), KEY),
        ("anchor_largest", "The largest size.", _anchor(mainnet, b"\xff" * 32, 2**32 - 1), KEY),
        ("anchor_own", "The issuer signs itself.", _anchor(own, ROOT, 1), KEY),
        (
            "revoke_one",
            "The first credential of a batch.",
            _change(hoodi, "revoke", ((0, 1),), 0),
            KEY,
        ),
        (
            "suspend_many",
            "Bits in three words, the highest bit of one.",
            _change(hoodi, "suspend", ((0, 5), (7, 1 << 255), (65_536, LARGEST)), 1 << 200 | 7),
            KEY,
        ),
        (
            "reinstate",
            "The largest nonce, and a word that comes twice.",
            _change(mainnet, "reinstate", ((3, 8), (3, 16)), LARGEST),
            KEY,
        ),
        (
            "suspend_by_another_signer",
            "A nonce is each signer's own.",
            _change(hoodi, "suspend", ((0, 2),), 0, OTHER_KEY),
            OTHER_KEY,
        ),
    ]


def _drawn_anchors() -> list[tuple[str, str, Request, LocalAccount]]:
    return [
        (
            f"anchor_drawn_{n}",
            "Drawn at random.",
            _anchor(_drawn_issuer(n), _drawn("root", n), _number("size", n, 32) or 1),
            KEY,
        )
        for n in range(DRAWN)
    ]


def _drawn_changes() -> list[tuple[str, str, Request, LocalAccount]]:
    made: list[tuple[str, str, Request, LocalAccount]] = []
    for n in range(DRAWN):
        patches = tuple(
            (_number(f"word {i}", n, 24), _number(f"mask {i}", n, 256) >> (n * 12) | 1)
            for i in range(1 + n % 4)
        )
        kind = list(KINDS)[n % len(KINDS)]
        change = _change(_drawn_issuer(n), kind, patches, _number("nonce", n, 256))
        made.append((f"{kind}_drawn_{n}", "Drawn at random.", change, KEY))
    return made


def _drawn_issuer(n: int) -> Account:
    return Account(_number("chain", n, 40) + 1, hexed(_drawn("issuer", n)[12:]))


def _number(what: str, n: int, bits: int) -> int:
    return int.from_bytes(_drawn(what, n), "big") >> (256 - bits)


def _drawn(what: str, n: int) -> bytes:
    return keccak(f"{what} {n}".encode())


def _anchor(issuer: Account, root: bytes, size: int) -> AnchorRequest:
    return AnchorRequest(KEY.address.lower(), issuer, root, size, DEADLINE)


def _change(
    issuer: Account,
    kind: str,
    patches: tuple[tuple[int, int], ...],
    nonce: int,
    key: LocalAccount = KEY,
) -> StatusRequest:
    return StatusRequest(key.address.lower(), issuer, ROOT, kind, patches, nonce, DEADLINE)


def _case(name: str, desc: str, request: Request, key: LocalAccount) -> Case:
    message = signable(request)
    return case(
        name,
        desc,
        typedData=typed_data(request),
        domainSeparator=hexed(message.header),
        structHash=hexed(message.body),
        digest=hexed(keccak(b"\x19\x01" + message.header + message.body)),
        key=hexed(bytes(key.key)),
        signature=hexed(sign(request, key)),
    )
