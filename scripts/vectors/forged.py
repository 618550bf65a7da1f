"""Cases of `verdict_attacks.json`: proofs, positions, nodes and readings that deceive."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import cbor2
from core.anchored_badges import (
    BATCH,
    BIT,
    CLEAN,
    DEV_ACCOUNT,
    DID,
    HOSTS,
    INDEX,
    NEVER_ANCHORED,
    NOW,
    REVOKED,
    STRANGER,
    accountless_badge,
    badge,
    entry,
    issuer_of,
    policy,
    reading,
    seconds,
    secured,
    signature,
    signed_and_anchored,
    unsigned_badge,
    written,
)
from core.test_anchor import multibase
from core.test_verify import signed_only
from core.test_verify_documents import (
    BESIDE,
    KEY,
    LENIENT,
    REVOKING,
    SCHOOL,
    TRUSTING,
    did_document,
    method,
    several,
    token,
)

from registry.core import anchor, suites
from registry.core.contract import StatusWord
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.evidence import Evidence
from registry.core.verify import questions

from .pictures import listed, png
from .weighed import Case, checked, nodes, tried


def forged() -> list[Case]:
    groups = (_proofs(), _positions(), _readings(), _hidden())
    return checked((item for group in groups for item in group), "refused")


def _proofs() -> Iterator[Case]:
    document, (signed, anchored) = unsigned_badge(), badge()["proof"]
    lenient = policy(require_anchor=False, require_signature=False)
    yield tried(
        "stripped anchor under the most lenient policy",
        "the issuer signed a promise",
        secured(document, signed),
        nodes(badge()),
        lenient,
    )
    yield tried(
        "token that names an account",
        "it carries no anchor",
        token(unsigned_badge()),
        Evidence(),
        TRUSTING,
    )
    told = anchor.decode(anchored)
    value = [1.0, told.registry, told.size, told.index, list(told.path)]
    respelt = {**anchored, "proofValue": multibase(cbor2.dumps(value))}
    yield tried(
        "second spelling of the anchor proof",
        "1.0 for 1",
        secured(document, signed, respelt),
        nodes(badge()),
    )
    padded = {**anchored, "proofValue": anchored["proofValue"] + "="}
    yield tried(
        "anchor proof padded", "base64url has no padding", secured(document, signed, padded)
    )
    named = {**anchored, "id": "urn:x:y"}
    yield tried("anchor proof with a seventh member", "id", secured(document, signed, named))
    bad = signature(document, STRANGER, cryptosuite=suites.JCS_2022)
    yield tried(
        "one bad signature beside a good one",
        "every known one must hold",
        secured(document, signed, bad, anchored),
    )
    changed = {**document, "name": "Forged"}
    chain = nodes(secured(changed, signed, anchored), _only(badge()))
    yield tried(
        "changed credential",
        "neither signed nor anchored",
        secured(changed, signed, anchored),
        chain,
    )
    resealed = secured(changed, signature(changed), anchored)
    yield tried(
        "changed and signed again",
        "with the issuer's key, without its anchor",
        resealed,
        nodes(resealed, _only(badge())),
    )
    undated = signature(document, cryptosuite=suites.JCS_2022, created=None)
    yield tried(
        "one undated signature", "the set is undated", secured(document, undated, signed, anchored)
    )


def _only(known: JsonObject) -> Any:
    """A chain that has the root of one credential alone."""
    asked = set(questions(written(known)))
    return lambda question: CLEAN if question in asked else NEVER_ANCHORED


def _positions() -> Iterator[Case]:
    """The revoked credential's holder points at somebody else's clean bit."""
    document, (signed, anchored) = unsigned_badge(), badge()["proof"]
    told = anchor.decode(anchored)
    revoked = StatusWord(replace(BATCH, changed_at=seconds(NOW) - 9000), BIT, 0)

    def moved(index: int, size: int) -> JsonObject:
        value = [1, told.registry, size, index, list(told.path)]
        proof = {**anchored, "proofValue": multibase(cbor2.dumps(value, canonical=True))}
        return secured(document, signed, proof)

    neighbour = moved(INDEX ^ 1, told.size)
    chain = _only(badge())
    yield tried(
        "status bit of a neighbour",
        "another index leads to another root",
        neighbour,
        nodes(neighbour, lambda q: revoked if chain(q) == CLEAN else NEVER_ANCHORED),
    )
    look_alike = moved(*_look_alike(told))
    yield tried(
        "status bit by another index and size",
        "the same path fits: the size refutes it",
        look_alike,
        nodes(look_alike, revoked),
    )
    tested = unsigned_badge(issuer_of(account=DEV_ACCOUNT))
    of_test = signed_and_anchored(tested, DEV_ACCOUNT)
    yield tried(
        "development chain",
        "chain 31337 counts only where the policy accepts it",
        of_test,
        Evidence((reading(of_test),)),
        policy(trust=(entry(accounts=(DEV_ACCOUNT,)),)),
    )
    liars = [reading(badge(), host, REVOKED) for host in HOSTS[:2]]
    yield tried(
        "one lying node of three hides a revocation",
        "two of three agree",
        badge(),
        Evidence((*liars, reading(badge(), HOSTS[2]))),
    )
    first, second, third = HOSTS
    split = Evidence(
        (
            reading(badge(), first),
            reading(badge(), second, REVOKED),
            reading(badge(), third, NEVER_ANCHORED),
        )
    )
    yield tried("three nodes that all differ", "no two agree", badge(), split)
    aside = replace(CLEAN, batch=replace(BATCH, changed_at=1))
    yield tried(
        "nodes that agree but for one field",
        "a vote is the whole answer",
        badge(),
        Evidence((reading(badge(), first), reading(badge(), second, aside))),
    )


def _look_alike(told: anchor.Anchor) -> tuple[int, int]:
    """Another (index, size) for which the same path leads from the same leaf to the same root."""
    claim = anchor.claim(unsigned_badge(), badge()["proof"][1])
    for size in range(1, 1024):
        for index in range(size):
            position = replace(told, index=index, size=size)
            if (index, size) != (told.index, told.size) and _leads(position, claim.root):
                return index, size
    raise ValueError("no other position")


def _leads(position: anchor.Anchor, root: bytes) -> bool:
    try:
        return anchor.claim(unsigned_badge(), anchor.encode(position)).root == root
    except Refusal:
        return False


def _readings() -> Iterator[Case]:
    """One RDF dataset, two JSON readers."""
    whole = signed_only()
    bare = {k: v for k, v in whole.items() if k != "validUntil"}
    until = whole["validUntil"]
    iri = "https://www.w3.org/2018/credentials#validUntil"
    hidden = {
        "end hidden in included": {**bare, "@included": [{"id": whole["id"], "validUntil": until}]},
        "end hidden by its iri": {**bare, iri: {"@value": until}},
        "end hidden by an inline context": {
            **bare,
            "@context": [*whole["@context"], {"until": iri}],
            "until": until,
        },
        "end hidden in an object of the same id": {
            **bare,
            "evidence": [*whole["evidence"], {"id": whole["id"], "validUntil": until}],
        },
    }
    for name, credential in hidden.items():
        yield tried(name, "the quads stay the same", credential, Evidence(), TRUSTING)
    doubled = written(whole).replace(
        b'"validUntil":', b'"validUntil":"2099-01-01T00:00:00Z","validUntil":', 1
    )
    yield tried("end given twice", "duplicate key", doubled, Evidence(), TRUSTING)
    account = deepcopy(badge())
    promised = account["issuer"].pop("otherIdentifier")
    account["credentialSubject"]["achievement"]["creator"] = {
        "id": DID,
        "type": ["Profile"],
        "otherIdentifier": promised,
    }
    stripped = secured({k: v for k, v in account.items() if k != "proof"}, badge()["proof"][0])
    yield tried(
        "account moved out of the issuer", "to strip the anchor", stripped, Evidence(), TRUSTING
    )
    yield tried(
        "two credentials in one picture",
        "each reader would see another",
        png(written(whole), written(badge())),
        nodes(badge()),
    )
    yield tried("token signed by nobody", "alg none", _unsigned(), Evidence(), TRUSTING)


def _hidden() -> Iterator[Case]:
    """Entries beside the one that revokes, so that a reader stops before it."""
    for name, (beside, _) in BESIDE.items():
        for place, entries in (("before", (beside, REVOKING)), ("behind", (REVOKING, beside))):
            yield tried(
                f"entry {name}, {place} a revoked one",
                "each entry is judged by itself",
                several(*entries),
                Evidence(documents=(listed(17),)),
                TRUSTING,
            )
        yield tried(
            f"entry {name}, beside one that is clear",
            "the status is open",
            several(REVOKING, beside),
            Evidence(documents=(listed(16),)),
            TRUSTING,
        )
    unread = {**accountless_badge(), "credentialStatus": BESIDE["of an unknown type"][0]}
    unread["issuer"]["id"] = SCHOOL
    signed = signature(unread, STRANGER, verificationMethod=KEY, cryptosuite=suites.JCS_2022)
    yield tried(
        "forged with a status that nobody reads",
        "the issuer's document is read all the same",
        secured(unread, signed),
        Evidence(documents=(did_document(method()),)),
        LENIENT,
    )


def _unsigned() -> bytes:
    return b"eyJhbGciOiJub25lIn0." + token().split(b".")[1] + b".AAAA"
