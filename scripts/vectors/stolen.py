"""Cases of `verdict_attacks.json`: stolen keys and domains, and anchors made again."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from core.anchored_badges import (
    ACCOUNT,
    ANCHORED,
    BATCH,
    CLEAN,
    DID,
    NEVER_ANCHORED,
    NOW,
    OTHER_ACCOUNT,
    REVOKED,
    SIGNER,
    STRANGER,
    accountless_badge,
    anchor_proof,
    badge,
    entry,
    issuer_of,
    policy,
    seconds,
    secured,
    signature,
    signed_and_anchored,
    trusted_key,
    unsigned_badge,
)
from core.test_verify import resigned, signed_only
from core.test_verify_documents import (
    KEY,
    LENIENT,
    SCHOOL,
    account_method,
    did_document,
    method,
    school_badge,
)

from registry.core import suites
from registry.core.contract import StatusWord
from registry.core.document import JsonObject
from registry.core.evidence import Document, Evidence
from registry.core.keys import Account
from registry.core.policy import TrustedKey
from registry.core.times import write_stamp
from registry.lifecycle.signing_key import Ed25519Signer

from .weighed import Case, checked, nodes, read, tried, without_trust

OWN = did_document(method(), account_method())
LIST = policy(trust=(entry(did=SCHOOL),))


def stolen() -> list[Case]:
    groups = (_keys(), _domains(), _second_anchors())
    return checked((item for group in groups for item in group), "refused")


def _of_school(account: Account, signer: suites.Signer = SIGNER, **options: Any) -> JsonObject:
    """A badge in the school's name, anchored by `account`, which it names itself."""
    document = unsigned_badge(issuer_of(did=SCHOOL, account=account))
    signed = signature(document, signer, verificationMethod=KEY, **options)
    return secured(document, signed, anchor_proof(document, account))


def _keys() -> Iterator[Case]:
    forged = _of_school(OTHER_ACCOUNT)
    yield tried(
        "stolen signing key with an account of the thief's",
        "the DID document names others",
        forged,
        read(nodes(forged), OWN),
        without_trust(),
    )
    yield tried(
        "stolen signing key against a trust list",
        "it names other accounts",
        forged,
        read(nodes(forged), OWN),
        LIST,
    )
    did_key = unsigned_badge(issuer_of(account=OTHER_ACCOUNT))
    yield tried(
        "stolen did key",
        "a did:key has no account: only the credential names one",
        signed_and_anchored(did_key, OTHER_ACCOUNT),
        under=without_trust(),
    )
    bare = signed_only()
    yield tried(
        "stolen signing key leaves the account out",
        "the policy asks for an anchor",
        bare,
        Evidence(),
    )
    kept = unsigned_badge()
    yield tried(
        "anchored by an account that it does not name",
        "a stranger's anchor",
        secured(kept, signature(kept), anchor_proof(kept, OTHER_ACCOUNT)),
        under=policy(trust=(entry(accounts=(ACCOUNT, OTHER_ACCOUNT)),)),
    )
    by_account = unsigned_badge(issuer_of(did=ACCOUNT.did_pkh))
    del by_account["issuer"]["otherIdentifier"]
    yield tried(
        "anchored in the name of an account",
        "did:pkh, by another account",
        secured(by_account, anchor_proof(by_account, OTHER_ACCOUNT)),
        under=without_trust(),
    )
    ethr = unsigned_badge(issuer_of(did=f"did:ethr:0xaa36a7:{ACCOUNT.address}"))
    yield tried(
        "account of a did ethr that may have been changed",
        "whether it was changed is not read",
        secured(ethr, anchor_proof(ethr)),
        under=without_trust(require_signature=False),
    )
    present = entry(keys=(TrustedKey(f"{DID}#new", STRANGER.public_key),))
    past = entry(keys=(trusted_key(),), valid_until=ANCHORED)
    yield tried(
        "stolen key of a former entry",
        "an entry's keys count while it is in force",
        badge(),
        under=policy(trust=(past, present)),
    )
    yield from _renewed()
    revoked = did_document(method(revoked=write_stamp(ANCHORED)), account_method())
    school = school_badge()
    yield tried(
        "retired key used again",
        "revoked when it was anchored",
        school,
        read(nodes(school), revoked),
        without_trust(),
    )
    expired = did_document(method(expires="2026-02-01T00:00:00Z"), account_method())
    backdated = school_badge(created="2026-01-31T00:00:00Z")
    yield tried(
        "backdated credential",
        "dated before its key ended, anchored after",
        backdated,
        read(nodes(backdated), expired),
        without_trust(),
    )
    unanchored = school_badge(anchored=False, created="2026-01-31T00:00:00Z")
    yield tried(
        "backdated credential without an anchor",
        "the time of the check counts",
        unanchored,
        Evidence(documents=(did_document(method(revoked=write_stamp(NOW))),)),
        LENIENT,
    )
    ended = did_document(method(), account_method(revoked=write_stamp(ANCHORED)))
    yield tried(
        "account that had ended",
        "the DID document says so",
        school,
        read(nodes(school), ended),
        without_trust(),
    )


