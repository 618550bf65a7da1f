"""step(store, chain, clock): one round of anchoring, safe to repeat and to kill at any point.

What a round does is decided by what is stored and what the chain shows; nothing is remembered
between rounds. A transaction's signed bytes are stored before anybody sees them, so a restart
sends the same bytes again instead of signing others.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from registry.core import merkle
from registry.core.contract import WORD_BITS
from registry.core.contract import Batch as AnchoredBatch
from registry.store.anchoring import Anchoring, Batch, Change, SignedTransaction, Transaction

from .batch import PENDING, Observation, SealingPolicy, State, next_state

# At about 23,000 gas a word this stays below a transaction's limit of 16,777,216 (EIP-7825).
MAX_PATCHES: Final = 600

Clock = Callable[[], int]


class Chain(Protocol):
    """The chain as one issuer's sending key meets it."""

    def next_nonce(self) -> int:
        """The nonce that the newest block leaves free."""
        ...

    def may(self, kind: str) -> bool:
        """Whether the sending key may `anchor`, `revoke`, `suspend` or `reinstate`, now."""
        ...

    def batch(self, root: bytes) -> AnchoredBatch:
        """The contract's record of the issuer's `root`, all zero when it is not anchored."""
        ...

    def anchoring_transaction(self, root: bytes) -> bytes:
        """The hash of the transaction that anchored `root`, which is anchored."""
        ...

    def sign_anchor(self, root: bytes, size: int, nonce: int) -> SignedTransaction: ...

    def sign_status(
        self, root: bytes, kind: str, patches: Sequence[tuple[int, int]], nonce: int
    ) -> SignedTransaction: ...

    def send(self, raw: bytes) -> None:
        """Hand the bytes to a node; that it has them already is no error."""
        ...

    def observe(self, transaction_hash: bytes, nonce: int) -> Observation: ...


@dataclass(frozen=True)
class Progress:
    """What a round did, for people.

    `pending` is how much is still under way. `refused` says what the sending key may not send, and
    what to do: it stays stored, and each round tries it again.
    """

    events: tuple[str, ...]
    pending: int
    refused: tuple[str, ...] = ()


def step(
    store: Anchoring,
    chain: Chain,
    clock: Clock,
    policy: SealingPolicy | None = None,
    *,
    seal_now: bool = False,
) -> Progress:
    """One round for one issuer: seal, build, sign, send, follow."""
    events = [*_seal(store, clock(), policy or SealingPolicy(), seal_now=seal_now), *_build(store)]
    # What one of them may not send must not keep the other from going.
    changed, kept_changes = _sign_changes(store, chain, clock())
    anchored, kept_batches = _sign_anchors(store, chain, clock())
    events += changed + anchored
    for transaction in store.transactions(PENDING):
        events += _follow(store, chain, transaction)
    waiting = [*store.batches("sealed"), *store.batches_without_transaction()]
    pending = [
        *store.transactions(PENDING),
        *(batch for batch in waiting if batch.id not in kept_batches),
        *(change for change in store.pending_changes() if change.credential_id not in kept_changes),
    ]
    refused = _told(kept_changes, "status change") + _told(kept_batches, "batch")
    return Progress(tuple(events), len(pending), tuple(refused))


def seal_all(store: Anchoring, now: int) -> list[str]:
    """Seal what is open and build its tree, for whoever anchors it; what was done."""
    return [*_seal(store, now, SealingPolicy(), seal_now=True), *_build(store)]


def _told(kept: Mapping[int, str], thing: str) -> list[str]:
    """One sentence for each role that is missing."""
    counts = Counter(kept.values())
    return [f"{thing} not sent ({counts[kind]} such): {lacking(kind)}" for kind in sorted(counts)]


def lacking(kind: str) -> str:
    """What is missing when the sending key may not do `kind`, and what to do."""
    return f"the sending key may not {kind} for this issuer: give it the role {kind.upper()}"


def _seal(store: Anchoring, now: int, policy: SealingPolicy, *, seal_now: bool) -> list[str]:
    due = [
        batch
        for batch in store.batches("open")
        if batch.size and (seal_now or policy.seals(batch.size, batch.opened_at, now))
    ]
    for batch in due:
        store.seal(batch.id)
    return [f"batch {batch.id}: sealed, size {batch.size}" for batch in due]


def _build(store: Anchoring) -> list[str]:
    events = []
    for batch in store.batches("sealed"):
        tree = merkle.levels(store.leaves(batch.id))
        store.store_tree(batch.id, tree[-1][0], merkle.tiles(tree))
        events.append(f"batch {batch.id}: root {tree[-1][0].hex()}")
    return events


