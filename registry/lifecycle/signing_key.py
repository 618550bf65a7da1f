"""The key that signs credentials: Ed25519, in an encrypted file.

The file is JSON; `crypto` is that of Web3 Secret Storage (scrypt, AES-128-CTR, Keccak MAC).
"""

import json
from pathlib import Path
from typing import Final, Self

from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json
from nacl.signing import SigningKey

from registry.core.keys import Ed25519PublicKey
from registry.private_files import write_private

TYPE: Final = "credroot-signing-key"


class WrongPassphrase(Exception):
    """The passphrase does not open the key file."""


class DamagedKeyFile(Exception):
    """The file is not an encrypted key."""


class Ed25519Signer:
    """Signs with an Ed25519 key held in memory (libsodium)."""

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self._seed = seed

    @classmethod
    def generate(cls) -> Self:
        return cls(bytes(SigningKey.generate()))

    @classmethod
    def open(cls, path: Path, passphrase: str) -> Self:
        """Raises `WrongPassphrase`, `DamagedKeyFile`, `OSError`."""
        text = path.read_bytes()
        try:
            return cls(decode_keyfile_json(json.loads(text), passphrase.encode("utf-8")))
        except (ValueError, LookupError, TypeError, AttributeError, NotImplementedError) as error:
            if "MAC mismatch" in str(error):
                raise WrongPassphrase(f"the passphrase does not open {path}") from error
            raise DamagedKeyFile(f"{path} is not a whole key file: restore it") from error

    def __reduce__(self) -> tuple[type["Ed25519Signer"], tuple[bytes]]:
        """To a worker process of the same machine the key travels through a pipe."""
        return Ed25519Signer, (self._seed,)

    @property
    def public_key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey(bytes(self._key.verify_key))

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message).signature

    def save(self, path: Path, passphrase: str) -> None:
        """Write the key encrypted to a new file (mode 0600); raises `FileExistsError`."""
        stored = create_keyfile_json(self._seed, passphrase.encode("utf-8"), kdf="scrypt")
        # The library takes the seed for an Ethereum key; its address there means nothing.
        del stored["address"]
        named = {"type": TYPE, "publicKeyMultibase": self.public_key.multikey, **stored}
        write_private(path, json.dumps(named))
