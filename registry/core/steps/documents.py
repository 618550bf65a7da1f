"""The documents of DIDs that a credential names: out of the DID itself, or out of the evidence."""

from registry.core.did import DidDocument, read_did_document
from registry.core.did_methods import did_web_url, resolve
from registry.core.errors import InvalidArgument
from registry.core.evidence import Evidence

from .case import Case


def document_url(subject: str) -> str | None:
    """Where the document of `subject` stands; none when nothing need be fetched.

    An `https` URL is the one of its own document (Controlled Identifiers 1.0, 2.1.1). Raises
    `InvalidArgument` for a did:web that is none.
    """
    if subject.startswith("did:web:"):
        return did_web_url(subject)
    return subject if subject.startswith("https://") else None


def document_of(case: Case, subject: str) -> DidDocument:
    """The document of `subject`; raises `InvalidArgument` when it was not read or is none.

    It is read once in a verification: a hundred proofs may name it.
    """
    if subject not in case.documents:
        try:
            case.documents[subject] = _read(case.evidence, subject)
        except InvalidArgument as error:
            case.documents[subject] = str(error)
    found = case.documents[subject]
    if isinstance(found, str):
        raise InvalidArgument(found)
    return found


def _read(evidence: Evidence, subject: str) -> DidDocument:
    url = document_url(subject)
    if url is None:
        found = resolve(subject)
        assert found is not None  # noqa: S101 - only did:web has its document elsewhere
        return found
    read = evidence.document(url)
    if read.body is None:
        raise InvalidArgument(f"{url} {read.problem}")
    return read_did_document(read.body, subject)
