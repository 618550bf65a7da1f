"""`anchor.json`: the proof evm-merkle-2026 with every value on the way, and what is no proof."""

import base64
from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

import cbor2
from core.anchored_badges import (
    ACCOUNT,
    INDEX,
    OTHER_ACCOUNT,
    SIGNED,
    anchor_proof,
    unsigned_badge,
)
from core.test_anchor import MEMBERS, OTHER_SPELLINGS, VALUES, multibase, proof_of, unpacked

from registry.core import anchor, merkle
from registry.core.canonical import jcs
from registry.core.document import JsonObject
from registry.core.keys import Account

from .writing import Case, File, attack, case, code_of, file_of, hexed, hexes, named

DESCRIPTION = (
    "The anchor proof evm-merkle-2026 (docs/spec/anchor-proof.md). A case with a document gives "
    "every intermediate value of sections 2, 3 and 6; documentJcs and optionsJcs are text, to be "
    "hashed as UTF-8. A case with `expected`, which is always `another root`, leads to "
    "computedRoot, which is not `root`, the anchored one: it must not be taken for anchored. A "
    "case with `code` is a proof that must be refused for its form alone, whatever the document."
)
CREATED = SIGNED
# Names and values in which JCS implementations differ: order by UTF-16 units, escapes, numbers.
ODD: JsonObject = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "urn:uuid:7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "type": ["VerifiableCredential"],
    "issuer": "did:example:issuer",
    "credentialSubject": {
        "\U0001f600": "an emoji is two UTF-16 units and comes first",
        "\ufb33": "a letter of one unit, 0xFB33, comes last",
        "\u20ac": "€",
        "\u00f6": "ö, \u0308 is not joined to it",
        "1": "a number as a name",
        "control": '\b\t\n\f\r\u001f\u007f\u2028"\\/<',
        "numbers": [0, 1, -1, 9007199254740991, 0.5, 1e-7, 2.35, 123456789.125, 1e-300],
        "literals": [True, False],
        "empty": {},
    },
}


def make() -> File:
    return file_of(DESCRIPTION, [*_proofs(), *_other_roots(), *_refused()])


def _proofs() -> list[Case]:
    badge, only = unsigned_badge(), Account(1, "0x" + "01" * 20)
    return [
        _worked("badge", "an Open Badge, leaf 260 of 300", badge, anchor_proof(badge)),
        _worked("only_leaf", "a tree of one leaf: no path", badge, anchor_proof(badge, only, 1, 0)),
        _worked(
            "odd_names_and_numbers",
            "a document in which JCS implementations differ",
            ODD,
            anchor_proof(ODD, Account((1 << 53) - 1, "0x" + "f0" * 20), 5, 4),
        ),
        _worked("longest_path", "leaf 0 of 2^32 - 1, made-up siblings", badge, _longest()),
    ]


def _longest() -> JsonObject:
    size = merkle.MAX_TREE_SIZE
    path = tuple(sha256(b"sibling %d" % height).digest() for height in range(32))
    registry = bytes(range(20))
    return anchor.encode(anchor.Anchor(ACCOUNT, CREATED, registry, size, 0, path))


def _worked(name: str, desc: str, document: JsonObject, proof: JsonObject) -> Case:
    claim = anchor.claim(document, proof)
    options = anchor.options(claim.anchor.account, claim.anchor.created)
    options_jcs = jcs({**options, "@context": document["@context"]})
    hashes = [sha256(part).digest() for part in (options_jcs, jcs(document))]
    return case(
        name,
        desc,
        document=document,
        options=options,
        optionsJcs=options_jcs.decode(),
        documentJcs=jcs(document).decode(),
        optionsHash=hexed(hashes[0]),
        documentHash=hexed(hashes[1]),
        data=hexed(b"".join(hashes)),
        leaf=hexed(claim.leaf),
        account=str(claim.anchor.account),
        registry=hexed(claim.anchor.registry),
        size=claim.anchor.size,
        index=claim.anchor.index,
        path=hexes(claim.anchor.path),
        cbor=hexed(unpacked(proof["proofValue"])),
        proof=proof,
        root=hexed(claim.root),
    )


