"""Running actions, which are synchronous, from asynchronous handlers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from yiwang.security.actions import Call, Caller, Outcome, Then, together
from yiwang.store.database import Database

R = TypeVar("R")
Make = Callable[[Sequence[Call]], list[Outcome]]

_threads = ThreadPoolExecutor(8, thread_name_prefix="action")
_MOST_TOGETHER = 32
"""Calls in one transaction: what is behind it, the judge for one, does not wait long."""


async def run(function: Callable[..., R], *args: Any, **kwargs: Any) -> R:
    """Call ``function`` in the pool of action threads and wait for its result."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(function, *args, **kwargs))


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
    """The calls that wait for the writer of one database, and the thread that makes them."""

    def __init__(self) -> None:
        self.make: Make = together
        self._waiting: list[tuple[Call, asyncio.Future[Any]]] = []
        self._lock = Lock()
        self._working = False

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
            _settle(list(zip([future for _, future in part], outcomes, strict=True)))

    def _next(self) -> list[tuple[Call, asyncio.Future[Any]]]:
        with self._lock:
            part, self._waiting = self._waiting[:_MOST_TOGETHER], self._waiting[_MOST_TOGETHER:]
            self._working = bool(part)
        return part


_lines: WeakKeyDictionary[Database, _Line] = WeakKeyDictionary()


def _settle(done: list[tuple[asyncio.Future[Any], Outcome]]) -> None:
    """Give each caller its outcome, in its own loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Outcome]]] = {}
    for one in done:
        by_loop.setdefault(one[0].get_loop(), []).append(one)
    for loop, mine in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell, mine)


def _tell(done: list[tuple[asyncio.Future[Any], Outcome]]) -> None:
    for future, (value, error) in done:
        if future.done():
            continue
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)
