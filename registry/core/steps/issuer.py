"""Step `issuer`: the account that anchored is the issuer's, by somebody else's word than its own.

Whatever the credential says of its issuer, the signing key could write. The account must be named
by the verifier's trust list, by the issuer's DID document, or be the DID itself; only the first
withstands a stolen domain (docs/spec/binding.md).
"""

from collections.abc import Sequence, Set

from registry.core.did import DidDocument
from registry.core.errors import InvalidArgument, Refusal
from registry.core.keys import Account, same_did
from registry.core.policy import TrustEntry
from registry.core.times import write_stamp
from registry.core.verdict import OK, Step

from .case import Case
from .documents import document_of, document_url


def issuer(case: Case) -> Step:
    """The account is the issuer's, and the issuer is known (docs/spec/binding.md, 2)."""
    credential, policy = case.credential, case.policy
    accounts = {claim.anchor.account for claim in case.claims}
    if credential.accounts and not accounts.issubset(credential.accounts):
        raise Refusal("issuer", "unbound", "anchored by an account that the issuer did not name")
    entries = [entry for entry in policy.trust if same_did(entry.did, credential.issuer)]
    if entries:
        return _by_trust_list(case, entries, accounts)
    if policy.trust:
        raise Refusal("issuer", "untrusted", f"{credential.issuer} is not in the trust list")
    return _by_document(case, _document(case), accounts)


def _by_trust_list(case: Case, entries: Sequence[TrustEntry], accounts: Set[Account]) -> Step:
    moment, registry = case.established, case.policy.registry.address
    in_force = [
        entry for entry in entries if entry.in_force(moment) and entry.registry in (None, registry)
    ]
    if not in_force:
        raise Refusal("issuer", "untrusted", f"not in the trust list on {write_stamp(moment)}")
    named = {account for entry in in_force for account in entry.accounts}
    if not accounts <= named:
        raise Refusal("issuer", "unbound", "the trust list names other accounts of this issuer")
    if not accounts and not case.signed_by:
        raise Refusal("issuer", "self_asserted", "the issuer neither signed nor anchored it")
    case.facts["issuer_trusted_as"] = in_force[0].name
    return _known(case, "trust list", f"{in_force[0].name}, by your trust list")


def _by_document(case: Case, document: DidDocument, accounts: Set[Account]) -> Step:
    if accounts and document.id.startswith("did:ethr:"):
        told = "whether it was changed since it began is not read: trust its account by an entry"
        raise Refusal("issuer", "unresolved", f"{document.id}: {told}")
    named = document.accounts_at(case.established)
    if accounts and named:
        if not accounts <= named:
            raise Refusal("issuer", "unbound", "the issuer's DID document names other accounts")
        if document.id.startswith("did:pkh:"):
            return _known(case, "did:pkh", "the issuer's DID is the account that anchored")
        return _known(case, "DID document", f"the document of {document.id} names the account")
    if not accounts and case.signed_by and document_url(document.id):
        return _known(case, "domain", f"whoever runs the domain of {document.id}")
    raise Refusal("issuer", "self_asserted", "only the credential itself says who its issuer is")


def _document(case: Case) -> DidDocument:
    try:
        return document_of(case, case.credential.issuer)
    except InvalidArgument as error:
        raise Refusal("issuer", "unresolved", str(error)) from error


def _known(case: Case, by: str, detail: str) -> Step:
    case.facts["issuer_known_by"] = by
    return Step("issuer", OK, detail)
