"""The W3C data model 2.0: what its own test suite asserts of credentials, rule by rule.

The rules and their names are those of the sections; where ours differ, the test says so.
"""

from typing import Any

import pytest

from registry.core.canonical import jcs, rdfc
from registry.core.contexts import CREDENTIALS_V1, CREDENTIALS_V2
from registry.core.credential import read_credential
from registry.core.data_model import VerifiableCredential
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.multibase import base58btc_encode, base64url_decode, base64url_encode
from registry.core.shapes import write

SRI = "sha384-S57yQDg1MTzF56Oi9DbSQ14u7jBy0RDdx0YbeV7shwhCS88G8SCXeFq82PafhCrW"


def minimal(**members: Any) -> JsonObject:
    return {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": "https://school.example.org",
        "credentialSubject": {"id": "did:example:ada"},
    } | members


def resource(name: str = "urn:x:y", **digests: Any) -> JsonObject:
    return {"relatedResource": {"id": name} | digests}


def english(text: str, **members: Any) -> JsonObject:
    return {"@value": text, "@language": "en"} | members


ISSUER = {"id": "did:example:issuer"}
SRI512 = (
    "sha512-XVVFK9Lc+KKfWikEc+skKxxft31OaPGgqoe6pNuiaUhS1l7GPUisBKmdlW+fcVO5"
    "QG+E0tBMdIabAsI5odgTBQ=="
)
# VC 2.0, 5.3 and B.1: its own examples, the digests of its own context.
OF_V2 = "sha384-l/HrjlBCNWyAX91hr6LFV2Y3heB5Tcr6IeE4/Tje8YyzYBM8IhqjHWiWpr8+ZbYU"
MULTIBASE = "uEiBZlVztZpfWHgPyslVv6-UwirFoQoRvW1htfx963sknNA"
BASE58 = base58btc_encode(base64url_decode(MULTIBASE[1:]))
RESOURCE = {"id": "https://example.org/image.png", "digestSRI": SRI}
ACCEPTED: dict[str, JsonObject] = {
    "4.3 a second context": {"@context": [CREDENTIALS_V2, "https://w3id.org/security/data-integrity/v2"]},
    "4.4 a DID as id": {"id": "did:example:credential"},
    "4.5 a type that is a URL": {"type": ["VerifiableCredential", "https://example.org/#Type"]},
    "4.5 types in another order": {"type": ["https://example.org/#T", "VerifiableCredential"]},
    "4.5 one type without a list": {"type": "VerifiableCredential"},
    "4.6 a name": {"name": "Credential", "description": "A credential."},
    "4.6 a name in a language": {"name": english("Credential"), "description": english("One.")},
    "4.6 a name in several languages": {"name": [english("Dog"), english("Chien")]},
    "4.6 a name with a direction": {"name": english("Credential", **{"@direction": "ltr"})},
    "4.6 a value alone": {"name": {"@value": "Credential"}},
    "4.6 an issuer's name in a language": {"issuer": {**ISSUER, "name": english("School")}},
    "4.6 an issuer's description with a direction": {
        "issuer": {**ISSUER, "description": english("School", **{"@direction": "rtl"})}
    },
    "4.7 an issuer object": {"issuer": {**ISSUER, "url": "https://school.example.org"}},
    "4.8 several subjects": {"credentialSubject": [{"id": "did:example:a"}, {"name": "B"}]},
    "4.9 milliseconds": {"validFrom": "2026-01-01T00:00:00.123Z"},
    "4.9 a zone": {"validFrom": "2026-01-01T00:00:00-05:00", "validUntil": "2026-01-01T05:00:00Z"},
    "4.10 a status without id": {"credentialStatus": {"type": "https://example.org/#Status"}},
    "4.10 two statuses": {"credentialStatus": [{"type": "urn:x:A"}, {"type": ["urn:x:B"]}]},
    "4.11 a schema": {"credentialSchema": {"id": "urn:x:schema", "type": "JsonSchema"}},
    "4.11 two schemas": {"credentialSchema": [{"id": "urn:x:1", "type": "JsonSchema"}] * 2},
    "5.3 a related resource": {"relatedResource": RESOURCE},
    "5.3 a media type": {"relatedResource": [{**RESOURCE, "mediaType": "image/png"}]},
    "5.3 several digests": {"relatedResource": {**RESOURCE, "digestSRI": f"{SRI}  {SRI512}?x"}},
    "5.3 a digest without padding": resource(digestSRI=SRI512.rstrip("=")),
    "5.3 a digestMultibase": {"relatedResource": {"id": "urn:x:y", "digestMultibase": MULTIBASE}},
    "5.3 one in base58": {"relatedResource": {"id": "urn:x:y", "digestMultibase": BASE58}},
    "5.3 a list of them": resource(digestMultibase=[MULTIBASE, BASE58]),
    "5.3 the context itself": {"relatedResource": {"id": CREDENTIALS_V2, "digestSRI": OF_V2}},
    "5.3 the context by SHA-256": resource(CREDENTIALS_V2, digestMultibase=MULTIBASE),
    "5.3 the context by the strongest": {
        "relatedResource": {"id": CREDENTIALS_V2, "digestSRI": f"sha256-{'A' * 43}= {OF_V2}"}
    },
    "5.3 a context that is not used": {
        "relatedResource": {"id": "https://www.w3.org/2018/credentials/v1", "digestSRI": SRI}
    },
    "4.9 the end of a day": {
        "validFrom": "2026-01-01T24:00:00Z", "validUntil": "2026-01-02T00:00:00Z"
    },
    "4.9 the end of a day with zeros": {"validFrom": "2026-01-01T24:00:00.000Z"},
    "4.9 many digits": {"validFrom": "2026-01-01T00:00:00." + "1234567890" * 5 + "Z"},
    "4.9 the furthest offset": {"validFrom": "2026-01-01T00:00:00+14:00"},
    "4.9 no offset to the west": {"validFrom": "2026-01-01T00:00:00-00:00"},
    "4.4 an id beyond ASCII": {"id": "https://schule.example.org/prüfung/Ω?ä#ß"},
    "4.4 an id with an address": {"id": "http://user@[2001:db8::1]:8080/a%20b"},
    "5.4 a refresh service": {"refreshService": {"type": "urn:x:Refresh", "id": "urn:x:y"}},
    "5.4 two refresh services": {"refreshService": [{"type": "urn:x:Refresh"}] * 2},
    "5.5 terms of use": {"termsOfUse": {"type": "urn:x:Policy"}},
    "5.5 terms of use with an id": {"termsOfUse": [{"type": "urn:x:Policy", "id": "urn:x:y"}]},
    "5.6 evidence": {"evidence": [{"type": ["urn:x:E"]}, {"type": "urn:x:D", "id": "urn:x:y"}]},
    "5.10 a confidence method": {"confidenceMethod": {"type": "urn:x:K", "id": "did:example:a#1"}},
}  # fmt: skip


