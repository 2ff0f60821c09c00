"""The figures of device management, pure: online time, outages, drift, and when a battery is
empty."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Floats, Ints
from yiwang.sensing.fleet.nearest import nearest

ABSENT, ONLINE = -1, 0
"""States of a device beside those of ``health.STATES``: not there (yet, or any more)."""

_NORMAL = 1.4826
"""Median absolute deviation → standard deviation of a normal distribution."""
_EARTH_M = 6_371_008.8
_AT_ONCE = 2048
"""Devices whose drift is worked out together."""


# Online time


@dataclass(frozen=True)
class History:
    """Changes of state since some instant, in the order of (thing, at); one entry a change.

    ``current`` is the state of each of ``things`` (rising) now.
    """

    things: Ints
    current: Ints
    thing: Ints
    at: Ints
    before: Ints
    state: Ints


@dataclass(frozen=True)
class Spans:
    """Stretches of time of one state: the device's place in ``History.things``, from, to."""

    owner: Ints
    start: Ints
    end: Ints
    state: Ints


def spans(history: History, start: int, end: int) -> Spans:
    """What each device was from ``start`` to ``end``, whole and without gaps."""
    owner = np.searchsorted(history.things, history.thing)
    count = len(history.things)
    first = np.full(count, -1, np.int64)
    first[owner[::-1]] = np.arange(len(owner))[::-1]
    began = history.current.copy()
    began[first >= 0] = history.before[first[first >= 0]]
    inside = (history.at > start) & (history.at < end)
    # A change at or before the start says what the device was then.
    early = history.at <= start
    began[owner[early]] = history.state[early]
    owners = np.concatenate((np.arange(count), owner[inside]))
    starts = np.concatenate((np.full(count, start), history.at[inside]))
    states = np.concatenate((began, history.state[inside]))
    order = np.lexsort((starts, owners))
    owners, starts, states = owners[order], starts[order], states[order]
    ends = np.full(len(owners), end, np.int64)
    same = owners[1:] == owners[:-1]
    ends[:-1][same] = starts[1:][same]
    return Spans(owners, starts, ends, states)


def watched(watch: Sequence[tuple[int, int]]) -> tuple[Ints, Ints]:
    """A table from instants to the time watched until then, for ``np.interp``."""
    at, total, sum_ = [0], [0], 0
    for since, until in watch:
        at += [max(since, at[-1]), max(until, at[-1])]
        total += [sum_, sum_ + at[-1] - at[-2]]
        sum_ = total[-1]
    return np.array(at, np.int64), np.array(total, np.int64)


def shares(
    found: Spans, table: tuple[Ints, Ints], start: int, end: int, group: Ints, groups: int
) -> tuple[Floats, Floats]:
    """Microseconds online and microseconds there of the devices of each group between two
    instants, in watched time only. ``group`` is that of each device."""
    low = np.interp(np.clip(found.start, start, end), *table)
    high = np.interp(np.clip(found.end, start, end), *table)
    time = high - low
    mine = group[found.owner]
    online = np.bincount(mine, np.where(found.state == ONLINE, time, 0.0), groups)
    there = np.bincount(mine, np.where(found.state == ABSENT, 0.0, time), groups)
    return online.astype(np.float64), there.astype(np.float64)


# Outages


def clusters(
    fresh: NDArray[np.bool_], silent: NDArray[np.bool_], member: Ints, least: int, share: float
) -> Ints:
    """The clusters (gateways, streets …) that fell silent as a whole: with a ``fresh`` silence,
    at least ``least`` devices and ``share`` of theirs silent. ``member`` is the cluster of each
    device, negative for none."""
    inside = member >= 0
    size = int(member.max(initial=-1)) + 1
    total = np.bincount(member[inside], minlength=size)
    out = np.bincount(member[inside & silent], minlength=size)
    new = np.bincount(member[inside & fresh], minlength=size)
    found: Ints = np.flatnonzero((new > 0) & (out >= least) & (out >= share * total))
    return found


# Drift


@dataclass(frozen=True)
class DriftLimits:
    """``recent`` days are compared with the ``past`` days before them. ``z`` bounds the robust
    score against neighbours, ``z_alone`` that against the device's own past; ``floor`` is the
    least spread, as a share of the middle of the values."""

    recent: int = 3
    past: int = 21
    least_days: int = 10
    z: float = 6.0
    z_alone: float = 10.0
    floor: float = 0.02
    neighbours: int = 8
    least_neighbours: int = 3
    radius_m: float = 5000.0


@dataclass(frozen=True)
class Drift:
    """``score`` is how many robust standard deviations the recent days lie off; NaN where too
    little is known. ``against``: how many neighbours it was measured with, 0 for its own past."""

    score: Floats
    shift: Floats
    against: Ints


