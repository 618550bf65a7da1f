"""The main job, once, with the commands that a user types; `scripts/demo` sets up and runs it.

Every step is a `credroot` process of its own. The one that verifies is told nothing of the
issuer, and the issuer's folder is out of its reach while it runs.
"""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from registry.plain_text import shown

HERE: Final = Path(__file__).resolve().parent
COHORT: Final = HERE / "cohort"
CREDROOT: Final = str(Path(sys.executable).parent / "credroot")
ISSUER: Final = "Northmere Institute"
# The keys live on a chain whose money is worth nothing; the passphrase is told at the end.
PASSPHRASE: Final = "demo"  # noqa: S105
BETTER: Final = "100"
WRONG_WORDS: Final = 2
INTERRUPTED: Final = 130
READY_SECONDS: Final = 60
STOP_SECONDS: Final = 15


@dataclass(frozen=True)
class Places:
    """The folders of one run: the chain's, the issuer's, and what a verifier was given."""

    root: Path

    @property
    def chain(self) -> Path:
        return self.root / "chain"

    @property
    def issuer(self) -> Path:
        return self.root / "issuer"

    @property
    def verifier(self) -> Path:
        return self.root / "verifier"


class Story:
    """Tells each step with its time, and keeps the figures."""

    def __init__(self, *, quiet: bool, recorded: bool) -> None:
        self.console = Console(quiet=quiet, record=recorded, width=96, highlight=False, emoji=False)
        self._started = time.monotonic()

    def tell(self, text: str) -> None:
        self.console.print(f"[dim]{self.seconds:6.1f} s[/]  {escape(shown(text))}")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started


