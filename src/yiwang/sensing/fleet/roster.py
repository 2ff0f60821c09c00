"""All devices as dense arrays, for lists, rates and everything that looks at the whole city.

Built from the database when first asked for, forgotten when devices or areas change.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from yiwang.contracts.observations import Ints
from yiwang.registry import service as registry
from yiwang.security.actions import Context
from yiwang.sensing import sight as sights
from yiwang.sensing.fleet.tables import device_details
from yiwang.sensing.sight import Visibility
from yiwang.sensing.store import fetch
from yiwang.sensing.tables import things

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Words:
    """A column of words: each device's place in ``names``."""

    names: tuple[str, ...]
    code: Ints

    def mask(self, word: str) -> Flags:
        code = self.names.index(word) if word in self.names else -1
        same: Flags = self.code == code
        return same


@dataclass(frozen=True)
class Devices:
    """Every device of a kind of a pack, in the order of its thing; one entry a device.

    ``street`` is the number of the registry's area that its position lies in, 0 for none.
    """

    thing: Ints
    kind: Words
    supplier: Words
    gateway: Words
    network: Words
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    district: Ints
    street: Ints
    grid: Ints
    created: Ints
    retired: Ints
    """When it was taken out of use; 0 for one that is in use."""

    def places(self, wanted: Any) -> Ints:
        """Places of things in these arrays; those that are not there are left out."""
        ids = np.asarray(wanted, np.int64)
        place = np.searchsorted(self.thing, ids)
        place[place >= len(self.thing)] = 0
        found = (self.thing[place] == ids) if len(self.thing) else np.zeros(len(ids), np.bool_)
        there: Ints = place[found]
        return there

    def in_area(self, area: int) -> Flags:
        inside: Flags = (self.district == area) | (self.street == area) | (self.grid == area)
        return inside


class Roster:
    """The devices of one home."""

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._devices: Devices | None = None
        self._round = 0

    def forget(self) -> None:
        """Devices or areas changed: read them anew when next asked."""
        self._round += 1
        self._devices = None

    def devices(self, ctx: Context) -> Devices:
        with self._one:
            found = self._devices
            if found is None:
                began = self._round
                found = read(ctx)
                if began == self._round and not ctx.writes:
                    self._devices = found
            return found


def devices(ctx: Context) -> Devices:
    """The devices as they are now: from memory, or read where nothing is running."""
    roster = ctx.caller.ports.get(Roster)
    return read(ctx) if roster is None else roster.devices(ctx)


def seen(ctx: Context) -> Ints | None:
    """The things that the caller sees, rising; None: all of them."""
    sight = sights.mine(ctx)
    return None if sight.everything else ctx.port(Visibility).things(ctx.connection, sight)


def read(ctx: Context) -> Devices:
    columns = (
        things.c.id,
        things.c.kind,
        device_details.c.supplier,
        device_details.c.gateway,
        device_details.c.network,
        things.c.lon,
        things.c.lat,
        things.c.created_at,
        device_details.c.retired_at,
    )
    known = things.outerjoin(device_details, device_details.c.thing == things.c.id)
    chosen = select(*columns).select_from(known).where(things.c.kind != "").order_by(things.c.id)
    rows = fetch(ctx.connection, chosen)
    column: list[Any] = list(zip(*rows, strict=True)) if rows else [() for _ in columns]
    lon = np.array([np.nan if one is None else one for one in column[5]], np.float64)
    lat = np.array([np.nan if one is None else one for one in column[6]], np.float64)
    district, street, grid = _areas(ctx, lon, lat)
    return Devices(
        np.array(column[0], np.int64),
        _words(column[1]),
        _words(column[2]),
        _words(column[3]),
        _words(column[4]),
        lon,
        lat,
        district,
        street,
        grid,
        np.array(column[7], np.int64),
        np.array([one or 0 for one in column[8]], np.int64),
    )


def _words(column: Any) -> Words:
    names, code = np.unique(np.array([one or "" for one in column], str), return_inverse=True)
    return Words(tuple(map(str, names)), code)


def _areas(ctx: Context, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> list[Ints]:
    there = np.flatnonzero(~np.isnan(lon))
    areas: list[Ints] = [np.zeros(len(lon), np.int64) for _ in range(3)]
    for column, found in zip(areas, registry.locate_many(ctx, lon[there], lat[there]), strict=True):
        column[there] = found
    return areas
