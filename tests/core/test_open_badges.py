"""Open Badges 3.0 whole: every class is read and written back, and what is read fits the schemas.

The published JSON Schemas (2019-09) judge changed credentials beside the model: what the model
accepts they accept, and what it refuses of theirs has one of the reasons of docs/spec/model.md.
"""

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import FrozenInstanceError
from functools import cache
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft201909Validator  # type: ignore[import-untyped]

from registry.core.canonical import jcs, rdfc
from registry.core.contexts import CREDENTIALS_V1, CREDENTIALS_V2, OPEN_BADGES_V3, bundled
from registry.core.credential import read_credential
from registry.core.document import JsonObject
from registry.core.errors import InvalidArgument, Refusal
from registry.core.open_badges import (
    AchievementCredential,
    EndorsementCredential,
    IdentityObject,
    Image,
    Profile,
)
from registry.core.shapes import read, write

from .open_badges_examples import JWT, alignment, badge, endorsement, person, profile
from .public_vectors import VECTORS, needs_vectors, read_json, vector_files

SCHEMAS = VECTORS / "ob-schemas/packages/coverage/vendor/open-badges/v3_0"
OBV3 = vector_files("obv3-impierce", "crates/types-ob-v3/tests/obv3_json_examples/*.json")


@cache
def schema(name: str) -> Any:
    return Draft201909Validator(read_json(SCHEMAS / f"ob_v3p0_{name}_schema.json"))


# Older contexts redefine terms that the newer data model protects.
NEWER_CONTEXTS = {
    CREDENTIALS_V1: CREDENTIALS_V2,
    "https://w3id.org/security/data-integrity/v1": "https://w3id.org/security/data-integrity/v2",
} | {url: OPEN_BADGES_V3 for url in bundled() if "/ob/v3p0/context" in url}


def as_version_2(credential: Any) -> Any:
    """The published schemas know the data model 2.0 alone: its names for those of 1.1."""
    if isinstance(credential, list):
        return [as_version_2(item) for item in credential]
    if not isinstance(credential, dict):
        return NEWER_CONTEXTS.get(str(credential), credential)
    names = {"issuanceDate": "validFrom", "expirationDate": "validUntil"}
    return {names.get(name, name): as_version_2(item) for name, item in credential.items()}


def refusal(
    credential: JsonObject, reading: Callable[[JsonObject], Any] = read_credential
) -> Refusal | None:
    try:
        reading(credential)
    except Refusal as caught:
        return caught
    return None


def test_a_badge_with_every_member_is_read_and_written_back() -> None:
    content = read_credential(badge()).content
    assert isinstance(content, AchievementCredential)
    assert write(content) == badge()
    (subject,) = content.credential_subject
    assert subject.achievement.alignment[1].target_type == "ext:esco:Skill"
    levels = subject.achievement.result_description[1].rubric_criterion_level
    assert [level.name for level in levels] == ["Mastered"]
    assert subject.result[1].status == "Completed"
    assert subject.source is not None
    assert subject.source.date_of_birth == "1815-12-10"
    assert isinstance(content.issuer, Profile)
    assert content.issuer.address is not None
    assert content.issuer.address.geo is not None
    assert content.issuer.address.geo.latitude == 54.5
    assert [e.credential_subject[0].endorsement_comment for e in content.endorsement] == [
        "In **good standing**."
    ]


def test_an_endorsement_is_read_and_written_back() -> None:
    content = read_credential(endorsement()).content
    assert isinstance(content, EndorsementCredential)
    assert write(content) == endorsement()
    assert content.name == "Endorsement by the state"


def test_a_value_cannot_be_changed() -> None:
    content = read_credential({**badge(), "mine": {"list": [1, {"deep": 2}]}}).content
    with pytest.raises(FrozenInstanceError):
        content.id = "urn:x:other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        content.other["mine"]["list"][1]["deep"] = 3
    assert write(content)["mine"] == {"list": [1, {"deep": 2}]}


