"""Nodes that others own: small HTTP servers before a real node, each with its manner."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.request import Request, urlopen

Calls = list[dict[str, Any]]


class Proxy:
    """One node at a loopback address of its own; `manner` makes its answers."""

    def __init__(self, host: str, upstream: str) -> None:
        self.upstream = upstream
        self.manner: Manner = honest
        self.closing = Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    proxy.manner(proxy, self, body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


Manner = Callable[[Proxy, BaseHTTPRequestHandler, bytes], None]
Answers = list[dict[str, Any]]


@contextmanager
def running(host: str, upstream: str) -> Iterator[Proxy]:
    proxy = Proxy(host, upstream)
    try:
        yield proxy
    finally:
        proxy.close()


def truth(proxy: Proxy, body: bytes) -> bytes:
    request = Request(proxy.upstream, body, {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request, timeout=10) as response:  # noqa: S310 - our own node, by http
        return bytes(response.read())


def say(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def honest(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    say(handler, truth(proxy, body))


def silent(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    proxy.closing.wait(20)


def hanging_up(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.close_connection = True


def dripping(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Never silent for long, and never done."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000000")
    handler.end_headers()
    while not proxy.closing.wait(0.1):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def endless(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    while not proxy.closing.is_set():
        handler.wfile.write(b"[" * 65536)
    handler.close_connection = True


def status_500(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    say(handler, truth(proxy, body), 500)


def redirecting(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(307)
    handler.send_header("Location", proxy.upstream)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def truncated(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    answer = truth(proxy, body)
    say(handler, answer[: len(answer) // 2])


def cut_off(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Promises more bytes than it sends."""
    answer = truth(proxy, body)
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(answer) * 2))
    handler.end_headers()
    handler.wfile.write(answer)
    handler.close_connection = True


def packed(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
    """Packs its answer although nobody asked for it."""
    answer = gzip.compress(b" " * (64 << 20) + truth(proxy, body))
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(answer)))
    handler.end_headers()
    handler.wfile.write(answer)


def saying(text: bytes) -> Manner:
    """Answers everything with the same bytes."""

    def manner(_proxy: Proxy, handler: BaseHTTPRequestHandler, _body: bytes) -> None:
        say(handler, text)

    return manner


def changing(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> Manner:
    """Answers truly but for what `change(call, answer)` makes of each answer."""

    def manner(proxy: Proxy, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        calls: Calls = json.loads(body)
        answers: Answers = json.loads(truth(proxy, body))
        by_id = {call["id"]: call for call in calls}
        for answer in answers:
            change(by_id[answer["id"]], answer)
        say(handler, json.dumps(answers).encode())

    return manner


def result_of(method: str, value: Callable[[Any], Any]) -> Manner:
    """Lies about one method: `value(truth)` is its result."""

    def change(call: dict[str, Any], answer: dict[str, Any]) -> None:
        if call["method"] == method and "result" in answer:
            answer["result"] = value(answer["result"])

    return changing(change)


def block_of(tag: str, **members: Any) -> Manner:
    """Lies about the members of one block: `finalized`, `latest`, or `*` for every block."""

    def change(call: dict[str, Any], answer: dict[str, Any]) -> None:
        if call["method"] == "eth_getBlockByNumber" and tag in (call["params"][0], "*"):
            answer["result"] = {**answer["result"], **members}

    return changing(change)
