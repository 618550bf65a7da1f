"""verify() on both sides of every border that it draws, and what it tells besides the verdict."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from registry.core import suites
from registry.core.contract import StatusWord
from registry.core.document import JsonObject
from registry.core.evidence import Document, Evidence
from registry.core.jwk import thumbprint
from registry.core.keys import Account
from registry.core.multibase import base64url_encode
from registry.core.times import write_stamp
from registry.core.verdict import Verdict
from registry.core.verify import addresses, questions, verify
from registry.lifecycle.signing_key import Ed25519Signer

from .anchored_badges import (
    ACCOUNT,
    ANCHORED,
    BATCH,
    BATCH_SUSPENDED,
    CLEAN,
    DID,
    INDEX,
    METHOD,
    NEVER_ANCHORED,
    NOW,
    OTHER_ACCOUNT,
    SIGNER,
    SIZE,
    STRANGER,
    accountless_badge,
    agreeing,
    anchor_proof,
    badge,
    entry,
    issuer_of,
    judged,
    policy,
    seconds,
    secured,
    signature,
    signed_and_anchored,
    step,
    trusted_key,
    unsigned_badge,
    view,
    written,
)
from .test_verify_documents import (
    ENTRY,
    KEY,
    LIST,
    NOBODY_LISTED,
    SCHOOL,
    TRUSTING,
    account_method,
    by_list,
    did_document,
    method,
    several,
    status_list,
)

SECOND = timedelta(seconds=1)
BOTH_SIDES = [0, 255]
FIRST_ACCOUNT = Account(11155111, "0x" + "01" * 20)
SIGNED_ALONE = policy(trust=(), require_anchor=False)
URN = "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544"


def plain(**members: Any) -> JsonObject:
    """A credential that is no Open Badge, signed by the issuer."""
    document = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "credentialSubject": {"id": "did:example:ada"},
        **members,
    }
    return secured(document, signature(document, cryptosuite=suites.JCS_2022))


def unanchored(credential: JsonObject, **changed: Any) -> Verdict:
    return judged(credential, Evidence(), replace(TRUSTING, **changed))


def by_stranger(number: int, document: JsonObject) -> JsonObject:
    key = Ed25519Signer(bytes([number] * 32))
    named = f"{key.public_key.did_key}#{key.public_key.multikey}"
    return signature(document, key, verificationMethod=named, cryptosuite=suites.JCS_2022)


# What is told


def test_the_recipient_told_is_the_subjects_id_or_else_that_it_is_hashed() -> None:
    assert judged(badge()).facts["recipient"] == "hashed identity"
    named = unsigned_badge()
    named["credentialSubject"]["id"] = "did:example:ada"
    assert judged(signed_and_anchored(named)).facts["recipient"] == "did:example:ada"
    assert unanchored(plain()).facts["recipient"] == "did:example:ada"
    assert unanchored(plain(credentialSubject={"name": "?"})).facts["recipient"] is None


def test_the_achievement_told_is_the_subjects_or_else_the_credentials_name() -> None:
    named = {**unsigned_badge(), "name": "A name of its own"}
    assert judged(signed_and_anchored(named)).facts["achievement"] == "Data Preparation"
    assert unanchored(plain(name="A name")).facts["achievement"] == "A name"


def test_of_several_subjects_the_first_is_told() -> None:
    two = [{"id": "did:example:ada"}, {"id": "did:example:grace"}]
    assert unanchored(plain(credentialSubject=two)).facts["recipient"] == "did:example:ada"


def test_the_type_told_is_the_last_and_narrowest() -> None:
    detail = step(judged(badge()), "format").detail
    assert detail == f"{unsigned_badge()['type'][-1]} of the W3C data model"
    assert not detail.startswith("VerifiableCredential")


def test_of_several_signatures_of_the_issuers_the_first_is_told() -> None:
    document = accountless_badge()
    made = [signature(document, cryptosuite=suite) for suite in suites.SUITES[:2]]
    for proofs in (made, made[::-1]):
        told = step(unanchored(secured(document, *proofs)), "signature").detail
        assert told.startswith(f"{proofs[0]['cryptosuite']} by the issuer")


def test_of_several_strangers_signatures_the_first_ones_signer_is_told() -> None:
    document = accountless_badge()
    made = [by_stranger(number, document) for number in (1, 2)]
    for proofs in (made, made[::-1]):
        verdict = unanchored(secured(document, *proofs))
        assert verdict.code == "signature.not_issuer"
        signer = str(proofs[0]["verificationMethod"]).partition("#")[0]
        assert step(verdict, "signature").detail == f"signed by {signer}"


def test_a_tokens_own_signature_is_told_before_those_of_the_proofs_in_it() -> None:
    document = accountless_badge()
    made = [signature(document, cryptosuite=suite) for suite in suites.SUITES[:2]]
    told = step(token_judged(secured(document, *made)), "signature").detail
    assert told == "VC-JWT EdDSA by the issuer's key"


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_anchors_the_first_is_told(order: int) -> None:
    document = accountless_badge()
    places = {ACCOUNT: (SIZE, INDEX), OTHER_ACCOUNT: (2, 1)}
    times = {ACCOUNT: ANCHORED, OTHER_ACCOUNT: ANCHORED + SECOND}
    accounts = [ACCOUNT, OTHER_ACCOUNT][::order]
    proofs = [anchor_proof(document, account, *places[account]) for account in accounts]
    credential = secured(document, signature(document), *proofs)

    def said(question: Any) -> StatusWord:
        size, _ = places[question.account]
        moment = seconds(times[question.account])
        return StatusWord(replace(BATCH, anchored_at=moment, size=size), 0, 0)

    trusting = policy(trust=(entry(accounts=tuple(places)),))
    verdict = judged(credential, agreeing(credential, said), trusting)
    assert verdict.outcome == "valid"
    size, index = places[accounts[0]]
    assert step(verdict, "inclusion").detail == f"leaf {index} of a tree of {size}"
    assert verdict.facts["account"] == str(accounts[0])
    assert verdict.facts["anchored_at"] == write_stamp(times[accounts[0]])


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_entries_in_force_the_firsts_name_is_told(order: int) -> None:
    names = ["Northmere", "Southmere"][::order]
    verdict = judged(badge(), under=policy(trust=tuple(entry(name=name) for name in names)))
    assert verdict.facts["issuer_trusted_as"] == names[0]
    assert step(verdict, "issuer").detail == f"{names[0]}, by your trust list"


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_unknown_statuses_the_first_is_told(order: int) -> None:
    kinds = ["urn:x:Alpha", "urn:x:Omega"][::order]
    document = {
        **{name: item for name, item in plain().items() if name != "proof"},
        "credentialStatus": [{"id": URN, "type": kind} for kind in kinds],
    }
    signed = signature(document, cryptosuite=suites.JCS_2022)
    verdict = judged(secured(document, signed, anchor_proof(document)))
    assert verdict.code == "status.unknown_type"
    assert kinds[0] in step(verdict, "status").detail


# What must be read


def test_a_credential_that_names_accounts_or_has_an_anchor_has_no_list_to_read() -> None:
    listing = ENTRY.as_document()
    named = {**unsigned_badge(), "credentialStatus": listing}
    anchored = {**accountless_badge(), "credentialStatus": listing}
    assert addresses(written(secured(named, signature(named)))) == ()
    assert addresses(written(signed_and_anchored(anchored))) == ()
    alone = addresses(written(secured(anchored, signature(anchored))))
    assert [address.url for address in alone] == [LIST]


# The registry, and its answer


@pytest.mark.parametrize("byte", BOTH_SIDES)
def test_another_registrys_proof_is_of_an_unknown_registry(byte: int) -> None:
    elsewhere = replace(policy().registry, address=bytes([byte] * 20))
    verdict = judged(badge(), under=policy(registry=elsewhere))
    assert verdict.code == "anchor.unknown_registry"


@pytest.mark.parametrize("byte", BOTH_SIDES)
def test_other_code_is_not_the_registry_at_the_final_or_at_the_newest_block(byte: int) -> None:
    other = view(questions(written(badge())), code_hash=bytes([byte] * 32))
    final = (replace(node, finalized=other) for node in agreeing(badge()).nodes)
    assert judged(badge(), Evidence(tuple(final))).code == "anchor.code_mismatch"
    newest = (replace(node, latest=other) for node in agreeing(badge()).nodes)
    assert judged(badge(), Evidence(tuple(newest))).code == "status.unreachable"


@pytest.mark.parametrize("size", [SIZE - 1, SIZE + 1])
def test_a_batch_of_another_size_is_another_batch(size: int) -> None:
    word = replace(CLEAN, batch=replace(BATCH, size=size))
    assert judged(badge(), agreeing(badge(), word)).code == "anchor.size_mismatch"


@pytest.mark.parametrize("delay", [-SECOND, SECOND])
def test_a_newest_block_that_dates_the_anchor_otherwise_leaves_the_status_open(
    delay: timedelta,
) -> None:
    other = StatusWord(replace(BATCH, anchored_at=seconds(ANCHORED + delay)), 0, 0)
    assert judged(badge(), agreeing(badge(), CLEAN, other)).code == "status.unreachable"


def test_the_newest_block_may_be_the_final_one() -> None:
    nodes = (replace(node, latest=node.finalized) for node in agreeing(badge()).nodes)
    assert judged(badge(), Evidence(tuple(nodes))).outcome == "valid"


@pytest.mark.parametrize(("more", "code"), [(timedelta(), None), (SECOND, "status.stale")])
def test_the_final_block_may_be_an_hour_old_and_no_second_more(
    more: timedelta, code: str | None
) -> None:
    aged = timedelta(hours=1) + more
    assert judged(badge(), agreeing(badge(), age=aged)).code == code
    absent = judged(badge(), agreeing(badge(), NEVER_ANCHORED, age=aged))
    assert absent.code == ("anchor.not_final" if code else "anchor.not_found")


@pytest.mark.parametrize(
    ("delay", "code"),
    [(timedelta(minutes=1), "status.revoked"), (timedelta(seconds=61), "status.stale")],
)
def test_a_change_counts_until_a_minutes_skew_after_the_time_asked_about(
    delay: timedelta, code: str
) -> None:
    asked_at = NOW - timedelta(minutes=30)
    batch = replace(BATCH, changed_at=seconds(asked_at + delay), revoked_at=seconds(asked_at))
    verdict = judged(badge(), agreeing(badge(), StatusWord(batch, 0, 0)), policy(at=asked_at))
    assert verdict.code == code


@pytest.mark.parametrize(
    ("early", "code"),
    [(timedelta(minutes=1), None), (timedelta(seconds=61), "period.not_yet")],
)
def test_the_anchor_may_be_a_minutes_skew_after_the_time_asked_about(
    early: timedelta, code: str | None
) -> None:
    assert judged(badge(), under=policy(at=ANCHORED - early)).code == code


def test_a_suspended_batch_that_was_never_changed_is_suspended_at_any_time() -> None:
    long_ago = policy(at=ANCHORED)
    verdict = judged(badge(), agreeing(badge(), BATCH_SUSPENDED), long_ago)
    assert verdict.code == "status.suspended"


# Who the issuer is


@pytest.mark.parametrize("did", ["did:example:other", "did:key:z1", "did:web:other.example.org"])
def test_entries_of_other_dids_do_not_name_the_issuer(did: str) -> None:
    other = entry(did=did, keys=(trusted_key(),))
    assert judged(badge(), under=policy(trust=(other,))).code == "issuer.untrusted"


def anchored_by(*accounts: Account, **issuer: Any) -> JsonObject:
    document = unsigned_badge(issuer_of(**issuer))
    del document["issuer"]["otherIdentifier"]
    by = KEY if issuer else METHOD
    anchors = [anchor_proof(document, account) for account in accounts]
    return secured(document, signature(document, verificationMethod=by), *anchors)


@pytest.mark.parametrize("other", [FIRST_ACCOUNT, OTHER_ACCOUNT])
def test_every_account_that_anchored_must_be_named_but_not_all_that_are_named(
    other: Account,
) -> None:
    cases: list[tuple[tuple[Account, ...], tuple[Account, ...], str | None]] = [
        ((ACCOUNT,), (ACCOUNT, other), None),
        ((ACCOUNT, other), (ACCOUNT, other), None),
        ((ACCOUNT, other), (ACCOUNT,), "issuer.unbound"),
        ((ACCOUNT,), (other,), "issuer.unbound"),
    ]
    for anchoring, named, code in cases:
        listed = policy(trust=(entry(accounts=named),))
        assert judged(anchored_by(*anchoring), under=listed).code == code
        credential = anchored_by(*anchoring, did=SCHOOL)
        methods = [account_method(str(account), id=f"#{account}") for account in named]
        evidence = replace(agreeing(credential), documents=(did_document(method(), *methods),))
        assert verify(written(credential), evidence, NOBODY_LISTED).code == code


@pytest.mark.parametrize("account", [FIRST_ACCOUNT, OTHER_ACCOUNT])
def test_an_issuer_that_is_an_account_does_not_sign_by_another_accounts_anchor(
    account: Account,
) -> None:
    document = unsigned_badge(issuer_of(did=ACCOUNT.did_pkh))
    verdict = judged(secured(document, anchor_proof(document, account)), under=policy(trust=()))
    assert step(verdict, "signature").code == "missing"


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_anchors_the_earliest_dates_the_credential(order: int) -> None:
    credential = anchored_by(*[ACCOUNT, OTHER_ACCOUNT][::order])

    def said(question: Any) -> StatusWord:
        later = timedelta(hours=1) if question.account == OTHER_ACCOUNT else timedelta()
        return StatusWord(replace(BATCH, anchored_at=seconds(ANCHORED + later)), 0, 0)

    for end, code in ((ANCHORED + SECOND, None), (ANCHORED, "signature.key_revoked")):
        keys = (trusted_key(until=end),)
        trusting = policy(trust=(entry(accounts=(ACCOUNT, OTHER_ACCOUNT), keys=keys),))
        assert judged(credential, agreeing(credential, said), trusting).code == code


# Keys and methods


@pytest.mark.parametrize("name", ["#0", "#zz"])
def test_a_key_that_is_listed_under_another_name_signs_nothing_under_this(name: str) -> None:
    theirs = replace(trusted_key(), id=f"{DID}{name}", key=STRANGER.public_key)
    document = unsigned_badge()
    forged = secured(document, signature(document, STRANGER), anchor_proof(document))
    for keys in ((trusted_key(), theirs), (theirs, trusted_key())):
        listed = policy(trust=(entry(keys=keys),))
        assert judged(forged, under=listed).code == "signature.mismatch"
        assert judged(badge(), under=listed).outcome == "valid"


@pytest.mark.parametrize("name", ["#0", "#zz"])
def test_the_end_of_a_key_of_another_name_ends_no_other(name: str) -> None:
    ended = replace(trusted_key(until=ANCHORED), id=f"{DID}{name}")
    listed = policy(trust=(entry(keys=(trusted_key(), ended)),))
    assert judged(badge(), under=listed).outcome == "valid"


def token_of(document: JsonObject, kid: str = METHOD, signer: Any = SIGNER, **claims: Any) -> bytes:
    """A VC-JWT of the W3C's with `claims` of its own."""
    header = {"alg": "EdDSA", "kid": kid, "typ": "vc+jwt"}
    parts = [base64url_encode(written(part)) for part in (header, {**document, **claims})]
    signed = signer.sign(".".join(parts).encode())
    return ".".join((*parts, base64url_encode(signed))).encode()


