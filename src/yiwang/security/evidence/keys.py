"""The key that signs heads, and the last heads: files of the home, outside of the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from yiwang.security.evidence.errors import BadEvidence

KEPT_EVERY = 3_600_000_000
"""Microseconds between heads that stay; the newest one is always there."""


class Signing:
    """``keys/evidence.key`` (made when it is first wanted) and ``evidence/`` of a home."""

    def __init__(self, home: Path) -> None:
        self._key = home / "keys" / "evidence.key"
        self._folder = home / "evidence"
        self._kept = 0

    def exists(self) -> bool:
        return self._key.exists()

    def key(self) -> Ed25519PrivateKey:
        """Raises BadEvidence where the file holds no Ed25519 key."""
        if not self._key.exists():
            self._key.parent.mkdir(parents=True, exist_ok=True)
            made = Ed25519PrivateKey.generate()
            pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            _written(self._key, pem, 0o600)
        try:
            found = load_pem_private_key(self._key.read_bytes(), None)
        except ValueError:
            found = None
        if not isinstance(found, Ed25519PrivateKey):
            raise BadEvidence(str(self._key), reason="Ed25519, PEM (PKCS 8)")
        return found

    def last(self) -> str | None:
        """The newest head; None before the first."""
        file = self._folder / "head"
        return file.read_text(encoding="utf-8") if file.exists() else None

    def heads(self) -> Iterator[str]:
        """Heads that were kept, about one an hour of use, the oldest first; then the newest."""
        file = self._folder / "heads.ndjson"
        if file.exists():
            with file.open("rb") as lines:
                yield from (msgspec.json.decode(line, type=str) for line in lines)
        newest = self.last()
        if newest is not None:
            yield newest

    def put(self, note: str, at: int) -> None:
        """The newest head, durable when this returns."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if at - self._kept >= KEPT_EVERY:
            with (self._folder / "heads.ndjson").open("ab") as file:
                file.write(msgspec.json.encode(note) + b"\n")
                file.flush()
                os.fsync(file.fileno())
            self._kept = at
        _written(self._folder / "head", note.encode(), 0o644)


def _written(file: Path, content: bytes, mode: int) -> None:
    """All or nothing: written beside, then put in its place."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(file)
