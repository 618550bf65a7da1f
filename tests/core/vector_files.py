"""The committed test vectors of the specification, for the tests that hold code to them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
Case = dict[str, Any]


@cache
def vectors(name: str) -> list[Case]:
    cases: list[Case] = json.loads((FOLDER / name).read_text(encoding="utf-8"))["cases"]
    return cases


def with_cases(*names: str, having: str = "name", lacking: str = "") -> pytest.MarkDecorator:
    """One test for each case of these files that has the one member and not the other."""
    chosen = [
        case
        for name in names
        for case in vectors(name)
        if having in case and (not lacking or lacking not in case)
    ]
    return pytest.mark.parametrize("case", chosen, ids=[case["name"] for case in chosen])


def raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def raws(texts: list[str]) -> list[bytes]:
    return [raw(text) for text in texts]