def _other_roots() -> list[Case]:
    """Proofs in good form that lead elsewhere: nobody anchored those roots."""
    badge = unsigned_badge()
    proof = anchor_proof(badge)
    root = anchor.claim(badge, proof).root
    moved = _moved(proof)
    tried: dict[str, tuple[str, JsonObject, JsonObject]] = {
        "document_changed": ("another name", {**badge, "name": "Forged"}, proof),
        "member_added": ("a member more", {**badge, "awardedDate": "2026-01-01T00:00:00Z"}, proof),
        "id_changed": ("another salt", {**badge, "id": badge["id"][:-1] + "0"}, proof),
        "context_changed": (
            "a context more: it is hashed in both halves",
            {**badge, "@context": [*badge["@context"], "https://w3id.org/security/v2"]},
            proof,
        ),
        "created_changed": ("a later date", badge, {**proof, "created": "2026-03-01T09:00:01Z"}),
        "account_changed": ("another account", badge, _by(proof, OTHER_ACCOUNT)),
        "chain_changed": ("another chain", badge, _by(proof, Account(1, ACCOUNT.address))),
        "index_changed": ("the clean bit of a neighbour", badge, moved),
    }
    cases = []
    for name, (desc, document, given) in tried.items():
        claim = anchor.claim(document, given)
        found = {"leaf": hexed(claim.leaf), "root": hexed(root), "computedRoot": hexed(claim.root)}
        told = {**found, "expected": "another root"}
        cases.append(attack(name, desc, document=document, proof=given, **told))
    return cases


def _by(proof: JsonObject, account: Account) -> JsonObject:
    return {**proof, "verificationMethod": account.did_pkh + anchor.FRAGMENT}


def _moved(proof: JsonObject) -> JsonObject:
    told = anchor.decode(proof)
    value = [1, told.registry, told.size, INDEX ^ 1, list(told.path)]
    return {**proof, "proofValue": multibase(cbor2.dumps(value, canonical=True))}


def _refused() -> list[Case]:
    plain = proof_of()
    anchor.decode(plain)
    return [
        *(_bad(f"spelling {name}", proof_of(data)) for name, data in OTHER_SPELLINGS.items()),
        *(_bad(f"value {name}", proof_of(value)) for name, value in VALUES.items()),
        *(
            _bad(f"text {name}", {**plain, "proofValue": respelt(plain["proofValue"])})
            for name, respelt in RESPELT.items()
        ),
        *(
            _bad(f"spare bits {number}", {**plain, "proofValue": text})
            for number, text in enumerate(_spare_bits())
        ),
        *(_bad(f"member {name}", proof_of(**members)) for name, members in MEMBERS.items()),
        *(
            _bad(f"without {member}", {k: v for k, v in plain.items() if k != member})
            for member in sorted(anchor.MEMBERS)
        ),
    ]


RESPELT: dict[str, Callable[[str], Any]] = {
    "padded": lambda text: text + "=",
    "longer by a digit": lambda text: text + "A",
    "with a line end": lambda text: text + "\n",
    "with a space": lambda text: " " + text,
    "cut short": lambda text: text[:-1],
    "padded base64url by its multibase letter": lambda text: "U" + text[1:],
    "base64 by its multibase letter": lambda text: "m" + text[1:],
    "in base58": lambda text: "z" + text[1:],
    "without a multibase letter": lambda text: text[1:],
    "with a stray character": lambda text: text[:9] + "." + text[9:],
    "of hexadecimal digits": lambda text: "f" + unpacked(text).hex(),
    "empty": lambda _: "",
    "a letter alone": lambda _: "u",
    "a number": len,
    "a list": lambda text: [text],
    "too long": lambda _: "u" + "A" * anchor.MAX_VALUE_CHARACTERS,
}


def _spare_bits() -> Sequence[str]:
    """Other last digits of the same bytes: a careless reader takes 4 or 16 spellings for one."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    registry = bytes(range(20))
    values = ([1, registry, 1, 0, []], [1, registry, 300, 0, [bytes(range(32))] * 9])
    texts = [str(proof_of(value)["proofValue"]) for value in values]
    return [
        text[:-1] + digit
        for text in texts
        for digit in digits
        if digit != text[-1] and _bytes(text[:-1] + digit) == _bytes(text)
    ]


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4))


def _bad(name: str, proof: JsonObject) -> Case:
    code = code_of(partial(anchor.decode, proof))
    return attack(named(name), name, proof=proof, code=code)
