"""What the steps of one verification learn from one another."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from registry.core import anchor as anchors
from registry.core import suites
from registry.core.credential import Credential
from registry.core.did import DidDocument
from registry.core.document import JsonObject
from registry.core.errors import InvalidArgument, Refusal
from registry.core.evidence import Agreed, Evidence
from registry.core.jose import EnvelopedCredential
from registry.core.keys import Account, PublicKey
from registry.core.policy import Policy
from registry.core.times import from_seconds


@dataclass(frozen=True)
class SigningKey:
    """A verification method's key, and the moment from which it signs nothing any more.

    What a trust list says of that moment depends on the time that is asked about: it is not here.
    """

    method: str
    key: PublicKey
    until: datetime | None = None


@dataclass
class Case:
    """One credential, what was read of it elsewhere, and what the steps found so far."""

    credential: Credential
    evidence: Evidence
    policy: Policy
    hashed: suites.Hashed
    envelope: EnvelopedCredential | None = None
    signed_by: str = ""
    signed_at: datetime | None = None
    signed_with: tuple[SigningKey, ...] = ()
    claims: tuple[anchors.Claim, ...] = ()
    final: tuple[Agreed, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    # What was read once, by the DID or the URL; a text is why it could not be read.
    documents: dict[str, DidDocument | str] = field(default_factory=dict)
    lists: dict[str, JsonObject | Refusal] = field(default_factory=dict)

    @property
    def anchor_proofs(self) -> tuple[JsonObject, ...]:
        """The proofs of the suite `evm-merkle-2026`, as the credential has them."""
        return tuple(p for p in self.credential.proofs if anchors.is_anchor_proof(p))

    @property
    def signatures(self) -> tuple[JsonObject, ...]:
        """All other proofs, of whatever suite."""
        return tuple(p for p in self.credential.proofs if not anchors.is_anchor_proof(p))

    @property
    def anchored_by_issuer(self) -> bool:
        """Whether the issuer's DID is the account of every anchor proof, and there is one."""
        try:
            own = Account.from_did_pkh(self.credential.issuer).did_pkh + anchors.FRAGMENT
        except InvalidArgument:
            return False
        # A list, for what stands there may be anything: it need not be hashable.
        methods = [proof.get("verificationMethod") for proof in self.anchor_proofs]
        return bool(methods) and all(method == own for method in methods)

    @property
    def anchor_expected(self) -> bool:
        """By policy, or because the issuer signed that its credentials are anchored."""
        return self.policy.require_anchor or bool(self.credential.accounts)

    @property
    def established(self) -> datetime:
        """Since when the credential is known to have existed, by a clock that nobody can set back.

        The anchor's time, never a date that the credential states; for what is not anchored, the
        time of the check.
        """
        anchored = [from_seconds(answer.word.batch.anchored_at) for answer in self.final]
        return min(anchored, default=self.policy.at)
