"""SQLite's log is taken over into the database by a thread of its own: beside whoever writes, and
in the turn of writers only for what came meanwhile. A commit that did it would keep all others
waiting for the disk."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yiwang.store.database import Database

_log = logging.getLogger(__name__)

WANTED = 16_000
"""Pages that the log is to hold when it is taken over, 64 MB: a page that was changed many times by
then is written once."""
FIRST_S, SHORTEST_S, LONGEST_S = 5.0, 1.0, 30.0
FEW = 1000
"""Of fewer pages the log need not begin anew."""


class Log:
    """Of a database in SQLite; of any other it does nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._seen = 0

    def start(self) -> None:
        if self._database.is_sqlite:
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        after = FIRST_S
        while not self._stop.wait(after):
            try:
                after = until_next(after, self._look())
            except Exception:
                _log.exception("the log was not taken over into the database; it is tried again")
                after = LONGEST_S

    def _look(self) -> int:
        """Take over what was written since the last time."""
        if self._written() == self._seen:
            return 0
        pages = take_over(self._database)
        self._seen = self._written()
        return pages

    def _written(self) -> int:
        return os.stat(f"{self._database.engine.url.database}-wal").st_mtime_ns


def until_next(after: float, pages: int) -> float:
    """How many seconds until the log holds as much as wanted, if it grows as it did: to this many
    pages after so many seconds."""
    return min(max(after * WANTED / max(pages, 1), SHORTEST_S), LONGEST_S)


def take_over(database: Database) -> int:
    """Take over what the log holds, and if that is much have it begin anew with the next commit;
    what somebody still reads there stays. Returns how many pages it held."""
    pages = _taken(database)
    if pages >= FEW:
        _taken(database)  # what came meanwhile, with nobody waiting
        with database.turns:
            _taken(database)
    return pages


def _taken(database: Database) -> int:
    with database.engine.connect() as connection, held(database):
        driver: Any = connection.connection.dbapi_connection
        _, pages, _ = driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        return int(pages)


@contextmanager
def held(database: Database) -> Iterator[None]:
    """Until then the log does not begin anew: something is in it that is not taken over, and
    somebody reads there.

    Before 3.51.3 SQLite may lose what was committed where the log begins anew while it begins to
    be taken over (sqlite.org/wal.html, "The WAL-reset bug").
    """
    with database.engine.connect() as reader:
        with database.turns:
            with database.write(lasting=False) as connection:
                connection.exec_driver_sql("PRAGMA user_version=0")
            reader.exec_driver_sql("SELECT count(*) FROM sqlite_master")
        yield
