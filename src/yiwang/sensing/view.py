"""What there is to read at one moment: segments, hot chunks, and what edits lay over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from yiwang.contracts.observations import Ints
from yiwang.sensing import columns, series
from yiwang.sensing.hot import Chunk
from yiwang.sensing.overlay import Overlay
from yiwang.sensing.segments import Segment, Segments
from yiwang.sensing.series import Closed, Series

_FAR = 2**62


@dataclass(frozen=True)
class View:
    """``extents``: how many rows of each chunk there are. ``table`` and ``closed`` read the
    segments."""

    segments: Sequence[Segment]
    chunks: Sequence[Chunk]
    extents: Sequence[int]
    overlay: Overlay
    table: Segments
    closed: Closed

    @property
    def count(self) -> int:
        """How many observations there are."""
        overlay = self.overlay
        base = sum(segment.rows for segment in self.segments) + sum(self.extents)
        if not overlay:
            return base
        gone = 0
        if len(overlay.erased):
            gone = overlay.gone(self._stored(overlay.erased, -_FAR, _FAR))
        return base - gone - overlay.deleted

    def parts(self, datastreams: Ints | None, start: int, end: int) -> Iterator[pa.Table]:
        """The rows of the sorted ``datastreams`` (None: every one) in start … end piece by
        piece, none larger than a row group or a hot chunk."""
        stored = self._stored(datastreams, start, end)
        if not self.overlay:
            yield from stored
            return
        for part in stored:
            left = self.overlay.visible(part)
            if left.num_rows:
                yield left
        versions = columns.within(self.overlay.versions(0, _FAR), datastreams, start, end)
        if versions.num_rows:
            yield versions

    def series(self, datastream: int, start: int, end: int) -> Series:
        """The same rows of one datastream as columns, unordered."""
        if len(self.overlay.erased) and datastream in self.overlay.erased:
            return series.joined([])
        span = (datastream, start, end)
        parts = [part for item in self.segments for part in self.closed.of(item, *span)]
        for chunk, count in zip(self.chunks, self.extents, strict=True):
            found = series.hot(chunk, count, *span)
            parts += [] if found is None else [found]
        laid_over = series.laid_over(self.overlay, parts, *span) if self.overlay else parts
        return series.joined(laid_over)

    def numbered(self, after: int) -> Iterator[tuple[int, Iterator[pa.Table]]]:
        """The rows numbered past ``after``, run by run: the last number of the run, and its
        rows piece by piece."""
        overlay = self.overlay
        for segment in self.segments:
            if segment.last > after:
                parts = (_past(rows, after) for rows in self.table.groups_of(segment))
                yield segment.last, overlay.laid_over(parts, max(segment.first, after + 1))
        for chunk, count in zip(self.chunks, self.extents, strict=True):
            last = chunk.first + count - 1
            if count and last > after:
                piece = [_past(columns.table(chunk, count), after)]
                yield last, overlay.laid_over(piece, max(chunk.first, after + 1))

    def _stored(self, datastreams: Ints | None, start: int, end: int) -> Iterator[pa.Table]:
        """Rows as they stand in segments and hot chunks."""
        for segment in self.segments:
            yield from self._of(segment, datastreams, start, end)
        for chunk, count in zip(self.chunks, self.extents, strict=True):
            if count and chunk.least_time <= end and chunk.most_time >= start:
                found = columns.matching(chunk, count, datastreams, start, end)
                if found is not None:
                    yield found

    def _of(
        self, segment: Segment, datastreams: Ints | None, start: int, end: int
    ) -> Iterator[pa.Table]:
        if segment.least_time > end or segment.most_time < start:
            return
        for index in segment.touched(datastreams, start, end):
            found = columns.cut(self.table.group(segment, index), datastreams, start, end)
            if found.num_rows:
                yield found


def _past(rows: pa.Table, number: int) -> pa.Table:
    return rows.filter(pa.array(rows.column("number").to_numpy() > number))
