"""Credentials of Open Badges 3.0 that use every class and member, for the tests of the model."""

from copy import deepcopy
from typing import Any

from registry.core.contexts import CREDENTIALS_V2, OPEN_BADGES_V3
from registry.core.document import JsonObject

CONTEXTS = [CREDENTIALS_V2, OPEN_BADGES_V3]
EXTENSIONS = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json"
SCHOOL = "https://school.example.org"
STATE = "https://state.example.gov/issuers/1"
JWT = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln"


def alignment(target_type: str = "CFItem") -> JsonObject:
    return {
        "type": ["Alignment"],
        "targetCode": "DP-1",
        "targetDescription": "Cleans tabular data.",
        "targetFramework": "Data skills",
        "targetName": "perform data cleansing",
        "targetType": target_type,
        "targetUrl": "https://skills.example.org/cleansing",
    }


def image(name: str = "badge") -> JsonObject:
    return {"id": f"{SCHOOL}/{name}.png", "type": "Image", "caption": "A magnifying glass"}


def endorsement(number: int = 1, **members: Any) -> JsonObject:
    return {
        "@context": list(CONTEXTS),
        "id": f"urn:uuid:00000000-0000-4000-8000-{number:012}",
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": "Endorsement by the state",
        "issuer": {"id": STATE, "type": ["Profile"], "name": "Department of Education"},
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2036-01-01T00:00:00Z",
        "credentialSubject": {
            "id": f"{SCHOOL}/achievements/data",
            "type": ["EndorsementSubject"],
            "endorsementComment": "In **good standing**.",
        },
    } | members


def profile(**members: Any) -> JsonObject:
    return {
        "id": SCHOOL,
        "type": ["Profile"],
        "name": "Northmere",
        "url": SCHOOL,
        "phone": "+44 20 7946 0000",
        "description": "An institute.",
        "image": image("logo"),
        "email": "office@school.example.org",
        "address": {
            "type": ["Address"],
            "addressCountry": "United Kingdom",
            "addressCountryCode": "GB",
            "addressRegion": "Northumbria",
            "addressLocality": "Northmere",
            "streetAddress": "1 Mere Street",
            "postOfficeBoxNumber": "7",
            "postalCode": "NM1 1AA",
            "geo": {"type": "GeoCoordinates", "latitude": 54.5, "longitude": -1},
        },
        "otherIdentifier": {
            "type": "IdentifierEntry",
            "identifier": "0000-0001",
            "identifierType": "ext:ror",
        },
        "official": "Ada Byron",
        "parentOrg": {"id": f"{SCHOOL}/group", "type": "Profile", "name": "Mere Group"},
    } | members


def person(**members: Any) -> JsonObject:
    return {
        "id": "did:example:ada",
        "type": ["Profile"],
        "familyName": "Byron",
        "givenName": "Ada",
        "additionalName": "King",
        "patronymicName": "Georgievna",
        "honorificPrefix": "Lady",
        "honorificSuffix": "PhD",
        "familyNamePrefix": "de",
        "dateOfBirth": "1815-12-10",
    } | members


