"""Running actions, which are synchronous, from asynchronous handlers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from yiwang.security.actions import Call, Caller, Outcome, Then, together
from yiwang.security.errors import Unanswered
from yiwang.store.database import Database

R = TypeVar("R")
Make = Callable[[Sequence[Call]], list[Outcome]]

_log = logging.getLogger(__name__)

_Asked = tuple[Call, "asyncio.Future[Any]"]
_Told = tuple["asyncio.Future[Any]", Outcome]

_threads = ThreadPoolExecutor(8, thread_name_prefix="action")
_disk = ThreadPoolExecutor(2, thread_name_prefix="disk")
_MOST_TOGETHER = 32
"""Calls in one transaction: what is behind it, the judge for one, does not wait long."""


async def run(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    """Call ``function`` in the pool of action threads and wait for its result."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(function, *args, **kwargs))


class Apart:
    """A thread of its own, for calls that are no short ones, or can only get in each other's way:
    one after the other as they are asked for, and no thread of the pool is taken from others."""

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)

    async def run(self, function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, partial(function, *args, **kwargs))


async def change(
    action: Callable[..., Any], caller: Caller, *args: Any, then: Then | None = None
) -> Any:
    """Call an action that changes nothing but the database. Those that wait for the writer at
    the same moment share a transaction and its write to the disk (``together``). It may be made
    in another process: action, arguments, ``then`` and what that gives are picklable, and its
    ports are those of a home's files (``made_by``)."""
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    line = _lines.setdefault(caller.database, _Line())
    line.put(Call(action, caller, args, then), future)
    return await future


def made_by(database: Database, make: Make) -> None:
    """Say what makes the calls that share a transaction of this database."""
    _lines.setdefault(database, _Line()).make = make


class _Line:
    """The calls that wait for the writer of one database, the thread that makes them, and the one
    that tells their callers as soon as the disk has what they did: meanwhile the next are made."""

    def __init__(self) -> None:
        self.make: Make = together
        self._waiting: list[_Asked] = []
        self._made: list[_Told] = []
        self._lock = Lock()
        self._working = self._telling = False

    def put(self, call: Call, future: asyncio.Future[Any]) -> None:
        with self._lock:
            self._waiting.append((call, future))
            if self._working:
                return
            self._working = True
        _threads.submit(self._work)

    def _work(self) -> None:
        while part := self._next():
            try:
                outcomes = self.make([call for call, _ in part])
            except BaseException as error:
                outcomes = [(None, RuntimeError(repr(error)))] * len(part)
            told = list(zip([future for _, future in part], outcomes, strict=True))
            database = part[0][0].caller.database
            if database.is_sqlite:
                self._tell_when_lasting(database, told)
            else:
                _settle(told)

    def _next(self) -> list[_Asked]:
        with self._lock:
            part, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
            self._working = bool(part)
        return part

    def _tell_when_lasting(self, database: Database, told: list[_Told]) -> None:
        with self._lock:
            self._made += told
            if self._telling:
                return
            self._telling = True
        _disk.submit(self._tell, database)

    def _tell(self, database: Database) -> None:
        while made := self._next_made():
            try:
                database.last()
            except Exception:
                _log.exception("whether the disk has what was changed is unknown")
                made = [(future, (None, error or Unanswered())) for future, (_, error) in made]
            _settle(made)

    def _next_made(self) -> list[_Told]:
        with self._lock:
            made, self._made = self._made, []
            self._telling = bool(made)
        return made


_lines: WeakKeyDictionary[Database, _Line] = WeakKeyDictionary()


def _settle(done: list[_Told]) -> None:
    """Give each caller its outcome, in its own loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Told]] = {}
    for one in done:
        by_loop.setdefault(one[0].get_loop(), []).append(one)
    for loop, mine in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell, mine)


def _tell(done: list[_Told]) -> None:
    for future, (value, error) in done:
        if future.done():
            continue
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
