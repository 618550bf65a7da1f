"""verify(): every code it can give, every tampering, and that it never raises."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft201909Validator  # type: ignore[import-untyped]

from registry.core import anchor, suites
from registry.core.contract import StatusWord
from registry.core.document import MAX_DOCUMENT_BYTES, JsonObject
from registry.core.errors import CODES
from registry.core.evidence import Evidence, NodeReading, Question, Quorum
from registry.core.policy import Policy, TrustEntry
from registry.core.times import MAX_SECONDS
from registry.core.verdict import Verdict
from registry.core.verify import questions, verify
from registry.lifecycle import badges
from registry.lifecycle.signing_key import Ed25519Signer

from .anchored_badges import (
    ACCOUNT,
    ANCHORED,
    BATCH,
    BATCH_REVOKED,
    BATCH_SUSPENDED,
    BIT,
    CLEAN,
    DEV_ACCOUNT,
    DID,
    HOSTS,
    INDEX,
    METHOD,
    NEVER_ANCHORED,
    NOW,
    OTHER_ACCOUNT,
    REVOKED,
    SIGNED,
    SIGNER,
    SIZE,
    STRANGER,
    SUSPENDED,
    accountless_badge,
    agreeing,
    anchor_proof,
    badge,
    codes,
    entry,
    issuer_of,
    judged,
    policy,
    reading,
    seconds,
    secured,
    signature,
    signature_options,
    signed_and_anchored,
    step,
    trusted_key,
    unsigned_badge,
    view,
    written,
)
from .each_suite import ED25519_2020, ON_P384
from .public_vectors import VECTORS, needs_vectors, read_json

SCHEMA = (
    VECTORS / "ob-schemas" / "packages" / "coverage" / "vendor"
) / "open-badges/v3_0/ob_v3p0_achievementcredential_schema.json"
SILENT = NodeReading(HOSTS[0], problem="connection refused")
SIGNATURE_ALONE = policy(require_anchor=False)


def resigned(**options: Any) -> JsonObject:
    """The badge with another signature under the same anchor: the leaf covers no signature."""
    document = unsigned_badge()
    return secured(document, signature(document, **options), anchor_proof(document))


def signed_only(document: JsonObject | None = None, **options: Any) -> JsonObject:
    base = document or accountless_badge()
    return secured(base, signature(base, **options))


def with_member(**members: Any) -> JsonObject:
    return {**badge(), **members}


def anchored_later_by(delay: timedelta) -> StatusWord:
    moment = datetime(2026, 3, 1, 9, tzinfo=UTC) + delay
    return StatusWord(replace(BATCH, anchored_at=seconds(moment)), 0, 0)


def under(credential: JsonObject, *words: StatusWord, **options: Any) -> Verdict:
    return judged(credential, agreeing(credential, *words, **options))


def asked(*nodes: NodeReading, quorum: Quorum | None = None) -> Verdict:
    return judged(badge(), Evidence(nodes), policy(quorum=quorum or Quorum()))


def unfinal(latest: StatusWord) -> Verdict:
    return under(badge(), NEVER_ANCHORED, latest)


def foreign_contract() -> Verdict:
    evidence = agreeing(badge())
    shown = [
        replace(node, finalized=view(questions(written(badge())), code_hash=bytes(32)))
        for node in evidence.nodes
    ]
    return judged(badge(), Evidence(tuple(shown)))


def another_registry() -> Verdict:
    changed = replace(policy().registry, address=bytes(20))
    return judged(badge(), under=policy(registry=changed))


def without_latest() -> Verdict:
    shown = [replace(node, latest=None) for node in agreeing(badge()).nodes]
    return judged(badge(), Evidence(tuple(shown)))


def with_status(**entry_members: Any) -> JsonObject:
    status = {"type": "BitstringStatusListEntry", **entry_members}
    return signed_only({**accountless_badge(), "credentialStatus": status})


def expired_proof() -> Verdict:
    return judged(resigned(expires="2026-05-01T00:00:00Z"))


def dated(name: str, moment: str) -> Verdict:
    document = {**unsigned_badge(), name: moment}
    return judged(signed_and_anchored(document))


def stale_final(**options: Any) -> Verdict:
    return under(badge(), **options, age=timedelta(hours=2))


def of_nobody() -> JsonObject:
    """No Open Badge, which must name somebody."""
    document = unsigned_badge() | {"type": ["VerifiableCredential"]}
    del document["credentialSubject"]["identifier"], document["awardedDate"]
    return signed_and_anchored(document)


REACHED: dict[str, Callable[[], Verdict]] = {
    "format.malformed": lambda: verify(b"{", Evidence(), policy()),
    "format.schema": lambda: judged(with_member(issuer=7)),
    "format.too_large": lambda: verify(b" " * (MAX_DOCUMENT_BYTES + 1), Evidence(), policy()),
    "format.too_deep": lambda: verify(b"[" * 65, Evidence(), policy()),
    "format.ambiguous": lambda: judged(with_member(name=None)),
    "format.unknown_context": lambda: judged(with_member(**{"@context": ["urn:x:mine"]})),
    "format.undefined_term": lambda: judged(with_member(grade="A")),
    "signature.mismatch": lambda: judged(resigned(signer=STRANGER)),
    "signature.not_issuer": lambda: judged(
        resigned(
            signer=STRANGER,
            verificationMethod=f"{STRANGER.public_key.did_key}#{STRANGER.public_key.multikey}",
        )
    ),
    "signature.wrong_purpose": lambda: judged(resigned(proofPurpose="authentication")),
    "signature.key_revoked": lambda: judged(
        badge(), under=policy(trust=(entry(keys=(trusted_key(until=ANCHORED),)),))
    ),
    "signature.malformed": lambda: judged(
        secured(unsigned_badge(), {**badge()["proof"][0], "proofValue": "z"}, badge()["proof"][1])
    ),
    "signature.expired": expired_proof,
    "signature.missing": lambda: judged(secured(unsigned_badge(), badge()["proof"][1])),
    "signature.unknown_suite": lambda: judged(
        secured(unsigned_badge(), {"type": "BbsBlsSignature2020"}, badge()["proof"][1])
    ),
    "signature.key_unresolved": lambda: judged(
        resigned(verificationMethod="did:web:school.example.org#key-1")
    ),
    "inclusion.malformed": lambda: judged(
        secured(unsigned_badge(), badge()["proof"][0], {**badge()["proof"][1], "proofValue": "u"})
    ),
    "inclusion.missing": lambda: judged(secured(unsigned_badge(), badge()["proof"][0])),
    "anchor.not_found": lambda: unfinal(NEVER_ANCHORED),
    "anchor.size_mismatch": lambda: under(
        badge(), replace(CLEAN, batch=replace(BATCH, size=SIZE + 1))
    ),
    "anchor.late": lambda: under(badge(), anchored_later_by(timedelta(days=30, seconds=1))),
    "anchor.unknown_registry": another_registry,
    "anchor.code_mismatch": foreign_contract,
    "anchor.not_final": lambda: unfinal(CLEAN),
    "anchor.unreachable": lambda: asked(
        *(replace(SILENT, host=host) for host in HOSTS),
    ),
    "anchor.disagreement": lambda: asked(
        reading(badge(), HOSTS[0]), reading(badge(), HOSTS[1], REVOKED)
    ),
    "anchor.too_few_nodes": lambda: asked(reading(badge(), HOSTS[0])),
    "anchor.undated": lambda: judged(resigned(created=None)),
    "issuer.unbound": lambda: judged(
        badge(), under=policy(trust=(entry(accounts=(OTHER_ACCOUNT,)),))
    ),
    "issuer.self_asserted": lambda: judged(badge(), under=policy(trust=())),
    "issuer.unresolved": lambda: judged(
        unsigned_badge(issuer_of(did="did:web:school.example.org")), under=policy(trust=())
    ),
    "issuer.untrusted": lambda: judged(
        badge(), under=policy(trust=(entry(did="did:web:other.example.org"),))
    ),
    "status.revoked": lambda: under(badge(), REVOKED),
    "status.suspended": lambda: under(badge(), SUSPENDED),
    "status.stale": stale_final,
    "status.unreachable": without_latest,
    "status.unknown_type": lambda: judged(
        with_status(
            statusPurpose="probation",
            statusListIndex="1",
            statusListCredential="https://a.example/1",
        ),
        Evidence(),
        SIGNATURE_ALONE,
    ),
    "status.malformed": lambda: judged(with_status(), Evidence(), SIGNATURE_ALONE),
    "period.not_yet": lambda: dated("validFrom", "2026-06-01T12:01:01Z"),
    "period.expired": lambda: dated("validUntil", "2026-06-01T11:59:59Z"),
    "holder.other_recipient": lambda: judged(
        badge(), under=policy(recipient="grace@school.example.org")
    ),
    "holder.missing": lambda: judged(of_nobody(), under=policy(recipient="ada@school.example.org")),
}
BELONG_TO_A_LATER_PART = {
    "anchor.bad_state_proof",  # evidence with state proofs
    "holder.not_bound",  # presentations
}
CODE_OUTCOMES = {
    f"{name}.{code}": outcome
    for name, outcomes in CODES.items()
    for outcome, listed in outcomes.items()
    for code in listed
}


def test_every_code_is_reached_here_or_belongs_to_a_later_part() -> None:
    assert set(REACHED).isdisjoint(BELONG_TO_A_LATER_PART)
    assert set(REACHED) | BELONG_TO_A_LATER_PART == set(CODE_OUTCOMES)


@pytest.mark.parametrize("code", REACHED)
def test_a_code_is_reached_and_makes_its_outcome(code: str) -> None:
    verdict = REACHED[code]()
    name, _, _ = code.partition(".")
    assert f"{name}.{step(verdict, name).code}" == code
    assert step(verdict, name).outcome == CODE_OUTCOMES[code]
    assert verdict.outcome != "valid"
    if CODE_OUTCOMES[code] == "invalid":
        assert (verdict.outcome, verdict.code) == ("invalid", code)


def test_the_badge_of_these_tests_is_valid_in_every_step() -> None:
    verdict = judged(badge())
    assert verdict.outcome == "valid"
    assert verdict.code is None
    assert [(s.name, s.outcome) for s in verdict.steps] == [
        (name, "ok")
        for name in ("format", "signature", "inclusion", "anchor", "issuer", "status", "period")
    ]
    facts = verdict.facts
    assert (facts["issuer"], facts["achievement"]) == (DID, "Data Preparation")
    assert (facts["anchored_at"], facts["anchored_block"]) == ("2026-03-01T10:00:00Z", 1000)
    assert facts["account"] == str(ACCOUNT)
    assert facts["answered_by"] == sorted(HOSTS)
    assert facts["issuer_trusted_as"] == "Northmere"


def test_the_status_word_asked_for_is_the_one_that_holds_the_leaf() -> None:
    (question,) = questions(written(badge()))
    root = anchor.claim(unsigned_badge(), badge()["proof"][1]).root
    assert question == Question(ACCOUNT, root, INDEX // 256)
    assert questions(b"{") == ()
    assert (
        questions(written(secured(unsigned_badge(), {**badge()["proof"][1], "id": "urn:x:y"})))
        == ()
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_order_of_the_proofs_does_not_matter(order: tuple[int, int]) -> None:
    proofs = badge()["proof"]
    assert judged(secured(unsigned_badge(), *(proofs[n] for n in order))).outcome == "valid"


# Tampering


Place = tuple[str | int, ...]


def places(value: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    if at:
        yield at, value
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*at, name))


def parent_of(credential: JsonObject, place: Place) -> Any:
    node: Any = credential
    for name in place[:-1]:
        node = node[name]
    return node


def replacements(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value, 1 if value else 0]
    if isinstance(value, str):
        return [value + "x", value[:-1] + ("b" if value.endswith("a") else "a"), "", 7, None]
    if isinstance(value, int | float):
        return [value + 1, str(value), -value, True]
    return ["x", [value], {"id": "urn:x:y"}]


def tamperings(credential: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """The credential with one thing changed, and what that was."""
    for place, value in places(credential):
        for new in replacements(value):
            changed = deepcopy(credential)
            parent_of(changed, place)[place[-1]] = new
            yield f"{place} is {new!r}", changed
        changed = deepcopy(credential)
        del parent_of(changed, place)[place[-1]]
        yield f"{place} is gone", changed
        if isinstance(place[-1], str):
            changed = deepcopy(credential)
            parent = parent_of(changed, place)
            parent[f"{place[-1]}x"] = parent.pop(place[-1])
            yield f"{place} is renamed", changed
        if isinstance(value, dict):
            for key in ("added", "id", "validUntil", "final grade"):
                if key not in value:
                    changed = deepcopy(credential)
                    parent_of(changed, (*place, key))[key] = "2030-01-01T00:00:00Z"
                    yield f"{place} has {key}", changed
        if isinstance(value, list):
            changed = deepcopy(credential)
            parent_of(changed, (*place, 0)).append("x")
            yield f"{place} has an item more", changed
            for at in range(len(value) - 1):
                changed = deepcopy(credential)
                items = parent_of(changed, (*place, at))
                items[at], items[at + 1] = items[at + 1], items[at]
                yield f"{place} is swapped at {at}", changed


def knowing(root_owner: JsonObject) -> Callable[[JsonObject], Evidence]:
    """Nodes that know one root alone, as a chain does: another root was never anchored."""
    known = set(questions(written(root_owner)))

    def said(question: Question) -> StatusWord:
        return CLEAN if question in known else NEVER_ANCHORED

    return lambda credential: agreeing(credential, said)


def test_no_single_change_of_an_anchored_credential_leaves_it_valid() -> None:
    whole = badge()
    chain = knowing(whole)
    assert judged(whole, chain(whole)).outcome == "valid"
    count = 0
    for what, changed in tamperings(whole):
        if what == "('proof',) is swapped at 0":
            continue  # a set has no order
        verdict = judged(changed, chain(changed))
        assert verdict.outcome != "valid", what
        count += 1
    assert count > 500


def test_a_signature_alone_also_stands_no_change_but_of_the_order_in_a_set() -> None:
    """RDF has sets, not arrays: what is swapped says the same."""
    whole = signed_only()
    assert judged(whole, Evidence(), SIGNATURE_ALONE).outcome == "valid"
    same = set()
    for what, changed in tamperings(whole):
        if judged(changed, Evidence(), SIGNATURE_ALONE).outcome == "valid":
            same.add(what.partition(" is ")[2].partition(" at ")[0].partition("[")[0])
    assert same == {"swapped"}


def test_with_two_signatures_a_change_of_one_is_passed_over_only_where_its_suite_is_unknown() -> (
    None
):
    issuer = issuer_of(signed_by=suites.SUITES)
    document = unsigned_badge(issuer)
    body = json.loads(badges.sign(document, issuer, SIGNER, SIGNED).body)
    whole = secured(document, *body["proof"], anchor_proof(document))
    chain = knowing(whole)
    assert judged(whole, chain(whole)).outcome == "valid"
    for at in (0, 1):
        passed_over = set()
        for what, changed in tamperings(whole["proof"][at]):
            proofs = [*whole["proof"]]
            proofs[at] = changed
            tampered = secured(document, *proofs)
            if judged(tampered, chain(tampered)).outcome == "valid":
                passed_over.add(what.split("'")[1])
        assert passed_over == {"type", "cryptosuite"}


# Evidence


def test_one_liar_of_three_changes_no_verdict() -> None:
    honest = [reading(badge(), host) for host in HOSTS[:2]]
    for lie in (REVOKED, NEVER_ANCHORED, BATCH_SUSPENDED):
        assert asked(*honest, reading(badge(), HOSTS[2], lie)).outcome == "valid"
    revoked = [reading(badge(), host, REVOKED) for host in HOSTS[:2]]
    assert asked(*revoked, reading(badge(), HOSTS[2])).code == "status.revoked"


def test_one_host_that_answers_thrice_is_one_node() -> None:
    assert asked(*[reading(badge())] * 3).code == "anchor.too_few_nodes"


def test_a_host_that_contradicts_itself_has_no_vote() -> None:
    """In whatever order its addresses are named: one of them lies."""
    twice = [reading(badge(), HOSTS[0]), reading(badge(), HOSTS[0], REVOKED)]
    honest = [reading(badge(), host) for host in HOSTS[1:]]
    for nodes in (twice, twice[::-1]):
        alone = asked(*nodes, quorum=Quorum(trust_one_node=True))
        assert alone.code == "anchor.disagreement"
        assert asked(*nodes, honest[0]).code == "anchor.disagreement"
        assert asked(*nodes, *honest).outcome == "valid"


def test_a_trusted_single_node_is_enough() -> None:
    assert asked(reading(badge()), quorum=Quorum(trust_one_node=True)).outcome == "valid"


def test_nodes_of_another_chain_say_nothing() -> None:
    others = [replace(node, chain_id=1) for node in agreeing(badge()).nodes]
    assert asked(*others).code == "anchor.unreachable"


def test_a_dev_chain_counts_only_where_it_is_accepted() -> None:
    document = unsigned_badge(issuer_of(account=DEV_ACCOUNT))
    credential = signed_and_anchored(document, DEV_ACCOUNT)
    one_node = Evidence((reading(credential),))
    trusting = policy(trust=(entry(accounts=(DEV_ACCOUNT,)),))
    assert judged(credential, one_node, trusting).code == "anchor.too_few_nodes"
    accepting = replace(trusting, quorum=Quorum(accept_dev_chain=True))
    assert judged(credential, one_node, accepting).outcome == "valid"


@pytest.mark.parametrize(
    ("word", "code"),
    [
        (REVOKED, "status.revoked"),
        (SUSPENDED, "status.suspended"),
        (BATCH_REVOKED, "status.revoked"),
        (BATCH_SUSPENDED, "status.suspended"),
        (replace(SUSPENDED, revoked=BIT), "status.revoked"),
    ],
)
def test_revoked_or_suspended_counts_at_the_final_and_at_the_newest_block(
    word: StatusWord, code: str
) -> None:
    for words in ((word, word), (CLEAN, word), (word, CLEAN)):
        assert under(badge(), *words).code == code
        assert codes(under(badge(), *words)) == {code}


def test_another_credentials_bit_does_not_count() -> None:
    others = ((1 << 256) - 1) & ~BIT
    assert under(badge(), StatusWord(BATCH, others, others)).outcome == "valid"


def test_what_is_not_anchored_is_refuted_only_by_a_fresh_final_block() -> None:
    assert unfinal(NEVER_ANCHORED).outcome == "invalid"
    old = under(badge(), NEVER_ANCHORED, NEVER_ANCHORED, age=timedelta(hours=2))
    assert (old.outcome, old.code) == ("indeterminate", "anchor.not_final")
    no_newest = [replace(reading(badge(), host, NEVER_ANCHORED), latest=None) for host in HOSTS]
    assert asked(*no_newest).outcome == "indeterminate"


def test_a_revocation_is_told_even_from_an_old_block() -> None:
    assert under(badge(), REVOKED, age=timedelta(days=2)).code == "status.revoked"


def test_another_contract_at_the_newest_block_leaves_the_status_open() -> None:
    foreign = view(questions(written(badge())), code_hash=bytes(32))
    shown = tuple(replace(node, latest=foreign) for node in agreeing(badge()).nodes)
    assert judged(badge(), Evidence(shown)).code == "status.unreachable"


def test_a_newest_block_that_does_not_follow_the_final_one_leaves_the_status_open() -> None:
    older = view(questions(written(badge())), age=timedelta(hours=3))
    shown = tuple(replace(node, latest=older) for node in agreeing(badge()).nodes)
    assert judged(badge(), Evidence(shown)).code == "status.unreachable"
    assert under(badge(), CLEAN, NEVER_ANCHORED).code == "status.unreachable"


def test_what_changed_after_the_time_asked_about_does_not_tell_what_was_then() -> None:
    asked_at = NOW - timedelta(hours=1)
    changed = replace(BATCH, changed_at=seconds(NOW) - 60)
    ever = replace(changed, flags=2)
    for word in (StatusWord(changed, BIT, 0), StatusWord(ever, 0, 0), StatusWord(ever, 0, BIT)):
        verdict = judged(badge(), agreeing(badge(), word), policy(at=asked_at))
        assert (verdict.outcome, verdict.code) == ("indeterminate", "status.stale")


def test_what_is_not_revoked_now_never_was() -> None:
    others_changed = StatusWord(replace(BATCH, changed_at=seconds(NOW) - 60), BIT << 1, 0)
    verdict = judged(
        badge(), agreeing(badge(), others_changed), policy(at=NOW - timedelta(hours=1))
    )
    assert verdict.outcome == "valid"


# Trust


def test_the_anchors_time_decides_whether_an_entry_is_in_force() -> None:
    second = timedelta(seconds=1)
    for changed, outcome in (
        ({"valid_from": ANCHORED}, "valid"),
        ({"valid_from": ANCHORED + second}, "indeterminate"),
        ({"valid_until": ANCHORED + second}, "valid"),
        ({"valid_until": ANCHORED}, "indeterminate"),
    ):
        verdict = judged(badge(), under=policy(trust=(entry(**changed),)))
        assert verdict.outcome == outcome, changed
        assert outcome == "valid" or verdict.code == "issuer.untrusted"


def test_of_several_entries_of_one_issuer_any_in_force_serves() -> None:
    past = entry(accounts=(OTHER_ACCOUNT,), valid_until=ANCHORED)
    assert judged(badge(), under=policy(trust=(past, entry()))).outcome == "valid"
    other_account_now = entry(accounts=(OTHER_ACCOUNT,))
    both = policy(trust=(entry(valid_until=ANCHORED), other_account_now))
    assert judged(badge(), under=both).code == "issuer.unbound"


def test_an_entry_for_another_registry_does_not_serve() -> None:
    here = entry(registry=policy().registry.address)
    assert judged(badge(), under=policy(trust=(here,))).outcome == "valid"
    elsewhere = entry(registry=bytes(20))
    assert judged(badge(), under=policy(trust=(elsewhere,))).code == "issuer.untrusted"


def test_a_key_counts_until_the_moment_it_ended() -> None:
    after = entry(keys=(trusted_key(until=ANCHORED + timedelta(seconds=1)),))
    assert judged(badge(), under=policy(trust=(after,))).outcome == "valid"
    before = entry(keys=(trusted_key(until=ANCHORED),))
    assert judged(badge(), under=policy(trust=(before,))).code == "signature.key_revoked"


def test_without_an_anchor_a_key_that_has_ended_signs_nothing() -> None:
    ended = entry(keys=(trusted_key(until=NOW - timedelta(days=1)),))
    trusting = policy(trust=(ended,), require_anchor=False)
    assert judged(signed_only(), Evidence(), trusting).code == "signature.key_revoked"


def test_a_trusted_issuer_has_no_say_about_the_keys_of_another() -> None:
    """Its card could else bring a key of its own, or an end, under the other's name."""
    method = f"{DID}#stolen"
    forged = resigned(signer=STRANGER, verificationMethod=method)
    other = entry(
        name="Other",
        did="did:web:other.example.org",
        keys=(replace(trusted_key(), id=method, key=STRANGER.public_key),),
    )
    verdict = judged(forged, under=policy(trust=(entry(), other)))
    assert verdict.code == "signature.key_unresolved"
    ending = replace(other, keys=(trusted_key(until=ANCHORED),))
    assert judged(badge(), under=policy(trust=(entry(), ending))).outcome == "valid"
    own = entry(keys=(replace(trusted_key(), id=method, key=STRANGER.public_key),))
    assert judged(forged, under=policy(trust=(own,))).outcome == "valid"