def token_judged(document: JsonObject, **claims: Any) -> Verdict:
    return verify(token_of(document, **claims), Evidence(), TRUSTING)


@pytest.mark.parametrize(
    ("more", "code"), [(-1, "signature.expired"), (0, "signature.expired"), (1, None)]
)
def test_a_token_has_expired_from_the_second_on_that_it_names(more: int, code: str | None) -> None:
    """RFC 7519, 4.1.4: on or after it the token is not accepted."""
    assert token_judged(accountless_badge(), exp=seconds(NOW) + more).code == code


@pytest.mark.parametrize(("more", "code"), [(60, None), (61, "period.not_yet")])
def test_a_token_counts_from_a_minutes_skew_before_its_time_on(more: int, code: str | None) -> None:
    assert token_judged(accountless_badge(), nbf=seconds(NOW) + more).code == code


@pytest.mark.parametrize(
    ("more", "code"), [(-SECOND, "signature.expired"), (timedelta(), None), (SECOND, None)]
)
def test_a_proof_has_expired_after_the_second_that_it_names(
    more: timedelta, code: str | None
) -> None:
    document = accountless_badge()
    signed = signature(document, expires=write_stamp(NOW + more))
    assert unanchored(secured(document, signed)).code == code


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("name", ["#!", "#~"])
def test_a_token_is_by_the_key_that_its_header_names_and_no_other(name: str, order: int) -> None:
    """A `kid` may be the name of one key and the thumbprint of another: the name counts."""
    theirs = replace(trusted_key(), id=f"{DID}{name}", key=STRANGER.public_key)
    thumb, own_thumb = thumbprint(STRANGER.public_key), thumbprint(SIGNER.public_key)
    ours = replace(trusted_key(), id=f"{DID}#{thumb}")
    for kid, own, signer, code in (
        (own_thumb, trusted_key(), SIGNER, None),
        (own_thumb, trusted_key(), STRANGER, "signature.mismatch"),
        (METHOD, trusted_key(), SIGNER, None),
        (METHOD, trusted_key(), STRANGER, "signature.mismatch"),
        (thumb, ours, SIGNER, None),
        (thumb, ours, STRANGER, "signature.mismatch"),
    ):
        trusting = replace(TRUSTING, trust=(entry(keys=(own, theirs)[::order]),))
        token = token_of(accountless_badge(), kid, signer)
        assert verify(token, Evidence(), trusting).code == code


