"""The one call that a verifier makes, against the Ethereum project's own codec."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from registry.core.contract import Batch, StatusWord, status_words_answer, status_words_call
from registry.core.errors import InvalidArgument

BATCH = "(uint40,uint32,uint40,uint32,uint40,uint32,uint32,uint8)"
WIDTHS = (40, 32, 40, 32, 40, 32, 32, 8)
words = st.integers(0, (1 << 256) - 1)
batches = st.tuples(*(st.integers(0, (1 << width) - 1) for width in WIDTHS))


def answer(fields: tuple[int, ...], lanes: list[tuple[int, int]]) -> bytes:
    return encode([BATCH, "uint256[2][]"], [fields, lanes])


@given(st.binary(min_size=20, max_size=20), st.binary(min_size=32, max_size=32), words, words)
def test_the_call_is_what_the_codec_writes(
    issuer: bytes, root: bytes, start: int, count: int
) -> None:
    kinds = ["address", "bytes32", "uint256", "uint256"]
    written = encode(kinds, [issuer, root, start, count])
    assert status_words_call(issuer, root, start, count)[4:] == written


@given(batches, st.lists(st.tuples(words, words), max_size=4), st.integers(0, 3))
def test_an_answer_comes_back_with_zeros_past_its_end(
    fields: tuple[int, ...], lanes: list[tuple[int, int]], start: int
) -> None:
    size = 256 * (start + len(lanes))
    whole = (*fields[:5], size, *fields[6:])
    read = status_words_answer(answer(whole, lanes), start, len(lanes) + 2)
    padded = [*lanes, (0, 0), (0, 0)]
    assert read == [StatusWord(Batch(*whole), *pair) for pair in padded]


GOOD = answer((1, 2, 3, 4, 5, 300, 7, 0), [(8, 9), (10, 11)])


def with_word(number: int, value: int) -> bytes:
    return GOOD[: 32 * number] + value.to_bytes(32, "big") + GOOD[32 * number + 32 :]


BROKEN = {
    "nothing": b"",
    "a batch alone": GOOD[:256],
    "a byte less": GOOD[:-1],
    "a byte more": GOOD + b"\0",
    "a word more": GOOD + bytes(32),
    "a lane missing": GOOD[:-32],
    "a longer count": with_word(9, 3),
    "another offset": with_word(8, 0x140),
    "an offset far away": with_word(8, 1 << 255),
    "a count beyond memory": with_word(9, 1 << 255),
    "a time that is too wide": with_word(0, 1 << 40),
    "flags that are too wide": with_word(7, 1 << 8),
    "a size without its words": with_word(5, 513),
    "a size with words too many": with_word(5, 256),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_the_contract_never_answers_is_refused(data: bytes) -> None:
    assert len(status_words_answer(GOOD, 0, 3)) == 3
    with pytest.raises(InvalidArgument):
        status_words_answer(data, 0, 3)


@given(st.binary(max_size=500))
def test_any_bytes_are_an_answer_or_refused(data: bytes) -> None:
    try:
        read = status_words_answer(data, 0, 2)
    except InvalidArgument:
        return
    assert len(read) == 2
