"""From messages of many connections to batches of the intake, and the outcome back again.

Everything that arrives while earlier batches are being made durable goes into the next one,
so a lone message is stored at once and a flood in large batches. Outcomes come back in the
order of arrival.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from yiwang.contracts.observations import Incoming, Receipt, Rejected
from yiwang.kernel.clock import Clock
from yiwang.sensing.errors import Refused
from yiwang.sensing.mqtt.gate import Sender
from yiwang.sensing.mqtt.packets import Publish

LOOK_EVERY_S = 1.0
MAY_BE_NEW = frozenset(
    {"sensing.unknown_device", "sensing.unknown_datastream", "sensing.unknown_topic"}
)


class Store(Protocol):
    """What batches are handed to: ``sensing.buffer.Buffer``."""

    async def put_batch(self, incoming: Incoming) -> asyncio.Future[Receipt]: ...


@dataclass
class Columns:
    """Rows of a batch under construction."""

    datastream: list[int] = field(default_factory=list)
    time: list[int] = field(default_factory=list)
    result: list[float] = field(default_factory=list)
    exact: list[str | None] = field(default_factory=list)
    extra: list[str | None] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def add(
        self,
        datastream: int,
        time: int,
        result: float,
        raw: bytes,
        exact: str | None = None,
        extra: str | None = None,
    ) -> None:
        self.datastream.append(datastream)
        self.time.append(time)
        self.result.append(result)
        self.exact.append(exact)
        self.extra.append(extra)
        self.raw.append(raw)

    def __len__(self) -> int:
        return len(self.datastream)


class Reader(Protocol):
    """What messages mean: ``topics.Router``."""

    def read(self, sender: Sender, topic: str, payload: bytes, now: int, into: Columns) -> None:
        """Add the message's rows. Raises Refused, and adds none, when it is rejected whole."""
        ...

    def look(self) -> bool:
        """Look for devices registered since; True when there are any. May block."""
        ...


class Origin(Protocol):
    """Who hears what became of the messages: a connection."""

    def settled(self, messages: Sequence[Publish], reasons: Sequence[str]) -> None:
        """The messages are durable; a reason is empty, or says why one was rejected."""
        ...

    def failed(self, messages: Sequence[Publish]) -> None:
        """The messages could not be stored and must not be acknowledged."""
        ...


@dataclass
class _Parcel:
    sender: Sender
    origin: Origin
    messages: Sequence[Publish]


@dataclass
class _Batch:
    incoming: Incoming
    parcels: list[_Parcel]
    sizes: list[int]
    """Rows of each message; 0 for one that was rejected whole."""
    reasons: list[str]
    count: int
    """Messages, whole or malformed, that it answers for."""
    unknown: list[tuple[Sender, Publish]]
    """Whether a message was rejected because its device is not known (yet)."""


