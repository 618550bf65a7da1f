"""What the same work costs on others' contracts, from the bytecode in their npm packages.

Each does it in its cheapest way: as many at once as it has a function for, no data that it can do
without, split only where a transaction ends. A peer's gas is named after our operation.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import reduce
from pathlib import Path
from typing import Final, NamedTuple

import solcx
from eth_abi.abi import encode
from eth_hash.auto import keccak
from eth_typing import ChecksumAddress
from hexbytes import HexBytes

from registry.core.contract import CONTRACT

from .chain import BenchProblem, Chain, call_data
from .registry_gas import COHORT, NATION, WHOLE_BATCHES, named_hash, proved_leaf

HERE: Final = Path(__file__).resolve().parent
PACKAGES: Final = HERE / "node_modules"
SOLC: Final = HERE.parent / "solc"
DOCUMENT_STORE: Final = "@tradetrust-tt/document-store"
EAS: Final = "@ethereum-attestation-service/eas-contracts"
OPENZEPPELIN: Final = "@openzeppelin/contracts"
HARNESS: Final = "WithOpenZeppelin"
NOBODY: Final = "0x0000000000000000000000000000000000000000"
NOTHING: Final = bytes(32)
# Of our revocations, by how many they revoke: to a peer it is all one where they lie.
REVOCATIONS: Final = {
    1: ("revoke 1 of 10,000",),
    100: ("revoke 100 of 10,000, at random",),
    1000: (
        "revoke 1,000 of 10,000, at random",
        "revoke 1,000 of 10,000, neighbours",
        "revoke 1,000 of 1,000,000, at random",
    ),
}
ATTESTATION: Final = "(address,uint64,bool,bytes32,bytes,uint256)"


class Cost(NamedTuple):
    operation: str
    peer: str
    gas: int


def measure(chain: Chain) -> list[Cost]:
    parts = (_calldata, _document_store, _eas, _openzeppelin)
    return [cost for part in parts for cost in part(chain)]


def versions() -> dict[str, str]:
    """Name and release of each package whose contracts are measured."""
    packages = (DOCUMENT_STORE, EAS, OPENZEPPELIN)
    return {
        name: json.loads((PACKAGES / name / "package.json").read_text(encoding="utf-8"))["version"]
        for name in packages
    }


def _calldata(chain: Chain) -> Iterator[Cost]:
    account = chain.accounts[4]
    gas = chain.send(account, account, named_hash("root"))
    yield Cost("anchor, by the controller", "a transaction with the root as its data", gas)


def _document_store(chain: Chain) -> Iterator[Cost]:
    issuer = chain.accounts[5]
    constructor = encode(["string", "address"], ["Northmere Institute", issuer])
    deployed, store = chain.deploy(issuer, _document_store_code() + constructor)

    def revoke(documents: Sequence[bytes]) -> int:
        """Revocation needs no issuance: a document of a batch is not issued by itself."""
        if len(documents) == 1:
            return chain.send(issuer, store, call_data("revoke(bytes32)", documents[0]))
        bulk = "bulkRevoke(bytes32[])"
        return chain.send_parts(issuer, store, documents, lambda part: call_data(bulk, part))

    peer = "document-store"
    first = chain.send(issuer, store, call_data("issue(bytes32)", named_hash("first")))
    issued = chain.send(issuer, store, call_data("issue(bytes32)", named_hash("second")))
    yield Cost("anchor, the issuer's first", f"{peer}, with its deployment", deployed + first)
    yield Cost("anchor, by the controller", peer, issued)
    for count, operations in REVOCATIONS.items():
        gas = revoke([named_hash(f"document {n} of {count}") for n in range(count)])
        yield from (Cost(operation, peer, gas) for operation in operations)
    roots = [named_hash(f"whole batch {n}") for n in range(WHOLE_BATCHES)]
    yield Cost("revoke 20 whole batches", peer, revoke(roots))
    yield Cost("deploy", f"{peer}, for each issuer", deployed)


class _Eas:
    """EAS and its schemas on a chain, and an attester."""

    def __init__(self, chain: Chain) -> None:
        self._chain, self._attester = chain, chain.accounts[6]
        schemas_gas, schemas = chain.deploy(self._attester, _artifact("SchemaRegistry"))
        argument = encode(["address"], [schemas])
        eas_gas, self._at = chain.deploy(self._attester, _artifact("EAS") + argument)
        self.deployed = schemas_gas + eas_gas
        schema = "bytes32 hash"
        register = call_data("register(string,address,bool)", schema, NOBODY, True)
        chain.send(self._attester, schemas, register)
        packed = schema.encode() + bytes.fromhex(NOBODY[2:]) + b"\x01"
        self._schema = keccak(packed)

    def attest(self, hashes: Sequence[bytes]) -> int:
        """One attestation for each hash: for nobody, without end, revocable, of nothing else."""
        requests = [(NOBODY, 0, True, NOTHING, item, 0) for item in hashes]
        if len(requests) == 1:
            one = f"attest((bytes32,{ATTESTATION}))"
            return self._send(call_data(one, (self._schema, requests[0])))
        many = f"multiAttest((bytes32,{ATTESTATION}[])[])"
        return self._send_parts(many, requests)

    def revoke(self, uids: Sequence[bytes]) -> int:
        requests = [(uid, 0) for uid in uids]
        if len(requests) == 1:
            one = "revoke((bytes32,(bytes32,uint256)))"
            return self._send(call_data(one, (self._schema, requests[0])))
        return self._send_parts("multiRevoke((bytes32,(bytes32,uint256)[])[])", requests)

    def timestamp(self, item: bytes) -> int:
        return self._send(call_data("timestamp(bytes32)", item))

    def revoke_offchain(self, hashes: Sequence[bytes]) -> int:
        if len(hashes) == 1:
            return self._send(call_data("revokeOffchain(bytes32)", hashes[0]))
        many = "multiRevokeOffchain(bytes32[])"
        chain, sender = self._chain, self._attester
        return chain.send_parts(sender, self._at, hashes, lambda part: call_data(many, part))

    def attested(self) -> list[bytes]:
        """The identifiers of all attestations, in their order; they are the events' only data."""
        topic = HexBytes(keccak(b"Attested(address,address,bytes32,bytes32)"))
        logs = self._chain.w3.eth.get_logs({"address": self._at, "fromBlock": 0, "topics": [topic]})
        return [bytes(log["data"]) for log in logs]

    def _send(self, data: bytes) -> int:
        return self._chain.send(self._attester, self._at, data)

    def _send_parts(self, signature: str, requests: Sequence[object]) -> int:
        return self._chain.send_parts(
            self._attester,
            self._at,
            requests,
            lambda part: call_data(signature, [(self._schema, part)]),
        )


