"""Verifying by nodes that are silent, talk rubbish, lie or disagree: never valid by them."""

import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import proxies as p
import pytest
from installations import House, StillChain

from anchor_service.worker import step as worker_round
from registry.core.contract import status_words_answer
from registry.core.errors import InvalidArgument
from registry.core.evidence import Evidence, Quorum
from registry.core.policy import Policy
from registry.core.times import from_seconds
from registry.core.verdict import Verdict
from registry.core.verify import questions, verify
from registry.lifecycle.export import Exporter
from registry.verifier import nodes
from registry.verifier.nodes import MAX_ANSWER_BYTES, Node, NodeProblem, block, parse_node, quantity
from registry.verifier.reading import MAX_NODES, WORDS_PER_CALL, read_evidence

HOSTS: Final = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
FAR: Final = hex(1 << 255)
Case = tuple[str, p.Manner]


@dataclass(frozen=True)
class Scene:
    """An issuer with a valid, a revoked and a suspended credential, and three nodes to ask."""

    house: House
    valid: bytes
    revoked: bytes
    suspended: bytes
    nodes: tuple[p.Proxy, ...]

    def ask(
        self,
        data: bytes,
        *manners: p.Manner,
        quorum: Quorum | None = None,
        later: timedelta = timedelta(seconds=1),
    ) -> Verdict:
        """The verdict by as many nodes as there are manners."""
        asked = self.nodes[: len(manners)]
        for node, manner in zip(asked, manners, strict=True):
            node.manner = manner
        evidence = read_evidence([Node(node.url) for node in asked], questions(data))
        at = from_seconds(self.house.chain.time) + later
        chosen = quorum or Quorum(trust_one_node=len(manners) == 1)
        return verify(data, evidence, Policy(at=at, trust=(self.house.trust,), quorum=chosen))


@pytest.fixture(scope="module")
def scene(still_chain: StillChain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    house = House.found(tmp_path_factory.mktemp("scene") / "registry.db", still_chain)
    _, revoked, suspended = house.issue(["ada", "ben", "cem"])
    house.settle()
    house.change("revoke", revoked)
    house.change("suspend", suspended)
    house.settle()
    with ExitStack() as stack:
        own = tuple(stack.enter_context(p.running(host, still_chain.url)) for host in HOSTS)
        one, two, three = house.files()
        yield Scene(house, one, two, three, own)


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "TIMEOUT_SECONDS", 1.0)


def words(change: Callable[[bytearray], None]) -> p.Manner:
    def lie(answer: str) -> str:
        raw = bytearray.fromhex(answer[2:])
        change(raw)
        return "0x" + raw.hex()

    return p.result_of("eth_call", lie)


def without_lanes(raw: bytearray) -> None:
    raw[-64:] = bytes(64)


def far_anchor(raw: bytearray) -> None:
    raw[27:32] = b"\xff" * 5


def with_error(_call: dict[str, Any], answer: dict[str, Any]) -> None:
    answer.pop("result")
    answer["error"] = {"code": -32000, "message": "no"}


def with_wrong_id(_call: dict[str, Any], answer: dict[str, Any]) -> None:
    answer["id"] += 1


def with_true_for_id(_call: dict[str, Any], answer: dict[str, Any]) -> None:
    answer["id"] = True


