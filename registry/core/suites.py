"""Data Integrity proofs, made and checked: EdDSA and ECDSA, over RDF or JCS; sets and chains.

Sources: W3C Data Integrity EdDSA Cryptosuites 1.0 (3.2, 3.3, and `Ed25519Signature2020`, read
only), Data Integrity ECDSA Cryptosuites 1.0 (3, 3.2, 3.3), Verifiable Credential Data Integrity
1.0 (4.3 and 4.5, sets and chains).
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import pyoxigraph as ox

from .budget import Budget
from .canonical import jcs, rdfc
from .document import JsonObject
from .ecdsa import P256, P384, EcPublicKey
from .errors import InvalidArgument, Refusal
from .keys import Ed25519PublicKey, MultikeyPublicKey, PublicKey
from .multibase import base58btc_decode, base58btc_encode
from .rdfc10 import SHA_256, SHA_384, canonical_n_quads

PROOF_TYPE: Final = "DataIntegrityProof"
RDFC_2022: Final = "eddsa-rdfc-2022"
JCS_2022: Final = "eddsa-jcs-2022"
ECDSA_RDFC_2019: Final = "ecdsa-rdfc-2019"
ECDSA_JCS_2019: Final = "ecdsa-jcs-2019"
# A proof type of its own, without a `cryptosuite`; hashed as `eddsa-rdfc-2022` hashes.
ED25519_SIGNATURE_2020: Final = "Ed25519Signature2020"
SUITES: Final = (RDFC_2022, JCS_2022)
ECDSA_SUITES: Final = (ECDSA_RDFC_2019, ECDSA_JCS_2019)
_JCS_SUITES: Final = (JCS_2022, ECDSA_JCS_2019)
# What every suite that is read here asks for, beside its name.
_MEMBERS: Final = ("verificationMethod", "proofPurpose", "proofValue")


class Signer(Protocol):
    """Whoever holds the issuer's signing key."""

    @property
    def public_key(self) -> MultikeyPublicKey:
        """The key that verifies what it signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over `message`, such as the public key verifies; ECDSA as r || s."""
        ...


def name(proof: JsonObject) -> str:
    """The suite that a proof says it is of: its cryptosuite, or a type of its own."""
    said = (proof.get(member) for member in ("cryptosuite", "type"))
    return next((text for text in said if isinstance(text, str) and text), "no name")


def known(proof: JsonObject) -> bool:
    """Whether `proof` is of a suite that is read here."""
    if proof.get("type") == PROOF_TYPE:
        return proof.get("cryptosuite") in (*SUITES, *ECDSA_SUITES)
    return proof.get("type") == ED25519_SIGNATURE_2020 and "cryptosuite" not in proof


def require_form(proof: JsonObject) -> None:
    """That a proof has the members which its suite asks for, each as text (Data Integrity, 2.1).

    Of a suite that is not known here nothing is asked but its name. Raises `Refusal` at `signature`
    with `malformed`.
    """
    _require_text(proof, "type")
    if proof["type"] == PROOF_TYPE:
        _require_text(proof, "cryptosuite")
    if known(proof):
        for member in _MEMBERS:
            _require_text(proof, member)
        if proof["type"] == ED25519_SIGNATURE_2020:
            # Data Integrity EdDSA Cryptosuites, 2.2: only this type cannot do without.
            _require_text(proof, "created")


def _require_text(proof: JsonObject, member: str) -> None:
    if not isinstance(proof.get(member), str) or not proof[member]:
        raise Refusal("signature", "malformed", f"a proof whose {member} is missing or no text")


def sign(
    hashed: "Hashed", options: JsonObject, signer: Signer, previous: Sequence[JsonObject] = ()
) -> JsonObject:
    """The proof over the hashed document (and `previous`) with `options`, `proofValue` added.

    `options` names the cryptosuite; a JCS suite copies the document's `@context` into the proof
    (3.3.1, step 2). Raises `Refusal` at `format` when the document cannot be hashed, and
    `InvalidArgument` when the suite is not made here, or not with the signer's kind of key.
    """
    proof = dict(options)
    hash_name = _hash_name(proof, signer.public_key)
    if hash_name is None or proof["type"] != PROOF_TYPE:
        raise InvalidArgument(f"{name(proof)} is not made here with this kind of key")
    if proof["cryptosuite"] in _JCS_SUITES:
        proof["@context"] = hashed.document["@context"]
    signature = signer.sign(hashed.data(proof, previous, hash_name))
    return {**proof, "proofValue": base58btc_encode(signature)}


