"""A second verifier of anchors, written from docs/spec alone: the steps that a chain decides.

It shares nothing with `registry.core` but the contract's published address and code hash, and
follows the numbered steps of anchor-proof.md, evidence.md (2), binding.md (2) and verdict.md
(`status`), slowly. Whether signatures hold it is told.
"""

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import cbor2

Json = dict[str, Any]
CONTRACT = json.loads(
    (Path(__file__).resolve().parents[2] / "registry/core/contract.json").read_text("utf-8")
)
MEMBERS = {"type", "cryptosuite", "created", "proofPurpose", "verificationMethod", "proofValue"}
KNOWN = (
    *("eddsa-rdfc-2022", "eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019"),
    "Ed25519Signature2020",
)


class Stop(Exception):
    """A step ends with a code."""


# RFC 8785


def jcs(value: Any) -> str:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{jcs(name)}:{jcs(value[name])}" for name in names) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(jcs, value)) + "]"
    if isinstance(value, float):
        return re.sub(r"e([+-])0*", r"e\1", repr(value))
    return json.dumps(value, ensure_ascii=False)


def h(*parts: bytes) -> bytes:
    return sha256(b"".join(parts)).digest()


# anchor-proof.md


def leaf(document: Json, options: Json) -> bytes:
    """Section 3."""
    config = {**options, "@context": document["@context"]}
    return h(b"\0", h(jcs(config).encode()), h(jcs(document).encode()))


def path_length(size: int, index: int) -> int:
    """Section 4."""
    inner = (index ^ (size - 1)).bit_length()
    return inner + f"{index >> inner:b}".count("1")


def root_of(found: bytes, size: int, index: int, path: list[bytes]) -> bytes:
    """Section 6, step 3."""
    rest, last = list(path), size - 1
    while last:
        sibling = index ^ 1
        if sibling <= last:
            other = rest.pop(0)
            found = h(b"\1", other, found) if sibling < index else h(b"\1", found, other)
        index, last = index // 2, last // 2
    return found


def read_proof(proof: Json) -> Json:
    """Sections 1 and 2."""
    plain = {"type": "DataIntegrityProof", "cryptosuite": "evm-merkle-2026"}
    plain["proofPurpose"] = "assertionMethod"
    account = re.fullmatch(
        r"did:pkh:(eip155:([1-9][0-9]*):0x[0-9a-f]{40})#blockchainAccountId",
        str(proof.get("verificationMethod")),
        re.ASCII,
    )
    if set(proof) != MEMBERS or any(proof[name] != value for name, value in plain.items()):
        raise Stop("inclusion.malformed")
    if account is None or int(account[2]) > 2**53 - 1 or not is_second(proof["created"]):
        raise Stop("inclusion.malformed")
    return {"account": account[1], **read_value(proof["proofValue"])}


def is_second(text: Any) -> bool:
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    try:
        return bool(re.fullmatch(form, text, re.ASCII)) and "T24" not in text and bool(moment(text))
    except (AttributeError, TypeError, ValueError):
        return False


def moment(text: str) -> datetime:
    """A dateTimeStamp (model.md, 4)."""
    form = r"(.{10})T(..:..:..)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)"
    day, clock, fraction, offset = re.fullmatch(form, text, re.ASCII).groups()  # type: ignore[union-attr]
    late = timedelta(days=clock == "24:00:00", microseconds=int(f"{fraction or 0:0<6}"[:6]))
    clock = clock.replace("24:", "00:")
    return (datetime.fromisoformat(f"{day}T{clock}{offset}") + late).astimezone(UTC)


def read_value(text: Any) -> Json:
    try:
        value = cbor2.loads(base64.urlsafe_b64decode(text[1:] + "=" * (-(len(text) - 1) % 4)))
        again = base64.urlsafe_b64encode(cbor2.dumps(value, canonical=True)).rstrip(b"=").decode()
        version, registry, size, index, path = value
        types = [type(item) for item in (value, *value)]
        right = (
            len(text) <= 2048
            and text == "u" + again
            and types == [list, int, bytes, int, int, list]
            and (version, len(registry)) == (1, 20)
            and 0 <= index < size < 2**32
            and len(path) == path_length(size, index)
            and all(type(item) is bytes and len(item) == 32 for item in path)
        )
    except Exception as error:
        raise Stop("inclusion.malformed") from error
    if not right:
        raise Stop("inclusion.malformed")
    return {"registry": registry, "size": size, "index": index, "path": path}


