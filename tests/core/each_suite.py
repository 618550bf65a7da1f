"""Every suite with every kind of key that it takes, and how tests make and judge their proofs."""

from collections.abc import Sequence
from typing import Any, Final

import pytest

from registry.core import suites
from registry.core.document import JsonObject
from registry.core.ecdsa import P256, P384
from registry.core.errors import Refusal
from registry.core.keys import MultikeyPublicKey, PublicKey, read_multikey

from .anchored_badges import SIGNER, signature_options, unsigned_badge
from .ecdsa_signer import EcdsaSigner

ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1"
ON_P256 = EcdsaSigner(P256, 1234567)
ON_P384 = EcdsaSigner(P384, 7654321)
ALL_SUITES: Final[list[tuple[str, suites.Signer]]] = [
    *((suite, SIGNER) for suite in suites.SUITES),
    *((suite, ON_P256) for suite in suites.ECDSA_SUITES),
    *((suite, ON_P384) for suite in suites.ECDSA_SUITES),
]
with_each_suite = pytest.mark.parametrize(
    ("suite", "signer"),
    ALL_SUITES,
    ids=[f"{suite}-{signer.public_key.algorithm}" for suite, signer in ALL_SUITES],
)

DOCUMENT: Final = unsigned_badge()


def next_proof(
    before: Sequence[JsonObject], suite: str, signer: suites.Signer, **members: Any
) -> JsonObject:
    """One more proof over the badge, and over those of `before` that `previousProof` names."""
    key = signer.public_key
    method = f"{key.did_key}#{key.multikey}"
    options = signature_options(cryptosuite=suite, verificationMethod=method, **members)
    previous = suites.chained(before, options)
    return suites.sign(suites.Hashed(DOCUMENT), options, signer, previous)


def judged(
    document: JsonObject, proofs: Sequence[JsonObject], contexts: dict[str, Any] | None = None
) -> str:
    """`ok` when every proof of a set holds, each by the did:key that it names; else a code."""
    hashed = suites.Hashed(document, contexts)
    try:
        for proof in proofs:
            suites.verify(hashed, proof, key_of(proof), suites.chained(proofs, proof))
    except Refusal as refused:
        return refused.code if refused.step == "signature" else str(refused)
    return "ok"


def refusal(hashed: suites.Hashed, proof: JsonObject, key: PublicKey) -> str:
    with pytest.raises(Refusal) as caught:
        suites.verify(hashed, proof, key)
    assert caught.value.step == "signature"
    return caught.value.code


def key_of(proof: JsonObject) -> MultikeyPublicKey:
    return read_multikey(proof["verificationMethod"].partition("#")[2])


def without(value: JsonObject, *members: str) -> JsonObject:
    return {key: item for key, item in value.items() if key not in members}
