"""The bundled JSON-LD contexts: what was published, byte for byte, and nothing else."""

import hashlib
import json
from hashlib import sha256
from importlib.resources import files
from typing import Any

import pytest

import registry.core
from registry.core.contexts import (
    CREDENTIALS_V1,
    CREDENTIALS_V2,
    OPEN_BADGES_V3,
    bundled,
    context_urls,
    published_digests,
)
from registry.core.digests import DIGEST_BYTES
from registry.core.errors import Refusal

from .public_vectors import VECTORS, needs_vectors

FOLDER = files(registry.core).joinpath("contexts")
PROVENANCE = json.loads(FOLDER.joinpath("provenance.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", PROVENANCE["contexts"], ids=lambda row: str(row["file"]))
def test_a_context_has_the_hash_that_its_provenance_states(row: dict[str, Any]) -> None:
    assert sha256(FOLDER.joinpath(row["file"]).read_bytes()).hexdigest() == row["sha256"]


def test_every_file_has_a_provenance() -> None:
    named = {row["file"] for row in PROVENANCE["contexts"]} | {"provenance.json"}
    assert {file.name for file in FOLDER.iterdir()} == named


@needs_vectors
@pytest.mark.parametrize(
    ("url", "vector"),
    [
        (CREDENTIALS_V1, "vc-data-model/contexts/credentials/v1"),
        (CREDENTIALS_V2, "vc-data-model/contexts/credentials/v2"),
        (
            "https://w3id.org/security/data-integrity/v2",
            "vc-data-integrity/contexts/data-integrity/v2",
        ),
    ],
)
def test_a_context_is_the_one_that_the_w3c_publishes(url: str, vector: str) -> None:
    published = json.loads((VECTORS / vector).read_text(encoding="utf-8"))
    assert bundled()[url] == published["@context"]


def test_one_url_counts_as_a_list_of_one() -> None:
    assert context_urls({"@context": CREDENTIALS_V2}) == (CREDENTIALS_V2,)
    assert context_urls({"@context": [CREDENTIALS_V2, OPEN_BADGES_V3]}) == (
        CREDENTIALS_V2,
        OPEN_BADGES_V3,
    )


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "malformed"),
        ({"@context": []}, "malformed"),
        ({"@context": None}, "malformed"),
        ({"@context": {"a": "urn:x:a"}}, "malformed"),
        ({"@context": [CREDENTIALS_V2, {"a": "urn:x:a"}]}, "ambiguous"),
        ({"@context": [CREDENTIALS_V2, None]}, "ambiguous"),
        ({"@context": [CREDENTIALS_V2, "https://example.org/context"]}, "unknown_context"),
        ({"@context": f"{CREDENTIALS_V2}/"}, "unknown_context"),
    ],
)
def test_a_context_that_is_not_a_list_of_known_urls_is_refused(
    document: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refusal) as caught:
        context_urls(document)
    assert (caught.value.step, caught.value.code) == ("format", code)


PUBLISHED = {
    CREDENTIALS_V1: "vc-data-model/contexts/credentials/v1",
    CREDENTIALS_V2: "vc-data-model/contexts/credentials/v2",
    "https://w3id.org/security/data-integrity/v1": "vc-data-integrity/contexts/data-integrity/v1",
    "https://w3id.org/security/data-integrity/v2": "vc-data-integrity/contexts/data-integrity/v2",
    "https://www.w3.org/ns/credentials/status/v1": "bitstring/contexts/v1.jsonld",
}
# Taken from its publisher's own package.
ED25519_2020 = "https://w3id.org/security/suites/ed25519-2020/v1"


def test_the_digests_of_a_context_are_stated_where_the_publishers_bytes_are_known() -> None:
    assert published_digests().keys() == PUBLISHED.keys() | {ED25519_2020}
    for digests in published_digests().values():
        assert {name: len(digest) for name, digest in digests.items()} == DIGEST_BYTES


@needs_vectors
@pytest.mark.parametrize(("url", "vector"), PUBLISHED.items(), ids=PUBLISHED)
def test_they_are_the_digests_of_the_bytes_that_are_published(url: str, vector: str) -> None:
    data = (VECTORS / vector).read_bytes()
    assert published_digests()[url] == {n: hashlib.new(n, data).digest() for n in DIGEST_BYTES}
    assert json.loads(data)["@context"] == bundled()[url]


def test_an_own_sentence_for_what_is_no_context() -> None:
    with pytest.raises(Refusal, match="@context holds 1, which is no URL") as caught:
        context_urls({"@context": [CREDENTIALS_V2, 1]})
    assert caught.value.code == "malformed"
