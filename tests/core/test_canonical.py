"""Canonical forms: RFC 8785 and RDFC-1.0 by their own vectors, and the traps of JSON-LD."""

import json
import os
import shutil
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.core.canonical import canonical_double, jcs, rdfc
from registry.core.contexts import CREDENTIALS_V1, CREDENTIALS_V2, OPEN_BADGES_V3, bundled
from registry.core.document import JsonObject, members
from registry.core.errors import Refusal

from .anchored_badges import unsigned_badge

CREDIT = "https://purl.imsglobal.org/spec/vc/ob/vocab.html#creditsEarned"


def badge_with(**members: Any) -> JsonObject:
    return {
        "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
        "id": "urn:uuid:1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        **members,
    }


def crediting(number: float) -> JsonObject:
    return {"type": ["AchievementSubject"], "creditsEarned": number}


def refused(document: JsonObject) -> str:
    with pytest.raises(Refusal) as caught:
        rdfc(document)
    assert caught.value.step == "format"
    return caught.value.code


@pytest.mark.parametrize(
    ("number", "form"),
    [
        (72.35, "7.234999999999999E1"),
        (0.1, "1.0E-1"),
        (5.5, "5.5E0"),
        (-2.35, "-2.35E0"),
        (1e-7, "1.0E-7"),
        (0.30000000000000004, "3.0E-1"),
        (2.0**-44, "5.684341886080801E-14"),
        (5e-324, "4.940656458412465E-324"),
        (123456789.125, "1.23456789125E8"),
    ],
)
def test_a_number_with_a_fraction_has_json_lds_canonical_double(number: float, form: str) -> None:
    assert canonical_double(number) == form
    quads = rdfc(badge_with(credentialSubject=crediting(number))).decode()
    assert f'<{CREDIT}> "{form}"^^<https://www.w3.org/2001/XMLSchema#float> .' in quads


FRACTIONS = st.floats(-1e15, 1e15, allow_subnormal=True).filter(lambda n: not n.is_integer())


@given(FRACTIONS)
def test_every_double_in_a_document_is_written_canonically(number: float) -> None:
    quads = rdfc(badge_with(credentialSubject=crediting(number))).decode()
    assert f'<{CREDIT}> "{canonical_double(number)}"^^' in quads


@given(FRACTIONS)
def test_the_canonical_double_is_printfs_sixteen_digits_without_trailing_zeros(
    number: float,
) -> None:
    mantissa, _, exponent = canonical_double(number).partition("E")
    assert f"{float(f'{mantissa}E{exponent}'):.15E}" == f"{number:.15E}"
    assert mantissa.endswith(".0") or not mantissa.endswith("0")
    assert str(int(exponent)) == exponent


def is_tie(number: float) -> bool:
    """Whether the exact value lies midway between two numbers of sixteen digits."""
    digits = Decimal(number).as_tuple().digits
    return len(digits) == 17 and digits[-1] == 5


def test_midway_between_two_forms_the_even_one_is_taken_as_printf_does() -> None:
    """The standard says %1.15E, as PyLD does; JavaScript's toExponential takes the larger one."""
    assert is_tie(2.0**-23)
    assert canonical_double(2.0**-23) == "1.192092895507812E-7"


