"""The code gives every value of the committed vectors, the intermediate ones too."""

import hashlib
import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import cbor2
import pyoxigraph as ox
import pytest

from registry.core import anchor, merkle, suites
from registry.core.baked import Baked, unbake
from registry.core.canonical import jcs, rdfc
from registry.core.contract import Registry, StatusWord, slots
from registry.core.credential import parse_credential
from registry.core.did import DidDocument, read_did_document
from registry.core.did_methods import did_web_url, resolve
from registry.core.errors import CODES, InvalidArgument, Refusal
from registry.core.evidence import Evidence, Question
from registry.core.jose import choose_key, read_compact, unwrap, verify_signature
from registry.core.json_form import from_json, to_json
from registry.core.jwk import read_jwk, write_jwk
from registry.core.keys import read_multikey
from registry.core.multibase import base58btc_decode, base64url_decode
from registry.core.policy import Policy, parse_trust
from registry.core.rdfc10 import SHA_384, canonical_n_quads
from registry.core.state import header_rlp, proved_status, read_header
from registry.core.status_list import (
    decode_list,
    is_set,
    parse_entry,
    read_status,
)
from registry.core.times import write_stamp
from registry.core.verify import addresses, questions, verify

from .anchored_badges import SIGNER
from .each_suite import judged
from .ecdsa_signer import EcdsaSigner
from .vector_files import FOLDER, Case, raw, raws, vectors, with_cases

VERDICTS = ("verdict.json", "verdict_attacks.json")


def told(check: Callable[[], object]) -> str | None:
    """The code of a refusal; none where there is none."""
    try:
        check()
    except Refusal as refusal:
        return f"{refusal.step}.{refusal.code}"
    return None


def test_names_are_unique_and_those_of_attacks_end_in_fail() -> None:
    for path in FOLDER.glob("*.json"):
        cases = vectors(path.name)
        names = [case["name"] for case in cases]
        assert len(set(names)) == len(names) > 20
        for case in cases:
            refused = "code" in case or case.get("expected") == "another root"
            assert case["name"].endswith("_fail") == refused, case["name"]
            assert ("computedRoot" in case) == ("expected" in case)
            assert case["desc"]


def test_what_no_did_is_is_told_in_words_and_not_in_its_bytes() -> None:
    refused = [case["name"] for case in vectors("did.json") if "code" in case]
    assert all(len(word) < 20 for name in refused for word in name.split("_"))


# merkle.json


@with_cases("merkle.json", lacking="code")
def test_a_path_leads_to_its_root_or_to_another(case: Case) -> None:
    leaf, path, size, index = raw(case["leaf"]), raws(case["path"]), case["size"], case["index"]
    assert merkle.path_length(size, index) == len(path)
    found = merkle.root_from_path(leaf, size, index, path)
    assert (
        found
        == raw(case["computedRoot" if "computedRoot" in case else "root"])
        == raw(case["nodes"][-1])
    )
    assert (found == raw(case["root"])) != case["name"].endswith("_fail")
    nodes = raws(case["nodes"])
    for before, after in pairwise(nodes):
        assert after in {
            merkle.node_hash(*pair) for p in path for pair in ((p, before), (before, p))
        }


@with_cases("merkle.json", having="leafData")
def test_a_leaf_of_a_whole_tree_has_its_path(case: Case) -> None:
    leaves = [merkle.leaf_hash(place.to_bytes(8, "big")) for place in range(case["size"])]
    tree = merkle.levels(leaves)
    assert raw(case["leafData"]) == case["index"].to_bytes(8, "big")
    assert leaves[case["index"]] == raw(case["leaf"])
    assert tree[-1][0] == raw(case["root"])
    assert list(merkle.path(tree, case["index"])) == raws(case["path"])


@with_cases("merkle.json", having="code")
def test_a_path_that_no_leaf_has_is_refused(case: Case) -> None:
    leaf, path = raw(case["leaf"]), raws(case["path"])
    code = told(lambda: merkle.root_from_path(leaf, case["size"], case["index"], path))
    assert code == case["code"]


# anchor.json