def test_a_member_alone_and_in_a_list_is_the_same_value_written_as_it_stood() -> None:
    alone, listed = badge(), badge()
    alone["credentialSubject"]["achievement"]["tag"] = "data"
    listed["credentialSubject"]["achievement"]["tag"] = ["data"]
    one, other = read_credential(alone).content, read_credential(listed).content
    assert one == other
    assert (write(one), write(other)) == (alone, listed)


def test_members_that_no_class_names_are_kept_where_the_schema_allows_them() -> None:
    document = badge()
    document["credentialSubject"]["achievement"]["extra"] = {"a": [True, 1.5, "x"]}
    assert write(read_credential(document).content) == document
    document["image"]["extra"] = 1
    caught = refusal(document)
    assert caught is not None
    assert 'image has a member "extra", which Image does not allow' in caught.detail


@needs_vectors
@pytest.mark.parametrize("file", OBV3, ids=lambda path: str(path.stem))
def test_the_examples_of_another_project_fit_the_schema_in_version_2_and_the_model_in_both(
    file: Path,
) -> None:
    example = read_json(file)
    newer = as_version_2(example)
    name = "endorsementcredential" if file.stem.startswith("endorsement") else None
    assert schema(name or "achievementcredential").is_valid(newer)
    assert write(read_credential(newer).content) == newer
    assert write(read_credential(example).content) == example


@needs_vectors
def test_our_own_examples_fit_the_schemas() -> None:
    assert schema("achievementcredential").is_valid(badge())
    assert schema("endorsementcredential").is_valid(endorsement())
    assert schema("profile").is_valid(profile(endorsement=endorsement()))


def test_an_issuer_may_be_its_id_alone() -> None:
    for issuer in ("did:example:school", {"id": "did:example:school"}):
        credential = read_credential({**badge(), "issuer": issuer})
        assert (credential.issuer, credential.issuer_name) == ("did:example:school", None)
        assert write(credential.content) == {**badge(), "issuer": issuer}


# --- the identity of a recipient (B.7.1, IdentityHash)


def identity(**members: Any) -> IdentityObject:
    given = {"type": "IdentityObject", "hashed": True, "identityType": "emailAddress"} | members
    return read(IdentityObject, given)


@given(st.text(), st.text())
def test_a_hashed_identity_matches_its_identifier_and_no_other(identifier: str, salt: str) -> None:
    digest = sha256((identifier + salt).encode("utf-8", "surrogatepass")).hexdigest()
    salted = identity(identityHash=f"sha256${digest}", salt=salt)
    assert salted.matches(identifier)
    assert not salted.matches(identifier + "x")
    assert not identity(identityHash=f"sha256${digest}", salt=salt + "x").matches(identifier)


def test_an_identity_without_salt_in_upper_case_or_by_md5_matches() -> None:
    digest = sha256(b"ada@example.org").hexdigest()
    assert identity(identityHash=f"sha256${digest}").matches("ada@example.org")
    assert identity(identityHash=f"sha256${digest.upper()}").matches("ada@example.org")
    older = md5(b"ada@example.org", usedforsecurity=False).hexdigest()
    assert identity(identityHash=f"md5${older}").matches("ada@example.org")


DIGEST = sha256(b"ada@example.org").hexdigest()


@pytest.mark.parametrize(
    "written",
    [
        *(f"{algorithm}${DIGEST}" for algorithm in ("sha512", "SHA256", "", "sha256$", "md5")),
        *(DIGEST, f"sha256${DIGEST[1:]}", f"sha256${DIGEST}0", f"sha256${DIGEST}\n", "sha256$"),
        *("ada@example.org", f"sha256${DIGEST[1:]}g", f"sha256:{DIGEST}", ""),
    ],
)
def test_an_identity_hashed_in_another_way_is_refused(written: str) -> None:
    with pytest.raises(InvalidArgument, match="identityHash is not sha256"):
        identity(identityHash=written)
    assert identity(identityHash=written, hashed=False).matches(written)