def test_the_canonical_double_is_what_javascript_writes() -> None:
    node = shutil.which("node", path=str(Path(sys.executable).parent))
    if node is None:
        assert "CREDROOT_TESTS_COMPLETE" not in os.environ, "node is missing"
        pytest.skip("node is not in the environment's bin")
    signs = (1, -1)
    numbers = [s * (n + 0.35) / 7**p for n in range(200) for p in range(-3, 9) for s in signs]
    numbers += [2.0**-power for power in range(1, 300)]
    numbers = [number for number in numbers if not is_tie(number)]
    script = """
        const numbers = JSON.parse(require("fs").readFileSync(0, "utf8"));
        // JSON-LD API 1.1, 8.6, as jsonld.js does it.
        const form = n => n.toExponential(15).replace(/(\\d)0*e\\+?/, "$1E");
        console.log(JSON.stringify(numbers.map(form)));
    """
    done = subprocess.run(
        [node, "-e", script], input=json.dumps(numbers), capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [canonical_double(number) for number in numbers]


def test_a_whole_number_is_an_integer_however_it_is_spelt() -> None:
    quads = rdfc(badge_with(credentialSubject=crediting(42.0)))
    assert f'<{CREDIT}> "42"^^'.encode() in quads
    assert quads == rdfc(badge_with(credentialSubject=crediting(42)))


@pytest.mark.parametrize("place", ["name", "description"])
def test_text_equal_to_a_numbers_spelling_is_ambiguous(place: str) -> None:
    document = badge_with(credentialSubject=crediting(72.35), **{place: "7.235E1"})
    assert refused(document) == "ambiguous"


def test_text_equal_to_a_spelling_that_stays_is_only_text() -> None:
    quads = rdfc(badge_with(name="5.5E0", credentialSubject=crediting(5.5)))
    assert b'<https://schema.org/name> "5.5E0" .' in quads


UNDEFINED: dict[str, JsonObject] = {
    "an unknown key": {"grade": "A"},
    "an unknown key deep below": {"credentialSubject": {"achievement": {"grade": "A"}}},
    "an unknown type": {"credentialSubject": {"type": ["Wizard"]}},
    "a relative id": {"evidence": [{"id": "evidence/1"}]},
    "an empty id": {"evidence": [{"id": ""}]},
    "an id relative to the scheme": {"evidence": [{"id": "//example.org/1"}]},
    "an id relative to the path": {"evidence": [{"id": "../1", "type": ["Evidence"]}]},
    "a relative reference": {"evidence": ["report"]},
}
# Each of these a JSON-LD processor drops without a word, with all that hangs on it.
DROPPED: dict[str, JsonObject] = {
    "a key with a space": {"final grade": "A"},
    "a key with a bracket": {"credentialSubject": {"grade<": "A"}},
    "an empty key": {"": "A"},
    "a key like a keyword": {"@grade": "A"},
    "a keyword that quads do not show": {"@index": "A"},
    "a blank node as key": {"_:b": "A"},
    "a blank node without a name as key": {"credentialSubject": {"_:": "A"}},
    "an id with a space": {"evidence": [{"id": "urn:x:a b", "narrative": "forged"}]},
    "an id with a bad escape": {"evidence": [{"id": "urn:x:%zz", "narrative": "forged"}]},
    "an id with a bracket": {"evidence": [{"id": "urn:x:[a]", "narrative": "forged"}]},
    "an id with a bad port": {"evidence": [{"id": "https://a:b/", "narrative": "forged"}]},
    "an id with a private character": {"evidence": [{"id": "urn:x:\ue000", "narrative": "x"}]},
    "an id like a keyword": {"evidence": [{"id": "@forged", "narrative": "forged"}]},
    "an id like a keyword's other name": {"evidence": [{"id": "type", "narrative": "forged"}]},
    "a type like a keyword's other name": {"evidence": [{"type": ["Evidence", "id"]}]},
    "a blank node's name": {"evidence": [{"id": "_:b0", "narrative": "forged"}]},
    "a type with a space": {"evidence": [{"type": ["Evidence", "Gold medal"]}]},
    "a type like a keyword": {"evidence": [{"type": ["Evidence", "@Gold"]}]},
    "a reference with a space": {"evidence": ["https://example.org/a b"]},
    "a reference like a keyword": {"issuer": "@issuer"},
    "a reference like a keyword's other name": {"issuer": "id"},
    "a reference in arrays": {"evidence": [[["@forged"]]]},
}


@pytest.mark.parametrize("members", (UNDEFINED | DROPPED).values(), ids=UNDEFINED | DROPPED)
def test_what_has_no_meaning_is_refused_instead_of_dropped(members: JsonObject) -> None:
    assert refused(badge_with(**members)) == "undefined_term"


def test_a_compact_iri_that_expands_to_no_iri_is_refused() -> None:
    contexts = {"urn:c": [{"id": "@id", "type": "@type", "p": "urn:vocabulary#", "q": "urn:v#q"}]}
    document = {"@context": "urn:c", "id": "urn:x:1", "q": {"type": "p:a#b", "q": "text"}}
    with pytest.raises(Refusal) as caught:
        rdfc(document, contexts)
    assert caught.value.code == "undefined_term"


def test_an_address_whose_scheme_is_a_term_is_an_iri_like_any_other() -> None:
    document = badge_with(evidence=[{"id": "tag:example.org,2026:1", "type": ["Evidence"]}])
    assert b"<tag:example.org,2026:1>" in rdfc(document)


@given(st.text(min_size=1) | st.text("@_:abcdeginrtx", min_size=1, max_size=6))
def test_no_added_member_leaves_the_quads_unchanged(key: str) -> None:
    document = badge_with(name="Badge", credentialSubject={"type": ["AchievementSubject"]})
    if key in document["credentialSubject"]:
        return
    try:
        changed = rdfc(
            badge_with(
                name="Badge", credentialSubject={"type": ["AchievementSubject"], key: "forged"}
            )
        )
    except Refusal:
        return
    assert changed != rdfc(document)


@given(st.text())
def test_no_added_node_leaves_the_quads_unchanged(identifier: str) -> None:
    node = {"id": identifier, "type": ["Evidence"], "narrative": "forged"}
    try:
        changed = rdfc(badge_with(evidence=[node]))
    except Refusal:
        return
    assert b"forged" in changed


def terms_of(context: Any) -> set[str]:
    """Every term that a context defines, and those of the contexts within it."""
    terms: set[str] = set()
    for part in context if isinstance(context, list) else [context]:
        for term, meaning in part.items() if isinstance(part, dict) else ():
            terms |= {term} if not term.startswith("@") else set()
            terms |= terms_of(meaning.get("@context")) if isinstance(meaning, dict) else set()
    return terms


def objects_of(value: Any) -> list[JsonObject]:
    inner = [item for _, item in members(value) if isinstance(item, dict)]
    return [value, *(item for item in inner if "@context" not in item)]


TERMS = sorted(terms_of([bundled()[url] for url in (CREDENTIALS_V2, OPEN_BADGES_V3)]))
FORGED: list[Any] = ["FORGED", {"id": "urn:FORGED"}, {"type": "Evidence", "name": "FORGED"}]
FORGED += [["urn:FORGED"], {"FORGED": "x"}, {"type": "FORGED"}, [[{"id": "FORGED", "name": "x"}]]]


@settings(max_examples=60)
@given(st.data())
def test_no_known_term_put_anywhere_is_dropped_or_hides_its_value(data: st.DataObject) -> None:
    """All 171 terms in all 11 objects of this badge were tried once, with seven values each."""
    document = unsigned_badge()
    holder = data.draw(st.sampled_from(objects_of(document)))
    term = data.draw(st.sampled_from([term for term in TERMS if term not in holder]))
    holder[term] = data.draw(st.sampled_from(FORGED))
    try:
        changed = rdfc(document)
    except Refusal:
        return
    assert b"FORGED" in changed


@settings(max_examples=30)
@given(st.data())
def test_no_member_can_be_taken_out_unseen(data: st.DataObject) -> None:
    document = unsigned_badge()
    whole = rdfc(document)
    holder = data.draw(st.sampled_from([item for item in objects_of(document) if item]))
    del holder[data.draw(st.sampled_from([term for term in holder if term != "@context"]))]
    assert refused_or_written(document) != whole


def refused_or_written(document: JsonObject) -> bytes | str:
    try:
        return rdfc(document)
    except Refusal as refusal:
        return refusal.code


def alike(count: int) -> list[JsonObject]:
    return [{"type": "IdentityObject"} for _ in range(count)]


def results(count: int, values: int, alignments: int = 0) -> JsonObject:
    """A subject with `count` results without ids, of so many different values."""
    aligned = [
        {
            "type": ["Alignment"],
            "targetName": f"Skill {n}",
            "targetUrl": "https://skills.example.org/",
        }
        for n in range(alignments)
    ]
    extra = {"alignment": aligned} if aligned else {}
    found = [{"type": ["Result"], "value": str(n % values), **extra} for n in range(count)]
    return badge_with(credentialSubject={"type": ["AchievementSubject"], "result": found})


def listing(*values: str) -> JsonObject:
    description = {"type": ["ResultDescription"], "allowedValue": list(values)}
    achievement = {"type": ["Achievement"], "resultDescription": [description]}
    subject = {"type": ["AchievementSubject"], "achievement": achievement}
    return badge_with(credentialSubject=subject)


def alike_below_alike(count: int) -> JsonObject:
    subject = {"type": ["AchievementSubject"], "identifier": alike(count)}
    return badge_with(credentialSubject=[subject, subject])


ENDLESS: dict[str, JsonObject] = {
    "ten alike below each of two alike": alike_below_alike(10),
    "a list of 1,000 equal texts": listing(*["A"] * 1000),
    "a list of 60,000 texts": listing(*map(str, range(60_000))),
    "100,000 empty objects": badge_with(evidence=[{}] * 100_000),
    "45,000 objects with a type": badge_with(evidence=[{"type": "Evidence"}] * 45_000),
    "one object with 60,000 types": badge_with(evidence=[{"type": ["Evidence"] * 60_000}]),
}


@pytest.mark.parametrize("document", ENDLESS.values(), ids=ENDLESS)
def test_what_would_take_for_ever_is_refused_soon(document: JsonObject) -> None:
    started = time.process_time()
    assert refused(document) == "too_large"
    assert time.process_time() - started < 5


HONEST: dict[str, JsonObject] = {
    "1,000 results that differ": results(1000, 1000),
    "1,000 results of 100 values": results(1000, 100),
    "1,000 results with three alignments each": results(1000, 5, 3),
    "200 pieces of evidence all alike": badge_with(evidence=[{"type": ["Evidence"]}] * 200),
    "a list of 1,000 texts": listing(*map(str, range(1000))),
    "a list of 60 equal texts": listing(*["A"] * 60),
    "three alike below each of two alike": alike_below_alike(3),
}


@pytest.mark.parametrize("document", HONEST.values(), ids=HONEST)
def test_what_an_honest_credential_may_hold_is_soon_done(document: JsonObject) -> None:
    started = time.process_time()
    assert rdfc(document)
    assert time.process_time() - started < 5


def test_many_alike_objects_below_one_are_no_trouble() -> None:
    subject = {"type": ["AchievementSubject"], "identifier": alike(200)}
    assert rdfc(badge_with(credentialSubject=subject)).count(b"IdentityObject") == 200


def test_a_text_longer_than_the_parser_takes_is_too_large_and_crashes_nobody() -> None:
    assert refused(badge_with(name="n" * (1 << 24))) == "too_large"


def test_an_id_that_is_no_text_is_malformed() -> None:
    assert refused(badge_with(evidence=[{"id": 7}])) == "malformed"


def test_version_1_and_2_contexts_read_the_same_document_alike_but_for_the_dates() -> None:
    one = badge_with(issuer="https://school.example.org")
    first = {**one, "@context": [CREDENTIALS_V1, OPEN_BADGES_V3]}
    assert rdfc(one) == rdfc(first)


def test_the_order_of_members_does_not_matter() -> None:
    document = badge_with(name="Badge", issuer={"id": "https://a.example.org", "type": "Profile"})
    backwards = dict(reversed(document.items()))
    assert rdfc(backwards) == rdfc(document)
    assert jcs(backwards) == jcs(document) == rfc8785.dumps(document)