def verify(
    hashed: "Hashed", proof: JsonObject, key: PublicKey, previous: Sequence[JsonObject] = ()
) -> None:
    """Check one proof of a known suite over the hashed document and the proofs that it follows.

    Raises `Refusal` at `signature` with `mismatch` (a key of another kind than the suite's too: it
    cannot have made the proof), `malformed`, or `unknown_suite` for what cannot be hashed.
    """
    require_same_context(hashed.document, proof)
    hash_name = _hash_name(proof, key)
    if hash_name is None:
        raise Refusal("signature", "mismatch", f"{name(proof)} is not made with such a key")
    signature = _signature(proof, key.signature_bytes)
    try:
        data = hashed.data(proof, previous, hash_name)
    except Refusal as refusal:
        code = "malformed" if refusal.outcome == "invalid" else "unknown_suite"
        raise Refusal("signature", code, f"cannot be hashed: {refusal.detail}") from refusal
    if not key.verifies(data, signature):
        raise Refusal("signature", "mismatch", "the signature does not fit the document")


def chained(proofs: Sequence[JsonObject], proof: JsonObject) -> list[JsonObject]:
    """Those of `proofs` that `proof` was made over (`previousProof`), in the set's own order.

    They say nothing until each of them is verified as well (Data Integrity, 4.5). Raises `Refusal`
    at `signature`: `malformed` for a reference that is no text, is given twice, is missing from
    the set or names two proofs, and for a chain that comes back to `proof`; `unknown_suite` when
    one of them cannot be verified here.
    """
    wanted = _references(proof)
    previous = [item for item in proofs if item.get("id") in wanted]
    if sorted(wanted) != sorted(item["id"] for item in previous):
        raise _broken_chain("previousProof does not name each proof of the set once")
    if _comes_back(proofs, proof):
        raise _broken_chain("a proof chain comes back to itself")
    strangers = sorted(name(item) for item in previous if not known(item))
    if strangers:
        raise Refusal("signature", "unknown_suite", f"made over a proof of {strangers[0]}")
    return previous


def require_same_context(document: JsonObject, proof: JsonObject) -> None:
    """A proof's own `@context` is the document's or begins it (3.3.2, step 4).

    Raises `Refusal` at `signature`: `mismatch` in a JCS suite, which signs it; `unknown_suite` in
    the others, which take the document's instead.
    """
    if "@context" not in proof:
        return
    signed, carried = _listed(proof["@context"]), _listed(document["@context"])
    if carried[: len(signed)] != signed:
        code = "mismatch" if proof.get("cryptosuite") in _JCS_SUITES else "unknown_suite"
        raise Refusal("signature", code, "the proof's @context is not the document's")


