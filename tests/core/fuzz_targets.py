"""What `scripts/fuzz` feeds with bytes: every parser of the core, and what it may do with them.

A target takes any bytes and returns, or refuses at one of `steps`, or (where it says so) raises
`InvalidArgument`; anything else that it raises, an assertion here among it, is a find. To add one,
add a line to `TARGETS`.
"""

import json
import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import rfc8785
from eth_abi.abi import encode
from eth_hash.auto import keccak

from registry.core import anchor, ethereum, multibase, receipts, state, status_list, suites
from registry.core.baked import PNG_SIGNATURE, bake_png, bake_svg, unbake
from registry.core.canonical import jcs, rdfc
from registry.core.contract import REGISTRY, batch_of_slot, slots, status_words_answer
from registry.core.credential import parse_credential
from registry.core.did import read_did_document
from registry.core.did_methods import did_web_url, resolve
from registry.core.document import JsonObject, members, parse_json, require_strict_json_ld
from registry.core.errors import InvalidArgument, Refusal
from registry.core.evidence import Evidence
from registry.core.jose import read_compact, sign_compact
from registry.core.json_form import from_json, to_json
from registry.core.jwk import read_jwk, write_jwk
from registry.core.keys import Account, read_multikey
from registry.core.multibase import base64url_encode
from registry.core.policy import Policy, parse_trust
from registry.core.presented import read_presented
from registry.core.times import parse_stamp
from registry.core.trie import trie_value
from registry.core.verdict import VALID
from registry.core.verify import questions, verify

from . import anchored_badges as badges
from .naive_trie import naive_proof, naive_root, write_rlp


@dataclass(frozen=True)
class Target:
    """`run` on any bytes; `seeds` are what it takes, for the fuzzer to start from."""

    run: Callable[[bytes], object]
    seeds: Callable[[], Iterable[bytes]]
    steps: tuple[str, ...] = ()
    raises_invalid_argument: bool = False

    def check(self, data: bytes) -> None:
        """Run on `data`; raises whatever is not among what the target may raise."""
        try:
            self.run(data)
        except Refusal as refusal:
            if refusal.step not in self.steps:
                raise
        except InvalidArgument:
            if not self.raises_invalid_argument:
                raise


