"""From many small messages to few large batches: the asyncio side of the intake.

Rows collect while the previous batch is being made durable, so a lone message is stored at
once and a flood is stored in large frames. The buffer is bounded: a full one makes producers
wait, and while the disk is full it keeps what it holds and tries again. It never drops a row.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from yiwang.contracts.observations import Incoming, Receipt, Rejected
from yiwang.kernel.clock import Clock
from yiwang.kernel.errors import YiwangError
from yiwang.store.errors import DiskFull

_log = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """What became of one row or message, known only when it is durable.

    ``number``: the stored observation's, 0 for a duplicate, -1 when rejected; then ``reason``
    is the error code.
    """

    number: int
    reason: str = ""

    @property
    def stored(self) -> bool:
        return self.number > 0

    @property
    def rejected(self) -> bool:
        return self.number < 0


DUPLICATE = Outcome(0)


class Entrance(Protocol):
    """What the buffer hands batches to: ``Intake``."""

    def accept_all(self, incoming: Sequence[Incoming]) -> list[Receipt]:
        """Accept several batches with one write to the disk."""
        ...


@dataclass
class _Rows:
    """Single rows of one source, column by column, and who waits for each."""

    received: int
    datastream: list[int] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    result: list[float] = field(default_factory=list)
    exact: list[str | None] = field(default_factory=list)
    extra: list[str | None] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    futures: list[asyncio.Future[Outcome]] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    rejected_futures: list[asyncio.Future[Outcome]] = field(default_factory=list)

    def incoming(self, source: str) -> Incoming:
        return Incoming(
            source=source,
            datastream=np.array(self.datastream, np.int64),
            time=np.array(self.time, np.int64),
            result=np.array(self.result, np.float64),
            received=self.received,
            exact=self.exact if any(self.exact) else None,
            extra=self.extra if any(self.extra) else None,
            raw=self.raw,
            rejected=self.rejected,
        )

    def resolve(self, receipt: Receipt) -> None:
        reasons = iter(receipt.rejected)
        for future, number in zip(self.futures, receipt.numbers.tolist(), strict=True):
            outcome = Outcome(number, next(reasons).reason if number < 0 else "")
            if not future.done():
                future.set_result(outcome)
        for future, item in zip(self.rejected_futures, self.rejected, strict=True):
            if not future.done():
                future.set_result(Outcome(-1, item.reason))

    def fail(self, error: BaseException) -> None:
        for future in (*self.futures, *self.rejected_futures):
            if not future.done():
                future.set_exception(error)


class _Whole:
    """A batch that came whole."""

    def __init__(self, incoming: Incoming, future: asyncio.Future[Receipt]) -> None:
        self._incoming = incoming
        self._future = future

    def incoming(self, source: str) -> Incoming:
        return self._incoming

    def resolve(self, receipt: Receipt) -> None:
        if not self._future.done():
            self._future.set_result(receipt)

    def fail(self, error: BaseException) -> None:
        if not self._future.done():
            self._future.set_exception(error)


class Buffer:
    """Collects rows of all sources and stores them in batches, in one worker thread.

    Belongs to one event loop. After a batch of ``few_rows`` the next one is sent by
    ``most_rows`` or ``pace_s``, whichever comes first; after a smaller one, by the next row.
    ``capacity`` bounds the rows held.
    """

    def __init__(
        self,
        intake: Entrance,
        clock: Clock,
        *,
        most_rows: int = 10_000,
        few_rows: int = 32,
        pace_s: float = 0.01,
        capacity: int = 200_000,
        retry_s: float = 1.0,
    ) -> None:
        self._intake = intake
        self._clock = clock
        self._most_rows = most_rows
        self._few_rows = few_rows
        self._pace_s = pace_s
        self._capacity = capacity
        self._retry_s = retry_s
        self._rows: dict[str, _Rows] = {}
        self._whole: list[tuple[str, _Whole]] = []
        self._collected = 0
        self._held: Counter[str] = Counter()
        self._total = 0
        self._arrived = asyncio.Event()
        self._many = asyncio.Event()
        self._room = asyncio.Condition()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self.stalled: YiwangError | None = None
        """Why nothing can be stored at the moment, or None."""

    def start(self) -> None:
        """Start storing; call it in the event loop that the buffer belongs to."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="intake-buffer")

    async def close(self) -> None:
        """Store what is held, then stop."""
        self._closing = True
        self._arrived.set()
        self._many.set()
        if self._task is not None:
            await self._task
        self._thread.shutdown()

    def waiting(self) -> dict[str, int]:
        """Rows held for each source, not yet durable."""
        return {source: count for source, count in list(self._held.items()) if count}

    async def put(
        self,
        source: str,
        datastream: int,
        time: int,
        result: float,
        exact: str | None = None,
        extra: str | None = None,
        raw: bytes = b"",
    ) -> asyncio.Future[Outcome]:
        """Hand in one row; waits while the buffer is full. The future it returns is resolved
        when the row is durable. ``raw`` is the message as it came, kept if it is rejected."""
        if self._total >= self._capacity:
            await self._wait_for_room(1)
        rows = self._of(source)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rows.datastream.append(datastream)
        rows.time.append(time)
        rows.result.append(result)
        rows.exact.append(exact)
        rows.extra.append(extra)
        rows.raw.append(raw)
        rows.futures.append(future)
        self._count(source, 1)
        return future

    async def put_batch(self, incoming: Incoming) -> asyncio.Future[Receipt]:
        """Hand in many rows at once; one larger than the buffer waits until it is empty."""
        size = len(incoming.datastream) + sum(item.count for item in incoming.rejected)
        if self._total and self._total + size > self._capacity:
            await self._wait_for_room(size)
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._whole.append((incoming.source, _Whole(incoming, future)))
        self._count(incoming.source, size)
        return future

    async def reject(
        self, source: str, reason: str, raw: bytes, where: str = ""
    ) -> asyncio.Future[Outcome]:
        """Record a message that could not be decoded; the future is resolved when it is durable."""
        if self._total >= self._capacity:
            await self._wait_for_room(1)
        rows = self._of(source)
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        rows.rejected.append(Rejected(reason, raw, where))
        rows.rejected_futures.append(future)
        self._count(source, 1)
        return future

    def _of(self, source: str) -> _Rows:
        rows = self._rows.get(source)
        if rows is None:
            rows = self._rows[source] = _Rows(self._clock.now())
        return rows

    def _count(self, source: str, size: int) -> None:
        self._held[source] += size
        self._total += size
        self._collected += size
        self._arrived.set()
        if self._collected >= self._most_rows:
            self._many.set()

    async def _wait_for_room(self, size: int) -> None:
        async with self._room:
            await self._room.wait_for(
                lambda: not self._total or self._total + size <= self._capacity
            )

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            size = self._collected
            batches = self._take()
            if batches:
                await self._store(batches)
                if size >= self._few_rows:
                    await self._pause()
            elif self._closing:
                return

    async def _pause(self) -> None:
        """Let the next batch grow for a moment, unless it is large already."""
        if self._closing:
            return
        try:
            await asyncio.wait_for(self._many.wait(), self._pace_s)
        except TimeoutError:
            return

    def _take(self) -> list[tuple[str, _Rows | _Whole]]:
        batches: list[tuple[str, _Rows | _Whole]] = [*self._rows.items(), *self._whole]
        self._rows = {}
        self._whole = []
        self._collected = 0
        if not self._closing:
            self._arrived.clear()
            self._many.clear()
        return batches

    async def _store(self, batches: list[tuple[str, _Rows | _Whole]]) -> None:
        incoming = [batch.incoming(source) for source, batch in batches]
        receipts = await self._accepted(incoming)
        if isinstance(receipts, BaseException):
            for _, batch in batches:
                batch.fail(receipts)
        else:
            for (_, batch), receipt in zip(batches, receipts, strict=True):
                batch.resolve(receipt)
        for item in incoming:
            size = len(item.datastream) + sum(rejected.count for rejected in item.rejected)
            self._held[item.source] -= size
            self._total -= size
        async with self._room:
            self._room.notify_all()

    async def _accepted(self, incoming: list[Incoming]) -> list[Receipt] | Exception:
        """Store, however long the disk is full; any other failure goes to the producers."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                receipts = await loop.run_in_executor(
                    self._thread, self._intake.accept_all, incoming
                )
            except DiskFull as error:
                if self.stalled is None:
                    _log.error("%s", error)
                self.stalled = error
                if self._closing:
                    return error
                await asyncio.sleep(self._retry_s)
            except Exception as error:
                _log.exception("A batch could not be stored")
                return error
            else:
                self.stalled = None
                return receipts
