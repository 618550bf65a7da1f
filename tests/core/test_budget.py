"""One verification has one budget: a holder's chain of proofs cannot multiply a document's cost."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from registry.core import suites
from registry.core.budget import (
    MAX_CONTEXTS_READ,
    MAX_OBJECTS,
    MAX_QUADS,
    MAX_SLOW_BYTES,
    MAX_WORK,
    TYPE_COST,
    Budget,
)
from registry.core.contexts import MAX_CONTEXTS, OPEN_BADGES_V3
from registry.core.document import JsonObject
from registry.core.errors import Refusal
from registry.core.evidence import Evidence
from registry.core.multibase import base58btc_encode
from registry.core.verify import verify

from .anchored_badges import SIGNER, accountless_badge, policy, signature_options
from .each_suite import ON_P384

PROOFS = 16
# About a second and a half on a machine that does nothing else; without a budget fifteen and more.
SECONDS = 8


def names(first: int, count: int) -> list[str]:
    return [f"urn:x:proof:{n}" for n in range(first, first + count)]


def chained(document: JsonObject, suite: str, signer: suites.Signer = SIGNER) -> JsonObject:
    """The document with sixteen proofs in good form, each over the one before it."""
    key = signer.public_key
    method = f"{key.did_key}#{key.multikey}"
    ids = names(0, PROOFS)
    length = key.signature_bytes
    value = base58btc_encode(bytes([1]) * length)
    proofs = [
        signature_options(
            cryptosuite=suite,
            verificationMethod=method,
            id=name,
            previousProof=ids[n - 1] if n else None,
            proofValue=value,
            **({"@context": document["@context"]} if "jcs" in suite else {}),
        )
        for n, name in enumerate(ids)
    ]
    return {**document, "proof": proofs}


def with_results(number: int) -> JsonObject:
    document = accountless_badge()
    document["credentialSubject"]["result"] = [
        {
            "type": ["Result"],
            "value": str(n),
            "alignment": [
                {"type": ["Alignment"], "targetName": "x", "targetUrl": f"https://x.example/{n}"}
            ],
        }
        for n in range(number)
    ]
    return document


def with_objects(number: int) -> JsonObject:
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": "urn:x:many",
        "type": ["VerifiableCredential"],
        "issuer": SIGNER.public_key.did_key,
        "credentialSubject": [{"name": f"x{n}"} for n in range(number)],
    }


def with_fractions() -> JsonObject:
    document = with_objects(1)
    document["credentialSubject"] = {"of": [n + 0.5 for n in range(50_000)]}
    return document


def with_contexts() -> JsonObject:
    document = accountless_badge()
    document["@context"] = document["@context"][:2] + [OPEN_BADGES_V3] * (MAX_CONTEXTS - 2)
    return document


DEAR: dict[str, Callable[[], JsonObject]] = {
    "many typed objects": lambda: chained(with_results(1400), suites.RDFC_2022),
    "many objects": lambda: chained(with_objects(25_000), suites.RDFC_2022),
    "many objects, named twice": lambda: chained(
        with_objects(25_000), suites.ECDSA_RDFC_2019, ON_P384
    ),
    "many contexts": lambda: chained(with_contexts(), suites.RDFC_2022),
    "many fractions": lambda: chained(with_fractions(), suites.JCS_2022),
}


@pytest.mark.parametrize("make", DEAR.values(), ids=DEAR)
def test_a_chain_over_a_dear_document_is_too_large_and_ends_soon(
    make: Callable[[], JsonObject],
) -> None:
    data = json.dumps(make()).encode()
    start = time.monotonic()
    verdict = verify(data, Evidence(), policy(require_anchor=False))
    assert verdict.code == "format.too_large"
    assert time.monotonic() - start < SECONDS


@pytest.mark.parametrize("suite", [suites.RDFC_2022, suites.JCS_2022])
def test_a_chain_of_sixteen_over_a_badge_is_within_the_budget(suite: str) -> None:
    document = accountless_badge()
    hashed, proofs = suites.Hashed(document), list[JsonObject]()
    for name in names(0, PROOFS):
        before = {"previousProof": proofs[-1]["id"]} if proofs else {}
        options = signature_options(cryptosuite=suite, id=name, **before)
        proofs.append(suites.sign(hashed, options, SIGNER, proofs[-1:]))
    data = json.dumps({**document, "proof": proofs}).encode()
    verdict = verify(data, Evidence(), policy(require_anchor=False))
    assert {step.name: step.outcome for step in verdict.steps}["signature"] == "ok"


def test_a_document_beside_another_has_a_part_of_the_budget_for_itself() -> None:
    large, small = with_objects(20_000), with_objects(2_000)
    first = suites.Hashed(large)
    first.data(signature_options())
    first.beside(small, 8).data(signature_options())
    with pytest.raises(Refusal) as caught:
        first.beside(large, 8).data(signature_options())
    assert (caught.value.step, caught.value.code) == ("format", "too_large")
    first.beside(small, 8).data(signature_options())


LIMITS: dict[str, tuple[Callable[[Budget, int], Any], int]] = {
    "objects": (lambda budget, n: budget.spend_objects(n, 0), MAX_OBJECTS),
    "types": (lambda budget, n: budget.spend_objects(0, n), MAX_OBJECTS // TYPE_COST),
    "contexts": (Budget.spend_contexts, MAX_CONTEXTS_READ),
    "quads": (Budget.spend_quads, MAX_QUADS),
    "work": (Budget.spend_work, MAX_WORK),
    "slow bytes": (Budget.spend_slow_bytes, MAX_SLOW_BYTES),
}


@pytest.mark.parametrize(("spend", "limit"), LIMITS.values(), ids=LIMITS)
def test_a_limit_is_spent_to_its_end_and_not_beyond(
    spend: Callable[[Budget, int], Any], limit: int
) -> None:
    budget = Budget()
    spend(budget, limit - 1)
    spend(budget, 1)
    with pytest.raises(Refusal) as caught:
        spend(budget, 1)
    assert (caught.value.step, caught.value.code) == ("format", "too_large")
