"""Files on their way in: what has arrived of an upload, and pieces that are not verified yet.

An upload's offset is the size of its file, so that no crash lets the two differ. A piece that has
a checksum is written beside it, and joined to it when it is whole and right.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from yiwang.sharing.files.errors import WrongChecksum, WrongOffset
from yiwang.store.errors import DiskFull

KEPT_FREE = 512 * 1024 * 1024
"""Bytes of the disk that files leave to everything else."""
READ = 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_PIECE, _SEALED = ".piece", ".sealed"


class Parts:
    """A folder of uploads. Of several that write to one upload the last one that came has its
    turn: the connection of the others is most likely dead. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._turns: dict[str, int] = {}

    def check_room(self, size: int, open_: Mapping[str, int]) -> None:
        """Raises DiskFull where the disk does not hold so much beside what the open uploads, by
        key, were promised, and the largest of them once more: it is sealed beside itself."""
        self._folder.mkdir(parents=True, exist_ok=True)
        promised = sum(max(0, most - self.size(key)) for key, most in open_.items())
        largest = max(size, *open_.values(), 0)
        if shutil.disk_usage(self._folder).free < promised + size + largest + KEPT_FREE:
            raise DiskFull()

    def path(self, key: str) -> Path:
        return self._folder / key

    def sealed(self, key: str) -> Path:
        """Where a whole upload is sealed before it is adopted."""
        return self._folder / f"{key}{_SEALED}"

    def size(self, key: str) -> int:
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            return 0

    def turn(self, key: str) -> int:
        """From now on only who has this number writes."""
        with self._lock:
            self._turns[key] = self._turns.get(key, 0) + 1
            return self._turns[key]

    def write(self, key: str, turn: int, offset: int, data: bytes) -> int:
        """Put data where the upload stands; where it stands then. Raises WrongOffset, also for
        who has no turn any more, and DiskFull: then nothing of the data stays."""
        with self._lock:
            self._check(key, turn, offset)
            return self._put(self.path(key), offset, data)

    def write_piece(self, key: str, turn: int, offset: int, data: bytes) -> int:
        """The same for a piece that is verified before it counts. Raises DiskFull."""
        return self._put(self._piece(key, turn), offset, data)

    def join(self, key: str, turn: int, offset: int, checksum: tuple[str, bytes]) -> int:
        """Add a piece with this checksum; where the upload stands then. Raises WrongChecksum,
        WrongOffset, DiskFull."""
        piece = self._piece(key, turn)
        algorithm, wanted = checksum
        try:
            with self._lock:
                self._check(key, turn, offset)
            if digest(piece, algorithm) != wanted:
                raise WrongChecksum(algorithm=algorithm)
            with self._lock, piece.open("rb") as file:
                self._check(key, turn, offset)
                start = offset
                try:
                    while data := file.read(READ):
                        offset = self._put(self.path(key), offset, data)
                except DiskFull:
                    os.truncate(self.path(key), start)
                    raise
            return offset
        finally:
            self.drop_piece(key, turn)

    def drop_piece(self, key: str, turn: int) -> None:
        self._piece(key, turn).unlink(missing_ok=True)

    def settle(self, key: str) -> None:
        """What has arrived is durable when this returns. Raises DiskFull."""
        try:
            with room(), self.path(key).open("r+b") as file:
                os.fsync(file.fileno())
        except FileNotFoundError:
            return

    def remove(self, key: str) -> None:
        with self._lock:
            self._turns.pop(key, None)
        for file in (self.path(key), self.sealed(key), *self._folder.glob(f"{key}.*{_PIECE}")):
            file.unlink(missing_ok=True)

    def keys(self) -> set[str]:
        """Of which uploads there are files."""
        if not self._folder.is_dir():
            return set()
        return {file.name.split(".")[0] for file in self._folder.iterdir()}

    def _piece(self, key: str, turn: int) -> Path:
        return self._folder / f"{key}.{turn}{_PIECE}"

    def _check(self, key: str, turn: int, offset: int) -> None:
        stands = self.size(key)
        if self._turns.get(key) != turn or stands != offset:
            raise WrongOffset(offset=offset, stands=stands)

    def _put(self, path: Path, offset: int, data: bytes) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        with room(), os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            try:
                file.seek(offset)
                file.write(data)
                file.flush()
            except OSError:
                os.ftruncate(file.fileno(), offset)
                raise
        return offset + len(data)


def digest(file: Path, algorithm: str = "sha256") -> bytes:
    """The digest of a file, a piece at a time."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, algorithm).digest()
    except FileNotFoundError:
        return hashlib.new(algorithm).digest()


@contextmanager
def room() -> Iterator[None]:
    """Tells a full disk in words. Raises DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull() from error
        raise