def test_a_key_counts_only_while_an_entry_that_lists_it_is_in_force() -> None:
    """Else a retired key, stolen later, would sign under the issuer's present entry."""
    second = timedelta(seconds=1)
    present = entry(keys=(replace(trusted_key(), id=f"{DID}#new", key=STRANGER.public_key),))
    for end, code in ((ANCHORED + second, None), (ANCHORED, "signature.key_unresolved")):
        past = entry(keys=(trusted_key(),), valid_until=end)
        assert judged(badge(), under=policy(trust=(past, present))).code == code
    again = entry(keys=(trusted_key(),))
    assert judged(badge(), under=policy(trust=(past, again))).outcome == "valid"
    renamed = entry(keys=(replace(trusted_key(), key=STRANGER.public_key),))
    both = policy(trust=(past, renamed))
    assert judged(badge(), under=both).code == "signature.key_unresolved"
    alone = policy(trust=(past, present), require_anchor=False)
    assert judged(signed_only(), Evidence(), alone).code == "signature.key_unresolved"


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_keys_under_one_id_whichever_signed_counts_in_whatever_order(order: int) -> None:
    """A key renewed under its name: each counts while an entry that lists it is in force."""

    def code_of(*entries: TrustEntry, by: Any = SIGNER) -> str | None:
        return judged(resigned(signer=by), under=policy(trust=entries[::order])).code

    second = timedelta(seconds=1)
    theirs = replace(trusted_key(), key=STRANGER.public_key)
    for end, codes_of in (
        (ANCHORED + second, (None, "signature.key_unresolved")),
        (ANCHORED, ("signature.key_unresolved", None)),
    ):
        past = entry(keys=(trusted_key(),), valid_until=end)
        present = entry(keys=(theirs,), valid_from=end)
        assert (code_of(past, present), code_of(past, present, by=STRANGER)) == codes_of
    one = entry(keys=(trusted_key(), theirs))
    assert (code_of(one), code_of(one, by=STRANGER)) == (None, None)
    assert code_of(one, by=Ed25519Signer(bytes(32))) == "signature.mismatch"
    on_p384 = replace(theirs, key=ON_P384.public_key)
    assert code_of(entry(keys=(on_p384, trusted_key()))) is None
    assert code_of(entry(keys=(on_p384, trusted_key())), by=STRANGER) == "signature.mismatch"


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_ends_of_a_key_the_earliest_in_force_counts(order: int) -> None:
    ended, open_ended = entry(keys=(trusted_key(until=ANCHORED),)), entry(keys=(trusted_key(),))
    both = policy(trust=(ended, open_ended)[::order])
    assert judged(badge(), under=both).code == "signature.key_revoked"
    former = replace(ended, valid_until=ANCHORED)
    assert judged(badge(), under=policy(trust=(former, open_ended)[::order])).outcome == "valid"