# What is no answer at all: the node counts as silent.
USELESS: Final[list[Case]] = [
    ("says nothing", p.silent),
    ("hangs up", p.hanging_up),
    ("drips", p.dripping),
    ("never ends", p.endless),
    ("answers with status 500", p.status_500),
    ("redirects", p.redirecting),
    ("answers HTML", p.saying(b"<html>Welcome to our wifi</html>")),
    ("answers nothing", p.saying(b"")),
    ("answers a string", p.saying(b'"yes"')),
    ("answers null", p.saying(b"null")),
    ("answers an empty list", p.saying(b"[]")),
    ("answers a list of rubbish", p.saying(b"[1, null, []]")),
    ("answers one object", p.saying(b'{"jsonrpc": "2.0", "id": 1, "result": "0x1"}')),
    ("answers deep nesting", p.saying(b"[" * 100_000)),
    ("answers a number without end", p.saying(b"9" * 10_000)),
    ("answers bytes that are not UTF-8", p.saying(b"\xff\xfe[]")),
    ("answers too much", p.saying(b"[" + b" " * MAX_ANSWER_BYTES + b"]")),
    ("answers half", p.truncated),
    ("promises more than it sends", p.cut_off),
    ("packs a bomb", p.packed),
    ("answers with errors", p.changing(with_error)),
    ("answers other calls", p.changing(with_wrong_id)),
    ("answers with true for an id", p.changing(with_true_for_id)),
    ("is on another chain", p.result_of("eth_chainId", lambda _: "0x1")),
    ("has rubbish for a chain", p.result_of("eth_chainId", lambda _: "mainnet")),
    ("has no blocks", p.result_of("eth_getBlockByNumber", lambda _: None)),
    ("has rubbish for blocks", p.result_of("eth_getBlockByNumber", lambda _: [])),
    ("has a block without time", p.block_of("*", timestamp=None)),
    ("has a block of a far time", p.block_of("*", timestamp=FAR)),
    ("has a block of a huge number", p.block_of("*", number="0x" + "f" * 100)),
    ("has a block with half a hash", p.block_of("*", hash="0x1234")),
    ("has rubbish for code", p.result_of("eth_getCode", lambda _: "0xzz")),
    ("has rubbish for words", p.result_of("eth_call", lambda _: "0x1234")),
    ("has nothing for words", p.result_of("eth_call", lambda _: None)),
    ("has too few words", words(lambda raw: raw.__delitem__(slice(-64, None)))),
    ("has an anchor of a far time", words(far_anchor)),
]
# What is an answer, and not true.
LIES: Final[list[Case]] = [
    ("shows a revocation", words(lambda raw: raw.__setitem__(-33, raw[-33] | 1))),
    ("shows a suspension", words(lambda raw: raw.__setitem__(-1, raw[-1] | 1))),
    ("shows another size", words(lambda raw: raw.__setitem__(6 * 32 - 1, 4))),
    ("shows other code", p.result_of("eth_getCode", lambda _: "0x6001")),
    ("shows no code", p.result_of("eth_getCode", lambda _: "0x")),
    ("shows blocks with another hash", p.block_of("*", hash="0x" + "ab" * 32)),
]
SHORT: Final = {"says nothing", "answers HTML", "answers with errors", "is on another chain"}


def named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("manner", [m for _, m in cases], ids=[n for n, _ in cases])


def step(verdict: Verdict, name: str) -> tuple[str, str | None]:
    return next((s.outcome, s.code) for s in verdict.steps if s.name == name)


def test_honest_nodes_give_the_right_verdicts(scene: Scene) -> None:
    for count in (1, 2, 3):
        manners = [p.honest] * count
        assert scene.ask(scene.valid, *manners).outcome == "valid"
        assert scene.ask(scene.revoked, *manners).code == "status.revoked"
        assert scene.ask(scene.suspended, *manners).code == "status.suspended"


@named(USELESS)
def test_one_node_that_is_of_no_use_leaves_it_open(scene: Scene, manner: p.Manner) -> None:
    started = time.monotonic()
    verdict = scene.ask(scene.valid, manner)
    assert (verdict.outcome, verdict.code) == ("indeterminate", "anchor.unreachable")
    assert step(verdict, "status") == ("indeterminate", "unreachable")
    assert time.monotonic() - started < 4


@named(USELESS)
def test_of_two_nodes_one_of_no_use_leaves_it_open(scene: Scene, manner: p.Manner) -> None:
    for data in (scene.valid, scene.revoked):
        verdict = scene.ask(data, p.honest, manner)
        assert (verdict.outcome, verdict.code) == ("indeterminate", "anchor.unreachable")


@named(USELESS)
def test_of_three_nodes_one_of_no_use_is_outvoted(scene: Scene, manner: p.Manner) -> None:
    assert scene.ask(scene.valid, manner, p.honest, p.honest).outcome == "valid"
    assert scene.ask(scene.revoked, p.honest, manner, p.honest).code == "status.revoked"


@named([case for case in USELESS if case[0] in SHORT])
def test_of_three_nodes_two_of_no_use_leave_it_open(scene: Scene, manner: p.Manner) -> None:
    verdict = scene.ask(scene.valid, manner, p.honest, manner)
    assert (verdict.outcome, verdict.code) == ("indeterminate", "anchor.unreachable")


@named(LIES)
def test_of_two_nodes_a_liar_makes_a_disagreement(scene: Scene, manner: p.Manner) -> None:
    verdict = scene.ask(scene.valid, p.honest, manner)
    assert (verdict.outcome, verdict.code) == ("indeterminate", "anchor.disagreement")


