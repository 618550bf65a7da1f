"""`credroot verify`: judges credential files by what nodes of the verifier's choice say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from registry.core.baked import MAX_PNG_BYTES
from registry.core.errors import Refusal
from registry.core.evidence import DEV_CHAIN_ID, Evidence, Question
from registry.core.policy import MAX_TRUST_BYTES, Policy, TrustEntry, parse_trust
from registry.core.verdict import INDETERMINATE, INVALID, VALID, Verdict
from registry.core.verify import Address, addresses, questions, verify
from registry.settings import Settings
from registry.verifier.documents import read_documents
from registry.verifier.fetching import Fetcher
from registry.verifier.nodes import Node
from registry.verifier.reading import read_evidence

from .asking import (
    AgreeOption,
    DevChain,
    RpcOption,
    TrustOneNode,
    chosen_nodes,
    chosen_quorum,
)
from .console import EXIT_INDETERMINATE, EXIT_INVALID, EXIT_VALID, Failure, JsonFlag, Output
from .processors import processors

EXITS: Final = {VALID: EXIT_VALID, INVALID: EXIT_INVALID, INDETERMINATE: EXIT_INDETERMINATE}
# Above this many files a second processor pays for its start.
FILES_PER_TASK: Final = 50
# Of a folder: credentials as JSON, as VC-JWT, and baked into pictures.
SUFFIXES: Final = (".json", ".jwt", ".png", ".svg")
# The largest of what is read; each form has a limit of its own below it.
MAX_FILE_BYTES: Final = MAX_PNG_BYTES


@dataclass(frozen=True)
class _Needs:
    """What must be read to judge some files, each thing once, in the order of the files."""

    questions: dict[Question, None] = field(default_factory=dict)
    addresses: dict[Address, None] = field(default_factory=dict)

    def add(self, other: "_Needs") -> None:
        self.questions.update(other.questions)
        self.addresses.update(other.addresses)


def verify_files(
    files: Annotated[list[Path], typer.Argument(help="Credential files, or folders of them.")],
    rpc: RpcOption = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="A file of issuers that you trust (an issuer's card)."),
    ] = None,
    agree: AgreeOption = None,
    trust_one_node: TrustOneNode = False,
    dev_chain: DevChain = False,
    recipient: Annotated[
        str | None,
        typer.Option(help="Whose it must be: a DID, or an identifier such as an e-mail address."),
    ] = None,
    unanchored: Annotated[
        bool,
        typer.Option(
            "--accept-unanchored",
            help="Also what its issuer never said would be anchored: other systems' credentials.",
        ),
    ] = False,
    internal: Annotated[
        bool,
        typer.Option(
            "--allow-internal-hosts",
            help="Also read DID documents and status lists at addresses of your own network.",
        ),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Verify credentials: exit status 0 valid, 1 invalid, 2 indeterminate, of several the worst."""
    output = Output(as_json=as_json)
    nodes = chosen_nodes(rpc or Settings.from_environment().nodes)
    policy = Policy(
        at=datetime.now(UTC),
        trust=tuple(entry for file in trust or () for entry in _trust(file)),
        quorum=chosen_quorum(nodes, agree, trust_one_node=trust_one_node, dev_chain=dev_chain),
        recipient=recipient,
        require_anchor=not unanchored,
    )
    paths = _files(files)
    verdicts = _verdicts(paths, _Sources(nodes, internal), policy, output)
    _tell(paths, verdicts, output)
    raise typer.Exit(max((EXITS[v.outcome] for v in verdicts), key=_severity))


@dataclass(frozen=True)
class _Sources:
    """Where evidence is read: the verifier's nodes, and the network that it may call."""

    nodes: list[Node]
    allow_internal: bool

    def read(self, needs: _Needs, policy: Policy) -> Evidence:
        chain = read_evidence(self.nodes, list(needs.questions), policy.registry)
        fetcher = Fetcher(allow_internal=self.allow_internal)
        return replace(chain, documents=read_documents(list(needs.addresses), fetcher.fetch))


def _severity(status: int) -> int:
    return (EXIT_VALID, EXIT_INDETERMINATE, EXIT_INVALID).index(status)


def _trust(file: Path) -> tuple[TrustEntry, ...]:
    try:
        return parse_trust(_read(file, MAX_TRUST_BYTES))
    except Refusal as refusal:
        raise Failure(f"{file}: {refusal.detail}") from refusal


