"""`state.json`: Ethereum headers and state proofs, present, absent and forged."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from core.naive_trie import Item, naive_proof, naive_root, write_rlp
from core.test_state import as_json, fields
from eth_hash.auto import keccak

from registry.core.contract import REGISTRY, Batch, Registry, StatusWord, slots
from registry.core.ethereum import MAX_RLP_NESTING
from registry.core.evidence import Question
from registry.core.json_form import to_json
from registry.core.keys import Account
from registry.core.state import header_rlp, proved_status, read_header
from registry.core.times import MAX_SECONDS

from .writing import Case, File, attack, case, code_of, file_of, hexed, hexes, named

DESCRIPTION = (
    "Ethereum state proofs (docs/spec/evidence.md, 5). With block: a header as JSON-RPC gives it, "
    "its RLP, and what it says. With answer: what eth_getProof gave for the registry and the three "
    "slots of the question, against a header's RLP: the slots, the account, and the status word "
    "that is proved. Tries, headers and code are made up; hashes are keccak256."
)
ISSUER = Account(11155111, "0x" + "ab" * 20)
ROOT = sha256(b"a batch").digest()
SMALL_ROOT = sha256(b"a batch of one").digest()
BATCH = Batch(1_772_359_200, 1000, 1_780_000_000, 1100, 0, 300, 1, 2)
WORDS = {
    0: StatusWord(BATCH, 0b1001, 1 << 255),
    1: StatusWord(BATCH, 0, 1 << 4),
}
_HEAD_BITS = (40, 32, 40, 32, 40, 32, 32, 8)


def make() -> File:
    return file_of(DESCRIPTION, [*_headers(), *_proofs(), *_forgeries()])


def _headers() -> list[Case]:
    names = {15: "frontier", 16: "london", 17: "shanghai", 20: "cancun", 21: "prague", 23: "next"}
    cases = []
    for count, fork in names.items():
        block = as_json(count)
        data = header_rlp(block)
        cases.append(case(f"header {fork}", f"{count} fields", block=block, **_told(data)))
    later = write_rlp(fields(24))
    cases.append(case("header of a later fork", "read as RLP, not built", **_told(later)))
    broken: dict[str, list[Item]] = {
        "a count that no fork has": fields(18),
        "too few fields": fields(14),
        "a number with a leading zero": _with(fields(), 8, b"\0\x07"),
        "a state root of 31 bytes": _with(fields(), 3, b"\xbb" * 31),
        "a list for a field": _with(fields(), 3, []),
        "a time after the year 9999": _with(fields(), 11, (253_402_300_800).to_bytes(5, "big")),
    }
    texts = {name: write_rlp(items) for name, items in broken.items()}
    texts["lists nested deep"] = _nested(MAX_RLP_NESTING + 1)
    texts["a byte behind"] = write_rlp(fields()) + b"\0"
    texts["cut short"] = write_rlp(fields())[:-1]
    texts["not a list"] = write_rlp(b"not a list")
    for name, data in texts.items():
        code = code_of(partial(read_header, data))
        cases.append(attack(f"header_{named(name)}", name, header=hexed(data), code=code))
    return cases


def _nested(depth: int) -> bytes:
    item: Item = []
    for _ in range(depth - 1):
        item = [item]
    return write_rlp(item)


def _with(items: list[Item], place: int, value: Item) -> list[Item]:
    return [*items[:place], value, *items[place + 1 :]]


def _told(data: bytes) -> dict[str, Any]:
    read = read_header(data)
    return {
        "header": hexed(data),
        "number": read.number,
        "hash": hexed(read.hash),
        "time": read.time,
        "parentHash": hexed(read.parent_hash),
        "stateRoot": hexed(read.state_root),
        "receiptsRoot": hexed(read.receipts_root),
    }


class World:
    """A chain's state: the registry with two batches, among other accounts."""

    def __init__(
        self,
        *,
        code_hash: bytes = REGISTRY.code_hash,
        deployed: bool = True,
        also: Mapping[bytes, int] = MappingProxyType({}),
    ) -> None:
        self.values = {**dict(_slots()), **also}
        held = self.values.items()
        self.storage = {keccak(slot): write_rlp(_shortest(value)) for slot, value in held}
        self.root = naive_root(self.storage)
        account: Item = [b"\x01", b"", self.root, code_hash]
        self.code_hash = code_hash
        accounts = {
            keccak(bytes([n]) * 20): write_rlp([b"\x05", b"\x07", self.root, bytes(32)])
            for n in range(40)
        }
        if deployed:
            accounts[keccak(REGISTRY.address)] = write_rlp(account)
        self.accounts = accounts

    def header(self) -> bytes:
        return write_rlp(_with(fields(), 3, naive_root(self.accounts)))

    def answer(self, question: Question) -> dict[str, Any]:
        wanted = slots(question.account.address_bytes, question.root, question.word)
        return {
            "address": hexed(REGISTRY.address),
            "nonce": "0x1",
            "balance": "0x0",
            "storageHash": hexed(self.root),
            "codeHash": hexed(self.code_hash),
            "accountProof": hexes(naive_proof(self.accounts, keccak(REGISTRY.address))),
            "storageProof": [self._slot(slot) for slot in wanted],
        }

    def _slot(self, slot: bytes) -> dict[str, Any]:
        return {
            "key": hexed(slot),
            "value": hex(self.values.get(slot, 0)),
            "proof": hexes(naive_proof(self.storage, keccak(slot))),
        }


