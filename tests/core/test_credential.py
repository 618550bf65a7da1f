"""Parsing credentials: W3C 1.1 and 2.0, Open Badges, every refusal, and what is said once."""

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from registry.core.canonical import rdfc
from registry.core.contexts import CREDENTIALS_V1, CREDENTIALS_V2, OPEN_BADGES_V3, bundled
from registry.core.credential import MAX_PROOFS, parse_credential, read_credential
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.shapes import write

from .anchored_badges import ACCOUNT, DID, OTHER_ACCOUNT, badge, unsigned_badge, written
from .public_vectors import needs_vectors, read_json, vector_files
from .test_embedded_endorsements import signed_endorsement


def minimal(**members: Any) -> JsonObject:
    return {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": "https://school.example.org",
        "credentialSubject": {"id": "did:example:ada"},
    } | members


def refused(credential: JsonObject) -> str:
    with pytest.raises(Refusal) as caught:
        read_credential(credential)
    assert caught.value.step == "format"
    return caught.value.code


def test_the_smallest_credential_of_the_w3c_is_read() -> None:
    credential = read_credential(minimal())
    assert credential.issuer == "https://school.example.org"
    assert credential.types == ("VerifiableCredential",)
    assert [subject.id for subject in credential.subjects] == ["did:example:ada"]
    assert (credential.id, credential.valid_from, credential.valid_until) == (None, None, None)
    assert (credential.proofs, credential.accounts, credential.statuses) == ((), (), ())


def version_1(**members: Any) -> JsonObject:
    return minimal(**{"@context": [CREDENTIALS_V1]} | members)


def test_a_credential_of_version_1_has_its_own_names_for_the_period() -> None:
    credential = read_credential(
        version_1(issuanceDate="2026-01-01T00:00:00Z", expirationDate="2027-01-01T00:00:00+01:00")
    )
    assert credential.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert credential.valid_until == datetime(2026, 12, 31, 23, tzinfo=UTC)
    assert refused(version_1(validFrom="2026-01-01T00:00:00Z")) == "schema"


def test_an_end_of_version_2_counts_in_version_1_too() -> None:
    """The IRIs are the same: a holder could exchange the contexts and so hide `validUntil`."""
    document = {
        **minimal(validFrom="2026-01-01T00:00:00Z", validUntil="2026-02-01T00:00:00Z"),
        "id": "urn:x:1",
    }
    exchanged = {**document, "@context": [CREDENTIALS_V1]}
    assert rdfc(document) == rdfc(exchanged)
    assert refused(exchanged) == "schema"
    both = read_credential(
        {
            **exchanged,
            "issuanceDate": "2026-01-15T00:00:00Z",
            "expirationDate": "2027-01-01T00:00:00Z",
        }
    )
    assert both.valid_from == datetime(2026, 1, 15, tzinfo=UTC)
    assert both.valid_until == datetime(2026, 2, 1, tzinfo=UTC)


def test_a_badge_is_read_whole() -> None:
    credential = parse_credential(written(badge()))
    assert credential.document == unsigned_badge()
    assert [proof["cryptosuite"] for proof in credential.proofs] == [
        "eddsa-rdfc-2022",
        "evm-merkle-2026",
    ]
    assert (credential.issuer, credential.issuer_name) == (DID, "Northmere")
    assert credential.accounts == (ACCOUNT,)
    (subject,) = credential.subjects
    assert (subject.id, subject.achievement) == (None, "Data Preparation")
    assert subject.identifiers[0]["hashed"] is True
    assert credential.valid_until == datetime(2028, 2, 28, tzinfo=UTC)


def test_several_subjects_proofs_and_statuses_are_read_in_order() -> None:
    credential = read_credential(
        minimal(
            credentialSubject=[{"id": "did:example:ada"}, {"name": "Grace"}],
            credentialStatus=[{"type": "urn:x:A"}, {"type": ["urn:x:B"]}],
            proof=[{"type": "X"}, {"type": "Y"}],
        )
    )
    assert [subject.id for subject in credential.subjects] == ["did:example:ada", None]
    assert [status["type"] for status in credential.statuses] == ["urn:x:A", ["urn:x:B"]]
    assert [proof["type"] for proof in credential.proofs] == ["X", "Y"]


