"""What commands say, to terminals of every kind, to pipes, and to machines."""

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from commands import COMMAND, PASSPHRASE, ROOT, SECONDS, Desk, Said, lay_out_keys
from hypothesis import given
from hypothesis import strategies as st
from installations import ACHIEVEMENT

from registry.cli.console import one_line
from registry.core.baked import bake

NOWHERE: Final = "http://127.0.0.1:9"
NAME: Final = "Zoë's 🎓 School"
STEERING: Final = "\x9b31m\u202eevil\u2028\x7f"
STEERS: Final = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
SVG: Final = (ROOT / "scripts/cohort/badge.svg").read_bytes()
ASCII: Final[dict[str, dict[str, str | None]]] = {
    "encoding": {"PYTHONIOENCODING": "ascii"},
    "locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """An installation that reaches no chain; some of its names steer terminals."""
    desk = Desk(tmp_path_factory.mktemp("desk") / "home", NOWHERE)
    desk.run("init")
    lay_out_keys(desk.home / "issuers" / "school")
    words = ("issuer", "create", NAME, "--slug", "school", "--chain-id", "31337")
    assert desk.run(*words, "--suite", "eddsa-jcs-2022").status == 0
    file = desk.home.parent / "achievement.json"
    file.write_text(json.dumps({**ACHIEVEMENT, "name": f"Soldering{STEERING}\x1b[2J\r\n"}))
    assert desk.run("achievement", "import", file).status == 0
    return desk


def at_terminal(desk: Desk, *words: str | Path) -> str:
    """All that a command says to a terminal, on both streams."""
    screen, end = pty.openpty()
    environment = desk.environment | {"TERM": "dumb"}
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)], env=environment, stdin=end, stdout=end, stderr=end
    )
    os.close(end)
    said = b""
    try:
        while part := os.read(screen, 4096):
            said += part
    except OSError:
        pass  # How Linux tells that nobody holds the terminal's other end.
    process.wait(SECONDS)
    os.close(screen)
    return said.decode().replace("\r\n", "\n")


# ---- Outside text --------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [("achievement", "list"), ("achievement", "list", "--json")])
def test_a_name_that_steers_terminals_is_shown_escaped(desk: Desk, words: tuple[str, ...]) -> None:
    for said in (desk.run(*words).out, at_terminal(desk, *words)):
        assert "Soldering" in said
        assert "\\u202eevil" in said
        assert not STEERS.search(said)


def test_a_files_name_that_steers_terminals_is_shown_escaped(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a\x1b[2Jb\nc\u202e.json"
    file.write_text("{}")
    for name in (file, file.with_name("no" + file.name)):
        said = desk.run("verify", name)
        told = said.out + said.err
        assert "a\\x1b[2Jb\\nc\\u202e.json" in told
        assert not STEERS.search(told)


def test_words_that_steer_terminals_are_complained_of_escaped(desk: Desk) -> None:
    said = desk.run("status", "--non\x1b[2Jsense")
    assert (said.status, "--non\\x1b[2Jsense" in said.err) == (64, True)
    assert not STEERS.search(said.err)


def test_an_unbaked_credential_is_escaped_on_a_screen_and_exact_in_a_pipe(
    desk: Desk, tmp_path: Path
) -> None:
    credential = json.dumps({"name": STEERING, "b": 1}, ensure_ascii=False, indent=2)
    (tmp_path / "baked.svg").write_bytes(bake(SVG, credential.encode()))
    said = at_terminal(desk, "unbake", tmp_path / "baked.svg")
    assert '\\x9b31m\\u202eevil\\u2028\\x7f",\n  "b": 1\n}\n' in said
    assert not STEERS.search(said)
    out = desk.run("unbake", tmp_path / "baked.svg").out
    assert json.loads(out)["name"] == STEERING


# ---- Tables --------------------------------------------------------------------------------------


def test_a_table_is_whole_in_a_pipe_and_on_a_narrow_screen(
    desk: Desk,
) -> None:
    (issuer,) = desk.run("issuer", "list", "--json").json["issuers"]
    said = desk.run("issuer", "list", COLUMNS="40")
    assert issuer["did"] in said.out
    assert issuer["account"] in said.out
    screen = at_terminal(desk, "issuer", "list")
    assert "…" not in screen


# ---- Encodings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ASCII)
@pytest.mark.parametrize("words", [("issuer", "list"), ("--help",)])
def test_a_terminal_without_unicode_gets_escapes(
    desk: Desk, words: tuple[str, ...], how: str
) -> None:
    said = desk.run(*words, **ASCII[how])
    assert (said.status, said.err) == (0, "")
    assert said.out.isascii()
    if words[0] == "issuer":
        assert "Zo\\" in said.out


@pytest.mark.parametrize("how", ["encoding", "locale"])
def test_json_is_the_same_without_unicode(desk: Desk, how: str) -> None:
    said = desk.run("issuer", "list", "--json", **ASCII[how])
    assert said.json["issuers"][0]["name"] == NAME


def test_the_card_that_is_printed_is_json_in_every_encoding(desk: Desk) -> None:
    for environment in ({}, ASCII["locale"]):
        assert json.loads(desk.run("issuer", "card", **environment).out)["name"] == NAME


@pytest.mark.parametrize("how", ["locale", None])
def test_a_files_name_that_is_not_unicode_breaks_nothing(
    desk: Desk, tmp_path: Path, how: str | None
) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.json"))
    file.write_text("{}")
    environment = ASCII[how] if how else {}
    said = desk.run("verify", file, "--json", **environment)
    assert (said.status, "Traceback" in said.err) == (1, False)
    assert said.json["verdicts"][0]["file"].endswith("/caf\ufffd.json")
    said = desk.run("verify", file, **environment)
    assert (said.status, "caf\\udce9.json: INVALID" in said.out) == (1, True)
    said = desk.run("verify", file.with_name(file.name + "x"), "--json", **environment)
    assert said.json["error"]["message"].endswith("/caf\ufffd.jsonx")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(value=st.dictionaries(st.text(), JSON))
def test_one_line_is_the_same_value_in_printable_ascii(value: dict[str, Any]) -> None:
    line = one_line(value)
    assert re.fullmatch("[ -~]*", line)
    assert json.loads(line) == value


@given(text=st.text(st.characters(exclude_categories=())))
def test_one_line_holds_no_lone_surrogate(text: str) -> None:
    json.loads(one_line({"text": text}))["text"].encode("utf-8")


# ---- Failures, for machines ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "status", "reason"),
    [
        (("status", "no-id"), 64, "is not a credential id"),
        (("issue", "bad.csv", "--strict"), 1, "line 2: date is missing"),
        (("achievement", "import", "bad.csv"), 64, "bad.csv: not JSON"),
        (("anchor",), 64, "the node cannot be reached"),
        (("verify",), 64, "Missing argument"),
        (("unbake", "bad.csv"), 1, "neither a PNG nor an SVG"),
        (("--nonsense",), 64, "No such option"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_failure_is_one_json_object_too(
    desk: Desk, words: tuple[str, ...], status: int, reason: str
) -> None:
    header = "recipient,achievement,date\n"
    (desk.home.parent / "bad.csv").write_text(header + f"ada,{ACHIEVEMENT['id']},\n")
    said = desk.run(*words, "--json")
    assert (said.status, said.json["error"]["status"]) == (status, status)
    assert reason in said.json["error"]["message"]
    assert reason in said.err


def test_a_failed_demo_is_one_json_object_too(tmp_path: Path) -> None:
    for words in (("--awards", str(tmp_path / "nowhere\x1b.csv")), ("--nonsense",)):
        done = subprocess.run(
            [sys.executable, ROOT / "scripts/demonstration.py", "--json", *words],
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert (done.returncode, json.loads(done.stdout)["error"]["status"]) == (2, 2)
        assert "\x1b" not in done.stdout + done.stderr


def test_a_group_without_a_command_shows_its_help(desk: Desk) -> None:
    said = desk.run("issuer")
    assert (said.status, "create" in said.out, "Traceback" in said.err) == (64, True, False)


# ---- Ends ----------------------------------------------------------------------------------------

IMPATIENT: Final = """
import sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from registry.cli import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "registry.core.verify", "sqlalchemy"])
def test_ctrl_c_while_the_program_loads_is_told_as_at_any_other_time(
    desk: Desk, module: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT.format(module=module), "issuer", "list"],
        env=desk.environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    said = Said(done.returncode, done.stdout, done.stderr)
    assert (said.status, said.out) == (130, "")
    assert re.fullmatch("credroot: interrupted.*\n", said.err)


@pytest.mark.parametrize("words", [("issuer", "list"), ("--help",)])
def test_a_reader_that_has_gone_ends_a_command_quietly(desk: Desk, words: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [*COMMAND, *words],
        env=desk.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert (process.stderr.read(), process.wait(SECONDS)) == ("", 141)
    process.stderr.close()


def test_no_passphrase_shows(desk: Desk) -> None:
    assert PASSPHRASE not in "".join(desk.log)