def as_text(data: bytes) -> str:
    """Any text, lone surrogates among it: one character for bytes that are not UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def as_json(data: bytes) -> Any:
    """What a reader behind the door may be given: any JSON value."""
    return parse_json(b'{"":' + data + b"}")[""]


def as_object(data: bytes) -> JsonObject:
    value = as_json(data)
    return value if isinstance(value, dict) else {"": value}


def pieces(data: bytes) -> list[bytes]:
    """Byte strings, each behind its length in two bytes."""
    found = []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        found.append(data[2:end])
        data = data[end:]
    return found


def as_pieces(*items: bytes) -> bytes:
    return b"".join(len(item).to_bytes(2, "big") + item for item in items)


def written(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


# Each reads, and what it took must be the one spelling of what it read


def run_parse_json(data: bytes) -> None:
    value = parse_json(data)
    assert parse_json(jcs(value)) == value
    assert all(
        type(item) in (dict, list, str, int, float, bool, type(None)) for _, item in members(value)
    )


def run_jcs(data: bytes) -> None:
    value = parse_json(data)
    assert jcs(value) == rfc8785.dumps(value)


def run_rdfc(data: bytes) -> None:
    document = parse_json(data)
    require_strict_json_ld(document)
    assert rdfc(document) == rdfc(dict(reversed(document.items())))


def run_credential(data: bytes) -> None:
    credential = parse_credential(data)
    assert "proof" not in credential.document
    assert {**credential.document, "proof": 0}.keys() >= parse_json(data).keys()


def run_anchor(data: bytes) -> None:
    proof = as_object(data)
    assert anchor.encode(anchor.decode(proof)) == proof


def run_anchor_value(data: bytes) -> None:
    proof = {**badges.badge()["proof"][1], "proofValue": as_text(data)}
    assert anchor.encode(anchor.decode(proof)) == proof


def run_base58btc(data: bytes) -> None:
    text = as_text(data)
    assert multibase.base58btc_encode(multibase.base58btc_decode(text)) == text


def run_base64url(data: bytes) -> None:
    text = as_text(data)
    assert multibase.base64url_encode(multibase.base64url_decode(text)) == text


def run_jwk(data: bytes) -> None:
    key = read_jwk(as_json(data))
    assert read_jwk(write_jwk(key)) == key


def run_multikey(data: bytes) -> None:
    text = as_text(data)
    assert read_multikey(text).multikey == text


def run_account(data: bytes) -> None:
    text = as_text(data)
    assert str(Account.parse(text)) == text.lower()


def run_stamp(data: bytes) -> None:
    assert parse_stamp(as_text(data)).tzinfo is not None


def run_status_entry(data: bytes) -> None:
    entry = status_list.parse_entry(as_object(data))
    assert status_list.parse_entry(entry.as_document()) == entry


def run_status_list(data: bytes) -> None:
    bits = status_list.decode_list(as_text(data))
    assert status_list.decode_list(status_list.encode_list(bits)) == bits


def run_status_list_document(data: bytes) -> None:
    status_list.read_status(ENTRY, as_object(data))


def run_unbake(data: bytes) -> None:
    baked = unbake(data)
    assert baked.text


def run_rlp(data: bytes) -> None:
    item = ethereum.decode_rlp(data, "it")
    assert write_rlp(item) == data


def run_header(data: bytes) -> None:
    assert state.read_header(data).hash == keccak(data)


def run_block(data: bytes) -> None:
    block = as_object(data)
    try:
        header = state.header_rlp(block)
    except Refusal as refusal:
        if "give its hash" not in refusal.detail:
            raise
        return
    assert keccak(header).hex() == block["hash"][2:].lower()


def run_account_proof(data: bytes) -> None:
    """The first node is always the root's, so that the fuzzer meets more than a wrong hash."""
    nodes = pieces(data)
    state.account_at(keccak(nodes[0] if nodes else b""), badges.ACCOUNT.address_bytes, nodes)


def run_storage_proof(data: bytes) -> None:
    nodes = pieces(data)
    assert 0 <= state.storage_at(keccak(nodes[0] if nodes else b""), bytes(32), nodes) < 1 << 256


def run_proved_status(data: bytes) -> None:
    """Under a header of which one field, the state root, is put to what the proof begins with."""
    answer = as_object(data)
    nodes = answer.get("accountProof")
    first = nodes[0] if isinstance(nodes, list) and nodes and isinstance(nodes[0], str) else ""
    root = keccak(bytes.fromhex(first[2:]) if re.fullmatch("0x([0-9a-f]{2})*", first) else b"")
    state.proved_status(header(root), answer, QUESTION, badges.policy().registry)


def run_trie(data: bytes) -> None:
    nodes = pieces(data)
    value = trie_value(keccak(nodes[0] if nodes else b""), KEY, nodes)
    assert value is None or value in b"".join(nodes)


def run_receipts(data: bytes) -> None:
    assert len(receipts.receipts_root(as_json(data))) == 32


def run_status_words(data: bytes) -> None:
    words = status_words_answer(data[2:], data[0] if data else 0, 3)
    assert len(words) == 3


def run_slot(data: bytes) -> None:
    batch = batch_of_slot(int.from_bytes(data[:32], "big"))
    assert batch.seq < 1 << 32


def run_proof_chain(data: bytes) -> None:
    value = as_json(data)
    proofs = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    for proof in proofs:
        assert all(item in proofs for item in suites.chained(proofs, proof))


def run_trust(data: bytes) -> None:
    assert all(entry.did is not None for entry in parse_trust(data))


def run_verify(data: bytes) -> None:
    """Never raises; and what it calls valid says, but for its proofs, what the badge says."""
    verdict = verify(data, EVIDENCE, badges.policy())
    assert verdict.outcome in ("valid", "invalid", "indeterminate")
    if verdict.outcome == VALID:
        document = {key: item for key, item in parse_json(data).items() if key != "proof"}
        assert jcs(document) == jcs(badges.unsigned_badge())


