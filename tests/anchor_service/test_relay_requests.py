"""Requests as wallets sign them: hashed as EIP-712 says, written and read without loss."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from eth_account import Account as Keys
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from anchor_service.relay_requests import (
    MAX_SIGNATURE_BYTES,
    RELAY,
    AnchorRequest,
    NoRequest,
    Request,
    StatusRequest,
    parse_signature,
    read_request,
    says,
    sign,
    write_request,
)
from anchor_service.worker import MAX_PATCHES
from registry.core.keys import Account

VECTORS: Final = Path(__file__).resolve().parents[1] / "vectors/relay.json"
CASES: Final[list[dict[str, Any]]] = json.loads(VECTORS.read_text(encoding="utf-8"))["cases"]
TYPES: Final = {
    "Anchor": "Anchor(address signer,address issuer,bytes32 root,uint32 size,uint256 deadline)",
    "SetStatus": "SetStatus(address signer,address issuer,bytes32 root,uint8 kind,Patch[] patches,"
    "uint256 nonce,uint256 deadline)Patch(uint24 word,uint256 mask)",
    "Patch": "Patch(uint24 word,uint256 mask)",
    "EIP712Domain": "EIP712Domain(string name,string version,uint256 chainId,"
    "address verifyingContract)",
}
ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEY: Final[LocalAccount] = Keys.from_key(keccak(b"a signer"))
ISSUER: Final = Account(31337, "0x" + "0a" * 20)
CHANGE: Final = StatusRequest(
    KEY.address.lower(), ISSUER, bytes(31) + b"\1", "suspend", ((0, 5), (9, 1 << 255)), 7, 2**31
)
ANCHOR: Final = AnchorRequest(KEY.address.lower(), ISSUER, b"\xee" * 32, 1000, 2**31)


def word(value: Any) -> bytes:
    """A number, an address or 32 bytes as EIP-712 encodes an atomic value."""
    text = str(value)
    number = int(text, 16) if text.startswith("0x") else int(text)
    return number.to_bytes(32, "big")


def struct(name: str, *members: bytes) -> bytes:
    return keccak(keccak(TYPES[name].encode()) + b"".join(members))


def naive_hash(data: dict[str, Any]) -> tuple[bytes, bytes]:
    """The domain's separator and the message's hash, from the text of EIP-712."""
    domain, message = data["domain"], data["message"]
    separator = struct(
        "EIP712Domain",
        keccak(domain["name"].encode()),
        keccak(domain["version"].encode()),
        word(domain["chainId"]),
        word(domain["verifyingContract"]),
    )
    head = [word(message[name]) for name in ("signer", "issuer", "root")]
    if data["primaryType"] == "Anchor":
        tail = [word(message["size"]), word(message["deadline"])]
    else:
        patches = [struct("Patch", word(p["word"]), word(p["mask"])) for p in message["patches"]]
        tail = [word(message["kind"]), keccak(b"".join(patches))]
        tail += [word(message["nonce"]), word(message["deadline"])]
    return separator, struct(data["primaryType"], *head, *tail)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_every_vector_is_hashed_as_the_text_of_eip_712_says_and_signed_alike(
    case: dict[str, Any],
) -> None:
    separator, message = naive_hash(case["typedData"])
    assert case["domainSeparator"] == "0x" + separator.hex()
    assert case["structHash"] == "0x" + message.hex()
    assert case["digest"] == "0x" + keccak(b"\x19\x01" + separator + message).hex()
    request, signature = read_request(json.dumps(case["typedData"]).encode())
    assert signature is None
    signed = sign(request, Keys.from_key(case["key"]))
    assert case["signature"] == "0x" + signed.hex()
    # The contract takes no other form.
    assert len(signed) == 65
    assert signed[64] in {27, 28}
    assert int.from_bytes(signed[32:64], "big") <= ORDER // 2


def numbers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


addresses = st.binary(min_size=20, max_size=20).map(lambda data: "0x" + data.hex())
accounts = st.builds(Account, st.integers(1, 2**53 - 1), addresses)
roots = st.binary(min_size=32, max_size=32)
patch_lists = st.lists(st.tuples(numbers(24), numbers(256)), max_size=4).map(tuple)
kinds = st.sampled_from(("revoke", "suspend", "reinstate"))
requests = st.builds(
    AnchorRequest, addresses, accounts, roots, numbers(32), numbers(53)
) | st.builds(
    StatusRequest, addresses, accounts, roots, kinds, patch_lists, numbers(256), numbers(53)
)


@given(request=requests, signature=st.none() | st.binary(max_size=200))
def test_what_is_written_is_read(request: Request, signature: bytes | None) -> None:
    assert read_request(write_request(request, signature)) == (request, signature)


def test_a_request_of_the_most_patches_is_read() -> None:
    patches = tuple((2**24 - 1 - n, 2**256 - 1) for n in range(MAX_PATCHES))
    request = StatusRequest(KEY.address.lower(), ISSUER, bytes(32), "revoke", patches, 0, 0)
    assert read_request(write_request(request, bytes(MAX_SIGNATURE_BYTES)))[0] == request


def test_numbers_as_wallets_write_them_and_addresses_in_any_case_are_read() -> None:
    data = json.loads(write_request(CHANGE))
    message = data["message"]
    data["domain"]["chainId"] = "0x7a69"
    data["domain"]["verifyingContract"] = RELAY["address"].lower()
    message["signer"], message["issuer"] = message["signer"].lower(), message["issuer"].lower()
    message["deadline"], message["kind"], message["nonce"] = "2147483648", "1", 7
    message["patches"][1] = {"word": "9", "mask": hex(1 << 255)}
    assert read_request(json.dumps(data).encode()) == (CHANGE, None)


def at(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(data: dict[str, Any]) -> None:
        place: Any = data
        for step in path[:-1]:
            place = place[step]
        if value is None:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return change


SPOILT: Final[dict[str, Callable[[dict[str, Any]], None]]] = {
    "another name": at("domain", "name", value="RegistryRelay2"),
    "another version": at("domain", "version", value="2"),
    "another contract": at("domain", "verifyingContract", value="0x" + "11" * 20),
    "no contract": at("domain", "verifyingContract", value=None),
    "no chain": at("domain", "chainId", value=0),
    "a domain that is a list": at("domain", value=[]),
    "types in another order": at("types", "Patch", value=[{"name": "mask", "type": "uint256"}]),
    "no types": at("types", value=None),
    "a type that nobody signs": at("primaryType", value="Permit"),
    "the other type": at("primaryType", value="Anchor"),
    "a fourth kind": at("message", "kind", value=3),
    "a kind that is true": at("message", "kind", value=True),
    "a negative number": at("message", "nonce", value=-1),
    "a fraction": at("message", "deadline", value=1.5),
    "a deadline without end": at("message", "deadline", value=str(2**53)),
    "a nonce that is too large": at("message", "nonce", value=str(2**256)),
    "a word that is too large": at("message", "patches", 0, "word", value=2**24),
    "a mask that is too large": at("message", "patches", 0, "mask", value="9" * 78),
    "digits without end": at("message", "nonce", value="9" * 100_000),
    "no mask": at("message", "patches", 0, "mask", value=None),
    "patches that are none": at("message", "patches", value="all"),
    "a patch that is none": at("message", "patches", 0, value=7),
    "a short root": at("message", "root", value="0x00"),
    "a root that is a number": at("message", "root", value=1),
    "no signer": at("message", "signer", value=None),
    "a short signer": at("message", "signer", value="0x1234"),
    "an issuer that is none": at("message", "issuer", value="did:web:example.org"),
    "no message": at("message", value=None),
    "a message that is none": at("message", value="hello"),
    "half a byte of a signature": at("signature", value="0x123"),
    "a signature that is a number": at("signature", value=27),
    "a signature without end": at("signature", value="0x" + "00" * (MAX_SIGNATURE_BYTES + 1)),
}


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
def test_what_is_no_request_to_this_relay_is_refused(
    spoil: Callable[[dict[str, Any]], None],
) -> None:
    data = json.loads(write_request(CHANGE))
    spoil(data)
    with pytest.raises(NoRequest):
        read_request(json.dumps(data).encode())


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b'{"a": 1, "a": 2}', b"[" * 10_000])
def test_bytes_that_are_no_request_are_refused(data: bytes) -> None:
    with pytest.raises(NoRequest):
        read_request(data)


@given(data=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    with pytest.raises(NoRequest):
        read_request(data)


@given(
    path=st.sampled_from(
        [
            ("types",),
            ("domain",),
            ("message",),
            ("primaryType",),
            ("signature",),
            ("domain", "chainId"),
            ("message", "patches"),
            ("message", "root"),
            ("message", "kind"),
        ]
    ),
    value=st.recursive(
        st.booleans() | st.integers(-5, 2**60) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
        max_leaves=5,
    ),
)
def test_any_value_in_any_place_is_refused_or_read(path: tuple[str, ...], value: Any) -> None:
    data = json.loads(write_request(CHANGE))
    at(*path, value=value)(data)
    try:
        request, _ = read_request(json.dumps(data).encode())
    except NoRequest:
        return
    assert isinstance(request, StatusRequest)


def test_an_empty_signature_is_one() -> None:
    # Wallets that approved a message on the chain have nothing more to give.
    assert parse_signature("0x") == b""
    with pytest.raises(NoRequest):
        parse_signature("")


def test_a_key_signs_for_nobody_else() -> None:
    with pytest.raises(NoRequest, match="signed by another"):
        sign(CHANGE, Keys.create())


def test_a_request_is_told_in_words() -> None:
    assert says(ANCHOR) == f"anchor batch {'ee' * 32} of {ISSUER}, size 1000"
    assert says(CHANGE).startswith("suspend 3 in batch 00")