@with_cases("anchor.json", having="documentJcs")
def test_an_anchor_proof_has_every_value_on_the_way(case: Case) -> None:
    document, proof = case["document"], case["proof"]
    claim = anchor.claim(document, proof)
    told_anchor = claim.anchor
    assert anchor.options(told_anchor.account, told_anchor.created) == case["options"]
    assert jcs({**case["options"], "@context": document["@context"]}) == case["optionsJcs"].encode()
    assert jcs(document) == case["documentJcs"].encode()
    hashes = [
        hashlib.sha256(case[name].encode()).digest() for name in ("optionsJcs", "documentJcs")
    ]
    assert hashes == raws([case["optionsHash"], case["documentHash"]])
    assert b"".join(hashes) == raw(case["data"])
    assert merkle.leaf_hash(raw(case["data"])) == claim.leaf == raw(case["leaf"])
    position = (told_anchor.registry, told_anchor.size, told_anchor.index)
    assert position == (raw(case["registry"]), case["size"], case["index"])
    assert str(told_anchor.account) == case["account"]
    assert list(told_anchor.path) == raws(case["path"])
    assert base64url_decode(proof["proofValue"][1:]) == raw(case["cbor"])
    assert cbor2.loads(raw(case["cbor"])) == [1, *position, raws(case["path"])]
    assert claim.root == raw(case["root"])
    assert anchor.encode(told_anchor) == proof


@with_cases("anchor.json", having="computedRoot")
def test_a_changed_document_or_proof_leads_to_another_root(case: Case) -> None:
    claim = anchor.claim(case["document"], case["proof"])
    assert (claim.leaf, claim.root) == (raw(case["leaf"]), raw(case["computedRoot"]))
    assert claim.root != raw(case["root"])


@with_cases("anchor.json", having="code")
def test_what_is_no_anchor_proof_is_refused(case: Case) -> None:
    assert told(lambda: anchor.decode(case["proof"])) == case["code"]


# signatures.json


def signer_of(case: Case) -> suites.Signer:
    key, secret = read_multikey(case["publicKeyMultibase"]), raw(case["privateKey"])
    if key == SIGNER.public_key:
        assert secret == bytes(range(32))
        return SIGNER
    return EcdsaSigner(key.curve, int.from_bytes(secret, "big"))  # type: ignore[union-attr]


@with_cases("signatures.json", having="data")
def test_a_proof_is_made_and_checked_by_every_value_on_the_way(case: Case) -> None:
    document, options, previous = case["document"], case["options"], case.get("previous", [])
    name = case["hash"].lower().replace("-", "")
    hashed, signer = suites.Hashed(document), signer_of(case)
    texts = [case["canonicalOptions"].encode(), case["canonicalDocument"].encode()]
    assert canonical(case) == texts
    hashes = [hashlib.new(name, text).digest() for text in texts]
    assert hashes == raws(case["hashes"])
    assert hashed.data(options, previous, name) == b"".join(hashes) == raw(case["data"])
    assert signer.public_key.multikey == case["publicKeyMultibase"]
    assert signer.sign(raw(case["data"])) == raw(case["signature"])
    assert base58btc_decode(case["proof"]["proofValue"]) == raw(case["signature"])
    suites.verify(hashed, case["proof"], signer.public_key, previous)
    if "cryptosuite" in options:
        assert suites.sign(hashed, options, signer, previous) == case["proof"]


def canonical(case: Case) -> list[bytes]:
    document, options, previous = case["document"], case["options"], case.get("previous")
    chained = {**document, "proof": previous} if previous else document
    if "jcs" in options.get("cryptosuite", ""):
        return [jcs(options), jcs(chained)]
    texts = [rdfc({**options, "@context": document["@context"]}), rdfc(chained)]
    if case["hash"] == "SHA-256":
        return texts
    return [canonical_n_quads(ox.parse(t, format=ox.RdfFormat.N_QUADS), SHA_384) for t in texts]


@with_cases("signatures.json", having="proofs")
def test_a_set_of_proofs_holds_or_gets_its_code(case: Case) -> None:
    expected = case.get("code", "signature.ok")
    assert f"signature.{judged(case['document'], case['proofs'])}" == expected


