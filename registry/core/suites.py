"""Data Integrity proofs: `eddsa-rdfc-2022` and `eddsa-jcs-2022`, made and checked.

Source: W3C Data Integrity EdDSA Cryptosuites 1.0, sections 3.2 and 3.3.
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Final, Protocol

from .canonical import jcs, rdfc
from .document import JsonObject
from .errors import InvalidArgument, Refusal
from .keys import Ed25519PublicKey, base58btc_decode, base58btc_encode

PROOF_TYPE: Final = "DataIntegrityProof"
RDFC_2022: Final = "eddsa-rdfc-2022"
JCS_2022: Final = "eddsa-jcs-2022"
SUITES: Final = (RDFC_2022, JCS_2022)
SIGNATURE_BYTES: Final = 64


class Signer(Protocol):
    """Whoever holds the issuer's signing key."""

    @property
    def public_key(self) -> Ed25519PublicKey: ...

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature over `message`."""
        ...


def sign(hashed: "Hashed", options: JsonObject, signer: Signer) -> JsonObject:
    """The proof over the hashed document with `options`, `proofValue` added.

    `options` names the cryptosuite; `eddsa-jcs-2022` copies the document's `@context` into the
    proof (3.3.1, step 2). Raises `Refusal` at `format` when the document cannot be hashed.
    """
    proof = dict(options)
    if proof["cryptosuite"] == JCS_2022:
        proof["@context"] = hashed.document["@context"]
    return {**proof, "proofValue": base58btc_encode(signer.sign(hashed.data(proof)))}


def verify(hashed: "Hashed", proof: JsonObject, key: Ed25519PublicKey) -> None:
    """Check one proof of a known suite over the hashed document.

    Raises `Refusal` at `signature` with `malformed` or `mismatch`.
    """
    require_same_context(hashed.document, proof)
    value = proof.get("proofValue")
    try:
        signature = base58btc_decode(value if isinstance(value, str) else "")
    except InvalidArgument as error:
        raise Refusal("signature", "malformed", f"proofValue: {error}") from error
    if len(signature) != SIGNATURE_BYTES:
        raise Refusal("signature", "malformed", f"a signature of {len(signature)} bytes")
    if not key.verifies(hashed.data(proof), signature):
        raise Refusal("signature", "mismatch", "the signature does not fit the document")


def require_same_context(document: JsonObject, proof: JsonObject) -> None:
    """A proof's own `@context` is the document's or begins it (3.3.2, step 4).

    Raises `Refusal` at `signature` with `mismatch`.
    """
    if "@context" not in proof:
        return
    signed, carried = _listed(proof["@context"]), _listed(document.get("@context"))
    if carried[: len(signed)] != signed:
        raise Refusal("signature", "mismatch", "the proof's @context is not the document's")


class Hashed:
    """A document without proofs, canonicalised at most once per algorithm for its proof set."""

    def __init__(self, document: JsonObject, contexts: Mapping[str, Any] | None = None) -> None:
        if "proof" in document:
            raise InvalidArgument("the document still carries its proofs")
        self.document = document
        self._contexts = contexts
        self._digests: dict[tuple[str, str], bytes] = {}

    def data(self, proof: JsonObject) -> bytes:
        """What is signed: SHA-256 of the canonical options, then of the document; 64 bytes."""
        options = {name: value for name, value in proof.items() if name != "proofValue"}
        if proof.get("cryptosuite") == JCS_2022:
            read = {**self.document, "@context": options.get("@context", self.document["@context"])}
            return self._digest(jcs, options) + self._digest(jcs, read)
        options["@context"] = self.document["@context"]
        return self._digest(self._rdfc, options) + self._digest(self._rdfc, self.document)

    def _rdfc(self, document: JsonObject) -> bytes:
        return rdfc(document, self._contexts)

    def _digest(self, canonical: Callable[[JsonObject], bytes], document: JsonObject) -> bytes:
        key = (canonical.__name__, repr(document))
        if key not in self._digests:
            self._digests[key] = sha256(canonical(document)).digest()
        return self._digests[key]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