def claim(document: Json, proof: Json) -> Json:
    """Section 6, steps 1 to 3."""
    told = read_proof(proof)
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    found = leaf(document, options)
    root = root_of(found, told["size"], told["index"], told["path"])
    return {**told, "leaf": found, "root": root}


# evidence.md, 2


def answer(evidence: Json, policy: Json, claimed: Json, which: str) -> tuple[Json, str, Json]:
    """Block, code hash and answer that the quorum gives."""
    nodes, quorum = evidence.get("nodes", []), policy.get("quorum", {})
    chain_id = int(claimed["account"].split(":")[1])
    question = {
        "account": claimed["account"],
        "root": "0x" + claimed["root"].hex(),
        "word": claimed["index"] >> 8,
    }
    n = len({node["host"] for node in nodes})
    alone = quorum.get("trustOneNode") or (chain_id == 31337 and quorum.get("acceptDevChain"))
    m = n // 2 + 1
    k = quorum.get("agree", m)
    if (n < 2 and not alone) or k < m or (k > n and k > m):
        raise Stop("anchor.too_few_nodes")
    said: dict[str, set[str]] = {}
    for node in nodes:
        view: Json = node.get(which, {}) if node.get("chainId") == chain_id else {}
        for pair in view.get("answers", []):
            if pair["key"] == question and all(map(nameable, times(view, pair["value"]))):
                vote = json.dumps([view["block"], view["codeHash"], pair["value"]])
                said.setdefault(node["host"], set()).add(vote)
    if len(said) < k:
        raise Stop("anchor.unreachable")
    votes = [vote for own in said.values() if len(own) == 1 for vote in own]
    for vote in votes:
        if votes.count(vote) >= k:
            block, code_hash, value = json.loads(vote)
            return block, code_hash, value
    raise Stop("anchor.disagreement")


# The steps


