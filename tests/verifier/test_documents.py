"""Documents for the evidence: each silence told, and no more held than a run may hold."""

from collections.abc import Callable

from registry.core.verify import Address
from registry.verifier.documents import AT_ONCE, MAX_BYTES, MAX_DOCUMENTS, read_documents
from registry.verifier.fetching import FetchProblem


def addresses(count: int, max_bytes: int = 100) -> list[Address]:
    return [Address(f"https://{number}.example/", max_bytes) for number in range(count)]


def giving(size: int, asked: list[str] | None = None) -> Callable[[str, int], bytes]:
    def fetch(url: str, limit: int) -> bytes:
        if asked is not None:
            asked.append(url)
        return bytes(min(size, limit))

    return fetch


def test_what_stands_there_is_kept_and_what_does_not_is_told() -> None:
    def fetch(url: str, limit: int) -> bytes:
        if url == "https://1.example/":
            raise FetchProblem("no answer")
        return url.encode()

    first, second = read_documents(addresses(2), fetch)
    assert (first.body, first.problem) == (b"https://0.example/", "")
    assert (second.body, second.problem) == (None, "no answer")
    assert read_documents([], fetch) == ()


def test_one_address_is_asked_once_and_no_more_than_a_run_may_ask() -> None:
    asked: list[str] = []
    assert len(read_documents(addresses(2) * 3, giving(1, asked))) == len(asked) == 2
    assert len(read_documents(addresses(MAX_DOCUMENTS + 9), giving(1))) == MAX_DOCUMENTS


def test_no_more_is_held_than_a_run_may_hold_and_what_was_left_out_is_told() -> None:
    read = read_documents(addresses(10), giving(100), max_bytes=350)
    kept = [document for document in read if document.body is not None]
    assert [len(document.body or b"") for document in kept] == [100, 100, 100]
    assert kept == list(read[:3])
    told = {document.problem for document in read[3:]}
    assert told == {"was not read: all documents of this run together are too large"}


def test_what_cannot_be_held_any_more_is_not_even_asked() -> None:
    asked: list[str] = []
    read_documents(addresses(5 * AT_ONCE), giving(100, asked), max_bytes=AT_ONCE * 100)
    assert len(asked) == AT_ONCE


def test_the_smallest_kinds_are_read_first_whatever_lists_there_are() -> None:
    lists, documents = addresses(3, 1000), [Address("https://issuer.example/", 10)]
    read = read_documents([*lists, *documents], giving(1000), max_bytes=1010)
    assert [(document.url, document.body is not None) for document in read] == [
        ("https://issuer.example/", True),
        ("https://0.example/", True),
        ("https://1.example/", False),
        ("https://2.example/", False),
    ]
    assert MAX_BYTES == 128 << 20
