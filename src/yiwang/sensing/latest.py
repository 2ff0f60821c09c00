"""The latest observation of every datastream, in dense arrays indexed by its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from yiwang.contracts.observations import Floats, Ints, ObservationBatch

_NEVER = np.iinfo(np.int64).max


class Latest:
    """``time``, ``result``, ``received``, ``number`` of the latest observation by phenomenon
    time, ``first_time`` of the earliest, and ``exact`` texts of results that are no numbers.

    ``time`` is 0 where there is none. One thread updates; any may read: the arrays only grow,
    and are replaced by longer ones, so take ``time`` etc. once for one computation.
    """

    def __init__(self) -> None:
        self.time: Ints = np.zeros(1024, np.int64)
        self.result: Floats = np.full(1024, np.nan)
        self.received: Ints = np.zeros(1024, np.int64)
        self.number: Ints = np.zeros(1024, np.int64)
        self.first_time: Ints = np.full(1024, _NEVER)
        self.exact: dict[int, str] = {}

    def ensure(self, last: int) -> None:
        """Make room for datastreams up to ``last``."""
        size = len(self.time)
        if last < size:
            return
        room = max(last + 1, size * 3 // 2) - size
        self.result = np.concatenate((self.result, np.full(room, np.nan)))
        self.received = np.concatenate((self.received, np.zeros(room, np.int64)))
        self.number = np.concatenate((self.number, np.zeros(room, np.int64)))
        self.first_time = np.concatenate((self.first_time, np.full(room, _NEVER)))
        self.time = np.concatenate((self.time, np.zeros(room, np.int64)))

    def update(self, batch: ObservationBatch, number: Ints | None = None) -> None:
        """Take in stored observations; of two with the same time the one stored later counts.

        ``number``: their numbers, where they do not follow ``batch.first``.
        """
        if not len(batch):
            return
        self.ensure(int(batch.datastream.max()))
        early = batch.time < self.first_time[batch.datastream]
        if early.any():
            np.minimum.at(self.first_time, batch.datastream[early], batch.time[early])
        newer = batch.time >= self.time[batch.datastream]
        rows = np.arange(len(batch)) if newer.all() else np.flatnonzero(newer)
        if not len(rows):
            return
        # Of repeated indices an assignment keeps the last: put the rows in the order of time.
        times = batch.time[rows]
        if (times[1:] < times[:-1]).any():
            rows = rows[np.argsort(times, kind="stable")]
        streams = batch.datastream[rows]
        self.result[streams] = batch.result[rows]
        self.received[streams] = batch.received[rows]
        self.number[streams] = batch.first + rows if number is None else number[rows]
        self.time[streams] = batch.time[rows]
        self._keep_exact(batch, rows)

    def _keep_exact(self, batch: ObservationBatch, rows: Ints) -> None:
        if batch.exact is None:
            if self.exact:
                for stream in self.exact.keys() & set(batch.datastream[rows].tolist()):
                    del self.exact[stream]
            return
        for row in rows.tolist():
            stream, text = int(batch.datastream[row]), batch.exact[row]
            if text is None:
                self.exact.pop(stream, None)
            else:
                self.exact[stream] = text

    def of(self, datastreams: Sequence[int]) -> tuple[Ints, Floats]:
        """Time and result of each; time 0 where there is none."""
        wanted = np.asarray(datastreams, np.int64)
        time, result = self.time, self.result
        inside = wanted < min(len(time), len(result))
        index = np.where(inside, wanted, 0)
        return np.where(inside, time[index], 0), np.where(inside, result[index], np.nan)

    def state(self) -> dict[str, Any]:
        """A copy of everything, for a snapshot."""
        return {
            "time": self.time.copy(),
            "result": self.result.copy(),
            "received": self.received.copy(),
            "number": self.number.copy(),
            "first_time": self.first_time.copy(),
        }

    def restore(self, state: dict[str, Any], exact: dict[int, str]) -> None:
        self.time, self.result = state["time"], state["result"]
        self.received, self.number = state["received"], state["number"]
        self.first_time = state["first_time"]
        self.exact = exact
