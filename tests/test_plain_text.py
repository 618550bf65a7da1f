"""Outside text on its way to a person steers nothing."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.plain_text import shown

ANY = st.text(st.characters(exclude_categories=()))


@given(text=ANY)
def test_what_is_shown_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    told = shown(text)
    assert not {unicodedata.category(c) for c in told} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(c) for c in told} & {
        *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"),
    }
    assert shown(told) == told


@given(text=ANY)
def test_every_character_is_shown_as_itself_or_as_its_own_escape(text: str) -> None:
    assert shown(text) == "".join(shown(c) for c in text)
    for character in text:
        told = shown(character)
        if told != character:
            assert told.encode("ascii").decode("unicode_escape") == character


@pytest.mark.parametrize(
    "text",
    ["Zoë", "北京 大学", "שלום", "\u0645\u06cc\u200c\u06a9\u0646\u0645", "👩\u200d🎓", "a b"],
)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb", "a\\r\\nb"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("\u202egnp\u2066", "\\u202egnp\\u2066"),
        ("a\u2028b\u2029", "a\\u2028b\\u2029"),
        ("caf\udce9", "caf\\udce9"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_what_steers_is_shown_as_an_escape(text: str, told: str) -> None:
    assert shown(text) == told


def test_a_line_end_is_kept_where_lines_are_meant() -> None:
    assert shown("a\n\tb\r", keep="\n\t") == "a\n\tb\\r"
