"""`model.json`: credentials that are read, with every value, and those that are refused."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from core import open_badges_examples as examples
from core import test_canonical, test_credential, test_data_model, test_types
from core.anchored_badges import unsigned_badge
from core.test_credential import minimal, version_1
from core.test_embedded_endorsements import endorsed, signed_endorsement
from core.test_json_literals import schema_credential

from registry.core.canonical import jcs, rdfc
from registry.core.contexts import CREDENTIALS_V1, CREDENTIALS_V2, OPEN_BADGES_V3
from registry.core.credential import Credential, parse_credential
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.times import write_stamp

from .writing import Case, File, attack, case, file_of, hexed, named

DESCRIPTION = (
    "The credential model (docs/spec/model.md). `credential` is a file's exact text in UTF-8 "
    "(`bytes` where it is none): it is read by section 1 and canonicalised by section 2, as for a "
    "signature over RDF. A case without `code` gives what is read (times to the second), and both "
    "canonical texts of the document; another must be refused with the code."
)
UNTIL = "2028-02-28T00:00:00Z"


def make() -> File:
    return file_of(
        DESCRIPTION,
        [
            *(
                _read(name, json.dumps(value, ensure_ascii=False))
                for name, value in _good().items()
            ),
            *(_refused(f"json {name}", data) for name, data in _json().items()),
            *(_refused(f"json ld {name}", _text(value)) for name, value in _json_ld().items()),
            *(_refused(f"twice {name}", _text(value)) for name, value in _twice().items()),
            *(_refused(f"schema {name}", _text(value)) for name, value in _schema().items()),
            *(
                _refused(f"type {name}", _text(value))
                for name, value in test_types.UNMAPPED.items()
            ),
            *(_refused(f"contexts {n}", _text(value)) for n, value in enumerate(_clashes(), 1)),
        ],
    )


def _clashes() -> list[JsonObject]:
    """Contexts of which one redefines protected terms of another."""
    issued = "2026-01-01T00:00:00Z"
    return [minimal(issuanceDate=issued, **{"@context": list(urls)}) for urls in test_types.CLASHES]


def _text(value: JsonObject) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _judged(data: bytes) -> tuple[Credential, str]:
    credential = parse_credential(data)
    return credential, rdfc(credential.document).decode()


def _read(name: str, text: str) -> Case:
    credential, quads = _judged(text.encode())
    return case(
        name,
        name,
        credential=text,
        id=credential.id,
        types=list(credential.types),
        issuer=credential.issuer,
        issuerName=credential.issuer_name,
        accounts=[str(account) for account in credential.accounts],
        subjects=[
            {k: v for k, v in (("id", s.id), ("achievement", s.achievement)) if v is not None}
            for s in credential.subjects
        ],
        validFrom=write_stamp(credential.valid_from) if credential.valid_from else None,
        validUntil=write_stamp(credential.valid_until) if credential.valid_until else None,
        proofs=len(credential.proofs),
        jcs=jcs(credential.document).decode(),
        nQuads=quads,
    )


def _refused(name: str, data: bytes) -> Case:
    try:
        _judged(data)
    except Refusal as refusal:
        code = f"{refusal.step}.{refusal.code}"
    else:
        raise ValueError(f"{name} is read")
    try:
        given = {"credential": data.decode()}
        given["credential"].encode("utf-16", "strict")
    except UnicodeError:
        given = {"bytes": hexed(data)}
    return attack(named(name), name, **given, code=code)


def _good() -> dict[str, JsonObject]:
    languages = [
        {"@value": "Badge", "@language": "en"},
        {"@value": "Abzeichen", "@language": "de"},
    ]
    period = {"issuanceDate": "2026-01-01T00:00:00Z", "expirationDate": "2027-01-01T00:00:00+01:00"}
    narrower = {"validFrom": "2026-01-15T00:00:00Z", "validUntil": "2026-12-01T00:00:00Z"}
    numbers = unsigned_badge()
    numbers["credentialSubject"]["creditsEarned"] = 72.35
    return {
        "smallest": minimal(),
        "badge": unsigned_badge(),
        "a number whose digits differ between processors": numbers,
        "version 1.1": version_1(**period),
        "version 1.1 with the narrower names of 2.0": version_1(**period, **narrower),
        "names by language": minimal(name=languages),
        "two subjects": minimal(credentialSubject=[{"id": "did:example:ada"}, {"id": "urn:x:b"}]),
        "whole achievement credential": examples.badge(),
        "embedded endorsement": endorsed(signed_endorsement()),
        "endorsement": examples.endorsement(),
        "the end of a day, and digits beyond the microsecond": minimal(
            id="urn:x:times",
            validFrom="2026-01-01T24:00:00.00Z",
            validUntil="2026-01-02T14:00:00.1234567890+14:00",
        ),
        "the digest of its own context": minimal(
            id="urn:x:digest",
            relatedResource=[
                {"id": CREDENTIALS_V2, "digestMultibase": test_data_model.MULTIBASE},
                {"id": "urn:x:other", "digestSRI": test_data_model.SRI},
            ],
        ),
        "an issuer whose profile stands twice": _profiles(),
        "a schema as data": schema_credential(),
    }


def _profiles() -> JsonObject:
    """The account is said once, or alike; the rest of a profile may differ."""
    badge = unsigned_badge()
    issuer = badge["issuer"]
    badge["credentialSubject"]["achievement"]["creator"] = {
        "id": issuer["id"],
        "type": ["Profile"],
        "phone": "+1 555 0100",
        "otherIdentifier": [
            {"type": "IdentifierEntry", "identifier": "7", "identifierType": "sourcedId"},
            *issuer["otherIdentifier"],
        ],
    }
    return badge


def _json() -> dict[str, bytes]:
    good = _text(minimal())
    lines = {
        "duplicate key": b'"id":"urn:x:1","id":"urn:x:2"',
        "duplicate key by an escape": b'"id":"urn:x:1","\\u0069d":"urn:x:2"',
        "duplicate end": b'"validUntil":"2030-01-01T00:00:00Z","validUntil":"2026-01-01T00:00:00Z"',
        "lone surrogate": b'"name":"\\ud800"',
        "surrogates in the wrong order": b'"name":"\\udc00\\ud800"',
        "noncharacter": b'"name":"\\uffff"',
        "NaN": b'"name":NaN',
        "infinity": b'"name":Infinity',
        "negative zero": b'"name":-0',
        "negative zero with a fraction": b'"name":-0.0',
        "integer beyond 2 to the 53": b'"name":9007199254740993',
        "number beyond every double": b'"name":1e400',
        "number that is nothing": b'"name":1e-400',
        "number of very many digits": b'"name":0.' + b"1" * 40,
        "number with digits that a double loses": b'"name":0.12345678901234567890',
        "number with a leading zero": b'"name":01',
        "hexadecimal number": b'"name":0x10',
        "control character in text": b'"name":"a\nb"',
        "comment": b'"name":"a"/* */',
        "key without quotes": b'name:"a"',
        "trailing comma": b'"name":"a",',
        "nested 65 deep": b'"name":' + b"[" * 64 + b"]" * 64,
    }
    spliced = {name: good[:-1] + b"," + line + b"}" for name, line in lines.items()}
    return spliced | {
        "byte order mark": b"\xef\xbb\xbf" + good,
        "not UTF-8": good[:-1] + b',"name":"\xff"}',
        "overlong UTF-8": good[:-1] + b',"name":"\xc0\xaf"}',
        "UTF-16": good.decode().encode("utf-16"),
        "an array": b"[" + good + b"]",
        "two values": good + good,
        "cut short": good[:-1],
        "nothing": b"",
    }


def _json_ld() -> dict[str, JsonObject]:
    badge = unsigned_badge()
    bare = {k: v for k, v in badge.items() if k != "validUntil"}
    context = badge["@context"]
    iri = "https://www.w3.org/2018/credentials#validUntil"
    attacks: dict[str, JsonObject] = {
        "end moved into included": {
            **bare,
            "@included": [{"id": badge["id"], "validUntil": UNTIL}],
        },
        "end renamed by an inline context": {
            **bare,
            "@context": [*context, {"until": {"@id": iri, "@type": "xsd:dateTime"}}],
            "until": UNTIL,
        },
        "end keyed by its IRI": {**bare, iri: UNTIL},
        "end keyed by a compact IRI": {**bare, "cred:validUntil": UNTIL},
        "end in a nested context": {
            **bare,
            "evidence": [{"@context": {"x": iri}, "id": badge["id"], "x": UNTIL}],
        },
        "context in the subject": {
            **badge,
            "credentialSubject": {**badge["credentialSubject"], "@context": context},
        },
        "end in a graph": {**bare, "@graph": [{"id": badge["id"], "validUntil": UNTIL}]},
        "end in nest": {**bare, "@nest": {"validUntil": UNTIL}},
        "reverse": {**badge, "@reverse": {"evidence": {"id": "urn:x:y"}}},
        "keyword for id": {**{k: v for k, v in badge.items() if k != "id"}, "@id": badge["id"]},
        "null": {**badge, "description": None},
        "empty array": {**badge, "evidence": []},
        "value object": {**badge, "awardedDate": {"@value": UNTIL}},
        "list object": {**badge, "evidence": {"@list": [{"id": "urn:x:y"}]}},
        "direction that quads drop": {
            **badge,
            "description": {"@value": "x", "@language": "en", "@direction": "rtl"},
        },
        "language that is no tag": {**badge, "description": {"@value": "x", "@language": "e n"}},
        "texts by language": {**badge, "name": {"en": "Badge"}},
        "class as a member": _criteria_renamed(),
        "type as an IRI": {
            **badge,
            "type": [
                "VerifiableCredential",
                "OpenBadgeCredential",
                "https://purl.imsglobal.org/spec/vc/ob/vocab.html#EndorsementCredential",
            ],
        },
        "text like a number": {
            **badge,
            "description": "7.235E1",
            "credentialSubject": {**badge["credentialSubject"], "creditsEarned": 72.35},
        },
        "unknown context": {**badge, "@context": [*context, "https://x.example/context"]},
        "no context": {k: v for k, v in badge.items() if k != "@context"},
        "empty context": {**badge, "@context": []},
        "endorsement with one context": endorsed(
            signed_endorsement() | {"@context": CREDENTIALS_V2}
        ),
        "endorsement with an inline context": endorsed(
            signed_endorsement() | {"@context": [CREDENTIALS_V2, {"x": "urn:x:y"}]}
        ),
        "endorsement of version 1.1 inside 2.0": endorsed(
            signed_endorsement()
            | {"@context": [CREDENTIALS_V1, OPEN_BADGES_V3], "issuanceDate": "2026-01-01T00:00:00Z"}
        ),
        "endorsement under another name": {
            **badge,
            "evidence": [{**signed_endorsement(), "type": ["Evidence"]}],
        },
    }
    dropped = test_canonical.UNDEFINED | test_canonical.DROPPED
    return attacks | {
        name: {**badge, **members}
        for name, members in dropped.items()
        if not {"credentialSubject", "issuer"} & set(members)
    }


def _criteria_renamed() -> JsonObject:
    badge = unsigned_badge()
    achievement = badge["credentialSubject"]["achievement"]
    achievement["Criteria"] = {"narrative": "Nothing to do."}
    return badge


def _twice() -> dict[str, JsonObject]:
    badge = unsigned_badge()
    bare = {k: v for k, v in badge.items() if k != "validUntil"}
    achievement = badge["credentialSubject"]["achievement"]
    moved = deepcopy(badge)
    moved["credentialSubject"]["achievement"]["creator"] = {
        "id": badge["issuer"]["id"],
        "type": ["Profile"],
        "otherIdentifier": moved["issuer"].pop("otherIdentifier"),
    }
    ada = {"id": "did:example:ada", "type": ["https://schema.org/Person"]}
    return {
        "end moved to an object of the credential's id": {
            **bare,
            "evidence": [{"id": badge["id"], "type": ["Evidence"], "validUntil": UNTIL}],
        },
        "account moved to a creator of the issuer's id": moved,
        "achievement of the first one's id": {
            **badge,
            "evidence": [
                {"id": achievement["id"], "type": ["Evidence", "Achievement"], "name": "Better"}
            ],
        },
        "two subjects of one id": minimal(
            credentialSubject=[{**ada, "result": "failed"}, {**ada, "name": "Ada"}]
        ),
    }


def _forms() -> dict[str, JsonObject]:
    """Texts in other forms than their standards give them."""
    times = {
        "second after the end of a day": "2026-01-01T24:00:01Z",
        "leap second": "2026-12-31T23:59:60Z",
        "offset of more than fourteen hours": "2026-01-01T00:00:00+14:01",
        "offset of sixty minutes": "2026-01-01T00:00:00+00:60",
        "no offset": "2026-01-01T00:00:00",
        "day after the last": "9999-12-31T24:00:00Z",
    }
    iris = {
        "control character": "urn:x:a\u0001b",
        "space": "urn:x:a b",
        "backtick": "urn:x:a`b",
        "percent and no digits": "https://example.org/%zz",
        "no host": "https:///x",
        "brackets around no address": "http://[::x]/",
        "brackets in a path": "urn:x:[a]",
    }
    sri, other = test_data_model.SRI, test_data_model.MULTIBASE
    digests: dict[str, JsonObject] = {
        "SRI of another algorithm": {"digestSRI": "md5-1B2M2Y8AsgTpgAmY7PhCfg=="},
        "SRI that is too long": {"digestSRI": sri.replace("sha384-", "sha384-M")},
        "SRI that is empty": {"digestSRI": ""},
        "multibase that is cut": {"digestMultibase": other[:-2]},
        "multibase in hex": {"digestMultibase": "f1220" + "00" * 32},
        "no digest": {},
    }
    resource = {"id": "https://example.org/image.png"}
    mine = {"id": CREDENTIALS_V2, "digestSRI": sri}
    return {
        **{f"time with {name}": {"validFrom": text} for name, text in times.items()},
        **{f"id with {name}": {"id": text} for name, text in iris.items()},
        **{f"digest {name}": {"relatedResource": resource | d} for name, d in digests.items()},
        "digest of another context": {"relatedResource": mine},
    }


def _schema() -> dict[str, JsonObject]:
    changed: dict[str, JsonObject] = {}
    for name, members in test_credential.SCHEMA.items():
        whole = minimal(**members)
        changed[name] = {key: item for key, item in whole.items() if item is not None}
    badges: dict[str, Callable[[JsonObject], Any]] = test_credential.BADGE_SCHEMA
    for name, change in badges.items():
        badge = unsigned_badge()
        change(badge)
        changed[f"badge with {name}"] = badge
    changed["end before its start"] = minimal(
        validFrom="2026-02-01T00:00:00Z", validUntil="2026-01-01T00:00:00Z"
    )
    changed |= {name: minimal(**members) for name, members in _forms().items()}
    badge = unsigned_badge()
    del badge["credentialSubject"]["identifier"]
    changed["badge of nobody"] = badge
    badge = unsigned_badge()
    badge["credentialSubject"]["identifier"][0]["identityHash"] = "ada@school.example.org"
    changed["badge with a hash that is none"] = badge
    changed["seventeen proofs"] = minimal(proof=[{"type": "X"}] * 17)
    return changed