def test_a_subject_has_an_id_or_an_identifier() -> None:
    """Open Badges 3.0, B.1.3: one of them MUST be supplied, which no schema can say."""
    document = badge()
    subject = document["credentialSubject"]
    without = {name: item for name, item in subject.items() if name not in ("id", "identifier")}
    for kept in ("id", "identifier"):
        document["credentialSubject"] = {**without, kept: subject[kept]}
        assert refusal(document) is None
    document["credentialSubject"] = without
    caught = refusal(document)
    assert caught is not None
    assert (caught.code, caught.detail) == (
        "schema",
        "the credential credentialSubject has neither id nor identifier",
    )


@needs_vectors
def test_no_published_example_of_an_achievement_is_without_a_recipient() -> None:
    """What breaks the rule would be named here: of the examples of others none does."""
    subjects = [read_json(file)["credentialSubject"] for file in OBV3]
    assert all("id" in subject or "identifier" in subject for subject in subjects)


def test_a_term_of_no_vocabulary_is_refused_by_the_vocabularys_name() -> None:
    for place, name in {
        (*ACHIEVEMENT, "achievementType"): "AchievementType",
        (*ACHIEVEMENT, "alignment", 0, "targetType"): "AlignmentTargetType",
        (*SUBJECT, "identifier", "identityType"): "IdentifierTypeEnum",
        (*ACHIEVEMENT, "resultDescription", 0, "resultType"): "ResultType",
        (*SUBJECT, "result", 1, "status"): "ResultStatusType",
    }.items():
        caught = refusal(at(*place, value="Nonsense")())
        assert caught is not None
        assert f"{place[-1]} is no term of {name}" in caught.detail


def test_a_plain_identity_is_compared_as_it_is() -> None:
    plain = identity(hashed=False, identityHash="ada@example.org", salt="not-used")
    assert plain.matches("ada@example.org")
    assert not plain.matches("ADA@example.org")
    digest = sha256(b"ada@example.org").hexdigest()
    assert not identity(hashed=False, identityHash=f"sha256${digest}").matches("ada@example.org")


# --- what the schema accepts and the model refuses: docs/spec/model.md, section 4


def at(*place: Any, value: Any) -> Callable[[], JsonObject]:
    """The badge with `value` at `place`."""

    def changed() -> JsonObject:
        document = badge()
        node: Any = document
        for name in place[:-1]:
            node = node[name]
        node[place[-1]] = value
        return document

    return changed


def without_recipient() -> JsonObject:
    document = badge()
    for name in ("id", "identifier"):
        document["credentialSubject"].pop(name, None)
    return document