def test_keys_of_an_entry_that_name_no_method_leave_no_door_open() -> None:
    """A file with such a key is refused; a policy that was made otherwise trusts nothing by it."""
    for name in ("#key-1", "key-1", "did:web:other.example.org#key-1", ""):
        misnamed = entry(keys=(replace(trusted_key(), id=name),))
        code = judged(badge(), under=policy(trust=(misnamed,))).code
        assert code == "signature.key_unresolved"


def test_an_account_that_the_issuer_did_not_sign_for_is_unbound() -> None:
    document = unsigned_badge()
    credential = signed_and_anchored(document, OTHER_ACCOUNT)
    both = policy(trust=(entry(accounts=(ACCOUNT, OTHER_ACCOUNT)),))
    assert judged(credential, under=both).code == "issuer.unbound"


def test_an_issuer_that_is_the_account_needs_no_list_and_no_other_signature() -> None:
    document = unsigned_badge(issuer_of(did=ACCOUNT.did_pkh))
    credential = secured(document, anchor_proof(document))
    verdict = judged(credential, under=policy(trust=()))
    assert verdict.outcome == "valid"
    assert "stands for a signature" in step(verdict, "signature").detail
    assert verdict.facts["issuer_known_by"] == "did:pkh"
    assert judged(credential, under=policy()).code == "issuer.untrusted"
    helped = secured(document, signature(document), anchor_proof(document))
    assert judged(helped, under=policy(trust=())).outcome == "valid"


