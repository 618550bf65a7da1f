"""One file per credential: with its signature and, once that is final, its anchor proof.

Beside it, if asked for, a picture that carries the same credential.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from registry.core import anchor, merkle
from registry.core.contract import REGISTRY
from registry.core.document import JsonObject
from registry.core.keys import Account
from registry.store.issuance import Issuance, Stored
from registry.whole_files import write_whole

from .badges import as_file
from .pictures import Pictures

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


@dataclass(frozen=True)
class Exported:
    """What was written of one credential: no `file` while it waits, a `picture` if it has one."""

    file: Path | None
    picture: Path | None = None


def write_credentials(
    exporter: Exporter,
    credentials: Iterable[Stored],
    folder: Path,
    *,
    unanchored: bool = False,
    pictures: Pictures | None = None,
) -> Iterator[Exported]:
    """Write each credential to `folder`/<uuid>.json, and with `pictures` its picture beside it.

    One whose anchor is not final waits; with `unanchored` it is written with its signature only.
    Raises `Refusal` for a picture that cannot carry its credential.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stored in credentials:
        if not stored.anchored and not unanchored:
            yield Exported(None)
            continue
        document = exporter.complete(stored) if stored.anchored else json.loads(stored.body)
        baked = pictures.baked(document) if pictures else None
        file = folder / f"{stored.uuid}.json"
        write_whole(file, as_file(document))
        if baked is None:
            yield Exported(file)
            continue
        ending, image = baked
        write_whole(file.with_suffix(f".{ending}"), image)
        yield Exported(file, file.with_suffix(f".{ending}"))
