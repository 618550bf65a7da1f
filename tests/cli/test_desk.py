"""The issuer's desk without a chain: founding, achievements, lists of ids. Refused is untouched."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from commands import Desk, lay_out_keys
from installations import ACHIEVEMENT

from registry.core.errors import InvalidArgument
from registry.lifecycle.achievements import read_achievements
from registry.lifecycle.awards import BadFile
from registry.lifecycle.founding import parse_name, parse_slug, parse_web_address

NOWHERE: Final = "http://127.0.0.1:9"
CHAIN: Final = ("--chain-id", "31337")
OWNER: Final = "0x" + "ab" * 20


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "home", NOWHERE)
    desk.run("init")
    return desk


def create(desk: Desk, slug: str, *words: str) -> Any:
    """Create an issuer with keys that open quickly."""
    folder = desk.home / "issuers" / slug
    if not folder.exists():
        lay_out_keys(folder)
    return desk.run("issuer", "create", f"The {slug}", "--slug", slug, *CHAIN, *words)


def everything(folder: Path) -> dict[str, bytes | None]:
    """All that is below `folder`, but what SQLite keeps beside an open database."""
    return {
        str(path): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if path.suffix not in (".db-wal", ".db-shm")
    }


# ---- Founding ------------------------------------------------------------------------------------


def test_an_issuer_that_exists_is_refused_and_stays_as_it_is(desk: Desk) -> None:
    assert create(desk, "school", "--url", "https://school.example.org").status == 0
    card, before = desk.run("issuer", "card", "--json").json, everything(desk.home)
    said = desk.run(
        "issuer", "create", "Mallory", "--slug", "school", *CHAIN, "--controller", OWNER
    )
    assert (said.status, "exists already" in said.err) == (64, True)
    assert everything(desk.home) == before
    assert desk.run("issuer", "card", "--json").json == card


@pytest.mark.parametrize(
    "text",
    ["../../evil", "/evil", ".", "..", "", "a" * 65, "School", "-a", "a-", "a\n", "a/b", "é"],
)
def test_a_short_name_is_never_a_path(text: str) -> None:
    with pytest.raises(InvalidArgument, match="short name"):
        parse_slug(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a\x1b[2J", "a\nb", "a\x9bb", "a\u202eb", "a\uffffb", "a\udce9b", "a" * 257],
)
def test_a_name_is_text_that_shows_as_it_is(text: str) -> None:
    with pytest.raises(InvalidArgument, match="cannot be a name"):
        parse_name(text)


@pytest.mark.parametrize(
    "text",
    [
        *("not a url", "", "javascript:alert(1)", "ftp://example.org", "https://", "https://:1"),
        *("https://user:secret@example.org", "https://example.org:port", "https://example.org:0"),
        *("https://example.org/\x1b", "https://example.org/a b", "https://example.org/%zz"),
        *("https://example.org\n", "https://[::1", "https://example.org/" + "a" * 2048),
    ],
)
def test_a_web_address_is_one_of_the_web(text: str) -> None:
    with pytest.raises(InvalidArgument, match="not a web address"):
        parse_web_address(text)


def test_names_and_addresses_that_people_have_are_taken() -> None:
    assert parse_slug("a") == "a"
    assert parse_slug("e-t-h-2") == "e-t-h-2"
    for name in ("Zoë's 🎓 School", "北京大学", "\u0645\u06cc\u200c\u06a9\u0646\u0645", "a" * 256):
        assert parse_name(f" {name} ") == name
    for url in (
        "https://example.org",
        "http://localhost:8000/",
        "https://xn--bcher-kva.example/~a/%C3%A9?q=1#top",
        "https://[2001:db8::1]:8443/x",
    ):
        assert parse_web_address(url) == url


def test_what_cannot_be_an_issuer_is_refused_before_anything_is_made(desk: Desk) -> None:
    before = everything(desk.home.parent)
    for words, reason in (
        (("X", "--slug", "../../evil"), "short name"),
        (("…",), "give the issuer a short name"),
        (("a\x1b[2J",), "cannot be a name"),
        (("X", "--url", "not a url"), "not a web address"),
        (("X", "--controller", "0x12"), "CAIP-10"),
        (("X", "--status-url", "http://example.org"), "status lists"),
    ):
        said = desk.run("issuer", "create", *words, *CHAIN)
        assert (said.status, said.out, "Traceback" in said.err) == (64, "", False)
        assert reason in said.err
        assert everything(desk.home.parent) == before


def test_a_status_address_that_is_taken_is_refused_before_anything_is_made(desk: Desk) -> None:
    url = ("--status-url", "https://school.example.org/status")
    assert create(desk, "school", *url).status == 0
    before = everything(desk.home)
    said = desk.run("issuer", "create", "Other", *url, *CHAIN)
    assert (said.status, "another issuer's status lists" in said.err) == (64, True)
    assert everything(desk.home) == before


def test_a_creation_that_was_interrupted_is_taken_up(desk: Desk) -> None:
    words = ("school", "--controller", OWNER, "--json")
    first = create(desk, *words).json
    made = [desk.home / "issuers/school" / n for n in ("card.json", "unsigned-set-operator.json")]
    for file in made:
        file.unlink()
    with closing(sqlite3.connect(desk.home / "registry.db")) as connection:
        connection.execute("DELETE FROM organisations")
        connection.commit()
    assert create(desk, *words).json == first
    assert all(json.loads(file.read_text()) for file in made)
    card = desk.run("issuer", "card", "--json").json
    assert (card["did"], card["accounts"]) == (first["did"], [first["account"]])


def test_the_card_is_told_of_the_database_whatever_the_file_says(desk: Desk) -> None:
    create(desk, "school")
    file = desk.home / "issuers" / "school" / "card.json"
    card = json.loads(file.read_text())
    file.write_text("{}")
    assert desk.run("issuer", "card", "--json").json == card
    assert json.loads(desk.run("issuer", "card").out) == card


# ---- Achievements --------------------------------------------------------------------------------

OTHER: Final = {**ACHIEVEMENT, "id": "urn:a:welding", "name": "Welding"}
ONE: Final = json.dumps(ACHIEVEMENT)
TWO: Final = json.dumps([ACHIEVEMENT, OTHER], indent=2)


@pytest.fixture
def school(desk: Desk) -> Desk:
    create(desk, "school", "--suite", "eddsa-jcs-2022")
    return desk


def imported(desk: Desk, content: str | bytes) -> Any:
    file = desk.home.parent / "achievements.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return desk.run("achievement", "import", file, "--json")


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("content", [ONE, TWO, f" \n{TWO}\n "])
def test_one_achievement_or_a_list_is_read(tmp_path: Path, content: str, mark: bytes) -> None:
    (tmp_path / "a.json").write_bytes(mark + content.encode())
    wanted = [ACHIEVEMENT] if content == ONE else [ACHIEVEMENT, OTHER]
    assert read_achievements(tmp_path / "a.json") == wanted


@pytest.mark.parametrize(
    "content",
    [
        "",
        " \n",
        "[]",
        "[5]",
        "5",
        '"x"',
        "null",
        f'{ONE}, "more": 1',
        f'[{ONE}], "more": 1',
        f'[{ONE}], "": [{ONE}]',
        f"[{ONE}]}}",
        f"[{ONE}] {{",
        f"{ONE}{ONE}",
        f"[{ONE}",
        ONE.replace('"name"', '"name": "twice", "name"', 1),
        f"[{ONE[:-1]}, " + '"name": "twice"}]',
        TWO.encode("utf-16"),
        b'{"name": "\xe9"}',
        "[" * 100_000,
    ],
)
def test_a_file_that_is_not_achievements_in_json_is_refused(
    tmp_path: Path, content: str | bytes
) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadFile, match=r"a\.json"):
        read_achievements(file)


def test_achievements_are_imported_once(school: Desk) -> None:
    assert imported(school, TWO).json == {"imported": 2, "passed_over": 0}
    assert imported(school, ONE).json == {"imported": 0, "passed_over": 1}
    said = imported(school, f'[{ONE}], "more": 1')
    assert (said.status, "want an Achievement" in said.json["error"]["message"]) == (64, True)


def test_one_bad_achievement_is_named_and_none_is_imported(school: Desk) -> None:
    said = imported(school, json.dumps([ACHIEVEMENT, {**OTHER, "criteria": 5}, OTHER]))
    assert said.status == 1
    message = said.json["error"]["message"]
    assert message.startswith("nothing is imported: ")
    assert "achievement 2 (urn:a:welding)" in message
    assert school.run("achievement", "list", "--json").json == {"achievements": []}


def test_one_achievement_that_changed_is_named_and_none_is_imported(school: Desk) -> None:
    imported(school, ONE)
    said = imported(school, json.dumps([OTHER, {**ACHIEVEMENT, "name": "Brazing"}]))
    assert (said.status, ACHIEVEMENT["id"] in said.json["error"]["message"]) == (1, True)
    (left,) = school.run("achievement", "list", "--json").json["achievements"]
    assert left["name"] == ACHIEVEMENT["name"]


# ---- Export --------------------------------------------------------------------------------------


def test_an_id_that_is_named_twice_is_exported_and_counted_once(school: Desk) -> None:
    imported(school, ONE)
    folder = school.home.parent
    rows = "".join(f"{n},{ACHIEVEMENT['id']},2026-06-30\n" for n in ("ada", "ben"))
    (folder / "awards.csv").write_text(f"recipient,achievement,date\n{rows}")
    assert school.run("issue", folder / "awards.csv", "--json").json["issued"] == 2
    words = ("export", folder / "out", "--unanchored", "--json")
    school.run(*words)
    ada, ben = (file.stem for file in (folder / "out").iterdir())
    # The list is asked for in parts of 500.
    strangers = [str(uuid4()) for _ in range(499)]
    lines = ["\ufeff" + ada, *strangers, f"urn:uuid:{ada}", ada, ben]
    (folder / "ids").write_text("\n".join(lines))
    said = school.run(*words, "--ids", folder / "ids")
    assert (said.json["exported"], said.json["unknown"], said.status) == (2, 499, 1)
