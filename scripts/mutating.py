"""Mutants of some modules against the tests of all; `scripts/mutate` calls this within its copy.

    mutating.py FIRST REPORT.json MODULE.py,MODULE.py TEST...

FIRST is the number of the mutant to begin with in each module, from 1. Mutants are cosmic-ray's.
The tests are collected once; each mutant runs in a fork of that process, where the functions that
it changes get its code, so that most are dead within a tenth of a second. A mutant that changes a
module outside its functions is imported anew, with the tests.
"""

import ast
import difflib
import inspect
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import count, zip_longest
from pathlib import Path
from types import FunctionType
from typing import Any

# A mutant may loop for ever; an honest one works at most this much longer than the tests alone, and
# on a busy machine that takes a while.
PATIENCE = 5
LEAST_SECONDS = 20
MAX_SECONDS = 1200
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


@dataclass(frozen=True)
class Mutant:
    """One changed text of a module, and its place among the module's mutants, from 1."""

    file: Path
    number: int
    of: int
    source: str
    text: str

    @property
    def module(self) -> str:
        return ".".join(self.file.with_suffix("").parts)

    @property
    def told(self) -> dict[str, Any]:
        place = {"module": str(self.file), "number": self.number, "of": self.of}
        return {**place, **change(self.source, self.text)}


class Mutating:
    """The plugin of pytest that runs the collected tests on every mutant, and not by itself."""

    def __init__(self, report: Path, every: Sequence[Mutant], tests: Sequence[str]) -> None:
        self.report, self.every, self.tests = report, every, tests

    def pytest_runtestloop(self, session: Any) -> bool:
        if session.testsfailed:
            raise SystemExit("the tests cannot be collected")
        # A mutant may have its original's size and second: its byte code would be taken for it.
        sys.dont_write_bytecode = True
        for file in {mutant.file for mutant in self.every}:
            for kept in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
                kept.unlink()
        alone = in_fork(lambda: run(session, {}), MAX_SECONDS)
        if alone is not None and alone["passed"]:
            used = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent = alone["seconds"]
            # In this order every mutant meets them: else what falls is not the mutant.
            alone = in_fork(lambda: run(session, spent), MAX_SECONDS)
        if alone is None or not alone["passed"]:
            raise SystemExit(f"the tests fail by themselves: {alone and alone['failed']}")
        patience = max(LEAST_SECONDS, PATIENCE * (used.ru_utime + used.ru_stime))
        self._try_all(session, spent, patience)
        return True

    def _try_all(self, session: Any, spent: Mapping[str, float], patience: float) -> None:
        kills: defaultdict[str, int] = defaultdict(int)
        rows = []
        for mutant in self.every:
            began = time.monotonic()
            # A test that has killed many is tried before others that take as long.
            cost = {test: seconds / (1 + kills[test]) for test, seconds in spent.items()}
            found = self._try(mutant, session, cost, patience)
            rows.append({**mutant.told, "survived": found is not None and found["passed"]})
            if found is None:
                told = "killed: it did not end"
            elif found["passed"]:
                told = "SURVIVED"
            else:
                told = f"killed by {found['failed']}"
                kills[found["failed"]] += 1
            print(f"{told} {time.monotonic() - began:.1f} s {rows[-1]}", flush=True)
            self.report.write_text(json.dumps(rows, indent=1), encoding="utf-8")

    def _try(
        self, mutant: Mutant, session: Any, cost: Mapping[str, float], patience: float
    ) -> dict[str, Any] | None:
        if outline(mutant.source) == outline(mutant.text):
            return in_fork(lambda: swapped(mutant, session, cost), patience)
        try:
            mutant.file.write_text(mutant.text, encoding="utf-8")
            return in_fork(lambda: imported(self.tests, cost), patience)
        finally:
            mutant.file.write_text(mutant.source, encoding="utf-8")


class Order:
    """The cheapest tests first, as a plugin of pytest that notes what each test took."""

    def __init__(self, cost: Mapping[str, float]) -> None:
        self.cost = cost
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.failed: str | None = None

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        # What asks for a fixture comes last, or one of a file is made again for each that is not.
        items.sort(key=lambda item: (asks(item), self.cost.get(item.nodeid, 0.0)))

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed = report.nodeid

    def told(self, *, passed: bool) -> dict[str, Any]:
        return {"passed": passed, "failed": self.failed, "seconds": self.seconds}


