"""Points on the map: what lies in a view, and what is drawn as one where there are too many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Floats, Ints

Bytes = NDArray[np.int8]

MOST_POINTS = 5000
"""Points of one view that are sent one by one; more are sent as cells."""
CELLS_ACROSS = 48

LEVELS = ("", "notice", "warning", "urgent", "critical")
"""Severities by level; level 0 is: nothing found."""


@dataclass(frozen=True)
class Box:
    """A view in degrees, edges included; ``west`` may not be greater than ``east``."""

    west: float = -180.0
    south: float = -90.0
    east: float = 180.0
    north: float = 90.0


@dataclass(frozen=True)
class Points:
    """Columns of one length. ``stream`` is the datastream that colours a point, 0 where it has
    none; ``kind`` an index into ``kinds``; ``of`` what the value is divided by, or None."""

    ids: Ints
    lon: Floats
    lat: Floats
    stream: Ints
    kind: Ints
    kinds: Sequence[str]
    names: Sequence[str] | None = None
    of: Floats | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def inside(self, box: Box) -> Ints:
        """The rows that lie in a view."""
        seen = (self.lon >= box.west) & (self.lon <= box.east)
        seen &= (self.lat >= box.south) & (self.lat <= box.north)
        return np.flatnonzero(seen)


@dataclass(frozen=True)
class Cells:
    """Many points drawn as few: where, how many, and the highest level among them."""

    lon: Floats
    lat: Floats
    count: Ints
    level: Bytes


def level(severity: str) -> int:
    return LEVELS.index(severity) if severity in LEVELS else 0


def cells(lon: Floats, lat: Floats, levels: Bytes, box: Box) -> Cells:
    """Gather points into cells that stay where they are when the view moves.

    A cell's side is a power of two of a degree, so that it only changes with the zoom.
    """
    west, east = max(box.west, float(lon.min())), min(box.east, float(lon.max()))
    side = 2.0 ** math.ceil(math.log2(max(east - west, 1e-6) / CELLS_ACROSS))
    column = np.floor(lon / side).astype(np.int64)
    row = np.floor(lat / side).astype(np.int64)
    column -= column.min()
    row -= row.min()
    cell = column * (int(row.max()) + 1) + row
    count = np.bincount(cell)
    there = np.flatnonzero(count)
    highest = np.zeros(len(count), np.int8)
    for value in range(1, len(LEVELS)):
        highest[cell[levels == value]] = value
    total = count[there]
    return Cells(
        np.bincount(cell, lon)[there] / total,
        np.bincount(cell, lat)[there] / total,
        total,
        highest[there],
    )
