"""Step `signature`: the issuer's key signed exactly this, and had not ended when it did."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from registry.core import suites
from registry.core.did import DidDocument, VerificationMethod
from registry.core.document import JsonObject
from registry.core.errors import InvalidArgument, Refusal, shown
from registry.core.jose import (
    EnvelopedCredential,
    choose_key,
    verification_method,
    verify_signature,
)
from registry.core.keys import same_did
from registry.core.policy import TrustedKey, TrustEntry
from registry.core.times import parse_stamp, write_stamp
from registry.core.verdict import OK, SKIPPED, Step

from .case import Case, SigningKey
from .documents import document_of

_DID_KEY: Final = "did:key:"
_BARE_DID_KEY: Final = re.compile(r"did:key:z[1-9A-Za-z]+", re.ASCII)
_ANCHOR_SIGNS: Final = "the issuer is the account itself: its anchor stands for a signature"


@dataclass(frozen=True)
class _Signature:
    """One signature that holds: in which suite, by whose key, and when it says it was made."""

    suite: str
    key: SigningKey
    made_at: datetime | None

    @property
    def controller(self) -> str:
        return _controller(self.key.method)


def signature(case: Case) -> Step:
    """Every signature of a known suite must hold, and one of them must be the issuer's.

    An issuer that is an account (did:pkh) signs by anchoring: only it can record under its name.
    """
    for proof in case.signatures:
        suites.require_form(proof)
    signatures = [_check_proof(case, proof) for proof in case.signatures if suites.known(proof)]
    if case.envelope is not None:
        signatures.insert(0, _check_envelope(case, case.envelope))
    case.signed_with = tuple(item.key for item in signatures)
    own = [item for item in signatures if same_did(item.controller, case.credential.issuer)]
    if not own:
        return _without_issuers(case, signatures)
    passed_over = sorted({suites.name(p) for p in case.signatures if not suites.known(p)})
    dates = [item.made_at for item in own if item.made_at is not None]
    case.signed_at = min(dates) if len(dates) == len(own) else None
    told = f"; passed over: {', '.join(passed_over)}" if passed_over else ""
    case.signed_by = f"{own[0].suite} by the issuer's key{told}"
    return Step("signature", OK, case.signed_by)


def _without_issuers(case: Case, signatures: Sequence[_Signature]) -> Step:
    if case.anchored_by_issuer:
        return Step("signature", OK, _ANCHOR_SIGNS)
    if signatures:
        raise Refusal("signature", "not_issuer", f"signed by {signatures[0].controller}")
    if case.signatures:
        unknown = sorted({suites.name(proof) for proof in case.signatures})
        raise Refusal("signature", "unknown_suite", f"not known: {', '.join(map(shown, unknown))}")
    if case.policy.require_signature:
        raise Refusal("signature", "missing", "the credential carries no signature")
    return Step("signature", SKIPPED, "not required by the policy")


def in_force(case: Case) -> Step:
    """The step again, now that the anchor dates the credential: an ended key signs nothing later.

    Key times are those of the trust list, or `revoked` and `expires` of the DID document.
    """
    moment = case.established
    for key in case.signed_with:
        until = _end(case, key, moment)
        if until is not None and until <= moment:
            ended = f"{key.method} ended {write_stamp(until)}"
            raise Refusal("signature", "key_revoked", ended)
    return Step("signature", OK, case.signed_by or _ANCHOR_SIGNS)


def _end(case: Case, key: SigningKey, moment: datetime) -> datetime | None:
    """When the key ended: the earliest that an entry in force at `moment` says, where any lists it.

    Raises `Refusal` where entries list the controller's keys and none that is in force this one.
    """
    listed = _listed_keys(case, _controller(key.method))
    if not listed:
        return key.until
    named = (key.method, key.key)
    said = [
        trusted.until
        for entry, trusted in listed
        if entry.in_force(moment) and (trusted.id, trusted.key) == named
    ]
    if not said:
        told = f"your trust list does not name this {key.method} on {write_stamp(moment)}"
        raise Refusal("signature", "key_unresolved", told)
    return min((end for end in said if end is not None), default=None)


def controllers(proofs: tuple[JsonObject, ...]) -> list[str]:
    """Whose documents must be read to check `proofs`."""
    known = [proof for proof in proofs if suites.known(proof)]
    return [_controller(str(proof.get("verificationMethod"))) for proof in known]


def _controller(method: str) -> str:
    return method.partition("#")[0]


def _check_proof(case: Case, proof: JsonObject) -> _Signature:
    if proof.get("proofPurpose") != "assertionMethod":
        raise Refusal("signature", "wrong_purpose", f"made for {shown(proof.get('proofPurpose'))}")
    created, expires = (_time(proof, member) for member in ("created", "expires"))
    if expires is not None and expires < case.policy.at:
        raise Refusal("signature", "expired", f"the proof expired on {write_stamp(expires)}")
    previous = suites.chained(case.signatures, proof)
    key = _one_that_fits(
        _signing_keys(case, _method(proof["verificationMethod"])),
        lambda key: suites.verify(case.hashed, proof, key.key, previous),
    )
    return _Signature(suites.name(proof), key, created)


def _method(url: str) -> str:
    """The URL of a verification method; a did:key alone, which is one key, names that key.

    By Controlled Identifiers 1.0, 3.3 a URL without a fragment names no method; the validator of
    1EdTech reads this one all the same, and it can mean nothing else.
    """
    return f"{url}#{url.removeprefix(_DID_KEY)}" if _BARE_DID_KEY.fullmatch(url) else url


def _check_envelope(case: Case, envelope: EnvelopedCredential) -> _Signature:
    issuer = case.credential.issuer

    def check(key: SigningKey) -> None:
        choose_key(envelope, issuer, {key.method: key.key})
        verify_signature(envelope, key.key)

    named = verification_method(envelope, issuer)
    keys = _keys_of(case, issuer)
    own = [key for key in keys if key.method == named] or keys
    if not own:
        choose_key(envelope, issuer, {})
    key = _one_that_fits(own, check)
    expires = envelope.expires
    if expires is not None and expires <= case.policy.at:
        raise Refusal("signature", "expired", f"the token expired on {write_stamp(expires)}")
    return _Signature(f"VC-JWT {envelope.algorithm}", key, None)


def _one_that_fits(keys: Sequence[SigningKey], check: Callable[[SigningKey], None]) -> SigningKey:
    """The key with which `check` holds: of several under one id, whichever signed.

    Raises `Refusal`: with `mismatch` where any of them could have been meant, whatever their order.
    """
    refusals = []
    for key in keys:
        try:
            check(key)
        except Refusal as refusal:
            refusals.append(refusal)
        else:
            return key
    raise min(refusals, key=lambda refusal: (refusal.code != "mismatch", refusal.code))


def _time(proof: JsonObject, member: str) -> datetime | None:
    if member not in proof:
        return None
    try:
        return parse_stamp(proof[member] if isinstance(proof[member], str) else "")
    except InvalidArgument as error:
        raise Refusal("signature", "malformed", f"{member}: {error}") from error


def _signing_keys(case: Case, method: str) -> list[SigningKey]:
    """The keys of a verification method: the trust list's where it lists any, else its document's.

    A list that names an issuer's keys names all of them: only so does it withstand whoever writes
    the issuer's DID document (docs/spec/binding.md, 3).
    """
    listed = _listed_keys(case, _controller(method))
    if not listed:
        return [_from_document(_document(case, _controller(method)).retrieve(method))]
    found = [key for key in _distinct(listed) if key.method == method]
    if not found:
        raise Refusal("signature", "key_unresolved", f"your trust list does not name {method}")
    return found


def _keys_of(case: Case, issuer: str) -> list[SigningKey]:
    """All keys by which `issuer` may sign."""
    listed = _listed_keys(case, issuer)
    if listed:
        return _distinct(listed)
    document = _document(case, issuer)
    asserting = [m for m in document.methods if m.id in document.assertion_methods]
    return [_from_document(m) for m in asserting if m.key and m.controller == document.id]


def _document(case: Case, controller: str) -> DidDocument:
    try:
        return document_of(case, controller)
    except InvalidArgument as error:
        raise Refusal("signature", "key_unresolved", str(error)) from error


def _from_document(method: VerificationMethod) -> SigningKey:
    ends = [moment for moment in (method.revoked, method.expires) if moment is not None]
    assert method.key is not None  # noqa: S101 - who calls has looked
    return SigningKey(method.id, method.key, min(ends, default=None))


def _listed_keys(case: Case, controller: str) -> list[tuple[TrustEntry, TrustedKey]]:
    """What entries for the controller say of keys, in force or not: where any does, they decide."""
    entries = (entry for entry in case.policy.trust if same_did(entry.did, controller))
    return [(entry, key) for entry in entries for key in entry.keys]


def _distinct(listed: Sequence[tuple[TrustEntry, TrustedKey]]) -> list[SigningKey]:
    """Each key under each of its ids once; an entry speaks of its own issuer's keys alone."""
    own = (key for entry, key in listed if same_did(_controller(key.id), entry.did))
    return list(dict.fromkeys(SigningKey(key.id, key.key) for key in own))
