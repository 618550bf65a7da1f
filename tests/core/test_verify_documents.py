"""verify() with what was read elsewhere: DID documents, status lists, tokens, pictures."""

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from registry.core import suites
from registry.core.baked import bake_png, bake_svg
from registry.core.did import read_did_document
from registry.core.document import JsonObject
from registry.core.evidence import Document, Evidence
from registry.core.jose import sign_compact
from registry.core.multibase import base64url_encode
from registry.core.policy import Policy, TrustedKey
from registry.core.presented import read_presented
from registry.core.status_list import (
    MAX_BESIDE_LIST,
    MAX_LIST_BYTES,
    StatusEntry,
    list_credential,
    make_bits,
)
from registry.core.steps import documents, listed_status
from registry.core.times import write_stamp
from registry.core.verdict import Verdict
from registry.core.verify import addresses, questions, verify

from .anchored_badges import (
    ACCOUNT,
    ANCHORED,
    DID,
    NOW,
    OTHER_ACCOUNT,
    REVOKED,
    SIGNER,
    STRANGER,
    accountless_badge,
    agreeing,
    anchor_proof,
    badge,
    entry,
    issuer_of,
    policy,
    secured,
    signature,
    step,
    unsigned_badge,
    written,
)
from .test_baked import png, svg

SCHOOL = "did:web:school.example.org"
AT = "https://school.example.org/.well-known/did.json"
KEY = f"{SCHOOL}#key-1"
LIST = "https://school.example.org/status/1"
ENTRY = StatusEntry("revocation", 17, LIST)
NOBODY_LISTED = policy(trust=())
LENIENT = policy(trust=(), require_anchor=False)


def method(**changed: Any) -> JsonObject:
    """The school's key as its DID document shows it; a member set to None is left out."""
    members = {
        "id": KEY,
        "type": "Multikey",
        "controller": SCHOOL,
        "publicKeyMultibase": SIGNER.public_key.multikey,
    } | changed
    return {name: value for name, value in members.items() if value is not None}


def account_method(account: str = str(ACCOUNT), **changed: Any) -> JsonObject:
    return {
        "id": f"{SCHOOL}#account",
        "type": "EcdsaSecp256k1RecoveryMethod2020",
        "controller": SCHOOL,
        "blockchainAccountId": account,
    } | changed


def did_document(*methods: JsonObject, asserting: tuple[str, ...] = (KEY,)) -> Document:
    body = {"id": SCHOOL, "verificationMethod": [*methods], "assertionMethod": [*asserting]}
    return Document(AT, NOW, json.dumps(body).encode())


def school_badge(*, anchored: bool = True, **options: Any) -> JsonObject:
    document = unsigned_badge(issuer_of(did=SCHOOL))
    if not anchored:
        del document["issuer"]["otherIdentifier"]
    signed = signature(document, verificationMethod=KEY, **options)
    return secured(document, signed, *([anchor_proof(document)] if anchored else []))


def judged_by(document: Document, under: Policy = NOBODY_LISTED, **options: Any) -> Verdict:
    credential = school_badge(**options)
    evidence = replace(agreeing(credential), documents=(document,))
    return verify(written(credential), evidence, under)


# Who the issuer is, by its DID document


def test_a_did_document_that_names_key_and_account_makes_a_badge_valid() -> None:
    verdict = judged_by(did_document(method(), account_method()))
    assert verdict.outcome == "valid"
    assert verdict.facts["issuer_known_by"] == "DID document"


