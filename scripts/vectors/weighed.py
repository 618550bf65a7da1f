"""A case of `verdict.json`: what goes in as JSON, and the verdict that comes out."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from core.anchored_badges import HOSTS, agreeing, policy, written

from registry.core.document import JsonObject
from registry.core.evidence import Document, Evidence
from registry.core.json_form import to_json
from registry.core.policy import Policy
from registry.core.verify import addresses, questions, verify

from .writing import Case, File, attack, case, file_of, hexed

__all__ = ["Case", "File", "file_of", "nodes", "read", "tried", "without_trust"]

# Whole, every node would say the same of every batch: two are enough where nothing hangs on it.
TWO = HOSTS[:2]


def nodes(credential: JsonObject, *words: Any, **options: Any) -> Evidence:
    """Two nodes that agree."""
    whole = agreeing(credential, *words, **options)
    return Evidence(tuple(node for node in whole.nodes if node.host in TWO))


def read(evidence: Evidence, *documents: Document) -> Evidence:
    return replace(evidence, documents=documents)


def without_trust(**changed: Any) -> Policy:
    """The policy of one who lists nobody."""
    return policy(trust=(), **changed)


def tried(
    name: str,
    desc: str,
    credential: JsonObject | bytes,
    evidence: Evidence | None = None,
    under: Policy | None = None,
) -> Case:
    """The case; two agreeing nodes and a policy that trusts the issuer unless told otherwise."""
    data = credential if isinstance(credential, bytes) else written(credential)
    if evidence is None:
        evidence = nodes(credential) if isinstance(credential, dict) else Evidence()
    chosen = under or policy()
    verdict = verify(data, evidence, chosen)
    make = case if verdict.outcome == "valid" else attack
    steps = [
        {"name": s.name, "outcome": s.outcome} | ({"code": s.code} if s.code else {})
        for s in verdict.steps
    ]
    return make(
        name,
        desc,
        **_input(data),
        evidence=to_json(evidence),
        policy=to_json(chosen),
        questions=[to_json(question) for question in questions(data)],
        addresses=[to_json(address) for address in addresses(data)],
        outcome=verdict.outcome,
        code=verdict.code,
        steps=steps,
        issuerKnownBy=verdict.facts.get("issuer_known_by"),
    )


def _input(data: bytes) -> dict[str, Any]:
    if len(data) > 1 and len(set(data)) == 1:
        return {"repeated": {"text": chr(data[0]), "times": len(data)}}
    try:
        return {"credential": data.decode()}
    except UnicodeDecodeError:
        return {"bytes": hexed(data)}


def checked(cases: Iterable[Case], outcome: str) -> list[Case]:
    """The cases, all of one outcome: or a case would not show what its name says."""
    told = list(cases)
    wrong = [item["name"] for item in told if (item["outcome"] == "valid") != (outcome == "valid")]
    if wrong:
        raise ValueError(f"not {outcome}: {wrong}")
    return told
