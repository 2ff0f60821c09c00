"""Closed observations as sorted Parquet files that a Delta table lists.

A segment holds the observations of a run of numbers, but for those that were deleted, sorted
by (datastream, time, number) in row groups of 8,192, so that one month of one datastream
lies in one or two of them. The Delta log is the truth: a file it does not list does not exist.
The commit that adds a segment also records, under the name ``APP``, up to which log position
everything is in segments; so a crash at any point leaves each row either in the log or in a
segment.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count as counted
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock
from yiwang.sensing.delta import DeltaLog
from yiwang.sensing.kept import Kept
from yiwang.sensing.log import sync_file
from yiwang.store import folders

APP = "yiwang.log"
NUMBERS = "yiwang.numbers"
"""Under this name the table records the next number, which no row may show any more."""
GROUP_ROWS = 8192
MERGE_COUNT = 8
MERGE_MOST = 128_000_000
"""Segments are merged by ``MERGE_COUNT``, up to this many rows."""
_IDLE_READERS = 4
"""Open files of one segment that are kept for the next to read from it."""
_serials = counted()

INSTANT = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("datastream", pa.int32()),
        ("time", INSTANT),
        ("result", pa.float64()),
        ("exact", pa.string()),
        ("extra", pa.string()),
        ("received", INSTANT),
        ("source", pa.string()),
    ]
)


@dataclass(frozen=True)
class Groups:
    """Extent of each row group of a segment."""

    least_datastream: Ints
    most_datastream: Ints
    least_time: Ints
    most_time: Ints


@dataclass(frozen=True)
class Segment:
    """One Parquet file: ``rows`` observations, numbered ``first`` … ``last``."""

    path: Path
    first: int
    last: int
    least_time: int
    most_time: int
    rows: int
    serial: int = field(default_factory=_serials.__next__, compare=False)
    """Of this process; the name of a file that is gone may be given again."""

    @cached_property
    def readers(self) -> list[pq.ParquetFile]:
        """Open files from which nobody reads just now; one is for one thread at a time."""
        return []

    @cached_property
    def metadata(self) -> Any:
        return pq.read_metadata(self.path)

    @cached_property
    def groups(self) -> Groups:
        columns = ("datastream", "time")
        extents: list[list[int]] = [[], [], [], []]
        for index in range(self.metadata.num_row_groups):
            group = self.metadata.row_group(index)
            for place, name in enumerate(columns):
                statistics = group.column(SCHEMA.get_field_index(name)).statistics
                extents[place * 2].append(_plain(statistics.min))
                extents[place * 2 + 1].append(_plain(statistics.max))
        return Groups(*(np.array(extent, np.int64) for extent in extents))

    def touched(self, datastreams: Ints | None, start: int, end: int) -> list[int]:
        """Row groups that may hold the sorted ``datastreams`` (None: all) in start … end."""
        groups = self.groups
        hit = (groups.least_time <= end) & (groups.most_time >= start)
        if datastreams is not None:
            low = np.searchsorted(datastreams, groups.least_datastream, "left")
            high = np.searchsorted(datastreams, groups.most_datastream, "right")
            hit &= low < high
        return np.flatnonzero(hit).tolist()

    def has_some(self, index: int, name: str) -> bool:
        """Whether one row group may hold anything but null in a column."""
        column = self.metadata.row_group(index).column(SCHEMA.get_field_index(name))
        known = column.statistics
        return known is None or not known.has_null_count or known.null_count < column.num_values

    def touched_by(self, datastream: int, start: int, end: int) -> list[int]:
        """The same for one datastream: row groups follow one another in its order."""
        groups = self.groups
        low = int(groups.most_datastream.searchsorted(datastream, "left"))
        high = int(groups.least_datastream.searchsorted(datastream, "right"))
        return [
            index
            for index in range(low, high)
            if groups.least_time[index] <= end and groups.most_time[index] >= start
        ]


def _plain(value: Any) -> int:
    return value if isinstance(value, int) else clock.from_datetime(value)


class Edited(Protocol):
    """What segments need to know of an overlay."""

    def versions(self, first: int, last: int) -> pa.Table: ...
    def visible(self, rows: pa.Table) -> pa.Table: ...


@dataclass(frozen=True)
class Change:
    """What one commit changes; ``next_number`` is the next to be given."""

    old: Sequence[Segment]
    new: Sequence[Segment]
    position: int
    next_number: int


class Segments:
    """The Delta table of one home. One thread adds, one merges; any thread reads ``listed``."""

    def __init__(self, folder: Path, kept_bytes: int = 48 << 20) -> None:
        """Opens the table, made if missing, and removes files that it does not list."""
        self._folder = folder
        self._changing = threading.Lock()
        self._delta = DeltaLog(folder, SCHEMA)
        self.position: int = self._delta.number(APP) or 0
        """Log position up to which every observation is in a segment."""
        self.listed: tuple[Segment, ...] = tuple(sorted(self._read_list(), key=_first))
        names = {segment.path.name for segment in self.listed}
        for path in (*folder.glob("*.parquet"), *folder.glob("*.part")):
            if path.name not in names:
                path.unlink()
        self._kept: Kept[Any] = Kept(kept_bytes)
        behind = self.listed[-1].last + 1 if self.listed else 1
        self.next_number: int = max(behind, self._delta.number(NUMBERS) or 1)
        """The number after the last observation that ever was in a segment."""

    @property
    def rows(self) -> int:
        return sum(segment.rows for segment in self.listed)

    def _read_list(self) -> Iterable[Segment]:
        for added in self._delta.added():
            yield Segment(
                self._folder / added["path"],
                added["min.number"],
                added["max.number"],
                _plain(added["min.time"]),
                _plain(added["max.time"]),
                added["num_records"],
            )

    def write(self, rows: pa.Table) -> Segment | None:
        """Write rows (SCHEMA, any order) to a file not yet listed; None where there is none."""
        keys = [(name, "ascending") for name in ("datastream", "time", "number")]
        if not rows.num_rows:
            return None
        return self.write_sorted(rows.num_rows, [rows.sort_by(keys)])

    def rewrite(self, old: Segment, edited: Edited) -> Segment | None:
        """Write a segment anew as edits left it; None where they left nothing."""
        count = sum(edited.visible(rows).num_rows for rows in self.groups_of(old))
        count += edited.versions(old.first, old.last).num_rows
        return self.write_sorted(count, self._merged([old], edited)) if count else None

    def write_sorted(self, count: int, parts: Iterable[pa.Table]) -> Segment:
        """Write parts that follow one another in order, ``count`` rows in all."""
        partial = self._folder / f"{threading.get_ident()}.part"
        try:
            extents = _write(partial, parts)
            sync_file(partial)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        lows, highs, begins, ends, sizes = zip(*extents, strict=True)
        assert sum(sizes) == count, "no row is lost"
        first, last = min(lows), max(highs)
        path = self._free(f"{first:015d}-{last:015d}")
        partial.rename(path)
        folders.settled(self._folder)
        return Segment(path, first, last, min(begins), max(ends), count)

    def _free(self, name: str) -> Path:
        """A file that is not there yet: what was rewritten may hold the same numbers."""
        path = self._folder / f"{name}.parquet"
        again = 0
        while path.exists():
            again += 1
            path = self._folder / f"{name}-{again}.parquet"
        return path

    def add(self, change: Change, now: int) -> None:
        """List what was written and record the log position, in one commit.

        Readers see it after ``show``.
        """
        removed = [RemoveAction(item.path.name, True, now // 1000) for item in change.old]
        added = [_added(item, now, True) for item in change.new]
        marks = {APP: change.position, NUMBERS: change.next_number}
        self._delta.commit([*removed, *added], marks)

    def show(self, change: Change) -> None:
        with self._changing:
            self.position = change.position
            self.next_number = change.next_number
            kept = [item for item in self.listed if item not in change.old]
            self.listed = tuple(sorted([*kept, *change.new], key=_first))

    def replace(
        self, old: Sequence[Segment], new: Sequence[Segment], now: int, same: bool = True
    ) -> None:
        """List ``new`` in the place of ``old`` in one commit; ``same``: they hold the same rows."""
        removed = [RemoveAction(item.path.name, not same, now // 1000) for item in old]
        added = [_added(item, now, not same) for item in new]
        self._delta.commit([*removed, *added], {NUMBERS: self.next_number})
        with self._changing:
            kept = [item for item in self.listed if item not in old]
            self.listed = tuple(sorted([*kept, *new], key=_first))

    def mergeable(self) -> list[Segment]:
        """Neighbours of like size that should become one segment; empty when there are none."""
        run: list[Segment] = []
        for segment in reversed(self.listed):
            if run and segment.rows >= MERGE_COUNT // 2 * max(item.rows for item in run):
                run = []
            run.append(segment)
            if len(run) == MERGE_COUNT:
                small = sum(item.rows for item in run) <= MERGE_MOST
                return run[::-1] if small else []
        return []

    def merge(self, old: Sequence[Segment], now: int) -> Segment:
        """Write the rows of neighbouring segments into one, a range of datastreams at a time."""
        count = sum(item.rows for item in old)
        new = self.write_sorted(count, self._merged(old))
        self.replace(old, [new], now)
        return new

    def _merged(self, old: Sequence[Segment], edited: Edited | None = None) -> Iterable[pa.Table]:
        """Rows of segments in their order, as edits left them."""
        versions = SCHEMA.empty_table()
        if edited is not None:
            versions = edited.versions(old[0].first, old[-1].last)
        begins = np.unique(np.concatenate([item.groups.least_datastream for item in old]))
        step = max(1, len(begins) // max(1, sum(item.rows for item in old) // 2_000_000))
        cuts = [*begins[::step].tolist(), np.iinfo(np.int32).max]
        keys = [(name, "ascending") for name in ("datastream", "time", "number")]
        for low, high in pairwise(cuts):
            parts = []
            for item in old:
                groups = np.flatnonzero(
                    (item.groups.least_datastream < high) & (item.groups.most_datastream >= low)
                )
                if len(groups):
                    file = pq.ParquetFile(item.path, metadata=item.metadata)
                    rows = file.read_row_groups(groups.tolist(), use_threads=False)
                    stream = rows.column("datastream").to_numpy()
                    parts.append(rows.filter(pa.array((stream >= low) & (stream < high))))
            if edited is not None:
                parts = [edited.visible(part.cast(SCHEMA)) for part in parts]
                stream = versions.column("datastream").to_numpy()
                parts.append(versions.filter(pa.array((stream >= low) & (stream < high))))
            yield pa.concat_tables(parts).cast(SCHEMA).sort_by(keys)

    def without(self, old: Segment, gone: Callable[[pa.Table], Any], count: int) -> Segment | None:
        """Write the rows of a segment but for the ``count`` that ``gone`` marks; None: no row is
        left."""
        if count == old.rows:
            return None
        parts = (rows.filter(pa.array(~gone(rows))) for rows in self.groups_of(old))
        return self.write_sorted(old.rows - count, parts)

    def groups_of(self, segment: Segment) -> Iterable[pa.Table]:
        """The row groups of a segment one after the other, past the cache."""
        for index in range(segment.metadata.num_row_groups):
            yield read_group(segment, index).cast(SCHEMA)

    def discard(self, segments: Sequence[Segment]) -> None:
        """Delete files that are no longer listed."""
        for segment in segments:
            segment.path.unlink(missing_ok=True)
            segment.readers.clear()

    def group(self, segment: Segment, index: int) -> pa.Table:
        """One row group, from the cache when it was read lately."""
        found: pa.Table = self._kept.get(
            (segment.serial, index), lambda: read_group(segment, index)
        )
        return found

    def row(self, segment: Segment, number: int) -> pa.Table | None:
        """The row with a number, by reading the numbers alone."""
        file = pq.ParquetFile(segment.path, metadata=segment.metadata, memory_map=True)
        for index in range(file.num_row_groups):
            numbers = file.read_row_group(index, ["number"], use_threads=False)["number"]
            found = np.flatnonzero(numbers.to_numpy() == number)
            if len(found):
                return self.group(segment, index).slice(int(found[0]), 1)
        return None

    def with_number(self, number: int) -> Segment | None:
        for segment in self.listed:
            if segment.first <= number <= segment.last:
                return segment
        return None


def _write(path: Path, parts: Iterable[pa.Table]) -> list[tuple[int, ...]]:
    """Write sorted parts to one file; returns the extent of each."""
    extents: list[tuple[int, ...]] = []
    options = {"compression": "zstd", "compression_level": 1, "use_dictionary": ["source"]}
    with pq.ParquetWriter(path, SCHEMA, **options) as writer:
        for part in parts:
            if part.num_rows:
                writer.write_table(part, row_group_size=GROUP_ROWS)
                extents.append(_extent(part))
    return extents


def _first(segment: Segment) -> int:
    return segment.first


def _extent(part: pa.Table) -> tuple[int, ...]:
    number = part.column("number").to_numpy()
    time = part.column("time").cast(pa.int64()).to_numpy()
    extent = number.min(), number.max(), time.min(), time.max(), part.num_rows
    return tuple(int(value) for value in extent)


def _added(segment: Segment, now: int, new_rows: bool) -> AddAction:
    statistics = {
        "numRecords": segment.rows,
        "minValues": {"number": segment.first, "time": _precise(segment.least_time)},
        "maxValues": {"number": segment.last, "time": _precise(segment.most_time)},
        "nullCount": {"number": 0, "time": 0},
    }
    size = segment.path.stat().st_size
    stats = msgspec.json.encode(statistics).decode()
    return AddAction(segment.path.name, size, {}, now // 1000, new_rows, stats)


def _precise(instant: int) -> str:
    moment = clock.to_datetime(instant)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_group(segment: Segment, index: int, names: list[str] | None = None) -> pa.Table:
    """The columns ``names`` (None: all) of one row group."""
    try:
        file = segment.readers.pop()
    except IndexError:
        file = pq.ParquetFile(segment.path, metadata=segment.metadata, memory_map=True)
    rows = file.read_row_group(index, names, use_threads=False)
    if len(segment.readers) < _IDLE_READERS:
        segment.readers.append(file)
    return rows