def _renewed() -> Iterator[Case]:
    """Of two keys under one id, the one that was not in force at the anchor is the thief's."""
    theirs = replace(trusted_key(), key=STRANGER.public_key)
    past = entry(keys=(theirs,), valid_until=ANCHORED)
    present = entry(keys=(trusted_key(),), valid_from=ANCHORED)
    forged = resigned(signer=STRANGER)
    for first, trust in (("old", (past, present)), ("new", (present, past))):
        yield tried(
            f"key before it was renewed, the {first} entry first",
            "the thief has the old key, which has the new one's id",
            forged,
            under=policy(trust=trust),
        )
    both = entry(keys=(trusted_key(), theirs))
    yield tried(
        "signature by none of two keys under one id",
        "neither holds",
        resigned(signer=Ed25519Signer(bytes(32))),
        under=policy(trust=(both,)),
    )
    ended = entry(keys=(trusted_key(until=ANCHORED),))
    for first, trust in (("ended", (ended, present)), ("open", (present, ended))):
        yield tried(
            f"key that one of two entries has ended, the {first} one first",
            "the earliest end counts",
            badge(),
            under=policy(trust=trust),
        )


def _domains() -> Iterator[Case]:
    thiefs = did_document(
        method(publicKeyMultibase=STRANGER.public_key.multikey), account_method(str(OTHER_ACCOUNT))
    )
    forged = _of_school(OTHER_ACCOUNT, STRANGER)
    yield tried(
        "stolen domain against a trust list",
        "entries name accounts",
        forged,
        read(nodes(forged), thiefs),
        LIST,
    )
    document = accountless_badge()
    document["issuer"]["id"] = SCHOOL
    alone = secured(document, signature(document, STRANGER, verificationMethod=KEY))
    own = (TrustedKey(f"{SCHOOL}#key-0", SIGNER.public_key),)
    yield tried(
        "stolen domain adds a key",
        "an entry that lists keys lists all",
        alone,
        Evidence(documents=(thiefs,)),
        policy(trust=(entry(did=SCHOOL, keys=own),), require_anchor=False),
    )
    stolen_name = f"{DID}#stolen"
    other = entry(
        name="Other",
        did="did:web:other.example.org",
        keys=(replace(trusted_key(), id=stolen_name, key=STRANGER.public_key),),
    )
    yield tried(
        "trusted issuer brings a key for another",
        "an entry speaks of its own DID",
        resigned(signer=STRANGER, verificationMethod=stolen_name),
        under=policy(trust=(entry(), other)),
    )
    school = school_badge()
    for name, read_document in {
        "document of another did": Document(OWN.url, NOW, b'{"id": "did:web:other.example.org"}'),
        "document lists the key for nothing": did_document(
            method(), account_method(), asserting=()
        ),
        "document lists another's key": did_document(method(controller=DID), account_method()),
        "document lists another's account": did_document(method(), account_method(controller=DID)),
    }.items():
        yield tried(
            name, "binding.md, 4", school, read(nodes(school), read_document), without_trust()
        )


def _second_anchors() -> Iterator[Case]:
    """A second anchor of the same credential: the worst of all that are shown counts."""
    document = accountless_badge()
    first, second = anchor_proof(document), anchor_proof(document, OTHER_ACCOUNT, 1, 0)
    both = secured(document, signature(document), first, second)
    trusting = policy(trust=(entry(accounts=(ACCOUNT, OTHER_ACCOUNT)),))
    single = replace(BATCH, size=1)
    later = replace(single, anchored_at=seconds(ANCHORED) + 31 * 86400)

    def shown(word: StatusWord) -> Evidence:
        return nodes(both, lambda q: word if q.account == OTHER_ACCOUNT else CLEAN)

    yield tried(
        "second anchor beside a revoked one",
        "a clean record does not hide it",
        both,
        nodes(both, lambda q: StatusWord(single, 0, 0) if q.account == OTHER_ACCOUNT else REVOKED),
        trusting,
    )
    yield tried(
        "second anchor revoked", "the worst counts", both, shown(StatusWord(single, 1, 0)), trusting
    )
    yield tried(
        "second anchor suspended",
        "the worst counts",
        both,
        shown(StatusWord(single, 0, 1)),
        trusting,
    )
    yield tried(
        "second anchor that nobody made",
        "every proof is looked up",
        both,
        shown(NEVER_ANCHORED),
        trusting,
    )
    yield tried(
        "second anchor too late", "a month later", both, shown(StatusWord(later, 0, 0)), trusting
    )
    old = StatusWord(replace(BATCH, anchored_at=seconds(ANCHORED) + 60 * 86400), 0, 0)
    yield tried(
        "re anchored old credential",
        "a stolen operator key lifts it into a new batch",
        badge(),
        nodes(badge(), old),
    )