def test_an_https_url_is_bound_by_the_document_that_stands_there() -> None:
    """Controlled Identifiers 1.0, 2.1.1: issuers of Open Badges are often known by one."""
    url = "https://school.example.org/issuer"
    document = unsigned_badge(issuer_of(did=url))
    signed = signature(document, verificationMethod=f"{url}#key-1")
    credential = secured(document, signed, anchor_proof(document))
    assert [address.url for address in addresses(written(credential))] == [url]
    for controller, code in ((url, None), (SCHOOL, "signature.not_issuer")):
        named = {"controller": controller}
        methods = method(id="#key-1", **named), account_method(id="#account", **named)
        body = {"id": url, "verificationMethod": methods, "assertionMethod": ["#key-1"]}
        read = Document(url, NOW, json.dumps(body).encode())
        evidence = replace(agreeing(credential), documents=(read,))
        assert verify(written(credential), evidence, NOBODY_LISTED).code == code


def test_the_addresses_to_read_are_those_of_the_issuers_document() -> None:
    assert [address.url for address in addresses(written(school_badge()))] == [AT]
    assert addresses(written(badge())) == ()
    assert addresses(b"{") == ()
    odd = {**school_badge(), "issuer": {**school_badge()["issuer"], "id": "did:web:10.0.0.1"}}
    assert [a.url for a in addresses(written(odd))] == [AT]


REFUSED_DOCUMENTS: dict[str, tuple[Document, str]] = {
    "not read": (Document(AT, NOW, problem="no answer"), "signature.key_unresolved"),
    "no JSON": (Document(AT, NOW, b"<html>"), "signature.key_unresolved"),
    "another's document": (
        Document(AT, NOW, json.dumps({"id": "did:web:other.example.org"}).encode()),
        "signature.key_unresolved",
    ),
    "no such key": (did_document(account_method()), "signature.key_unresolved"),
    "a key of another controller": (
        did_document(method(controller=DID), account_method()),
        "signature.not_issuer",
    ),
    "a key that may not assert": (
        did_document(method(), account_method(), asserting=()),
        "signature.wrong_purpose",
    ),
    "another key": (
        did_document(method(publicKeyMultibase=STRANGER.public_key.multikey), account_method()),
        "signature.mismatch",
    ),
    "another account": (
        did_document(method(), account_method(str(OTHER_ACCOUNT))),
        "issuer.unbound",
    ),
    "no account": (did_document(method()), "issuer.self_asserted"),
    "an account of another controller": (
        did_document(method(), account_method(controller=DID)),
        "issuer.self_asserted",
    ),
    "an account that had ended": (
        did_document(method(), account_method(revoked=write_stamp(ANCHORED))),
        "issuer.self_asserted",
    ),
}


@pytest.mark.parametrize(("document", "code"), REFUSED_DOCUMENTS.values(), ids=REFUSED_DOCUMENTS)
def test_a_document_that_does_not_bind_the_issuer_leads_to_its_code(
    document: Document, code: str
) -> None:
    verdict = judged_by(document)
    assert verdict.outcome != "valid"
    assert verdict.code == code


@pytest.mark.parametrize("member", ["revoked", "expires"])
def test_the_anchors_time_decides_whether_a_key_had_ended(member: str) -> None:
    """A retired key stays listed: what was anchored before stays valid, nothing later is."""
    for moment, code in (
        (ANCHORED + timedelta(seconds=1), None),
        (ANCHORED, "signature.key_revoked"),
    ):
        ending = method(**{member: write_stamp(moment)})
        assert judged_by(did_document(ending, account_method())).code == code


def test_a_backdated_credential_gains_nothing_from_its_own_dates() -> None:
    """Signed with a key that ended before the anchor, and dated before that end."""
    ended = did_document(method(revoked="2026-02-01T00:00:00Z"), account_method())
    assert judged_by(ended, created="2026-01-31T00:00:00Z").outcome != "valid"


