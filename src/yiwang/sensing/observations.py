"""The observation store: log, hot part and segments as one.

Every row is in the log first; the oldest part of the hot memory is rewritten into segments by
``compact``. Readers see a row exactly once: they take hot chunks and segments together, under
the lock that the swap holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from yiwang.contracts.observations import Ints, ObservationBatch
from yiwang.kernel.clock import Clock
from yiwang.sensing import columns, compaction, snapshot
from yiwang.sensing import overlay as overlays
from yiwang.sensing.errors import NoSuchObservation
from yiwang.sensing.hot import CHUNK_ROWS, Chunk, Hot
from yiwang.sensing.latest import Latest
from yiwang.sensing.log import FILE_BYTES, Frame, FrameLog, Header, LogFile, nothing, open_file
from yiwang.sensing.overlay import Edit, Overlay
from yiwang.sensing.segments import SCHEMA, Segment, Segments
from yiwang.sensing.series import Closed, Series
from yiwang.sensing.still import changing
from yiwang.sensing.view import View

FAR = 2**62
"""Later than every instant; ``-FAR`` is earlier."""
_MOST_LOG_BYTES = 1 << 30
"""Log bytes that are rewritten even if they hold fewer rows than the hot part may."""


_AT_ONCE = 1000
"""Datastreams whose latest observation is looked for together."""


class Observations:
    """Serves contracts PositionedLog, ObservationReader and EvidenceReader."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        hot_rows: int = 2_000_000,
        file_bytes: int = FILE_BYTES,
        opener: Callable[[Path], LogFile] = open_file,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._hot_rows = hot_rows
        self._swap = threading.Lock()
        self._compacting = threading.Lock()
        self._rewriting = threading.Lock()
        self._editing = threading.Lock()
        self.overlay = Overlay()
        self._snapshot_file = folder / "latest.snapshot"
        self._saved = 0
        self._stale: list[Segment] = []
        self.closed = Closed()
        self.latest = Latest()
        self.cursors: dict[str, int] = {}
        self.segments = Segments(folder / "table")
        self.log = FrameLog(folder / "log", file_bytes, opener, self.segments.position)
        self.next_number = self.segments.next_number
        chunk_rows = min(CHUNK_ROWS, max(hot_rows // 16, 1024))
        self.hot = Hot(self.segments.position, chunk_rows)
        self._recall()

    def _recall(self) -> None:
        """Rebuild memory: the snapshot (or the segments), then the frames behind it."""
        saved = snapshot.load(self._snapshot_file)
        if saved is not None and saved.position <= self.log.end():
            self.latest.restore(saved.arrays, saved.exact, saved.extra)
            self.cursors = saved.cursors
            self._saved = saved.position
        elif self.log.first:
            self._latest_from_segments()
        begin = max(min(self.segments.position, self._saved), self.log.first)
        edits: list[Edit] = []
        touched: set[int] = set()
        for frame in self.log.frames(begin):
            if frame.position > self.segments.position:
                self.hot.add(frame)
                self.next_number = frame.header.first + frame.header.stored
                edits += [overlays.edit(frame)] if frame.header.edits else []
            if frame.position > self._saved:
                self._fold(frame)
                touched.update(frame.header.touched)
        self.overlay = overlays.of(edits)
        self._recount(sorted(touched))

    def _latest_from_segments(self) -> None:
        for segment in self.segments.listed:
            for index in range(len(segment.groups.least_time)):
                rows = self.segments.group(segment, index)
                numbers = rows.column("number").to_numpy()
                self.latest.update(columns.batch(rows, 0, 0), numbers)

    def _fold(self, frame: Frame) -> None:
        self.latest.update(frame.batch)
        if frame.header.cursor is not None:
            self.cursors[frame.header.source] = frame.header.cursor

    def append(self, frames: Sequence[tuple[Header, ObservationBatch]]) -> list[Frame]:
        """Store frames durably, then make them visible. Called by one thread at a time."""
        ends = self.log.append(frames)
        stored: list[Frame] = []
        with self._swap:
            for (header, batch), end in zip(frames, ends, strict=True):
                frame = Frame(header, replace(batch, position=end))
                self.hot.add(frame)
                self._fold(frame)
                stored.append(frame)
                self.next_number = header.first + header.stored
        return stored

    def edit(self, header: Header, versions: ObservationBatch) -> None:
        """Correct or delete what is stored, durably, then visibly. By the thread that appends;
        ``header.first`` is ``next_number``."""
        with self._editing:
            end = self.log.append([(header, versions)])[0]
            frame = Frame(header, nothing(header.first, end), versions)
            with self._swap:
                self.hot.add(frame)
                self.overlay = self.overlay.plus(overlays.edit(frame))
            self._recount(header.touched)

    def _recount(self, datastreams: Sequence[int]) -> None:
        """Find the latest observation of some datastreams anew."""
        for low in range(0, len(datastreams), _AT_ONCE):
            some = np.unique(np.asarray(datastreams[low : low + _AT_ONCE], np.int64))
            left = some[~np.isin(some, self.overlay.erased)]
            found = list(self.parts(left)) if len(left) else []
            self.latest.forget(some.tolist())
            for part in found:
                rows = part.sort_by("number")
                self.latest.update(columns.batch(rows, 0, 0), rows.column("number").to_numpy())

    @property
    def count(self) -> int:
        """How many observations there are."""
        return self._now().count

    # PositionedLog

    def end(self) -> int:
        return self.log.end()

    def read(
        self, position: int, most: int = 100_000, until: int | None = None
    ) -> list[ObservationBatch]:
        """Batches after ``position``: from memory where they are hot, else from the files."""
        last = FAR if until is None else until
        with self._swap:
            if position >= self.hot.start:
                return self.hot.read(position, most, last)
        return self.log.read(position, most, last)

    def headers(self, position: int, most: int) -> tuple[int, list[Header]]:
        """Headers of frames after ``position``, up to about ``most`` rows, and the position
        they reach."""
        headers: list[Header] = []
        rows = 0
        for frame in self.log.frames(position):
            headers.append(frame.header)
            position = frame.position
            rows += frame.header.stored + len(frame.header.raws)
            if rows >= most:
                break
        return position, headers

    # ObservationReader

    def between(
        self, datastreams: Sequence[int], start: int, end: int, limit: int = 100_000
    ) -> ObservationBatch:
        """Observations with start <= time <= end, ordered by datastream, time, number.

        ``first`` and ``position`` of the result mean nothing: the rows are no run of the log.
        """
        rows = self.rows(np.unique(np.asarray(datastreams, np.int64)), start, end)
        return columns.batch(rows.sort_by(columns.ORDER).slice(0, limit), 0, self.end())

    def rows(self, datastreams: Ints | None, start: int = -FAR, end: int = FAR) -> pa.Table:
        """All rows of the sorted ``datastreams`` (None: every one) in start … end, unordered."""
        parts = list(self.parts(datastreams, start, end))
        return pa.concat_tables(parts) if parts else SCHEMA.empty_table()

    def parts(
        self, datastreams: Ints | None, start: int = -FAR, end: int = FAR
    ) -> Iterator[pa.Table]:
        """The same rows piece by piece, none larger than a row group or a hot chunk."""
        yield from self._now().parts(datastreams, start, end)

    def series(self, datastream: int, start: int = -FAR, end: int = FAR) -> Series:
        """The same rows of one datastream as columns, unordered."""
        return self._now().series(datastream, start, end)

    def _now(self) -> View:
        with self._swap:
            chunks = self.hot.chunks
            extents = [chunk.rows for chunk in chunks]
            listed, overlay = self.segments.listed, self.overlay
        return View(listed, chunks, extents, overlay, self.segments, self.closed)

    def one(self, number: int) -> dict[str, Any] | None:
        """One observation by its number, or None."""
        with self._swap:
            segment, chunks = self.segments.with_number(number), self.hot.chunks
            overlay = self.overlay
        if overlay.hides(number):
            versions = overlay.versions(number, number)
            return columns.record(versions) if versions.num_rows else None
        found = self._one(number, segment, chunks)
        if found is not None and found["datastream"] in overlay.erased:
            return None
        return found

    def _one(
        self, number: int, segment: Segment | None, chunks: Sequence[Chunk]
    ) -> dict[str, Any] | None:
        for chunk in chunks:
            if chunk.first <= number < chunk.first + chunk.rows:
                row = number - chunk.first
                return columns.record(columns.table(chunk, chunk.rows, np.array([row])))
        if segment is None:
            return None
        found = self.segments.row(segment, number)
        return None if found is None else columns.record(found)

    def raw(self, observation: int) -> dict[str, Any]:
        """What came in as an observation. Raises NoSuchObservation."""
        found = self.one(observation)
        if found is None:
            raise NoSuchObservation(observation=observation)
        return found

    def numbered(self, after: int) -> Iterator[tuple[int, Iterator[pa.Table]]]:
        """The rows numbered past ``after``, run by run: the last number of the run, and its
        rows piece by piece, as they are now."""
        yield from self._now().numbered(after)

    # Compaction

    def compact_if_needed(self, keep_from: int) -> bool:
        """Rewrite the oldest hot part when it is large enough, and tidy up behind it.

        Does nothing while a backup holds the files still.
        """
        with changing(self._folder) as free:
            if not free:
                return False
            large = self.hot.rows >= self._hot_rows
            if large or self.end() - self.hot.start >= _MOST_LOG_BYTES:
                self.compact(self._hot_rows // 4)
            self.log.drop(min(self.segments.position, self._saved, keep_from))
            return large

    def compact(self, keep_rows: int = 0) -> None:
        """Rewrite hot rows into a segment, leaving about ``keep_rows`` in memory."""
        with self._compacting:
            chunks = self._closed(keep_rows)
            if not chunks:
                return
            overlay = self.overlay.until(chunks[-1].end)
            with self._rewriting if overlay else nullcontext():
                change = compaction.written(self.segments, chunks, overlay)
                self.segments.add(change, self._clock.now())
                with self._swap:
                    self.segments.show(change)
                    self.hot.without(len(chunks))
                    self.overlay = self.overlay.after(change.position)
                self._stale = [*self._stale, *change.old]
            self.save()

    def merge(self) -> bool:
        """Merge neighbouring segments of like size; false when there was nothing to merge.

        The files merged last time are deleted, which no reader uses any more.
        """
        with self._rewriting, changing(self._folder) as free:
            old = self.segments.mergeable() if free else []
            if not old:
                return False
            self.segments.discard(self._stale)
            self.segments.merge(old, self._clock.now())
            self._stale = old
            return True

    def forget(self, kept_from: Ints, most_number: int) -> int:
        """Delete closed rows numbered up to ``most_number`` that are older than ``kept_from``
        (by datastream) says; returns how many. The latest row of each datastream stays, and so
        do rows that are fewer than a twentieth of their file, until they are more.

        Does nothing while a backup holds the files still.
        """
        with self._rewriting, changing(self._folder) as free:
            if not free:
                return 0
            self.segments.discard(self._stale)
            gone = compaction.Old(kept_from, most_number, self.latest.number)
            before = self.segments.rows
            self._stale = compaction.forget(self.segments, gone, self._clock.now())
            return before - self.segments.rows

    def _closed(self, keep_rows: int) -> list[Chunk]:
        """The oldest chunks, closed to further rows."""
        with self._swap:
            chunks: list[Chunk] = []
            left = self.hot.rows
            for chunk in self.hot.chunks:
                if left - chunk.rows < keep_rows:
                    break
                left -= chunk.rows
                chunk.closed = True
                chunks.append(chunk)
            return chunks

    def tidy(self) -> None:
        """Write the snapshot, so that the next start is fast, unless a backup is being made."""
        with changing(self._folder) as free:
            if free:
                self.save()

    def save(self) -> None:
        with self._editing, self._swap:
            latest = self.latest
            state = snapshot.Snapshot(
                self.log.end(),
                dict(self.cursors),
                latest.state(),
                dict(latest.exact),
                dict(latest.extra),
            )
        snapshot.save(self._snapshot_file, state)
        self._saved = state.position

    def close(self) -> None:
        self.log.close()
