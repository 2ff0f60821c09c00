"""The hot part: the newest observations, in memory as they stand in the log.

Rows lie in chunks of columns. Small frames are copied into an open chunk with room to spare,
large frames become a chunk of their own; a row once written is never changed, so readers take
views without a lock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Floats, Ints, ObservationBatch
from yiwang.sensing.log import Frame

CHUNK_ROWS = 65_536
MOST_FRAMES = 8192
_SCANNED = 8192
"""Rows of a chunk that may stand behind its index by datastream; they are scanned."""


class Chunk:
    """Consecutive frames as columns. ``start`` … ``end`` are log positions."""

    def __init__(self, start: int, first: int, room: int) -> None:
        self.start = start
        self.first = first
        self.rows = 0
        self.closed = False
        self.ends: list[int] = []
        self.bounds: list[int] = []
        """Row behind each frame, alike long as ``ends``."""
        self.sources: list[str] = []
        self.least_time = np.iinfo(np.int64).max
        self.most_time = np.iinfo(np.int64).min
        self.datastream: Ints = np.empty(room, np.int64)
        self.time: Ints = np.empty(room, np.int64)
        self.result: Floats = np.empty(room, np.float64)
        self.received: Ints = np.empty(room, np.int64)
        self.exact: list[str | None] | None = None
        self.extra: list[str | None] | None = None
        self._index = (np.empty(0, np.int32), np.empty(0, np.int64))
        """Rows in the order of their datastreams, and those; of the first rows only."""

    @property
    def end(self) -> int:
        return self.ends[-1] if self.ends else self.start

    def fits(self, size: int) -> bool:
        room = self.rows + size <= len(self.datastream) and len(self.ends) < MOST_FRAMES
        return room and not self.closed

    def add(self, frame: Frame) -> None:
        batch = frame.batch
        low, high = self.rows, self.rows + len(batch)
        if high > low:
            self.datastream[low:high] = batch.datastream
            self.time[low:high] = batch.time
            self.result[low:high] = batch.result
            self.received[low:high] = batch.received
            self.least_time = min(self.least_time, int(batch.time.min()))
            self.most_time = max(self.most_time, int(batch.time.max()))
        self.exact = _joined(self.exact, batch.exact, low, len(batch))
        self.extra = _joined(self.extra, batch.extra, low, len(batch))
        self.sources.append(frame.header.source)
        self.bounds.append(high)
        self.rows = high
        self.ends.append(batch.position)

    def batch(self, low: int = 0, high: int | None = None) -> ObservationBatch:
        """Rows ``low`` … ``high`` as views; ``position`` is the chunk's end."""
        high = self.rows if high is None else high
        return ObservationBatch(
            first=self.first + low,
            position=self.end,
            datastream=self.datastream[low:high],
            time=self.time[low:high],
            result=self.result[low:high],
            received=self.received[low:high],
            exact=None if self.exact is None else _cut(self.exact, low, high),
            extra=None if self.extra is None else _cut(self.extra, low, high),
        )

    def rows_of(self, datastreams: Ints, count: int) -> Ints:
        """Of the first ``count`` rows those of the sorted ``datastreams``, in their order."""
        order, streams = self._by_datastream(count)
        low = np.searchsorted(streams, datastreams, "left").tolist()
        high = np.searchsorted(streams, datastreams, "right").tolist()
        found = [order[start:end] for start, end in zip(low, high, strict=True) if start < end]
        behind = np.flatnonzero(np.isin(self.datastream[len(order) : count], datastreams))
        rows = np.sort(np.concatenate([*found, behind + len(order)]))
        return rows[: np.searchsorted(rows, count)]

    def rows_of_one(self, datastream: int, count: int) -> Ints:
        """As ``rows_of`` for one datastream."""
        order, streams = self._by_datastream(count)
        low, high = streams.searchsorted(datastream), streams.searchsorted(datastream, "right")
        behind = np.flatnonzero(self.datastream[len(order) : count] == datastream) + len(order)
        rows: Ints = np.concatenate((order[low:high], behind))
        return rows[: rows.searchsorted(count)]

    def _by_datastream(self, count: int) -> tuple[NDArray[np.int32], Ints]:
        index = self._index
        if count - len(index[0]) > _SCANNED:
            order = np.argsort(self.datastream[:count], kind="stable").astype(np.int32)
            index = self._index = (order, self.datastream[order])
        return index

    def after(self, position: int, most: int, until: int) -> ObservationBatch | None:
        """The rows of the whole frames after ``position`` that end at ``until`` or before, at
        most about ``most`` rows."""
        index = bisect_right(self.ends, position)
        count = bisect_right(self.ends, until)
        if index >= count:
            return None
        low = self.bounds[index - 1] if index else 0
        last = min(max(bisect_right(self.bounds, low + most, 0, count) - 1, index), count - 1)
        taken = self.batch(low, self.bounds[last])
        return ObservationBatch(
            taken.first,
            self.ends[last],
            taken.datastream,
            taken.time,
            taken.result,
            taken.received,
            taken.exact,
            taken.extra,
        )

    def source_of(self, row: int) -> str:
        return self.sources[bisect_right(self.bounds, row)]


def _joined(
    texts: list[str | None] | None, more: Sequence[str | None] | None, before: int, size: int
) -> list[str | None] | None:
    if texts is None and more is None:
        return None
    if texts is None:
        texts = [None] * before
    elif len(texts) < before:
        texts.extend([None] * (before - len(texts)))
    texts.extend([None] * size if more is None else more)
    return texts


def _cut(texts: list[str | None], low: int, high: int) -> list[str | None]:
    cut = texts[low:high]
    return cut + [None] * (high - low - len(cut))


class Hot:
    """The chunks, oldest first. One thread adds, one takes away from the front."""

    def __init__(self, start: int, chunk_rows: int = CHUNK_ROWS) -> None:
        self.chunks: tuple[Chunk, ...] = ()
        self.start = start
        self._chunk_rows = chunk_rows

    @property
    def rows(self) -> int:
        return sum(chunk.rows for chunk in self.chunks)

    def add(self, frame: Frame) -> None:
        size = len(frame.batch)
        chunk = self.chunks[-1] if self.chunks else None
        if chunk is None or not chunk.fits(size):
            chunk = self._opened(frame.header.first, size)
        chunk.add(frame)

    def _opened(self, first: int, size: int) -> Chunk:
        start = self.chunks[-1].end if self.chunks else self.start
        small = size < self._chunk_rows // 4
        chunk = Chunk(start, first, self._chunk_rows if small else max(size, 1))
        self.chunks = (*self.chunks, chunk)
        return chunk

    def without(self, gone: int) -> None:
        """Drop the ``gone`` oldest chunks."""
        self.start = self.chunks[gone - 1].end
        self.chunks = self.chunks[gone:]

    def read(self, position: int, most: int, until: int) -> list[ObservationBatch]:
        """Batches after ``position``, which must not lie before ``start``, up to ``until``."""
        batches: list[ObservationBatch] = []
        left = most
        for chunk in self.chunks:
            if chunk.end <= position:
                continue
            while left > 0 and (batch := chunk.after(position, left, until)) is not None:
                batches.append(batch)
                left -= len(batch)
                position = batch.position
            if left <= 0:
                break
        return batches