class Verifier:
    """One credential (parsed), evidence and policy as in the vectors, and who signed it."""

    def __init__(self, credential: Json, evidence: Json, policy: Json, signature: Json) -> None:
        self.document = {k: v for k, v in credential.items() if k != "proof"}
        proofs = listed(credential.get("proof", []))
        self.anchors = [p for p in proofs if p.get("cryptosuite") == "evm-merkle-2026"]
        self.signatures = [p for p in proofs if p.get("cryptosuite") != "evm-merkle-2026"]
        self.evidence, self.policy = evidence, policy
        issuer = credential["issuer"]
        self.issuer_id = issuer["id"] if isinstance(issuer, dict) else issuer
        self.named = named_accounts(issuer)
        self.registry = policy.get(
            "registry",
            {"address": CONTRACT["address"].lower(), "codeHash": CONTRACT["runtimeCodeHash"]},
        )
        self.at = moment(policy["at"])
        # binding.md, 3 and 5: these two are said of a signature that holds; the second also of one
        # whose key was not found, and then no entry lists its name.
        own = {
            key["id"]
            for entry in policy.get("trust", [])
            for key in entry.get("keys", [])
            if key["id"].partition("#")[0] == entry["did"]
        }
        known_ones = [p for p in self.signatures if known(p)]
        all_listed = all(str(p.get("verificationMethod")) in own for p in known_ones)
        found = signature.get("code") == "key_unresolved" and all_listed
        verified = signature["outcome"] == "ok" or signature.get("code") == "key_revoked" or found
        self.signed = [
            p for p in self.signatures if verified and known(p) and controller(p) == self.issuer_id
        ]
        self.claims: list[Json] = []
        self.final: list[tuple[Json, Json]] = []

    def steps(self) -> dict[str, str]:
        checks = (self.inclusion, self.anchor, self.issuer, self.status)
        return {check.__name__: run(check) for check in checks}

    @property
    def expected(self) -> bool:
        return bool(self.policy.get("requireAnchor", True) or self.named)

    @property
    def established(self) -> datetime:
        times = [seconds(value["batch"]["anchoredAt"]) for _, value in self.final]
        return min(times, default=self.at)

    def span(self, name: str, default: int) -> timedelta:
        return timedelta(seconds=self.policy.get(name, default))

    def inclusion(self) -> str:
        if not self.anchors:
            if self.expected:
                raise Stop("inclusion.missing")
            return "skipped"
        self.claims = [claim(self.document, proof) for proof in self.anchors]
        return "ok"

    def anchor(self) -> str:
        if not self.anchors and not self.expected:
            return "skipped"
        if not self.claims:
            raise Stop("anchor.unreachable")
        self.final = [self.looked_up(claimed) for claimed in self.claims]
        return "ok"

    def looked_up(self, claimed: Json) -> tuple[Json, Json]:
        """anchor-proof.md, 6, steps 4 to 8."""
        if "0x" + claimed["registry"].hex() != self.registry["address"]:
            raise Stop("anchor.unknown_registry")
        block, code_hash, value = answer(self.evidence, self.policy, claimed, "finalized")
        if code_hash != self.registry["codeHash"]:
            raise Stop("anchor.code_mismatch")
        batch = value["batch"]
        if not batch["anchoredAt"]:
            _, _, newest = answer(self.evidence, self.policy, claimed, "latest")
            old = self.at - seconds(block["time"]) > self.span("maxAge", 3600)
            absent = not newest["batch"]["anchoredAt"] and not old
            raise Stop("anchor.not_found" if absent else "anchor.not_final")
        if batch["size"] != claimed["size"]:
            raise Stop("anchor.size_mismatch")
        if self.signed:
            if any("created" not in proof for proof in self.signed):
                raise Stop("anchor.undated")
            first = min(moment(proof["created"]) for proof in self.signed)
            if seconds(batch["anchoredAt"]) - first > self.span("anchorWindow", 2592000):
                raise Stop("anchor.late")
        return block, value

    def issuer(self) -> str:
        """binding.md, 2."""
        accounts = {claimed["account"] for claimed in self.claims}
        if self.named and not accounts <= self.named:
            raise Stop("issuer.unbound")
        trust = self.policy.get("trust", [])
        entries = [entry for entry in trust if as_did(entry["did"]) == as_did(self.issuer_id)]
        if entries:
            return self.by_entries(entries, accounts)
        if trust:
            raise Stop("issuer.untrusted")
        return self.by_document(accounts)

    def by_entries(self, entries: list[Json], accounts: set[str]) -> str:
        t, registry = self.established, self.registry["address"]
        kept = [
            entry
            for entry in entries
            if ("validFrom" not in entry or moment(entry["validFrom"]) <= t)
            and ("validUntil" not in entry or t < moment(entry["validUntil"]))
            and entry.get("registry", registry) == registry
        ]
        if not kept:
            raise Stop("issuer.untrusted")
        if not accounts <= {account for entry in kept for account in entry["accounts"]}:
            raise Stop("issuer.unbound")
        if not accounts and not self.signed:
            raise Stop("issuer.self_asserted")
        return "ok"

    def by_document(self, accounts: set[str]) -> str:
        if accounts and self.issuer_id.startswith("did:ethr:"):
            raise Stop("issuer.unresolved")
        url = document_url(self.issuer_id)
        named = self.accounts_at(url)
        if accounts and named:
            if not accounts <= named:
                raise Stop("issuer.unbound")
            return "ok"
        if accounts or not self.signed or url is None:
            raise Stop("issuer.self_asserted")
        return "ok"

    def accounts_at(self, url: str | None) -> set[str]:
        if self.issuer_id.startswith("did:pkh:"):
            return {as_did(self.issuer_id).removeprefix("did:pkh:")}
        if url is None:
            return set()
        read = [d for d in self.evidence.get("documents", []) if d["url"] == url]
        try:
            document = json.loads(bytes.fromhex(read[0]["body"][2:]))
        except (IndexError, KeyError, ValueError) as error:
            raise Stop("issuer.unresolved") from error
        if document.get("id") != self.issuer_id:
            raise Stop("issuer.unresolved")
        return {
            method["blockchainAccountId"]
            for method in document.get("verificationMethod", [])
            if "blockchainAccountId" in method
            and method["controller"] == self.issuer_id
            and all(
                self.established < moment(method[end])
                for end in ("revoked", "expires")
                if end in method
            )
        }

    def status(self) -> str:
        """verdict.md, `status`, of what is anchored."""
        if not self.anchors:
            return self.not_anchored()
        if len(self.final) < len(self.anchors):
            raise Stop("status.unreachable")
        for claimed, (block, value) in zip(self.claims, self.final, strict=True):
            self.check_bit(claimed, block, value)
        for status in listed(self.document.get("credentialStatus", [])):
            if "BitstringStatusListEntry" not in listed(status["type"]):
                raise Stop("status.unknown_type")
        return "ok"

    def not_anchored(self) -> str:
        if self.expected:
            raise Stop("status.unreachable")
        return "by lists" if "credentialStatus" in self.document else "skipped"

    def check_bit(self, claimed: Json, block: Json, final: Json) -> None:
        try:
            top, code_hash, newest = answer(self.evidence, self.policy, claimed, "latest")
        except Stop as stop:
            raise Stop("status.unreachable") from stop
        same = newest["batch"]["anchoredAt"] == final["batch"]["anchoredAt"]
        right = code_hash == self.registry["codeHash"] and same
        if not right or top["number"] < block["number"]:
            raise Stop("status.unreachable")
        bit = 1 << (claimed["index"] & 255)
        for value in (final, newest):
            batch, revoked = value["batch"], int(value["revoked"]) & bit
            clean = not batch["revokedAt"] and not revoked and not batch["flags"] & 2
            changed = seconds(batch["changedAt"]) - self.at > self.span("clockSkew", 60)
            if changed and not clean:
                raise Stop("status.stale")
            if batch["revokedAt"] or revoked:
                raise Stop("status.revoked")
        if any(v["batch"]["flags"] & 1 or int(v["suspended"]) & bit for v in (final, newest)):
            raise Stop("status.suspended")
        if self.at - seconds(block["time"]) > self.span("maxAge", 3600):
            raise Stop("status.stale")