def drift(medians: Floats, lon: Floats, lat: Floats, limits: DriftLimits) -> Drift:
    """Daily medians (one row a device, one column a day, NaN where there is none, the last
    column the newest) against those of neighbours, or alone.

    For each day the median of the neighbours is taken off; what is left is steady for a sound
    device, whatever the weather does. The recent days' median less the past days' median, over
    the past days' spread (MAD, with a floor), is the score.
    """
    count = len(medians)
    found = Drift(np.full(count, np.nan), np.full(count, np.nan), np.zeros(count, np.int64))
    known = np.flatnonzero(_is_known(medians, limits))
    if len(known):
        near = _neighbours(lon, lat, limits)
        for start in range(0, len(known), _AT_ONCE):
            rows = known[start : start + _AT_ONCE]
            _drift(medians, rows, [near[row] for row in rows.tolist()], limits, found)
    return found


def _drift(
    medians: Floats, rows: Ints, near: Sequence[Ints], limits: DriftLimits, into: Drift
) -> None:
    """Fill in the drift of some devices, whose neighbours are ``near``."""
    count = np.array([len(others) for others in near])
    others = np.full((len(rows), max(count.max(), 1)), -1)
    for place, mine in enumerate(near):
        others[place, : len(mine)] = mine
    own = medians[rows]
    around = np.where((others >= 0)[:, :, None], medians[others], np.nan).transpose(0, 2, 1)
    middle = _medians(around)
    enough = (~np.isnan(around)).sum(axis=2) >= limits.least_neighbours
    left = np.where(enough, own - middle, np.nan)
    score, shift = _score(left, np.abs(_medians(middle)), limits)
    beside = (count >= limits.least_neighbours) & ~np.isnan(score)
    alone, alone_shift = _score(own, np.abs(_medians(own)), limits)
    into.score[rows] = np.where(beside, score, alone)
    into.shift[rows] = np.where(beside, shift, alone_shift)
    into.against[rows] = np.where(beside, count, 0)


def off(found: Drift, limits: DriftLimits) -> NDArray[np.bool_]:
    """Which devices drift, by the bound that belongs to how they were measured."""
    bound = np.where(found.against > 0, limits.z, limits.z_alone)
    with np.errstate(invalid="ignore"):
        result: NDArray[np.bool_] = np.abs(found.score) >= bound
    return result


def _is_known(values: Floats, limits: DriftLimits) -> NDArray[np.bool_]:
    """Whose recent days are all there, and enough of those before."""
    past = values[:, -limits.recent - limits.past : -limits.recent]
    enough = (~np.isnan(past)).sum(axis=1) >= limits.least_days
    result: NDArray[np.bool_] = enough & ~np.isnan(values[:, -limits.recent :]).any(axis=1)
    return result


def _score(values: Floats, level: Floats, limits: DriftLimits) -> tuple[Floats, Floats]:
    """Score and shift of each row; NaN where too little is known."""
    past = values[:, -limits.recent - limits.past : -limits.recent]
    middle = _medians(past)
    spread = _NORMAL * _medians(np.abs(past - middle[:, None]))
    spread = np.maximum(np.fmax(spread, limits.floor * level), 1e-9)
    change = _medians(values[:, -limits.recent :]) - middle
    change[~_is_known(values, limits)] = np.nan
    return change / spread, change


def _medians(values: Floats) -> Floats:
    """Along the last axis, leaving NaN out; NaN where there is nothing else."""
    count = (~np.isnan(values)).sum(axis=-1, keepdims=True)
    ordered = np.sort(values, axis=-1)
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=-1)
    high = np.take_along_axis(ordered, np.minimum(count // 2, values.shape[-1] - 1), axis=-1)
    result: Floats = np.where(count > 0, (low + high) / 2, np.nan)[..., 0]
    return result


def _neighbours(lon: Floats, lat: Floats, limits: DriftLimits) -> list[Ints]:
    """Places of the nearest others within the radius."""
    x = np.radians(lon) * np.cos(np.radians(_medians(lat))) * _EARTH_M
    y = np.radians(lat) * _EARTH_M
    return nearest(x, y, limits.neighbours, limits.radius_m)


def stuck(least: Floats, most: Floats, count: Ints, days: int, rows: int) -> NDArray[np.bool_]:
    """Which devices said one and the same value on all of the last ``days`` days, with at
    least ``rows`` observations a day, though they varied on most days before."""
    recent = slice(least.shape[1] - days, None)
    still = (least[:, recent] == most[:, recent]) & (count[:, recent] >= rows)
    one = least[:, recent].min(axis=1) == most[:, recent].max(axis=1)
    past = count[:, : least.shape[1] - days] > 0
    moved = (least[:, : past.shape[1]] != most[:, : past.shape[1]]) & past
    lively = moved.sum(axis=1) * 2 > past.sum(axis=1)
    result: NDArray[np.bool_] = still.all(axis=1) & one & lively & (past.sum(axis=1) >= 3)
    return result


# Batteries


def days_until(days: Ints, level: Floats, floor: float) -> float | None:
    """In how many days a falling level reaches ``floor``, by the median of the slopes between
    all pairs of days (Theil and Sen). None where it does not fall or fewer than 5 days are
    known; 0 when it is there already."""
    known = ~np.isnan(level)
    days, level = days[known], level[known]
    if len(days) < 5:
        return None
    if level[-1] <= floor:
        return 0.0
    first, second = np.triu_indices(len(days), 1)
    slope = float(np.median((level[second] - level[first]) / (days[second] - days[first])))
    if slope >= 0:
        return None
    return float((level[-1] - floor) / -slope)