def test_a_stolen_domain_changes_nothing_where_the_trust_list_names_the_account() -> None:
    thiefs = did_document(
        method(publicKeyMultibase=STRANGER.public_key.multikey), account_method(str(OTHER_ACCOUNT))
    )
    document = unsigned_badge(issuer_of(did=SCHOOL, account=OTHER_ACCOUNT))
    forged = secured(
        document,
        signature(document, STRANGER, verificationMethod=KEY),
        anchor_proof(document, OTHER_ACCOUNT),
    )
    evidence = replace(agreeing(forged), documents=(thiefs,))
    listed = policy(trust=(entry(did=SCHOOL),))
    assert verify(written(forged), evidence, listed).code == "issuer.unbound"
    assert verify(written(forged), evidence, NOBODY_LISTED).outcome == "valid"


def test_a_trust_entry_that_lists_keys_lists_all_of_them() -> None:
    """Or a stolen domain could add one, for credentials that are not anchored."""
    thiefs = did_document(method(publicKeyMultibase=STRANGER.public_key.multikey))
    document = accountless_badge()
    document["issuer"]["id"] = SCHOOL
    forged = secured(document, signature(document, STRANGER, verificationMethod=KEY))
    own = TrustedKey(f"{SCHOOL}#key-0", SIGNER.public_key)
    for keys, code in (((own,), "signature.key_unresolved"), ((), None)):
        trusting = policy(trust=(entry(did=SCHOOL, keys=keys),), require_anchor=False)
        verdict = verify(written(forged), Evidence(documents=(thiefs,)), trusting)
        assert verdict.code == code


def test_a_stolen_signing_key_cannot_bring_an_account_of_its_own() -> None:
    document = unsigned_badge(issuer_of(did=SCHOOL, account=OTHER_ACCOUNT))
    forged = secured(
        document,
        signature(document, verificationMethod=KEY),
        anchor_proof(document, OTHER_ACCOUNT),
    )
    documents = (did_document(method(), account_method()),)
    evidence = replace(agreeing(forged), documents=documents)
    assert verify(written(forged), evidence, NOBODY_LISTED).code == "issuer.unbound"


def test_without_an_anchor_the_binding_rests_on_the_domain_and_says_so() -> None:
    verdict = judged_by(did_document(method()), LENIENT, anchored=False)
    assert verdict.outcome == "valid"
    assert verdict.facts["issuer_known_by"] == "domain"


def test_an_ethereum_did_that_may_have_been_rotated_binds_no_account() -> None:
    did = f"did:ethr:0xaa36a7:{ACCOUNT.address}"
    document = unsigned_badge(issuer_of(did=did))
    credential = secured(document, anchor_proof(document))
    unsigned = policy(trust=(), require_signature=False)
    assert verify(written(credential), agreeing(credential), unsigned).code == "issuer.unresolved"
    listed = replace(unsigned, trust=(entry(did=did),))
    assert verify(written(credential), agreeing(credential), listed).outcome == "valid"


# Tokens and pictures


def token(document: JsonObject | None = None, signer: Any = SIGNER) -> bytes:
    key = signer.public_key
    return sign_compact(
        document or accountless_badge(), signer, f"{key.did_key}#{key.multikey}"
    ).encode()


TRUSTING = policy(require_anchor=False)


def test_a_token_of_the_issuers_is_a_signature() -> None:
    verdict = verify(token(), Evidence(), TRUSTING)
    assert verdict.outcome == "valid"
    assert step(verdict, "signature").detail.startswith("VC-JWT EdDSA")
    assert verify(token() + b"\n", Evidence(), TRUSTING).outcome == "valid"


def test_a_token_in_an_envelope_of_the_data_model_is_the_same() -> None:
    envelope = {
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{token().decode()}",
    }
    assert verify(written(envelope), Evidence(), TRUSTING).outcome == "valid"


def test_a_strangers_token_is_not_the_issuers() -> None:
    assert verify(token(signer=STRANGER), Evidence(), TRUSTING).code == "signature.not_issuer"


def test_a_tampered_token_does_not_fit() -> None:
    header, _, tag = token().split(b".")
    other = accountless_badge()
    other["credentialSubject"]["achievement"]["name"] = "Another"
    payload = token(other).split(b".")[1]
    tampered = b".".join((header, payload, tag))
    assert verify(tampered, Evidence(), TRUSTING).code == "signature.mismatch"


