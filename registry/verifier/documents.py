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
AT_ONCE: Final = 8

Fetch = Callable[[str, int], bytes]


def read_documents(addresses: Sequence[Address], fetch: Fetch) -> tuple[Document, ...]:
    """What stands at each of `addresses`; silence and rubbish are part of the evidence.

    `fetch(url, max_bytes)` is `fetching.Fetcher.fetch`, which guards whom a credential makes us
    call.
    """
    asked = list(dict.fromkeys(addresses))[:MAX_DOCUMENTS]
    if not asked:
        return ()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return tuple(threads.map(partial(_read, fetch), asked))


def _read(fetch: Fetch, address: Address) -> Document:
    read_at = datetime.now(UTC)
    try:
        return Document(address.url, read_at, fetch(address.url, address.max_bytes))
    except FetchProblem as problem:
        return Document(address.url, read_at, problem=str(problem))
