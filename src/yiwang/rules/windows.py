"""Windows over the history of a property, evaluated for many instants at once.

Every aggregate is taken over exactly the observations of its window, in their order of time:
the result does not depend on how the stream was cut, down to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from yiwang.rules.values import Value

_SAFE = 2**62


class Series:
    """Observed numbers of one property, sorted by subject and time, one a moment."""

    def __init__(self, subject: Any, time: Any, value: Any) -> None:
        self.subject = subject
        self.time = time
        self.value = value

    def before(self, subject: Any, time: Any) -> tuple[Any, Any]:
        """Of each subject the last value at or before a time (NaN for none), and its time."""
        index = locate(self.subject, self.time, subject, time)
        if not len(self.value):
            return np.full(len(subject), np.nan), np.zeros(len(subject), np.int64)
        source = np.maximum(index - 1, 0)
        known = (index > 0) & (self.subject[source] == subject)
        return np.where(known, self.value[source], np.nan), self.time[source]

    def over(self, function: str, subject: Any, time: Any, span: int) -> Value:
        """An aggregate of the values in (time - span, time]; NULL where there are none, but a
        count of 0."""
        begin = locate(self.subject, self.time, subject, time - span)
        end = locate(self.subject, self.time, subject, time)
        count = end - begin
        some = count > 0
        if function == "count_over":
            return Value(count.astype(np.float64), np.ones(len(count), np.bool_))
        if not some.any():
            return Value(np.zeros(len(count)), some)
        operation = {"min_over": np.minimum, "max_over": np.maximum}.get(function, np.add)
        bounds = np.stack([np.where(some, begin, 0), np.where(some, end, 1)], axis=1).ravel()
        padded = np.append(self.value, 0.0)
        result = operation.reduceat(padded, bounds)[::2]
        if function == "avg_over":
            result = result / np.where(some, count, 1)
        return Value(result, some)


def locate(groups: Any, times: Any, wanted: Any, moments: Any) -> Any:
    """How many rows stand before or at (wanted, moments) in rows sorted by (groups, times)."""
    if not len(groups) or not len(wanted):
        return np.zeros(len(wanted), np.int64)
    low = min(int(times.min()), int(moments.min()))
    width = max(int(times.max()), int(moments.max())) - low + 1
    if (int(max(groups.max(), wanted.max())) + 1) * width < _SAFE:
        keys = groups.astype(np.int64) * width + (times - low)
        return np.searchsorted(keys, wanted.astype(np.int64) * width + (moments - low), "right")
    found = np.empty(len(wanted), np.int64)
    for group in np.unique(wanted):
        begin, end = np.searchsorted(groups, [group, group + 1])
        rows = wanted == group
        found[rows] = begin + np.searchsorted(times[begin:end], moments[rows], "right")
    return found


def order(groups: Any, times: Any) -> Any:
    """The order that sorts by group, then time; equal pairs in no particular order."""
    if not len(groups):
        return np.empty(0, np.int64)
    low = int(times.min())
    width = int(times.max()) - low + 1
    if (int(groups.max()) + 1) * width < _SAFE:
        return np.argsort(groups.astype(np.int64) * width + (times - low))
    return np.lexsort((times, groups))


def newest_before(groups: Any, times: Any, cut: Any) -> Any:
    """Positions of the rows after ``cut[group]``, and of each group's newest rows before."""
    fresh = times > cut[groups]
    old = np.flatnonzero(~fresh)
    newest = np.full(len(cut), np.iinfo(np.int64).min)
    np.maximum.at(newest, groups[old], times[old])
    fresh[old] = times[old] == newest[groups[old]]
    return np.flatnonzero(fresh)


def running_max(groups: Any, values: Any) -> Any:
    """The greatest value so far within each run of equal, ascending ``groups``."""
    if not len(values):
        return values
    rank = np.cumsum(np.append(False, groups[1:] != groups[:-1]))
    low = int(values.min())
    width = int(values.max()) - low + 1
    if (int(rank[-1]) + 1) * width < _SAFE:
        shift = rank * width - low
        return np.maximum.accumulate(values + shift) - shift
    result = values.copy()
    for begin, end in zip(*_runs(rank), strict=True):
        result[begin:end] = np.maximum.accumulate(values[begin:end])
    return result


def _runs(rank: Any) -> tuple[Any, Any]:
    begins = np.flatnonzero(np.append(True, rank[1:] != rank[:-1]))
    return begins, np.append(begins[1:], len(rank))