def test_a_did_pkh_is_compared_as_the_account_that_it_is() -> None:
    """With the capitals of a checksum or without, in the credential and in the trust list."""
    plain = ACCOUNT.did_pkh
    spellings = (plain, plain.replace("0xab", "0xAb"))
    for did in spellings:
        document = unsigned_badge(issuer_of(did=did))
        credential = secured(document, anchor_proof(document))
        for trust, known_by in (
            *(((entry(did=listed),), "trust list") for listed in spellings),
            ((), "did:pkh"),
        ):
            for required in (True, False):
                chosen = policy(trust=trust, require_signature=required)
                verdict = judged(credential, under=chosen)
                assert (verdict.outcome, verdict.facts["issuer_known_by"]) == ("valid", known_by)
        other = policy(trust=(entry(did=OTHER_ACCOUNT.did_pkh),))
        assert judged(credential, under=other).code == "issuer.untrusted"


def test_anothers_anchor_is_no_signature_of_an_issuer_that_is_an_account() -> None:
    document = unsigned_badge(issuer_of(did=ACCOUNT.did_pkh))
    del document["issuer"]["otherIdentifier"]
    stranger = secured(document, anchor_proof(document, OTHER_ACCOUNT))
    verdict = judged(stranger, under=policy(trust=()))
    assert codes(verdict) == {"signature.missing", "issuer.unbound"}
    both = secured(document, anchor_proof(document), anchor_proof(document, OTHER_ACCOUNT))
    assert "signature.missing" in codes(judged(both, under=policy(trust=())))
    signed = secured(document, signature(document), anchor_proof(document, OTHER_ACCOUNT))
    assert "signature.not_issuer" in codes(judged(signed, under=policy(trust=())))


