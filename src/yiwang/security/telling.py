"""Telling those who asked for changes what became of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock
from typing import Any, Generic, TypeVar

from yiwang.security.actions import Outcome
from yiwang.security.errors import Unanswered
from yiwang.store.database import Database

T = TypeVar("T")

_log = logging.getLogger(__name__)

_disk = ThreadPoolExecutor(2, thread_name_prefix="disk")


class Lasting(Generic[T]):
    """Has the outcomes of ``actions.together`` told once the disk has what was done, by a thread
    of its own: meanwhile the next changes are made."""

    def __init__(self, tell: Callable[[list[tuple[T, Outcome]]], None]) -> None:
        self._tell = tell
        self._made: list[tuple[T, Outcome]] = []
        self._lock = Lock()
        self._works = False
        self._last: Future[None] | None = None

    def put(self, database: Database, made: Sequence[tuple[T, Outcome]]) -> None:
        if not database.is_sqlite:
            self._tell(list(made))
            return
        with self._lock:
            self._made += made
            if self._works:
                return
            self._works = True
        self._last = _disk.submit(self._work, database)

    def finish(self) -> None:
        """Return when all have been told."""
        if self._last is not None:
            self._last.result()

    def _work(self, database: Database) -> None:
        while made := self._next():
            try:
                database.last()
            except Exception:
                _log.exception("whether the disk has what was changed is unknown")
                made = [(one, (None, error or Unanswered())) for one, (_, error) in made]
            self._tell(made)

    def _next(self) -> list[tuple[T, Outcome]]:
        with self._lock:
            made, self._made = self._made, []
            self._works = bool(made)
        return made


def settle(future: asyncio.Future[Any], outcome: Outcome) -> None:
    """Give who waits in this loop what was made for it, if it still waits."""
    value, error = outcome
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
