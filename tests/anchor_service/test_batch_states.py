"""The state machine of a transaction, over everything that a chain can say."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anchor_service.batch import ENDED, PENDING, Observation, SealingPolicy, State, next_state

NOT_MINED = None
FINALIZED = 10
OBSERVATIONS = [
    Observation(included, succeeded=ok, finalized=FINALIZED, nonce_passed=passed)
    for included, ok, passed in product(
        (NOT_MINED, FINALIZED - 1, FINALIZED, FINALIZED + 1), (True, False), (True, False)
    )
]


@pytest.mark.parametrize("state", ENDED)
@pytest.mark.parametrize("seen", OBSERVATIONS)
def test_what_has_ended_stays_as_it_is(state: State, seen: Observation) -> None:
    assert next_state(state, seen) is state


@pytest.mark.parametrize("state", PENDING)
@pytest.mark.parametrize("seen", OBSERVATIONS)
def test_a_pending_transaction_goes_where_the_chain_says(state: State, seen: Observation) -> None:
    after = next_state(state, seen)
    if seen.included_in is None:
        assert after is (State.FAILED if seen.nonce_passed else State.SENT)
    elif seen.included_in > FINALIZED:
        assert after is State.MINED
    else:
        assert after is (State.FINAL if seen.succeeded else State.FAILED)


def test_every_state_either_has_ended_or_is_pending() -> None:
    assert set(PENDING) | ENDED == set(State)
    assert not set(PENDING) & ENDED


@pytest.mark.parametrize("state", PENDING)
def test_nothing_ends_before_a_final_block_shows_it(state: State) -> None:
    for seen in OBSERVATIONS:
        if next_state(state, seen) in ENDED:
            assert seen.nonce_passed if seen.included_in is None else seen.included_in <= FINALIZED


@given(
    size=st.integers(0, 20),
    count=st.integers(1, 20),
    age=st.none() | st.integers(0, 20),
    opened=st.integers(0, 20),
    waited=st.integers(0, 20),
)
def test_a_batch_is_sealed_by_count_or_by_age_and_never_empty(
    size: int, count: int, age: int | None, opened: int, waited: int
) -> None:
    seals = SealingPolicy(count, age).seals(size, opened, opened + waited)
    assert seals == (size > 0 and (size >= count or (age is not None and waited >= age)))