# Proof sets


def test_of_several_anchors_the_worst_counts() -> None:
    document = accountless_badge()
    second = anchor_proof(document, OTHER_ACCOUNT, size=1, index=0)
    credential = secured(document, signature(document), anchor_proof(document), second)
    trusting = policy(trust=(entry(accounts=(ACCOUNT, OTHER_ACCOUNT)),))

    def with_second(word: StatusWord) -> Verdict:
        single = replace(word, batch=replace(word.batch, size=1 if word.batch.size else 0))
        evidence = agreeing(credential, lambda q: single if q.account == OTHER_ACCOUNT else CLEAN)
        return judged(credential, evidence, trusting)

    assert with_second(CLEAN).outcome == "valid"
    assert with_second(StatusWord(BATCH, 1, 0)).code == "status.revoked"
    assert with_second(StatusWord(BATCH, 0, 1)).code == "status.suspended"
    assert with_second(NEVER_ANCHORED).code == "anchor.not_found"
    assert with_second(anchored_later_by(timedelta(days=31))).code == "anchor.late"
    assert judged(credential, agreeing(credential)).code == "anchor.size_mismatch"


def test_an_unknown_suite_is_named_and_passed_over() -> None:
    document = unsigned_badge()
    unknown = {"type": "DataIntegrityProof", "cryptosuite": "mldsa44-jcs-2024", "proofValue": "u"}
    verdict = judged(secured(document, unknown, *badge()["proof"]))
    assert verdict.outcome == "valid"
    assert "mldsa44-jcs-2024" in step(verdict, "signature").detail


