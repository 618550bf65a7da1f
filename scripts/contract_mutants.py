"""Changes of a Solidity contract, each in one place, found by the compiler's syntax tree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

# Each for the ones that are nearest: what tells them apart is a boundary or a missing case.
OPERATORS: Mapping[str, tuple[str, ...]] = {
    "==": ("!=",),
    "!=": ("==",),
    "<": ("<=", ">="),
    ">": (">=", "<="),
    "<=": ("<", ">"),
    ">=": (">", "<"),
    "+": ("-",),
    "-": ("+",),
    "<<": (">>",),
    ">>": ("<<",),
    "&": ("|",),
    "|": ("&",),
    "&&": ("||",),
    "||": ("&&",),
    "=": (),
    "|=": ("=", "&="),
    "&=": ("=", "|="),
    "++": ("--",),
}
DELETED = ("EmitStatement", "ExpressionStatement")
DELETED_YUL = ("YulAssignment", "YulExpressionStatement")
COMMUTATIVE = ("add", "and", "eq")


@dataclass(frozen=True)
class Mutant:
    """`source[start:end]`, which is `old`, becomes `new`; offsets are bytes."""

    start: int
    end: int
    old: str
    new: str

    def applied(self, source: bytes) -> bytes:
        return source[: self.start] + self.new.encode() + source[self.end :]


def mutants(source: bytes, tree: Mapping[str, Any]) -> list[Mutant]:
    """All of them, in the order of the source, without those that come twice."""
    found = {m for node in nodes(tree) for m in _of(source, node) if m.old != m.new}
    return sorted(found, key=lambda mutant: (mutant.start, mutant.end, mutant.new))


def nodes(tree: Any) -> Iterator[Mapping[str, Any]]:
    """Every node below `tree`."""
    if isinstance(tree, dict):
        if "nodeType" in tree:
            yield tree
        for value in tree.values():
            yield from nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from nodes(value)


def _of(source: bytes, node: Mapping[str, Any]) -> Iterator[Mutant]:
    kind = node["nodeType"]
    if kind in ("BinaryOperation", "Assignment"):
        yield from _operators(source, node)
    elif kind == "UnaryOperation":
        yield from _unary(source, node)
    elif kind in ("Literal", "YulLiteral") and node["kind"] == "number":
        yield from _numbers(source, node)
    elif kind == "MemberAccess" and _is_of_enum(node):
        yield from _members(source, node)
    elif _is_call(node):
        yield from _arguments(source, node["arguments"])
    elif kind == "Return" and "expression" in node:
        yield from _sides(source, node["expression"])
    elif kind in ("IfStatement", "Conditional", "ForStatement"):
        yield from _conditions(source, node)
    elif kind in DELETED:
        # What stands for nothing before a semicolon.
        yield _replaced(source, node, "0")
    elif kind in DELETED_YUL:
        yield _replaced(source, node, "")


def _operators(source: bytes, node: Mapping[str, Any]) -> Iterator[Mutant]:
    sides = ("leftExpression", "rightExpression")
    left, right = sides if "leftExpression" in node else ("leftHandSide", "rightHandSide")
    start, end = _range(node[left])[1], _range(node[right])[0]
    between = source[start:end].decode()
    for other in OPERATORS[node["operator"]]:
        yield Mutant(start, end, between, between.replace(node["operator"], other))


def _unary(source: bytes, node: Mapping[str, Any]) -> Iterator[Mutant]:
    inner = source[slice(*_range(node["subExpression"]))].decode()
    yield _replaced(source, node, inner)
    for other in OPERATORS.get(node["operator"], ()):
        yield _replaced(source, node, other + inner)


def _numbers(source: bytes, node: Mapping[str, Any]) -> Iterator[Mutant]:
    value = int(node["value"], 0)
    yield _replaced(source, node, str(value + 1))
    if value:
        yield _replaced(source, node, str(value - 1))


def _members(source: bytes, node: Mapping[str, Any]) -> Iterator[Mutant]:
    text = source[slice(*_range(node))].decode()
    enum = text.split(".")[0]
    for member in {"Kind": ("Revoke", "Suspend", "Reinstate")}.get(
        enum, ("Unanchored", "OutOfRange", "Revoked", "Suspended", "Valid")
    ):
        yield _replaced(source, node, f"{enum}.{member}")


def _arguments(source: bytes, arguments: list[Mapping[str, Any]]) -> Iterator[Mutant]:
    """Two neighbours change places; where their types differ, it does not compile."""
    for left, right in pairwise(arguments):
        (start, middle), (other, end) = _range(left), _range(right)
        parts = source[other:end], source[middle:other], source[start:middle]
        old = source[start:end].decode()
        yield Mutant(start, end, old, b"".join(parts).decode())


def _conditions(source: bytes, node: Mapping[str, Any]) -> Iterator[Mutant]:
    yield _replaced(source, node["condition"], "true")
    yield _replaced(source, node["condition"], "false")
    yield from _sides(source, node["condition"])


def _sides(source: bytes, node: Mapping[str, Any]) -> Iterator[Mutant]:
    """Each side alone of what two conditions make, and of each of these in turn."""
    if node["nodeType"] == "BinaryOperation" and node["operator"] in ("&&", "||"):
        for side in (node["leftExpression"], node["rightExpression"]):
            yield _replaced(source, node, source[slice(*_range(side))].decode())
            yield from _sides(source, side)


def _is_call(node: Mapping[str, Any]) -> bool:
    if node["nodeType"] == "YulFunctionCall":
        return str(node["functionName"]["name"]) not in COMMUTATIVE
    return bool(node["nodeType"] == "FunctionCall" and node["kind"] == "functionCall")


def _is_of_enum(node: Mapping[str, Any]) -> bool:
    return str(node["typeDescriptions"]["typeString"]).startswith("enum ")


def _replaced(source: bytes, node: Mapping[str, Any], new: str) -> Mutant:
    start, end = _range(node)
    return Mutant(start, end, source[start:end].decode(), new)


def _range(node: Mapping[str, Any]) -> tuple[int, int]:
    start, length, _ = map(int, node["src"].split(":"))
    return start, start + length
