"""`credroot verify`: judges credential files by what nodes of the verifier's choice say."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from registry.core.document import MAX_DOCUMENT_BYTES
from registry.core.errors import InvalidArgument, Refusal
from registry.core.evidence import DEV_CHAIN_ID, Evidence, Question, Quorum
from registry.core.policy import MAX_TRUST_BYTES, Policy, TrustEntry, parse_trust
from registry.core.verify import INDETERMINATE, INVALID, VALID, Verdict, questions, verify
from registry.settings import Settings
from registry.verifier.nodes import Node, parse_node
from registry.verifier.reading import read_evidence

from .console import EXIT_INDETERMINATE, EXIT_INVALID, EXIT_VALID, Failure, JsonFlag, Output
from .processors import processors

EXITS: Final = {VALID: EXIT_VALID, INVALID: EXIT_INVALID, INDETERMINATE: EXIT_INDETERMINATE}
# Above this many files a second processor pays for its start.
FILES_PER_TASK: Final = 50


def verify_files(
    files: Annotated[list[Path], typer.Argument(help="Credential files, or folders of them.")],
    rpc: Annotated[
        list[str] | None,
        typer.Option("--rpc", help="An Ethereum node's URL; several must agree."),
    ] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="A file of issuers that you trust (an issuer's card)."),
    ] = None,
    agree: Annotated[
        int | None,
        typer.Option("--agree", help="How many nodes must agree; a majority if left out."),
    ] = None,
    trust_one_node: Annotated[
        bool, typer.Option("--trust-one-node", help="Believe a single node, your own.")
    ] = False,
    dev_chain: Annotated[
        bool,
        typer.Option("--dev-chain", help="Accept a dev chain that is not on this machine."),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Verify credentials: exit status 0 valid, 1 invalid, 2 indeterminate, of several the worst."""
    output = Output(as_json=as_json)
    nodes = _nodes(rpc or list(Settings.from_environment().nodes))
    alone = dev_chain or all(node.is_loopback for node in nodes)
    policy = Policy(
        at=datetime.now(UTC),
        trust=tuple(entry for file in trust or () for entry in _trust(file)),
        quorum=Quorum(agree, trust_one_node=trust_one_node, accept_dev_chain=alone),
    )
    paths = _files(files)
    verdicts = _verdicts(paths, nodes, policy, output)
    _tell(paths, verdicts, output)
    raise typer.Exit(max((EXITS[v.outcome] for v in verdicts), key=_severity))


def _severity(status: int) -> int:
    return (EXIT_VALID, EXIT_INDETERMINATE, EXIT_INVALID).index(status)


def _nodes(urls: Sequence[str]) -> list[Node]:
    try:
        return [parse_node(url) for url in urls]
    except InvalidArgument as error:
        raise Failure(str(error)) from error


def _trust(file: Path) -> tuple[TrustEntry, ...]:
    try:
        return parse_trust(_read(file, MAX_TRUST_BYTES))
    except Refusal as refusal:
        raise Failure(f"{file}: {refusal.detail}") from refusal


def _files(given: Sequence[Path]) -> list[Path]:
    found: list[Path] = []
    for path in given:
        inside = sorted(path.glob("*.json")) if path.is_dir() else [path]
        if not inside:
            raise Failure(f"there is no .json file in {path}")
        found += inside
    missing = next((path for path in found if not path.is_file()), None)
    if missing is not None:
        raise Failure(f"there is no file {missing}")
    return found


def _verdicts(
    paths: Sequence[Path], nodes: Sequence[Node], policy: Policy, output: Output
) -> list[Verdict]:
    """Read everything, ask the nodes once, then judge: on several processors when it is much."""
    parts = [paths[i : i + FILES_PER_TASK] for i in range(0, len(paths), FILES_PER_TASK)]
    if len(parts) == 1:
        evidence = read_evidence(nodes, _questions_of(paths), policy.registry)
        return _judge(evidence, policy, paths)
    verdicts: list[Verdict] = []
    with (
        processors() as pool,
        output.progress("Verifying", len(paths)) as bar,
    ):
        asked = {q: None for part in pool.map(_questions_of, parts) for q in part}
        evidence = read_evidence(nodes, list(asked), policy.registry)
        for part in pool.map(partial(_judge, evidence, policy), parts):
            verdicts += part
            bar.at(len(verdicts))
    return verdicts


def _questions_of(paths: Sequence[Path]) -> list[Question]:
    found = {q: None for path in paths for q in questions(_read(path, MAX_DOCUMENT_BYTES))}
    return list(found)


def _judge(evidence: Evidence, policy: Policy, paths: Sequence[Path]) -> list[Verdict]:
    return [verify(_read(path, MAX_DOCUMENT_BYTES), evidence, policy) for path in paths]


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
