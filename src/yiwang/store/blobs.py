"""Blobs (photos, attachments) in the home folder, named by their SHA-256."""

from __future__ import annotations

import hashlib
import os
import threading
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
        self._write(target, content)
        return name

    def variant(self, name: str, kind: str) -> bytes | None:
        """What was made of a blob and kept beside it (``320.jpg``); None when it was not."""
        file = self._beside(name, kind)
        return file.read_bytes() if file.is_file() else None

    def keep_variant(self, name: str, kind: str, content: bytes) -> None:
        """Keep what was made of a blob; it can be made again whenever it is gone."""
        self._write(self._beside(name, kind), content)

    def _beside(self, name: str, kind: str) -> Path:
        return self.path(name).with_suffix(f".{kind}")

    @staticmethod
    def _write(target: Path, content: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.{os.getpid()}.{threading.get_ident()}.part")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)

    def get(self, name: str) -> bytes:
        """Raises FileNotFoundError when there is no such blob."""
        return self.path(name).read_bytes()

    def path(self, name: str) -> Path:
        if len(name) != 64 or not all(char in "0123456789abcdef" for char in name):
            raise FileNotFoundError(name)
        return self._folder / name[:2] / name
