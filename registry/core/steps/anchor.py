"""Steps `inclusion` and `anchor`: the path leads to a root, and the account anchored that root."""

from datetime import datetime

from registry.core import anchor as anchors
from registry.core.contract import WORD_BITS
from registry.core.errors import Refusal
from registry.core.evidence import Agreed, Question, agreed
from registry.core.policy import Policy
from registry.core.times import from_seconds, write_stamp
from registry.core.verdict import OK, SKIPPED, Step

from .case import Case


def inclusion(case: Case) -> Step:
    """Each anchor proof leads to a root (anchor-proof.md, 6, steps 1 to 3)."""
    if not case.anchor_proofs:
        if case.anchor_expected:
            raise Refusal("inclusion", "missing", "the credential carries no anchor proof")
        return Step("inclusion", SKIPPED, "not anchored, and not required by the policy")
    case.claims = anchors.claims(case.credential.document, case.anchor_proofs)
    first = case.claims[0].anchor
    return Step("inclusion", OK, f"leaf {first.index} of a tree of {first.size}")


def anchor(case: Case) -> Step:
    """Each root was anchored by its account, in time (anchor-proof.md, 6, steps 4 to 8)."""
    if not case.anchor_proofs and not case.anchor_expected:
        return Step("anchor", SKIPPED, "not anchored, and not required by the policy")
    if not case.claims:
        raise Refusal("anchor", "unreachable", "without an inclusion path nothing can be looked up")
    case.final = tuple(_check_claim(case, claim) for claim in case.claims)
    head = case.final[0]
    batch = head.word.batch
    case.facts["anchored_at"] = write_stamp(from_seconds(batch.anchored_at))
    case.facts["anchored_block"] = batch.anchored_block
    case.facts["account"] = str(case.claims[0].anchor.account)
    case.facts["answered_by"] = list(head.hosts)
    case.facts["read_at_block"] = head.block.number
    return Step("anchor", OK, f"block {batch.anchored_block}, {case.facts['anchored_at']}")


def question(claim: anchors.Claim) -> Question:
    """What must be read from the chain to judge `claim`."""
    return Question(claim.anchor.account, claim.root, claim.anchor.index // WORD_BITS)


def is_stale(policy: Policy, answer: Agreed) -> bool:
    """Whether the block that was read is too old to speak of the time asked about."""
    return policy.at - from_seconds(answer.block.time) > policy.max_age


def _check_claim(case: Case, claim: anchors.Claim) -> Agreed:
    policy, asked = case.policy, question(claim)
    if claim.anchor.registry != policy.registry.address:
        raise Refusal("anchor", "unknown_registry", f"0x{claim.anchor.registry.hex()}")
    answer = agreed(case.evidence, asked, finalized=True, quorum=policy.quorum)
    if answer.code_hash != policy.registry.code_hash:
        raise Refusal("anchor", "code_mismatch", "the contract there is not the registry")
    batch = answer.word.batch
    if batch.anchored_at == 0:
        raise _absent(case, asked, answer)
    if batch.size != claim.anchor.size:
        told = f"the proof says {claim.anchor.size}, the chain {batch.size}"
        raise Refusal("anchor", "size_mismatch", told)
    _check_window(case, from_seconds(batch.anchored_at))
    return answer


def _absent(case: Case, asked: Question, final: Agreed) -> Refusal:
    try:
        newest = agreed(case.evidence, asked, finalized=False, quorum=case.policy.quorum)
    except Refusal as refusal:
        return refusal
    if newest.word.batch.anchored_at != 0:
        return Refusal("anchor", "not_final", "anchored, but the block is not final yet")
    if is_stale(case.policy, final):
        return Refusal("anchor", "not_final", "not anchored as of a final block that is too old")
    return Refusal("anchor", "not_found", "nobody anchored this content under this account")


def _check_window(case: Case, anchored: datetime) -> None:
    if not case.signed_by:
        return
    if case.signed_at is None:
        raise Refusal("anchor", "undated", "no verified signature says when it was made")
    if anchored - case.signed_at > case.policy.anchor_window:
        told = f"signed {write_stamp(case.signed_at)}, anchored only {write_stamp(anchored)}"
        raise Refusal("anchor", "late", told)