@pytest.mark.parametrize("members", ACCEPTED.values(), ids=ACCEPTED)
def test_what_the_data_model_allows_is_read_and_written_back(members: JsonObject) -> None:
    content = read_credential(minimal(**members)).content
    assert type(content) is VerifiableCredential
    assert write(content) == minimal(**members)


REFUSED: dict[str, JsonObject] = {
    "4.3 no context": {"@context": "absent"},
    "4.3 a first context of others": {"@context": ["https://w3id.org/security/data-integrity/v2"]},
    "4.3 a context that is a number": {"@context": [CREDENTIALS_V2, 123192875]},
    "4.3 a context without a list": {"@context": CREDENTIALS_V2},
    "4.3 a context that is no URL": {"@context": [CREDENTIALS_V2, "https ://not-a-url/"]},
    "4.4 an id that is null": {"id": None},
    "4.4 two ids": {"id": ["did:example:a", "did:example:b"]},
    "4.4 an id that is no URL": {"id": "not a url"},
    "4.4 two ids of a subject": {"credentialSubject": {"id": ["did:example:a", "did:example:b"]}},
    "4.5 no type": {"type": "absent"},
    "4.5 another type": {"type": ["https://example.org/#Type"]},
    "4.5 a type that is a number": {"type": ["VerifiableCredential", 2]},
    "4.6 a name with more than a text": {"name": english("Credential", url="urn:x:y")},
    "4.6 a description with more": {"description": english("Credential", url="urn:x:y")},
    "4.6 names without languages": {"name": ["Dog", "Chien"]},
    "4.6 names by language": {"name": {"en": "Dog"}},
    "4.6 an issuer's name with more": {"issuer": {**ISSUER, "name": english("S", url="urn:x:y")}},
    "11.1 a value that is a number": {"name": {"@value": 7, "@language": "en"}},
    "11.1 a language that is none": {"name": english("Dog", **{"@language": "not a language"})},
    "11.1 a direction that is none": {"name": english("Dog", **{"@direction": "up"})},
    "11.1 a value object elsewhere": {"credentialSubject": {"alumniOf": english("School")}},
    "4.7 no issuer": {"issuer": "absent"},
    "4.7 an issuer that is no URL": {"issuer": "not a url"},
    "4.7 an issuer that is null": {"issuer": None},
    "4.7 an issuer without id": {"issuer": {"name": "School"}},
    "4.7 an issuer whose id is no URL": {"issuer": {"id": "not a url"}},
    "4.8 no subject": {"credentialSubject": "absent"},
    "4.8 a subject without a claim": {"credentialSubject": {}},
    "4.8 one subject without a claim": {"credentialSubject": [{"id": "did:example:a"}, {}]},
    "4.9 no date-time": {"validFrom": "2026-01-01"},
    "4.9 the end before the start": {
        "validFrom": "2026-01-01T00:00:01Z", "validUntil": "2026-01-01T00:00:00Z"
    },
    "4.10 a status without type": {"credentialStatus": {"id": "urn:x:y"}},
    "4.10 a status with two ids": {"credentialStatus": {"id": ["urn:x:y"] * 2, "type": "A"}},
    "4.10 a status whose id is no URL": {"credentialStatus": {"id": "x y", "type": "A"}},
    "4.10 a status whose type is a number": {"credentialStatus": {"type": 2}},
    "4.11 a schema without type": {"credentialSchema": {"id": "urn:x:y"}},
    "4.11 a schema without id": {"credentialSchema": {"type": "JsonSchema"}},
    "4.11 a schema whose id is no URL": {"credentialSchema": {"id": 7, "type": "JsonSchema"}},
    "5.3 a related resource that is text": {"relatedResource": ["https://example.org/"]},
    "5.3 a related resource without id": {"relatedResource": {"digestSRI": SRI}},
    **{
        f"5.3 digestSRI {shown}": {"relatedResource": {"id": "urn:x:y", "digestSRI": written}}
        for shown, written in {
            "that is empty": "", "of blanks": "  ", "without an algorithm": SRI[7:],
            "of MD5": "md5-1B2M2Y8AsgTpgAmY7PhCfg==", "in hex": "sha256-" + "0" * 64,
            "that is too short": SRI[:-4], "that is too long": SRI + "AAAA", "in a list": [SRI],
            "that is no base64": SRI[:-1] + "!", "in capitals": SRI.upper(),
            "by a comma": f"{SRI},{SRI}", "with a letter more": SRI.replace("sha384-", "sha384-M"),
            "that is a number": 7, "with a line of its own inside": SRI.replace("-", "-\n"),
        }.items()
    },
    **{
        f"5.3 digestMultibase {shown}": {
            "relatedResource": {"id": "urn:x:y", "digestMultibase": written}
        }
        for shown, written in {
            "that is empty": "", "of nothing": "u", "in another base": "f1220" + "00" * 32,
            "that is cut": MULTIBASE[:-2], "that is none": "!!", "of another length": "uEiA",
            "of an unknown hash": "u" + base64url_encode(b"\x11\x14" + bytes(20)),
            "that lies about its length": "u" + base64url_encode(b"\x12\x1f" + bytes(32)),
            "in a list with none": [MULTIBASE, "zz"], "in an empty list": [],
            "with padding": MULTIBASE + "=",
        }.items()
    },
    "5.3 a digest of another context": resource(CREDENTIALS_V2, digestSRI=SRI),
    "5.3 another digest beside the right one": {
        "relatedResource": {"id": CREDENTIALS_V2, "digestSRI": SRI, "digestMultibase": MULTIBASE}
    },
    **{
        f"4.9 {text}": {"validFrom": text}
        for text in (
            "2026-01-01T24:00:01Z", "2026-01-01T24:00:00.1Z", "2026-01-01T25:00:00Z",
            "2026-01-01T00:00:00+14:01", "2026-01-01T00:00:00-14:30", "2026-01-01T00:00:00+15:00",
            "2026-01-01T00:00:00+00:60", "2026-01-01T23:59:60Z", "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z", "2026-01-01t00:00:00z",
            "2026-02-29T00:00:00Z", "9999-12-31T24:00:00Z", "0000-01-01T00:00:00Z",
            "12026-01-01T00:00:00Z", "-2026-01-01T00:00:00Z", "2026-01-01T00:00:00+0100",
        )
    },
    **{
        f"4.4 {text!a}": {"id": text}
        for text in (
            "urn:x:a\x01b", "urn:x:a\x7fb", "urn:x:a\x85b", "urn:x:a b", "urn:x:a\n", "urn:x:<a>",
            'urn:x:"', "urn:x:{a}", "urn:x:a|b", "urn:x:a^b", "urn:x:a`b", "urn:x:a\\b",
            "https://example.org/%zz", "https://example.org/%4", "https://example.org/%",
            "http:", "https://", "https:///x", "HTTPS://:443/", "http://user@/",
            "https:example.org",
            "http://[::x]/", "http://[::1/", "http://a]/", "http://[]/", "http://[1.2.3.4]/",
            "https://example.org/[a]", "https://example.org/#a#b", "https://example.org:8x/",
            "urn:", "1urn:x", "//example.org/", "https://example.org/\ue000",
        )
    },
    "5.3 a related resource twice": {"relatedResource": [RESOURCE, RESOURCE]},
    "5.3 a related resource without digest": {"relatedResource": {"id": "urn:x:y"}},
    "5.4 a refresh service without type": {"refreshService": {"id": "urn:x:y"}},
    "5.5 terms of use without type": {"termsOfUse": [{"id": "urn:x:y"}]},
    "5.6 evidence without type": {"evidence": {"id": "urn:x:y"}},
    "5.10 a render method without type": {"renderMethod": {"id": "urn:x:y"}},
}  # fmt: skip


