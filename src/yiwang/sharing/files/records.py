"""A file that grows by sealed records: what has arrived of an upload.

The file's own key, as ``FieldKeys`` seals it for the place, stands at its head; then each record is
its length in four bytes and what ``FieldKey.seal`` makes of it, bound to where in the whole it
begins. What a crash left of a record at the end is not counted, and written over.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag

from yiwang.security.protection.errors import NoFieldKey, SealBroken
from yiwang.security.protection.sealing import CIPHERS, FieldKey, FieldKeys
from yiwang.sharing.files import sealing

MARK = b"yiwang growing 1"
_LENGTH = 4
_MORE = 28
"""Bytes that a record is longer sealed: nonce and tag."""


class Growing:
    """One file, of which nobody else writes. ``size``: bytes that are in it."""

    def __init__(self, path: Path, keys: FieldKeys, place: str) -> None:
        self.path, self._keys, self._place = path, keys, place
        self._own: FieldKey | None = None
        self._start = self._end = self.size = 0
        try:
            with path.open("rb") as file:
                self._look(file)
        except FileNotFoundError:
            return

    def append(self, data: bytes) -> int:
        """Add a record; how much is in the file then. Raises OSError: then nothing of it stays."""
        if not data:
            return self.size
        own, head = self._own, b""
        if own is None:
            own, head = self._begun()
        sealed = own.seal(data, self._at(self.size))
        record = len(data).to_bytes(_LENGTH) + sealed
        flags = os.O_WRONLY | os.O_CREAT
        with os.fdopen(os.open(self.path, flags, 0o600), "wb") as file:
            try:
                file.seek(self._end)
                file.truncate()
                file.write(head + record)
                file.flush()
            except OSError:
                os.ftruncate(file.fileno(), self._end)
                raise
        self._start = self._start or len(head)
        self._own = own
        self._end += len(head) + len(record)
        self.size += len(data)
        return self.size

    def stand(self) -> tuple[int, int]:
        """How far it is, for ``back``."""
        return self._end, self.size

    def back(self, stand: tuple[int, int]) -> None:
        """Let go of what was added since."""
        self._end, self.size = stand
        if self._end == 0:
            self._own, self._start = None, 0
        with suppress(FileNotFoundError):
            os.truncate(self.path, self._end)

    def read(self) -> BinaryIO:
        """All of it, from the beginning to the end. What it gives raises SealBroken."""
        return io.BufferedReader(_Stream(self._records()), sealing.PIECE)

    def _records(self) -> Iterator[bytes]:
        if self._own is None:
            return
        at = 0
        with self.path.open("rb") as file:
            file.seek(self._start)
            while at < self.size:
                length = int.from_bytes(file.read(_LENGTH))
                data = self._opened(self._own, file.read(length + _MORE), at)
                if not data:
                    raise SealBroken(place=self._place)
                yield data
                at += len(data)

    def _look(self, file: BinaryIO) -> None:
        """How far a file is that was written before the last start of the platform."""
        try:
            wrapped = sealing.wrapped(file, self._place, MARK)
            cipher, _, own = self._keys.open(wrapped, self._place).partition(":")
        except (SealBroken, NoFieldKey):
            return  # not even its head had been written, or nobody can go on with it
        key = FieldKey("", cipher, bytes.fromhex(own))
        self._own, self._start = key, file.tell()
        at, size, before = self._start, 0, (self._start, 0)
        most = os.fstat(file.fileno()).st_size
        while len(head := file.read(_LENGTH)) == _LENGTH:
            length = int.from_bytes(head)
            following = at + _LENGTH + length + _MORE
            if not length or following > most:
                break
            before, at, size = (at, size), following, size + length
            file.seek(at)
        file.seek(before[0] + _LENGTH)
        last = file.read(size - before[1] + _MORE)
        if size and self._opened(key, last, before[1]) is None:
            at, size = before
        self._end, self.size = at, size

    def _opened(self, own: FieldKey, sealed: bytes, at: int) -> bytes | None:
        try:
            return own.open(sealed, self._at(at))
        except (InvalidTag, ValueError):
            return None

    def _at(self, at: int) -> bytes:
        return f"{self._place}@{at}".encode()

    def _begun(self) -> tuple[FieldKey, bytes]:
        cipher = self._keys.cipher()
        own = secrets.token_bytes(CIPHERS[cipher][1])
        sealed = self._keys.seal(f"{cipher}:{own.hex()}", self._place)
        return FieldKey("", cipher, own), sealing.head(sealed, MARK)


class _Stream(io.RawIOBase):
    """Parts that come one after the other, as a file."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts, self._left = parts, memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            self._left = memoryview(next(self._parts, b""))
        wanted = memoryview(buffer).cast("B")
        part = self._left[: len(wanted)]
        wanted[: len(part)] = part
        self._left = self._left[len(part) :]
        return len(part)
