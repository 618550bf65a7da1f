"""k of n: how many nodes on distinct hosts must say the same."""

from dataclasses import replace
from datetime import timedelta

import pytest

from registry.core.errors import Refusal
from registry.core.evidence import DEV_CHAIN_ID, Evidence, NodeReading, Question, Quorum, agreed

from .anchored_badges import (
    ACCOUNT,
    BATCH_REVOKED,
    CLEAN,
    DEV_ACCOUNT,
    HOSTS,
    REVOKED,
    view,
)

QUESTION = Question(ACCOUNT, bytes(32), 1)
OTHER_QUESTION = Question(ACCOUNT, bytes(32), 2)


def node(host: str = HOSTS[0], word: object = CLEAN, *, chain_id: int = 11155111) -> NodeReading:
    shown = view([QUESTION], word)  # type: ignore[arg-type]
    return NodeReading(host, chain_id, shown, shown)


def ask(*nodes: NodeReading, finalized: bool = True, **quorum: object) -> tuple[str, ...] | str:
    """The hosts that agreed, or the code of the refusal."""
    try:
        answer = agreed(
            Evidence(nodes),
            QUESTION,
            finalized=finalized,
            quorum=Quorum(**quorum),  # type: ignore[arg-type]
        )
    except Refusal as refusal:
        return refusal.code if refusal.step == "anchor" else f"at {refusal.step}"
    assert answer.word == CLEAN
    return answer.hosts


ONE, TWO, THREE = (node(host) for host in HOSTS)
SILENT = NodeReading(HOSTS[2], problem="connection refused")


def test_agreeing_nodes_are_named() -> None:
    assert ask(TWO, ONE) == tuple(sorted(HOSTS[:2]))
    assert ask(THREE, TWO, ONE) == tuple(sorted(HOSTS))


def test_nobody_asked_is_too_few() -> None:
    assert ask() == "too_few_nodes"


def test_one_node_is_too_few_unless_it_is_trusted() -> None:
    assert ask(ONE) == "too_few_nodes"
    assert ask(ONE, trust_one_node=True) == (HOSTS[0],)


def test_one_host_asked_twice_counts_once() -> None:
    assert ask(ONE, ONE, ONE) == "too_few_nodes"
    assert ask(ONE, ONE, SILENT) == "unreachable"
    assert ask(ONE, ONE, SILENT, agree=2) == "unreachable"


def test_one_host_cannot_outvote_the_others_by_answering_twice() -> None:
    liar = node(HOSTS[0], REVOKED)
    assert ask(liar, liar, liar, TWO, THREE) == tuple(sorted((HOSTS[1], HOSTS[2])))


def test_one_liar_of_three_changes_nothing_and_two_of_three_are_a_disagreement_or_worse() -> None:
    liar = node(HOSTS[2], REVOKED)
    assert ask(ONE, TWO, liar) == tuple(sorted(HOSTS[:2]))
    assert ask(ONE, TWO, liar, agree=3) == "disagreement"
    assert ask(ONE, node(HOSTS[1], BATCH_REVOKED), liar) == "disagreement"


def test_two_nodes_must_both_agree() -> None:
    assert ask(ONE, node(HOSTS[1], REVOKED)) == "disagreement"
    assert ask(ONE, replace(SILENT, host=HOSTS[1])) == "unreachable"


def test_a_silent_node_of_three_is_borne_two_are_not() -> None:
    assert ask(ONE, TWO, SILENT) == tuple(sorted(HOSTS[:2]))
    assert ask(ONE, replace(SILENT, host=HOSTS[1]), SILENT) == "unreachable"


def test_silence_is_counted_against_the_majority() -> None:
    """Two of five are no majority, though nobody contradicts them."""
    silent = [NodeReading(f"silent{n}.example", problem="time out") for n in range(3)]
    assert ask(ONE, TWO, *silent) == "unreachable"


@pytest.mark.parametrize("agree", [-1, 0, 1, 4])
def test_a_quorum_that_is_no_majority_or_cannot_be_met_is_refused(agree: int) -> None:
    assert ask(ONE, TWO, THREE, agree=agree) == "too_few_nodes"


def test_a_larger_quorum_may_be_asked_for() -> None:
    assert set(ask(ONE, TWO, THREE, agree=3)) == set(HOSTS)
    assert ask(ONE, TWO, SILENT, agree=3) == "unreachable"


def test_a_node_of_another_chain_does_not_count() -> None:
    assert ask(ONE, node(HOSTS[1], chain_id=1), node(HOSTS[2], chain_id=1)) == "unreachable"
    assert ask(node(chain_id=1), trust_one_node=True) == "unreachable"


def test_an_answer_to_another_question_does_not_count() -> None:
    other = view([OTHER_QUESTION])
    assert ask(ONE, NodeReading(HOSTS[1], 11155111, other, other)) == "unreachable"


def test_the_same_words_for_different_blocks_or_code_are_a_disagreement() -> None:
    older = view([QUESTION], age=timedelta(hours=1))
    assert ask(ONE, NodeReading(HOSTS[1], 11155111, older, older)) == "disagreement"
    foreign = view([QUESTION], code_hash=bytes(32))
    assert ask(ONE, NodeReading(HOSTS[1], 11155111, foreign, foreign)) == "disagreement"


def test_finalised_and_newest_views_are_kept_apart() -> None:
    only_latest = [replace(reading, finalized=None) for reading in (ONE, TWO)]
    assert ask(*only_latest) == "unreachable"
    assert ask(*only_latest, finalized=False) == tuple(sorted(HOSTS[:2]))


def test_a_dev_chain_is_believed_alone_only_where_dev_chains_are_accepted() -> None:
    question = Question(DEV_ACCOUNT, bytes(32), 0)
    shown = view([question])
    evidence = Evidence((NodeReading(HOSTS[0], DEV_CHAIN_ID, shown, shown),))
    with pytest.raises(Refusal, match="too_few_nodes"):
        agreed(evidence, question, finalized=True, quorum=Quorum())
    accepting = Quorum(accept_dev_chain=True)
    assert agreed(evidence, question, finalized=True, quorum=accepting).hosts == HOSTS[:1]
    assert ask(ONE, accept_dev_chain=True) == "too_few_nodes"


def test_a_refusal_tells_which_node_said_what() -> None:
    evidence = Evidence((SILENT, node(HOSTS[1], chain_id=1)))
    with pytest.raises(Refusal) as caught:
        agreed(evidence, QUESTION, finalized=True, quorum=Quorum())
    assert "three.example: connection refused" in caught.value.detail
    assert "two.example: is on chain 1" in caught.value.detail