@pytest.mark.parametrize("members", REFUSED.values(), ids=REFUSED)
def test_what_the_data_model_forbids_is_refused_at_format(members: JsonObject) -> None:
    given = {name: item for name, item in minimal(**members).items() if item != "absent"}
    with pytest.raises(Refusal) as caught:
        read_credential(given)
    assert caught.value.step == "format"


def test_an_inline_context_is_refused_though_the_data_model_allows_it() -> None:
    """formats: it could rename a member under an intact RDF signature."""
    with pytest.raises(Refusal) as caught:
        read_credential(minimal(**{"@context": [CREDENTIALS_V2, {"x": "urn:x:y"}]}))
    assert caught.value.code == "ambiguous"


def test_a_credential_of_version_1_needs_its_issuance_date() -> None:
    given = minimal(**{"@context": [CREDENTIALS_V1]})
    with pytest.raises(Refusal, match="issuanceDate"):
        read_credential(given)
    assert read_credential({**given, "issuanceDate": "2026-01-01T00:00:00Z"}).valid_from


# --- language value objects under an RDF signature


def test_a_text_in_a_language_stands_in_the_quads_with_it() -> None:
    quads = rdfc(
        minimal(id="urn:x:1", name=[english("Dog"), english("Chien", **{"@language": "fr"})])
    )
    assert b'<https://schema.org/name> "Dog"@en .' in quads
    assert b'<https://schema.org/name> "Chien"@fr .' in quads


def test_a_value_object_without_language_is_the_text_itself() -> None:
    plain, boxed = minimal(id="urn:x:1", name="Dog"), minimal(id="urn:x:1", name={"@value": "Dog"})
    assert rdfc(plain) == rdfc(boxed)
    assert read_credential(plain).name == read_credential(boxed).name == "Dog"


def test_a_direction_is_refused_where_quads_are_signed_because_they_drop_it() -> None:
    """A holder could turn the text round; jsonld.js refuses it in safe mode too."""
    document = minimal(id="urn:x:1", name=english("Dog", **{"@direction": "rtl"}))
    with pytest.raises(Refusal) as caught:
        rdfc(document)
    assert caught.value.code == "undefined_term"
    assert jcs(read_credential(document).document)