def _eas(chain: Chain) -> Iterator[Cost]:
    eas = _Eas(chain)
    peer, timestamps = "EAS attestations", "EAS timestamps, of nobody"
    offchain = "EAS revocations off chain"
    yield Cost("anchor, the issuer's first", peer, eas.attest([named_hash("first")]))
    yield Cost("anchor, by the controller", peer, eas.attest([named_hash("second")]))
    yield Cost("anchor, by the controller", timestamps, eas.timestamp(named_hash("second")))
    hundred = [named_hash(f"credential {n}") for n in range(100)]
    yield Cost("anchor 100 credentials", peer, eas.attest(hundred))
    needed = sum(REVOCATIONS) + WHOLE_BATCHES
    eas.attest([named_hash(f"attested {n}") for n in range(needed)])
    uids = eas.attested()[-needed:]
    for count, operations in REVOCATIONS.items():
        revoked, uids = eas.revoke(uids[:count]), uids[count:]
        off = eas.revoke_offchain([named_hash(f"credential {n} of {count}") for n in range(count)])
        for operation in operations:
            yield Cost(operation, peer, revoked)
            yield Cost(operation, offchain, off)
    yield Cost("revoke 20 whole batches", peer, eas.revoke(uids))
    yield Cost("deploy", "EAS, once for all issuers", eas.deployed)


def _openzeppelin(chain: Chain) -> Iterator[Cost]:
    issuer = chain.accounts[7]
    _, harness = chain.deploy(issuer, _compiled_harness())

    def verify(size: int) -> tuple[int, int]:
        """Gas for the path alone, and with root and revocation read from storage."""
        leaf = proved_leaf(size)
        bound = keccak(encode(["uint256", "bytes32"], [leaf.index, leaf.hash]))
        root = reduce(lambda node, item: keccak(b"".join(sorted((node, item)))), leaf.path, bound)
        chain.send(issuer, harness, call_data("anchor(bytes32)", root))
        includes = call_data("includes(bytes32,bytes32,bytes32[])", root, bound, leaf.path)
        signature = "verify(address,bytes32,uint256,bytes32,bytes32[])"
        whole = call_data(signature, issuer, root, leaf.index, leaf.hash, leaf.path)
        return _true(chain, harness, includes), _true(chain, harness, whole)

    without_path, _ = verify(1)
    for size in (COHORT, NATION):
        path_gas, whole_gas = verify(size)
        alone = f"verify one of {size:,} on chain, the path alone"
        yield Cost(alone, "OpenZeppelin MerkleProof", path_gas - without_path)
        parts = "OpenZeppelin MerkleProof and BitMaps"
        yield Cost(f"verify one of {size:,} on chain", parts, whole_gas)


def _true(chain: Chain, to: ChecksumAddress, data: bytes) -> int:
    """The gas of a call that answers yes; a no would be cheaper and worth nothing."""
    if not any(chain.w3.eth.call({"to": to, "data": HexBytes(data)})):
        raise BenchProblem(f"{to} does not verify what it should")
    return chain.execution(to, data)


def _document_store_code() -> bytes:
    """The creation code stands in the package's JavaScript, and nowhere else."""
    file = PACKAGES / DOCUMENT_STORE / "dist/contracts/factories/DocumentStore__factory.js"
    found = re.search(r'"0x([0-9a-f]{1000,})"', file.read_text(encoding="utf-8"))
    if found is None:
        raise BenchProblem(f"{DOCUMENT_STORE} has no bytecode where it was")
    return bytes.fromhex(found[1])


def _artifact(name: str) -> bytes:
    file = PACKAGES / EAS / f"artifacts/contracts/{name}.sol/{name}.json"
    return bytes.fromhex(json.loads(file.read_text(encoding="utf-8"))["bytecode"][2:])


def _compiled_harness() -> bytes:
    """With the settings of our contract."""
    libraries = ("utils/cryptography/MerkleProof", "utils/cryptography/Hashes")
    names = [f"{OPENZEPPELIN}/{name}.sol" for name in (*libraries, "utils/structs/BitMaps")]
    files = {name: PACKAGES / name for name in names} | {HARNESS: HERE / f"{HARNESS}.sol"}
    sources = {name: {"content": file.read_text("utf-8")} for name, file in files.items()}
    wanted = {"outputSelection": {HARNESS: {HARNESS: ["evm.bytecode.object"]}}}
    settings = CONTRACT["compiler"]["settings"] | wanted
    # The wrapper is run by the Node that lies beside this Python.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    output = solcx.compile_standard(
        {"language": "Solidity", "sources": sources, "settings": settings}, solc_binary=SOLC
    )
    return bytes.fromhex(output["contracts"][HARNESS][HARNESS]["evm"]["bytecode"]["object"])
