"""The latest observation of every datastream, in dense arrays indexed by its number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np

from yiwang.contracts.observations import Floats, Ints, ObservationBatch
from yiwang.kernel import clock

_NEVER = np.iinfo(np.int64).max
_RESULT_TIME = '"resultTime"'


class _Extra(msgspec.Struct):
    resultTime: str | None = None


class Latest:
    """``time``, ``result``, ``received``, ``number`` of the latest observation by phenomenon
    time, ``first_time`` of the earliest; ``exact`` and ``extra`` texts of those that have one.
    ``result_spans``: earliest and latest resultTime of the datastreams that are given one.

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
        self.extra: dict[int, str] = {}
        self.result_spans: dict[int, tuple[int, int]] = {}

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
        if batch.extra is not None:
            self._widen(batch.datastream, batch.extra)
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
        _keep(self.exact, streams, batch.exact, rows)
        _keep(self.extra, streams, batch.extra, rows)

    def _widen(self, datastreams: Ints, extras: Sequence[str | None]) -> None:
        spans = self.result_spans
        for stream, extra in zip(datastreams.tolist(), extras, strict=True):
            if extra is None or _RESULT_TIME not in extra:
                continue
            text = msgspec.json.decode(extra, type=_Extra).resultTime
            if text is not None:
                time = clock.parse(text)
                first, last = spans.get(stream, (time, time))
                spans[stream] = (min(first, time), max(last, time))

    def has(self, datastream: int) -> bool:
        """Whether there is an observation of a datastream."""
        return 0 < datastream < len(self.number) and bool(self.number[datastream] > 0)

    def forget(self, datastreams: Sequence[int]) -> None:
        """Know nothing of some datastreams, before their rows are taken in anew."""
        known = [stream for stream in datastreams if 0 < stream < len(self.time)]
        self.time[known] = 0
        self.number[known] = 0
        self.result[known] = np.nan
        self.received[known] = 0
        self.first_time[known] = _NEVER
        for stream in known:
            self.exact.pop(stream, None)
            self.extra.pop(stream, None)
            self.result_spans.pop(stream, None)

    def __call__(self, datastreams: Sequence[int]) -> tuple[Ints, Floats]:
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
            "result_spans": np.array(
                [(stream, *span) for stream, span in self.result_spans.items()], np.int64
            ).reshape(-1),
        }

    def restore(self, state: dict[str, Any], exact: dict[int, str], extra: dict[int, str]) -> None:
        self.time, self.result = state["time"], state["result"]
        self.received, self.number = state["received"], state["number"]
        self.first_time = state["first_time"]
        self.exact = exact
        self.extra = extra
        spans = state.get("result_spans", np.zeros(0, np.int64)).reshape(-1, 3).tolist()
        self.result_spans = {stream: (first, last) for stream, first, last in spans}


def _keep(
    held: dict[int, str], streams: Ints, texts: Sequence[str | None] | None, rows: Ints
) -> None:
    """Hold the texts of the latest rows, and drop those of rows before that had one."""
    if texts is None:
        if len(streams) <= len(held):
            for stream in streams.tolist():
                held.pop(stream, None)
        elif held:
            holding = np.fromiter(held, np.int64, len(held))
            touched = np.zeros(int(max(holding.max(), streams.max())) + 1, np.bool_)
            touched[streams] = True
            for stream in holding[touched[holding]].tolist():
                del held[stream]
        return
    for stream, row in zip(streams.tolist(), rows.tolist(), strict=True):
        text = texts[row]
        if text is None:
            held.pop(stream, None)
        else:
            held[stream] = text
