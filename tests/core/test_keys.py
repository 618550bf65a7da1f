"""Names of keys and accounts, by the public did:key and did:pkh vectors and by hand."""

from pathlib import Path

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.errors import InvalidArgument
from registry.core.keys import (
    MAX_CHAIN_ID,
    Account,
    Ed25519PublicKey,
)
from registry.core.multibase import base58btc_decode, base58btc_encode
from registry.lifecycle.signing_key import Ed25519Signer

from .public_vectors import needs_vectors, read_json, vector_files

KEY = Ed25519Signer(bytes(32)).public_key
ADDRESS = "0x" + "0123456789abcdef" * 2 + "01234567"
DID_PKH = vector_files("did-pkh/test-vectors", "*.jsonld")


@needs_vectors
@pytest.mark.parametrize(
    "file",
    [file for file in DID_PKH if file.name.startswith("did:pkh:eip155:")],
    ids=lambda file: str(file.name),
)
def test_did_pkh_of_ethereum_is_its_account(file: Path) -> None:
    document = read_json(file)
    (method,) = document["verificationMethod"]
    account = Account.from_did_pkh(document["id"])
    assert str(account) == method["blockchainAccountId"]
    assert account.did_pkh == document["id"]
    assert method["id"] == f"{account.did_pkh}#blockchainAccountId"


@needs_vectors
@pytest.mark.parametrize(
    "file",
    [file for file in DID_PKH if not file.name.startswith("did:pkh:eip155:")],
    ids=lambda file: str(file.name),
)
def test_did_pkh_of_other_chains_is_refused(file: Path) -> None:
    with pytest.raises(InvalidArgument):
        Account.from_did_pkh(read_json(file)["id"])


def test_an_account_is_read_in_any_case_and_written_in_lower_case() -> None:
    account = Account.parse(f"eip155:1:0x{ADDRESS[2:].upper()}")
    assert account == Account(1, ADDRESS)
    assert str(account) == f"eip155:1:{ADDRESS}"
    assert account.address_bytes == bytes.fromhex(ADDRESS[2:])
    assert Account.from_did_pkh(account.did_pkh) == account


@pytest.mark.parametrize(
    "text",
    [
        "",
        ADDRESS,
        f"eip155:{ADDRESS}",
        f"eip155:0:{ADDRESS}",
        f"eip155:01:{ADDRESS}",
        f"eip155:-1:{ADDRESS}",
        f"eip155:{MAX_CHAIN_ID + 1}:{ADDRESS}",
        f"eip155:1:{ADDRESS[:-1]}",
        f"eip155:1:{ADDRESS}0",
        f"eip155:1:{ADDRESS}\n",
        f" eip155:1:{ADDRESS}",
        f"EIP155:1:{ADDRESS}",
        f"eip155:1:0X{ADDRESS[2:]}",
        f"eip155:\u0661:{ADDRESS}",
        f"solana:1:{ADDRESS}",
        f"did:pkh:eip155:1:{ADDRESS}",
    ],
)
def test_what_is_no_account_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        Account.parse(text)


@pytest.mark.parametrize("did", [f"eip155:1:{ADDRESS}", f"did:PKH:eip155:1:{ADDRESS}", "did:pkh:"])
def test_what_is_no_did_pkh_is_refused(did: str) -> None:
    with pytest.raises(InvalidArgument):
        Account.from_did_pkh(did)


def test_a_multikey_reads_back() -> None:
    assert Ed25519PublicKey.from_multikey(KEY.multikey) == KEY
    assert KEY.multikey.startswith("z6Mk")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "z",
        KEY.multikey[1:],
        "m" + KEY.multikey[1:],
        base58btc_encode(b"\xed\x01" + KEY.raw[:-1]),
        base58btc_encode(b"\xed\x01" + KEY.raw + b"\x00"),
        base58btc_encode(b"\xec\x01" + KEY.raw),
        KEY.multikey + " ",
        KEY.multikey + "\n",
        "z1" + KEY.multikey[1:],
        KEY.multikey.replace("6Mk", "6M0"),
        KEY.multikey + "é",
        "z" + "2" * 1000,
    ],
)
def test_what_is_no_ed25519_multikey_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        Ed25519PublicKey.from_multikey(text)


@given(st.binary(max_size=80))
def test_base58_reads_back_and_is_that_of_the_library(data: bytes) -> None:
    text = base58btc_encode(data)
    assert base58btc_decode(text) == data
    assert text == "z" + base58.b58encode(data).decode()


@given(st.text(alphabet="12AZaz0OIl \n\té", max_size=20))
def test_one_value_has_one_base58_spelling(text: str) -> None:
    try:
        data = base58btc_decode("z" + text)
    except InvalidArgument:
        return
    assert base58btc_encode(data) == "z" + text


def test_a_signature_holds_for_its_message_and_key_alone() -> None:
    signer = Ed25519Signer(bytes(32))
    signature = signer.sign(b"message")
    assert KEY.verifies(b"message", signature)
    assert not KEY.verifies(b"other", signature)
    assert not Ed25519Signer(b"\x01" * 32).public_key.verifies(b"message", signature)
    assert not KEY.verifies(b"message", signature[:-1])
    assert not KEY.verifies(b"message", b"")
    assert not KEY.verifies(b"message", bytes([signature[0] ^ 1]) + signature[1:])