def test_a_token_without_a_signature_is_refused_before_anything_else() -> None:
    none = b"eyJhbGciOiJub25lIn0." + token().split(b".")[1] + b"."
    verdict = verify(none, Evidence(), TRUSTING)
    assert verdict.outcome == "invalid"
    assert len(verdict.steps) == 1


def test_a_token_that_names_an_account_is_never_valid_without_its_anchor() -> None:
    verdict = verify(token(unsigned_badge()), Evidence(), TRUSTING)
    assert verdict.code == "inclusion.missing"


@pytest.mark.parametrize("bake", [lambda d: bake_png(png(), d), lambda d: bake_svg(svg(""), d)])
def test_a_credential_in_a_picture_is_judged_as_the_credential(bake: Any) -> None:
    picture = bake(written(badge()))
    assert questions(picture) == questions(written(badge()))
    assert verify(picture, agreeing(badge()), policy()).outcome == "valid"
    assert verify(bake(token()), Evidence(), TRUSTING).outcome == "valid"


def test_a_picture_with_nothing_in_it_is_malformed() -> None:
    assert verify(png(), Evidence(), policy()).code == "format.malformed"


# Status lists


def listing(status: JsonObject | None = None) -> JsonObject:
    document = {**accountless_badge(), "credentialStatus": status or ENTRY.as_document()}
    return secured(document, signature(document))


def status_list(
    *revoked: int,
    signer: Any = SIGNER,
    issuer: str = DID,
    read_at: datetime = NOW,
    **changed: Any,
) -> Document:
    purpose = changed.pop("purpose", "revocation")
    bits = make_bits(100, revoked)
    document = {
        **list_credential(url=LIST, issuer=issuer, purpose=purpose, bits=bits, valid_from=ANCHORED),
        **changed,
    }
    key = signer.public_key
    signed = signature(document, signer, verificationMethod=f"{key.did_key}#{key.multikey}")
    return Document(LIST, read_at, written(secured(document, signed)))


def by_list(document: Document, under: Policy = TRUSTING, **options: Any) -> Verdict:
    return verify(written(listing(**options)), Evidence(documents=(document,)), under)


def test_a_list_says_whether_a_credential_is_revoked() -> None:
    assert [address.url for address in addresses(written(listing()))] == [LIST]
    assert by_list(status_list(16, 18)).outcome == "valid"
    verdict = by_list(status_list(17))
    assert (verdict.outcome, verdict.code) == ("invalid", "status.revoked")


def test_a_list_says_whether_a_credential_is_suspended() -> None:
    suspension = replace(ENTRY, purpose="suspension").as_document()
    verdict = by_list(status_list(17, purpose="suspension"), status=suspension)
    assert verdict.code == "status.suspended"


REFUSED_LISTS: dict[str, tuple[Document, str]] = {
    "not read": (Document(LIST, NOW, problem="no answer"), "status.unreachable"),
    "no JSON": (Document(LIST, NOW, b"<html>"), "status.malformed"),
    "by a stranger": (
        status_list(signer=STRANGER, issuer=STRANGER.public_key.did_key),
        "status.malformed",
    ),
    "signed by a stranger": (status_list(signer=STRANGER), "status.malformed"),
    "for another purpose": (status_list(purpose="suspension"), "status.malformed"),
    "not yet valid": (status_list(validFrom="2026-07-01T00:00:00Z"), "status.stale"),
    "no longer valid": (status_list(validUntil="2026-05-01T00:00:00Z"), "status.stale"),
    "read long ago": (status_list(read_at=NOW - timedelta(hours=2)), "status.stale"),
    "of another place": (status_list(id="https://school.example.org/2"), "status.malformed"),
}


