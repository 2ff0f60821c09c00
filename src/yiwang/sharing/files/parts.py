"""Files on their way in: what has arrived of an upload, and pieces that are not verified yet.

An upload's offset is how much its file holds, so that no crash lets the two differ. A piece that
has a checksum is written beside it, and joined to it when it is whole and right. All of them lie
sealed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import BinaryIO

from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.files.errors import WrongChecksum, WrongOffset
from yiwang.sharing.files.records import Growing
from yiwang.store.errors import DiskFull

KEPT_FREE = 512 * 1024 * 1024
"""Bytes of the disk that files leave to everything else."""
READ = 1024 * 1024
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_ARRIVED, _PIECE, _SEALED = ".arrived", ".piece", ".sealed"


class Parts:
    """A folder of uploads. Of several that write to one upload the last one that came has its
    turn: the connection of the others is most likely dead. Safe to use from several threads."""

    def __init__(self, folder: Path, keys: FieldKeys) -> None:
        self._folder, self._keys = folder, keys
        self._lock = RLock()
        self._turns: dict[str, int] = {}
        self._files: dict[Path, Growing] = {}

    def check_room(self, size: int, open_: Mapping[str, int]) -> None:
        """Raises DiskFull where the disk does not hold so much beside what the open uploads, by
        key, were promised, and the largest of them once more: it is sealed beside itself."""
        self._folder.mkdir(parents=True, exist_ok=True)
        promised = sum(max(0, most - self.size(key)) for key, most in open_.items())
        largest = max(size, *open_.values(), 0)
        if shutil.disk_usage(self._folder).free < promised + size + largest + KEPT_FREE:
            raise DiskFull()

    def path(self, key: str) -> Path:
        return self._folder / f"{key}{_ARRIVED}"

    def plain(self, key: str) -> Path:
        """Where an upload lies that was begun before they were sealed."""
        return self._folder / key

    def open(self, key: str) -> BinaryIO:
        """What has arrived. Raises SealBroken while it is read."""
        with self._lock:
            return self._file(self.path(key), key).read()

    def sealed(self, key: str) -> Path:
        """Where a whole upload is sealed before it is adopted."""
        return self._folder / f"{key}{_SEALED}"

    def size(self, key: str) -> int:
        with self._lock:
            return self._file(self.path(key), key).size

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
            return self._put(self.path(key), key, data)

    def write_piece(self, key: str, turn: int, offset: int, data: bytes) -> int:
        """The same for a piece that is verified before it counts. Raises DiskFull."""
        with self._lock:
            if offset == 0:
                self.drop_piece(key, turn)  # that a crash left
            return self._put(self._piece(key, turn), key, data)

    def join(self, key: str, turn: int, offset: int, checksum: tuple[str, bytes]) -> int:
        """Add a piece with this checksum; where the upload stands then. Raises WrongChecksum,
        WrongOffset, DiskFull."""
        piece = self._piece(key, turn)
        algorithm, wanted = checksum
        try:
            with self._lock:
                self._check(key, turn, offset)
                held, whole = self._file(piece, key), self._file(self.path(key), key)
                before = whole.stand()
            with held.read() as file:
                if digest(file, algorithm) != wanted:
                    raise WrongChecksum(algorithm=algorithm)
            try:
                with held.read() as file:
                    while data := file.read(READ):
                        offset = self.write(key, turn, offset, data)
            except DiskFull:
                with self._lock:
                    if self._turns.get(key) == turn:
                        whole.back(before)
                raise
            return offset
        finally:
            self.drop_piece(key, turn)

    def drop_piece(self, key: str, turn: int) -> None:
        piece = self._piece(key, turn)
        with self._lock:
            self._files.pop(piece, None)
            piece.unlink(missing_ok=True)

    def settle(self, key: str) -> None:
        """What has arrived is durable when this returns. Raises DiskFull."""
        with suppress(FileNotFoundError):
            _settled(self.path(key))

    def remove(self, key: str) -> None:
        with self._lock:
            self._turns.pop(key, None)
            self._files.pop(self.path(key), None)
            pieces = self._folder.glob(f"{key}.*{_PIECE}")
            for file in (self.path(key), self.plain(key), self.sealed(key), *pieces):
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

    def _put(self, path: Path, key: str, data: bytes) -> int:
        path.parent.mkdir(parents=True, exist_ok=True)
        with room():
            return self._file(path, key).append(data)

    def _file(self, path: Path, key: str) -> Growing:
        """Under the lock."""
        found = self._files.get(path)
        if found is None:
            place = f"shared/uploads:{key}"
            if path == self.path(key) and not path.exists():
                self._taken_over(key, place)
            found = self._files[path] = Growing(path, self._keys, place)
        return found

    def _taken_over(self, key: str, place: str) -> None:
        """Seal what lies plain of an upload that was begun before."""
        plain, fresh = self.plain(key), self._folder / f"{key}.0{_PIECE}"
        if not plain.is_file():
            return
        fresh.unlink(missing_ok=True)
        sealed = Growing(fresh, self._keys, place)
        with room(), plain.open("rb") as file:
            while data := file.read(READ):
                sealed.append(data)
        if sealed.size:
            _settled(fresh)
            fresh.replace(self.path(key))
        plain.unlink()


def _settled(path: Path) -> None:
    with room(), path.open("r+b") as file:
        os.fsync(file.fileno())


def digest(file: BinaryIO, algorithm: str = "sha256") -> bytes:
    """The digest of a file, a piece at a time."""
    found = hashlib.new(algorithm)
    while data := file.read(READ):
        found.update(data)
    return found.digest()


@contextmanager
def room() -> Iterator[None]:
    """Tells a full disk in words. Raises DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull() from error
        raise
