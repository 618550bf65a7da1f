"""verify(credential, evidence, policy) -> Verdict: pure, one named step after another.

`invalid` only when authenticated data refutes; whatever could not be read, resolved or understood
is `indeterminate`; `valid` only when every step is `ok`, or `skipped` because the policy says so.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from . import anchor as anchors
from . import suites
from .contract import WORD_BITS
from .credential import Credential, parse_credential
from .document import JsonObject
from .errors import InvalidArgument, Refusal
from .evidence import Agreed, Evidence, Question, agreed
from .keys import Account, Ed25519PublicKey, resolve_did_key
from .policy import Policy, TrustedKey
from .times import from_seconds, parse_stamp, write_stamp

VALID: Final = "valid"
INVALID: Final = "invalid"
INDETERMINATE: Final = "indeterminate"
OK: Final = "ok"
SKIPPED: Final = "skipped"


@dataclass(frozen=True)
class Step:
    """One step's outcome: `ok`, `skipped`, `invalid` or `indeterminate`, the latter two coded."""

    name: str
    outcome: str
    detail: str
    code: str | None = None


@dataclass(frozen=True)
class Verdict:
    """`valid`, `invalid` or `indeterminate`, the steps that led there, and facts for a person."""

    outcome: str
    steps: tuple[Step, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str | None:
        """`step.code` of the first step that has the verdict's outcome; none when valid."""
        return next(
            (f"{s.name}.{s.code}" for s in self.steps if s.outcome == self.outcome and s.code), None
        )


@dataclass
class _Case:
    """What the steps of one verification learn from one another."""

    credential: Credential
    evidence: Evidence
    policy: Policy
    hashed: suites.Hashed
    signed_by: str = ""
    signed_at: datetime | None = None
    claims: tuple[anchors.Claim, ...] = ()
    final: tuple[Agreed, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def anchor_proofs(self) -> tuple[JsonObject, ...]:
        return tuple(
            p for p in self.credential.proofs if p.get("cryptosuite") == anchors.CRYPTOSUITE
        )

    @property
    def anchor_expected(self) -> bool:
        """By policy, or because the issuer signed that its credentials are anchored."""
        return self.policy.require_anchor or bool(self.credential.accounts)


def verify(data: bytes, evidence: Evidence, policy: Policy) -> Verdict:
    """Judge the bytes of one credential file by `evidence` under `policy`; never raises."""
    try:
        credential = parse_credential(data)
        case = _Case(credential, evidence, policy, suites.Hashed(credential.document))
        form = _format(case)
    except Refusal as refusal:
        return _verdict((_refused("format", refusal),), {})
    case.facts.update(_told(credential))
    checks: tuple[tuple[str, Callable[[_Case], Step]], ...] = (
        ("signature", _signature),
        ("inclusion", _inclusion),
        ("anchor", _anchor),
        ("issuer", _issuer),
        ("status", _status),
        ("period", _period),
    )
    steps = {"format": form} | {name: _run(name, check, case) for name, check in checks}
    if steps["signature"].outcome == OK:
        steps["signature"] = _run("signature", _signature_in_force, case)
    return _verdict(tuple(steps.values()), case.facts)


def questions(data: bytes) -> tuple[Question, ...]:
    """What a verifier must read from the chain to judge `data`; nothing when it is malformed."""
    try:
        credential = parse_credential(data)
        proofs = [p for p in credential.proofs if p.get("cryptosuite") == anchors.CRYPTOSUITE]
        claims = [anchors.claim(credential.document, proof) for proof in proofs]
    except Refusal:
        return ()
    return tuple(dict.fromkeys(_question(claim) for claim in claims))


def _run(name: str, check: Callable[[_Case], Step], case: _Case) -> Step:
    try:
        return check(case)
    except Refusal as refusal:
        return _refused(name, refusal)


def _refused(name: str, refusal: Refusal) -> Step:
    if refusal.step != name:
        raise refusal
    return Step(name, refusal.outcome, refusal.detail, refusal.code)


def _verdict(steps: tuple[Step, ...], facts: Mapping[str, Any]) -> Verdict:
    outcomes = {step.outcome for step in steps}
    outcome = next((o for o in (INVALID, INDETERMINATE) if o in outcomes), VALID)
    return Verdict(outcome, steps, facts)


def _told(credential: Credential) -> dict[str, Any]:
    subject = credential.subjects[0]
    return {
        "id": credential.id,
        "issuer": credential.issuer,
        "issuer_name": credential.issuer_name,
        "achievement": subject.achievement or credential.name,
        "recipient": subject.id or ("hashed identity" if subject.identifiers else None),
    }


def _format(case: _Case) -> Step:
    """The form was checked on parsing; every term must also have a meaning where RDF is signed."""
    for proof in _signatures(case.credential):
        if _known_suite(proof):
            case.hashed.data(proof)
    return Step("format", OK, f"{case.credential.types[-1]} of the W3C data model")


def _signature(case: _Case) -> Step:
    proofs = _signatures(case.credential)
    if not proofs:
        if case.policy.require_signature:
            raise Refusal("signature", "missing", "the credential carries no signature")
        return Step("signature", SKIPPED, "not required by the policy")
    checked = [p for p in proofs if _known_suite(p)]
    for proof in checked:
        _check_proof(case, proof)
    passed_over = sorted(
        {str(p.get("cryptosuite") or p.get("type")) for p in proofs if not _known_suite(p)}
    )
    if not checked:
        raise Refusal("signature", "unknown_suite", f"no suite is known of {passed_over}")
    own = [p for p in checked if _controller(p) == case.credential.issuer]
    if not own:
        raise Refusal("signature", "not_issuer", f"signed by {_controller(checked[0])}")
    created = [parse_stamp(p["created"]) for p in own if "created" in p]
    case.signed_at = min(created) if len(created) == len(own) else None
    told = f"; passed over: {', '.join(passed_over)}" if passed_over else ""
    case.signed_by = f"{own[0]['cryptosuite']} by the issuer's key{told}"
    return Step("signature", OK, case.signed_by)


def _signatures(credential: Credential) -> list[JsonObject]:
    return [p for p in credential.proofs if p.get("cryptosuite") != anchors.CRYPTOSUITE]


def _known_suite(proof: JsonObject) -> bool:
    return proof.get("type") == suites.PROOF_TYPE and proof.get("cryptosuite") in suites.SUITES


def _controller(proof: JsonObject) -> str:
    return str(proof.get("verificationMethod")).partition("#")[0]


def _check_proof(case: _Case, proof: JsonObject) -> None:
    if proof.get("proofPurpose") != "assertionMethod":
        raise Refusal("signature", "wrong_purpose", f"made for {proof.get('proofPurpose')!r}")
    if "previousProof" in proof:
        raise Refusal("signature", "unknown_suite", "chains of proofs are not read")
    for member in ("created", "expires"):
        _proof_time(proof, member)
    expires = _proof_time(proof, "expires")
    if expires is not None and expires < case.policy.at:
        raise Refusal("signature", "expired", f"the proof expired on {write_stamp(expires)}")
    suites.verify(case.hashed, proof, _key(case, str(proof.get("verificationMethod"))))


def _proof_time(proof: JsonObject, member: str) -> datetime | None:
    if member not in proof:
        return None
    try:
        return parse_stamp(proof[member] if isinstance(proof[member], str) else "")
    except InvalidArgument as error:
        raise Refusal("signature", "malformed", f"{member}: {error}") from error


def _key(case: _Case, method: str) -> Ed25519PublicKey:
    """The verification method's key: from a trust entry, else out of the did:key itself."""
    trusted = next((key for key in _trusted_keys(case) if key.id == method), None)
    return trusted.key if trusted else resolve_did_key(method)


def _trusted_keys(case: _Case) -> Iterator[TrustedKey]:
    """What trust entries say of keys, each of its own issuer's alone."""
    for entry in case.policy.trust:
        yield from (key for key in entry.keys if key.id.partition("#")[0] == entry.did)


def _inclusion(case: _Case) -> Step:
    if not case.anchor_proofs:
        if case.anchor_expected:
            raise Refusal("inclusion", "missing", "the credential carries no anchor proof")
        return Step("inclusion", SKIPPED, "not anchored, and not required by the policy")
    case.claims = tuple(
        anchors.claim(case.credential.document, proof) for proof in case.anchor_proofs
    )
    first = case.claims[0].anchor
    return Step("inclusion", OK, f"leaf {first.index} of a tree of {first.size}")


def _anchor(case: _Case) -> Step:
    if not case.anchor_proofs:
        if case.anchor_expected:
            raise Refusal(
                "anchor", "unreachable", "without an anchor proof nothing can be looked up"
            )
        return Step("anchor", SKIPPED, "not anchored, and not required by the policy")
    if not case.claims:
        raise Refusal("anchor", "unreachable", "without an inclusion path nothing can be looked up")
    case.final = tuple(_check_claim(case, claim) for claim in case.claims)
    head = case.final[0]
    case.facts["anchored_at"] = write_stamp(from_seconds(head.word.batch.anchored_at))
    case.facts["anchored_block"] = head.word.batch.anchored_block
    case.facts["account"] = str(case.claims[0].anchor.account)
    case.facts["answered_by"] = list(head.hosts)
    case.facts["read_at_block"] = head.block.number
    return Step(
        "anchor", OK, f"block {head.word.batch.anchored_block}, {case.facts['anchored_at']}"
    )


def _check_claim(case: _Case, claim: anchors.Claim) -> Agreed:
    policy, question = case.policy, _question(claim)
    if claim.anchor.registry != policy.registry.address:
        raise Refusal("anchor", "unknown_registry", f"0x{claim.anchor.registry.hex()}")
    answer = agreed(case.evidence, question, finalized=True, quorum=policy.quorum)
    if answer.code_hash != policy.registry.code_hash:
        raise Refusal("anchor", "code_mismatch", "the contract there is not the registry")
    if answer.word.batch.anchored_at == 0:
        raise _absent(case, question, answer)
    if answer.word.batch.size != claim.anchor.size:
        raise Refusal(
            "anchor",
            "size_mismatch",
            f"the proof says {claim.anchor.size}, the chain {answer.word.batch.size}",
        )
    _check_window(case, from_seconds(answer.word.batch.anchored_at))
    return answer


def _absent(case: _Case, question: Question, final: Agreed) -> Refusal:
    try:
        newest = agreed(case.evidence, question, finalized=False, quorum=case.policy.quorum)
    except Refusal as refusal:
        return refusal
    if newest.word.batch.anchored_at != 0:
        return Refusal("anchor", "not_final", "anchored, but the block is not final yet")
    if _is_stale(case.policy, final):
        return Refusal("anchor", "not_final", "not anchored as of a final block that is too old")
    return Refusal("anchor", "not_found", "nobody anchored this content under this account")


def _check_window(case: _Case, anchored: datetime) -> None:
    if not case.signed_by:
        return
    if case.signed_at is None:
        raise Refusal("anchor", "undated", "no verified signature says when it was made")
    if anchored - case.signed_at > case.policy.anchor_window:
        raise Refusal(
            "anchor",
            "late",
            f"signed {write_stamp(case.signed_at)}, anchored only {write_stamp(anchored)}",
        )


def _issuer(case: _Case) -> Step:
    credential, policy = case.credential, case.policy
    accounts = {claim.anchor.account for claim in case.claims}
    if credential.accounts and not accounts.issubset(credential.accounts):
        raise Refusal("issuer", "unbound", "anchored by an account that the issuer did not name")
    entries = [entry for entry in policy.trust if entry.did == credential.issuer]
    if not entries:
        return _issuer_without_entry(case, accounts)
    moment = _binding_time(case)
    in_force = [
        entry
        for entry in entries
        if entry.in_force(moment) and entry.registry in (None, policy.registry.address)
    ]
    if not in_force:
        raise Refusal("issuer", "untrusted", f"not in the trust list on {write_stamp(moment)}")
    named = {account for entry in in_force for account in entry.accounts}
    if not accounts.issubset(named):
        raise Refusal("issuer", "unbound", "the trust list names other accounts of this issuer")
    case.facts["issuer_known_by"] = "trust list"
    case.facts["issuer_trusted_as"] = in_force[0].name
    return Step("issuer", OK, f"{in_force[0].name}, by your trust list")


def _issuer_without_entry(case: _Case, accounts: set[Account]) -> Step:
    if case.policy.trust:
        raise Refusal("issuer", "untrusted", f"{case.credential.issuer} is not in the trust list")
    if accounts and all(a.did_pkh == case.credential.issuer for a in accounts):
        case.facts["issuer_known_by"] = "did:pkh"
        return Step("issuer", OK, "the issuer's DID is the account that anchored")
    raise Refusal("issuer", "self_asserted", "only the credential itself says who its issuer is")


def _binding_time(case: _Case) -> datetime:
    """The anchor's time, which nobody can backdate; for what is not anchored, the time of check."""
    anchored = [from_seconds(answer.word.batch.anchored_at) for answer in case.final]
    return min(anchored, default=case.policy.at)


def _signature_in_force(case: _Case) -> Step:
    """The signature step again, now that the anchor dates it: an ended key signs nothing later."""
    moment = _binding_time(case)
    methods = {str(proof.get("verificationMethod")) for proof in case.credential.proofs}
    for key in _trusted_keys(case):
        if key.id in methods and key.until is not None and key.until <= moment:
            raise Refusal("signature", "key_revoked", f"{key.id} ended {write_stamp(key.until)}")
    return Step("signature", OK, case.signed_by)


def _status(case: _Case) -> Step:
    if not case.anchor_proofs:
        return _status_without_anchor(case)
    if len(case.final) != len(case.anchor_proofs):
        raise Refusal("status", "unreachable", "the anchor was not established, so neither is this")
    for claim, final in zip(case.claims, case.final, strict=True):
        _check_status(case, claim, final)
    return Step("status", OK, "neither revoked nor suspended")


def _status_without_anchor(case: _Case) -> Step:
    if case.anchor_expected:
        raise Refusal("status", "unreachable", "without an anchor proof there is no status to read")
    if case.credential.statuses:
        raise Refusal(
            "status", "unknown_type", f"{case.credential.statuses[0]['type']} is not read"
        )
    return Step("status", SKIPPED, "the credential has no status")


def _check_status(case: _Case, claim: anchors.Claim, final: Agreed) -> None:
    newest = _newest(case, claim, final)
    bit = 1 << (claim.anchor.index % WORD_BITS)
    for answer in (final, newest):
        _require_as_of_then(case.policy, answer, bit)
        _require_not_revoked(case, answer, bit)
    if any(a.word.batch.suspended or a.word.suspended & bit for a in (final, newest)):
        raise Refusal("status", "suspended", "suspended now; it may be reinstated")
    if _is_stale(case.policy, final):
        read = write_stamp(from_seconds(final.block.time))
        raise Refusal("status", "stale", f"the newest final block read is of {read}")


def _newest(case: _Case, claim: anchors.Claim, final: Agreed) -> Agreed:
    """What the newest block says: of the final block's own history, or it says nothing."""
    try:
        newest = agreed(case.evidence, _question(claim), finalized=False, quorum=case.policy.quorum)
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
    if not unchanged and from_seconds(batch.changed_at) > policy.at + policy.clock_skew:
        changed = write_stamp(from_seconds(batch.changed_at))
        raise Refusal("status", "stale", f"it changed on {changed}, after the time asked about")


def _require_not_revoked(case: _Case, answer: Agreed, bit: int) -> None:
    batch = answer.word.batch
    if batch.revoked_at:
        case.facts["revoked_at"] = write_stamp(from_seconds(batch.revoked_at))
        raise Refusal("status", "revoked", f"the batch, on {case.facts['revoked_at']}")
    if answer.word.revoked & bit:
        case.facts["revoked_by"] = write_stamp(from_seconds(batch.changed_at))
        raise Refusal("status", "revoked", f"on or before {case.facts['revoked_by']}")


def _is_stale(policy: Policy, answer: Agreed) -> bool:
    return policy.at - from_seconds(answer.block.time) > policy.max_age


def _period(case: _Case) -> Step:
    credential, at, skew = case.credential, case.policy.at, case.policy.clock_skew
    if credential.valid_from is not None and credential.valid_from > at + skew:
        raise Refusal("period", "not_yet", f"valid from {write_stamp(credential.valid_from)}")
    if any(from_seconds(a.word.batch.anchored_at) > at + skew for a in case.final):
        raise Refusal("period", "not_yet", "the time asked about is before the anchor")
    if credential.valid_until is not None and credential.valid_until < at:
        case.facts["expired_at"] = write_stamp(credential.valid_until)
        raise Refusal("period", "expired", f"valid until {case.facts['expired_at']}")
    return Step("period", OK, "within its period of validity")


def _question(claim: anchors.Claim) -> Question:
    return Question(claim.anchor.account, claim.root, claim.anchor.index // WORD_BITS)