@pytest.mark.parametrize(("document", "code"), REFUSED_LISTS.values(), ids=REFUSED_LISTS)
def test_a_list_that_cannot_be_relied_on_leaves_the_status_open(
    document: Document, code: str
) -> None:
    verdict = by_list(document)
    assert (verdict.outcome, verdict.code) == ("indeterminate", code)


def test_an_unsigned_list_is_no_list() -> None:
    unsigned = json.loads(status_list().body or b"")
    del unsigned["proof"]
    assert by_list(Document(LIST, NOW, written(unsigned))).code == "status.unreachable"


def test_a_list_tells_of_the_past_only_what_cannot_have_changed() -> None:
    last_week = replace(TRUSTING, at=NOW - timedelta(days=7))
    assert by_list(status_list(), last_week).outcome == "valid"
    assert by_list(status_list(17), last_week).code == "status.stale"
    read_last_week = status_list(17, read_at=NOW - timedelta(days=7))
    assert by_list(read_last_week).code == "status.revoked"


def several(*statuses: JsonObject) -> bytes:
    """A plain credential with these statuses: Open Badges have room for one."""
    plain = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": DID,
        "credentialSubject": {"id": "did:example:ada"},
        "credentialStatus": list(statuses),
    }
    return written(secured(plain, signature(plain, cryptosuite=suites.JCS_2022)))


# Its context is not bundled: the type is written out.
OLDER = "https://w3id.org/vc/status-list#StatusList2021Entry"
REVOKING = ENTRY.as_document()
BESIDE: dict[str, tuple[JsonObject, str]] = {
    "of an unknown type": (
        {"id": "https://school.example.org/crl", "type": "https://a.example/types#RevocationList"},
        "status.unknown_type",
    ),
    "of an older version": ({**REVOKING, "type": OLDER}, "status.unknown_type"),
    "of another purpose": ({**REVOKING, "statusPurpose": "probation"}, "status.unknown_type"),
    "with a bad index": ({**REVOKING, "statusListIndex": 5}, "status.malformed"),
    "informative and malformed": (
        {**REVOKING, "statusPurpose": "message", "statusSize": 2},
        "status.malformed",
    ),
    "of a list that is not read": (
        replace(ENTRY, list_url="https://school.example.org/status/2").as_document(),
        "status.unreachable",
    ),
}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("beside", "code"), BESIDE.values(), ids=BESIDE)
def test_each_entry_is_judged_by_itself_whatever_stands_beside_it(
    beside: JsonObject, code: str, order: int
) -> None:
    credential = several(*(REVOKING, beside)[::order])
    assert LIST in [address.url for address in addresses(credential)]
    revoked = verify(credential, Evidence(documents=(status_list(17),)), TRUSTING)
    assert (revoked.outcome, revoked.code) == ("invalid", "status.revoked")
    clear = verify(credential, Evidence(documents=(status_list(),)), TRUSTING)
    assert (clear.outcome, clear.code) == ("indeterminate", code)


def test_an_informative_entry_takes_nothing_away_and_its_list_is_not_read() -> None:
    message = replace(ENTRY, purpose="message", list_url="https://a.example/1").as_document()
    credential = several(REVOKING, message)
    assert [address.url for address in addresses(credential)] == [LIST]
    read = Evidence(documents=(status_list(),))
    assert verify(credential, read, TRUSTING).outcome == "valid"


def test_too_many_entries_are_not_read_at_all() -> None:
    assert addresses(several(*[REVOKING] * 8)) != ()
    many = several(*[REVOKING] * 9)
    assert addresses(many) == ()
    revoked = Evidence(documents=(status_list(17),))
    assert verify(many, revoked, TRUSTING).code == "status.malformed"


