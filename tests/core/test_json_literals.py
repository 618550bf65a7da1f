"""JSON literals: what stands in one is data, and RDF holds it as RFC 8785 writes it."""

from copy import deepcopy
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from registry.core.canonical import rdfc
from registry.core.contexts import CREDENTIALS_V1, CREDENTIALS_V2, bundled
from registry.core.credential import embedded_endorsements, read_credential
from registry.core.document import JsonObject, parse_json, without_json_literals
from registry.core.errors import Refusal
from registry.core.shapes import write

from .open_badges_examples import badge, endorsement

# Everything that means something outside of a literal.
SCHEMA: JsonObject = {
    "$id": "https://example.org/schema.json",
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": ["object", "null"],
    "id": "not an IRI",
    "@id": "urn:x:y",
    "properties": {
        "@context": {"type": "array", "items": {}},
        "schema:name": {"default": None, "enum": [None, [], {}]},
        "Profile": {"type": "Not A Type"},
        "credits": {"minimum": 1e-7, "maximum": 72.35, "text": "7.235E1"},
        "endorsement": {"type": "EndorsementCredential", "@context": "x"},
        "otherIdentifier": {"identifierType": "ext:caip10"},
        "\ufb33": 2,
        "\U0001f600": 1,
    },
    "required": [],
}


def schema_credential(schema: Any = None, **members: Any) -> JsonObject:
    """VC JSON Schema 1.0, 2.2: a schema as a credential."""
    return {
        "@context": [CREDENTIALS_V2],
        "id": "urn:x:schema",
        "type": ["VerifiableCredential", "JsonSchemaCredential"],
        "issuer": "did:example:issuer",
        "credentialSubject": {
            "id": "https://example.org/schema.json",
            "type": "JsonSchema",
            "jsonSchema": deepcopy(SCHEMA) if schema is None else schema,
        },
    } | members


def literal(document: JsonObject) -> str:
    """The JSON literal in the quads of a document, read back from N-Quads."""
    (line,) = [line for line in rdfc(document).decode().splitlines() if "-ns#JSON>" in line]
    start, end = line.index(' "') + 2, line.rindex('"^^')
    text = line[start:end].replace("\\\\", "\0").replace('\\"', '"').replace("\\n", "\n")
    for escape, character in (("\\t", "\t"), ("\\r", "\r"), ("\\b", "\b"), ("\\f", "\f")):
        text = text.replace(escape, character)
    return text.replace("\0", "\\")


def test_a_schema_in_a_credential_is_data_and_is_read_and_written_back() -> None:
    document = schema_credential()
    assert write(read_credential(document).content) == document
    assert literal(document) == rfc8785.dumps(SCHEMA).decode()


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn")), max_size=4)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15).filter(lambda number: number != 0)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
).filter(lambda value: value is not None)


@given(VALUES)
def test_a_literal_in_quads_is_what_rfc_8785_writes(value: Any) -> None:
    assert literal(schema_credential(value)) == rfc8785.dumps(value).decode()


@pytest.mark.parametrize("member", ["name", "description"])
def test_a_text_like_a_literals_place_is_not_taken_for_it(member: str) -> None:
    """Else a holder could exchange the text for the schema's under an intact RDF signature."""
    document = schema_credential()
    (place,) = without_json_literals(document)[1]
    for text in (place, f'"{place}"'):
        assert rdfc(document | {member: text}) != rdfc(document | {member: str(SCHEMA)})
        assert text.replace('"', '\\"') in rdfc(document | {member: text}).decode()


@pytest.mark.parametrize(
    "change",
    [
        {"required": ["id"]},
        {"type": ["null", "object"]},
        {"properties": {**SCHEMA["properties"], "extra": None}},
        {"extra": {"@id": "urn:x:y"}},
    ],
)
def test_every_change_in_a_literal_changes_the_quads(change: JsonObject) -> None:
    assert rdfc(schema_credential(SCHEMA | change)) != rdfc(schema_credential())


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"credentialSubject": {"jsonSchema": {"default": None}}}, "ambiguous"),
        ({"credentialSubject": {"type": "JsonSchema", "jsonSchema": None}}, "ambiguous"),
        ({"credentialSubject": {"type": "JsonSchema", "other": {"a:b": 1}}}, "ambiguous"),
        ({"credentialSubject": {"type": "JsonSchema", "jwk": {"@id": 1}}}, "ambiguous"),
        ({"credentialSubject": {"jsonSchema": {"a": 1}, "name": "x"}}, "undefined_term"),
    ],
)
def test_only_where_the_context_makes_it_one_is_a_value_a_literal(
    members: JsonObject, code: str
) -> None:
    document = schema_credential(**members)
    with pytest.raises(Refusal) as caught:
        rdfc(read_credential(document).document)
    assert caught.value.code == code


def test_under_another_data_model_a_schema_is_no_term() -> None:
    document = schema_credential(**{"@context": [CREDENTIALS_V1]})
    with pytest.raises(Refusal) as caught:
        rdfc(document)
    assert caught.value.code == "undefined_term"


@pytest.mark.parametrize(
    "members",
    [
        {"_sd": []},
        {"_sd": [{"@x": None}]},
        {"cnf": {"jwk": {"kty": "OKP", "x:y": None, "key_ops": []}}},
    ],
)
def test_the_other_literals_of_the_context_are_data_too(members: JsonObject) -> None:
    document = schema_credential(credentialSubject={"id": "did:example:ada", **members})
    value = members.get("_sd", members.get("cnf", {}).get("jwk"))
    assert read_credential(document).document == document
    assert literal(document) == rfc8785.dumps(value).decode()


def test_these_are_all_the_json_terms_of_the_bundled_contexts() -> None:
    found: set[tuple[str, ...]] = set()

    def look(context: Any, path: tuple[str, ...]) -> None:
        for part in context if isinstance(context, list) else [context]:
            for term, meaning in part.items() if isinstance(part, dict) else ():
                if isinstance(meaning, dict):
                    if meaning.get("@type") == "@json":
                        found.add((*path, term))
                    look(meaning.get("@context"), (*path, term))

    for context in bundled().values():
        look(context, ())
    assert found == {("JsonSchema", "jsonSchema"), ("_sd",), ("cnf", "jwk")}


def test_an_endorsement_is_found_outside_of_literals_and_is_given_whole() -> None:
    document = badge()
    inner = endorsement(evidence={"type": "Evidence"})
    inner["credentialSubject"] |= {"type": ["EndorsementSubject", "JsonSchema"]}
    inner["credentialSubject"]["jsonSchema"] = deepcopy(SCHEMA)
    document["endorsement"] = inner
    del document["issuer"]["endorsement"]
    document["credentialSubject"]["achievement"].pop("endorsement", None)
    given_back = [parse_json(data) for data in embedded_endorsements(read_credential(document))]
    assert inner in given_back
    assert len(given_back) == 1


def test_the_schema_of_a_schema_credential_may_name_the_credentials_id() -> None:
    document = schema_credential({"id": "urn:x:schema", "validUntil": "2030-01-01T00:00:00Z"})
    assert read_credential(document).valid_until is None