SUBJECT = ("credentialSubject",)
ACHIEVEMENT = ("credentialSubject", "achievement")
# The reason of the specification -> how its refusals read, and credentials that show it.
REASONS: dict[str, tuple[str, list[Callable[[], JsonObject]]]] = {
    "JSON-LD": (
        r"not a plain term|leave the member out|inline context|not a list of URLs",
        [
            at(*ACHIEVEMENT, "@included", value=[]),
            at("cred:validUntil", value="2020-01-01T00:00:00Z"),
            at("mine", value=None),
            at(*ACHIEVEMENT, "tag", value=[]),
            at("@context", value=[CREDENTIALS_V2, OPEN_BADGES_V3, {"a": "urn:x:a"}]),
            at("endorsement", "@context", value=CREDENTIALS_V2),
            at("@context", value=CREDENTIALS_V2),
        ],
    ),
    "contexts": (
        r"no bundled copy|Overriding the protected term",
        [
            at("@context", value=[CREDENTIALS_V2, OPEN_BADGES_V3.replace("3.0.3", "3.0.1")]),
            at("@context", value="https://example.org/context"),
            at("@context", value=[CREDENTIALS_V2, OPEN_BADGES_V3, "https://example.org/context"]),
        ],
    ),
    "identifiers": (
        r"is not an absolute IRI",
        [at(*ACHIEVEMENT, "id", value="data"), at("issuer", value="Northmere")],
    ),
    "plain text": (
        r"\w (is not text|is not an absolute IRI|is not the name of a type)|issuer has no",
        [
            at("id", value={"en": "urn:x:y"}),
            at("issuer", value={"en": "urn:x:y"}),
            at(*ACHIEVEMENT, "type", value={"en": "Achievement"}),
            at(*SUBJECT, "identifier", "salt", value={"en": "0a1b"}),
            at(*ACHIEVEMENT, "alignment", 0, "targetUrl", value={"en": "https://example.org"}),
            at(*ACHIEVEMENT, "endorsementJwt", value={"en": JWT}),
        ],
    ),
    "types": (
        r"is without \w|is not the name of a type|no context defines",
        [
            at("evidence", 0, "type", value=["Evidence", "Report"]),
            at("termsOfUse", value={"type": "Policy"}),
            at(*ACHIEVEMENT, "type", value="Award"),
            at("type", value="OpenBadgeCredential"),
            at(*SUBJECT, "result", 0, "type", value="Other"),
            at("evidence", 0, "type", value=["Evidence", ""]),
        ],
    ),
    "extensions": (
        r"is no term of AchievementType",
        [at(*ACHIEVEMENT, "achievementType", value="mine ext:Award")],
    ),
    "times": (
        r"is not a point in time|is not a date|after the one that it is valid until",
        [
            at("validFrom", value="2026-02-28"),
            at("validUntil", value="2025-02-28T00:00:00Z"),
            at(*SUBJECT, "source", value=person(dateOfBirth="1815")),
        ],
    ),
    "data model": (
        r"(renderMethod|confidenceMethod|relatedResource|issuanceDate|expirationDate)",
        [
            at("confidenceMethod", value={"id": "urn:x:y"}),
            at("relatedResource", value={"id": "urn:x:y"}),
            at("relatedResource", value={"id": "urn:x:y", "digestSRI": "sha256-x"}),
        ],
    ),
    "recipients": (
        r"has neither id nor identifier|identityHash is not",
        [
            without_recipient,
            at(*SUBJECT, "identifier", "identityHash", value="ada@example.org"),
        ],
    ),
    "said once": (
        r"two objects|stands in another place",
        [
            at("evidence", 0, "id", value=badge()["id"]),
            at("endorsement", "id", value=badge()["id"]),
        ],
    ),
    "accounts": (
        r"issuer.otherIdentifier: ",
        [
            at(
                "issuer",
                value=profile(
                    id="urn:x:issuer",
                    otherIdentifier={
                        "type": "IdentifierEntry",
                        "identifier": "12345",
                        "identifierType": "ext:caip10",
                    },
                ),
            )
        ],
    ),
    "limits": (
        r"want at most 16|more than 64 contexts",
        [
            at("proof", value=[{"type": "X"}] * 17),
            at("@context", value=[CREDENTIALS_V2, *[OPEN_BADGES_V3] * 64]),
        ],
    ),
}
SHOWN = [(reason, change) for reason, (_, changes) in REASONS.items() for change in changes]


@needs_vectors
@pytest.mark.parametrize(("reason", "change"), SHOWN, ids=[reason for reason, _ in SHOWN])
def test_what_the_schema_accepts_and_the_model_refuses_is_named(
    reason: str, change: Callable[[], JsonObject]
) -> None:
    assert schema("achievementcredential").is_valid(change())
    caught = refusal(change())
    assert caught is not None
    assert re.search(REASONS[reason][0], caught.detail), caught.detail


@needs_vectors
def test_the_specification_names_every_reason() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs/spec/model.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \*\*(.+?)\*\* \|", text, re.MULTILINE) == list(REASONS)


