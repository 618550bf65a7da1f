"""Cases of `verdict.json` that are valid, each by another way."""

import json
from dataclasses import replace
from datetime import timedelta

from core.anchored_badges import (
    ACCOUNT,
    ANCHORED,
    BATCH,
    BATCH_SUSPENDED,
    BIT,
    CLEAN,
    DEV_ACCOUNT,
    HOSTS,
    NEVER_ANCHORED,
    NOW,
    REVOKED,
    SIGNER,
    STRANGER,
    anchor_proof,
    badge,
    entry,
    issuer_of,
    policy,
    reading,
    seconds,
    secured,
    signature,
    signature_options,
    signed_and_anchored,
    trusted_key,
    unsigned_badge,
    written,
)
from core.test_baked import DOCTYPES, ob3, svg
from core.test_verify import resigned, signed_only
from core.test_verify_documents import (
    ENTRY,
    LENIENT,
    REVOKING,
    TRUSTING,
    account_method,
    did_document,
    listed_in_a_token,
    listing,
    method,
    school_badge,
    several,
    token,
)

from registry.core import suites
from registry.core.contract import StatusWord
from registry.core.evidence import Document, Evidence, Quorum
from registry.core.times import write_stamp

from .pictures import listed, png
from .weighed import Case, checked, nodes, read, tried, without_trust

KEY_AND_ACCOUNT = did_document(method(), account_method())


def valid() -> list[Case]:
    return checked([*_anchored(), *_bindings(), *_unanchored(), *_times()], "valid")


def _anchored() -> list[Case]:
    document, proofs = unsigned_badge(), badge()["proof"]
    key = STRANGER.public_key
    theirs = signature(document, STRANGER, verificationMethod=f"{key.did_key}#{key.multikey}")
    unknown = {"type": "DataIntegrityProof", "cryptosuite": "mldsa44-jcs-2024", "proofValue": "u"}
    both = secured(document, *proofs, signature(document, cryptosuite=suites.JCS_2022))
    first = signature(document, id="urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544")
    options = signature_options(previousProof=first["id"], cryptosuite=suites.JCS_2022)
    second = suites.sign(suites.Hashed(document), options, SIGNER, [first])
    return [
        tried("anchored badge", "signed, anchored, and its issuer in the trust list", badge()),
        tried("anchor before signature", "a set has no order", secured(document, *proofs[::-1])),
        tried("two suites", "a set of two signatures and the anchor", both),
        tried("chain of proofs", "one over the other", secured(document, first, second, proofs[1])),
        tried(
            "unknown suite beside a known one",
            "it is named and passed over",
            secured(document, unknown, *proofs),
        ),
        tried(
            "stranger signs too",
            "a second signer takes nothing away",
            secured(document, theirs, *proofs),
        ),
        tried(
            "recipient by e mail address",
            "asked for, and hashed in the credential",
            badge(),
            under=policy(recipient="ada@school.example.org"),
        ),
        tried(
            "in a png", "an iTXt chunk openbadgecredential", png(written(badge())), nodes(badge())
        ),
        tried(
            "in an svg", "an element credential", svg(ob3(f"<![CDATA[{_text()}]]>")), nodes(badge())
        ),
        tried(
            "in an svg with a document type",
            "as drawing programs write it; nothing of it is fetched",
            DOCTYPES["its public name"].encode() + svg(ob3(f"<![CDATA[{_text()}]]>")),
            nodes(badge()),
        ),
        tried(
            "token in a png, with a line end", "the file's", png(token() + b"\n"), under=TRUSTING
        ),
        tried(
            "list entry of an anchored badge", "the chain decides, no list is read", _with_entry()
        ),
        tried(
            "other bits set",
            "those of every other credential of the word",
            badge(),
            nodes(badge(), StatusWord(BATCH, *[((1 << 256) - 1) & ~BIT] * 2)),
        ),
        *_quorums(),
    ]


def _text() -> str:
    return written(badge()).decode()


def _with_entry() -> dict[str, object]:
    status = replace(ENTRY, purpose="suspension").as_document()
    return signed_and_anchored({**unsigned_badge(), "credentialStatus": status})


def _quorums() -> list[Case]:
    honest = [reading(badge(), host) for host in HOSTS[:2]]
    lies = {
        "a revocation": REVOKED,
        "absence": NEVER_ANCHORED,
        "a suspended batch": BATCH_SUSPENDED,
    }
    document = unsigned_badge(issuer_of(account=DEV_ACCOUNT))
    tested = signed_and_anchored(document, DEV_ACCOUNT)
    accepting = policy(
        trust=(entry(accounts=(DEV_ACCOUNT,)),), quorum=Quorum(accept_dev_chain=True)
    )
    silent = replace(honest[0], host=HOSTS[2], finalized=None, latest=None, problem="refused")
    return [
        *(
            tried(
                f"one lying node of three says {name}",
                "two of three agree",
                badge(),
                Evidence((*honest, reading(badge(), HOSTS[2], lie))),
            )
            for name, lie in lies.items()
        ),
        tried(
            "one silent node of three", "two of three agree", badge(), Evidence((*honest, silent))
        ),
        tried(
            "one trusted node",
            "the policy says that it is the verifier's own",
            badge(),
            Evidence((honest[0],)),
            policy(quorum=Quorum(trust_one_node=True)),
        ),
        tried(
            "development chain accepted",
            "chain 31337 has one node",
            tested,
            Evidence((reading(tested),)),
            accepting,
        ),
    ]


