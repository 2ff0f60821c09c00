"""The nearest others of each of many points, without looking at every pair."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Floats, Ints

_PAIRS = 1_000_000
"""Pairs of points that are looked at together; bounds the memory."""
_ROW = 1 << 32
"""Cells of a grid are numbered by row and place: neighbours in a row follow one another."""


def nearest(x: Floats, y: Floats, most: int, radius: float) -> list[Ints]:
    """Places, rising, of the at most ``most`` nearest others within ``radius`` of each point;
    none where a coordinate is NaN. Of several equally far, any.

    Points are put on grids of growing cells. Whoever has ``most`` others within the size of a
    cell finds the nearest in the cells around; the rest look on the next grid, up to the radius.
    """
    found: list[Ints] = [np.empty(0, np.int64) for _ in range(len(x))]
    waiting = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    if most < 1 or len(waiting) < 2:
        return found
    x, y = x - np.nanmin(x), y - np.nanmin(y)
    others = _apart(x, y, waiting, most)
    size = _first_size(x[waiting], y[waiting], radius)
    while len(waiting):
        waiting = _look(x, y, others, waiting, size, most, size >= radius, found)
        size = min(2 * size, radius)
    return found


def _first_size(x: Floats, y: Floats, radius: float) -> float:
    """Cells that hold a few points each if points lie evenly."""
    area = max(float(np.ptp(x)), 1.0) * max(float(np.ptp(y)), 1.0)
    return float(min(max(2 * np.sqrt(area / len(x)), radius / 4096), radius))


def _apart(x: Floats, y: Floats, points: Ints, most: int) -> Ints:
    """Of points at one place only as many as anybody needs."""
    order = points[np.lexsort((y[points], x[points]))]
    here, before = order[1:], order[:-1]
    new = np.concatenate(([True], (x[here] != x[before]) | (y[here] != y[before])))
    place = np.arange(len(order))
    rank = place - np.maximum.accumulate(np.where(new, place, 0))
    return order[rank <= most]


def _look(
    x: Floats,
    y: Floats,
    others: Ints,
    waiting: Ints,
    size: float,
    most: int,
    last: bool,
    found: list[Ints],
) -> Ints:
    """Fill in what a grid of cells of ``size`` decides; returns the points that it does not."""
    key = _cell(x[others], y[others], size, 0, 0)
    order = np.argsort(key, kind="stable")
    others, key = others[order], key[order]
    rows = (-1, 0, 1)
    first = [_cell(x[waiting], y[waiting], size, row, -1) for row in rows]
    final = [_cell(x[waiting], y[waiting], size, row, 1) for row in rows]
    low = np.stack([np.searchsorted(key, cells, "left") for cells in first], axis=1)
    high = np.stack([np.searchsorted(key, cells, "right") for cells in final], axis=1)
    total = np.cumsum((high - low).sum(axis=1))
    done = np.zeros(len(waiting), np.bool_)
    start = 0
    while start < len(waiting):
        reached = total[start - 1] if start else 0
        end = max(start + 1, int(np.searchsorted(total, reached + _PAIRS, "right")))
        part = slice(start, end)
        owner, other = _pairs(low[part], high[part])
        me, other = waiting[part][owner], others[other]
        away = np.hypot(x[me] - x[other], y[me] - y[other])
        keep = (away <= size) & (me != other)
        done[part] = _take(owner[keep], other[keep], away[keep], waiting[part], most, last, found)
        start = end
    return waiting[~done]


def _cell(x: Floats, y: Floats, size: float, row: int, step: int) -> Ints:
    cell: Ints = (np.floor(x / size).astype(np.int64) + row + 1) * _ROW + (
        np.floor(y / size).astype(np.int64) + step + 1
    )
    return cell


def _pairs(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Every place from ``low`` to before ``high`` beside the row that it belongs to."""
    count = (high - low).ravel()
    owner = np.repeat(np.repeat(np.arange(len(low)), low.shape[1]), count)
    offset = np.repeat(low.ravel() - (np.cumsum(count) - count), count)
    return owner, np.arange(len(owner)) + offset


def _take(
    owner: Ints, other: Ints, away: Floats, points: Ints, most: int, last: bool, found: list[Ints]
) -> NDArray[np.bool_]:
    """Put down the nearest of those points that have enough, or of all on the last grid."""
    count = np.bincount(owner, minlength=len(points))
    order = np.lexsort((away, owner))
    end = np.cumsum(count)
    enough: NDArray[np.bool_] = (count >= most) | last
    for row in np.flatnonzero(enough).tolist():
        first = end[row] - count[row]
        found[points[row]] = np.sort(other[order[first : first + min(count[row], most)]])
    return enough
