"""One module's mutants against its tests; `scripts/mutate` calls this within its copy of the tree.

    mutating.py MODULE.py REPORT.json TEST...

Mutants are cosmic-ray's; each runs in a fork that has the libraries loaded already, so that one is
dead within a second: a process for each takes ten times as long.
"""

import difflib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

# A mutant may loop for ever; an honest one is at most this much slower than the tests alone.
PATIENCE = 5
LEAST_SECONDS = 20
MAX_MEMORY = 4 << 30
# cosmic-ray puts each of twelve operators for every other; these tell the most of a test.
NEAR = {
    "Add": ("Sub", "BitOr"),
    "Sub": ("Add",),
    "Mul": ("Add", "FloorDiv"),
    "Div": ("Mul",),
    "FloorDiv": ("Mul", "Mod"),
    "Mod": ("FloorDiv",),
    "Pow": ("Mul",),
    "LShift": ("RShift",),
    "RShift": ("LShift",),
    "BitOr": ("BitAnd", "BitXor"),
    "BitAnd": ("BitOr",),
    "BitXor": ("BitOr",),
}
OURS = ("registry", "anchor_service", "core", "installations", "conftest", "proxies", "tests")


def main() -> None:
    module, report, *tests = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))
    file = Path(module)
    source = file.read_text(encoding="utf-8")
    names, started = Path(f"{report}.names"), time.monotonic()
    if not passes(tests, 3600, names):
        raise SystemExit(f"the tests of {module} fail by themselves")
    # The byte code of everything else is kept: a mutant may have its original's size and second.
    sys.dont_write_bytecode = True
    for kept in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
        kept.unlink()
    patience = max(LEAST_SECONDS, PATIENCE * (time.monotonic() - started))
    for name in names.read_text(encoding="utf-8").split():
        with suppress(Exception):
            import_module(name)
    rows = []
    for mutant in dict.fromkeys(mutants(source)):
        file.write_text(mutant, encoding="utf-8")
        began = time.monotonic()
        survived = passes(tests, patience)
        rows.append({**change(source, mutant), "survived": survived})
        seconds = time.monotonic() - began
        print(
            f"{len(rows)} {'SURVIVED' if survived else 'killed'} {seconds:.1f} s {rows[-1]}",
            flush=True,
        )
        file.write_text(source, encoding="utf-8")
        Path(report).write_text(json.dumps(rows, indent=1), encoding="utf-8")


def mutants(source: str) -> Iterator[str]:
    plugins: Any = import_module("cosmic_ray.plugins")
    for name in plugins.operator_names():
        operator = plugins.get_operator(name)
        if not operator.arguments() and _is_near(name):
            # One operator of cosmic-ray fails where an `except` names several errors.
            with suppress(AttributeError):
                yield from _mutants_by(operator(), source)


def _mutants_by(operator: Any, source: str) -> Iterator[str]:
    mutating: Any = import_module("cosmic_ray.mutating")
    for occurrence in count():
        mutated = mutating.mutate_code(source, operator, occurrence)
        if mutated is None:
            return
        yield str(mutated)


def _is_near(name: str) -> bool:
    kind, *operators = name.rpartition("/")[2].split("_")
    if kind == "ReplaceBinaryOperator":
        return operators[1] in NEAR[operators[0]]
    # Small numbers that are equal are one object: `is` for `==` would prove nothing.
    return kind != "ReplaceComparisonOperator" or operators[1] not in ("Is", "IsNot")


def change(source: str, mutant: str) -> dict[str, Any]:
    """Where a mutant differs, and the lines before and after."""
    old, new = source.splitlines(), mutant.splitlines()
    for tag, start, end, first, last in difflib.SequenceMatcher(
        None, old, new, False
    ).get_opcodes():
        if tag != "equal":
            return {"line": start + 1, "old": old[start:end], "new": new[first:last]}
    return {"line": 0, "old": [], "new": []}


def passes(tests: Sequence[str], seconds: float, names: Path | None = None) -> bool:
    """Whether the tests pass, in a fork and in time; `names` gets the libraries they loaded."""
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        # A mutant that fills the memory, or outlives this program, ends by itself.
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        pytest: Any = import_module("pytest")
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])
        if names is not None:
            loaded = (name for name in sys.modules if name.split(".")[0] not in OURS)
            names.write_text("\n".join(loaded), encoding="utf-8")
        os._exit(int(code) != 0)
    return _ends_well(child, seconds)


def _ends_well(child: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return status == 0
        time.sleep(0.01)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


if __name__ == "__main__":
    main()
