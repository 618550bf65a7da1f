"""Texts and values as I-JSON allows them (RFC 7493, 2): for the tests' Hypothesis strategies."""

from hypothesis import strategies as st

from registry.core.document import MAX_SAFE_INTEGER

NONCHARACTERS = [chr(code) for code in range(0xFDD0, 0xFDF0)] + [
    chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
]
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters=NONCHARACTERS)
TEXTS = st.text(CHARACTERS)
NUMBERS = st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | st.floats(
    -MAX_SAFE_INTEGER, MAX_SAFE_INTEGER
).filter(lambda number: str(number) != "-0.0")
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=20
)
OBJECTS = st.dictionaries(TEXTS, VALUES)
