"""Evidence and policies as JSON: every value comes back, and nothing else is taken."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.contract import Batch, StatusWord
from registry.core.document import parse_json
from registry.core.errors import InvalidArgument
from registry.core.evidence import Document, Evidence, NodeReading, Question, Quorum
from registry.core.json_form import from_json, to_json
from registry.core.policy import Policy, TrustEntry
from registry.core.verdict import Verdict

from .anchored_badges import NOW, SUSPENDED, agreeing, badge, entry, judged, policy, trusted_key

numbers = st.integers(0, (1 << 32) - 1)
batches = st.builds(Batch, *[numbers] * 8)
words = st.builds(StatusWord, batches, *[st.integers(0, (1 << 256) - 1)] * 2)


def through_text(value: Any) -> Any:
    """The JSON as a strict reader has it, so that nothing hides in Python's own values."""
    return parse_json(json.dumps(to_json(value)).encode())


@given(words)
def test_every_status_word_comes_back(word: StatusWord) -> None:
    assert from_json(StatusWord, through_text(word)) == word


def test_evidence_comes_back_whole() -> None:
    read = (Document("https://a.example/1", NOW, b"\x00{"), Document("https://a.example/2", NOW))
    evidence = replace(agreeing(badge(), SUSPENDED), documents=read)
    silent = NodeReading("quiet.example", problem="no answer")
    whole = replace(evidence, nodes=(*evidence.nodes, silent))
    assert from_json(Evidence, through_text(whole)) == whole


@pytest.mark.parametrize(
    "chosen",
    [
        Policy(NOW),
        policy(trust=(entry(keys=(trusted_key(until=NOW),), registry=bytes(20)),)),
        policy(quorum=Quorum(2, trust_one_node=True), max_age=timedelta(days=2), recipient="ada"),
    ],
)
def test_a_policy_comes_back_whole(chosen: Policy) -> None:
    assert from_json(Policy, through_text(chosen)) == chosen


def test_the_same_verdict_is_given_by_what_came_back() -> None:
    verdict = judged(badge())
    again = judged(
        badge(),
        from_json(Evidence, through_text(agreeing(badge()))),
        from_json(Policy, through_text(policy())),
    )
    assert again == verdict
    assert to_json(replace(verdict, facts={}))["outcome"] == "valid"


QUESTION = {"account": "eip155:1:0x" + "ab" * 20, "root": "0x" + "00" * 32, "word": 0}
BROKEN: dict[str, tuple[type[Any], Any]] = {
    "a list for an object": (Question, []),
    "a member missing": (Question, {"account": QUESTION["account"], "word": 0}),
    "an unknown member": (Question, {**QUESTION, "extra": 1}),
    "a number as text": (Question, {**QUESTION, "word": "1"}),
    "true for a number": (Question, {**QUESTION, "word": True}),
    "a fraction": (Question, {**QUESTION, "word": 1.0}),
    "bytes without 0x": (Question, {**QUESTION, "root": "00"}),
    "an account that is none": (Question, {**QUESTION, "account": "0x12"}),
    "a number for an account": (Question, {**QUESTION, "account": 7}),
    "a small integer as text": (StatusWord, {**to_json(SUSPENDED), "revoked": "9007199254740991"}),
    "a time without a zone": (Document, {"url": "https://a.example", "readAt": "2026-01-01"}),
    "a span as text": (Policy, {"at": "2026-01-01T00:00:00Z", "maxAge": "PT1H"}),
    "a span beyond every calendar": (Policy, {"at": "2026-01-01T00:00:00Z", "maxAge": 1 << 52}),
    "an object for a list": (Evidence, {"nodes": {}}),
    "a mapping with a key twice": (
        Evidence,
        {
            "nodes": [
                {
                    **to_json(agreeing(badge()).nodes[0]),
                    "latest": {
                        **to_json(agreeing(badge()).nodes[0].latest),
                        "answers": to_json(agreeing(badge()).nodes[0].latest)["answers"] * 2,
                    },
                }
            ]
        },
    ),
    "a pair that is none": (
        Evidence,
        {
            "nodes": [
                {
                    "host": "a",
                    "latest": {**to_json(agreeing(badge()).nodes[0].latest), "answers": [7]},
                }
            ]
        },
    ),
    "a list for a trust entry": (TrustEntry, [1]),
    "a number for text": (TrustEntry, {"name": 7, "did": "did:example:a", "accounts": []}),
    "null for text": (Verdict, {"outcome": None, "steps": []}),
}


@pytest.mark.parametrize(("kind", "value"), BROKEN.values(), ids=BROKEN)
def test_what_is_not_of_the_form_is_refused(kind: type[Any], value: Any) -> None:
    with pytest.raises(InvalidArgument):
        from_json(kind, value)