def test_of_several_languages_a_name_has_the_first() -> None:
    languages = [{"@value": "Badge", "@language": "en"}, {"@value": "Abzeichen"}]
    assert read_credential(minimal(name=languages)).name == "Badge"
    assert read_credential(minimal(name=languages[1])).name == "Abzeichen"
    badge_name = {**unsigned_badge(), "name": {"en": "Badge", "de": "Abzeichen"}}
    assert read_credential(badge_name).name == "Badge"


SCHEMA: dict[str, JsonObject] = {
    "no type": {"type": None},
    "an empty type": {"type": ""},
    "a number as type": {"type": [7]},
    "not a credential": {"type": ["OpenBadgeCredential"]},
    "a first context that is not the W3C's": {"@context": [OPEN_BADGES_V3, CREDENTIALS_V2]},
    "no issuer": {"issuer": None},
    "an issuer list": {"issuer": ["https://school.example.org"]},
    "an issuer without id": {"issuer": {"type": ["Profile"]}},
    "an issuer that is no IRI": {"issuer": "school"},
    "an issuer with a space": {"issuer": "https://school.example.org/a b"},
    "an issuer's name that is no text": {"issuer": {"id": "urn:x:y", "name": 7}},
    "no subject": {"credentialSubject": None},
    "a text as subject": {"credentialSubject": "did:example:ada"},
    "a list with a text as subject": {"credentialSubject": [{"id": "urn:x:y"}, "urn:x:z"]},
    "a subject's id that is no IRI": {"credentialSubject": {"id": "ada"}},
    "a subject's id that is no text": {"credentialSubject": {"id": 7}},
    "an identifier that is no object": {"credentialSubject": {"identifier": "ada"}},
    "an id that is no IRI": {"id": "credential"},
    "an id that is no text": {"id": 7},
    "a name that is no text": {"name": 7},
    "a list of names": {"name": ["Badge"]},
    "a date without a zone": {"validFrom": "2026-01-01T00:00:00"},
    "a day alone": {"validFrom": "2026-01-01"},
    "no real date": {"validUntil": "2026-02-30T00:00:00Z"},
    "a number as date": {"validUntil": 1772355600},
    "a list of dates": {"validUntil": ["2026-01-01T00:00:00Z"]},
    "the year 0": {"validFrom": "0000-01-01T00:00:00Z"},
    "a zone beyond time": {"validFrom": "0001-01-01T00:00:00+23:59"},
    "a text as status": {"credentialStatus": "https://school.example.org/status"},
    "a status without type": {"credentialStatus": {"id": "urn:x:y"}},
    "a text as proof": {"proof": "proof"},
    "a list of texts as proof": {"proof": ["proof"]},
    "an account that is none": {
        "issuer": {
            "id": "urn:x:y",
            "otherIdentifier": [{"identifierType": "ext:caip10", "identifier": "eip155:1:0x00"}],
        }
    },
    "an account without identifier": {
        "issuer": {"id": "urn:x:y", "otherIdentifier": {"identifierType": "ext:caip10"}}
    },
    "an other identifier that is no object": {
        "issuer": {"id": "urn:x:y", "otherIdentifier": "eip155:1:0x00"}
    },
}


@pytest.mark.parametrize("members", SCHEMA.values(), ids=SCHEMA)
def test_a_credential_that_breaks_the_data_model_is_refused(members: JsonObject) -> None:
    given = {name: item for name, item in minimal(**members).items() if item is not None}
    assert refused(given) == "schema"


def set_at(value: Any, *place: Any) -> Callable[[JsonObject], None]:
    """A change of the member at `place`; None removes it."""

    def change(credential: JsonObject) -> None:
        node: Any = credential
        for name in place[:-1]:
            node = node[name]
        if value is None:
            del node[place[-1]]
        else:
            node[place[-1]] = value

    return change


SUBJECT = ("credentialSubject",)
ACHIEVEMENT = ("credentialSubject", "achievement")
BADGE_SCHEMA: dict[str, Callable[[JsonObject], None]] = {
    "a subject of another type": set_at(["Person"], *SUBJECT, "type"),
    "a subject without type": set_at(None, *SUBJECT, "type"),
    "no achievement": set_at(None, *ACHIEVEMENT),
    "a text as achievement": set_at("urn:x:y", *ACHIEVEMENT),
    "an achievement of another type": set_at(["Award"], *ACHIEVEMENT, "type"),
    "an achievement without type": set_at(None, *ACHIEVEMENT, "type"),
    "an achievement without id": set_at(None, *ACHIEVEMENT, "id"),
    "an achievement whose id is no IRI": set_at("data", *ACHIEVEMENT, "id"),
    "an achievement without name": set_at(None, *ACHIEVEMENT, "name"),
    "an achievement without description": set_at(None, *ACHIEVEMENT, "description"),
    "an achievement without criteria": set_at(None, *ACHIEVEMENT, "criteria"),
    "a text as criteria": set_at("all", *ACHIEVEMENT, "criteria"),
}