# jwt.json


def token_of(case: Case) -> bytes | str:
    return raw(case["bytes"]) if "bytes" in case else str(case["token"])


@with_cases("jwt.json", having="headerText")
def test_a_token_is_read_with_every_value(case: Case) -> None:
    read = read_compact(case["token"])
    header, payload, _ = (base64url_decode(part) for part in case["token"].split("."))
    assert [header.decode(), payload.decode()] == [case["headerText"], case["payloadText"]]
    assert read.signing_input.decode() == case["signingInput"]
    assert read.signature == raw(case["signature"])
    assert (read.algorithm, read.form.name, read.kid) == (
        case["algorithm"],
        case["form"],
        case["kid"],
    )
    period = [write_stamp(t) if t else None for t in (read.not_before, read.expires)]
    assert period == [case.get("notBefore"), case.get("expires")]
    assert read.document == case["credential"]
    verify_signature(read, read_jwk(case["publicKeyJwk"]))


@with_cases("jwt.json", having="methods")
def test_a_header_chooses_among_the_issuers_keys(case: Case) -> None:
    methods = {item["id"]: read_jwk(item["publicKeyJwk"]) for item in case["methods"]}
    read = read_compact(case["token"])
    if "code" in case:
        assert told(lambda: choose_key(read, case["issuer"], methods)) == case["code"]
    else:
        assert choose_key(read, case["issuer"], methods)[0] == case["method"]


@with_cases("jwt.json", having="envelope")
def test_an_envelope_holds_a_token_or_is_refused(case: Case) -> None:
    if "code" in case:
        assert told(lambda: unwrap(case["envelope"])) == case["code"]
    else:
        assert unwrap(case["envelope"]) == case["token"]


@with_cases("jwt.json", having="code")
def test_a_bad_token_gets_the_code_of_its_vector(case: Case) -> None:
    if "methods" in case or "envelope" in case:
        return
    if "publicKeyJwk" in case:
        read, key = read_compact(case["token"]), read_jwk(case["publicKeyJwk"])
        assert told(lambda: verify_signature(read, key)) == case["code"]
    else:
        assert told(lambda: read_compact(token_of(case))) == case["code"]


# did.json


def found(case: Case) -> DidDocument:
    if "document" in case:
        return read_did_document(case["document"].encode(), case["did"])
    document = resolve(case["did"])
    assert document is not None
    return document


def look_up(case: Case) -> object:
    in_itself = "document" in case or not case["did"].startswith("did:web")
    return found(case) if in_itself else did_web_url(case["did"])


@with_cases("did.json", having="methods")
def test_a_did_has_the_methods_of_its_document(case: Case) -> None:
    document = found(case)
    assert sorted(document.assertion_methods) == case["assertionMethod"]
    for method, expected in zip(document.methods, case["methods"], strict=True):
        account = str(method.account) if method.account else None
        ends = [write_stamp(end) if end else None for end in (method.revoked, method.expires)]
        assert (method.id, method.controller) == (expected["id"], expected["controller"])
        assert (write_jwk(method.key) if method.key else None) == expected.get("publicKeyJwk")
        assert [account, *ends] == [expected.get(m) for m in ("account", "revoked", "expires")]


@with_cases("did.json", lacking="methods")
def test_a_did_has_its_place_or_its_code(case: Case) -> None:
    if "url" in case:
        assert did_web_url(case["did"]) == case["url"]
    elif "retrieve" in case:
        document, asked = found(case), case["retrieve"]
        code = told(lambda: document.retrieve(asked))
        assert code == case.get("code")
        if code is None:
            key = document.retrieve(asked).key
            assert key is not None
            assert write_jwk(key) == case["publicKeyJwk"]
    else:
        assert case["code"] == "signature.key_unresolved"
        with pytest.raises(InvalidArgument):
            look_up(case)


# model.json


