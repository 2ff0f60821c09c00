"""Contents of uploaded files: by their SHA-256, encrypted at rest.

A content lies sealed, under its name with ``.sealed`` behind it. Homes that were made before hold
some under the bare name, unsealed: they are read, too, until ``settle`` has sealed them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from typing import BinaryIO

from yiwang.security.protection.errors import NoFieldKey, SealBroken
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.files import sealing
from yiwang.sharing.files.parts import KEPT_FREE, room
from yiwang.store import folders
from yiwang.store.blobs import Blobs
from yiwang.store.errors import DiskFull

SEALED = ".sealed"
_PART = ".part"


@dataclass(frozen=True)
class Survey:
    """How many contents lie plain and how many sealed; ``missing``: names of keys that are not
    there and without which some do not open, ``?`` for what is no sealed content."""

    plain: int
    sealed: int
    missing: tuple[str, ...]


class Contents:
    """A folder of contents. Who drops one, or adopts one that a row is to name, holds the lock of
    the shelf."""

    def __init__(self, folder: Path, keys: FieldKeys) -> None:
        self._folder, self._keys = folder, keys
        self._names = Blobs(folder)

    def seal(self, source: BinaryIO, target: Path, name: str) -> None:
        """Write what is to be adopted as this content. Raises DiskFull."""
        with room():
            sealing.seal(source, target, self._keys, _place(name))

    def adopt(self, sealed: Path, name: str) -> None:
        """Keep a sealed and durable file of the same disk under its name: a second link, so that
        the file stays where it is until its owner takes it away. One that is there stays, if it
        opens."""
        target = self.path(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.open(name).close()
        except (NoFieldKey, SealBroken):
            target.unlink()
        except FileNotFoundError:
            pass
        with suppress(FileExistsError):
            os.link(sealed, target)
        folders.settled(target.parent)

    def open(self, name: str) -> BinaryIO:
        """What is in it, to be read from any place. Raises FileNotFoundError, NoFieldKey,
        SealBroken."""
        for path in (self.path(name), self.plain(name), self.path(name)):  # settled meanwhile
            with suppress(FileNotFoundError):
                file = path.open("rb")
                return self._opened(file, name) if path.suffix == SEALED else file
        raise FileNotFoundError(name)

    def drop(self, name: str) -> None:
        """Take a content away; who reads it reads on to its end."""
        self.path(name).unlink(missing_ok=True)
        self.plain(name).unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """Where it lies sealed. Raises FileNotFoundError for what is no name."""
        return self._names.path(name).with_suffix(SEALED)

    def plain(self, name: str) -> Path:
        """Where it lies that was put there before contents were sealed."""
        return self._names.path(name)

    def current(self) -> str | None:
        """The key under which all of them are to lie; None where there are none."""
        return self._keys.current() if self._folder.is_dir() else None

    def unsettled(self) -> Iterator[str]:
        """Names of those that lie plain, or not under the current key. What a crash left of
        sealing goes."""
        for file in self._folder.glob(f"*/*{_PART}"):
            file.unlink(missing_ok=True)
        for file in self._folder.glob("*/*"):
            if not file.suffix or not self._is_current(file):
                yield file.stem

    def survey(self) -> Survey:
        """Looks at the head of each, and changes nothing."""
        known, missing, plain, sealed = set(self._keys.names()), set(), 0, 0
        for file in self._folder.glob("*/*"):
            if file.suffix == SEALED:
                sealed += 1
                with suppress(FileNotFoundError):
                    missing |= {self._key_of(file)} - known
            elif not file.suffix:
                plain += 1
        return Survey(plain, sealed, tuple(sorted(missing)))

    def settle(self, name: str, lock: AbstractContextManager[object]) -> None:
        """Seal a content with the current key; durable before the plain one goes. Raises DiskFull,
        NoFieldKey, SealBroken."""
        sealed, plain = self.path(name), self.plain(name)
        part = sealed.with_suffix(_PART)
        try:
            with room():
                source = sealed if sealed.exists() else plain
                if disk_usage(self._folder).free < source.stat().st_size + KEPT_FREE:
                    raise DiskFull()
                if source == plain:
                    with plain.open("rb") as content:
                        self.seal(content, part, name)
                else:
                    sealing.reseal(sealed, part, self._keys, _place(name))
            with lock:
                if source.exists():
                    part.replace(sealed)
                    folders.settled(sealed.parent)
                    plain.unlink(missing_ok=True)
        except FileNotFoundError:
            return
        finally:
            part.unlink(missing_ok=True)

    def _is_current(self, file: Path) -> bool:
        try:
            return sealing.is_current(file, self._keys, _place(file.stem))
        except FileNotFoundError:
            return True
        except SealBroken:
            return False

    def _key_of(self, file: Path) -> str:
        try:
            return sealing.key_of(file, _place(file.stem))
        except SealBroken:
            return "?"

    def _opened(self, file: BinaryIO, name: str) -> BinaryIO:
        return sealing.opened(file, self._keys, _place(name))


def _place(name: str) -> str:
    return f"shared/contents:{name}"