def _sign_anchors(store: Anchoring, chain: Chain, now: int) -> tuple[list[str], dict[int, str]]:
    """What was done; and by their ids the batches that wait for a role, with its name."""
    events, kept = [], {}
    for batch in store.batches_without_transaction():
        event = _sign_anchor(store, chain, batch, now)
        if event is None:
            kept[batch.id] = "anchor"
        else:
            events.append(event)
    return events, kept


def _sign_anchor(store: Anchoring, chain: Chain, batch: Batch, now: int) -> str | None:
    """What was done; `None` when the sending key may not anchor."""
    root = batch.root or b""
    if chain.batch(root).anchored_at:
        # An earlier life of this registry anchored it: follow that transaction to its end.
        found = chain.anchoring_transaction(root)
        store.add_anchor(SignedTransaction(0, found, b""), batch.id, now)
        return f"batch {batch.id}: found on chain in {found.hex()}"
    if not chain.may("anchor"):
        return None
    signed = chain.sign_anchor(root, batch.size, _next_nonce(store, chain))
    store.add_anchor(signed, batch.id, now)
    return f"batch {batch.id}: signed {signed.hash.hex()}"


def _sign_changes(store: Anchoring, chain: Chain, now: int) -> tuple[list[str], dict[int, str]]:
    """What was done; and by their ids the credentials whose changes wait for a role."""
    events: list[str] = []
    kept: dict[int, str] = {}
    while carried := _together([c for c in store.pending_changes() if c.credential_id not in kept]):
        kind = permitted(chain, carried[0].kind)
        if kind is None:
            kept |= {change.credential_id: change.kind for change in carried}
            continue
        masks = patches(change.position for change in carried)
        signed = chain.sign_status(carried[0].root, kind, masks, _next_nonce(store, chain))
        store.add_status(signed, carried, kind, now)
        batch = carried[0].root.hex()[:8]
        events.append(f"{kind} {len(carried)} of batch {batch}…: signed {signed.hash.hex()}")
    return events, kept


def _together(changes: Sequence[Change]) -> list[Change]:
    """The changes that one transaction can carry with the first: same batch, same kind.

    A credential with an earlier change of another kind waits: order is kept per credential.
    """
    if not changes:
        return []
    root, kind = changes[0].root, changes[0].kind
    blocked: set[int] = set()
    words: set[int] = set()
    carried = []
    for change in changes:
        fits = change.position // WORD_BITS in words or len(words) < MAX_PATCHES
        alike = change.root == root and change.kind == kind
        if alike and fits and change.credential_id not in blocked:
            carried.append(change)
            words.add(change.position // WORD_BITS)
        else:
            blocked.add(change.credential_id)
    return carried


def patches(positions: Iterable[int]) -> list[tuple[int, int]]:
    """(word, mask) pairs that cover `positions`, in the order of the words."""
    masks: dict[int, int] = {}
    for position in positions:
        word, bit = divmod(position, WORD_BITS)
        masks[word] = masks.get(word, 0) | 1 << bit
    return sorted(masks.items())


def permitted(chain: Chain, kind: str) -> str | None:
    """`kind` if the sending key may make it, or a suspension in place of a revocation."""
    if chain.may(kind):
        return kind
    return "suspend" if kind == "revoke" and chain.may("suspend") else None


def _next_nonce(store: Anchoring, chain: Chain) -> int:
    own = [transaction.nonce + 1 for transaction in store.transactions(PENDING) if transaction.raw]
    return max([chain.next_nonce(), *own])


def _follow(store: Anchoring, chain: Chain, transaction: Transaction) -> list[str]:
    if transaction.state == State.SIGNED and transaction.raw:
        chain.send(transaction.raw)
    seen = chain.observe(transaction.hash, transaction.nonce)
    if not transaction.raw and seen.included_in is None:
        # Found on the chain once, and gone: bytes that we never had cannot be sent again.
        store.advance(transaction, State.FAILED, None, "no longer on the chain")
        return [f"transaction {transaction.hash.hex()}: no longer on the chain"]
    state = next_state(State(transaction.state), seen)
    if state is State.SENT and transaction.state != State.SIGNED:
        chain.send(transaction.raw)
    if state == transaction.state and seen.included_in == transaction.block_number:
        return []
    note = _why_failed(seen) if state is State.FAILED else ""
    store.advance(transaction, state, seen.included_in, note)
    return [f"transaction {transaction.hash.hex()}: {state}{note and ', '}{note}"]


def _why_failed(seen: Observation) -> str:
    return "the nonce was used by another transaction" if seen.included_in is None else "reverted"
