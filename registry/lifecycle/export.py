"""One file per credential: with its signature and, once that is final, its anchor proof."""

import json
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from registry.core import anchor, merkle
from registry.core.contract import REGISTRY
from registry.core.document import JsonObject
from registry.core.keys import Account
from registry.store.issuance import Issuance, Stored

# Neighbours share tiles: a path in 16 million leaves reads three.
TILES_KEPT: Final = 64


class NotAnchored(Exception):
    """The credential's batch is not final yet."""


class Exporter:
    """Completes stored credentials of one issuer with their anchor proofs."""

    def __init__(self, store: Issuance, account: Account) -> None:
        self._account = account
        self._tile = lru_cache(TILES_KEPT)(store.tile)

    def complete(self, stored: Stored) -> JsonObject:
        """The credential with all its proofs; raises `NotAnchored` before the batch is final."""
        if not stored.anchored:
            raise NotAnchored(f"urn:uuid:{stored.uuid} is not anchored yet")
        document: JsonObject = json.loads(stored.body)
        proof = anchor.encode(
            anchor.Anchor(
                account=self._account,
                created=document["proof"][0]["created"],
                registry=REGISTRY.address,
                size=stored.size,
                index=stored.position,
                path=self._path(stored),
            )
        )
        return {**document, "proof": [*document["proof"], proof]}

    def _path(self, stored: Stored) -> tuple[bytes, ...]:
        return merkle.path_from_tiles(
            stored.size,
            stored.position,
            lambda level, number: self._tile(stored.batch_id, level, number),
        )


def write_credentials(
    exporter: Exporter, credentials: Iterable[Stored], folder: Path, *, unanchored: bool = False
) -> Iterator[Path | None]:
    """Write each credential to `folder`/<uuid>.json; yields the path, or `None` where it waits.

    With `unanchored`, one whose anchor is not final is written with its signature only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stored in credentials:
        if not stored.anchored and not unanchored:
            yield None
            continue
        document = exporter.complete(stored) if stored.anchored else json.loads(stored.body)
        path = folder / f"{stored.uuid}.json"
        _write_whole(path, json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        yield path


def _write_whole(path: Path, text: str) -> None:
    """A reader sees the old file or the new one, never a part."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
