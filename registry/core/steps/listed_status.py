"""The status of what is not anchored, by W3C Bitstring Status Lists (1.0, 3.2).

A list must be signed by the issuer of the credential that names it, as other verifiers ask too:
who else could say that a credential is revoked.
"""

from dataclasses import replace
from typing import Final

from registry.core import status_list
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.evidence import Document
from registry.core.keys import same_did
from registry.core.presented import read_presented
from registry.core.status_list import StatusEntry
from registry.core.times import write_stamp

from . import signature
from .case import Case

# One for each purpose is usual; every one of them costs a fetch and a signature.
MAX_STATUSES: Final = 8
_CODES: Final = {status_list.REVOCATION: "revoked", status_list.SUSPENSION: "suspended"}


def check_lists(case: Case) -> str:
    """That every list which the credential names says nothing against it; told in words.

    Each entry is judged by itself. Raises `Refusal` at `status`; of several, one that refutes comes
    before one that leaves open.
    """
    statuses = case.credential.statuses
    if len(statuses) > MAX_STATUSES:
        told = f"{len(statuses)} statuses, want at most {MAX_STATUSES}"
        raise Refusal("status", "malformed", told)
    judged = [_judged(case, status) for status in statuses]
    refusals = [item for item in judged if isinstance(item, Refusal)]
    if refusals:
        raise min(refusals, key=lambda refusal: refusal.outcome != "invalid")
    purposes = " or ".join(item for item in judged if isinstance(item, str))
    return f"no {purposes} in the issuer's status list" if purposes else "no status that revokes"


def list_urls(statuses: tuple[JsonObject, ...]) -> list[str]:
    """Where the lists stand that must be read; an entry that cannot be read hides no other."""
    if len(statuses) > MAX_STATUSES:
        return []
    return [url for status in statuses if (url := _list_url(status)) is not None]


def _list_url(status: JsonObject) -> str | None:
    try:
        entry = status_list.parse_entry(status)
    except Refusal:
        return None
    return None if entry.is_informative else entry.list_url


def _judged(case: Case, status: JsonObject) -> str | Refusal | None:
    """The purpose for which nothing is said against the credential, or what refutes it."""
    try:
        entry = status_list.parse_entry(status)
        if entry.is_informative:
            return None
        _require_clear(case, entry)
    except Refusal as refusal:
        # Anew: an exception that is kept keeps alive all that was read on the way to it.
        return Refusal(refusal.step, refusal.code, refusal.detail)
    return entry.purpose


def _require_clear(case: Case, entry: StatusEntry) -> None:
    document = case.evidence.document(entry.list_url)
    is_set = status_list.read_status(entry, _list_at(case, document))
    _require_of_then(case, entry, document, is_set=is_set)
    if is_set:
        case.facts["status_list"] = entry.list_url
        told = f"says the issuer's list {entry.list_url}"
        raise Refusal("status", _CODES[entry.purpose], told)


def _list_at(case: Case, document: Document) -> JsonObject:
    """What `_read_list` gives or raises, done once however many entries name the list."""
    if document.url not in case.lists:
        try:
            case.lists[document.url] = _read_list(case, document)
        except Refusal as refusal:
            case.lists[document.url] = Refusal(refusal.step, refusal.code, refusal.detail)
    found = case.lists[document.url]
    if isinstance(found, Refusal):
        raise Refusal(found.step, found.code, found.detail)
    return found


def _read_list(case: Case, document: Document) -> JsonObject:
    """The list credential, its signature and its period checked; raises `Refusal` at `status`."""
    if document.body is None:
        raise Refusal("status", "unreachable", f"{document.url}: {document.problem}")
    try:
        listed, envelope = read_presented(
            document.body, status_list.MAX_CREDENTIAL_BYTES, status_list.MAX_BESIDE_LIST
        )
        policy = replace(case.policy, require_signature=True)
        hashed = case.hashed.beside(listed.document, MAX_STATUSES)
        own = Case(listed, case.evidence, policy, hashed, envelope, documents=case.documents)
        signature.signature(own)
        signature.in_force(own)
    except Refusal as refusal:
        raise Refusal("status", _code_here(refusal), f"{document.url}: {refusal}") from refusal
    if not same_did(listed.issuer, case.credential.issuer):
        raise Refusal("status", "malformed", f"{document.url} is by another issuer")
    if not _is_in_period(own):
        raise Refusal("status", "stale", f"{document.url} is outside its period of validity")
    return listed.document


def _code_here(refusal: Refusal) -> str:
    """What a refusal of the list makes of the status of the credential that names it."""
    if refusal.code == "expired":
        return "stale"
    return "malformed" if refusal.outcome == "invalid" else "unreachable"


def _is_in_period(own: Case) -> bool:
    """The list's own period, and the one of a VC-JWT's signature; its end, the signature's step."""
    at, skew, until = own.policy.at, own.policy.clock_skew, own.credential.valid_until
    begins = (own.credential.valid_from, own.envelope.not_before if own.envelope else None)
    begun = all(begin is None or begin - at <= skew for begin in begins)
    return begun and (until is None or at <= until)


def _require_of_then(case: Case, entry: StatusEntry, document: Document, *, is_set: bool) -> None:
    """A list says how things stood when it was read, and keeps no history.

    A revocation is for ever: seen early it holds later, not seen late it did not hold before.
    """
    policy, for_ever = case.policy, entry.purpose == status_list.REVOCATION
    too_old = policy.at - document.read_at > policy.max_age
    too_new = document.read_at - policy.at > policy.max_age
    if (too_old and not (is_set and for_ever)) or (too_new and (is_set or not for_ever)):
        told = f"{document.url} was read on {write_stamp(document.read_at)}"
        raise Refusal("status", "stale", told)
