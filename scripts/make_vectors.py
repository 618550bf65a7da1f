"""Make `tests/vectors/*.json`, the test vectors of docs/spec, from fixed keys, seeds and dates.

With `--check` nothing is written, and the exit code is 1 if a file is not what is made.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "scripts")]

from vectors import (  # noqa: E402
    anchors,
    baking,
    dids,
    lists,
    models,
    relays,
    signatures,
    states,
    tokens,
    trees,
    trusts,
    verdicts,
)
from vectors.writing import File, first_difference, text_of  # noqa: E402

FOLDER = ROOT / "tests/vectors"
# A reviewer opens them, and every run of the tests of three languages reads them.
MAX_BYTES = 1_000_000
FILES: dict[str, Callable[[], File]] = {
    "merkle.json": trees.make,
    "anchor.json": anchors.make,
    "signatures.json": signatures.make,
    "jwt.json": tokens.make,
    "did.json": dids.make,
    "model.json": models.make,
    "status_list.json": lists.make,
    "state.json": states.make,
    "relay.json": relays.make,
    "baking.json": baking.make,
    "trust.json": trusts.make,
    "verdict.json": verdicts.make,
    "verdict_attacks.json": verdicts.make_attacks,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, and write nothing")
    check = parser.parse_args().check
    made = {name: make() for name, make in FILES.items()}
    problems = [problem for name, file in made.items() if (problem := _put(name, file, check))]
    strays = sorted({path.name for path in FOLDER.glob("*")} - set(FILES))
    problems += [f"{name}: nothing makes it" for name in strays]
    if problems:
        raise SystemExit("\n".join(problems))


def _put(name: str, file: File, check: bool) -> str | None:
    """Write the file, or compare it; what is wrong."""
    text, path = text_of(file) + "\n", FOLDER / name
    if len(text) > MAX_BYTES:
        return f"{name}: {len(text)} bytes, want at most {MAX_BYTES}"
    if not check:
        path.write_text(text, encoding="utf-8")
        return None
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    if old == text:
        return None
    return f"tests/vectors/{name} is not what scripts/make_vectors.py makes: " + (
        first_difference(old, file)
    )


if __name__ == "__main__":
    main()
