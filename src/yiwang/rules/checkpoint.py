"""The engine's saved state in the home folder, replaced as a whole or not at all."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from yiwang.store import folders

_MAGIC = b"YWRULES1"
_HEAD = len(_MAGIC) + 8 + 32


class Checkpoints:
    """One file: magic, log position, SHA-256 of the state, state."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = folder / "engine.state"

    def save(self, position: int, state: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        partial = self._file.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(_MAGIC + position.to_bytes(8, "big") + hashlib.sha256(state).digest())
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._file)
        folders.settled(self._folder)

    def load(self) -> tuple[int, bytes] | None:
        """Position and state; None when there is none, or what there is cannot be trusted."""
        try:
            content = self._file.read_bytes()
        except FileNotFoundError:
            return None
        head, state = content[:_HEAD], content[_HEAD:]
        if not head.startswith(_MAGIC) or hashlib.sha256(state).digest() != head[-32:]:
            return None
        return int.from_bytes(head[len(_MAGIC) : len(_MAGIC) + 8], "big"), state