@pytest.mark.parametrize("purpose", ["assertion", "assertionMethods", "authentication"])
def test_a_proof_for_another_purpose_is_no_assertion(purpose: str) -> None:
    document = accountless_badge()
    made = signature(document, proofPurpose=purpose, cryptosuite=suites.JCS_2022)
    assert unanchored(secured(document, made)).code == "signature.wrong_purpose"


def school_token(*methods: JsonObject, asserting: tuple[str, ...] = (KEY,)) -> Verdict:
    document = accountless_badge()
    document["issuer"]["id"] = SCHOOL
    read = Evidence(documents=(did_document(*methods, asserting=asserting),))
    return verify(token_of(document, kid=KEY), read, SIGNED_ALONE)


def test_a_token_is_by_a_key_that_its_issuers_document_lists_for_assertions() -> None:
    assert school_token(method()).outcome == "valid"
    assert school_token(method(), asserting=()).outcome != "valid"


@pytest.mark.parametrize("controller", ["did:example:other", "did:web:zz.example.org"])
def test_a_key_of_another_controller_signs_no_token_of_the_issuers(controller: str) -> None:
    assert school_token(method(controller=controller)).outcome != "valid"


def test_a_method_without_a_key_that_may_assert_is_passed_over() -> None:
    account = account_method()
    both = (KEY, account["id"])
    assert school_token(method(), account, asserting=both).outcome == "valid"
    alone = school_token(account, asserting=both[1:])
    assert alone.code == "signature.key_unresolved"


