"""Rewriting the segments: closed chunks with what was edited meanwhile, and what is too old."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from yiwang.contracts.observations import Ints
from yiwang.sensing import columns
from yiwang.sensing.hot import Chunk
from yiwang.sensing.overlay import Overlay
from yiwang.sensing.segments import Change, Segment, Segments

_EVER = 2**62


def written(segments: Segments, chunks: Sequence[Chunk], overlay: Overlay) -> Change:
    """Write closed chunks, and anew the segments that the edits touch; nothing is listed yet.
    ``overlay``: the edits up to the end of the chunks."""
    tables = [columns.table(chunk, chunk.rows) for chunk in chunks if chunk.rows]
    last = max(chunk.first + chunk.rows for chunk in chunks) - 1
    new: list[Segment | None] = []
    if tables:
        first = min(chunk.first for chunk in chunks if chunk.rows)
        rows = [*map(overlay.visible, tables), overlay.versions(first, last)]
        new.append(segments.write(pa.concat_tables(rows)))
    old = [item for item in segments.listed if _touched(item, overlay)] if overlay else []
    new += [segments.rewrite(item, overlay) for item in old]
    number = max(last + 1, segments.next_number)
    return Change(old, [item for item in new if item is not None], chunks[-1].end, number)


def _touched(segment: Segment, overlay: Overlay) -> bool:
    if overlay.touches(segment.first, segment.last):
        return True
    return bool(len(overlay.erased) and segment.touched(overlay.erased, -_EVER, _EVER))


@dataclass(frozen=True)
class Old:
    """Rows numbered up to ``most_number`` that are older than ``kept_from`` (by datastream)
    says, but for the ``latest`` (number by datastream)."""

    kept_from: Ints
    most_number: int
    latest: Ints

    def __call__(self, rows: pa.Table) -> NDArray[np.bool_]:
        stream = rows.column("datastream").to_numpy()
        number = rows.column("number").to_numpy()
        inside = np.minimum(stream, len(self.kept_from) - 1)
        old = columns.times(rows.column("time")) < self.kept_from[inside]
        old &= (stream < len(self.kept_from)) & (number <= self.most_number)
        latest = self.latest[np.minimum(stream, len(self.latest) - 1)]
        gone: NDArray[np.bool_] = old & (number != latest)
        return gone


def forget(segments: Segments, old: Old, now: int) -> list[Segment]:
    """Delete old rows from the segments, where they are a twentieth of one; returns the
    segments that were written anew."""
    changed: list[Segment] = []
    if not len(old.kept_from):
        return changed
    for segment in segments.listed:
        if segment.least_time >= int(old.kept_from.max()):
            continue
        count = sum(int(old(rows).sum()) for rows in segments.groups_of(segment))
        if count * 20 < segment.rows or not count:
            continue
        rest = segments.without(segment, old, count)
        segments.replace([segment], [] if rest is None else [rest], now, same=False)
        changed.append(segment)
    return changed
