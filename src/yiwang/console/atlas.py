"""Where everything is: columns of things and places, read once and again when they change."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np

from yiwang.console.model import Points
from yiwang.contracts.ports import Channel
from yiwang.registry import service as registry
from yiwang.security.actions import Context
from yiwang.sensing import service as sensing

T = TypeVar("T")


class Atlas:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: dict[object, object] = {}

    def forget(self) -> None:
        """Things or places changed: read them anew when next asked."""
        with self._lock:
            self._held = {}

    def things(self, ctx: Context, kind: str = "", property_: str = "") -> Points:
        """Things that have a position, of one kind or of all; coloured by one property, or by
        the first datastream of each."""
        channels = self._kept(("channels", kind), lambda: self._channels(ctx, kind))
        return self._kept(("things", kind, property_), lambda: _things(channels, property_))

    def places(self, ctx: Context, kind: str, property_: str = "", of: str = "") -> Points:
        """Places of a kind that have a position, coloured by a property of what stands there."""
        channels = self._kept(("channels", ""), lambda: self._channels(ctx, ""))
        return self._kept(
            ("places", kind, property_, of), lambda: _places(ctx, kind, channels, property_, of)
        )

    def _channels(self, ctx: Context, kind: str) -> list[Channel]:
        return sensing.channels(ctx, [kind] if kind else None)

    def _kept(self, key: object, make: Callable[[], T]) -> T:
        with self._lock:
            held = self._held
            if key in held:
                return held[key]  # type: ignore[return-value]
        made = make()
        with self._lock:
            held[key] = made
        return made


def _things(channels: Iterable[Channel], property_: str) -> Points:
    chosen: dict[int, Channel] = {}
    for one in channels:
        if one.lon is None or one.lat is None:
            continue
        if property_ and one.property != property_:
            continue
        chosen.setdefault(one.thing, one)
    rows = [chosen[thing] for thing in sorted(chosen)]
    kinds = sorted({one.kind for one in rows})
    index = {kind: number for number, kind in enumerate(kinds)}
    return Points(
        np.array([one.thing for one in rows], np.int64),
        np.array([one.lon for one in rows], np.float64),
        np.array([one.lat for one in rows], np.float64),
        np.array([one.datastream for one in rows], np.int64),
        np.array([index[one.kind] for one in rows], np.int64),
        kinds,
    )


def _places(
    ctx: Context, kind: str, channels: Iterable[Channel], property_: str, of: str
) -> Points:
    stream_of: dict[int, int] = {}
    for one in channels:
        if one.place is not None and one.property == property_:
            stream_of.setdefault(one.place, one.datastream)
    rows = [
        one for one in registry.places(ctx, kind) if one.lon is not None and one.lat is not None
    ]
    divisor = [_number(one.attributes.get(of)) for one in rows] if of else None
    return Points(
        np.array([one.id for one in rows], np.int64),
        np.array([one.lon for one in rows], np.float64),
        np.array([one.lat for one in rows], np.float64),
        np.array([stream_of.get(one.id, 0) for one in rows], np.int64),
        np.zeros(len(rows), np.int64),
        [kind],
        [one.name() for one in rows],
        None if divisor is None else np.array(divisor, np.float64),
    )


def _number(value: object) -> float:
    good = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
    return float(value) if good else float("nan")  # type: ignore[arg-type]
