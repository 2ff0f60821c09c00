"""The observations of one datastream, straight as columns: most questions are about few rows
of one, and for those tables cost more than the rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from yiwang.contracts.observations import Floats, Ints
from yiwang.kernel.clock import SECOND
from yiwang.sensing import columns
from yiwang.sensing.hot import Chunk
from yiwang.sensing.kept import Kept
from yiwang.sensing.log import texts
from yiwang.sensing.overlay import Overlay
from yiwang.sensing.segments import Segment, read_group

Texts = Sequence[str | None] | None
_NUMBERS = ("number", "datastream", "time", "result")
_TEXTS = ("exact", "extra")
_MILLISECOND = SECOND // 1000


@dataclass(frozen=True, slots=True)
class Series:
    """Some observations of one datastream; ``exact`` and ``extra`` are None where none has one."""

    number: Ints
    time: Ints
    result: Floats
    exact: Texts = None
    extra: Texts = None

    def __len__(self) -> int:
        return len(self.number)


class Narrow:
    """Whole numbers in half the room, where they lie near one another."""

    def __init__(self, values: Ints, unit: int = 1) -> None:
        """``unit``: of what most of them are a multiple, from the least of them."""
        self._base = int(values.min())
        self._unit = 1
        offsets = values - self._base
        if unit > 1:
            units = offsets // unit
            if (units * unit == offsets).all():
                offsets, self._unit = units, unit
        near = (int(values.max()) - self._base) // self._unit < 2**31
        self._offsets = offsets.astype(np.int32) if near else offsets

    @property
    def nbytes(self) -> int:
        return self._offsets.nbytes

    def __getitem__(self, rows: slice) -> Ints:
        values: Ints = self._offsets[rows].astype(np.int64)
        values *= self._unit
        values += self._base
        return values


class Group:
    """A row group as columns. ``starts`` has the first row of each of the ``streams``, and
    behind them the number of rows."""

    def __init__(self, rows: pa.Table) -> None:
        stream = rows.column("datastream").to_numpy()
        begins = np.flatnonzero(stream[1:] != stream[:-1]) + 1
        self.starts = np.concatenate(([0], begins, [len(stream)]))
        self.streams: Ints = stream[self.starts[:-1]].astype(np.int64)
        self.number = Narrow(rows.column("number").to_numpy())
        self.time = Narrow(columns.times(rows.column("time")), _MILLISECOND)
        self.result: Floats = rows.column("result").to_numpy()
        self._exact, self._extra = (_some(rows, name) for name in _TEXTS)

    @property
    def nbytes(self) -> int:
        kept = (self.starts, self.streams, self.number, self.time, self.result)
        written = (self._exact, self._extra)
        return sum(item.nbytes for item in (*kept, *written) if item is not None)

    def of(self, datastream: int, start: int, end: int) -> Series | None:
        """The rows of one datastream in start … end; None where there are none."""
        place = int(self.streams.searchsorted(datastream))
        if place == len(self.streams) or self.streams[place] != datastream:
            return None
        low, high = self.starts[place : place + 2].tolist()
        time = self.time[low:high]
        first, behind = time.searchsorted((start, end + 1)).tolist()
        if first >= behind:
            return None
        cut = slice(low + first, low + behind)
        return Series(
            self.number[cut],
            time[first:behind],
            self.result[cut],
            None if self._exact is None else texts(self._exact[cut]),
            None if self._extra is None else texts(self._extra[cut]),
        )


class Closed:
    """Reads single datastreams out of segments, and keeps the row groups read last."""

    def __init__(self, kept_bytes: int = 128 << 20) -> None:
        self.kept: Kept[Group] = Kept(kept_bytes)

    def of(self, segment: Segment, datastream: int, start: int, end: int) -> Iterable[Series]:
        if segment.least_time > end or segment.most_time < start:
            return
        for index in segment.touched_by(datastream, start, end):
            found = self._group(segment, index).of(datastream, start, end)
            if found is not None:
                yield found

    def _group(self, segment: Segment, index: int) -> Group:
        def read() -> Group:
            written = [name for name in _TEXTS if segment.has_some(index, name)]
            return Group(read_group(segment, index, [*_NUMBERS, *written]))

        return self.kept.get((segment.serial, index), read)


def hot(chunk: Chunk, count: int, datastream: int, start: int, end: int) -> Series | None:
    """The same of the first ``count`` rows of a chunk."""
    if not count or chunk.least_time > end or chunk.most_time < start:
        return None
    rows = chunk.rows_of_one(datastream, count)
    time = chunk.time[rows]
    inside = (time >= start) & (time <= end)
    if not inside.all():
        rows, time = rows[inside], time[inside]
    if not len(rows):
        return None
    return Series(
        rows + chunk.first,
        time,
        chunk.result[rows],
        columns.picked(chunk.exact, rows),
        columns.picked(chunk.extra, rows),
    )


def laid_over(
    overlay: Overlay, parts: Iterable[Series], datastream: int, start: int, end: int
) -> list[Series]:
    """Stored rows of a datastream as edits left them."""
    left = []
    for part in parts:
        keep = ~np.isin(part.number, overlay.hidden)
        left.append(part if keep.all() else _taken(part, np.flatnonzero(keep)))
    rows = columns.within(overlay.rows, np.array([datastream]), start, end)
    if rows.num_rows:
        new = columns.batch(rows, 0, 0)
        number = rows.column("number").to_numpy()
        left.append(Series(number, new.time, new.result, new.exact, new.extra))
    return left


def joined(parts: Sequence[Series]) -> Series:
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return _NOTHING
    return Series(
        np.concatenate([part.number for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.result for part in parts]),
        together([part.exact for part in parts], parts),
        together([part.extra for part in parts], parts),
    )


_NOTHING = Series(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


def _taken(part: Series, rows: Ints) -> Series:
    """The rows of an index array, in its order."""
    return Series(
        part.number[rows],
        part.time[rows],
        part.result[rows],
        columns.picked(part.exact, rows),
        columns.picked(part.extra, rows),
    )


def together(written: Sequence[Texts], parts: Sequence[Sized]) -> list[str | None] | None:
    """The texts of several parts one after the other."""
    if all(column is None for column in written):
        return None
    joined: list[str | None] = []
    for column, part in zip(written, parts, strict=True):
        joined.extend([None] * len(part) if column is None else column)
    return joined


def _some(rows: pa.Table, name: str) -> Any:
    """One Arrow array of texts; None where there is none."""
    if name not in rows.column_names:
        return None
    column = rows.column(name)
    return None if column.null_count == len(column) else column.combine_chunks()