def test_one_bad_proof_of_a_known_suite_spoils_the_set() -> None:
    document = unsigned_badge()
    bad = signature(document, STRANGER, cryptosuite=suites.JCS_2022)
    assert judged(secured(document, *badge()["proof"], bad)).code == "signature.mismatch"


def test_a_strangers_good_proof_beside_the_issuers_is_borne_alone_it_is_not() -> None:
    document = unsigned_badge()
    key = STRANGER.public_key
    theirs = signature(document, STRANGER, verificationMethod=f"{key.did_key}#{key.multikey}")
    assert judged(secured(document, theirs, *badge()["proof"])).outcome == "valid"
    alone = judged(secured(document, theirs, badge()["proof"][1]))
    assert alone.code == "signature.not_issuer"


def test_a_chain_of_proofs_holds_as_a_whole() -> None:
    document = unsigned_badge()
    first = signature(document, id="urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544")
    options = signature_options(previousProof=first["id"], cryptosuite=suites.JCS_2022)
    second = suites.sign(suites.Hashed(document), options, SIGNER, [first])
    anchored = badge()["proof"][1]
    assert judged(secured(document, first, second, anchored)).outcome == "valid"
    assert judged(secured(document, second, anchored)).code == "signature.malformed"
    other = {**first, "created": "2026-03-01T09:00:01Z"}
    assert judged(secured(document, other, second, anchored)).code == "signature.mismatch"


def test_a_proof_that_follows_an_undefined_one_gets_a_verdict() -> None:
    document = unsigned_badge()
    first = signature(document, id="urn:x:first")
    second = {**signature(document), "previousProof": "urn:x:first"}
    odd = {**first, "grade": "A"}
    verdict = judged(secured(document, odd, second, badge()["proof"][1]))
    assert (verdict.outcome, verdict.code) == ("indeterminate", "format.undefined_term")


@pytest.mark.parametrize("require_signature", [True, False])
@pytest.mark.parametrize("require_anchor", [True, False])
def test_a_stripped_anchor_is_never_valid_where_the_issuer_promised_one(
    *, require_signature: bool, require_anchor: bool
) -> None:
    stripped = secured(unsigned_badge(), badge()["proof"][0])
    lenient = policy(require_signature=require_signature, require_anchor=require_anchor)
    for evidence in (Evidence(), agreeing(badge())):
        verdict = judged(stripped, evidence, lenient)
        assert verdict.outcome == "indeterminate"
        assert verdict.code == "inclusion.missing"


def test_what_promises_no_anchor_is_valid_without_where_the_policy_asks_for_none() -> None:
    verdict = judged(signed_only(), Evidence(), SIGNATURE_ALONE)
    assert verdict.outcome == "valid"
    skipped = {s.name for s in verdict.steps if s.outcome == "skipped"}
    assert skipped == {"inclusion", "anchor", "status"}
    assert judged(signed_only(), Evidence()).code == "inclusion.missing"


