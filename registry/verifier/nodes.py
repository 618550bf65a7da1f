"""One Ethereum node over JSON-RPC, read with suspicion: every answer is bounded and checked."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from itertools import count
from socket import inet_aton, inet_ntoa
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from registry.core.errors import InvalidArgument
from registry.core.evidence import Block
from registry.core.times import MAX_SECONDS

# 500 status words in a batch of calls come to 100 KB; a node cannot fill a reader's memory.
MAX_ANSWER_BYTES: Final = 4 << 20
TIMEOUT_SECONDS: Final = 15.0
# Public nodes refuse longer batches.
MAX_CALLS_PER_REQUEST: Final = 50
MAX_QUANTITY_CHARACTERS: Final = 66
# Where another library has raised Python's recursion limit (py_ecc does), parsing what nests deep
# ends the process. A batch of blocks nests four deep.
MAX_ANSWER_NESTING: Final = 16

Call = tuple[str, list[Any]]
_STRING_OR_BRACKET: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class NodeProblem(Exception):
    """The node was silent, refused, or answered rubbish; the text says which."""


@dataclass(frozen=True)
class Node:
    """Where a node is; `host` is what makes two nodes distinct."""

    url: str

    @property
    def host(self) -> str:
        name = _address_of((urlsplit(self.url).hostname or self.url).lower().rstrip("."))
        return "127.0.0.1" if name in ("localhost", "::1") else name

    @property
    def is_loopback(self) -> bool:
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    def ask(self, client: httpx.Client, calls: Sequence[Call]) -> list[Any]:
        """The results of `calls`, in order; raises `NodeProblem`."""
        results: list[Any] = []
        for start in range(0, len(calls), MAX_CALLS_PER_REQUEST):
            results += self._ask_at_once(client, calls[start : start + MAX_CALLS_PER_REQUEST])
        return results

    def _ask_at_once(self, client: httpx.Client, calls: Sequence[Call]) -> list[Any]:
        requests = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in zip(count(1), calls, strict=False)
        ]
        answers = _read_json(self._post(client, requests))
        if not isinstance(answers, list):
            raise NodeProblem("did not answer a batch request with a list")
        return _in_order(answers, len(requests))

    def _post(self, client: httpx.Client, body: Any) -> bytes:
        try:
            with client.stream(
                "POST",
                self.url,
                json=body,
                timeout=TIMEOUT_SECONDS,
                # What is counted must be what is held: a packed answer may swell a thousandfold.
                headers={"Accept-Encoding": "identity"},
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise NodeProblem(f"answered with HTTP status {response.status_code}")
                return _bounded(response)
        except httpx.TimeoutException as error:
            raise NodeProblem(f"no answer within {TIMEOUT_SECONDS:.0f} seconds") from error
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            raise NodeProblem(f"cannot be reached: {error or type(error).__name__}") from error


def _address_of(name: str) -> str:
    """One spelling of an address: `127.1`, `2130706433` and `::ffff:127.0.0.1` are 127.0.0.1."""
    try:
        return inet_ntoa(inet_aton(name))
    except (OSError, UnicodeError):
        pass
    try:
        address = ip_address(name)
    except ValueError:
        return name
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def parse_node(url: str) -> Node:
    """A node's URL as a user gives it; raises `InvalidArgument`."""
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise InvalidArgument(f"{url!r} is not the URL of a node: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidArgument(f"{url!r} is not the http(s) URL of a node")
    return Node(url)


def quantity(value: Any) -> int:
    """A JSON-RPC quantity (`0x1b4`); raises `NodeProblem`."""
    if (
        not isinstance(value, str)
        or not value.startswith("0x")
        or len(value) > MAX_QUANTITY_CHARACTERS
    ):
        raise NodeProblem("answered rubbish where a number was due")
    try:
        return int(value, 16)
    except ValueError as error:
        raise NodeProblem("answered rubbish where a number was due") from error


def data(value: Any, length: int | None = None) -> bytes:
    """JSON-RPC data (`0x` and hex), of `length` bytes if given; raises `NodeProblem`."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise NodeProblem("answered rubbish where bytes were due")
    try:
        result = bytes.fromhex(value[2:])
    except ValueError as error:
        raise NodeProblem("answered rubbish where bytes were due") from error
    if length is not None and len(result) != length:
        raise NodeProblem(f"answered {len(result)} bytes where {length} were due")
    return result


def block(value: Any) -> Block:
    """The number, hash and time of a block object; raises `NodeProblem`."""
    if not isinstance(value, dict):
        raise NodeProblem("does not know the block")
    return Block(
        quantity(value.get("number")),
        data(value.get("hash"), 32),
        moment(quantity(value.get("timestamp"))),
    )


def moment(seconds: int) -> int:
    """A time that a calendar can name; raises `NodeProblem`."""
    if seconds > MAX_SECONDS:
        raise NodeProblem("answered rubbish where a time was due")
    return seconds


def _bounded(response: httpx.Response) -> bytes:
    chunks, size = [], 0
    # The client's own time limit is for one chunk: a node could send a byte now and then.
    until = time.monotonic() + TIMEOUT_SECONDS
    for chunk in response.iter_raw():
        if time.monotonic() > until:
            raise NodeProblem(f"no whole answer within {TIMEOUT_SECONDS:.0f} seconds")
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            raise NodeProblem(f"answered more than {MAX_ANSWER_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def _read_json(body: bytes) -> Any:
    if _nesting(body) > MAX_ANSWER_NESTING:
        raise NodeProblem(f"answered something nested deeper than {MAX_ANSWER_NESTING}")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NodeProblem("answered something that is not JSON") from error


def _nesting(body: bytes) -> int:
    """How deep JSON text nests at most; rubbish may count as deeper than it is."""
    depth = deepest = 0
    for token in _STRING_OR_BRACKET.finditer(body):
        bracket = token[0]
        if bracket in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif bracket in b"]}":
            depth -= 1
    return deepest


def _in_order(answers: list[Any], count_asked: int) -> list[Any]:
    by_id: dict[int, Any] = {}
    for answer in answers:
        if not isinstance(answer, dict) or type(answer.get("id")) is not int:
            raise NodeProblem("answered rubbish where a JSON-RPC answer was due")
        if "result" not in answer:
            raise NodeProblem(f"refused a call: {_message(answer.get('error'))}")
        by_id[answer["id"]] = answer["result"]
    if set(by_id) != set(range(1, count_asked + 1)):
        raise NodeProblem("did not answer every call once")
    return [by_id[number] for number in range(1, count_asked + 1)]


def _message(error: Any) -> str:
    message = error.get("message") if isinstance(error, dict) else None
    return str(message)[:200] if message else "no reason given"
