"""The home folder: one process at a time works in it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from yiwang.store.errors import HomeInUse, HomeUnwritable

FOLDERS = ("observations", "blobs", "keys", "city")


class Home:
    """Opens (and makes) a home folder and holds its lock until closed.

    Raises HomeInUse when another process holds it, HomeUnwritable when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            for name in FOLDERS:
                (path / name).mkdir(parents=True, exist_ok=True)
            os.chmod(path / "keys", 0o700)
            self._lock = (path / ".lock").open("a+")
        except OSError as error:
            raise HomeUnwritable(str(path), reason=error.strerror or str(error)) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._lock.seek(0)
            holder = self._lock.read().strip()
            self._lock.close()
            raise HomeInUse(str(path), pid=holder) from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def fileno(self) -> int:
        """Of the lock: a process that is given it holds the home, too, until it ends."""
        return self._lock.fileno()

    def close(self) -> None:
        self._lock.truncate(0)
        self._lock.close()
