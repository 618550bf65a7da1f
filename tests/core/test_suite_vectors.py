"""The W3C's own vectors of Data Integrity suites: every intermediate value, not only the last."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from registry.core import suites
from registry.core.canonical import jcs, rdfc
from registry.core.contexts import CREDENTIALS_V2, bundled
from registry.core.document import JsonObject
from registry.core.ecdsa import P256, P384
from registry.core.errors import InvalidArgument
from registry.core.multibase import base58btc_decode
from registry.core.rdfc10 import SHA_256, SHA_384
from registry.lifecycle.signing_key import Ed25519Signer

from .each_suite import ED25519_2020, judged, key_of, without
from .ecdsa_signer import EcdsaSigner
from .public_vectors import VECTORS, needs_vectors, read_json

EDDSA = VECTORS / "vc-di-eddsa" / "TestVectors"
ECDSA = VECTORS / "vc-di-ecdsa" / "TestVectors"
CURVE_OF_SECRET = {"8626": P256, "8726": P384}
EXAMPLES_V2 = "https://www.w3.org/ns/credentials/examples/v2"

# What the N-Quads of the employment examples show of a context that is not among the vectors.
CITIZENSHIP: Final[JsonObject] = {
    "Person": "https://schema.org/Person",
    **{
        name: f"https://w3id.org/citizenship#{name}"
        for name in (
            "EmployablePerson",
            "EmploymentAuthorizationDocument",
            "EmploymentAuthorizationDocumentCredential",
            "birthCountry",
            "lprCategory",
            "lprNumber",
        )
    },
    **{
        name: f"https://schema.org/{name}"
        for name in ("givenName", "additionalName", "familyName", "gender", "identifier")
    },
    "image": {"@id": "https://schema.org/image", "@type": "@id"},
    "employmentAuthorizationDocument": {
        "@id": "https://w3id.org/citizenship#employmentAuthorizationDocument",
        "@type": "@id",
    },
    "birthDate": {
        "@id": "https://schema.org/birthDate",
        "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
    },
    "residentSince": {
        "@id": "https://w3id.org/citizenship#residentSince",
        "@type": "http://www.w3.org/2001/XMLSchema#dateTime",
    },
}


def published_contexts() -> dict[str, Any]:
    examples = read_json(VECTORS / "vc-data-model/contexts/credentials/examples/v2")
    return {
        CREDENTIALS_V2: bundled()[CREDENTIALS_V2],
        ED25519_2020: bundled()[ED25519_2020],
        EXAMPLES_V2: examples["@context"],
        "https://w3id.org/citizenship/v4rc1": CITIZENSHIP,
    }


def published_signer(pair: JsonObject) -> suites.Signer:
    """The signer of a published key pair; its public key is the published one."""
    secret = base58btc_decode(pair.get("privateKeyMultibase") or pair["secretKeyMultibase"])
    prefix, number = secret[:2].hex(), int.from_bytes(secret[2:], "big")
    signer: suites.Signer = (
        EcdsaSigner(CURVE_OF_SECRET[prefix], number)
        if prefix in CURVE_OF_SECRET
        else Ed25519Signer(secret[2:])
    )
    assert signer.public_key.multikey == pair["publicKeyMultibase"]
    return signer


@dataclass(frozen=True)
class Published:
    """One case of the W3C's: where it lies, how its files end, and who signed what."""

    folder: str
    ending: str
    pair: str = "../keyPair.json"
    unsigned: str = "../unsigned.json"
    hash_name: str = SHA_256

    @property
    def root(self) -> Path:
        return (EDDSA if self.folder.startswith(("eddsa", "Ed")) else ECDSA) / self.folder

    def text(self, name: str) -> str:
        return (self.root / f"{name}{self.ending}.txt").read_text(encoding="utf-8")

    def json(self, name: str) -> Any:
        return read_json(self.root / f"{name}{self.ending}.json")


PUBLISHED = [
    Published("eddsa-rdfc-2022", "DataInt"),
    Published(
        "eddsa-rdfc-2022/employ", "DataInt", "../../keyPair.json", "../../employmentAuth.json"
    ),
    Published("eddsa-jcs-2022", "JCS"),
    Published("Ed25519Signature2020", "EdSig"),
    Published("ecdsa-rdfc-2019-p256", "ECDSAP256", "../p256KeyPair.json"),
    Published(
        "ecdsa-rdfc-2019-p256/employ",
        "ECDSAP256",
        "../../p256KeyPair.json",
        "../../employmentAuth.json",
    ),
    Published("ecdsa-jcs-2019-p256", "JCSECDSAP256", "../p256KeyPair.json"),
    Published("ecdsa-rdfc-2019-p384", "ECDSAP384", "../p384KeyPair.json", hash_name=SHA_384),
    Published(
        "ecdsa-rdfc-2019-p384/employ",
        "ECDSAP384",
        "../../p384KeyPair.json",
        "../../employmentAuth.json",
        SHA_384,
    ),
    Published("ecdsa-jcs-2019-p384", "JCSECDSAP384", "../p384KeyPair.json", hash_name=SHA_384),
]
of_each_case = pytest.mark.parametrize("case", PUBLISHED, ids=lambda case: str(case.folder))


@needs_vectors
def test_every_published_folder_is_a_case_or_named_here() -> None:
    lying = {
        str(path.parent.relative_to(root))
        for root in (EDDSA, ECDSA)
        for path in root.glob("**/*.*")
        if path.parent != root
    }
    of_other_suites = {"ecdsa-sd-2023", "ecdsa-sd-2023/employ", "ecdsa-sd-2023/prc"}
    assert lying == {case.folder for case in PUBLISHED} | of_other_suites | {"proof-set-chain"}


