"""Every good row becomes one stored credential, once; every bad one is told."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from installations import ACHIEVEMENT, House

from registry.core.anchor import Anchor, encode
from registry.core.contract import REGISTRY
from registry.core.credential import parse_credential
from registry.core.document import MAX_DOCUMENT_BYTES
from registry.core.errors import CoreError, Refusal
from registry.core.keys import Account
from registry.core.merkle import HASH_BYTES, MAX_PATH_LENGTH, MAX_TREE_SIZE
from registry.lifecycle.awards import AchievementRow, Award, BadRow, Recipient, Row
from registry.lifecycle.badges import Issuer, SignedBadge, as_file, check_achievement, sign
from registry.lifecycle.badges import build as build_badge
from registry.lifecycle.issuing import ROWS_PER_COMMIT, Stopped
from registry.lifecycle.signing_key import DamagedKeyFile, Ed25519Signer, WrongPassphrase

DAY = "2026-06-30T00:00:00Z"


def award(name: str, **more: Any) -> Award:
    return Award(Recipient(name, "systemId"), ACHIEVEMENT["id"], DAY, **more)


def result(description: str, value: str = "80") -> Any:
    return ({"resultDescription": description, "value": value},)


def test_the_same_rows_again_issue_nothing_twice(house: House) -> None:
    rows: list[Row] = [(n, award(f"learner-{n}")) for n in range(1, 6)]
    assert house.issue_rows(rows).issued == 5
    again = house.issue_rows([*rows, (6, award("learner-6"))])
    assert (again.issued, again.passed_over, again.refused) == (1, 5, [])
    assert house.issuance().count() == 6


def test_a_row_that_stands_twice_in_a_file_is_passed_over(house: House) -> None:
    tally = house.issue_rows([(1, award("ada")), (2, award("ada"))])
    assert (tally.issued, tally.passed_over, tally.refused) == (1, 1, [])


@pytest.mark.parametrize("at_once", [True, False])
def test_the_same_award_with_other_content_is_refused(house: House, at_once: bool) -> None:
    first: list[Row] = [(1, award("ada"))]
    other: list[Row] = [(2, award("ada", results=result("Inspection")))]
    if not at_once:
        house.issue_rows(first)
    tally = house.issue_rows(first + other if at_once else other)
    (refused,) = tally.refused
    assert (refused.line, refused.reason) == (2, "this award was issued before with other content")
    assert house.issuance().count() == 1


def test_an_award_id_makes_two_rows_the_same_award(house: House) -> None:
    house.issue_rows([(1, award("ada", award_id="A-1"))])
    tally = house.issue_rows([(1, award("ben", award_id="A-1")), (2, award("ada", award_id="A-2"))])
    assert [row.line for row in tally.refused] == [1]
    assert tally.issued == 1


def test_what_a_row_names_and_the_issuer_does_not_know_is_told(house: House) -> None:
    unknown = Award(Recipient("ada", "systemId"), "urn:a:nowhere", DAY)
    tally = house.issue_rows(
        [
            (2, unknown),
            (3, BadRow("the reader's reason")),
            (4, award("ben", results=result("Speed"))),
            (5, award("cem", results=result("Inspection"))),
            (6, award("dia", evidence=({"id": "not a link"},))),
            (7, award("eli", valid_until="5-01-01T00:00:00Z")),
            (8, Award(Recipient("did:not a did", "did"), ACHIEVEMENT["id"], DAY)),
        ]
    )
    reasons = {row.line: row.reason for row in tally.refused}
    assert "is not known: import it first" in reasons[2]
    assert reasons[3] == "the reader's reason"
    assert reasons[4] == "the achievement has no result 'Speed'; it has: Inspection"
    assert reasons.keys() >= {2, 3, 4, 7, 8}
    assert 5 not in reasons
    assert tally.issued + len(tally.refused) == 7


def test_strict_stops_at_the_first_bad_row_and_tells_what_was_issued_before(house: House) -> None:
    rows: list[Row] = [(n, award(f"learner-{n}")) for n in range(ROWS_PER_COMMIT)]
    rows += [(9000, award("ada")), (9001, BadRow("late")), (9002, BadRow("later"))]
    with pytest.raises(Stopped, match="line 9001: late") as stopped:
        house.issue_rows(rows, strict=True)
    assert stopped.value.issued == house.issuance().count() == ROWS_PER_COMMIT


def test_an_achievement_comes_with_the_file_and_must_not_change(house: House) -> None:
    welding = {**ACHIEVEMENT, "id": "urn:a:welding", "name": "Welding"}
    rows: list[Row] = [
        (1, AchievementRow(welding)),
        (2, AchievementRow({**welding, "name": "Brazing"})),
        (3, Award(Recipient("ada", "systemId"), "urn:a:welding", DAY)),
    ]
    tally = house.issue_rows(rows)
    assert (tally.achievements, tally.issued) == (1, 1)
    assert [row.line for row in tally.refused] == [2]


def broken(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    achievement = copy.deepcopy(ACHIEVEMENT)
    change(achievement)
    return achievement


@pytest.mark.parametrize(
    "achievement",
    [
        {},
        broken(lambda a: a.pop("id")),
        broken(lambda a: a.pop("name")),
        broken(lambda a: a.pop("criteria")),
        broken(lambda a: a.update(id="no iri")),
        broken(lambda a: a.update(type=["Course"])),
        broken(lambda a: a.update(resultDescription="Inspection")),
        broken(lambda a: a.update(resultDescription=["Inspection"])),
        broken(lambda a: a["resultDescription"][0].pop("id")),
        broken(lambda a: a["resultDescription"][0].update(rubricCriterionLevel=[{"name": "x"}])),
        broken(lambda a: a.update(nonsense="x")),
        broken(lambda a: a.update({"@id": "x"})),
        broken(lambda a: a.update(tag=[])),
        broken(lambda a: a.update(description=None)),
    ],
)
def test_an_achievement_that_no_credential_can_carry_is_refused(
    achievement: dict[str, Any],
) -> None:
    with pytest.raises(CoreError):
        check_achievement(achievement)


def test_a_result_description_may_stand_without_a_list(house: House) -> None:
    alone = broken(
        lambda a: a.update(resultDescription=a["resultDescription"][0], id="urn:a:alone")
    )
    check_achievement(alone)
    rows: list[Row] = [
        (1, AchievementRow(alone)),
        (
            2,
            Award(Recipient("ada", "systemId"), "urn:a:alone", DAY, results=result("Inspection")),
        ),
    ]
    assert house.issue_rows(rows).issued == 1


ISSUER = Issuer("did:example:x", {"name": "X"}, Account(1, "0x" + "00" * 20), ("eddsa-rdfc-2022",))
SIGNER = Ed25519Signer(bytes(32))
TEXT = st.text(min_size=1, max_size=8)


@given(recipient=TEXT, narrative=TEXT, link=TEXT, value=TEXT, until=st.none() | TEXT)
def test_no_text_at_all_makes_signing_fail_in_any_other_way(
    recipient: str, narrative: str, link: str, value: str, until: str | None
) -> None:
    made = Award(
        Recipient(recipient, "did"),
        ACHIEVEMENT["id"],
        DAY,
        valid_until=until,
        narrative=narrative,
        evidence=({"id": link},),
        results=result("Inspection", value),
    )
    try:
        sign(build_badge(made, ACHIEVEMENT, ISSUER, uuid4(), "salt"), ISSUER, SIGNER, DAY)
    except CoreError:
        return


def in_the_largest_tree(badge: SignedBadge) -> bytes:
    """The file of a credential with an anchor proof as long as any can be."""
    document = json.loads(badge.body)
    path = (b"\xff" * HASH_BYTES,) * MAX_PATH_LENGTH
    size = MAX_TREE_SIZE
    proof = encode(Anchor(ISSUER.account, DAY, REGISTRY.address, size, size - 1, path))
    return as_file({**document, "proof": [*document["proof"], proof]})


def signed(narrative: str) -> SignedBadge:
    made = build_badge(award("ada", narrative=narrative), ACHIEVEMENT, ISSUER, uuid4(), "salt")
    return sign(made, ISSUER, SIGNER, DAY)


@pytest.mark.parametrize("letter", ["x", "é", '"'])
def test_what_is_signed_can_be_read_with_the_longest_of_anchor_proofs(letter: str) -> None:
    longest = MAX_DOCUMENT_BYTES - len(in_the_largest_tree(signed(""))) - len('"narrative": "",')
    fits = (longest - 100) // len(json.dumps(letter, ensure_ascii=False).encode()[1:-1])
    assert parse_credential(in_the_largest_tree(signed(letter * fits)))
    with pytest.raises(Refusal) as refused:
        signed(letter * (fits + 100))
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("character", ["\uffff", "\ufdd0", "\U0001fffe"])
def test_a_character_that_no_reader_takes_is_refused_before_signing(character: str) -> None:
    with pytest.raises(Refusal, match="the noncharacter"):
        signed(f"well{character}done")


def test_a_row_that_makes_too_large_a_credential_is_told_with_its_line(house: House) -> None:
    large = award("ada", narrative="x" * (MAX_DOCUMENT_BYTES - 2000))
    tally = house.issue_rows([(1, award("ben")), (2, large)])
    assert (tally.issued, [row.line for row in tally.refused]) == (1, [2])
    assert "want at most 1048576" in tally.refused[0].reason


def test_an_achievement_that_leaves_no_room_for_a_credential_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        check_achievement({**ACHIEVEMENT, "description": "x" * (MAX_DOCUMENT_BYTES - 2000)})
    assert refused.value.code == "too_large"


@pytest.mark.parametrize("member", ["name", "description"])
@pytest.mark.parametrize("value", [None, "", 0])
def test_an_achievement_without_a_name_is_told_so(house: House, member: str, value: Any) -> None:
    item = {**ACHIEVEMENT, "id": "urn:a:nameless"}
    for achievement in ({**item, member: value}, {k: v for k, v in item.items() if k != member}):
        (refused,) = house.issue_rows([(1, AchievementRow(achievement))]).refused
        assert refused.reason == f"the achievement has no {member}"


def test_a_key_file_opens_with_its_passphrase_only_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    signer = Ed25519Signer.generate()
    signer.save(path, "right")
    assert Ed25519Signer.open(path, "right").public_key == signer.public_key
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(WrongPassphrase):
        Ed25519Signer.open(path, "wrong")
    with pytest.raises(FileExistsError):
        signer.save(path, "right")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff", b'{"version": 3}', b'"x"'])
def test_a_damaged_key_file_is_told_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.json"
    path.write_bytes(content)
    with pytest.raises(DamagedKeyFile, match=r"key\.json"):
        Ed25519Signer.open(path, "any")


def test_the_key_does_not_show_in_the_signers_text() -> None:
    assert bytes(32).hex() not in f"{SIGNER!r}{SIGNER}"