KEY = bytes(range(32))
QUESTION = questions(badges.written(badges.badge()))[0]
EVIDENCE = badges.agreeing(badges.badge())
ENTRY = status_list.StatusEntry("revocation", 7, "https://school.example.org/status/1")
LEAVES = {KEY: b"value" * 8, bytes(32): b"other" * 8, KEY[:31] + b"\xff": b"near" * 9}
ACCOUNT_RLP = write_rlp([b"\x01", b"", bytes(32), bytes(range(32))])
MULTIKEYS = (
    badges.SIGNER.public_key.multikey,
    "zDnaepBuvsQ8cpsWrVKw8fbpGpvPeNSjVPTWoq6cRqaYzBKVP",
    "z82LkvCwHNreneWpsgPEbV3gu1C6NFJEBg4srfJ5gdxEsMGRJUz2sG9FE42shbn2xkZJh54",
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>'


def badge() -> bytes:
    return badges.written(badges.badge())


def unsigned() -> bytes:
    return written(badges.unsigned_badge())


def png() -> bytes:
    """One grey pixel."""
    size = (1).to_bytes(4, "big")
    chunks = (
        (b"IHDR", size + size + b"\x08\0\0\0\0"),
        (b"IDAT", zlib.compress(b"\0\0")),
        (b"IEND", b""),
    )
    return PNG_SIGNATURE + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in chunks
    )


def proof_nodes(entries: dict[bytes, bytes], key: bytes) -> bytes:
    return as_pieces(*naive_proof(entries, key))


def header(state_root: bytes = bytes(range(32))) -> bytes:
    word, bloom = bytes(range(32)), bytes(256)
    numbers = [b"", b"\x07", b"\x01\x00", b"\x80", b"\x6a\x00\x00\x00"]
    first = [word, word, bytes(20), state_root, word, word, bloom, *numbers]
    return write_rlp([*first, b"extra", word, bytes(8), b"\x09", word, b"", b"\x01", word, word])


def block() -> bytes:
    word, number = "0x" + "ab" * 32, "0x7"
    names = ("parentHash", "sha3Uncles", "stateRoot", "transactionsRoot", "receiptsRoot", "mixHash")
    value = dict.fromkeys(names, word) | {"miner": "0x" + "cd" * 20, "logsBloom": "0x" + "00" * 256}
    numbers = ("difficulty", "number", "gasLimit", "gasUsed", "timestamp")
    value |= dict.fromkeys(numbers, number) | {"extraData": "0x", "nonce": "0x" + "00" * 8}
    return written(value | {"hash": word})


def receipt() -> JsonObject:
    log = {"address": "0x" + "ab" * 20, "topics": ["0x" + "cd" * 32], "data": "0x01"}
    return {
        "status": "0x1",
        "type": "0x2",
        "cumulativeGasUsed": "0x5208",
        "logsBloom": "0x" + "00" * 256,
        "logs": [log],
    }


def trust() -> JsonObject:
    key = {"id": badges.METHOD, "publicKeyMultibase": MULTIKEYS[0], "until": badges.SIGNED}
    return {
        "name": "Northmere",
        "did": badges.DID,
        "accounts": [str(badges.ACCOUNT)],
        "keys": [key],
        "registry": "0x" + "ab" * 20,
        "from": badges.SIGNED,
    }


def list_document() -> JsonObject:
    return status_list.list_credential(
        url=ENTRY.list_url,
        issuer=badges.DID,
        purpose="revocation",
        bits=status_list.make_bits(131_072, [7]),
        valid_from=badges.ANCHORED,
    )


def chain() -> list[JsonObject]:
    first = badges.signature_options(id="urn:1")
    return [first, {**first, "id": "urn:2", "previousProof": ["urn:1"]}]


def jwks() -> list[bytes]:
    keys = [read_multikey(text) for text in MULTIKEYS]
    rsa = {"kty": "RSA", "n": "u" + "A" * 340 + "w", "e": "AQAB", "alg": "RS256"}
    return [*(written(write_jwk(key)) for key in keys), written(rsa)]