def main() -> None:
    first, report, modules, *tests = sys.argv[1:]
    sys.path.insert(0, str(Path.cwd()))
    every = [m for module in modules.split(",") for m in mutants_of(Path(module), int(first))]
    use_the_same_examples()
    pytest: Any = import_module("pytest")
    plugin = Mutating(Path(report), every, tests)
    raise SystemExit(pytest.main(["-s", "-qq", "-p", "no:cacheprovider", *tests], [plugin]))


def use_the_same_examples() -> None:
    """The same few for every mutant; none is killed by a busy machine, none made small."""
    hypothesis: Any = import_module("hypothesis")
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutating", max_examples=50, deadline=None, derandomize=True, database=None, phases=phases
    )
    hypothesis.settings.load_profile("mutating")


def run(session: Any, cost: Mapping[str, float]) -> dict[str, Any]:
    """What the collected tests say, up to the first that fails."""
    order = Order(cost)
    session.config.pluginmanager.register(order)
    items = list(session.items)
    order.pytest_collection_modifyitems(items)
    for item, following in zip_longest(items, items[1:]):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if order.failed:
            break
    # What the tests have started ends.
    session.config.hook.pytest_sessionfinish(session=session, exitstatus=0)
    return order.told(passed=not order.failed)


def asks(item: Any) -> bool:
    """Whether the test asks for a fixture, beside its own parameters."""
    parameters = item.callspec.params if hasattr(item, "callspec") else {}
    return not set(item.fixturenames) <= set(parameters)


def swapped(mutant: Mutant, session: Any, cost: Mapping[str, float]) -> dict[str, Any]:
    """What the tests say when the functions of the module have the mutant's code."""
    module = import_module(mutant.module)
    scope = {"__name__": mutant.module, "__package__": module.__package__}
    exec(compile(mutant.text, str(mutant.file), "exec"), scope)  # noqa: S102 - our own text
    changed = functions(scope, mutant.module)
    for name, function in functions(vars(module), mutant.module).items():
        if function.__code__ != changed[name].__code__:
            function.__code__ = changed[name].__code__
    return run(session, cost)


def imported(tests: Sequence[str], cost: Mapping[str, float]) -> dict[str, Any]:
    """What the tests say when they and the module are imported anew."""
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    pytest, order = import_module("pytest"), Order(cost)
    code = pytest.main(["-x", "-qq", "-p", "no:cacheprovider", *tests], [order])
    return order.told(passed=code == 0)


def outline(text: str) -> str | None:
    """A module's text without what its functions do; none of what is no Python."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = []
    return ast.dump(tree)


def functions(scope: Mapping[str, Any], module: str) -> dict[str, FunctionType]:
    """The module's own functions, those of its classes too, by their qualified names."""
    own = [item for item in scope.values() if getattr(item, "__module__", None) == module]
    of_classes = [item for kind in own if isinstance(kind, type) for item in vars(kind).values()]
    plain = [item.fget if isinstance(item, property) else item for item in (*own, *of_classes)]
    found = [inspect.unwrap(item) for item in plain if callable(item)]
    return {item.__qualname__: item for item in found if isinstance(item, FunctionType)}


def mutants_of(file: Path, first: int) -> list[Mutant]:
    source = file.read_text(encoding="utf-8")
    # Some of cosmic-ray's are no Python: `+` for the `*` before parameters by keyword.
    texts = [text for text in dict.fromkeys(mutants(source)) if outline(text)]
    numbered = [Mutant(file, n, len(texts), source, text) for n, text in enumerate(texts, 1)]
    return numbered[first - 1 :]


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


def in_fork(work: Callable[[], dict[str, Any]], seconds: float) -> dict[str, Any] | None:
    """What `work` gives in a fork; nothing when it does not end by itself, in `seconds` of work."""
    with tempfile.TemporaryFile() as note:
        child = os.fork()
        if not child:
            try:
                _set_limits(seconds)
                note.write(json.dumps(work()).encode())
                note.flush()
                os._exit(0)
            finally:
                os._exit(1)
        if not _ends_well(child):
            return None
        note.seek(0)
        found: dict[str, Any] = json.loads(note.read())
        return found


def _set_limits(seconds: float) -> None:
    """A mutant that fills the memory, or outlives this program, ends by itself, and is silent."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds)))
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)


def _ends_well(child: int) -> bool:
    deadline = time.monotonic() + MAX_SECONDS
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