@with_cases("model.json", lacking="code")
def test_a_credential_is_read_with_every_value(case: Case) -> None:
    read = parse_credential(case["credential"].encode())
    subjects = [
        {k: v for k, v in (("id", s.id), ("achievement", s.achievement)) if v is not None}
        for s in read.subjects
    ]
    period = [write_stamp(t) if t else None for t in (read.valid_from, read.valid_until)]
    assert {
        "id": read.id,
        "types": list(read.types),
        "issuer": read.issuer,
        "issuerName": read.issuer_name,
        "accounts": [str(account) for account in read.accounts],
        "subjects": subjects,
        "period": period,
        "proofs": len(read.proofs),
    } == {
        **{name: case.get(name) for name in ("id", "types", "issuer", "issuerName", "accounts")},
        "subjects": case["subjects"],
        "period": [case.get("validFrom"), case.get("validUntil")],
        "proofs": case["proofs"],
    }
    assert jcs(read.document).decode() == case["jcs"]
    assert rdfc(read.document).decode() == case["nQuads"]


@with_cases("model.json", having="code")
def test_what_is_no_credential_is_refused(case: Case) -> None:
    data = raw(case["bytes"]) if "bytes" in case else case["credential"].encode()
    assert told(lambda: rdfc(parse_credential(data).document)) == case["code"]


# status_list.json


@with_cases("status_list.json", having="encodedList")
def test_a_bitstring_has_its_bits_or_its_code(case: Case) -> None:
    if "code" in case:
        assert told(lambda: decode_list(case["encodedList"])) == case["code"]
        return
    bits = decode_list(case["encodedList"])
    assert 8 * len(bits) == case["entries"]
    assert hashlib.sha256(bits).digest() == raw(case["sha256"])
    assert sum(byte.bit_count() for byte in bits) == len(case["set"])
    assert all(is_set(bits, index) for index in case["set"])


@with_cases("status_list.json", having="credentialStatus")
def test_a_status_entry_is_read_by_its_list_or_refused(case: Case) -> None:
    status = case["credentialStatus"]
    if "informative" in case:
        assert parse_entry(status).is_informative
    elif "list" in case and "code" not in case:
        assert read_status(parse_entry(status), case["list"]) is case["isSet"]
    elif "list" in case:
        assert told(lambda: read_status(parse_entry(status), case["list"])) == case["code"]
    elif "code" in case:
        assert told(lambda: parse_entry(status)) == case["code"]
    else:
        entry = parse_entry(status)
        read = (entry.purpose, entry.index, entry.list_url)
        assert read == (case["purpose"], case["index"], case["listUrl"])


# state.json


@with_cases("state.json", having="stateRoot")
def test_a_header_says_what_its_vector_says(case: Case) -> None:
    header = read_header(raw(case["header"]))
    assert header.state_root == raw(case["stateRoot"])
    if "number" in case:
        assert [header.number, header.time] == [case["number"], case["time"]]
        hashes = [header.hash, header.parent_hash, header.receipts_root]
        assert hashes == raws([case["hash"], case["parentHash"], case["receiptsRoot"]])
    if "gasLimit" in case.get("block", {}):
        assert header_rlp(case["block"]) == raw(case["header"])


@with_cases("state.json", having="answer")
def test_a_state_proof_proves_its_status_or_is_refused(case: Case) -> None:
    question, registry = (
        from_json(Question, case["question"]),
        from_json(Registry, case["registry"]),
    )

    def proved() -> tuple[Any, bytes, StatusWord]:
        return proved_status(raw(case["header"]), case["answer"], question, registry)

    if "code" in case:
        assert told(proved) == case["code"]
        return
    block, code_hash, word = proved()
    assert to_json(block) == case["block"]
    assert code_hash == raw(case["codeHash"])
    assert to_json(word) == case["status"]
    wanted = slots(question.account.address_bytes, question.root, question.word)
    assert list(wanted) == raws(case["slots"])


@with_cases("state.json", having="code", lacking="answer")
def test_what_is_no_header_is_refused(case: Case) -> None:
    assert told(lambda: read_header(raw(case["header"]))) == case["code"]


# baking.json