@pytest.mark.parametrize("name", ["OpenBadgeCredential", "AchievementCredential"])
@pytest.mark.parametrize("change", BADGE_SCHEMA.values(), ids=BADGE_SCHEMA)
def test_a_badge_that_breaks_open_badges_is_refused(
    change: Callable[[JsonObject], None], name: str
) -> None:
    document = {**unsigned_badge(), "type": ["VerifiableCredential", name]}
    read_credential(document)
    document = deepcopy(document)
    change(document)
    assert refused(document) == "schema"


def test_proofs_are_at_most_sixteen() -> None:
    assert len(read_credential(minimal(proof=[{"type": "X"}] * MAX_PROOFS)).proofs) == MAX_PROOFS
    assert refused(minimal(proof=[{"type": "X"}] * (MAX_PROOFS + 1))) == "too_large"


@pytest.mark.parametrize(
    "members",
    [
        {"name": None},
        {"proof": {"type": "X", "@id": "urn:x:y"}},
        {"proof": {"type": "X", "sec:created": "now"}},
        {"proof": {"type": "X", "domain": []}},
        {"proof": {"type": "X", "nested": {"@context": []}}},
        {"@context": [CREDENTIALS_V2, {"validUntil": "urn:x:other"}]},
    ],
)
def test_the_rules_of_strict_json_ld_hold_in_document_and_proofs(members: JsonObject) -> None:
    assert refused(minimal(**members)) == "ambiguous"


def test_an_unknown_context_is_indeterminate() -> None:
    assert refused(minimal(**{"@context": [CREDENTIALS_V2, "urn:x:mine"]})) == "unknown_context"


def test_a_second_object_with_the_credentials_id_is_ambiguous() -> None:
    """A holder could move `validUntil` there: the quads, and so the signature, stay the same."""
    document = {
        **unsigned_badge(),
        "evidence": [{"id": unsigned_badge()["id"], "type": ["Evidence", "VerifiableCredential"]}],
    }
    moved = deepcopy(document)
    moved["evidence"][0]["validUntil"] = moved.pop("validUntil")
    assert rdfc(document) == rdfc(moved)
    assert refused(document) == refused(moved) == "ambiguous"


def test_a_bare_reference_to_the_credential_itself_is_not_ambiguous() -> None:
    document = minimal(id="urn:x:1", credentialSubject={"name": "Ada", "about": {"id": "urn:x:1"}})
    assert read_credential(document).id == "urn:x:1"


def test_a_refresh_service_may_have_the_credentials_id() -> None:
    """So it is in the fullest example of Open Badges; its type alone says nothing of ours."""
    service = {"id": unsigned_badge()["id"], "type": "https://example.org/Refresh"}
    document = {**unsigned_badge(), "refreshService": service}
    assert read_credential(document).id == service["id"]
    document["refreshService"] = {**service, "type": "OpenBadgeCredential"}
    assert refused(document) == "ambiguous"


def test_two_subjects_with_one_id_are_ambiguous() -> None:
    """A holder could move a failed result to a second object of the subject's id."""
    ada = {"id": "did:example:ada", "type": ["https://schema.org/Person"]}
    subjects = [{**ada, "result": "failed"}, {**ada, "name": "Ada"}]
    assert refused(minimal(credentialSubject=subjects)) == "ambiguous"
    assert len(read_credential(minimal(credentialSubject=[subjects[0]] * 2)).subjects) == 2


def test_a_second_achievement_with_the_id_of_the_first_is_ambiguous() -> None:
    document = {**unsigned_badge()}
    achievement = document["credentialSubject"]["achievement"]
    document["evidence"] = [
        {"id": achievement["id"], "type": ["Evidence", "Achievement"], "fieldOfStudy": "Data"}
    ]
    assert refused(document) == "ambiguous"


