"""Steps `period` and `holder`: within its time, and of the person who was asked about."""

from registry.core.errors import Refusal
from registry.core.open_badges import AchievementSubject
from registry.core.times import from_seconds, write_stamp
from registry.core.verdict import OK, Step

from .case import Case


def period(case: Case) -> Step:
    """`at` is neither before the credential, its token or its anchor, nor after its end."""
    credential, at, skew = case.credential, case.policy.at, case.policy.clock_skew
    token_from = case.envelope.not_before if case.envelope else None
    for begins in (credential.valid_from, token_from):
        if begins is not None and begins - at > skew:
            raise Refusal("period", "not_yet", f"valid from {write_stamp(begins)}")
    if any(from_seconds(a.word.batch.anchored_at) - at > skew for a in case.final):
        raise Refusal("period", "not_yet", "the time asked about is before the anchor")
    if credential.valid_until is not None and credential.valid_until < at:
        case.facts["expired_at"] = write_stamp(credential.valid_until)
        raise Refusal("period", "expired", f"valid until {case.facts['expired_at']}")
    return Step("period", OK, "within its period of validity")


def holder(case: Case) -> Step:
    """Asked only where the policy names a recipient: that one subject is that person's."""
    wanted, subjects = case.policy.recipient or "", case.credential.content.credential_subject
    if any(wanted == subject.id for subject in subjects):
        return Step("holder", OK, "its subject is the recipient that you named")
    identities = [i for s in subjects if isinstance(s, AchievementSubject) for i in s.identifier]
    if any(identity.matches(wanted) for identity in identities):
        return Step("holder", OK, "one of its identifiers is the recipient's that you named")
    if not identities and all(subject.id is None for subject in subjects):
        raise Refusal("holder", "missing", "the credential names no recipient")
    raise Refusal("holder", "other_recipient", "of somebody else than the recipient you named")
