"""Settings, read once and frozen; the only reader of the environment."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

DEFAULT_NODE: Final = "http://127.0.0.1:8545"


@dataclass(frozen=True)
class Settings:
    """Where things are; every value can be set by an environment variable of its name."""

    home: Path
    database: str
    nodes: tuple[str, ...]
    passphrase_file: Path | None
    key_passphrase_file: Path | None
    anvil: str | None

    @classmethod
    def from_environment(cls) -> "Settings":
        env = os.environ
        home = Path(env.get("CREDROOT_HOME") or Path.home() / ".credroot").expanduser().absolute()
        passphrase_file = env.get("CREDROOT_PASSPHRASE_FILE")
        key_passphrase_file = env.get("CREDROOT_KEY_PASSPHRASE_FILE") or passphrase_file
        return cls(
            home=home,
            database=env.get("CREDROOT_DATABASE") or f"sqlite:///{home / 'registry.db'}",
            nodes=tuple((env.get("CREDROOT_RPC") or DEFAULT_NODE).split()),
            passphrase_file=Path(passphrase_file) if passphrase_file else None,
            key_passphrase_file=Path(key_passphrase_file) if key_passphrase_file else None,
            anvil=env.get("CREDROOT_ANVIL"),
        )

    def issuer_folder(self, slug: str) -> Path:
        """Where an issuer's keys and card lie."""
        return self.home / "issuers" / slug