def answer() -> bytes:
    batch = "(uint40,uint32,uint40,uint32,uint40,uint32,uint32,uint8)"
    values = [(1, 2, 3, 4, 0, 300, 7, 0), [[1, 2], [3, 4]]]
    return b"\0\0" + encode([batch, "uint256[2][]"], values)


def proving_answer(
    address: bytes = REGISTRY.address, code_hash: bytes = REGISTRY.code_hash
) -> bytes:
    """An answer of `eth_getProof` that holds: one batch, anchored, nothing in it revoked."""
    places = slots(QUESTION.account.address_bytes, QUESTION.root, QUESTION.word)
    head = 1 | 300 << 184
    storage = {keccak(places.head): write_rlp(head.to_bytes(25, "big").lstrip(b"\0"))}
    root = naive_root(storage)
    account = {keccak(address): write_rlp([b"\x01", b"", root, code_hash])}
    values = zip(places, (head, 0, 0), strict=True)
    return written(
        {
            "address": f"0x{address.hex()}",
            "accountProof": in_hex(naive_proof(account, keccak(address))),
            "nonce": "0x1",
            "balance": "0x0",
            "storageHash": f"0x{root.hex()}",
            "codeHash": f"0x{code_hash.hex()}",
            "storageProof": [
                {
                    "key": f"0x{place.hex()}",
                    "value": hex(value),
                    "proof": in_hex(naive_proof(storage, keccak(place))),
                }
                for place, value in values
            ],
        }
    )


def in_hex(nodes: Iterable[bytes]) -> list[str]:
    return [f"0x{node.hex()}" for node in nodes]


def run_did(data: bytes) -> None:
    did = as_text(data)
    document = resolve(did)
    if document is None:
        assert did_web_url(did).startswith("https://")
    else:
        assert document.id == did


def run_did_document(data: bytes) -> None:
    document = read_did_document(data, SCHOOL)
    assert document.id == SCHOOL
    assert len({method.id for method in document.methods}) == len(document.methods)


def run_token(data: bytes) -> None:
    token = read_compact(data)
    again = token.signing_input + b"." + base64url_encode(token.signature).encode()
    assert again == data.removesuffix(b"\n").removesuffix(b"\r")


def run_presented(data: bytes) -> None:
    credential, envelope = read_presented(data)
    assert envelope is None or envelope.document.keys() >= credential.document.keys()


def run_evidence(data: bytes) -> None:
    evidence = from_json(Evidence, as_json(data))
    assert from_json(Evidence, to_json(evidence)) == evidence


def run_policy(data: bytes) -> None:
    policy = from_json(Policy, as_json(data))
    assert from_json(Policy, to_json(policy)) == policy


SCHOOL = "did:web:school.example.org"


def token() -> bytes:
    return sign_compact(badges.accountless_badge(), badges.SIGNER, badges.METHOD).encode()


def did_documents() -> list[bytes]:
    method = {"id": "#key-1", "type": "Multikey", "controller": SCHOOL}
    method["publicKeyMultibase"] = badges.SIGNER.public_key.multikey
    account = {"id": "#a", "type": "X", "controller": SCHOOL, "revoked": badges.SIGNED}
    account["blockchainAccountId"] = str(badges.ACCOUNT)
    listed = {"verificationMethod": [method, account], "assertionMethod": ["#key-1"]}
    return [written({"id": SCHOOL, **listed})]


def dids() -> list[bytes]:
    jwk = base64url_encode(jcs(write_jwk(badges.SIGNER.public_key)))
    ethr = f"did:ethr:0x1:{badges.ACCOUNT.address}"
    named = (badges.DID, badges.ACCOUNT.did_pkh, f"did:jwk:{jwk}", ethr, f"{SCHOOL}:a%3A1")
    return [did.encode() for did in named]


