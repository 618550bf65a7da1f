"""Where the public test vectors lie, and how tests read them; without them such tests skip."""

import json
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).resolve().parents[3] / "shared" / "vectors"

needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="the public vectors are not at ../shared/vectors"
)


def vector_files(folder: str, pattern: str) -> list[Path]:
    """Sorted, so that the tests have the same order on every machine; none without vectors."""
    return sorted((VECTORS / folder).glob(pattern))


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
