"""verify(credential, evidence, policy) -> Verdict: pure, one named step after another.

`invalid` only when authenticated data refutes; whatever could not be read, resolved or understood
is `indeterminate`; `valid` only when every step is `ok`, or `skipped` because the policy says so.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from . import anchor as anchors
from . import suites
from .credential import Credential
from .did import MAX_DID_DOCUMENT_BYTES
from .document import JsonObject
from .errors import InvalidArgument, Refusal
from .evidence import Evidence, Question
from .policy import Policy
from .presented import read_presented
from .status_list import MAX_CREDENTIAL_BYTES
from .steps.anchor import anchor, inclusion, question
from .steps.case import Case
from .steps.documents import document_url
from .steps.issuer import issuer
from .steps.listed_status import list_urls
from .steps.period import holder, period
from .steps.signature import controllers, in_force, signature
from .steps.status import status
from .verdict import OK, Step, Verdict, verdict_of

_STEPS: Final[tuple[tuple[str, Callable[[Case], Step]], ...]] = (
    ("signature", signature),
    ("inclusion", inclusion),
    ("anchor", anchor),
    ("issuer", issuer),
    ("status", status),
    ("period", period),
)


@dataclass(frozen=True)
class Address:
    """Where a document stands that a verifier must read, and how many bytes it may have."""

    url: str
    max_bytes: int


def verify(data: bytes, evidence: Evidence, policy: Policy) -> Verdict:
    """Judge the bytes of one credential (JSON, VC-JWT, baked picture); never raises."""
    try:
        credential, envelope = read_presented(data)
        hashed = suites.Hashed(credential.document)
        case = Case(credential, evidence, policy, hashed, envelope)
        steps = {"format": _format(case)}
    except Refusal as refusal:
        return verdict_of((_refused(refusal.step, refusal),), {})
    case.facts.update(_told(credential))
    asked = (*_STEPS, ("holder", holder)) if policy.recipient is not None else _STEPS
    steps |= {name: _run(name, check, case) for name, check in asked}
    if steps["signature"].outcome == OK:
        steps["signature"] = _run("signature", in_force, case)
    return verdict_of(tuple(steps.values()), case.facts)


def questions(data: bytes) -> tuple[Question, ...]:
    """What a verifier must read from the chain to judge `data`; nothing when it is malformed."""
    try:
        credential, _ = read_presented(data)
        proofs = [proof for proof in credential.proofs if anchors.is_anchor_proof(proof)]
        claims = anchors.claims(credential.document, proofs)
    except Refusal:
        return ()
    return tuple(dict.fromkeys(question(claim) for claim in claims))


def addresses(data: bytes) -> tuple[Address, ...]:
    """Which documents a verifier must read to judge `data`: DID documents and status lists.

    Outside data names them: whoever reads guards against addresses of its own network. Nothing
    when `data` is malformed.
    """
    try:
        credential, _ = read_presented(data)
    except Refusal:
        return ()
    chained = credential.accounts or any(map(anchors.is_anchor_proof, credential.proofs))
    lists = [] if chained else list_urls(credential.statuses)
    subjects = [credential.issuer, *controllers(credential.proofs)]
    found = [Address(url, MAX_DID_DOCUMENT_BYTES) for url in map(_url, subjects) if url]
    found += [Address(url, MAX_CREDENTIAL_BYTES) for url in lists]
    return tuple(dict.fromkeys(found))


def _url(subject: str) -> str | None:
    try:
        return document_url(subject)
    except InvalidArgument:
        return None


def _run(name: str, check: Callable[[Case], Step], case: Case) -> Step:
    try:
        return check(case)
    except Refusal as refusal:
        return _refused(name, refusal)


def _refused(name: str, refusal: Refusal) -> Step:
    if refusal.step != name:
        raise refusal
    return Step(name, refusal.outcome, refusal.detail, refusal.code)


def _told(credential: Credential) -> dict[str, Any]:
    subject = credential.subjects[0]
    return {
        "id": credential.id,
        "issuer": credential.issuer,
        "issuer_name": credential.issuer_name,
        "achievement": subject.achievement or credential.name,
        "recipient": subject.id or ("hashed identity" if subject.identifiers else None),
    }


def _format(case: Case) -> Step:
    """The form was checked on parsing; what is signed must also have a canonical form.

    Under RDF every term must have a meaning; under any suite it must not take too long.
    """
    for proof in case.signatures:
        if suites.known(proof):
            case.hashed.data(proof, _previous(case, proof))
    return Step("format", OK, f"{case.credential.types[-1]} of the W3C data model")


def _previous(case: Case, proof: JsonObject) -> list[JsonObject]:
    """The proofs that `proof` follows; none for a chain that is refused at `signature`."""
    try:
        return suites.chained(case.signatures, proof)
    except Refusal:
        return []
