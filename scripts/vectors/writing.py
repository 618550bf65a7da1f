"""The form of the vector files: cases by name, bytes as hex, lines that people can read."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from registry.core.errors import Refusal

Case = dict[str, Any]
File = dict[str, Any]

WIDTH: Final = 100


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def hexes(items: Iterable[bytes]) -> list[str]:
    return [hexed(item) for item in items]


def case(name: str, desc: str, **members: Any) -> Case:
    """A case; a member that is None is left out."""
    kept = {key: value for key, value in members.items() if value is not None}
    return {"name": named(name), "desc": desc, **kept}


def attack(name: str, desc: str, **members: Any) -> Case:
    """A case that must be refused."""
    return case(f"{name}_fail", desc, **members)


def code_of(check: Callable[[], object]) -> str:
    """The code with which `check` refuses."""
    try:
        check()
    except Refusal as refusal:
        return f"{refusal.step}.{refusal.code}"
    raise ValueError("it is not refused")


def named(words: str) -> str:
    """`words` as a name that every language can use for a test."""
    spelt = (letter if letter.isalnum() and letter.isascii() else "_" for letter in words.lower())
    return "_".join(part for part in "".join(spelt).split("_") if part)


def file_of(description: str, cases: Sequence[Case]) -> File:
    """The file; cases of one name are numbered."""
    seen: Counter[str] = Counter()
    told = []
    for item in cases:
        name = item["name"]
        seen[name] += 1
        stem, fail = name.removesuffix("_fail"), "_fail" if name.endswith("_fail") else ""
        told.append(item if seen[name] == 1 else {**item, "name": f"{stem}_{seen[name]}{fail}"})
    return {"description": description, "cases": told}


def text_of(value: Any, indent: str = "", taken: int = 0) -> str:
    """`value` as JSON: what fits a line stands on one. `taken` is what stands there already."""
    line = json.dumps(value, ensure_ascii=True)
    if not isinstance(value, list | dict) or len(indent) + taken + len(line) < WIDTH:
        return line
    deeper = indent + " "
    if isinstance(value, Mapping):
        told = ((json.dumps(key) + ": ", item) for key, item in value.items())
    else:
        told = (("", item) for item in value)
    lines = [f"{deeper}{key}{text_of(item, deeper, len(key))}" for key, item in told]
    first, last = "{}" if isinstance(value, Mapping) else "[]"
    return f"{first}\n" + ",\n".join(lines) + f"\n{indent}{last}"


def first_difference(old: str, new: File) -> str:
    """Where a file's text is no longer what is made: the first case that differs."""
    try:
        before: list[Case] = json.loads(old)["cases"]
    except (ValueError, KeyError, TypeError):
        return "it is not a file of cases"
    for was, now in zip(before, new["cases"], strict=False):
        if was != now:
            members = [key for key in now if was.get(key) != now[key]]
            return f"case {now['name']} (was {was.get('name')}), {members}"
    if len(before) != len(new["cases"]):
        return f"{len(before)} cases, now {len(new['cases'])}"
    return "its description or its layout"
