"""One budget of work for all that one verification canonicalises: outside data cannot multiply it.

A proof of a chain is made over the document and the proofs before it, so that each proof may ask
for the document anew; without a budget sixteen of them would cost sixteen times the limits.
"""

from typing import Final

from .errors import Refusal

# pyoxigraph takes some 25 us for an object and 110 us for each of its types, whose contexts it
# reads anew each time, and up to 400 us where they nest fifty deep: 6,000 objects of one type each
# are two seconds at worst. A thousand results, each with three alignments, are two thirds of it.
MAX_OBJECTS: Final = 30_000
TYPE_COST: Final = 4
# Up to 3 ms each, so half a second at worst. Sixteen chained proofs under three
# contexts name 96; a document alone may have 64 (`contexts.MAX_CONTEXTS`).
MAX_CONTEXTS_READ: Final = 128
# Some 12 us each from text to name, so a second in all; a credential with a thousand results, each
# with three alignments, has 16,000.
MAX_QUADS: Final = 100_000
# One unit is one quad looked at, one place of an order tried, or one name copied, in Hash N-Degree
# Quads: some 3 us. The vectors of the W3C take up to 5,100, but for the clique of ten that it
# wants refused; 10,000 equal objects under one parent 20,000. Poison grows so fast that the limit's
# height matters little: seven alike below each of two alike take 160,000, eight 1,500,000.
MAX_WORK: Final = 100_000
# JCS that only its slower writer writes (fractions, keys beyond ASCII) takes up to 0.45 us a byte:
# a second in all, for twice the largest document.
MAX_SLOW_BYTES: Final = 1 << 21


class Budget:
    """What is left of each limit; raises `Refusal` at `format` with `too_large` beyond one.

    `share` is the part of each limit that is there to spend, as 8 for an eighth.
    """

    def __init__(self, share: int = 1) -> None:
        self._objects = MAX_OBJECTS // share
        self._contexts = MAX_CONTEXTS_READ // share
        self._quads = MAX_QUADS // share
        self._work = MAX_WORK // share
        self._slow_bytes = MAX_SLOW_BYTES // share

    def spend_objects(self, objects: int, types: int) -> None:
        """Before JSON-LD reads so many objects with so many types in all."""
        self._objects -= objects + TYPE_COST * types
        if self._objects < 0:
            raise _too_large(f"{objects} more objects and their {types} types")

    def spend_contexts(self, contexts: int) -> None:
        """Before JSON-LD reads so many contexts, each counted where it stands."""
        self._contexts -= contexts
        if self._contexts < 0:
            raise _too_large(f"more than {MAX_CONTEXTS_READ} contexts to read")

    def spend_quads(self, quads: int) -> None:
        """For each quad that is read."""
        self._quads -= quads
        if self._quads < 0:
            raise _too_large(f"more than {MAX_QUADS} quads")

    def spend_work(self, units: int) -> None:
        """For units of Hash N-Degree Quads."""
        self._work -= units
        if self._work < 0:
            raise _too_large("too many objects that only their places tell apart")

    def spend_slow_bytes(self, count: int) -> None:
        """After JCS was written by its slower writer."""
        self._slow_bytes -= count
        if self._slow_bytes < 0:
            raise _too_large(f"more than {MAX_SLOW_BYTES} bytes of JSON with fractions")


def _too_large(detail: str) -> Refusal:
    return Refusal("format", "too_large", detail)