def test_an_unreadable_status_does_not_keep_the_issuers_document_from_being_read() -> None:
    """Or whoever forges a credential adds one, and is told indeterminate instead of invalid."""
    document = {**accountless_badge(), "credentialStatus": BESIDE["of an unknown type"][0]}
    document["issuer"]["id"] = SCHOOL
    signed = signature(document, STRANGER, verificationMethod=KEY, cryptosuite=suites.JCS_2022)
    forged = written(secured(document, signed))
    assert [address.url for address in addresses(forged)] == [AT]
    read = Evidence(documents=(did_document(method()),))
    assert verify(forged, read, LENIENT).code == "signature.mismatch"


def listed_in_a_token(typ: str = "vc+jwt", **claims: Any) -> Document:
    """The list as a VC-JWT, with `claims` of its own."""
    bits = make_bits(100, [])
    document = list_credential(
        url=LIST, issuer=DID, purpose="revocation", bits=bits, valid_from=ANCHORED
    )
    if typ == "JWT":
        del document["validFrom"]
    header = {"alg": "EdDSA", "kid": f"{DID}#{SIGNER.public_key.multikey}", "typ": typ}
    parts = [base64url_encode(written(part)) for part in (header, {**document, **claims})]
    signed = SIGNER.sign(".".join(parts).encode())
    return Document(LIST, NOW, ".".join((*parts, base64url_encode(signed))).encode())


@pytest.mark.parametrize("typ", ["vc+jwt", "JWT"])
def test_a_list_in_a_token_is_used_within_the_token_s_own_time_alone(typ: str) -> None:
    now = int(NOW.timestamp())
    for claims, code in (
        ({}, None),
        ({"nbf": now + 60}, None),
        ({"nbf": now + 61}, "status.stale"),
        ({"exp": now - 1}, "status.stale"),
        ({"nbf": now - 60, "exp": now + 60}, None),
    ):
        assert by_list(listed_in_a_token(typ, **claims)).code == code


def test_a_list_whose_proof_has_expired_is_stale() -> None:
    document = list_credential(
        url=LIST, issuer=DID, purpose="revocation", bits=make_bits(1, []), valid_from=ANCHORED
    )
    signed = signature(document, expires="2026-05-01T00:00:00Z")
    assert by_list(Document(LIST, NOW, written(secured(document, signed)))).code == "status.stale"


@pytest.mark.parametrize("suite", [suites.RDFC_2022, suites.JCS_2022])
def test_the_longest_list_is_read_in_every_suite(suite: str) -> None:
    """Bits that do not shrink: what may be fetched must also be readable as RDF."""
    noise = os.urandom(MAX_LIST_BYTES - 3)
    for first, code in ((0, None), (0xFF, "status.revoked")):
        document = list_credential(
            url=LIST,
            issuer=DID,
            purpose="revocation",
            bits=bytes([first] * 3) + noise,
            valid_from=ANCHORED,
        )
        read = written(secured(document, signature(document, cryptosuite=suite)))
        assert by_list(Document(LIST, NOW, read)).code == code


def test_a_list_with_a_text_that_no_parser_takes_gets_a_verdict() -> None:
    """Its signature need not hold: whoever serves it could else end the verifier's process."""
    whole = json.loads(status_list().body or b"")
    whole["credentialSubject"]["encodedList"] = "uH4sI" + "A" * (1 << 24)
    assert by_list(Document(LIST, NOW, written(whole))).code == "status.malformed"


def test_an_anchored_credential_needs_no_list() -> None:
    document = {**unsigned_badge(), "credentialStatus": ENTRY.as_document()}
    credential = secured(document, signature(document), anchor_proof(document))
    assert addresses(written(credential)) == ()
    verdict = verify(written(credential), agreeing(credential), policy())
    assert verdict.outcome == "valid"