class Inlet:
    """The one place through which MQTT messages enter, whichever connection they came by.

    ``most_messages`` bounds a batch, ``most_batches`` those being stored at one time.
    """

    def __init__(
        self,
        source: str,
        store: Store,
        reader: Reader,
        clock: Clock,
        *,
        most_messages: int = 5000,
        most_batches: int = 3,
    ) -> None:
        self.source = source
        self.reader = reader
        self.waiting = 0
        """Messages taken and not yet durable."""
        self._store = store
        self._clock = clock
        self._most_messages = most_messages
        self.relieved: Callable[[], None] = lambda: None
        """Called whenever a batch is done and less is waiting."""
        self._looked = float("-inf")
        self._parcels: deque[_Parcel] = deque()
        self._refused: list[Rejected] = []
        self._room = asyncio.Semaphore(most_batches)
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run(), name=self.source)

    def take(self, sender: Sender, origin: Origin, messages: Sequence[Publish]) -> None:
        """Never waits: the origin stops reading while ``waiting`` is high."""
        self.waiting += len(messages)
        self._parcels.append(_Parcel(sender, origin, messages))
        self._idle.clear()
        self._arrived.set()

    def refuse(self, reason: str, raw: bytes, where: str) -> None:
        """Record bytes that are not even a message."""
        self.waiting += 1
        self._refused.append(Rejected(reason, raw, where))
        self._idle.clear()
        self._arrived.set()

    async def close(self) -> None:
        """Wait until everything taken is durable or failed."""
        await self._idle.wait()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            await self._room.acquire()
            parcels = self._next()
            refused, self._refused = self._refused, []
            batch = self._read(parcels, refused)
            if batch.unknown:
                await self._look_again()
                if self._known_now(batch.unknown):
                    batch = self._read(parcels, refused)
            await self._hand_in(batch)

    def _next(self) -> list[_Parcel]:
        parcels: list[_Parcel] = []
        count = 0
        while self._parcels and count < self._most_messages:
            parcels.append(self._parcels.popleft())
            count += len(parcels[-1].messages)
        if not self._parcels:
            self._arrived.clear()
        return parcels

    async def _look_again(self) -> None:
        """A device may have been registered a moment ago: look, once a second at most. Others
        look, too, so that what was not known may be known now without anything new found here."""
        loop = asyncio.get_running_loop()
        if loop.time() >= self._looked + LOOK_EVERY_S:
            self._looked = loop.time()
            await loop.run_in_executor(None, self.reader.look)

    def _known_now(self, messages: Sequence[tuple[Sender, Publish]]) -> bool:
        """Whether any of some messages that were of nobody is no longer."""
        now = self._clock.now()
        for sender, message in messages:
            try:
                self.reader.read(sender, message.topic, message.payload, now, Columns())
            except Refused as error:
                if error.code in MAY_BE_NEW:
                    continue
            return True
        return False

    def _read(self, parcels: list[_Parcel], refused: list[Rejected]) -> _Batch:
        now = self._clock.now()
        columns = Columns()
        sizes: list[int] = []
        reasons: list[str] = []
        rejected = list(refused)
        unknown: list[tuple[Sender, Publish]] = []
        count = len(rejected) + sum(len(parcel.messages) for parcel in parcels)
        for parcel in parcels:
            for message in parcel.messages:
                before, reason = len(columns), ""
                try:
                    self.reader.read(parcel.sender, message.topic, message.payload, now, columns)
                except Refused as error:
                    reason = error.code
                    if reason in MAY_BE_NEW:
                        unknown.append((parcel.sender, message))
                    rejected.append(Rejected(reason, message.payload, message.topic))
                sizes.append(len(columns) - before)
                reasons.append(reason)
        incoming = self._incoming(columns, rejected, now)
        return _Batch(incoming, parcels, sizes, reasons, count, unknown)

    def _incoming(self, rows: Columns, rejected: list[Rejected], now: int) -> Incoming:
        return Incoming(
            source=self.source,
            datastream=np.array(rows.datastream, np.int64),
            time=np.array(rows.time, np.int64),
            result=np.array(rows.result, np.float64),
            received=now,
            exact=rows.exact if any(rows.exact) else None,
            extra=rows.extra if any(rows.extra) else None,
            raw=rows.raw,
            rejected=rejected,
        )

    async def _hand_in(self, batch: _Batch) -> None:
        future = await self._store.put_batch(batch.incoming)
        future.add_done_callback(lambda done: self._done(batch, done))

    def _done(self, batch: _Batch, future: asyncio.Future[Receipt]) -> None:
        self._room.release()
        self.waiting -= batch.count
        if future.cancelled() or future.exception() is not None:
            for parcel in batch.parcels:
                parcel.origin.failed(parcel.messages)
        else:
            _tell(batch, future.result())
        self.relieved()
        if not self.waiting:
            self._idle.set()


def _tell(batch: _Batch, receipt: Receipt) -> None:
    reasons = batch.reasons
    if receipt.rejected:
        reasons = _with_rows(batch, receipt)
    at = 0
    for parcel in batch.parcels:
        size = len(parcel.messages)
        parcel.origin.settled(parcel.messages, reasons[at : at + size])
        at += size


def _with_rows(batch: _Batch, receipt: Receipt) -> list[str]:
    """A message of which every row was rejected was rejected, for the first row's reason."""
    row_reasons = iter(receipt.rejected)
    numbers = receipt.numbers.tolist()
    reasons = list(batch.reasons)
    at = 0
    for index, size in enumerate(batch.sizes):
        found = [next(row_reasons).reason for number in numbers[at : at + size] if number < 0]
        if size and len(found) == size:
            reasons[index] = found[0]
        at += size
    return reasons