def run(check: Callable[[], str]) -> str:
    try:
        return check()
    except Stop as stop:
        return str(stop)


def times(view: Json, value: Json) -> list[int]:
    batch = value["batch"]
    return [
        view["block"]["time"],
        *(batch[f"{what}At"] for what in ("anchored", "changed", "revoked")),
    ]


def nameable(time: Any) -> bool:
    return 0 <= int(time) < 253402300800


def as_did(did: str) -> str:
    """binding.md, 2: a did:pkh is compared as the account that it is."""
    return did.lower() if did.startswith("did:pkh:eip155:") else did


def seconds(time: int) -> datetime:
    return datetime.fromtimestamp(time, UTC)


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def known(proof: Json) -> bool:
    return (proof.get("cryptosuite") or proof.get("type")) in KNOWN


def controller(proof: Json) -> str:
    return str(proof.get("verificationMethod")).partition("#")[0]


def named_accounts(issuer: Any) -> set[str]:
    """binding.md, 1."""
    entries = listed(issuer.get("otherIdentifier", [])) if isinstance(issuer, dict) else []
    return {e["identifier"].lower() for e in entries if e.get("identifierType") == "ext:caip10"}


def document_url(issuer: str) -> str | None:
    if issuer.startswith("https://"):
        return issuer
    if not issuer.startswith("did:web:"):
        return None
    host, *path = issuer.removeprefix("did:web:").split(":")
    return "https://" + "/".join([host, *(path or [".well-known"]), "did.json"])
