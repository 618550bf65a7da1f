"""What a verifier read, of the chain and elsewhere: a verdict is a pure function of it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from .contract import StatusWord
from .errors import Refusal
from .keys import Account
from .times import MAX_SECONDS

# A chain for trying: one node of one's own is the whole network there.
DEV_CHAIN_ID: Final = 31337
MIN_NODES: Final = 2
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Question:
    """One batch of one account, and the status word (256 credentials) that is wanted of it."""

    account: Account
    root: bytes
    word: int


@dataclass(frozen=True)
class Block:
    """A block of a chain: its number, its hash (32 bytes) and its time."""

    number: int
    hash: bytes
    time: int  # seconds since 1970, the chain's


@dataclass(frozen=True)
class View:
    """One block as a node showed it: the registry's code hash there, and the answers."""

    block: Block
    code_hash: bytes
    answers: Mapping[Question, StatusWord] = field(hash=False)


@dataclass(frozen=True)
class NodeReading:
    """All that one node said; `problem` tells why there is nothing."""

    host: str
    chain_id: int | None = None
    finalized: View | None = None
    latest: View | None = None
    problem: str | None = None


@dataclass(frozen=True)
class Document:
    """What stood at an address that the credential names: its bytes, or why there are none."""

    url: str
    read_at: datetime
    body: bytes | None = field(default=None, repr=False)
    problem: str = ""


@dataclass(frozen=True)
class Evidence:
    """The readings of every node that was asked, the silent ones too, and of every document.

    A document is attested, not proved: it counts because the verifier read it.
    """

    nodes: tuple[NodeReading, ...] = ()
    documents: tuple[Document, ...] = ()

    def document(self, url: str) -> Document:
        """What was read at `url`; what was not read has no body, and says so."""
        read = (document for document in self.documents if document.url == url)
        return next(read, Document(url, NEVER, problem="was not read"))


@dataclass(frozen=True)
class Quorum:
    """How many nodes, on distinct hosts, must say the same (formats: Evidence, k of n)."""

    agree: int | None = None
    trust_one_node: bool = False
    accept_dev_chain: bool = False

    def required(self, chain_id: int, hosts: int) -> int:
        """k for `hosts` distinct hosts; raises `Refusal` at `anchor` with `too_few_nodes`."""
        alone = self.trust_one_node or (chain_id == DEV_CHAIN_ID and self.accept_dev_chain)
        if hosts < MIN_NODES and not alone:
            raise Refusal(
                "anchor",
                "too_few_nodes",
                f"{hosts} distinct node(s) asked, want at least {MIN_NODES}",
            )
        majority = hosts // 2 + 1
        wanted = majority if self.agree is None else self.agree
        if not majority <= wanted <= max(hosts, majority):
            raise Refusal(
                "anchor", "too_few_nodes", f"{wanted} of {hosts} cannot agree by a majority"
            )
        return wanted


_Vote = tuple[Block, bytes, StatusWord]


@dataclass(frozen=True)
class Agreed:
    """One answer that enough nodes gave for one block."""

    block: Block
    code_hash: bytes
    word: StatusWord
    hosts: tuple[str, ...]


def agreed(evidence: Evidence, question: Question, *, finalized: bool, quorum: Quorum) -> Agreed:
    """The answer to `question` that k of n distinct hosts share, at the finalised or newest block.

    Raises `Refusal` at `anchor`: `too_few_nodes`, `unreachable`, `disagreement`.
    """
    chain_id = question.account.chain_id
    hosts = {node.host for node in evidence.nodes}
    wanted = quorum.required(chain_id, len(hosts))
    said: defaultdict[str, set[_Vote]] = defaultdict(set)
    for node in evidence.nodes:
        vote = _vote(node.finalized if finalized else node.latest, question)
        if node.chain_id == chain_id and vote is not None:
            said[node.host].add(vote)
    if len(said) < wanted:
        raise Refusal("anchor", "unreachable", _silence(evidence, chain_id, wanted))
    # A host that contradicts itself has no vote.
    votes = {host: vote for host, (vote, *others) in said.items() if not others}
    chosen, count = next(iter(Counter(votes.values()).most_common(1)), (None, 0))
    if chosen is None or count < wanted:
        raise Refusal(
            "anchor", "disagreement", f"at most {count} of {len(hosts)} nodes agree, want {wanted}"
        )
    return Agreed(*chosen, hosts=tuple(sorted(h for h, v in votes.items() if v == chosen)))


def _vote(view: View | None, question: Question) -> _Vote | None:
    """What a view says to `question`; times that no calendar names are no answer."""
    if view is None or question not in view.answers:
        return None
    word = view.answers[question]
    readable = all(0 <= time <= MAX_SECONDS for time in (view.block.time, *word.batch.times))
    return (view.block, view.code_hash, word) if readable else None


def _silence(evidence: Evidence, chain_id: int, wanted: int) -> str:
    reasons = [f"{node.host}: {_why_silent(node, chain_id)}" for node in evidence.nodes]
    told = "; ".join(reasons) or "no node was asked"
    return f"chain {chain_id} was not read by {wanted} node(s) ({told})"


def _why_silent(node: NodeReading, chain_id: int) -> str:
    if node.problem:
        return node.problem
    return "answered" if node.chain_id == chain_id else f"is on chain {node.chain_id}"
