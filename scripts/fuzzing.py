"""One parser under the fuzzer; `scripts/fuzz` calls this in the environment that has atheris.

fuzzing.py --list                 the parsers' names
fuzzing.py PARSER SECONDS         fuzz it; what is found lies in .fuzz/PARSER-finds
fuzzing.py PARSER --keep FILE     make the case small, keep it, and print what it does
"""

import json
import random
import signal
import sys
from collections.abc import Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT))
CORPUS = ROOT / "tests/fuzz_corpus"
STATE = ROOT / ".fuzz"
# The largest document, and a little more.
MAX_BYTES = (1 << 20) + 64
# A parser that takes longer on any input has a defect.
MAX_SECONDS = 10
# Cases grow slowly from the seeds: most of what matters is small.
GROWN_BYTES = 8192

if TYPE_CHECKING:
    from core.fuzz_targets import Target


def targets() -> "dict[str, Target]":
    from core.fuzz_targets import TARGETS  # noqa: PLC0415 - imported under instrumentation

    return TARGETS


def fuzz(name: str, seconds: int) -> None:
    # By name, for it is not in the environment that the types are checked in.
    atheris: Any = import_module("atheris")
    with atheris.instrument_imports(include=["registry.core", "core.fuzz_targets", "rlp", "json"]):
        target = targets()[name]
    learnt, finds, seeds = (STATE / f"{name}{end}" for end in ("", "-finds", "-seeds"))
    for folder in (learnt, finds, seeds):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (seeds / sha256(seed).hexdigest()[:16]).write_bytes(seed)
    kept = [str(CORPUS / name)] if (CORPUS / name).is_dir() else []
    options = {
        "max_total_time": seconds,
        "timeout": MAX_SECONDS,
        "max_len": GROWN_BYTES,
        "rss_limit_mb": 2048,
        "artifact_prefix": f"{finds}/",
        "print_final_stats": 1,
    }
    arguments = [f"-{option}={value}" for option, value in options.items()]

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        chance = random.Random(seed)  # noqa: S311 - no secret
        changed = mutated_json(data, chance) if chance.random() < 0.5 else None
        if changed is not None and len(changed) <= max_size:
            return changed
        return bytes(atheris.Mutate(data, max_size))

    atheris.Setup(
        [sys.argv[0], *arguments, str(learnt), str(seeds), *kept],
        target.check,
        custom_mutator=mutate,
    )
    atheris.Fuzz()


def mutated_json(data: bytes, chance: random.Random) -> bytes | None:
    """`data` with one value in it replaced, moved, doubled or taken out; none if it is not JSON."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    places = list(_places(value))
    if not places:
        return None
    holder, key = chance.choice(places)
    item = holder[key]
    other_holder, other_key = chance.choice(places)
    choice = chance.randrange(5)
    if choice == 0:
        holder[key] = chance.choice([None, True, 0, -1, 1.5, "", "a", "@id", [], {}, 1 << 53])
    elif choice == 1:
        holder[key] = other_holder[other_key]
    elif choice == 2:
        del holder[key]
    elif choice == 3:
        holder[key] = [item, item]
    elif isinstance(holder, dict):
        holder[f"{key}{chance.choice(['', ':', '@', 'x'])}"] = holder.pop(key)
    try:
        return json.dumps(value, ensure_ascii=chance.random() < 0.5).encode()
    except (ValueError, RecursionError):
        return None


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """(holder, key or index) of everything below `value`."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in list(pairs):
            yield value, key
            yield from _places(item)


def keep(name: str, case: Path) -> None:
    """Make `case` smaller while it still does the same, and put it into the corpus."""
    target, data = targets()[name], case.read_bytes()
    what = outcome(target, data)
    if not what:
        return
    size = max(1, len(data) // 2)
    while size:
        start = 0
        while start < len(data):
            shorter = data[:start] + data[start + size :]
            if outcome(target, shorter) == what:
                data = shorter
            else:
                start += size
        size //= 2
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / sha256(data).hexdigest()[:16]).write_bytes(data)
    print(f"{sha256(data).hexdigest()[:16]} ({what})")


def outcome(target: "Target", data: bytes) -> str:
    """What `data` does that it should not: the kind of error and where; nothing if all is well."""

    def too_slow(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, too_slow)
    signal.alarm(MAX_SECONDS)
    try:
        target.check(data)
    except Exception as error:
        where = error.__traceback__
        while where and where.tb_next:
            where = where.tb_next
        file = Path(where.tb_frame.f_code.co_filename).name if where else ""
        at = f" at {file}:{where.tb_lineno}" if where else ""
        return type(error).__name__ + ("" if isinstance(error, TimeoutError) else at)
    finally:
        signal.alarm(0)
    return ""


def main() -> None:
    match sys.argv[1:]:
        case ["--list"]:
            print("\n".join(targets()))
        case [name, "--keep", file]:
            keep(name, Path(file))
        case [name, seconds]:
            fuzz(name, int(seconds))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
