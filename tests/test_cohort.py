"""The demo cohort: made-up awards that must be as sound as real ones."""

from __future__ import annotations

import csv
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from jsonschema import Draft201909Validator  # type: ignore[import-untyped]

ROOT = Path(__file__).resolve().parent.parent
COHORT = ROOT / "scripts" / "cohort"
SHARED = ROOT.parent / "shared"
ESCO_SKILLS = SHARED / "data" / "esco" / "skills_en.csv"
SCHEMA = (
    SHARED / "vectors" / "ob-schemas" / "packages" / "coverage" / "vendor"
) / "open-badges/v3_0/ob_v3p0_achievementcredential_schema.json"

COLUMNS = [
    "recipient",
    "recipient_type",
    "achievement",
    "date",
    "award_id",
    "valid_until",
    "results",
    "evidence",
    "narrative",
]


def read_achievements() -> dict[str, Any]:
    items = json.loads((COHORT / "achievements.json").read_text(encoding="utf-8"))
    return {item["id"]: item for item in items}


def read_awards() -> list[dict[str, str]]:
    with (COHORT / "awards.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, strict=True))


ACHIEVEMENTS = read_achievements()
AWARDS = read_awards()


def descriptions(award: dict[str, str]) -> dict[str, Any]:
    return {d["name"]: d for d in ACHIEVEMENTS[award["achievement"]]["resultDescription"]}


def values(award: dict[str, str]) -> dict[str, str]:
    pairs = [pair.partition("=") for pair in award["results"].split("; ")]
    assert all(name and value and "=" not in value for name, _, value in pairs)
    return {name: value for name, _, value in pairs}


def is_under_example_org(host: str | None) -> bool:
    return host is not None and (host == "example.org" or host.endswith(".example.org"))


def level_id(description: Any, value: str) -> str:
    ids = [x["id"] for x in description["rubricCriterionLevel"] if x["name"] == value]
    assert len(ids) == 1
    return str(ids[0])


def is_enough(description: Any, value: str) -> bool:
    """Whether a value reaches what its description requires."""
    if "requiredLevel" in description:
        ids = [level["id"] for level in description["rubricCriterionLevel"]]
        achieved = ids.index(level_id(description, value))
        return achieved >= ids.index(description["requiredLevel"])
    if "allowedValue" in description:
        allowed = description["allowedValue"]
        return bool(allowed.index(value) >= allowed.index(description["requiredValue"]))
    low, high = (Decimal(description[k]) for k in ("requiredValue", "valueMax"))
    return low <= Decimal(value) <= high


def credential(award: dict[str, str]) -> Any:
    named = descriptions(award)
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        ],
        "id": "urn:uuid:00000000-0000-4000-8000-000000000000",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": "https://northmere.example.org", "type": ["Profile"]},
        "validFrom": f"{award['date']}T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "achievement": ACHIEVEMENTS[award["achievement"]],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": False,
                    "identityHash": award["recipient"],
                    "identityType": award["recipient_type"],
                }
            ],
            "result": [
                {"type": ["Result"], "resultDescription": named[name]["id"], "value": value}
                for name, value in values(award).items()
            ],
        },
        "evidence": [{"id": url, "type": ["Evidence"]} for url in award["evidence"].split()],
    }


def test_the_cohort_has_4_achievements_and_24_awards() -> None:
    assert len(ACHIEVEMENTS) == 4
    assert len(AWARDS) == 24
    assert {award["achievement"] for award in AWARDS} == set(ACHIEVEMENTS)


def test_the_csv_has_the_documented_columns() -> None:
    assert all(list(award) == COLUMNS for award in AWARDS)


def test_award_ids_are_unique_and_nobody_earns_an_achievement_twice() -> None:
    assert len({award["award_id"] for award in AWARDS}) == 24
    assert len({(award["recipient"], award["achievement"]) for award in AWARDS}) == 24


def test_every_result_is_named_once_and_reaches_what_is_required() -> None:
    for award in AWARDS:
        named, given = descriptions(award), values(award)
        assert list(given) == list(named)
        for name, value in given.items():
            assert is_enough(named[name], value), (award["award_id"], name, value)


def test_rubric_levels_are_the_allowed_values_in_the_same_order() -> None:
    for achievement in ACHIEVEMENTS.values():
        for description in achievement["resultDescription"]:
            levels = description.get("rubricCriterionLevel")
            if levels is not None:
                assert [level["name"] for level in levels] == description["allowedValue"]


def test_result_names_hold_no_sign_that_the_csv_form_reads() -> None:
    for achievement in ACHIEVEMENTS.values():
        for description in achievement["resultDescription"]:
            assert not set(description["name"]) & set(";=")


def test_every_id_in_the_achievements_is_used_once() -> None:
    ids = list(ACHIEVEMENTS)
    for achievement in ACHIEVEMENTS.values():
        for description in achievement["resultDescription"]:
            ids.append(description["id"])
            ids += [level["id"] for level in description.get("rubricCriterionLevel", [])]
    assert len(ids) == len(set(ids))


def test_people_and_links_stay_under_example_org() -> None:
    for award in AWARDS:
        assert is_under_example_org(award["recipient"].partition("@")[2])
        links = [award["achievement"], *award["evidence"].split()]
        assert all(is_under_example_org(urlsplit(link).hostname) for link in links)
        assert all(urlsplit(link).scheme == "https" for link in links)


def test_evidence_and_narratives_do_not_give_the_recipient_away() -> None:
    for award in AWARDS:
        public = (award["evidence"] + award["narrative"]).lower()
        names = award["recipient"].partition("@")[0].split(".")
        assert not any(name in public for name in names)


def test_a_narrative_stands_where_there_is_more_than_one_piece_of_evidence() -> None:
    for award in AWARDS:
        assert award["narrative"] or len(award["evidence"].split()) < 2


def test_validity_ends_after_the_award() -> None:
    for award in AWARDS:
        day = date.fromisoformat(award["date"])
        if award["valid_until"]:
            assert date.fromisoformat(award["valid_until"]) > day


@pytest.mark.skipif(
    not ESCO_SKILLS.is_file(), reason="the ESCO skills are not at ../shared/data/esco"
)
def test_the_skills_are_in_esco_under_the_same_label() -> None:
    with ESCO_SKILLS.open(encoding="utf-8", newline="") as handle:
        labels = {row["conceptUri"]: row["preferredLabel"] for row in csv.DictReader(handle)}
    for achievement in ACHIEVEMENTS.values():
        assert achievement["alignment"]
        for alignment in achievement["alignment"]:
            assert labels[alignment["targetUrl"]] == alignment["targetName"]
            assert alignment["targetFramework"] == "ESCO"


@pytest.mark.skipif(
    not SCHEMA.is_file(), reason="the Open Badges 3.0 schema is not under ../shared/vectors"
)
def test_every_award_fits_the_open_badges_schema() -> None:
    validator = Draft201909Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    for award in AWARDS:
        validator.validate(credential(award))