class Hashed:
    """A document without proofs, as its proofs hash it: each text once, all on one budget.

    Two proofs of one kind over the same document share its canonical text; a chain, in which each
    proof has a document of its own, is limited by what all texts together may cost (`budget.py`).
    """

    def __init__(self, document: JsonObject, contexts: Mapping[str, Any] | None = None) -> None:
        if "proof" in document or "@context" not in document:
            raise InvalidArgument("want a document with its @context and without its proofs")
        self.document = document
        self._contexts = contexts
        # Naming by the other hash takes as much work again.
        self._budgets = {SHA_256: Budget(), SHA_384: Budget()}
        self._quads: dict[bytes, bytes] = {}
        self._digests: dict[tuple[str, str, bytes], bytes] = {}

    def beside(self, document: JsonObject, share: int) -> "Hashed":
        """Another document that the same verification reads, one of `share` at most.

        It has a part of the budget for itself: what one costs keeps no other from being read.
        """
        other = Hashed(document, self._contexts)
        other._budgets = {SHA_256: Budget(share), SHA_384: Budget(share)}
        return other

    def data(
        self, proof: JsonObject, previous: Sequence[JsonObject] = (), hash_name: str = SHA_256
    ) -> bytes:
        """What is signed: the hash of the canonical options, then that of the document.

        64 bytes with SHA-256, 96 with SHA-384. `previous` are the proofs that this one follows:
        they stand in the document that it signs (Data Integrity, 4.3, step 6). Raises `Refusal` at
        `format` like `jcs` and `rdfc`, and `too_large` when all that was hashed costs too much.
        """
        options = _without("proofValue", proof)
        context = self.document["@context"]
        if proof.get("cryptosuite") in _JCS_SUITES:
            added = {"@context": options.get("@context", context), **_proofs(previous)}
            hashing = self._of_jcs
        else:
            # A copy of the document's own @context changes nothing in JSON-LD.
            options["@context"] = context
            added = _proofs([_without("@context", item) for item in previous])
            hashing = self._of_quads
        return hashing({}, options, hash_name) + hashing(self.document, added, hash_name)

    def _of_jcs(self, base: JsonObject, added: JsonObject, hash_name: str) -> bytes:
        key = ("jcs", hash_name, _key(base, added))
        if key not in self._digests:
            text = jcs({**base, **added}, self._budgets[SHA_256])
            self._digests[key] = hashlib.new(hash_name, text).digest()
        return self._digests[key]

    def _of_quads(self, base: JsonObject, added: JsonObject, hash_name: str) -> bytes:
        known = _key(base, added)
        key = ("rdfc", hash_name, known)
        if known not in self._quads:
            document = {**base, **added}
            self._quads[known] = rdfc(document, self._contexts, self._budgets[SHA_256])
        if key not in self._digests:
            text = self._quads[known]
            if hash_name == SHA_384:
                text = _by_sha_384(text, self._budgets[SHA_384])
            self._digests[key] = hashlib.new(hash_name, text).digest()
        return self._digests[key]


def _proofs(previous: Sequence[JsonObject]) -> JsonObject:
    return {"proof": list(previous)} if previous else {}


def _key(base: JsonObject, added: JsonObject) -> bytes:
    """Tells texts apart that are added to nothing, or to the one document, by a few bytes."""
    text = f"{bool(base)}{added!r}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _by_sha_384(n_quads: bytes, budget: Budget) -> bytes:
    """The same dataset, its blank nodes named by RDFC-1.0 with SHA-384 (ECDSA suites, 3)."""
    quads = ox.parse(n_quads, format=ox.RdfFormat.N_QUADS)
    return canonical_n_quads(quads, SHA_384, budget)


def _without(member: str, proof: JsonObject) -> JsonObject:
    return {key: value for key, value in proof.items() if key != member}


def _hash_name(proof: JsonObject, key: PublicKey) -> str | None:
    """The hash that the proof's suite takes with `key`; none where they do not go together."""
    ecdsa = proof.get("cryptosuite") in ECDSA_SUITES
    if isinstance(key, EcPublicKey):
        return key.curve.hash_name if known(proof) and ecdsa and key.curve in (P256, P384) else None
    fits = known(proof) and not ecdsa and isinstance(key, Ed25519PublicKey)
    return SHA_256 if fits else None


def _signature(proof: JsonObject, length: int) -> bytes:
    value = proof.get("proofValue")
    try:
        signature = base58btc_decode(value if isinstance(value, str) else "")
    except InvalidArgument as error:
        raise Refusal("signature", "malformed", f"proofValue: {error}") from error
    if len(signature) != length:
        raise Refusal("signature", "malformed", f"a signature of {len(signature)} bytes")
    return signature


def _references(proof: JsonObject) -> list[str]:
    named = _listed(proof["previousProof"]) if "previousProof" in proof else []
    texts = [item for item in named if isinstance(item, str)]
    if len(texts) != len(named) or ("previousProof" in proof and not named):
        raise _broken_chain("previousProof is not text, or a list of texts")
    return texts


def _comes_back(proofs: Sequence[JsonObject], proof: JsonObject) -> bool:
    """Whether a way back along the chain leads from `proof` to `proof`."""
    ahead, passed = _references(proof), set[str]()
    while ahead:
        reference = ahead.pop()
        if reference not in passed:
            passed.add(reference)
            for item in proofs:
                ahead += _references(item) if item.get("id") == reference else []
    return any(proof.get("id") == reference for reference in passed)


def _broken_chain(detail: str) -> Refusal:
    return Refusal("signature", "malformed", detail)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
