"""The figures of device management, pure: online time, outages, drift, and when a battery is
empty."""

from __future__ import annotations

import warnings
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
    score, shift = np.full(count, np.nan), np.full(count, np.nan)
    against = np.zeros(count, np.int64)
    near = _neighbours(lon, lat, limits)
    for row in range(count):
        others = near[row]
        own = medians[row]
        if len(others) >= limits.least_neighbours:
            middle = _median(medians[others], 0)
            enough = (~np.isnan(medians[others])).sum(axis=0) >= limits.least_neighbours
            left = np.where(enough, own - middle, np.nan)
            level = abs(float(_median(middle)))
            found = _score(left, level, limits)
            if not np.isnan(found[0]):
                score[row], shift[row] = found
                against[row] = len(others)
                continue
        score[row], shift[row] = _score(own, abs(float(_median(own))), limits)
    return Drift(score, shift, against)


def off(found: Drift, limits: DriftLimits) -> NDArray[np.bool_]:
    """Which devices drift, by the bound that belongs to how they were measured."""
    bound = np.where(found.against > 0, limits.z, limits.z_alone)
    with np.errstate(invalid="ignore"):
        result: NDArray[np.bool_] = np.abs(found.score) >= bound
    return result


def _score(values: Floats, level: float, limits: DriftLimits) -> tuple[float, float]:
    recent = values[-limits.recent :]
    past = values[-limits.recent - limits.past : -limits.recent]
    past = past[~np.isnan(past)]
    if len(past) < limits.least_days or np.isnan(recent).any():
        return np.nan, np.nan
    middle = float(np.median(past))
    spread = _NORMAL * float(np.median(np.abs(past - middle)))
    spread = max(spread, limits.floor * level, 1e-9)
    change = float(np.median(recent)) - middle
    return change / spread, change


def _median(values: Floats, axis: int | None = None) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=axis))


def _neighbours(lon: Floats, lat: Floats, limits: DriftLimits) -> list[Ints]:
    """Places of the nearest others within the radius."""
    x = np.radians(lon) * np.cos(np.radians(_median(lat))) * _EARTH_M
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