@with_cases("baking.json")
def test_a_picture_carries_its_credential_or_is_refused(case: Case) -> None:
    picture = raw(case["png"]) if "png" in case else case["svg"].encode()
    if "code" in case:
        assert told(lambda: unbake(picture)) == case["code"]
    else:
        assert unbake(picture) == Baked(case["version"], case["form"], case["text"])


# trust.json


@with_cases("trust.json")
def test_a_trust_list_is_read_whole_or_refused(case: Case) -> None:
    data = case["file"].encode()
    if "code" in case:
        assert told(lambda: parse_trust(data)) == case["code"]
    else:
        assert [to_json(entry) for entry in parse_trust(data)] == case["entries"]


# verdict.json, verdict_attacks.json


def input_of(case: Case) -> bytes:
    if "repeated" in case:
        return str(case["repeated"]["text"]).encode() * int(case["repeated"]["times"])
    return raw(case["bytes"]) if "bytes" in case else str(case["credential"]).encode()


@with_cases(*VERDICTS)
def test_a_verdict_is_that_of_its_vector(case: Case) -> None:
    data = input_of(case)
    evidence, policy = from_json(Evidence, case["evidence"]), from_json(Policy, case["policy"])
    assert [to_json(evidence), to_json(policy)] == [case["evidence"], case["policy"]]
    assert [to_json(question) for question in questions(data)] == case["questions"]
    assert [to_json(address) for address in addresses(data)] == case["addresses"]
    verdict = verify(data, evidence, policy)
    steps = [
        {"name": s.name, "outcome": s.outcome} | ({"code": s.code} if s.code else {})
        for s in verdict.steps
    ]
    assert steps == case["steps"]
    assert (verdict.outcome, verdict.code) == (case["outcome"], case.get("code"))
    assert verdict.facts.get("issuer_known_by") == case.get("issuerKnownBy")


def test_every_code_that_a_verdict_can_have_is_in_a_vector() -> None:
    shown = {
        f"{step['name']}.{step['code']}"
        for name in VERDICTS
        for case in vectors(name)
        for step in case["steps"]
        if "code" in step
    }
    every = {
        f"{step}.{code}" for step, by in CODES.items() for codes in by.values() for code in codes
    }
    # State proofs in evidence and presentations are a later part's.
    assert every - shown == {"anchor.bad_state_proof", "holder.not_bound"}


SPECIFICATION = FOLDER.parents[1] / "docs/spec"
NAMED = re.compile(r"`([a-z0-9_]+(?:…[a-z0-9_]*)?)`")


def test_the_specification_names_cases_that_are_there() -> None:
    names = {case["name"] for path in FOLDER.glob("*.json") for case in vectors(path.name)}
    told = [name for path in SPECIFICATION.glob("*.md") for name in NAMED.findall(path.read_text())]
    attacks = {name for name in told if name.endswith("_fail") or "…" in name} - {"_fail"}
    assert len(attacks) > 20
    for name in attacks:
        begin, _, end = name.partition("…")
        assert any(n.startswith(begin) and n.endswith(end) for n in names), name
        assert "…" in name or name in names, name


def test_the_specification_lists_the_closed_set_of_codes() -> None:
    told = (SPECIFICATION / "verdict.md").read_text()
    for step, outcomes in CODES.items():
        cells = (", ".join(f"`{code}`" for code in codes) for codes in outcomes.values())
        assert f"| `{step}` | {' | '.join(cells)} |" in told


def test_the_files_are_what_three_languages_can_read() -> None:
    """Every number is one that a double holds, and no file is larger than a megabyte."""
    sizes = {path.name: path.stat().st_size for path in FOLDER.iterdir()}
    assert set(sizes) >= {"merkle.json", "anchor.json", *VERDICTS}
    assert max(sizes.values()) <= 1_000_000
    assert sum(sizes.values()) <= 4_000_000
    for name in sizes:
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert text.isascii()
        json.loads(text, parse_int=small, parse_constant=never)


def small(text: str) -> int:
    assert abs(int(text)) <= (1 << 53) - 1
    return int(text)


def never(text: str) -> None:
    raise AssertionError(text)
