"""Step `status`: neither revoked nor suspended, on chain or, for what is not anchored, by lists."""

from registry.core import anchor as anchors
from registry.core.contract import WORD_BITS
from registry.core.errors import Refusal
from registry.core.evidence import Agreed, agreed
from registry.core.policy import Policy
from registry.core.status_list import is_list_entry
from registry.core.times import from_seconds, write_stamp
from registry.core.verdict import OK, SKIPPED, Step

from .anchor import is_stale, question
from .case import Case
from .listed_status import check_lists


def status(case: Case) -> Step:
    """The chain alone decides for what is anchored; lists are for what is not."""
    if not case.anchor_proofs:
        return _status_without_anchor(case)
    if len(case.final) != len(case.anchor_proofs):
        raise Refusal("status", "unreachable", "the anchor was not established, so neither is this")
    for claim, final in zip(case.claims, case.final, strict=True):
        _check_status(case, claim, final)
    _require_known_types(case)
    return Step("status", OK, "neither revoked nor suspended")


def _status_without_anchor(case: Case) -> Step:
    if case.anchor_expected:
        raise Refusal("status", "unreachable", "without an anchor proof there is no status to read")
    if not case.credential.statuses:
        return Step("status", SKIPPED, "the credential has no status")
    return Step("status", OK, check_lists(case))


def _require_known_types(case: Case) -> None:
    """A list entry mirrors the chain, which was read; of another kind of status nobody knows."""
    strange = [s["type"] for s in case.credential.statuses if not is_list_entry(s)]
    if strange:
        raise Refusal("status", "unknown_type", f"a status of the type {strange[0]} is not read")


def _check_status(case: Case, claim: anchors.Claim, final: Agreed) -> None:
    newest = _newest(case, claim, final)
    bit = 1 << (claim.anchor.index % WORD_BITS)
    for answer in (final, newest):
        _require_as_of_then(case.policy, answer, bit)
        _require_not_revoked(case, answer, bit)
    if any(a.word.batch.suspended or a.word.suspended & bit for a in (final, newest)):
        raise Refusal("status", "suspended", "suspended now; it may be reinstated")
    if is_stale(case.policy, final):
        read = write_stamp(from_seconds(final.block.time))
        raise Refusal("status", "stale", f"the newest final block read is of {read}")


def _newest(case: Case, claim: anchors.Claim, final: Agreed) -> Agreed:
    """What the newest block says: of the final block's own history, or it says nothing."""
    try:
        newest = agreed(case.evidence, question(claim), finalized=False, quorum=case.policy.quorum)
    except Refusal as refusal:
        raise Refusal("status", "unreachable", refusal.detail) from refusal
    if newest.code_hash != case.policy.registry.code_hash:
        raise Refusal("status", "unreachable", "the newest block shows another contract")
    same = newest.word.batch.anchored_at == final.word.batch.anchored_at
    if newest.block.number < final.block.number or not same:
        raise Refusal("status", "unreachable", "the newest block is not after the final one")
    return newest


def _require_as_of_then(policy: Policy, answer: Agreed, bit: int) -> None:
    """A status that changed after the time asked about does not tell what it was then.

    Revocation is for ever, so "not revoked now" holds for every time before; the same goes for
    suspension where nothing in the batch ever was suspended.
    """
    batch, word = answer.word.batch, answer.word
    unchanged = not (batch.revoked_at or word.revoked & bit or batch.ever_suspended)
    if not unchanged and from_seconds(batch.changed_at) - policy.at > policy.clock_skew:
        changed = write_stamp(from_seconds(batch.changed_at))
        raise Refusal("status", "stale", f"it changed on {changed}, after the time asked about")


def _require_not_revoked(case: Case, answer: Agreed, bit: int) -> None:
    batch = answer.word.batch
    if batch.revoked_at:
        case.facts["revoked_at"] = write_stamp(from_seconds(batch.revoked_at))
        raise Refusal("status", "revoked", f"the batch, on {case.facts['revoked_at']}")
    if answer.word.revoked & bit:
        case.facts["revoked_by"] = write_stamp(from_seconds(batch.changed_at))
        raise Refusal("status", "revoked", f"on or before {case.facts['revoked_by']}")