@pytest.mark.parametrize("trust", [(), (entry(),), (entry(keys=(trusted_key(),)),)])
def test_an_unsigned_unanchored_credential_is_never_valid(trust: tuple[TrustEntry, ...]) -> None:
    """Whatever the policy: anybody could have written it in a trusted issuer's name."""
    nothing = policy(require_anchor=False, require_signature=False, trust=trust)
    bare = accountless_badge()
    assert judged(bare, Evidence(), nothing).code == "issuer.self_asserted"


@pytest.mark.parametrize(
    ("delay", "outcome"),
    [
        (timedelta(days=30), "valid"),
        (timedelta(days=30, seconds=1), "invalid"),
        (timedelta(hours=-1), "valid"),
    ],
)
def test_an_anchor_comes_at_most_thirty_days_after_the_signature(
    delay: timedelta, outcome: str
) -> None:
    assert under(badge(), anchored_later_by(delay)).outcome == outcome


def test_the_anchor_proofs_own_date_does_not_date_the_signature() -> None:
    undated = resigned(created=None)
    assert judged(undated).outcome == "indeterminate"
    assert codes(judged(undated)) == {"anchor.undated", "status.unreachable"}


def test_one_undated_signature_of_the_issuers_leaves_the_set_undated() -> None:
    document = unsigned_badge()
    undated = signature(document, cryptosuite=suites.JCS_2022, created=None)
    assert judged(secured(document, undated, *badge()["proof"])).code == "anchor.undated"


@pytest.mark.parametrize("suite", suites.SUITES)
def test_either_suite_serves(suite: str) -> None:
    assert judged(resigned(cryptosuite=suite)).outcome == "valid"


@pytest.mark.parametrize(
    ("name", "moment", "code"),
    [
        ("validFrom", "2026-06-01T12:01:00Z", None),
        ("validFrom", "2026-06-01T12:01:01Z", "period.not_yet"),
        ("validUntil", "2026-06-01T12:00:00Z", None),
        ("validUntil", "2026-06-01T11:59:59Z", "period.expired"),
    ],
)
def test_the_period_is_kept_to_the_second_but_for_a_minutes_skew(
    name: str, moment: str, code: str | None
) -> None:
    assert dated(name, moment).code == code


def test_before_its_anchor_a_credential_is_not_yet_valid() -> None:
    early = policy(at=ANCHORED - timedelta(minutes=2))
    assert judged(badge(), under=early).code == "period.not_yet"


def test_invalid_beats_indeterminate() -> None:
    verdict = judged(badge(), agreeing(badge(), REVOKED), policy(trust=()))
    assert codes(verdict) == {"issuer.self_asserted", "status.revoked"}
    assert (verdict.outcome, verdict.code) == ("invalid", "status.revoked")


@pytest.mark.parametrize(
    "method",
    [
        f"{DID}#",
        f"{DID} ",
        f"{DID}#key-1",
        f"{METHOD}#",
        f"{METHOD} ",
        f"did:web:school.example.org#{SIGNER.public_key.multikey}",
        f"did:example:ada#{SIGNER.public_key.multikey}",
        f"{SIGNER.public_key.multikey}#{SIGNER.public_key.multikey}",
        "did:key:z6Mk#z6Mk",
    ],
)
def test_a_method_that_no_document_has_is_unresolved(method: str) -> None:
    verdict = judged(resigned(cryptosuite=suites.JCS_2022, verificationMethod=method))
    assert codes(verdict) >= {"signature.key_unresolved"}
    assert verdict.outcome == "indeterminate"


def test_a_did_key_alone_is_its_one_key() -> None:
    """So the validator of 1EdTech reads it; the trust list's name of the key is the whole one."""
    for suite in (suites.JCS_2022, suites.RDFC_2022):
        bare = resigned(cryptosuite=suite, verificationMethod=DID)
        assert judged(bare).outcome == "valid"
        listed = policy(trust=(entry(keys=(trusted_key(),)),))
        assert judged(bare, under=listed).outcome == "valid"
    theirs = resigned(signer=STRANGER, verificationMethod=STRANGER.public_key.did_key)
    assert judged(theirs).code == "signature.not_issuer"


def remade(**members: Any) -> JsonObject:
    """The badge with members of its signature put in place, or taken out (None), afterwards."""
    signed, anchored = badge()["proof"]
    changed = {name: item for name, item in (signed | members).items() if item is not None}
    return secured(unsigned_badge(), changed, anchored)


ODD_PROOFS: dict[str, JsonObject] = {
    **{
        f"no {name}": {name: None}
        for name in ("type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue")
    },
    "an empty method": {"verificationMethod": "", "cryptosuite": suites.JCS_2022},
    "no created in the older type": {
        "type": suites.ED25519_SIGNATURE_2020, "cryptosuite": None, "created": None,
    },
}  # fmt: skip


@pytest.mark.parametrize("members", ODD_PROOFS.values(), ids=ODD_PROOFS)
def test_a_proof_without_a_member_that_its_suite_asks_for_is_malformed(
    members: JsonObject,
) -> None:
    """Of a plain credential; the schema of Open Badges asks for `type` itself."""
    document = {**minimal_credential(), "proof": remade(**members)["proof"][0]}
    document["@context"] = [*document["@context"], ED25519_2020]
    verdict = judged(document, under=SIGNATURE_ALONE)
    assert verdict.code == "signature.malformed"
    assert "missing or no text" in step(verdict, "signature").detail


