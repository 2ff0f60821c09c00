"""Blobs (photos, attachments) in the home folder, named by their SHA-256."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


class Blobs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, content: bytes) -> str:
        """Store durably and return the name; the same content gets the same name."""
        name = hashlib.sha256(content).hexdigest()
        target = self.path(name)
        if target.exists():
            return name
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}.part")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
        return name

    def get(self, name: str) -> bytes:
        """Raises FileNotFoundError when there is no such blob."""
        return self.path(name).read_bytes()

    def path(self, name: str) -> Path:
        if len(name) != 64 or not all(char in "0123456789abcdef" for char in name):
            raise FileNotFoundError(name)
        return self._folder / name[:2] / name