@named(LIES)
def test_of_three_nodes_a_liar_is_outvoted(scene: Scene, manner: p.Manner) -> None:
    assert scene.ask(scene.valid, p.honest, manner, p.honest).outcome == "valid"
    assert scene.ask(scene.revoked, manner, p.honest, p.honest).code == "status.revoked"


def test_who_hides_a_revocation_is_not_believed(scene: Scene) -> None:
    hides = words(without_lanes)
    assert scene.ask(scene.revoked, p.honest, hides).code == "anchor.disagreement"
    assert scene.ask(scene.revoked, p.honest, hides, p.honest).code == "status.revoked"
    assert scene.ask(scene.suspended, hides, p.honest).outcome == "indeterminate"


def test_who_invents_an_anchor_is_not_believed(scene: Scene) -> None:
    document = json.loads(scene.valid)
    document["credentialSubject"]["narrative"] = "and much more"
    forged = json.dumps(document).encode()
    other = LIES[0][1]
    assert scene.ask(forged, p.honest, p.honest).outcome == "invalid"
    assert scene.ask(forged, p.honest, other).outcome == "invalid"


@pytest.mark.parametrize("code", ["0x", "0x6001"])
def test_a_contract_that_is_not_ours_is_told_so(scene: Scene, code: str) -> None:
    verdict = scene.ask(scene.valid, p.result_of("eth_getCode", lambda _: code))
    assert (verdict.outcome, verdict.code) == ("indeterminate", "anchor.code_mismatch")


def test_one_node_is_too_few_unless_it_is_trusted(scene: Scene) -> None:
    verdict = scene.ask(scene.valid, p.honest, quorum=Quorum())
    assert (verdict.outcome, verdict.code) == ("indeterminate", "anchor.too_few_nodes")
    dev = Quorum(accept_dev_chain=True)
    assert scene.ask(scene.valid, p.honest, quorum=dev).outcome == "valid"


def test_the_same_host_twice_is_one_node(scene: Scene) -> None:
    url = scene.nodes[0].url
    scene.nodes[0].manner = p.honest
    evidence = read_evidence([Node(url), Node(f"{url}/second")], questions(scene.valid))
    at = from_seconds(scene.house.chain.time)
    verdict = verify(scene.valid, evidence, Policy(at=at, trust=(scene.house.trust,)))
    assert verdict.code == "anchor.too_few_nodes"


def test_an_agreement_of_less_than_a_majority_is_refused(scene: Scene) -> None:
    verdict = scene.ask(scene.valid, *[p.honest] * 3, quorum=Quorum(agree=1))
    assert verdict.code == "anchor.too_few_nodes"
    assert scene.ask(scene.valid, *[p.honest] * 3, quorum=Quorum(agree=3)).outcome == "valid"
    lied = scene.ask(scene.valid, p.honest, p.honest, LIES[0][1], quorum=Quorum(agree=3))
    assert lied.code == "anchor.disagreement"


def test_what_was_final_too_long_ago_is_stale(scene: Scene) -> None:
    verdict = scene.ask(scene.valid, p.honest, p.honest, later=timedelta(hours=2))
    assert (verdict.outcome, verdict.code) == ("indeterminate", "status.stale")
    revoked = scene.ask(scene.revoked, p.honest, p.honest, later=timedelta(hours=2))
    assert revoked.code == "status.revoked"


def test_one_of_three_nodes_that_lags_or_runs_ahead_changes_nothing(scene: Scene) -> None:
    head = scene.house.chain.w3.eth.block_number
    for number in (1, head - 5, head + 1000, (1 << 255)):
        lags = p.block_of("finalized", number=hex(number))
        assert scene.ask(scene.valid, p.honest, lags, p.honest).outcome == "valid"


def test_a_node_that_lags_behind_the_anchor_never_makes_it_valid(scene: Scene) -> None:
    for number in (0, 1, 2):
        lags = p.block_of("finalized", number=hex(number))
        for manners in ([lags], [p.honest, lags]):
            assert scene.ask(scene.valid, *manners).outcome == "indeterminate"


def test_an_anchor_that_is_not_final_yet_is_told_so(
    scene: Scene, tmp_path: Path, still_chain: StillChain
) -> None:
    house = House.found(tmp_path / "registry.db", still_chain)
    house.issue(["ada"])
    store, port = house.anchoring(), house.port()
    worker_round(store, port, lambda: 0, seal_now=True)
    still_chain.mine()
    (stored,) = house.issuance().credentials()
    early = Exporter(house.issuance(), house.account).complete(replace(stored, anchored=True))
    verdict = Scene(house, b"", b"", b"", scene.nodes).ask(
        json.dumps(early).encode(), p.honest, p.honest
    )
    assert (verdict.outcome, verdict.code) == ("indeterminate", "anchor.not_final")