def _shortest(value: int) -> bytes:
    return value.to_bytes(-(-value.bit_length() // 8), "big")


def _slots() -> list[tuple[bytes, int]]:
    """Every slot that is not zero."""
    single = replace(BATCH, size=1, seq=2, flags=0, changed_at=0, changed_block=0)
    found: dict[bytes, int] = {}
    for word, content in WORDS.items():
        place = slots(ISSUER.address_bytes, ROOT, word)
        head = _packed(content.batch)
        found |= {place.head: head, place.revoked: content.revoked}
        found[place.suspended] = content.suspended
    found[slots(ISSUER.address_bytes, SMALL_ROOT, 0).head] = _packed(single)
    return [(slot, value) for slot, value in found.items() if value]


def _packed(batch: Batch) -> int:
    """The head's slot: the first field in the lowest bits."""
    values = (batch.anchored_at, batch.anchored_block, batch.changed_at, batch.changed_block)
    values += (batch.revoked_at, batch.size, batch.seq, batch.flags)  # type: ignore[assignment]
    packed = 0
    for value, bits in reversed(list(zip(values, _HEAD_BITS, strict=True))):
        packed = packed << bits | value
    return packed


QUESTIONS = {
    "word with revocations": Question(ISSUER, ROOT, 0),
    "word with a suspension": Question(ISSUER, ROOT, 1),
    "batch of one": Question(ISSUER, SMALL_ROOT, 0),
    "absent batch": Question(ISSUER, sha256(b"nobody's").digest(), 0),
    "same root of another account": Question(Account(11155111, "0x" + "cd" * 20), ROOT, 0),
}


def _proofs() -> list[Case]:
    world = World()
    return [_proved(name, world, question) for name, question in QUESTIONS.items()]


def _given(
    header: bytes, answer: Any, question: Question, registry: Registry = REGISTRY
) -> dict[str, Any]:
    return {
        "header": hexed(header),
        "question": to_json(question),
        "registry": to_json(registry),
        "answer": answer,
    }


def _proved(name: str, world: World, question: Question) -> Case:
    header, answer = world.header(), world.answer(question)
    block, code_hash, word = proved_status(header, answer, question, REGISTRY)
    wanted = slots(question.account.address_bytes, question.root, question.word)
    return case(
        f"proof {name}",
        name,
        **_given(header, answer, question),
        slots=hexes(wanted),
        stateRoot=hexed(read_header(header).state_root),
        block=to_json(block),
        codeHash=hexed(code_hash),
        status=to_json(word),
    )


def _forgeries() -> list[Case]:
    world, question = World(), QUESTIONS["word with revocations"]
    header, good = world.header(), world.answer(question)
    spoilt: dict[str, Any] = {}
    for name, path in {
        "account node changed": ("accountProof", 0),
        "storage node changed": ("storageProof", 1, "proof", 0),
        "last storage node changed": ("storageProof", 1, "proof", -1),
    }.items():
        spoilt[name] = _spoilt(good, path, _flipped)
    for name, path in {
        "revocation understated": ("storageProof", 1, "value"),
        "anchor overstated": ("storageProof", 0, "value"),
        "nonce misstated": ("nonce",),
        "balance misstated": ("balance",),
    }.items():
        spoilt[name] = _spoilt(good, path, lambda _: "0x2")
    proofs = good["storageProof"]
    nodes = good["accountProof"]
    spoilt |= {
        "code hash misstated": {**good, "codeHash": hexed(bytes(32))},
        "storage hash misstated": {**good, "storageHash": hexed(bytes(32))},
        "slots exchanged": {**good, "storageProof": [proofs[0], proofs[2], proofs[1]]},
        "slot left out": {**good, "storageProof": proofs[:2]},
        "slot doubled": {**good, "storageProof": [*proofs, proofs[2]]},
        "account node left out": {**good, "accountProof": nodes[:-1]},
        "account node doubled": {**good, "accountProof": [*nodes, nodes[-1]]},
        "account nodes reversed": {**good, "accountProof": nodes[::-1]},
        "revocation shown as absent": _spoilt(
            _spoilt(good, ("storageProof", 1, "proof"), lambda proof: proof[:-1]),
            ("storageProof", 1, "value"),
            lambda _: "0x0",
        ),
        "of another contract": {**good, "address": "0x" + "05" * 20},
        "another word's proof": world.answer(QUESTIONS["word with a suspension"]),
    }
    cases = [_forged(name, header, answer, question) for name, answer in spoilt.items()]
    changed = header.replace(naive_root(world.accounts), bytes(32))
    never = replace(BATCH, changed_at=MAX_SECONDS + 1)
    late = World(also={slots(ISSUER.address_bytes, ROOT, 0).head: _packed(never)})
    other, absent = World(code_hash=keccak(b"other code")), World(deployed=False)
    return [
        *cases,
        _forged("header of another state", changed, good, question),
        _forged("time that no calendar names", late.header(), late.answer(question), question),
        _forged("look alike contract", other.header(), other.answer(question), question),
        _forged("no contract there", absent.header(), absent.answer(question), question),
    ]


def _spoilt(answer: Any, path: tuple[Any, ...], change: Any) -> Any:
    changed = deepcopy(answer)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = change(place[path[-1]])
    return changed


def _flipped(text: str) -> str:
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


def _forged(name: str, header: bytes, answer: Any, question: Question) -> Case:
    code = code_of(lambda: proved_status(header, answer, question, REGISTRY))
    return attack(f"proof_{named(name)}", name, **_given(header, answer, question), code=code)
