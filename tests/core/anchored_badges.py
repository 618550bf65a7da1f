"""Real badges for the tests: signed, in a real tree, with what nodes say of the real root."""

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from registry.core import anchor, merkle, suites
from registry.core.contract import NOTHING, REGISTRY, Batch, StatusWord
from registry.core.document import JsonObject
from registry.core.evidence import Block, Evidence, NodeReading, Question, View
from registry.core.keys import Account
from registry.core.policy import Policy, TrustedKey, TrustEntry
from registry.core.verdict import Step, Verdict
from registry.core.verify import questions, verify
from registry.lifecycle import badges
from registry.lifecycle.awards import Award, Recipient
from registry.lifecycle.signing_key import Ed25519Signer

SIGNER = Ed25519Signer(bytes(range(32)))
STRANGER = Ed25519Signer(bytes(range(32, 64)))
DID = SIGNER.public_key.did_key
METHOD = f"{DID}#{SIGNER.public_key.multikey}"
ACCOUNT = Account(11155111, "0x" + "ab" * 20)
OTHER_ACCOUNT = Account(11155111, "0x" + "cd" * 20)
DEV_ACCOUNT = Account(31337, "0x" + "ab" * 20)

SIGNED = "2026-03-01T09:00:00Z"
ANCHORED = datetime(2026, 3, 1, 10, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
# Beyond the first 256 credentials of a batch, so that a wrong status word shows.
SIZE, INDEX = 300, 260
HOSTS = ("one.example", "two.example", "three.example")

ACHIEVEMENT: JsonObject = {
    "id": "https://school.example.org/achievements/data",
    "type": ["Achievement"],
    "name": "Data Preparation",
    "description": "Finding, checking and cleaning tabular data.",
    "criteria": {"narrative": "Hands in a cleaned data set."},
    "creditsAvailable": 2.35,
    "tag": ["data", "quality"],
    "alignment": [
        {
            "type": ["Alignment"],
            "targetName": "perform data cleansing",
            "targetUrl": "https://skills.example.org/cleansing",
        }
    ],
    "resultDescription": [
        {
            "id": "urn:uuid:5f1d4e6a-0d1c-4a4e-8d0e-6f6a1a1a1a1a",
            "type": ["ResultDescription"],
            "name": "Score",
            "resultType": "Percent",
        }
    ],
}
AWARD = Award(
    Recipient("ada@school.example.org", "emailAddress"),
    str(ACHIEVEMENT["id"]),
    "2026-02-28T00:00:00Z",
    valid_until="2028-02-28T00:00:00Z",
    results=({"resultDescription": "Score", "value": "87"},),
    evidence=({"id": "https://school.example.org/evidence/1"},),
    narrative="Worked on the open data of a city.",
)


def issuer_of(
    *, did: str = DID, account: Account = ACCOUNT, signed_by: Sequence[str] = (suites.RDFC_2022,)
) -> badges.Issuer:
    return badges.Issuer(did, {"name": "Northmere"}, account, tuple(signed_by))


def unsigned_badge(issuer: badges.Issuer | None = None, award: Award = AWARD) -> JsonObject:
    uuid = UUID("2b1c0d9e-8f7a-4b6c-9d5e-4f3a2b1c0d9e")
    return deepcopy(badges.build(award, ACHIEVEMENT, issuer or issuer_of(), uuid, "0a1b2c3d"))


def accountless_badge() -> JsonObject:
    """A badge whose issuer promises no anchor."""
    document = unsigned_badge()
    del document["issuer"]["otherIdentifier"]
    return document


def signature_options(**changed: Any) -> JsonObject:
    """A proof's members but `proofValue`; a member set to None is left out."""
    options = {
        "type": suites.PROOF_TYPE,
        "cryptosuite": suites.RDFC_2022,
        "created": SIGNED,
        "verificationMethod": METHOD,
        "proofPurpose": "assertionMethod",
    } | changed
    return {name: value for name, value in options.items() if value is not None}


def signature(document: JsonObject, signer: suites.Signer = SIGNER, **changed: Any) -> JsonObject:
    return suites.sign(suites.Hashed(document), signature_options(**changed), signer)


def anchor_proof(
    document: JsonObject, account: Account = ACCOUNT, size: int = SIZE, index: int = INDEX
) -> JsonObject:
    """The anchor proof of `document` in a tree whose other leaves are strangers."""
    leaves = [merkle.leaf_hash(place.to_bytes(4, "big")) for place in range(size)]
    leaves[index] = anchor.leaf(document, anchor.options(account, SIGNED))
    path = merkle.path(merkle.levels(leaves), index)
    return anchor.encode(anchor.Anchor(account, SIGNED, REGISTRY.address, size, index, path))


def secured(document: JsonObject, *proofs: JsonObject) -> JsonObject:
    return {**document, "proof": list(proofs)}


def signed_and_anchored(document: JsonObject, account: Account = ACCOUNT) -> JsonObject:
    return secured(document, signature(document), anchor_proof(document, account))


@cache
def _badge_text() -> str:
    return json.dumps(signed_and_anchored(unsigned_badge()))


def badge() -> JsonObject:
    """The one complete credential of these tests, for each caller anew."""
    loaded: JsonObject = json.loads(_badge_text())
    return loaded


def written(credential: JsonObject) -> bytes:
    return json.dumps(credential, ensure_ascii=False).encode()


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


BATCH = Batch(
    anchored_at=seconds(ANCHORED),
    anchored_block=1000,
    changed_at=0,
    changed_block=0,
    revoked_at=0,
    size=SIZE,
    seq=1,
    flags=0,
)
CLEAN = StatusWord(BATCH, 0, 0)
BIT = 1 << (INDEX % 256)
REVOKED = StatusWord(replace(BATCH, changed_at=seconds(NOW) - 9000), BIT, 0)
SUSPENDED = StatusWord(replace(BATCH, changed_at=seconds(NOW) - 9000), 0, BIT)
BATCH_REVOKED = StatusWord(replace(BATCH, revoked_at=seconds(NOW) - 9000), 0, 0)
BATCH_SUSPENDED = StatusWord(replace(BATCH, flags=1), 0, 0)


def view(
    asked: Sequence[Question],
    answer: StatusWord | Callable[[Question], StatusWord] = CLEAN,
    *,
    age: timedelta = timedelta(minutes=15),
    code_hash: bytes = REGISTRY.code_hash,
) -> View:
    """One block of `age`, and its answer to each question."""
    time = seconds(NOW - age)
    block = Block(time // 12, time.to_bytes(32, "big"), time)
    answers = {q: answer if isinstance(answer, StatusWord) else answer(q) for q in asked}
    return View(block, code_hash, answers)


def reading(
    credential: JsonObject,
    host: str = HOSTS[0],
    final: StatusWord | Callable[[Question], StatusWord] = CLEAN,
    latest: StatusWord | Callable[[Question], StatusWord] | None = None,
    age: timedelta = timedelta(minutes=15),
) -> NodeReading:
    """What a node of the credential's chain says; its newest block shows `final` if not told."""
    asked = questions(written(credential))
    chain_id = asked[0].account.chain_id if asked else None
    newest = final if latest is None else latest
    return NodeReading(
        host, chain_id, view(asked, final, age=age), view(asked, newest, age=timedelta(seconds=12))
    )


def agreeing(credential: JsonObject, *words: Any, **options: Any) -> Evidence:
    """Three nodes that say the same: the finalised answer, then the newest."""
    return Evidence(tuple(reading(credential, host, *words, **options) for host in HOSTS))


def entry(**changed: Any) -> TrustEntry:
    return replace(TrustEntry("Northmere", DID, (ACCOUNT,)), **changed)


def policy(**changed: Any) -> Policy:
    """The default policy, three months after the anchor, by one who trusts the issuer."""
    return replace(Policy(NOW, trust=(entry(),)), **changed)


def trusted_key(until: datetime | None = None) -> TrustedKey:
    return TrustedKey(METHOD, SIGNER.public_key, until)


def judged(
    credential: JsonObject, evidence: Evidence | None = None, under: Policy | None = None
) -> Verdict:
    """The verdict; three agreeing nodes and the trusting policy unless told otherwise."""
    return verify(
        written(credential),
        agreeing(credential) if evidence is None else evidence,
        under or policy(),
    )


def step(verdict: Verdict, name: str) -> Step:
    return next(step for step in verdict.steps if step.name == name)


def codes(verdict: Verdict) -> set[str]:
    return {f"{step.name}.{step.code}" for step in verdict.steps if step.code}


NEVER_ANCHORED = NOTHING
