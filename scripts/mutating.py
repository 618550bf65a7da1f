"""One module's mutants against its tests; `scripts/mutate` calls this within its copy of the tree.

    mutating.py MODULE.py REPORT.json FIRST TEST...

FIRST is the number of the mutant to begin with, from 1. Mutants are cosmic-ray's; each runs in a
fork that has the libraries loaded already, so that one is dead within a second: a process for each
takes ten times as long.
"""

import difflib
import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
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


class Order:
    """The cheapest tests first, as a plugin of pytest that notes what each test took."""

    def __init__(self, cost: Mapping[str, float]) -> None:
        self.cost = cost
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.failed: str | None = None

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        items.sort(key=lambda item: self.cost.get(item.nodeid, 0.0))

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed = report.nodeid


def main() -> None:
    module, report, first, *tests = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))
    file = Path(module)
    source = file.read_text(encoding="utf-8")
    note, started = Path(f"{report}.note"), time.monotonic()
    alone = run(tests, 3600, {}, note)
    if not alone["passed"]:
        raise SystemExit(f"the tests of {module} fail by themselves: {alone['failed']}")
    # The byte code of everything else is kept: a mutant may have its original's size and second.
    sys.dont_write_bytecode = True
    for kept in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
        kept.unlink()
    patience = max(LEAST_SECONDS, PATIENCE * (time.monotonic() - started))
    for name in alone["loaded"]:
        with suppress(Exception):
            import_module(name)
    every, rows = list(dict.fromkeys(mutants(source))), []
    kills: defaultdict[str | None, int] = defaultdict(int)
    for number, mutant in enumerate(every[int(first) - 1 :], int(first)):
        file.write_text(mutant, encoding="utf-8")
        began = time.monotonic()
        # A test that has killed many is tried before others that take as long.
        cost = {test: spent / (1 + kills[test]) for test, spent in alone["seconds"].items()}
        found = run(tests, patience, cost, note)
        kills[found["failed"]] += 1
        rows.append({**change(source, mutant), "survived": found["passed"]})
        told = "SURVIVED" if found["passed"] else f"killed by {found['failed']}"
        seconds = time.monotonic() - began
        print(f"{number} of {len(every)} {told} {seconds:.1f} s {rows[-1]}", flush=True)
        file.write_text(source, encoding="utf-8")
        found_so_far = {"all": len(every), "first": int(first), "rows": rows}
        Path(report).write_text(json.dumps(found_so_far, indent=1), encoding="utf-8")


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


def run(
    tests: Sequence[str], seconds: float, cost: Mapping[str, float], note: Path
) -> dict[str, Any]:
    """What the tests say, in a fork and in time: whether they passed, what failed, what each took.

    What does not end in time, or not by itself, has not passed.
    """
    child = os.fork()
    if not child:
        os.setpgid(0, 0)
        # A mutant that fills the memory, or outlives this program, ends by itself.
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        _use_the_same_examples()
        pytest, order = import_module("pytest"), Order(cost)
        code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests], [order])
        loaded = [name for name in sys.modules if name.split(".")[0] not in OURS]
        told = {"passed": code == 0, "failed": order.failed, "seconds": order.seconds}
        note.write_text(json.dumps({**told, "loaded": loaded}), encoding="utf-8")
        os._exit(0)
    if not _ends_well(child, seconds):
        return {"passed": False, "failed": None}
    found: dict[str, Any] = json.loads(note.read_text(encoding="utf-8"))
    return found


def _use_the_same_examples() -> None:
    """The same few for every mutant; none is killed by a busy machine, none made small."""
    hypothesis: Any = import_module("hypothesis")
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutating", max_examples=50, deadline=None, derandomize=True, database=None, phases=phases
    )
    hypothesis.settings.load_profile("mutating")


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