def _bindings() -> list[Case]:
    school = school_badge()
    by_account = unsigned_badge(issuer_of(did=ACCOUNT.did_pkh))
    anchored = secured(by_account, anchor_proof(by_account))
    after = ANCHORED + timedelta(seconds=1)
    retired = did_document(method(revoked=write_stamp(after)), account_method())
    return [
        tried(
            "account by the did document",
            "did:web names key and account",
            school,
            read(nodes(school), KEY_AND_ACCOUNT),
            without_trust(),
        ),
        _by_https(),
        tried(
            "account is the did",
            "did:pkh: its anchor stands for a signature",
            anchored,
            under=without_trust(),
        ),
        *_capitals(),
        *_renewed(),
        tried(
            "account by the trust list alone",
            "its DID document names none",
            school,
            read(nodes(school), did_document(method())),
            policy(trust=(entry(did="did:web:school.example.org"),)),
        ),
        tried(
            "retired key",
            "it was revoked a second after the anchor",
            school,
            read(nodes(school), retired),
            without_trust(),
        ),
        tried(
            "key of the trust list ended later",
            "a second after the anchor",
            badge(),
            under=policy(trust=(entry(keys=(trusted_key(until=after),)),)),
        ),
        tried(
            "entry in force from the anchor on",
            "its times are compared with the anchor's",
            badge(),
            under=policy(trust=(entry(valid_from=ANCHORED, valid_until=after),)),
        ),
    ]


def _capitals() -> list[Case]:
    """The account of a did:pkh with the capitals of a checksum, which mean nothing."""
    did = ACCOUNT.did_pkh.replace("0xab", "0xAb")
    document = unsigned_badge(issuer_of(did=did))
    credential = secured(document, anchor_proof(document))
    plain = policy(trust=(entry(did=ACCOUNT.did_pkh),))
    name = "account is the did in capitals"
    return [
        tried(name, "its anchor stands for a signature", credential, under=without_trust()),
        tried(f"{name}, and trusted without", "the same account", credential, under=plain),
    ]


def _renewed() -> list[Case]:
    """Two keys under one id, each in force until or from a second after the anchor."""
    after = ANCHORED + timedelta(seconds=1)
    theirs = replace(trusted_key(), key=STRANGER.public_key)
    past = entry(keys=(trusted_key(),), valid_until=after)
    present = entry(keys=(theirs,), valid_from=after)
    return [
        tried(
            f"key renewed later under its id, the {first} entry first",
            "whichever signed counts",
            badge(),
            under=policy(trust=trust),
        )
        for first, trust in (("old", (past, present)), ("new", (present, past)))
    ]


def _by_https() -> Case:
    """Controlled Identifiers 1.0, 2.1.1: the issuer is a URL, and its document stands there."""
    url = "https://school.example.org/issuer"
    document = unsigned_badge(issuer_of(did=url))
    signed = signature(document, verificationMethod=f"{url}#key-1")
    credential = secured(document, signed, anchor_proof(document))
    methods = [
        method(id="#key-1", controller=url),
        account_method(id="#account", controller=url),
    ]
    body = {"id": url, "verificationMethod": methods, "assertionMethod": ["#key-1"]}
    there = Document(url, NOW, json.dumps(body).encode())
    evidence = read(nodes(credential), there)
    desc = "an issuer known by an https URL"
    return tried("account by the document of a url", desc, credential, evidence, without_trust())


def _unanchored() -> list[Case]:
    alone = school_badge(anchored=False)
    suspension = replace(ENTRY, purpose="suspension").as_document()
    envelope = {
        "@context": "https://www.w3.org/ns/credentials/v2",
        "type": "EnvelopedVerifiableCredential",
        "id": f"data:application/vc+jwt,{token().decode()}",
    }
    return [
        tried(
            "signature alone",
            "names no account; no anchor asked for",
            signed_only(),
            Evidence(),
            TRUSTING,
        ),
        tried(
            "domain alone",
            "whoever runs the domain",
            alone,
            Evidence(documents=(did_document(method()),)),
            LENIENT,
        ),
        tried("token", "a VC-JWT", token(), Evidence(), TRUSTING),
        tried(
            "token in an envelope", "EnvelopedVerifiableCredential", envelope, Evidence(), TRUSTING
        ),
        tried(
            "list with another bit set",
            "revocation",
            listing(),
            Evidence(documents=(listed(16, 18),)),
            TRUSTING,
        ),
        tried(
            "list entry of purpose suspension",
            "what credroot issues",
            listing(suspension),
            Evidence(documents=(listed(16, purpose="suspension"),)),
            TRUSTING,
        ),
        tried(
            "list entry beside an informative one",
            "which takes nothing away, and whose list is not read",
            several(REVOKING, {**REVOKING, "statusPurpose": "message"}),
            Evidence(documents=(listed(16, 18),)),
            TRUSTING,
        ),
        tried(
            "list in a token",
            "within its own time",
            listing(),
            Evidence(documents=(listed_in_a_token(nbf=seconds(NOW), exp=seconds(NOW) + 60),)),
            TRUSTING,
        ),
    ]


def _times() -> list[Case]:
    later = StatusWord(replace(BATCH, changed_at=seconds(NOW) - 60), BIT << 1, 0)
    late = StatusWord(replace(BATCH, anchored_at=seconds(ANCHORED) - 3600 + 30 * 86400), 0, 0)
    return [
        tried(
            "another one was revoked since",
            "not revoked now, so never revoked",
            badge(),
            nodes(badge(), later),
            policy(at=NOW - timedelta(hours=1)),
        ),
        tried("anchored thirty days after", "to the second", badge(), nodes(badge(), late)),
        tried(
            "block an hour old",
            "to the second",
            badge(),
            nodes(badge(), CLEAN, age=timedelta(hours=1)),
        ),
        tried("proof that has not expired", "expires is later", resigned(expires=write_stamp(NOW))),
    ]