TARGETS: dict[str, Target] = {
    "did": Target(run_did, dids, (), True),
    "did_document": Target(run_did_document, did_documents, (), True),
    "token": Target(run_token, lambda: [token()], ("format", "signature")),
    "presented": Target(
        run_presented, lambda: [badge(), token(), bake_svg(SVG, badge())], ("format", "signature")
    ),
    "evidence": Target(
        run_evidence,
        lambda: [written(to_json(badges.agreeing(badges.badge())))],
        ("format",),
        True,
    ),
    "policy": Target(run_policy, lambda: [written(to_json(badges.policy()))], ("format",), True),
    "parse_json": Target(
        run_parse_json, lambda: [badge(), b'{"a":[1.5,"\\ud83d\\ude00"]}'], ("format",)
    ),
    "jcs": Target(run_jcs, lambda: [badge(), b'{"\xc3\xa9":1e-7}'], ("format",)),
    "rdfc": Target(run_rdfc, lambda: [unsigned()], ("format",)),
    "credential": Target(run_credential, lambda: [badge(), unsigned()], ("format",)),
    "anchor": Target(
        run_anchor, lambda: [written(badges.badge()["proof"][1])], ("format", "inclusion")
    ),
    "anchor_value": Target(
        run_anchor_value,
        lambda: [badges.badge()["proof"][1]["proofValue"].encode()],
        ("inclusion",),
    ),
    "base58btc": Target(run_base58btc, lambda: map(str.encode, MULTIKEYS), (), True),
    "base64url": Target(run_base64url, lambda: [b"AQAB", b""], (), True),
    "jwk": Target(run_jwk, jwks, ("format",), True),
    "multikey": Target(run_multikey, lambda: map(str.encode, MULTIKEYS), (), True),
    "account": Target(run_account, lambda: [str(badges.ACCOUNT).encode()], (), True),
    "stamp": Target(
        run_stamp, lambda: [badges.SIGNED.encode(), b"2026-03-01T09:00:00.5+14:00"], (), True
    ),
    "status_entry": Target(
        run_status_entry, lambda: [written(ENTRY.as_document())], ("format", "status")
    ),
    "status_list": Target(
        run_status_list,
        lambda: [list_document()["credentialSubject"]["encodedList"].encode()],
        ("status",),
    ),
    "status_list_document": Target(
        run_status_list_document, lambda: [written(list_document())], ("format", "status")
    ),
    "unbake": Target(
        run_unbake,
        lambda: [png(), bake_png(png(), badge()), SVG, bake_svg(SVG, badge())],
        ("format",),
    ),
    "rlp": Target(run_rlp, lambda: [header(), ACCOUNT_RLP, b"\x80"], ("anchor",)),
    "header": Target(run_header, lambda: [header()], ("anchor",)),
    "block": Target(run_block, lambda: [block()], ("format", "anchor")),
    "account_proof": Target(
        run_account_proof,
        lambda: [
            proof_nodes(
                {keccak(badges.ACCOUNT.address_bytes): ACCOUNT_RLP},
                keccak(badges.ACCOUNT.address_bytes),
            )
        ],
        ("anchor",),
    ),
    "storage_proof": Target(
        run_storage_proof,
        lambda: [proof_nodes({keccak(bytes(32)): b"\x07"}, keccak(bytes(32)))],
        ("anchor",),
    ),
    "proved_status": Target(run_proved_status, lambda: [proving_answer()], ("format", "anchor")),
    "trie": Target(
        run_trie, lambda: [proof_nodes(LEAVES, KEY), proof_nodes({KEY: b"v"}, KEY)], ("anchor",)
    ),
    "receipts": Target(run_receipts, lambda: [written([receipt()])], ("format", "anchor")),
    "status_words": Target(run_status_words, lambda: [answer()], (), True),
    "slot": Target(run_slot, lambda: [bytes(range(32))]),
    "proof_chain": Target(run_proof_chain, lambda: [written(chain())], ("format", "signature")),
    "trust": Target(
        run_trust, lambda: [written(trust()), written({"issuers": [trust()]})], ("issuer",)
    ),
    "verify": Target(run_verify, lambda: [badge(), unsigned(), token()]),
}
