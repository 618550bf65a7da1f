"""Absolute IRIs: what is accepted here, JSON-LD keeps; nothing is slow."""

import time

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from registry.core.iri import is_absolute_iri

PARTS = [
    *("urn:", "https:", "http://", "//", "/", ":", "?", "#", "@", "[", "]", "[::1]", "[v1.a]"),
    *("%", "%41", "a", "Z9", "example.org", "é", "\u3042", "\U0001f600", " ", "\x01", "\x7f"),
    *("\x85", "<", '"', "{", "|", "^", "`", "\\", "\ue000", "\ufdd0", "\U000e0001", "..", "80"),
    *("1.2.3.4", "::", "-._~!$&'()*+,;="),
]


@given(st.lists(st.sampled_from(PARTS), max_size=8).map("".join))
@example("urn:x:")
@example("http://[::1]:80/?\ue000#a")
@example("http://[::ffff:1.2.3.4]/")
def test_what_is_accepted_is_no_iri_that_json_ld_drops(text: str) -> None:
    if is_absolute_iri(text):
        assert ox.NamedNode(text).value == text


@pytest.mark.parametrize(
    "text",
    [
        "urn:uuid:5a4b1ec1-0b9c-4f0e-9c38-7a2d1f6e0b11", "did:key:z6Mk#z6Mk", "did:web:a.b:c%3A80",
        "https://example.org", "http://a?b", "http://a#b", "https://user:pw@h:80/a/b;c=1?d=[1]"[:-3],
        "data:image/png;base64,iVBORw0KGgo=", "mailto:ada@school.example.org", "tag:a.b,2026:x",
        "file:///etc", "https://bücher.example/ä", "urn:isbn:0-486-27557-4", "a:b:",
    ],
)  # fmt: skip
def test_iris_in_use_are_accepted(text: str) -> None:
    assert is_absolute_iri(text)


LONG = 1 << 20


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64," + "A" * LONG, "http://" + "a" * LONG + ":", "h" * LONG,
        "http://" + "%41" * (LONG // 3) + "@", "http://" + "a:" * (LONG // 2) + " ",
        "http://a/" + "?" * LONG + "\x01", "http://[" + ":" * LONG + "]", "urn:" + "%" * LONG,
        "http://" + "@" * LONG, "urn:x?" + "#" * LONG, "http://[" * (LONG // 8),
    ],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_a_long_text_is_judged_in_one_pass(text: str) -> None:
    start = time.monotonic()
    is_absolute_iri(text)
    assert time.monotonic() - start < 1