def test_a_status_of_an_unknown_kind_leaves_an_anchored_credential_open() -> None:
    """Only the list mirrors the chain: what another kind would say was not read."""
    other = {"id": "https://school.example.org/revoked", "type": "urn:x:RevocationList"}
    document = {**unsigned_badge(), "credentialStatus": other}
    signed = signature(document, cryptosuite=suites.JCS_2022)
    credential = secured(document, signed, anchor_proof(document))
    verdict = verify(written(credential), agreeing(credential), policy())
    assert (verdict.outcome, verdict.code) == ("indeterminate", "status.unknown_type")
    revoked = verify(written(credential), agreeing(credential, REVOKED), policy())
    assert revoked.code == "status.revoked"


# Whose it is


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("ada@school.example.org", None),
        ("Ada@school.example.org", "holder.other_recipient"),
        ("did:example:ada", "holder.other_recipient"),
    ],
)
def test_a_hashed_recipient_is_found_by_the_identifier(recipient: str, code: str | None) -> None:
    verdict = verify(written(badge()), agreeing(badge()), policy(recipient=recipient))
    assert verdict.code == code


def test_a_recipient_by_did_is_found_by_the_did() -> None:
    document = accountless_badge()
    document["credentialSubject"]["id"] = "did:example:ada"
    credential = secured(document, signature(document, cryptosuite=suites.JCS_2022))
    asking = replace(TRUSTING, recipient="did:example:ada")
    assert verify(written(credential), Evidence(), asking).outcome == "valid"


OTHER_LIST = replace(ENTRY, purpose="suspension", list_url="https://a.example/status/2")


def rubbish(**members: Any) -> Document:
    """What anybody may put where a list should stand."""
    document = json.loads(status_list().body or b"{}")
    return Document(OTHER_LIST.list_url, NOW, written({**document, **members}))


@pytest.mark.parametrize("order", [1, -1])
def test_what_one_list_costs_keeps_no_other_from_being_read(order: int) -> None:
    """Or whoever hosts one of two lists could hide what the other says."""
    credential = several(*(REVOKING, OTHER_LIST.as_document())[::order])
    things = [{"id": f"urn:e:{n}", "type": "https://a.example/E"} for n in range(900)]
    costly = rubbish(evidence=things)
    read = Evidence(documents=(status_list(17), costly))
    assert verify(credential, read, TRUSTING).code == "status.revoked"


def test_a_list_of_many_small_values_is_not_read_and_costs_next_to_nothing() -> None:
    values = rubbish(evidence=[{"a": n} for n in range(20_000)])
    assert len(values.body or b"") > MAX_BESIDE_LIST
    verdict = verify(several(OTHER_LIST.as_document()), Evidence(documents=(values,)), TRUSTING)
    told = next(step.detail for step in verdict.steps if step.name == "status")
    assert (verdict.code, "beside its longest text" in told) == ("status.malformed", True)


def test_many_entries_of_one_list_read_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    def counted(data: bytes, *limits: int) -> Any:
        read.append(len(data))
        return read_presented(data, *limits)

    monkeypatch.setattr(listed_status, "read_presented", counted)
    entries = [replace(ENTRY, index=n).as_document() for n in range(8)]
    verdict = verify(several(*entries), Evidence(documents=(status_list(17),)), TRUSTING)
    assert (verdict.outcome, len(read)) == ("valid", 1)
    revoked = verify(several(*entries), Evidence(documents=(status_list(7),)), TRUSTING)
    assert revoked.code == "status.revoked"


def test_many_proofs_by_one_document_read_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(data: bytes, subject: str) -> Any:
        read.append(subject)
        return read_did_document(data, subject)

    monkeypatch.setattr(documents, "read_did_document", counted)
    document = accountless_badge()
    document["issuer"]["id"] = SCHOOL
    proofs = [
        signature(
            document, verificationMethod=KEY, cryptosuite=suites.JCS_2022, id=f"urn:proof:{n}"
        )
        for n in range(8)
    ]
    evidence = Evidence(documents=(did_document(method()),))
    verdict = verify(written({**document, "proof": proofs}), evidence, LENIENT)
    assert (verdict.outcome, read) == ("valid", [SCHOOL])