def test_without_any_node_nothing_is_known(scene: Scene) -> None:
    assert read_evidence([], questions(scene.valid)) == Evidence()
    at = from_seconds(scene.house.chain.time)
    trusting = Policy(at=at, trust=(scene.house.trust,), quorum=Quorum(trust_one_node=True))
    assert verify(scene.valid, Evidence(), trusting).code == "anchor.unreachable"


def test_a_node_that_is_down_is_told_by_its_name(scene: Scene) -> None:
    with p.running("127.0.0.5", scene.house.chain.url) as gone:
        url = gone.url
    evidence = read_evidence([Node(url)], questions(scene.valid))
    assert evidence.nodes[0].host == "127.0.0.5"
    assert "cannot be reached" in (evidence.nodes[0].problem or "")


def test_too_large_an_answer_is_not_held(scene: Scene) -> None:
    tracemalloc.start()
    scene.ask(scene.valid, p.packed)
    scene.ask(scene.valid, p.endless)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # The node shares this process, and packs its bomb in it: 64 MiB twice over.
    assert peak < 200 << 20


def test_more_nodes_than_anybody_needs_are_not_asked(scene: Scene) -> None:
    many = [Node(f"http://127.0.0.9:{port}") for port in range(1, MAX_NODES + 5)]
    assert len(read_evidence(many, questions(scene.valid)).nodes) == MAX_NODES


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:8545", "ftp://x", "http://", "http://[bad", "ws://x", "file:///x"]
)
def test_what_is_no_address_of_a_node_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument):
        parse_node(url)


def test_an_address_with_an_impossible_port_is_a_problem_of_that_node(scene: Scene) -> None:
    for url in ("http://127.0.0.1:99999", "http://127.0.0.1:x"):
        evidence = read_evidence([parse_node(url)], questions(scene.valid))
        assert evidence.nodes[0].problem


@pytest.mark.parametrize("value", [None, 5, "5", "0x", "0xg", "0x-1", "", "0x" + "0" * 65, True])
def test_what_is_no_quantity_is_rubbish(value: Any) -> None:
    with pytest.raises(NodeProblem):
        quantity(value)


@pytest.mark.parametrize("value", [None, 5, [], {}, {"number": "0x1"}])
def test_what_is_no_block_is_rubbish(value: Any) -> None:
    with pytest.raises(NodeProblem):
        block(value)


def test_the_pages_asked_hide_which_credential_is_meant(scene: Scene) -> None:
    seen: list[str] = []

    def overhear(call: dict[str, Any], _answer: dict[str, Any]) -> None:
        if call["method"] == "eth_call":
            seen.append(call["params"][0]["data"])

    scene.ask(scene.valid, p.changing(overhear))
    first = list(seen)
    seen.clear()
    scene.ask(scene.revoked, p.changing(overhear))
    assert first == seen
    assert int(first[0][-64:], 16) == WORDS_PER_CALL


def test_an_answer_of_other_length_than_asked_for_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        status_words_answer(b"", 0, 1)


@pytest.mark.parametrize(
    "name",
    [
        *("127.0.0.1", "LOCALHOST", "localhost.", "[::1]", "[::ffff:127.0.0.1]"),
        *("127.1", "2130706433", "0x7f000001", "0177.0.0.1"),
    ],
)
def test_one_address_is_one_host_however_it_is_spelt(name: str) -> None:
    """Or a liar would have as many votes as its address has spellings."""
    assert parse_node(f"http://{name}:8545").host == "127.0.0.1"


@pytest.mark.parametrize("name", ["a.example", "10.0.0.1", "127.0.0.2", "[2001:db8::1]"])
def test_other_hosts_are_others(name: str) -> None:
    assert parse_node(f"http://{name}:8545").host == name.strip("[]")


@pytest.mark.parametrize("name", [".example", f"{'a' * 64}.example", "xn--a"])
def test_a_name_that_no_resolver_takes_is_a_node_that_is_silent(name: str) -> None:
    (node,) = read_evidence([parse_node(f"http://{name}")], ()).nodes
    assert (node.chain_id, bool(node.problem)) == (None, True)