class Parser(argparse.ArgumentParser):
    """Raises what is wrong with the words, so that it is told as every other failure is."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise Failed(message, WRONG_WORDS)


class Failed(Exception):
    """The demo could not be played to its end; the text says why."""

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def main() -> None:
    try:
        run(parse())
    except (Failed, KeyboardInterrupt) as ended:
        failed = ended if isinstance(ended, Failed) else Failed("interrupted", INTERRUPTED)
        print(shown(f"scripts/demo: {failed}", keep="\n"), file=sys.stderr)
        if "--json" in sys.argv:
            print(json.dumps({"error": {"message": str(failed), "status": failed.status}}))
        sys.exit(failed.status)


def run(options: argparse.Namespace) -> None:
    # A polite kill takes the chain down with it, as Ctrl-C does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    story = Story(quiet=options.json, recorded=options.picture is not None)
    with ExitStack() as stack:
        places = Places(stack.enter_context(working_folder(keep=options.keep)))
        chain = stack.enter_context(dev_chain(places, keep=options.keep))
        story.tell(f"A chain for trying at {chain['rpc']}, with the registry deployed")
        figures = play(story, places, chain["rpc"], options)
    figures["seconds"] = round(story.seconds, 1)
    if options.keep:
        figures["kept"] = {"folder": str(places.root), "rpc": chain["rpc"], "pid": chain["pid"]}
        tell_how_to_go_on(story, places, chain)
    if options.picture:
        picture = story.console.export_svg(title="scripts/demo")
        # A reader's machine has a fixed-width font; the picture fetches none.
        options.picture.write_text(
            re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL), encoding="utf-8"
        )
    if options.json:
        print(json.dumps(figures))


def parse() -> argparse.Namespace:
    parser = Parser(prog="scripts/demo", description=__doc__)
    parser.add_argument(
        "--awards", type=Path, metavar="FILE", default=COHORT / "awards.csv", help="other awards"
    )
    parser.add_argument(
        "--achievements",
        type=Path,
        metavar="FILE",
        default=COHORT / "achievements.json",
        help="what they award, where the awards do not bring it along (NDJSON may)",
    )
    parser.add_argument("--keep", action="store_true", help="leave chain and files for playing")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="save what is printed as SVG")
    options = parser.parse_args()
    for file in (options.awards, options.achievements):
        if not file.is_file():
            parser.error(f"there is no file {file}")
    return options


def play(story: Story, places: Places, rpc: str, options: argparse.Namespace) -> dict[str, Any]:
    """The whole way; the figures of its end."""
    issued, refused = issue(story, places, rpc, options)
    as_issuer(places, rpc, "anchor")
    anchored = as_issuer(places, rpc, "status")
    story.tell(
        f"Anchored {anchored['anchored']} credentials by {len(anchored['batches'])} transaction"
    )
    folder = places.verifier / "credentials"
    as_issuer(places, rpc, "export", str(folder))
    card = Path(shutil.copy(places.issuer / f"issuers/{slug()}/card.json", places.verifier))
    story.tell("Exported one file per credential; a verifier has them, and the issuer's card")

    first = verify(places, rpc, card, folder)
    story.tell(f"Verified by a process that cannot see the issuer: {counted(first)}")
    files = sorted(folder.glob("*.json"))
    changes = change(story, places, rpc, card, files)
    last = verify(places, rpc, card, folder)
    story.tell(f"Verified again: {counted(last)}")
    story.console.print(result_table(issued, anchored, last, changes))
    return {
        "issued": issued,
        "refused": refused,
        "anchored": anchored["anchored"],
        "batches": len(anchored["batches"]),
        "valid": last["valid"],
        "invalid": last["invalid"],
        "indeterminate": last["indeterminate"],
        "valid_before_changes": first["valid"],
        "changes": changes,
    }


def issue(story: Story, places: Places, rpc: str, options: argparse.Namespace) -> tuple[int, int]:
    """How many awards were issued, and how many rows were refused."""
    as_issuer(places, rpc, "init")
    made = as_issuer(
        places, rpc, "issuer", "create", ISSUER, "--url", "https://northmere.example.org"
    )
    story.tell(f"Issuer {ISSUER}: {made['did'][:18]}…, account {made['account'][:19]}…")
    as_issuer(places, rpc, "achievement", "import", str(options.achievements))
    file = options.awards
    told = as_issuer(places, rpc, "issue", str(file), accept=(0, 1))
    refused = f", {len(told['refused'])} rows refused" if told["refused"] else ""
    story.tell(f"Issued and signed {told['issued']} Open Badges from {file.name}{refused}")
    if not told["issued"]:
        raise Failed(f"nothing was issued from {file}: {told['refused'][:3]}")
    return int(told["issued"]), len(told["refused"])


def change(
    story: Story, places: Places, rpc: str, card: Path, files: Sequence[Path]
) -> list[dict[str, str]]:
    """Tamper with one file, revoke a second credential, suspend and reinstate a third."""
    told = []
    tampered = tamper(files[0])
    told.append({"file": files[0].name, "change": tampered})
    story.tell(f"Tampered with one file: {tampered}")
    if len(files) > 1:
        as_issuer(places, rpc, "revoke", files[1].stem)
        told.append({"file": files[1].name, "change": "revoked by its issuer"})
        story.tell("The issuer revoked another one")
    if len(files) > 2:
        as_issuer(places, rpc, "suspend", files[2].stem)
        between = verify(places, rpc, card, files[2])
        story.tell(f"The issuer suspended a third; verified at once: {counted(between)}")
        as_issuer(places, rpc, "reinstate", files[2].stem)
        told.append({"file": files[2].name, "change": "suspended, then reinstated"})
        story.tell("The issuer reinstated it")
    return told


def tamper(file: Path) -> str:
    """Improve one credential as a cheat would; what was changed, in words."""
    credential = json.loads(file.read_text(encoding="utf-8"))
    subject = credential["credentialSubject"]
    scores = [r for r in subject.get("result", ()) if r.get("value", "").isdigit()]
    if scores:
        old, scores[0]["value"] = (
            scores[0]["value"],
            BETTER if scores[0]["value"] != BETTER else "99",
        )
        what = f"a score of {old} became {scores[0]['value']}"
    else:
        old = subject["achievement"]["name"]
        subject["achievement"]["name"] = f"{old}, with distinction"
        what = f"“{old}” became “{old}, with distinction”"
    file.write_text(json.dumps(credential, ensure_ascii=False, indent=2), encoding="utf-8")
    return what


def verify(places: Places, rpc: str, card: Path, what: Path) -> dict[str, Any]:
    """`credroot verify` with nothing of the issuer's but its card; the summary."""
    hidden = places.root / "out-of-reach"
    environment = {"PATH": os.environ["PATH"], "HOME": str(places.verifier)}
    places.issuer.rename(hidden)
    try:
        done = subprocess.run(
            [CREDROOT, "verify", str(what), "--rpc", rpc, "--trust", str(card), "--json"],
            cwd=places.verifier,
            env=environment,
            capture_output=True,
            check=False,
        )
    finally:
        hidden.rename(places.issuer)
    if done.returncode not in (0, 1, 2):
        raise Failed(done.stderr.decode())
    summary: dict[str, Any] = json.loads(done.stdout)["summary"]
    return summary


