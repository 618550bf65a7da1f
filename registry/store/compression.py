"""Credentials as they lie in the database: zstd, with a dictionary trained on the first of them."""

from collections.abc import Sequence
from typing import Final

import zstandard

from registry.core.document import MAX_DOCUMENT_BYTES

LEVEL: Final = 3
DICTIONARY_BYTES: Final = 16 << 10
# Below this the trainer finds too little in common to be worth a dictionary.
SAMPLES_FOR_DICTIONARY: Final = 100


def train(samples: Sequence[bytes]) -> bytes | None:
    """A dictionary of what `samples` have in common; none when they are too few or too alike."""
    if len(samples) < SAMPLES_FOR_DICTIONARY:
        return None
    try:
        return zstandard.train_dictionary(DICTIONARY_BYTES, list(samples)).as_bytes()
    except zstandard.ZstdError:
        return None


class Codec:
    """Compresses and decompresses with one dictionary, or with none."""

    def __init__(self, dictionary: bytes | None) -> None:
        data = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
        self._compressor = zstandard.ZstdCompressor(level=LEVEL, dict_data=data)
        self._decompressor = zstandard.ZstdDecompressor(dict_data=data)

    def compress(self, body: bytes) -> bytes:
        return self._compressor.compress(body)

    def decompress(self, stored: bytes) -> bytes:
        return self._decompressor.decompress(stored, max_output_size=MAX_DOCUMENT_BYTES)