@pytest.mark.parametrize(
    ("member", "value"),
    [
        *(
            (name, value)
            for name in ("type", "cryptosuite", "verificationMethod", "proofPurpose", "proofValue")
            for value in (7, ["x"], {"id": "urn:x:y"}, True)
        ),
        *(("created", value) for value in (7, ["2026-01-01T00:00:00Z"])),
        *(("expires", value) for value in (7, {"at": "2026-01-01T00:00:00Z"}, "never")),
    ],
)
def test_a_members_of_another_json_type_makes_a_proof_malformed(member: str, value: Any) -> None:
    proof = {**remade(**{member: value})["proof"][0]}
    if proof["cryptosuite"] == suites.RDFC_2022:
        proof["cryptosuite"] = suites.JCS_2022
    document = {**minimal_credential(), "proof": proof}
    verdict = judged(document, under=SIGNATURE_ALONE)
    assert verdict.code == "signature.malformed"
    detail = step(verdict, "signature").detail
    assert not {"None", "'", "True"} & set(detail.split())


@pytest.mark.parametrize(
    "proof",
    [
        {"type": "Foo2030"},
        {"type": "Foo2030", "jws": "a..b", "verificationMethod": {"id": "urn:x:y"}},
        {"type": "DataIntegrityProof", "cryptosuite": "bbs-2023"},
        {"type": "Ed25519Signature2020", "cryptosuite": "eddsa-jcs-2022"},
    ],
)
def test_of_an_unknown_suite_nothing_is_asked_but_its_name(proof: JsonObject) -> None:
    document = {**minimal_credential(), "proof": proof}
    assert judged(document, under=SIGNATURE_ALONE).code == "signature.unknown_suite"


def minimal_credential() -> JsonObject:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "credentialSubject": {"id": "did:example:ada"},
    }


# It never raises


OUTCOMES = {"valid", "invalid", "indeterminate"}
POLICIES = st.sampled_from(
    [policy(), policy(trust=()), SIGNATURE_ALONE, policy(require_signature=False)]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*badge(), "id", "cryptosuite", "proofValue", "created"])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.binary(max_size=300), POLICIES)
def test_any_bytes_get_a_verdict(data: bytes, chosen: Policy) -> None:
    assert verify(data, Evidence(), chosen).outcome in OUTCOMES - {"valid"}


@settings(deadline=None)
@given(JSON, POLICIES)
def test_any_json_gets_a_verdict(value: Any, chosen: Policy) -> None:
    data = json.dumps(value).encode()
    assert verify(data, Evidence(), chosen).outcome in OUTCOMES - {"valid"}


PLACES = [place for place, _ in places(badge())]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), JSON, POLICIES)
def test_a_credential_with_anything_anywhere_gets_a_verdict(
    place: Place, value: Any, chosen: Policy
) -> None:
    changed = badge()
    parent_of(changed, place)[place[-1]] = value
    data = json.dumps(changed).encode()
    asked_of = questions(data)
    shown = view(asked_of)
    nodes = tuple(NodeReading(host, ACCOUNT.chain_id, shown, shown) for host in HOSTS)
    assert verify(data, Evidence(nodes), chosen).outcome in OUTCOMES


BEYOND = st.sampled_from([-1, 0, MAX_SECONDS, MAX_SECONDS + 1, (1 << 40) - 1, 1 << 256])


@settings(deadline=None)
@given(
    times=st.fixed_dictionaries(dict.fromkeys(("anchored_at", "changed_at", "revoked_at"), BEYOND)),
    block_time=BEYOND,
    at=st.sampled_from([NOW, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)]),
)
def test_any_times_of_the_chain_get_a_verdict(
    times: dict[str, int], block_time: int, at: datetime
) -> None:
    """Evidence may come out of a file: forty bits hold times that no calendar names."""
    word = replace(REVOKED, batch=replace(BATCH, **times))
    nodes = agreeing(badge(), word).nodes
    final = nodes[0].finalized
    assert final is not None
    moved = replace(final, block=replace(final.block, time=block_time))
    evidence = Evidence(tuple(replace(node, finalized=moved) for node in nodes))
    verdict = judged(badge(), evidence, policy(at=at))
    assert verdict.outcome in OUTCOMES - {"valid"}
    told = [block_time, *times.values()]
    if not all(0 <= time <= MAX_SECONDS for time in told):
        assert "anchor.unreachable" in codes(verdict)


def test_an_answer_with_a_time_that_no_calendar_names_is_no_answer() -> None:
    odd = replace(CLEAN, batch=replace(BATCH, changed_at=MAX_SECONDS + 1))
    three = (reading(badge(), HOSTS[0], odd), *agreeing(badge()).nodes[1:])
    assert judged(badge(), Evidence(three)).outcome == "valid"
    assert judged(badge(), agreeing(badge(), odd)).code == "anchor.unreachable"


# Others read it too


@needs_vectors
@pytest.mark.parametrize("signed_by", [suites.SUITES, (suites.RDFC_2022,), (suites.JCS_2022,)])
@pytest.mark.parametrize("anchor_first", [True, False])
def test_an_issued_credential_with_all_its_proofs_fits_the_open_badges_schema(
    signed_by: tuple[str, ...], *, anchor_first: bool
) -> None:
    issuer = issuer_of(signed_by=signed_by)
    document = unsigned_badge(issuer)
    proofs = json.loads(badges.sign(document, issuer, SIGNER, SIGNED).body)["proof"]
    anchored = anchor_proof(document)
    ordered = [anchored, *proofs] if anchor_first else [*proofs, anchored]
    credential = secured(document, *ordered)
    validator = Draft201909Validator(read_json(SCHEMA))
    validator.validate(json.loads(written(credential)))
    assert not validator.is_valid({**credential, "issuer": 7})
    assert judged(credential).outcome == "valid"


def test_the_signature_of_an_issued_badge_is_by_the_method_of_its_issuer() -> None:
    assert badge()["proof"][0]["verificationMethod"] == METHOD
