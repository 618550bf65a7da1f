"""The targets of `scripts/fuzz`, on their seeds and on every case that fuzzing ever found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .fuzz_targets import TARGETS

CORPUS = Path(__file__).resolve().parents[1] / "fuzz_corpus"


def cases() -> Iterator[Any]:
    for name, target in TARGETS.items():
        for number, seed in enumerate(target.seeds()):
            yield pytest.param(name, seed, id=f"{name}-seed-{number}")
        for file in sorted((CORPUS / name).glob("*")):
            yield pytest.param(name, file.read_bytes(), id=f"{name}-{file.name}")


@pytest.mark.parametrize(("name", "data"), list(cases()))
def test_a_parser_does_only_what_it_may(name: str, data: bytes) -> None:
    TARGETS[name].check(data)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=50)
@given(data=st.binary(max_size=100))
def test_a_parser_takes_any_bytes(name: str, data: bytes) -> None:
    TARGETS[name].check(data)


def test_every_kept_case_belongs_to_a_parser() -> None:
    assert {folder.name for folder in CORPUS.glob("*")} <= set(TARGETS)


@pytest.mark.parametrize("name", sorted(set(TARGETS) - {"unbake", "slot", "base64url"}))
def test_the_first_seed_is_taken_whole(name: str) -> None:
    """Or the fuzzer would start from what is refused at the first byte."""
    TARGETS[name].run(next(iter(TARGETS[name].seeds())))
