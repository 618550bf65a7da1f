"""The JSON-LD contexts that ship with the package; nothing is ever fetched to canonicalise."""

import json
from collections.abc import Collection
from functools import cache
from importlib.resources import files
from typing import Any, Final

from .document import JsonObject, objects_below
from .errors import Refusal, shown

CREDENTIALS_V1: Final = "https://www.w3.org/2018/credentials/v1"
CREDENTIALS_V2: Final = "https://www.w3.org/ns/credentials/v2"
# A processor reads each of them anew wherever it stands, at up to 3 ms; with five endorsements,
# the fullest example of Open Badges names 21.
MAX_CONTEXTS: Final = 64
# Its publisher puts each version here in turn: the copy is the first one, which was for VC 1.1.
OPEN_BADGES_UNVERSIONED: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context.json"
OPEN_BADGES_V3: Final = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"


@cache
def bundled() -> dict[str, Any]:
    """URL of each bundled context -> the value of its `@context`."""
    return {row["url"]: json.loads(_read(row["file"]))["@context"] for row in _provenance()}


@cache
def published_digests() -> dict[str, dict[str, bytes]]:
    """URL of a bundled context -> algorithm -> digest of the bytes that its publisher serves.

    Only of those whose publisher's bytes are known; the names are those of `digests.DIGEST_BYTES`.
    """
    return {
        row["url"]: {name: bytes.fromhex(text) for name, text in row["published"].items()}
        for row in _provenance()
        if "published" in row
    }


def _provenance() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(_read("provenance.json"))["contexts"]
    return rows


def _read(name: str) -> str:
    return files(__package__).joinpath("contexts").joinpath(name).read_text(encoding="utf-8")


def context_urls(document: JsonObject, known: Collection[str] | None = None) -> tuple[str, ...]:
    """The `@context` of a document, or of an object in it, as URLs of `known` contexts.

    A single string counts as a list of one, as in JSON-LD; `known` are the bundled ones unless
    given. Raises `Refusal` at `format`: `malformed` when there is none or it is no URL, `ambiguous`
    for an inline context, `too_large` for too many, `unknown_context` for one that is not known.
    """
    value = document.get("@context")
    urls = [value] if isinstance(value, str) else value
    if not isinstance(urls, list) or not urls:
        raise Refusal("format", "malformed", "@context is missing or not a list of URLs")
    if len(urls) > MAX_CONTEXTS:
        raise _too_many()
    for url in urls:
        if isinstance(url, dict) or url is None:
            raise Refusal("format", "ambiguous", "an inline context: only URLs are read")
        if not isinstance(url, str):
            raise Refusal("format", "malformed", f"@context holds {shown(url)}, which is no URL")
        if url not in (bundled() if known is None else known):
            raise Refusal("format", "unknown_context", f"no bundled copy of {url}")
    return tuple(urls)


def all_context_urls(
    document: JsonObject, known: Collection[str] | None = None
) -> tuple[tuple[str, ...], ...]:
    """The contexts of the document, then those of each object below that brings its own.

    Raises `Refusal` like `context_urls`; their number is bounded over the whole document.
    """
    below = (item for item in objects_below(document) if "@context" in item)
    found: list[tuple[str, ...]] = []
    for item in (document, *below):
        found.append(context_urls(item, known))
        if sum(map(len, found)) > MAX_CONTEXTS:
            raise _too_many()
    return tuple(found)


def _too_many() -> Refusal:
    return Refusal("format", "too_large", f"more than {MAX_CONTEXTS} contexts")
