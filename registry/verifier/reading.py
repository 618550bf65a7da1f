"""Evidence from nodes: two rounds of questions, every node asked the same about the same blocks."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import httpx
from eth_hash.auto import keccak

from registry.core.contract import (
    NOTHING,
    REGISTRY,
    Registry,
    StatusWord,
    status_words_answer,
    status_words_call,
)
from registry.core.errors import InvalidArgument
from registry.core.evidence import Block, Evidence, NodeReading, Question, View
from registry.core.keys import Account

from .nodes import Call, Node, NodeProblem, block, data, moment, quantity

# One answer of 512 words is 32 KiB and covers 131,072 credentials: the node cannot tell which
# of them was asked about.
WORDS_PER_CALL: Final = 512
MAX_NODES: Final = 16


@dataclass(frozen=True)
class _Page:
    """A stretch of one batch's status words, asked in one call."""

    account: Account
    root: bytes
    number: int

    @property
    def start(self) -> int:
        return self.number * WORDS_PER_CALL


@dataclass(frozen=True)
class _Tips:
    chain_id: int
    finalized: Block
    latest: Block
    code_hash: bytes


@dataclass(frozen=True)
class _Plan:
    """The second round: the same questions about the same two blocks for every node."""

    registry: Registry
    questions: tuple[Question, ...]
    finalized: int
    latest: int

    def pages(self, chain_id: int) -> list[_Page]:
        wanted = {
            _Page(q.account, q.root, q.word // WORDS_PER_CALL)
            for q in self.questions
            if q.account.chain_id == chain_id
        }
        return sorted(wanted, key=lambda page: (page.account, page.root, page.number))


def read_evidence(
    nodes: Sequence[Node], questions: Sequence[Question], registry: Registry = REGISTRY
) -> Evidence:
    """Ask every node `questions` about `registry`.

    All nodes are asked about the same two blocks: the newest final one and the newest one that a
    majority has reached. A node's silence or rubbish is part of the evidence; nothing is raised.
    """
    asked = list(dict.fromkeys(nodes))[:MAX_NODES]
    if not asked:
        return Evidence()
    with httpx.Client(follow_redirects=False) as client, ThreadPoolExecutor(len(asked)) as threads:
        tips = list(threads.map(partial(_tips_or_problem, client, registry), asked))
        reached = [t for t in tips if isinstance(t, _Tips)]
        wanted = len(asked) // 2 + 1
        plan = _Plan(
            registry,
            tuple(questions),
            finalized=_common([t.finalized.number for t in reached], wanted),
            latest=_common([t.latest.number for t in reached], wanted),
        )
        return Evidence(tuple(threads.map(partial(_read, client, plan), asked, tips)))


def _tips_or_problem(client: httpx.Client, registry: Registry, node: Node) -> _Tips | str:
    try:
        chain_id, finalized, latest, code = node.ask(
            client,
            [
                ("eth_chainId", []),
                ("eth_getBlockByNumber", ["finalized", False]),
                ("eth_getBlockByNumber", ["latest", False]),
                ("eth_getCode", ["0x" + registry.address.hex(), "latest"]),
            ],
        )
        return _Tips(quantity(chain_id), block(finalized), block(latest), keccak(data(code)))
    except NodeProblem as problem:
        return str(problem)


def _common(heights: list[int], wanted: int) -> int:
    """The highest block that `wanted` nodes have reached: one node's word moves it little."""
    ordered = sorted(heights, reverse=True)
    return ordered[min(wanted, len(ordered)) - 1] if ordered else 0


def _read(client: httpx.Client, plan: _Plan, node: Node, tips: _Tips | str) -> NodeReading:
    if isinstance(tips, str):
        return NodeReading(node.host, problem=tips)
    ours = tips.code_hash == plan.registry.code_hash
    pages = plan.pages(tips.chain_id) if ours else []
    try:
        return NodeReading(
            node.host,
            tips.chain_id,
            finalized=_view(client, node, plan, pages, plan.finalized),
            latest=_view(client, node, plan, pages, plan.latest),
        )
    except NodeProblem as problem:
        return NodeReading(node.host, tips.chain_id, problem=str(problem))


def _view(client: httpx.Client, node: Node, plan: _Plan, pages: list[_Page], height: int) -> View:
    address = "0x" + plan.registry.address.hex()
    calls: list[Call] = [
        ("eth_getBlockByNumber", [hex(height), False]),
        ("eth_getCode", [address, hex(height)]),
        *(("eth_call", [{"to": address, "data": _asked(page)}, hex(height)]) for page in pages),
    ]
    head, code, *answers = node.ask(client, calls)
    code_hash = keccak(data(code))
    if code_hash != plan.registry.code_hash:
        # What another contract says means nothing; its code hash is the whole answer.
        return View(block(head), code_hash, dict.fromkeys(plan.questions, NOTHING))
    words = {page: _words(page, answer) for page, answer in zip(pages, answers, strict=True)}
    return View(block(head), code_hash, dict(_found(plan.questions, words)))


def _asked(page: _Page) -> str:
    call = status_words_call(page.account.address_bytes, page.root, page.start, WORDS_PER_CALL)
    return "0x" + call.hex()


def _words(page: _Page, answer: Any) -> list[StatusWord]:
    try:
        words = status_words_answer(data(answer), page.start, WORDS_PER_CALL)
    except InvalidArgument as error:
        raise NodeProblem(f"answered rubbish about a batch: {error}") from error
    for seconds in words[0].batch.times:
        moment(seconds)
    return words


def _found(
    questions: Sequence[Question], words: dict[_Page, list[StatusWord]]
) -> Iterator[tuple[Question, StatusWord]]:
    for question in questions:
        number, place = divmod(question.word, WORDS_PER_CALL)
        page = _Page(question.account, question.root, number)
        if page in words:
            yield question, words[page][place]
