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

    Raises `Refusal` at `status`; of several, one that refutes comes before one that leaves open.
    """
    entries = list_entries(case.credential.statuses)
    refusals = [refusal for entry in entries if (refusal := _refusal(case, entry)) is not None]
    if refusals:
        raise min(refusals, key=lambda refusal: refusal.outcome != "invalid")
    purposes = " or ".join(entry.purpose for entry in entries)
    return f"no {purposes} in the issuer's status list" if entries else "no status that revokes"


def list_entries(statuses: tuple[JsonObject, ...]) -> list[StatusEntry]:
    """The entries that can take something away from a credential; raises `Refusal` at `status`."""
    if len(statuses) > MAX_STATUSES:
        raise Refusal(
            "status", "malformed", f"{len(statuses)} statuses, want at most {MAX_STATUSES}"
        )
    told = (status for status in statuses if not status_list.is_informative(status))
    return [status_list.parse_entry(status) for status in told]


def _refusal(case: Case, entry: StatusEntry) -> Refusal | None:
    try:
        document = case.evidence.document(entry.list_url)
        is_set = status_list.read_status(entry, _read_list(case, document))
        _require_of_then(case, entry, document, is_set=is_set)
    except Refusal as refusal:
        return refusal
    if not is_set:
        return None
    case.facts["status_list"] = entry.list_url
    return Refusal("status", _CODES[entry.purpose], f"says the issuer's list {entry.list_url}")


def _read_list(case: Case, document: Document) -> JsonObject:
    """The list credential, its signature and its period checked; raises `Refusal` at `status`."""
    if document.body is None:
        raise Refusal("status", "unreachable", f"{document.url}: {document.problem}")
    try:
        listed, envelope = read_presented(document.body, status_list.MAX_CREDENTIAL_BYTES)
        policy = replace(case.policy, require_signature=True, require_anchor=False)
        own = Case(listed, case.evidence, policy, case.hashed.beside(listed.document), envelope)
        signature.signature(own)
        signature.in_force(own)
    except Refusal as refusal:
        code = "malformed" if refusal.outcome == "invalid" else "unreachable"
        raise Refusal("status", code, f"{document.url}: {refusal}") from refusal
    if listed.issuer != case.credential.issuer:
        raise Refusal("status", "malformed", f"{document.url} is by another issuer")
    at, skew = case.policy.at, case.policy.clock_skew
    begun = listed.valid_from is None or listed.valid_from <= at + skew
    if not begun or (listed.valid_until is not None and listed.valid_until < at):
        raise Refusal("status", "stale", f"{document.url} is outside its period of validity")
    return listed.document


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
