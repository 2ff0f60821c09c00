"""Where shared files lie in the home: contents by their SHA-256, uploads on their
way, and what is made for one receiver."""

from __future__ import annotations

from pathlib import Path
from threading import Lock, RLock

from yiwang.kernel.settings import Settings
from yiwang.security.protection.sealing import FieldKeys
from yiwang.sharing.files.contents import Contents
from yiwang.sharing.files.model import units
from yiwang.sharing.files.parts import Parts

MIB = 1024 * 1024


class Shelf:
    """Of the one process that works in a home. ``lock`` is held from where a content is put to
    where a row names it, and where one is taken away that no row names; ``finishing`` while an
    upload becomes a version."""

    def __init__(self, settings: Settings) -> None:
        folder = settings.home / "shared"
        self.keys = FieldKeys(settings.home)
        self.contents = Contents(folder / "contents", self.keys)
        self.parts = Parts(folder / "uploads", self.keys)
        self.made: Path = folder / "made"
        self.most_bytes = settings.file_mib * MIB
        self.versions = settings.file_versions
        self.upload_hours = settings.upload_hours
        self.delivery_hours = settings.delivery_hours
        self.makers = settings.file_makers
        self.lock = RLock()
        self.finishing = Lock()
        self.counting = Lock()
        self._given: dict[tuple[int, str], int] = {}
        self._day = ""

    def times(self, grant: int, content: str, size: int, more: int, day: str) -> int:
        """How often a file counts for so many bytes more of it, under a grant and on a day. Who
        asks holds ``counting`` until they are ``given``."""
        if day != self._day:
            self._day, self._given = day, {}
        return units(size, self._given.get((grant, content), 0), more)

    def given(self, grant: int, content: str, more: int) -> None:
        self._given[grant, content] = self._given.get((grant, content), 0) + more