# --- changed at random: the model beside the schema


def spots(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (object or list, name or index) below a JSON value."""
    for name, item in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, name
        if isinstance(item, dict | list):
            yield from spots(item)


def slim() -> JsonObject:
    """The badge with one endorsement and one of each other thing: quicker to judge."""
    document = badge()
    del document["endorsement"]
    del document["issuer"]["endorsement"]
    made = document["credentialSubject"]["achievement"]
    made["endorsement"], made["creator"] = [endorsement(proof={"type": "X"})], person()
    made["alignment"] = [alignment()]
    return document


BASES = (slim(), endorsement(evidence={"type": "Evidence"}, proof=[{"type": "X", "nonce": "1"}]))
NAMES = sorted({name for base in BASES for _, name in spots(base) if isinstance(name, str)})
ODD: list[Any] = [
    "", "x", "urn:x:y", "2026-01-01T00:00:00Z", "ext:x", "ext:-", "en", JWT, "Profile", "Image",
    0, 1.5, True, {}, {"en": "x"}, {"EN": "x"}, {"en": 1}, {"type": "Image", "id": "urn:x:y"},
    ["x"], ["x", "y"], [["x"]], [{}], {"id": "urn:x:y"}, {"type": "X"}, {"@value": "x"},
    "VerifiableCredential", "OpenBadgeCredential", CREDENTIALS_V2, OPEN_BADGES_V3,
]  # fmt: skip


@st.composite
def changed_credentials(draw: st.DrawFn) -> JsonObject:
    """A credential with one to three members taken away, added, wrapped or given another value."""
    document: JsonObject = deepcopy(draw(st.sampled_from(BASES)))
    for _ in range(draw(st.integers(1, 3))):
        everywhere = list(spots(document))
        if not everywhere:
            break
        node, name = everywhere[draw(st.integers(0, len(everywhere) - 1))]
        taken, key = everywhere[draw(st.integers(0, len(everywhere) - 1))]
        match draw(st.sampled_from(["remove", "odd", "copy", "add", "wrap"])):
            case "remove":
                del node[name]
            case "odd":
                node[name] = deepcopy(draw(st.sampled_from(ODD)))
            case "copy":
                node[name] = deepcopy(taken[key])
            case "add" if isinstance(node, dict):
                node[draw(st.sampled_from(NAMES))] = deepcopy(draw(st.sampled_from(ODD)))
            case _:
                inner = node[name]
                node[name] = inner[0] if isinstance(inner, list) and inner else [inner]
    return document


@needs_vectors
@given(changed_credentials())
def test_what_the_model_accepts_the_schema_accepts(document: JsonObject) -> None:
    named = document.get("type")
    kinds = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    names = [
        name
        for name, kind in (
            ("achievementcredential", "OpenBadgeCredential"),
            ("endorsementcredential", "EndorsementCredential"),
        )
        if kind in kinds
    ]
    caught = refusal(document)
    if caught is None:
        assert all(schema(name).is_valid(document) for name in names)
        assert write(read_credential(document).content) == document
    elif names and all(schema(name).is_valid(document) for name in names):
        assert any(re.search(how, caught.detail) for how, _ in REASONS.values()), caught.detail


def canonical(document: JsonObject) -> bytes:
    return rdfc({name: item for name, item in document.items() if name != "proof"})


@given(changed_credentials())
def test_an_accepted_credential_has_canonical_forms_or_is_refused_at_format(
    document: JsonObject,
) -> None:
    if refusal(document) is None:
        assert jcs(document)
        caught = refusal(document, canonical)
        assert caught is None or caught.step == "format"


@pytest.mark.parametrize("value", [None, [], "urn:x:y", 7])
def test_what_is_no_object_is_no_value_of_a_class(value: Any) -> None:
    with pytest.raises(InvalidArgument, match="is not an object"):
        read(Image, value)
