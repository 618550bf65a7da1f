"""Cases of `verdict.json`: every code of codes.json that a verdict can have."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from core.anchored_badges import (
    ANCHORED,
    BATCH,
    BATCH_REVOKED,
    BATCH_SUSPENDED,
    BIT,
    CLEAN,
    DID,
    HOSTS,
    NEVER_ANCHORED,
    NOW,
    OTHER_ACCOUNT,
    REVOKED,
    SIGNED,
    SIZE,
    STRANGER,
    SUSPENDED,
    anchor_proof,
    badge,
    entry,
    issuer_of,
    policy,
    reading,
    secured,
    signature,
    signed_and_anchored,
    trusted_key,
    unsigned_badge,
    view,
    written,
)
from core.test_verify import (
    SIGNATURE_ALONE,
    SILENT,
    anchored_later_by,
    of_nobody,
    resigned,
    signed_only,
    with_member,
    with_status,
)
from core.test_verify_documents import ENTRY, TRUSTING, listed_in_a_token, listing

from registry.core import suites
from registry.core.contexts import CREDENTIALS_V2
from registry.core.contract import StatusWord
from registry.core.document import MAX_DOCUMENT_BYTES, JsonObject
from registry.core.evidence import Document, Evidence, Quorum
from registry.core.times import MAX_SECONDS
from registry.core.verify import questions

from .pictures import listed
from .weighed import Case, checked, nodes, tried, without_trust

DID_WEB = "did:web:school.example.org"


def reached() -> list[Case]:
    groups = (_formats(), _signatures(), _anchors(), _issuers(), _statuses(), _lists(), _others())
    return checked((item for group in groups for item in group), "refused")


def _formats() -> Iterator[Case]:
    yield tried("cut short", "not JSON", b"{")
    yield tried("issuer is a number", "breaks the data model", with_member(issuer=7))
    yield tried("one byte too large", "1 MiB and a byte", b" " * (MAX_DOCUMENT_BYTES + 1))
    yield tried("nested too deep", "65 levels", b"[" * 65)
    yield tried("null", "two readers could read it otherwise", with_member(name=None))
    context = {"@context": [*badge()["@context"], "https://x.example/mine"]}
    yield tried("unknown context", "no bundled copy", with_member(**context))
    yield tried("undefined term", "an RDF signature does not cover it", with_member(grade="A"))


def _signatures() -> Iterator[Case]:
    document, (signed, anchored) = unsigned_badge(), badge()["proof"]
    key = STRANGER.public_key
    yield tried("signed by a stranger", "under the issuer's method", resigned(signer=STRANGER))
    method = f"{key.did_key}#{key.multikey}"
    theirs = resigned(signer=STRANGER, verificationMethod=method)
    yield tried("signed by a stranger in the stranger's name", "nobody of the issuer's", theirs)
    yield tried(
        "signed for authentication", "another purpose", resigned(proofPurpose="authentication")
    )
    ended = policy(trust=(entry(keys=(trusted_key(until=ANCHORED),)),))
    yield tried("key ended when it was anchored", "to the second", badge(), under=ended)
    broken = secured(document, {**signed, "proofValue": "z"}, anchored)
    yield tried("signature of no bytes", "z alone", broken)
    for member in ("type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue"):
        absent, listed_one = _with_signature(member, None), _with_signature(member, ["x"])
        yield tried(f"{member} left out", "no member of a proof", absent)
        yield tried(f"{member} as a list", "no text", listed_one)
    undatable = resigned(created="2026-03-01")
    yield tried("created is a day", "no date-time with a zone", undatable)
    yield tried("proof has expired", "expires", resigned(expires="2026-06-01T11:59:59Z"))
    yield tried("signature stripped", "the anchor alone", secured(document, anchored))
    strange = secured(document, {"type": "BbsBlsSignature2020"}, anchored)
    yield tried("unknown suite alone", "nothing that can be checked", strange)
    elsewhere = resigned(verificationMethod=f"{DID_WEB}#key-1")
    yield tried("key of a document that was not read", "did:web", elsewhere)
    unsigned = policy(require_signature=False)
    yield tried(
        "mismatch where none is required",
        "what is there must hold",
        resigned(signer=STRANGER),
        under=unsigned,
    )


def _with_signature(member: str, value: Any) -> JsonObject:
    """The plain credential with a JCS signature of which one member was changed afterwards."""
    document: JsonObject = {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "credentialSubject": {"id": "did:example:ada"},
    }
    signed = signature(document, cryptosuite=suites.JCS_2022) | {member: value}
    return secured(document, {name: item for name, item in signed.items() if item is not None})


def _anchors() -> Iterator[Case]:
    document, (signed, anchored) = unsigned_badge(), badge()["proof"]
    broken = secured(document, signed, {**anchored, "proofValue": "u"})
    yield tried("anchor proof of no bytes", "u alone", broken)
    yield tried("anchor stripped", "the issuer promised one", secured(document, signed))
    yield tried(
        "nobody anchored it",
        "absent in a fresh final block",
        badge(),
        nodes(badge(), NEVER_ANCHORED),
    )
    larger = replace(CLEAN, batch=replace(BATCH, size=SIZE + 1))
    yield tried(
        "size is not the chain's", "the path would be another's", badge(), nodes(badge(), larger)
    )
    late = anchored_later_by(timedelta(days=30, seconds=1))
    yield tried("anchored a second too late", "30 days and a second", badge(), nodes(badge(), late))
    other = policy(registry=replace(policy().registry, address=bytes(20)))
    yield tried("another registry is accepted", "of the policy", badge(), under=other)
    yield tried(
        "look alike contract", "at the right address, with other code", badge(), _foreign(badge())
    )
    yield tried(
        "not final yet",
        "only the newest block has it",
        badge(),
        nodes(badge(), NEVER_ANCHORED, CLEAN),
    )
    yield tried(
        "absent from an old block",
        "too old to tell",
        badge(),
        nodes(badge(), NEVER_ANCHORED, age=timedelta(hours=2)),
    )
    silent = Evidence(tuple(replace(SILENT, host=host) for host in HOSTS))
    yield tried("no node answers", "refused connections", badge(), silent)
    for name, word, time in (
        ("answer with a time that no calendar names", _at(MAX_SECONDS + 1), 0),
        ("answer with the latest time that forty bits hold", _at((1 << 40) - 1), 0),
        ("block with a time that no calendar names", CLEAN, MAX_SECONDS + 1),
    ):
        yield tried(name, "no answer", badge(), _timed(nodes(badge(), word), time))
    yield tried("nobody was asked", "no evidence at all", badge(), Evidence())
    disagreeing = Evidence((reading(badge()), reading(badge(), HOSTS[1], REVOKED)))
    yield tried("two nodes disagree", "one says revoked", badge(), disagreeing)
    yield tried(
        "one node alone", "the policy does not trust it", badge(), Evidence((reading(badge()),))
    )
    yield tried(
        "one node by three names of one host",
        "hosts are counted",
        badge(),
        Evidence((reading(badge()),) * 3),
    )
    few = policy(quorum=Quorum(agree=1))
    twice = Evidence((*nodes(badge()).nodes, reading(badge(), HOSTS[1], REVOKED)))
    yield tried("host that contradicts itself", "it has no vote", badge(), twice)
    yield tried("fewer than a majority wanted", "1 of 2 is no majority", badge(), under=few)
    yield tried("undated signature", "no created", resigned(created=None))
    moved = tuple(replace(node, chain_id=1) for node in nodes(badge()).nodes)
    yield tried("nodes of another chain", "they say nothing of this one", badge(), Evidence(moved))


def _foreign(credential: JsonObject) -> Evidence:
    shown = view(questions(written(credential)), code_hash=bytes(32))
    whole = nodes(credential).nodes
    return Evidence(tuple(replace(node, finalized=shown, latest=shown) for node in whole))


def _at(changed: int) -> StatusWord:
    return replace(CLEAN, batch=replace(BATCH, changed_at=changed))


def _timed(evidence: Evidence, time: int) -> Evidence:
    """The evidence; with a `time`, of a final block of then."""
    if time == 0:
        return evidence
    views = (node.finalized for node in evidence.nodes if node.finalized)
    moved = [replace(item, block=replace(item.block, time=time)) for item in views]
    shown = zip(evidence.nodes, moved, strict=True)
    return Evidence(tuple(replace(node, finalized=item) for node, item in shown))


def _issuers() -> Iterator[Case]:
    others = policy(trust=(entry(accounts=(OTHER_ACCOUNT,)),))
    yield tried("trust list names another account", "of this issuer", badge(), under=others)
    yield tried("self asserted", "nobody but the credential", badge(), under=without_trust())
    unread = unsigned_badge(issuer_of(did=DID_WEB))
    yield tried(
        "document of the issuer was not read",
        "did:web",
        signed_and_anchored(unread),
        under=without_trust(),
    )
    stranger = policy(trust=(entry(did="did:web:other.example.org"),))
    yield tried("issuer not in the trust list", "which names another", badge(), under=stranger)
    entries: dict[str, Any] = {
        "entry not in force yet": {"valid_from": ANCHORED + timedelta(seconds=1)},
        "entry no longer in force": {"valid_until": ANCHORED},
        "entry for another registry": {"registry": bytes(20)},
    }
    for name, changed in entries.items():
        trusting = policy(trust=(entry(**changed),))
        yield tried(name, "when it was anchored", badge(), under=trusting)


def _statuses() -> Iterator[Case]:
    told = {
        "revoked": REVOKED,
        "suspended": SUSPENDED,
        "batch revoked": BATCH_REVOKED,
        "batch suspended": BATCH_SUSPENDED,
        "revoked and suspended": replace(SUSPENDED, revoked=BIT),
    }
    for name, word in told.items():
        yield tried(f"{name} in both blocks", name, badge(), nodes(badge(), word))
        yield tried(f"{name} in the newest block", name, badge(), nodes(badge(), CLEAN, word))
    gone = nodes(badge(), REVOKED, CLEAN)
    yield tried("revoked in the final block alone", "it counts", badge(), gone)
    old = nodes(badge(), REVOKED, age=timedelta(days=2))
    yield tried("revoked in an old block", "a revocation is for ever", badge(), old)
    yield tried(
        "final block too old",
        "an hour and a second",
        badge(),
        nodes(badge(), age=timedelta(hours=1, seconds=1)),
    )
    blind = tuple(replace(node, latest=None) for node in nodes(badge()).nodes)
    yield tried("newest block not read", "revoked since, perhaps", badge(), Evidence(blind))
    older = view(questions(written(badge())), age=timedelta(hours=3))
    turned = tuple(replace(node, latest=older) for node in nodes(badge()).nodes)
    yield tried("newest block before the final one", "not this chain's", badge(), Evidence(turned))
    yield tried(
        "newest block without the anchor",
        "another history",
        badge(),
        nodes(badge(), CLEAN, NEVER_ANCHORED),
    )
    changed = replace(BATCH, changed_at=int(NOW.timestamp()) - 60)
    before = policy(at=NOW - timedelta(hours=1))
    for name, word in {
        "revoked after the time asked about": StatusWord(changed, BIT, 0),
        "something suspended after the time asked about": StatusWord(
            replace(changed, flags=2), 0, 0
        ),
    }.items():
        yield tried(name, "it does not tell what was then", badge(), nodes(badge(), word), before)


def _lists() -> Iterator[Case]:
    def by(document: Document, **status: Any) -> Case:
        return tried(
            name,
            "an entry and its list",
            listing(**status),
            Evidence(documents=(document,)),
            TRUSTING,
        )

    name = "list says revoked"
    yield by(listed(17))
    name = "list says suspended"
    suspension = replace(ENTRY, purpose="suspension").as_document()
    yield by(listed(17, purpose="suspension"), status=suspension)
    name = "list not read"
    yield by(Document(ENTRY.list_url, NOW, problem="no answer"))
    name = "list is no JSON"
    yield by(Document(ENTRY.list_url, NOW, b"<html></html>"))
    name = "list by a stranger"
    yield by(listed(signer=STRANGER, issuer=STRANGER.public_key.did_key))
    name = "list signed by a stranger"
    yield by(listed(signer=STRANGER))
    name = "list unsigned"
    yield by(listed(unsigned=True))
    name = "list for another purpose"
    yield by(listed(purpose="suspension"))
    name = "list of another place"
    yield by(listed(id="https://school.example.org/status/2"))
    name = "list has ended"
    yield by(listed(validUntil="2026-05-01T00:00:00Z"))
    name = "list not begun"
    yield by(listed(validFrom="2026-07-01T00:00:00Z"))
    name = "list read long ago"
    yield by(listed(read_at=NOW - timedelta(hours=2)))
    name = "list in a token that has not begun"
    yield by(listed_in_a_token(nbf=int(NOW.timestamp()) + 61))
    name = "list in a token that has ended"
    yield by(listed_in_a_token(exp=int(NOW.timestamp()) - 1))
    strange = with_status(
        statusPurpose="probation", statusListIndex="1", statusListCredential="https://a.example/1"
    )
    yield tried(
        "unknown status type", "of a purpose that is not read", strange, Evidence(), SIGNATURE_ALONE
    )
    other = {"id": "https://school.example.org/revoked", "type": "urn:x:RevocationList"}
    document = {**unsigned_badge(), "credentialStatus": other}
    signed = signature(document, cryptosuite=suites.JCS_2022)
    yield tried(
        "unknown status of an anchored badge",
        "the chain does not say what it would",
        secured(document, signed, anchor_proof(document)),
    )
    yield tried("status entry of nothing", "no purpose", with_status(), Evidence(), SIGNATURE_ALONE)


def _others() -> Iterator[Case]:
    for name, member, moment in (
        ("not valid yet", "validFrom", "2026-06-01T12:01:01Z"),
        ("no longer valid", "validUntil", "2026-06-01T11:59:59Z"),
    ):
        document = {**unsigned_badge(), member: moment}
        yield tried(name, "by a second", signed_and_anchored(document))
    early = policy(at=ANCHORED - timedelta(minutes=2))
    yield tried("asked about a time before the anchor", SIGNED, badge(), under=early)
    grace = policy(recipient="grace@school.example.org")
    yield tried("of somebody else", "who shows it as their own", badge(), under=grace)
    asking = policy(recipient="ada@school.example.org")
    yield tried("names nobody", "and somebody was asked about", of_nobody(), under=asking)
    worst = policy(trust=())
    yield tried(
        "invalid beats indeterminate",
        "self-asserted and revoked",
        badge(),
        nodes(badge(), REVOKED),
        worst,
    )
    unsigned = {k: v for k, v in signed_only().items() if k != "proof"}
    for trust, by in (((), "trusts nobody"), ((entry(),), "trusts the issuer")):
        bare = policy(require_anchor=False, require_signature=False, trust=trust)
        name = f"neither signed nor anchored, and the policy {by}"
        yield tried(name, "under a policy that asks for neither", unsigned, Evidence(), bare)
