"""Running actions, which are synchronous, from asynchronous handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from yiwang.security import apart
from yiwang.security.actions import MOST_TOGETHER, Call, Caller, Outcome, Then, together
from yiwang.security.telling import Lasting, settle
from yiwang.store.database import Database

R = TypeVar("R")
Future = asyncio.Future[Any]

_threads = ThreadPoolExecutor(8, thread_name_prefix="action")


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
    future: Future = asyncio.get_running_loop().create_future()
    _line_of(caller.database).put(Call(action, caller, args, then), future)
    return await future


def made_by(database: Database, process: apart.Apart | None) -> None:
    """Have the calls that share a transaction of this database made in another process, or,
    again, in this one."""
    line = _line_of(database)
    line.process = process
    if process is not None:
        process.here = line.here


class _Line:
    """The calls that wait for the writer of one database, and the thread that makes them."""

    def __init__(self) -> None:
        self.process: apart.Apart | None = None
        self._waiting: list[tuple[Call, Future]] = []
        self._lock = Lock()
        self._working = False
        self._lasting = Lasting(_tell)

    def put(self, call: Call, future: Future) -> None:
        if self.process is None or not self.process.put(call, future):
            self.here(call, future)

    def here(self, call: Call, future: Future) -> None:
        with self._lock:
            self._waiting.append((call, future))
            if self._working:
                return
            self._working = True
        _threads.submit(self._work)

    def _work(self) -> None:
        while part := self._next():
            try:
                outcomes = together([call for call, _ in part])
            except BaseException as error:
                outcomes = [(None, RuntimeError(repr(error)))] * len(part)
            made = list(zip([future for _, future in part], outcomes, strict=True))
            self._lasting.put(part[0][0].caller.database, made)

    def _next(self) -> list[tuple[Call, Future]]:
        with self._lock:
            part, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
            self._working = bool(part)
        return part


_lines: WeakKeyDictionary[Database, _Line] = WeakKeyDictionary()


def _line_of(database: Database) -> _Line:
    found = _lines.get(database)
    return _lines.setdefault(database, _Line()) if found is None else found


def _tell(made: list[tuple[Future, Outcome]]) -> None:
    """Give each caller its outcome, in its own loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[Future, Outcome]]] = {}
    for one in made:
        by_loop.setdefault(one[0].get_loop(), []).append(one)
    for loop, mine in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine)


def _settle(made: list[tuple[Future, Outcome]]) -> None:
    for future, outcome in made:
        settle(future, outcome)
