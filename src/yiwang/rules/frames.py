"""Instants: the frame over which rules are evaluated, and how it is built from observations.

An instant is one event time of one subject. Instants are sorted by subject and time; at each
one every property has the value last observed at or before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from yiwang.kernel.clock import HOUR, SECOND
from yiwang.rules.parameters import Timeline
from yiwang.rules.state import NEVER, State
from yiwang.rules.values import NULL, Value, number
from yiwang.rules.windows import Series, order


class Settings:
    """What is the same for every instant: parameters by date, attributes by subject."""

    def __init__(
        self, timelines: Mapping[str, Timeline], attributes: Mapping[str, Any], slots: Sequence[str]
    ) -> None:
        self.timelines = timelines
        self.attributes = attributes
        self.slots = {name: index for index, name in enumerate(slots)}


class Instants:
    """``values``, ``times`` and ``sinces`` have one row a property slot; ``series`` gives the
    history of a slot for windows."""

    def __init__(
        self,
        settings: Settings,
        subject: Any,
        time: Any,
        values: Any,
        times: Any,
        sinces: Any,
        series: Callable[[int], Series],
    ) -> None:
        self.settings = settings
        self.subject = subject
        self.time = time
        self.values = values
        self.times = times
        self.sinces = sinces
        self.series = series
        self.cache: dict[str, Value] = {}

    def __len__(self) -> int:
        return len(self.time)

    def take(self, index: Any) -> Instants:
        return Instants(
            self.settings,
            self.subject[index],
            self.time[index],
            self.values[:, index],
            self.times[:, index],
            self.sinces[:, index],
            self.series,
        )

    def column(self, name: str) -> Value:
        return number(self.values[self.settings.slots[name]])

    def age(self, name: str) -> Value:
        observed = self.times[self.settings.slots[name]]
        return Value((self.time - observed) / SECOND, observed != NEVER)

    def unchanged(self, name: str) -> Value:
        slot = self.settings.slots[name]
        seconds = (self.time - self.sinces[slot]) / SECOND
        return Value(seconds, ~np.isnan(self.values[slot]))

    def window(self, function: str, name: str, span: int) -> Value:
        slot = self.settings.slots[name]
        series = self.series(slot)
        if function in ("change_over", "rate_per_hour"):
            before, observed = series.before(self.subject, self.time - span)
            now = self.values[slot]
            change = now - before
            if function == "rate_per_hour":
                elapsed = self.times[slot] - observed
                change = np.divide(change * HOUR, elapsed, where=elapsed > 0, out=change * np.nan)
            return number(change)
        return series.over(function, self.subject, self.time, span)

    def parameter(self, name: str) -> Value:
        timeline = self.settings.timelines[name]
        index = self._dates(timeline)
        if not isinstance(index, np.ndarray):
            value = timeline.values[index - 1] if index else None
            return NULL if value is None else number(np.float64(value))
        known = np.array([np.nan, *timeline.values], dtype=np.float64)
        return number(known[index])

    def interpolate(self, name: str, value: Value) -> Value:
        """Piecewise linear over a table; beyond its ends the end's value."""
        timeline = self.settings.timelines[name]
        index = np.broadcast_to(self._dates(timeline), self.time.shape)
        data = np.broadcast_to(value.data, self.time.shape)
        result = np.full(len(self.time), np.nan)
        for version in np.unique(index):
            table = timeline.values[version - 1] if version else None
            if isinstance(table, tuple):
                rows = index == version
                points = np.asarray(table, np.float64)
                result[rows] = np.interp(data[rows], points[:, 0], points[:, 1])
        return Value(result, value.valid & ~np.isnan(result))

    def attribute(self, name: str) -> Value:
        column = self.settings.attributes.get(name)
        if column is None:
            return NULL
        data, valid = column
        return Value(data[self.subject], valid[self.subject])

    def _dates(self, timeline: Timeline) -> Any:
        """Which of the timeline's values holds, from 1; 0 before the first. One number when
        it is the same for all instants."""
        since = np.asarray(timeline.since, np.int64)
        ends = np.searchsorted(since, [self.time.min(), self.time.max()], "right")
        if ends[0] == ends[1]:
            return int(ends[0])
        return np.searchsorted(since, self.time, "right")


def single(
    settings: Settings,
    state: State,
    subject: Any,
    time: Any,
    value: Any,
    unchanged: bool,
    series: Any,
) -> Instants:
    """Instants of a rule with one property and one datastream a subject: the rows themselves."""
    values = value[None, :]
    sinces = np.broadcast_to(time, (1, len(time)))
    if unchanged:
        sinces = _unchanged(state, 0, subject, time, value, np.ones(len(time), np.bool_))[None, :]
    return Instants(settings, subject, time, values, time[None, :], sinces, series)


def merged(
    settings: Settings,
    state: State,
    subject: Any,
    slot: Any,
    time: Any,
    value: Any,
    unchanged: Sequence[int],
    series: Any,
) -> Instants:
    """Instants from rows of several datastreams. Of several values of one property at one
    instant the greatest counts, so that the order of arrival does not matter."""
    sorting = order(subject, time)
    subject, slot, time, value = (column[sorting] for column in (subject, slot, time, value))
    new = np.ones(len(time), np.bool_)
    new[1:] = (subject[1:] != subject[:-1]) | (time[1:] != time[:-1])
    instant = np.cumsum(new) - 1
    at = np.flatnonzero(new)
    count, slots = len(at), len(settings.slots)
    subjects, times = subject[at], time[at]
    values = np.empty((slots, count))
    observed = np.empty((slots, count), np.int64)
    sinces = np.zeros((slots, count), np.int64)
    for index in range(slots):
        rows = np.flatnonzero(slot == index)
        seen = np.zeros(count, np.bool_)
        here = np.full(count, np.nan)
        seen[instant[rows]] = True
        np.fmax.at(here, instant[rows], value[rows])
        source = carried(subjects, seen)
        known = source >= 0
        values[index] = np.where(known, here[source], state.value[index][subjects])
        observed[index] = np.where(known, times[source], state.time[index][subjects])
        if index in unchanged:
            sinces[index] = _unchanged(state, index, subjects, times, values[index], seen)
    return Instants(settings, subjects, times, values, observed, sinces, series)


def carried(subject: Any, seen: Any) -> Any:
    """For each instant the newest one of its subject, itself included, where ``seen`` is
    true; -1 where there is none."""
    count = len(subject)
    positions = np.arange(count)
    first = np.ones(count, np.bool_)
    first[1:] = subject[1:] != subject[:-1]
    begins = np.maximum.accumulate(np.where(first, positions, 0))
    newest = np.maximum.accumulate(np.where(seen, positions, -1))
    return np.where(newest >= begins, newest, -1)


def _unchanged(state: State, slot: int, subject: Any, time: Any, value: Any, seen: Any) -> Any:
    """Since when the slot's value is what it is at each instant."""
    count = len(time)
    before = np.empty(count)
    first = np.ones(count, np.bool_)
    first[1:] = subject[1:] != subject[:-1]
    before[1:] = value[:-1]
    before[first] = state.value[slot][subject[first]]
    known = np.ones(count, np.bool_)
    known[first] = state.time[slot][subject[first]] != NEVER
    same = (before == value) | (np.isnan(before) & np.isnan(value))
    source = carried(subject, seen & ~(same & known))
    return np.where(source >= 0, time[source], state.since[slot][subject])
