"""Open Badges 3.0, whole: its classes as frozen values whose fields say how members are read.

Source: 1EdTech Open Badges 3.0, appendix B, and its published JSON Schemas (2019-09): what is read
here, they accept; what they accept and is refused here stands in docs/spec/model.md.
"""

from .credentials import (
    BADGE_TYPES,
    ENDORSEMENT_TYPE,
    Achievement,
    AchievementCredential,
    AchievementSubject,
    EndorsementCredential,
    EndorsementSubject,
    OpenBadgesCredential,
    Profile,
)
from .parts import (
    Address,
    Alignment,
    Criteria,
    Evidence,
    GeoCoordinates,
    IdentifierEntry,
    IdentityObject,
    Image,
    Related,
    Result,
    ResultDescription,
    RubricCriterionLevel,
)

__all__ = [
    "BADGE_TYPES",
    "ENDORSEMENT_TYPE",
    "Achievement",
    "AchievementCredential",
    "AchievementSubject",
    "Address",
    "Alignment",
    "Criteria",
    "EndorsementCredential",
    "EndorsementSubject",
    "Evidence",
    "GeoCoordinates",
    "IdentifierEntry",
    "IdentityObject",
    "Image",
    "OpenBadgesCredential",
    "Profile",
    "Related",
    "Result",
    "ResultDescription",
    "RubricCriterionLevel",
]
