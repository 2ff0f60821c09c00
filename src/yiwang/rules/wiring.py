"""Which datastreams feed which subject of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from yiwang.contracts.ports import Channel


@dataclass(frozen=True)
class Wiring:
    """``subject_of`` and ``slot_of`` are indexed by datastream, -1 where a datastream feeds no
    subject. ``datastreams`` are those that feed one, ascending. ``exact``: each subject is fed
    by exactly one. ``things`` holds one thing of each subject, ``ids`` thing or place ids."""

    ids: Any
    subject_of: Any
    slot_of: Any
    datastreams: Any
    exact: bool
    things: Any
    places: Sequence[int | None]
    lon: Any
    lat: Any


def wire(
    channels: Iterable[Channel],
    kinds: frozenset[str],
    slots: Mapping[str, int],
    any_property: frozenset[str] | None,
    per_place: bool,
    places: frozenset[int] | None = None,
) -> Wiring:
    """Wire the channels of some device kinds. Properties without a slot are left out unless
    they are in ``any_property`` (silence listens to all). ``places`` bounds the places."""
    fed: list[tuple[int, int, Channel]] = []
    for channel in channels:
        slot = slots.get(channel.property, -1)
        if channel.kind not in kinds:
            continue
        if slot < 0 and (any_property is None or channel.property not in any_property):
            continue
        subject = channel.place if per_place else channel.thing
        if subject is None or (per_place and places is not None and subject not in places):
            continue
        fed.append((subject, slot, channel))
    first: dict[int, Channel] = {}
    for subject, _, channel in sorted(fed, key=lambda item: (item[0], item[2].thing)):
        first.setdefault(subject, channel)
    index = {subject: position for position, subject in enumerate(first)}
    size = max((channel.datastream for _, _, channel in fed), default=0) + 1
    subject_of = np.full(size, -1, np.int32)
    slot_of = np.zeros(size, np.int16)
    for subject, slot, channel in fed:
        subject_of[channel.datastream] = index[subject]
        slot_of[channel.datastream] = slot
    leads = list(first.values())
    return Wiring(
        ids=np.array(list(first), np.int64),
        subject_of=subject_of,
        slot_of=slot_of,
        datastreams=np.flatnonzero(subject_of >= 0),
        exact=len(fed) == len(first),
        things=np.array([channel.thing for channel in leads], np.int64),
        places=[channel.place for channel in leads],
        lon=_coordinates([channel.lon for channel in leads]),
        lat=_coordinates([channel.lat for channel in leads]),
    )


def _coordinates(values: Sequence[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def attributes(
    ids: Any, of: Mapping[int, Mapping[str, Any]], kinds: Mapping[str, str]
) -> dict[str, tuple[Any, Any]]:
    """Attribute name → (data, valid) over the subjects; what is missing or unfit is NULL."""
    columns = {}
    for name, kind in kinds.items():
        given = [of.get(int(place), {}).get(name) for place in ids]
        if kind == "text":
            valid = np.array([isinstance(value, str) for value in given], np.bool_)
            data = np.array([value if isinstance(value, str) else "" for value in given], np.str_)
        else:
            numbers = [_number(value) for value in given]
            valid = np.array([value is not None for value in numbers], np.bool_)
            data = np.array([0.0 if value is None else value for value in numbers], np.float64)
        columns[name] = (data, valid)
    return columns


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if np.isfinite(found) else None
