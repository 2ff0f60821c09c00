"""Where packs are found: those that come with Yiwang and those in ``HOME/packs``.

Both are the same format, read by the same loader and held to the same check.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path

from yiwang import __version__
from yiwang.packs import city as cities
from yiwang.packs.check import Checked, check
from yiwang.packs.city import City
from yiwang.packs.errors import UnknownPack
from yiwang.packs.model import Pack
from yiwang.packs.problems import Problems

BUILTIN = "packs/builtin"


@dataclass(frozen=True)
class Found:
    """A folder that may hold a pack."""

    name: str
    folder: Path
    builtin: bool

    @property
    def shown(self) -> str:
        return f"{BUILTIN if self.builtin else 'packs'}/{self.name}"


class Library:
    """The packs of one home. Each is read once and again when its files change."""

    def __init__(self, home: Path, builtin: Path | None = None) -> None:
        self.home = home
        self._builtin = builtin or builtin_folder()
        self._read: dict[str, tuple[str, Checked, City]] = {}
        self._lock = threading.Lock()

    @property
    def installed(self) -> Path:
        return self.home / "packs"

    def found(self) -> list[Found]:
        """Every folder, by name; one that comes with Yiwang goes before one of its name."""
        found = {one.name: one for one in _folders(self.installed, False)}
        found |= {one.name: one for one in _folders(self._builtin, True)}
        return [found[name] for name in sorted(found)]

    def find(self, name: str) -> Found:
        """Raises UnknownPack."""
        for one in self.found():
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.found())
        raise UnknownPack(name=name, known=known or "-")

    def digest(self, one: Found) -> str:
        """Of all that decides how a pack works: its files, the city's inputs, this version."""
        total = hashlib.sha256(__version__.encode())
        total.update(folder_digest(one.folder).encode())
        own = cities.file_of(self.home, one.name)
        total.update(own.read_bytes() if own.is_file() else b"-")
        return total.hexdigest()

    def read(self, one: Found) -> tuple[Checked, City]:
        """A pack, or what is wrong with it or with the city's inputs to it."""
        digest = self.digest(one)
        with self._lock:
            kept = self._read.get(one.name)
            if kept is not None and kept[0] == digest:
                return kept[1], kept[2]
        checked, city = self._check(one)
        with self._lock:
            self._read[one.name] = (digest, checked, city)
        return checked, city

    def pack(self, name: str) -> Pack:
        """One good pack. Raises UnknownPack, BadPack."""
        return self.read(self.find(name))[0].use()

    def city(self, name: str) -> City:
        return self.read(self.find(name))[1]

    def _check(self, one: Found) -> tuple[Checked, City]:
        checked = _read_folder(one.folder, one.shown, folder_digest(one.folder))
        if checked.pack is None:
            return checked, City()
        problems = Problems()
        city = cities.read(self.home, checked.pack, problems)
        errors = (*checked.errors, *problems.errors)
        return Checked(checked.name, checked.pack, errors), city

    def put(self, folder: Path, name: str) -> None:
        """Copy a checked folder into the home; ``keep`` or ``undo`` must follow."""
        self.installed.mkdir(parents=True, exist_ok=True)
        fresh, target, old = self._beside(name)
        for leftover in (fresh, old):
            shutil.rmtree(leftover, ignore_errors=True)
        shutil.copytree(folder, fresh)
        for path in fresh.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        if target.exists():
            target.rename(old)
        fresh.rename(target)

    def keep(self, name: str) -> None:
        """The new folder stays."""
        shutil.rmtree(self._beside(name)[2], ignore_errors=True)

    def undo(self, name: str) -> None:
        """The folder that was there before comes back."""
        _, target, old = self._beside(name)
        shutil.rmtree(target, ignore_errors=True)
        if old.exists():
            old.rename(target)

    def _beside(self, name: str) -> tuple[Path, Path, Path]:
        here = self.installed
        return here / f".{name}.new", here / name, here / f".{name}.old"

    def recover(self) -> None:
        """After a crash between ``put`` and ``keep``: leave one whole folder."""
        for old in self.installed.glob(".*.old"):
            target = self.installed / old.name[1 : -len(".old")]
            if target.exists():
                shutil.rmtree(old, ignore_errors=True)
            else:
                old.rename(target)
        for fresh in self.installed.glob(".*.new"):
            shutil.rmtree(fresh, ignore_errors=True)


@lru_cache(maxsize=64)
def _read_folder(folder: Path, shown: str, digest: str) -> Checked:
    """A folder is checked once for each content, however many homes use it."""
    return check(folder, shown)


def builtin_folder() -> Path:
    return Path(str(resources.files("yiwang.packs").joinpath("builtin")))


def folder_digest(folder: Path) -> str:
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            total.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def _folders(parent: Path, builtin: bool) -> list[Found]:
    if not parent.is_dir():
        return []
    return [
        Found(path.name, path, builtin)
        for path in sorted(parent.iterdir())
        if path.is_dir() and not path.name.startswith((".", "_"))
    ]
