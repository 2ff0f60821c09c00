"""Recent observations kept in memory, for late arrivals and for windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

MERGE_ABOVE = 64


@dataclass(frozen=True, slots=True)
class Rows:
    """Observations as columns of one length; ``number`` is the observation's number."""

    datastream: Ints
    time: Ints
    value: Floats
    number: Ints

    def __len__(self) -> int:
        return len(self.time)

    def take(self, index: NDArray[np.generic]) -> Rows:
        return Rows(self.datastream[index], self.time[index], self.value[index], self.number[index])


def empty() -> Rows:
    none = np.empty(0, np.int64)
    return Rows(none, none, np.empty(0, np.float64), none)


def joined(parts: list[Rows]) -> Rows:
    if not parts:
        return empty()
    if len(parts) == 1:
        return parts[0]
    return Rows(
        np.concatenate([part.datastream for part in parts]),
        np.concatenate([part.time for part in parts]),
        np.concatenate([part.value for part in parts]),
        np.concatenate([part.number for part in parts]),
    )


class Retained:
    """A heap of row chunks. Adding costs nothing; reading looks at every chunk.

    Datastreams are less than ``width``.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._chunks: list[Rows] = []
        self.size = 0

    def add(self, rows: Rows) -> None:
        self._chunks.append(rows)
        self.size += len(rows)
        if len(self._chunks) > MERGE_ABOVE:
            self._merge()

    def of(self, datastreams: Ints) -> Rows:
        """Every retained row of some datastreams, in no order."""
        wanted = np.zeros(self.width, np.bool_)
        wanted[datastreams] = True
        parts = []
        for chunk in self._chunks:
            index = np.flatnonzero(wanted[chunk.datastream])
            if len(index):
                parts.append(chunk.take(index))
        return joined(parts)

    def all(self) -> Rows:
        return joined(self._chunks)

    def prune(self, cut: Ints, keep_last: Flags) -> None:
        """Forget rows at or before ``cut[datastream]``; of the datastreams flagged in
        ``keep_last`` the newest such row stays, for changes measured against it."""
        rows = self.all()
        if not len(rows):
            return
        old = rows.time <= cut[rows.datastream]
        kept = np.flatnonzero(~old)
        last = np.flatnonzero(old & keep_last[rows.datastream])
        if len(last):
            last = last[np.lexsort((rows.time[last], rows.datastream[last]))]
            ends = np.append(np.diff(rows.datastream[last]) != 0, True)
            kept = np.concatenate([kept, last[ends]])
        self._chunks = [rows.take(kept)]
        self.size = len(kept)

    def _merge(self) -> None:
        """Join the smaller chunks, so that their number stays small and rows move seldom."""
        largest = max(len(chunk) for chunk in self._chunks)
        small = [chunk for chunk in self._chunks if len(chunk) * 4 < largest]
        if len(small) < len(self._chunks) // 2:
            self._chunks = [self.all()]
            return
        large = [chunk for chunk in self._chunks if len(chunk) * 4 >= largest]
        self._chunks = [*large, joined(small)]
