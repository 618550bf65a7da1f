"""Documents that credentials name, read for the evidence: DID documents and status lists."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Final

from registry.core.evidence import Document
from registry.core.verify import Address

from .fetching import FetchProblem

# Credentials from a hundred issuers at once are many; outside data decides whom we would call.
MAX_DOCUMENTS: Final = 200
# What is held of all of them together: the two hundred largest DID documents, and some twenty of
# the largest status lists.
MAX_BYTES: Final = 128 << 20
AT_ONCE: Final = 8
_TOO_MUCH: Final = "was not read: all documents of this run together are too large"

Fetch = Callable[[str, int], bytes]


def read_documents(
    addresses: Sequence[Address], fetch: Fetch, max_bytes: int = MAX_BYTES
) -> tuple[Document, ...]:
    """What stands at each of `addresses`; silence and rubbish are part of the evidence.

    `fetch(url, max_bytes)` is `fetching.Fetcher.fetch`, which guards whom a credential makes us
    call. The smallest kinds are read first, so that no list leaves an issuer unknown; what does not
    fit into `max_bytes` beside those is not kept, and says so.
    """
    asked = sorted(dict.fromkeys(addresses), key=lambda address: address.max_bytes)[:MAX_DOCUMENTS]
    documents: list[Document] = []
    left = max_bytes
    with ThreadPoolExecutor(AT_ONCE) as threads:
        for start in range(0, len(asked), AT_ONCE):
            read = partial(_read, fetch, left)
            for document in threads.map(read, asked[start : start + AT_ONCE]):
                kept = _kept(document, left)
                left -= len(kept.body or b"")
                documents.append(kept)
    return tuple(documents)


def _read(fetch: Fetch, left: int, address: Address) -> Document:
    read_at = datetime.now(UTC)
    if left == 0:
        return Document(address.url, read_at, problem=_TOO_MUCH)
    try:
        return Document(address.url, read_at, fetch(address.url, address.max_bytes))
    except FetchProblem as problem:
        return Document(address.url, read_at, problem=str(problem))


def _kept(document: Document, left: int) -> Document:
    if len(document.body or b"") <= left:
        return document
    return Document(document.url, document.read_at, problem=_TOO_MUCH)