def as_issuer(
    places: Places, rpc: str, *words: str, accept: tuple[int, ...] = (0,)
) -> dict[str, Any]:
    """Run `credroot WORDS --json` as the issuer; the passphrase goes through a pipe."""
    read, write = os.pipe()
    os.write(write, PASSPHRASE.encode())
    os.close(write)
    try:
        done = subprocess.run(
            [CREDROOT, *words, "--json"],
            env=issuer_environment(places, rpc) | {"CREDROOT_PASSPHRASE_FILE": f"/dev/fd/{read}"},
            pass_fds=(read,),
            stdout=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(read)
    told: dict[str, Any] = json.loads(done.stdout or "{}")
    if done.returncode not in accept or "error" in told:
        reason = told.get("error", {}).get("message", f"ended with status {done.returncode}")
        raise Failed(f"credroot {' '.join(words)}: {reason}")
    return told


def issuer_environment(places: Places, rpc: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "CREDROOT_HOME": str(places.issuer),
        "CREDROOT_RPC": rpc,
    }


@contextmanager
def working_folder(*, keep: bool) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="credroot-demo-"))
    for place in ("chain", "issuer", "verifier"):
        (folder / place).mkdir()
    try:
        yield folder
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def dev_chain(places: Places, *, keep: bool) -> Iterator[dict[str, Any]]:
    """`credroot devchain` in the background; what it said when it was ready, and its process id."""
    port = str(free_port())
    log = places.chain / "devchain.log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            [CREDROOT, "devchain", "--port", port, "--json"],
            env={**os.environ, "CREDROOT_HOME": str(places.chain)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    finished = False
    try:
        yield {**await_ready(process, log), "pid": process.pid}
        finished = True
    finally:
        if not (keep and finished):
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_SECONDS)


def await_ready(process: "subprocess.Popen[bytes]", log: Path) -> dict[str, Any]:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        line = log.read_text(encoding="utf-8").partition("\n")
        if line[1] and line[0].startswith("{"):
            ready: dict[str, Any] = json.loads(line[0])
            return ready
        time.sleep(0.1)
    raise Failed(f"the dev chain did not start: {log.read_text(encoding='utf-8')}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def slug() -> str:
    return ISSUER.lower().replace(" ", "-")


def counted(summary: dict[str, Any]) -> str:
    parts = [f"{summary['valid']} valid"]
    parts += [f"{n} invalid ({code})" for code, n in summary["invalid"].items()]
    parts += [f"{n} indeterminate ({code})" for code, n in summary["indeterminate"].items()]
    return ", ".join(parts)


def result_table(
    issued: int, anchored: dict[str, Any], last: dict[str, Any], changes: list[dict[str, str]]
) -> Table:
    table = Table(
        title="What a stranger now knows", title_justify="left", box=box.SIMPLE_HEAD, min_width=80
    )
    table.add_column("credentials")
    table.add_column("verdict")
    table.add_column("because")
    table.add_row(str(last["valid"]), "[green]valid[/]", "signed, anchored, in force")
    for outcome, colour in (("invalid", "red"), ("indeterminate", "yellow")):
        for code, count in last[outcome].items():
            table.add_row(str(count), f"[{colour}]{outcome}[/]", REASONS.get(code, code))
    batches = len(anchored["batches"])
    table.caption = (
        f"{issued} issued in {batches} batch{'es' * (batches != 1)}; {len(changes)} were changed"
    )
    table.caption_justify = "left"
    return table


REASONS: Final = {
    "signature.mismatch": "signature.mismatch: the content is not what was signed",
    "status.revoked": "status.revoked: its issuer revoked it, for ever",
    "status.suspended": "status.suspended: its issuer suspended it",
}


def tell_how_to_go_on(story: Story, places: Places, chain: dict[str, Any]) -> None:
    environment = issuer_environment(places, chain["rpc"])
    lines = [
        f"The chain runs on (process {chain['pid']}); everything is in {places.root}. Go on with:",
        f"  export CREDROOT_HOME={environment['CREDROOT_HOME']} CREDROOT_RPC={chain['rpc']}",
        f"  {CREDROOT} status",
        f"  {CREDROOT} verify {places.verifier}/credentials --trust {places.verifier}/card.json",
        f"The passphrase of its keys is “{PASSPHRASE}”. To stop the chain: kill {chain['pid']}",
    ]
    for line in lines:
        story.console.print(escape(shown(line)), soft_wrap=True)


if __name__ == "__main__":
    main()