def test_the_issuers_identifiers_in_another_place_are_ambiguous() -> None:
    document = unsigned_badge()
    moved = deepcopy(document)
    moved["credentialSubject"]["achievement"]["creator"] = {
        "id": DID,
        "type": ["Profile"],
        "otherIdentifier": moved["issuer"].pop("otherIdentifier"),
    }
    assert refused(moved) == "ambiguous"


ENTRY = {"type": "IdentifierEntry", "identifier": str(ACCOUNT), "identifierType": "ext:caip10"}


@pytest.mark.parametrize(
    "identifiers",
    [
        {**ENTRY, "identifier": str(OTHER_ACCOUNT)},
        [{**ENTRY, "identifier": str(OTHER_ACCOUNT)}, ENTRY],
        {**ENTRY, "identifierType": ["ext:caip10"]},
        [[{**ENTRY, "identifier": str(OTHER_ACCOUNT)}]],
        {**ENTRY, "id": "urn:x:entry"},
    ],
)
def test_an_account_beside_the_issuers_is_ambiguous_however_it_is_written(
    identifiers: Any,
) -> None:
    """Evidence is any object of its class: its members are not read, and stand in the quads."""
    document = unsigned_badge()
    document["evidence"] = [{"id": DID, "type": ["Evidence"], "otherIdentifier": identifiers}]
    assert refused(document) == "ambiguous"


@pytest.mark.parametrize(
    "identifiers",
    [
        None,
        [],
        ENTRY,
        [{**ENTRY, "identifierType": "isbn", "identifier": "7"}, ENTRY],
        {**ENTRY, "identifierType": "sourcedId"},
    ],
)
def test_a_richer_or_poorer_profile_of_the_issuer_is_no_contradiction(identifiers: Any) -> None:
    profile = {"id": DID, "type": ["Profile"], "name": "The same school", "phone": "+1"}
    if identifiers:
        profile["otherIdentifier"] = identifiers
    document = unsigned_badge()
    document["credentialSubject"]["achievement"]["creator"] = profile
    document["endorsement"] = [{**signed_endorsement(), "issuer": deepcopy(profile)}]
    assert read_credential(document).accounts == (ACCOUNT,)


def test_the_issuer_as_creator_may_say_the_same_again() -> None:
    document = unsigned_badge()
    document["credentialSubject"]["achievement"]["creator"] = deepcopy(document["issuer"])
    assert read_credential(document).accounts == (ACCOUNT,)


def with_urls_as_types(value: Any) -> Any:
    """The types that the context for examples would map, mapped."""
    if isinstance(value, list):
        return [with_urls_as_types(item) for item in value]
    if not isinstance(value, dict):
        return value
    changed = {name: with_urls_as_types(item) for name, item in value.items()}
    if "type" in changed:
        kinds = changed["type"] if isinstance(changed["type"], list) else [changed["type"]]
        known = bundled()[CREDENTIALS_V2]
        changed["type"] = [kind if kind in known else f"urn:x:{kind}" for kind in kinds]
    return changed


@needs_vectors
@pytest.mark.parametrize(
    "file",
    vector_files("vc-data-model/schema/verifiable-credential", "example-*.json"),
    ids=lambda path: str(path.stem),
)
def test_the_w3c_examples_wait_only_for_their_example_context(file: Path) -> None:
    """They name the context of the standard's own examples, which we do not ship."""
    example = read_json(file)
    assert refused(example) == "unknown_context"
    plain = {**example, "@context": example["@context"][:1]}
    credential = read_credential(with_urls_as_types(plain))
    assert credential.types[0] == "VerifiableCredential"
    assert credential.valid_from is not None


OBV3 = vector_files("obv3-impierce", "crates/types-ob-v3/tests/obv3_json_examples/*.json")


@needs_vectors
@pytest.mark.parametrize("file", OBV3, ids=lambda path: str(path.stem))
def test_the_example_badges_of_another_project_are_read(file: Path) -> None:
    example = read_json(file)
    credential = read_credential(example)
    assert credential.issuer == example["issuer"]["id"]
    assert credential.subjects[0].id == example["credentialSubject"]["id"]
    assert write(credential.content) == example
    assert rdfc(credential.document)


@needs_vectors
def test_there_are_seven_example_badges() -> None:
    assert len(OBV3) == 7
