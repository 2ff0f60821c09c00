"""Secrets of sources: encrypted under a key in the home's ``keys/``, never in the database."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from yiwang.sharing.sources.errors import SecretLost


class Vault:
    """Keeps one secret by name. Without a folder (in tests) it forgets them at its end."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._held: dict[str, bytes] = {}
        self._cipher: Fernet | None = None
        self._lock = threading.Lock()

    def put(self, name: str, secret: str) -> None:
        """On the disk before this returns."""
        sealed = self._sealing().encrypt(secret.encode())
        if self._folder is None:
            self._held[name] = sealed
        else:
            _write(self._folder / f"{name}.sealed", sealed)

    def get(self, name: str) -> str:
        """Raises SecretLost: it is not there, or was sealed under another key."""
        try:
            file = None if self._folder is None else self._folder / f"{name}.sealed"
            sealed = self._held[name] if file is None else file.read_bytes()
            return self._sealing().decrypt(sealed).decode()
        except (KeyError, OSError, InvalidToken):
            raise SecretLost(name, source=name) from None

    def drop(self, name: str) -> None:
        self._held.pop(name, None)
        if self._folder is not None:
            (self._folder / f"{name}.sealed").unlink(missing_ok=True)

    def _sealing(self) -> Fernet:
        with self._lock:
            if self._cipher is None:
                self._cipher = Fernet(self._key())
            return self._cipher

    def _key(self) -> bytes:
        if self._folder is None:
            return Fernet.generate_key()
        file = self._folder / "sources.key"
        if not file.is_file():
            _write(file, Fernet.generate_key())
        return file.read_bytes()


def _write(file: Path, content: bytes) -> None:
    """Whole and on the disk before its name is there."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = file.with_name(file.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
