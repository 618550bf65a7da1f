"""The trust kernel: what decides whether a credential is valid, pure and without a server.

`verify(credential, evidence, policy)` is the whole of it; `questions` and `addresses` say what must
be read first, `parse_trust` reads whom the verifier trusts. Specified in docs/spec/.
"""

from .credential import Credential, parse_credential
from .errors import CoreError, InvalidArgument, Refusal
from .evidence import Evidence, Quorum
from .policy import Policy, TrustEntry, parse_trust
from .verdict import Step, Verdict
from .verify import Address, addresses, questions, verify

__all__ = (
    "Address",
    "CoreError",
    "Credential",
    "Evidence",
    "InvalidArgument",
    "Policy",
    "Quorum",
    "Refusal",
    "Step",
    "TrustEntry",
    "Verdict",
    "addresses",
    "parse_credential",
    "parse_trust",
    "questions",
    "verify",
)