def _files(given: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        inside = _inside(path) if path.is_dir() else [path]
        if not inside:
            raise Failure(f"there is no {', '.join(SUFFIXES)} file in {path}")
        found += inside
    missing = next((path for path in found if not path.is_file()), None)
    if missing is not None:
        raise Failure(f"there is no file {missing}")
    return found


def _inside(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _verdicts(
    paths: Sequence[Path], sources: _Sources, policy: Policy, output: Output
) -> list[Verdict]:
    """Read everything, ask the nodes once, then judge: on several processors when it is much."""
    parts = [paths[i : i + FILES_PER_TASK] for i in range(0, len(paths), FILES_PER_TASK)]
    if len(parts) == 1:
        return _judge(sources.read(_needs_of(paths), policy), policy, paths)
    verdicts: list[Verdict] = []
    with (
        processors() as pool,
        output.progress("Verifying", len(paths)) as bar,
    ):
        needs = _Needs()
        for part in pool.map(_needs_of, parts):
            needs.add(part)
        evidence = sources.read(needs, policy)
        for judged in pool.map(partial(_judge, evidence, policy), parts):
            verdicts += judged
            bar.at(len(verdicts))
    return verdicts


def _needs_of(paths: Sequence[Path]) -> _Needs:
    needs = _Needs()
    for path in paths:
        data = _read(path, MAX_FILE_BYTES)
        needs.add(_Needs(dict.fromkeys(questions(data)), dict.fromkeys(addresses(data))))
    return needs


def _judge(evidence: Evidence, policy: Policy, paths: Sequence[Path]) -> list[Verdict]:
    return [verify(_read(path, MAX_FILE_BYTES), evidence, policy) for path in paths]


def _read(path: Path, limit: int) -> bytes:
    """At most one byte more than `limit`, so that what is too large shows as such."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _tell(paths: Sequence[Path], verdicts: Sequence[Verdict], output: Output) -> None:
    if len(paths) == 1:
        _tell_one(paths[0], verdicts[0], output)
    else:
        _tell_many(paths, verdicts, output)
    if any(_on_dev_chain(verdict) for verdict in verdicts):
        output.say("  On a development chain, whose keys everybody knows: it proves nothing.")
    output.result(
        {
            "summary": _summary(verdicts),
            "verdicts": [_as_json(p, v) for p, v in zip(paths, verdicts, strict=True)],
        }
    )


def _on_dev_chain(verdict: Verdict) -> bool:
    return str(verdict.facts.get("account", "")).startswith(f"eip155:{DEV_CHAIN_ID}:")


def _summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    def by_code(outcome: str) -> dict[str, int]:
        return dict(Counter(v.code or "" for v in verdicts if v.outcome == outcome))

    return {
        "files": len(verdicts),
        "valid": sum(v.outcome == VALID for v in verdicts),
        "invalid": by_code(INVALID),
        "indeterminate": by_code(INDETERMINATE),
    }


def _as_json(path: Path, verdict: Verdict) -> dict[str, Any]:
    return {
        "file": str(path),
        "verdict": verdict.outcome,
        "code": verdict.code,
        "steps": [asdict(step) for step in verdict.steps],
        "facts": dict(verdict.facts),
    }


def _tell_one(path: Path, verdict: Verdict, output: Output) -> None:
    facts = verdict.facts
    output.say(
        f"{path.name}: {verdict.outcome.upper()}" + (f" ({verdict.code})" if verdict.code else "")
    )
    if facts.get("achievement"):
        who = facts.get("issuer_trusted_as") or f"{facts.get('issuer_name')} (says the credential)"
        output.say(f"  {facts['achievement']}, issued by {who} to {facts.get('recipient')}")
    rows = [(s.name, s.outcome, s.code or "", s.detail) for s in verdict.steps]
    output.table("", ("step", "outcome", "code", "what was found"), rows)
    if facts.get("answered_by"):
        output.say(
            f"  As {', '.join(facts['answered_by'])} said at block {facts['read_at_block']}."
        )


def _tell_many(paths: Sequence[Path], verdicts: Sequence[Verdict], output: Output) -> None:
    summary = _summary(verdicts)
    rows = [("valid", "", str(summary["valid"]), "")]
    for outcome in (INVALID, INDETERMINATE):
        for code, count in summary[outcome].items():
            example = next(p for p, v in zip(paths, verdicts, strict=True) if v.code == code)
            rows.append((outcome, code, str(count), example.name))
    output.table(f"{len(paths)} files", ("verdict", "code", "files", "for example"), rows)
