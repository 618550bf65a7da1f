"""The specification's text is enough to build from: a verifier made of it agrees on all vectors."""

import json

from .naive_verifier import Stop, Verifier, claim, jcs, leaf, path_length, read_proof, root_of
from .vector_files import Case, raw, raws, vectors, with_cases

DECIDED = ("inclusion", "anchor", "issuer", "status")


def read_or_code(case: Case) -> str | None:
    try:
        read_proof(case["proof"])
    except Stop as stop:
        return str(stop)
    return None


@with_cases("merkle.json")
def test_a_path_leads_where_the_text_says(case: Case) -> None:
    size, index, path = case["size"], case["index"], raws(case["path"])
    fits = 0 <= index < size < 2**32 and path_length(size, index) == len(path)
    assert fits == ("code" not in case)
    if fits:
        root = root_of(raw(case["leaf"]), size, index, path)
        assert root == raw(case["computedRoot" if "computedRoot" in case else "root"])


@with_cases("anchor.json", having="document")
def test_a_leaf_and_a_root_are_what_the_text_says(case: Case) -> None:
    claimed = claim(case["document"], case["proof"])
    assert claimed["leaf"] == raw(case["leaf"])
    assert claimed["root"] == raw(case["computedRoot" if "computedRoot" in case else "root"])
    if "options" in case:
        assert jcs(case["document"]) == case["documentJcs"]
        assert leaf(case["document"], case["options"]) == raw(case["leaf"])


@with_cases("anchor.json", having="code")
def test_a_proof_is_refused_by_the_text_too(case: Case) -> None:
    assert read_or_code(case) == case["code"]


def is_json(case: Case) -> bool:
    """Whether the case is a credential in JSON that was read: else there is but one step."""
    return case.get("credential", "").startswith("{") and len(case["steps"]) > 1


@with_cases("verdict.json", "verdict_attacks.json", having="credential")
def test_the_chains_steps_are_decided_alike(case: Case) -> None:
    credential = json.loads(case["credential"]) if is_json(case) else {}
    if "issuer" not in credential:
        return
    steps = {step["name"]: step for step in case["steps"]}
    told = Verifier(credential, case["evidence"], case["policy"], steps["signature"]).steps()
    for name in DECIDED:
        step = steps[name]
        expected = f"{name}.{step['code']}" if "code" in step else step["outcome"]
        assert told[name] in (expected, "by lists"), name


def test_most_vectors_are_decided_by_both() -> None:
    cases = [*vectors("verdict.json"), *vectors("verdict_attacks.json")]
    assert sum(map(is_json, cases)) > 0.8 * len(cases)