# Lists


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"validFrom": write_stamp(NOW + timedelta(minutes=1))}, None),
        ({"validFrom": write_stamp(NOW + timedelta(seconds=61))}, "status.stale"),
        ({"validUntil": write_stamp(NOW)}, None),
        ({"validUntil": write_stamp(NOW - SECOND)}, "status.stale"),
        ({"validUntil": write_stamp(NOW + SECOND)}, None),
    ],
)
def test_a_list_counts_within_its_period_to_the_second(
    changed: JsonObject, code: str | None
) -> None:
    assert by_list(status_list(**changed)).code == code


HOUR = timedelta(hours=1)
READ_AT: list[tuple[str, bool, datetime, str | None]] = [
    ("revocation", False, NOW - HOUR, None),
    ("revocation", False, NOW - HOUR - SECOND, "status.stale"),
    ("revocation", True, NOW - HOUR - SECOND, "status.revoked"),
    ("revocation", False, NOW + HOUR + SECOND, None),
    ("revocation", True, NOW + HOUR, "status.revoked"),
    ("revocation", True, NOW + HOUR + SECOND, "status.stale"),
    ("suspension", False, NOW - HOUR, None),
    ("suspension", False, NOW - HOUR - SECOND, "status.stale"),
    ("suspension", True, NOW - HOUR - SECOND, "status.stale"),
    ("suspension", False, NOW + HOUR, None),
    ("suspension", False, NOW + HOUR + SECOND, "status.stale"),
    ("suspension", True, NOW + HOUR + SECOND, "status.stale"),
]