def achievement() -> JsonObject:
    return {
        "id": f"{SCHOOL}/achievements/data",
        "type": ["Achievement"],
        "name": "Data Preparation",
        "description": "Finding, checking and cleaning tabular data.",
        "criteria": {"id": f"{SCHOOL}/achievements/data/criteria", "narrative": "Hands in data."},
        "achievementType": "MicroCredential",
        "alignment": [alignment(), alignment("ext:esco:Skill")],
        "creator": profile(),
        "creditsAvailable": 2.35,
        "endorsement": [endorsement(1), endorsement(2, name="Endorsement by another")],
        "fieldOfStudy": "Data",
        "humanCode": "D1",
        "image": image(),
        "inLanguage": "en-GB",
        "otherIdentifier": [
            {"type": "IdentifierEntry", "identifier": "D1", "identifierType": "systemId"}
        ],
        "related": [
            {
                "id": f"{SCHOOL}/achievements/data/de",
                "type": ["Related"],
                "inLanguage": "de-DE",
                "version": "1.0",
            }
        ],
        "resultDescription": [
            {
                "id": "urn:uuid:5f1d4e6a-0d1c-4a4e-8d0e-6f6a1a1a1a1a",
                "type": ["ResultDescription"],
                "name": "Score",
                "resultType": "Percent",
                "valueMin": "0",
                "valueMax": "100",
                "requiredValue": "50",
                "allowedValue": ["0", "50", "100"],
                "alignment": alignment("CFRubric"),
            },
            {
                "id": "urn:uuid:5f1d4e6a-0d1c-4a4e-8d0e-6f6a1a1a1a1b",
                "type": ["ResultDescription"],
                "name": "Rubric",
                "resultType": "RubricCriterionLevel",
                "requiredLevel": "urn:uuid:5f1d4e6a-0d1c-4a4e-8d0e-6f6a1a1a1a1c",
                "rubricCriterionLevel": {
                    "id": "urn:uuid:5f1d4e6a-0d1c-4a4e-8d0e-6f6a1a1a1a1c",
                    "type": "RubricCriterionLevel",
                    "name": "Mastered",
                    "level": "3",
                    "points": "10",
                    "description": "Without help.",
                    "alignment": [alignment("CFRubricCriterionLevel")],
                },
            },
        ],
        "specialization": "Tables",
        "tag": ["data", "quality"],
        "version": "2",
    }


def badge() -> JsonObject:
    """Every member of an OpenBadgeCredential but those that the contexts do not define."""
    return deepcopy(
        {
            "@context": [*CONTEXTS, EXTENSIONS],
            "id": "urn:uuid:2b1c0d9e-8f7a-4b6c-9d5e-4f3a2b1c0d9e",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "name": "Data Preparation for Ada",
            "description": "A badge.",
            "image": image("award"),
            "issuer": profile(endorsement=endorsement(3)),
            "validFrom": "2026-02-28T00:00:00Z",
            "validUntil": "2028-02-28T00:00:00.5+01:00",
            "awardedDate": "2026-02-28T00:00:00Z",
            "credentialSubject": {
                "id": "did:example:ada",
                "type": ["AchievementSubject"],
                "identifier": {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": "sha256$" + "00" * 32,
                    "identityType": "emailAddress",
                    "salt": "0a1b",
                },
                "activityStartDate": "2026-01-01T00:00:00Z",
                "activityEndDate": "2026-02-01T00:00:00Z",
                "creditsEarned": 2,
                "achievement": achievement(),
                "image": image("ada"),
                "licenseNumber": "A-1",
                "narrative": "Worked on the open data of a city.",
                "result": [
                    {
                        "type": ["Result"],
                        "resultDescription": "urn:uuid:5f1d4e6a-0d1c-4a4e-8d0e-6f6a1a1a1a1a",
                        "value": "87",
                        "alignment": [alignment("CTDL")],
                    },
                    {
                        "type": "Result",
                        "resultDescription": "urn:uuid:5f1d4e6a-0d1c-4a4e-8d0e-6f6a1a1a1a1b",
                        "achievedLevel": "urn:uuid:5f1d4e6a-0d1c-4a4e-8d0e-6f6a1a1a1a1c",
                        "status": "Completed",
                    },
                ],
                "role": "Lead",
                "source": person(),
                "term": "Spring",
            },
            "endorsement": endorsement(4),
            "evidence": [
                {
                    "id": f"{SCHOOL}/evidence/1",
                    "type": ["Evidence"],
                    "name": "Report",
                    "description": "The final report.",
                    "narrative": "# Report",
                    "genre": "Report",
                    "audience": "Teachers",
                }
            ],
            "credentialSchema": [
                {
                    "id": "https://purl.imsglobal.org/spec/ob/v3p0/schema/json/x.json",
                    "type": "1EdTechJsonSchemaValidator2019",
                }
            ],
            "credentialStatus": {
                "id": f"{SCHOOL}/revocations",
                "type": "1EdTechRevocationList",
            },
            "refreshService": {"id": f"{SCHOOL}/refresh/1", "type": "1EdTechCredentialRefresh"},
            "termsOfUse": {"id": f"{SCHOOL}/terms", "type": "1EdTechCredentialRefresh"},
        }
    )
