"""The enumerations of Open Badges 3.0 and the forms of its coded texts, as kinds of members.

Source: 1EdTech Open Badges 3.0, appendix B (enumerated vocabularies, derived types), in the
spelling of its published JSON Schemas.
"""

import re
from typing import Any, Final

from registry.core.errors import InvalidArgument
from registry.core.shapes import Kind, Lone, exactly, matching, text

# What follows `ext:` in the published schemas, which look for no more than its first character.
_EXTENSION: Final = re.compile(r"ext:[A-Za-z0-9.|_](?s:.*)", re.ASCII)
OPEN_BADGES_CONTEXT: Final = matching(
    r"https://purl\.imsglobal\.org/spec/ob/v3p0/context(-3\.[0-9]\.[0-9])*\.json"
)
COMPACT_JWS: Final = matching(r"[a-zA-Z0-9_-]+\.[a-zA-Z0-9_-]*\.[a-zA-Z0-9_-]+")
LANGUAGE_CODE: Final = matching(r"[a-z]{2,4}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def extensible(vocabulary: str, *terms: str) -> Kind:
    """One of the vocabulary's terms, or one of the issuer's own beginning with `ext:`."""
    known = frozenset(terms)

    def kind(value: Any) -> str:
        if text(value) not in known and not _EXTENSION.fullmatch(value):
            raise InvalidArgument(f"is no term of {vocabulary}, nor ext: and a name")
        return str(value)

    return kind


def single(name: str) -> Kind:
    """A type that is `name` alone and stands without a list."""
    term = exactly(name)
    return lambda value: Lone((term(value),))


ACHIEVEMENT_TYPE: Final = extensible(
    "AchievementType",
    "Achievement", "ApprenticeshipCertificate", "Assessment", "Assignment", "AssociateDegree",
    "Award", "BachelorDegree", "Badge", "Certificate", "CertificateOfCompletion", "Certification",
    "CoCurricular", "CommunityService", "Competency", "Course", "Degree", "Diploma",
    "DoctoralDegree", "Fieldwork", "GeneralEducationDevelopment", "JourneymanCertificate",
    "LearningProgram", "License", "MasterCertificate", "MasterDegree", "Membership",
    "MicroCredential", "ProfessionalDoctorate", "QualityAssuranceCredential", "ResearchDoctorate",
    "SecondarySchoolDiploma",
)  # fmt: skip
ALIGNMENT_TARGET_TYPE: Final = extensible(
    "AlignmentTargetType",
    "CFItem", "CFRubric", "CFRubricCriterion", "CFRubricCriterionLevel", "CTDL",
    "ceasn:Competency", "ceterms:Credential",
)  # fmt: skip
IDENTIFIER_TYPE: Final = extensible(
    "IdentifierTypeEnum",
    "accountId", "emailAddress", "identifier", "isbn", "issn", "lisSourcedId", "ltiContextId",
    "ltiDeploymentId", "ltiPlatformId", "ltiToolId", "ltiUserId", "name", "nationalIdentityNumber",
    "oneRosterSourcedId", "productId", "sisSourcedId", "sourcedId", "systemId", "userName",
)  # fmt: skip
RESULT_TYPE: Final = extensible(
    "ResultType",
    "GradePointAverage", "LetterGrade", "Percent", "PerformanceLevel", "PredictedScore",
    "RawScore", "Result", "RubricCriterion", "RubricCriterionLevel", "RubricScore", "ScaledScore",
    "Status",
)  # fmt: skip
RESULT_STATUS: Final = exactly(
    "Completed", "Enrolled", "Failed", "InProgress", "OnHold", "Provisional", "Withdrew",
    vocabulary="ResultStatusType",
)  # fmt: skip


def single_type(value: Any) -> tuple[str, ...]:
    """The name of a type that stands without a list."""
    return Lone((text(value),))