@needs_vectors
@of_each_case
def test_what_is_hashed_is_what_was_published(case: Published) -> None:
    """The files' hashes are ours, and they are the hashes of the files' canonical forms."""
    signed, options = case.json("signed"), case.json("proofConfig")
    document = without(signed, "proof")
    unsigned = read_json(case.root / case.unsigned)
    if case.folder == "Ed25519Signature2020":
        unsigned["@context"].append(ED25519_2020)
    assert document == unsigned
    parts = [case.text("proofCanon").encode(), case.text("canonDoc").encode()]
    digests = [hashlib.new(case.hash_name, part).hexdigest() for part in parts]
    assert digests == [case.text("proofHash"), case.text("docHash")]
    hashed = suites.Hashed(document, published_contexts())
    for proof in (options, signed["proof"]):
        data = hashed.data(proof, hash_name=case.hash_name)
        assert data.hex() == "".join(digests) == case.text("combinedHash")


@needs_vectors
@pytest.mark.parametrize(
    "case",
    [case for case in PUBLISHED if case.hash_name == SHA_256],
    ids=lambda case: str(case.folder),
)
def test_the_canonical_forms_are_the_published_ones(case: Published) -> None:
    document, options = without(case.json("signed"), "proof"), case.json("proofConfig")
    for value, name in ((document, "canonDoc"), (options, "proofCanon")):
        made = jcs(value) if "jcs" in case.folder else rdfc(value, published_contexts())
        assert made.decode() == case.text(name)


@needs_vectors
def test_sha_384_names_the_blank_nodes_of_a_p384_document() -> None:
    """The two published documents are one; only the order of its blank nodes differs."""
    on_256, on_384 = (
        next(case for case in PUBLISHED if case.folder == f"ecdsa-rdfc-2019-{curve}/employ")
        for curve in ("p256", "p384")
    )
    assert on_256.json("signed")["issuer"] == on_384.json("signed")["issuer"]
    assert on_256.text("canonDoc") != on_384.text("canonDoc")
    assert len(on_256.text("canonDoc")) == len(on_384.text("canonDoc"))


@needs_vectors
@of_each_case
def test_the_published_signature_is_made_again_and_holds(case: Published) -> None:
    signed, options = case.json("signed"), case.json("proofConfig")
    signer = published_signer(read_json(case.root / case.pair))
    hashed = suites.Hashed(without(signed, "proof"), published_contexts())
    value = signed["proof"]["proofValue"]
    assert value == case.text("sigBTC58")
    assert base58btc_decode(value).hex() == case.text("sigHex")
    assert signer.sign(bytes.fromhex(case.text("combinedHash"))).hex() == case.text("sigHex")
    if suites.name(options) == suites.ED25519_SIGNATURE_2020:
        with pytest.raises(InvalidArgument, match="not made here"):
            suites.sign(hashed, options, signer)
    else:
        given_options = without(options, "@context")
        assert suites.sign(hashed, given_options, signer) == signed["proof"]
    method, key = options["verificationMethod"], signer.public_key
    assert method == f"{key.did_key}#{key.multikey}"
    assert suites.known(signed["proof"])
    suites.verify(hashed, signed["proof"], key_of(signed["proof"]))


@needs_vectors
def test_ecdsa_sd_2023_is_no_suite_of_ours() -> None:
    proofs = [
        read_json(path)["proof"]
        for path in sorted((ECDSA / "ecdsa-sd-2023").glob("**/*.json"))
        if path.name in ("addSignedSDBase.json", "derivedRevealDocument.json")
    ]
    assert len(proofs) == 4
    for proof in proofs:
        assert not suites.known(proof)
        assert suites.name(proof) == "ecdsa-sd-2023"


def published_set(name: str) -> Any:
    return read_json(EDDSA / "proof-set-chain" / f"{name}.json")


@needs_vectors
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("signedProofSet1", 1),
        ("signedProofSet2", 2),
        ("signedProofChain1", 3),
        ("signedProofChain2", 4),
    ],
)
def test_each_proof_of_a_published_set_or_chain_holds(name: str, size: int) -> None:
    signed = published_set(name)
    proofs = signed["proof"] if isinstance(signed["proof"], list) else [signed["proof"]]
    assert len(proofs) == size
    assert without(signed, "proof") == published_set("unsigned")
    assert judged(without(signed, "proof"), proofs, published_contexts()) == "ok"


@needs_vectors
@pytest.mark.parametrize(
    ("name", "pair", "follows"),
    [
        ("proofSetConfig", 1, None),
        ("proofSetConfig", 2, None),
        ("proofChainConfig", 1, "proofChainTempDoc1"),
        ("proofChainConfig", 2, "proofChainTempDoc2"),
    ],
)
def test_each_proof_of_the_published_chain_is_made_again(
    name: str, pair: int, follows: str | None
) -> None:
    options = published_set(f"{name}{pair}")
    number = pair if follows is None else pair + 2
    signer = published_signer(published_set("multiKeyPairs")[f"keyPair{number}"])
    before = published_set(follows) if follows else {**published_set("unsigned"), "proof": []}
    hashed = suites.Hashed(without(before, "proof"), published_contexts())
    previous = suites.chained(before["proof"], options)
    assert previous == before["proof"]
    proof = suites.sign(hashed, options, signer, previous)
    assert proof == published_set(name.replace("Config", "ConfigSigned") + str(pair))