@pytest.mark.parametrize(("purpose", "is_set", "read_at", "code"), READ_AT)
def test_a_list_tells_of_the_hour_around_its_reading_and_of_revocation_for_ever_after(
    purpose: str, read_at: datetime, code: str | None, *, is_set: bool
) -> None:
    read = status_list(*[17] * is_set, purpose=purpose, read_at=read_at)
    asked = replace(ENTRY, purpose=purpose).as_document()
    assert by_list(read, status=asked).code == code


def test_a_list_that_is_ambiguous_is_malformed_and_not_stale() -> None:
    """Only what has expired is: not whatever has a code that sorts before."""
    document = json.loads(status_list().body or b"") | {"name": None}
    assert by_list(Document(LIST, NOW, written(document))).code == "status.malformed"


@pytest.mark.parametrize("number", [3, 7])
def test_a_list_of_another_issuers_is_none_of_this_ones(number: int) -> None:
    signer = Ed25519Signer(bytes([number] * 32))
    read = status_list(signer=signer, issuer=signer.public_key.did_key)
    assert by_list(read).code == "status.malformed"


def test_eight_entries_are_judged_and_nine_are_not() -> None:
    read = Evidence(documents=(status_list(),))
    for count, code in ((8, None), (9, "status.malformed")):
        credential = several(*[ENTRY.as_document()] * count)
        assert verify(credential, read, TRUSTING).code == code


def test_of_lists_it_is_told_for_what_they_were_asked() -> None:
    message = replace(ENTRY, purpose="message").as_document()
    read = Evidence(documents=(status_list(),))
    for statuses, told in (
        ((ENTRY.as_document(), message), "no revocation in the issuer's status list"),
        ((message,), "no status that revokes"),
    ):
        verdict = verify(several(*statuses), read, TRUSTING)
        assert (verdict.outcome, step(verdict, "status").detail) == ("valid", told)


# Whose it is


@pytest.mark.parametrize("recipient", ["did:example:aaa", "did:example:zzz"])
def test_a_recipient_is_no_other_whose_id_is_near(recipient: str) -> None:
    assert unanchored(plain(), recipient=recipient).code == "holder.other_recipient"
    assert unanchored(plain(), recipient="did:example:ada").outcome == "valid"


def test_any_subject_may_be_the_recipient() -> None:
    two = plain(credentialSubject=[{"id": "did:example:grace"}, {"id": "did:example:ada"}])
    for recipient in ("did:example:grace", "did:example:ada"):
        assert unanchored(two, recipient=recipient).outcome == "valid"
