"""What the other domains ask the registry. Every function takes a Context or a Caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from yiwang.registry import cache, store
from yiwang.registry.errors import UnknownRecord, UnknownReference
from yiwang.registry.model import (
    Area,
    EventClass,
    Located,
    OnDuty,
    Organisation,
    Person,
    Place,
    nearest_first,
)
from yiwang.registry.nouns import NOUNS
from yiwang.security.actions import Caller, Context, query

T = TypeVar("T")


@query("registry.place", permission="registry.read")
def place(ctx: Context, id: int) -> Place:
    """One place, also a removed one. Raises UnknownRecord."""
    return _one(ctx, "places", id, Place)


@query("registry.places", permission="registry.read")
def places(ctx: Context, kind: str) -> Sequence[Place]:
    """All places of a kind, by number."""
    return cache.places(ctx.connection, kind)


@query("registry.place_by_code", permission="registry.read")
def place_by_code(ctx: Context, kind: str, code: str) -> Place | None:
    """The place with a code that is unique within its kind."""
    number = store.find(ctx.connection, NOUNS["places"], (kind, code))
    return None if number is None else _one(ctx, "places", number, Place)


@query("registry.place_attributes", permission="registry.read")
def place_attributes(ctx: Context, kind: str) -> dict[int, Mapping[str, Any]]:
    """The attributes of every place of a kind, by the place's number."""
    return {item.id: item.attributes for item in cache.places(ctx.connection, kind)}


@query("registry.area", permission="registry.read_opened")
def area(ctx: Context, id: int) -> Area:
    """One district, street or grid. Raises UnknownRecord."""
    return _one(ctx, "areas", id, Area)


@query("registry.areas", permission="registry.read_opened")
def areas(ctx: Context, level: str | None = None) -> list[Area]:
    """All areas, or those of one level: district, street, grid."""
    found = cache.records(ctx.connection, "areas")
    return [item for item in found if level in (None, item.level)]


@query("registry.areas_above", permission="registry.read")
def areas_above(ctx: Context, area: int | None) -> list[int]:
    """The area itself and those that contain it, smallest first."""
    return cache.area_index(ctx.connection).chain(area)


@query("registry.locate", permission="registry.read_opened")
def locate(ctx: Context, lon: float, lat: float) -> Located:
    """The district, street and grid of a position; None for what it lies in none of."""
    return cache.area_index(ctx.connection).locate(lon, lat)


@query("registry.locate_many", permission="registry.read")
def locate_many(
    ctx: Context, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """District, street and grid of many positions at once; 0 where there is none."""
    return cache.area_index(ctx.connection).locate_many(lon, lat)


@query("registry.organisation", permission="registry.read")
def organisation(ctx: Context, id: int) -> Organisation:
    """One organisation. Raises UnknownRecord."""
    return _one(ctx, "organisations", id, Organisation)


@query("registry.organisation_for", permission="registry.read")
def organisation_for(ctx: Context, function: str, area: int | None) -> Organisation | None:
    """Who is responsible for a function in an area: the organisation whose own area is the
    nearest one above it; among equals the one entered first. None when nobody has the
    function there."""
    chain = cache.area_index(ctx.connection).chain(area)
    ranked = [
        (distance, item.id, item)
        for item in cache.records(ctx.connection, "organisations")
        if function in item.functions and (distance := nearest_first(chain, item.area)) is not None
    ]
    return min(ranked, key=lambda entry: entry[:2])[2] if ranked else None


@query("registry.person", permission="registry.read")
def person(ctx: Context, id: int) -> Person:
    """One person. Raises UnknownRecord."""
    return _one(ctx, "people", id, Person)


@query("registry.person_of_user", permission="registry.read")
def person_of_user(ctx: Context, user: str) -> Person | None:
    """The person who signs in under a name."""
    found = [item for item in cache.records(ctx.connection, "people") if item.user == user]
    return found[0] if user and found else None


class Names:
    """The port ``PersonNames``."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def name(self, user: str) -> str:
        found = person_of_user(self._caller, user)
        return "" if found is None else found.name


@query("registry.on_duty", permission="registry.read")
def on_duty(
    ctx: Context, area: int | None, role: str, at: int, organisation: int | None = None
) -> list[OnDuty]:
    """Who holds a role in an area at an instant, the nearest area first, then by number.

    The week is that of the city's time zone (port WorkingCalendar). ``organisation`` keeps
    only that organisation and its people.
    """
    chain = cache.area_index(ctx.connection).chain(area)
    calendar = ctx.caller.calendar
    people = {item.id: item for item in cache.records(ctx.connection, "people")}
    organisations = {item.id: item for item in cache.records(ctx.connection, "organisations")}
    found: list[tuple[int, int, OnDuty]] = []
    for duty in cache.records(ctx.connection, "duties"):
        distance = nearest_first(chain, duty.area)
        if duty.role != role or distance is None or not duty.covers(at, calendar.zone):
            continue
        someone = people.get(duty.person)
        number = duty.organisation or (someone.organisation if someone else None)
        if organisation is None or number == organisation:
            entry = OnDuty(duty, someone, organisations.get(number))
            found.append((distance, duty.id, entry))
    return [entry for _, _, entry in sorted(found, key=lambda item: item[:2])]


@query("registry.event_class", permission="registry.read")
def event_class(ctx: Context, code: str) -> EventClass | None:
    """One class of the event taxonomy by its code."""
    found = [item for item in cache.records(ctx.connection, "classes") if item.code == code]
    return found[0] if found else None


@query("registry.number_of", permission="registry.read")
def number_of(ctx: Context, noun: str, code: str) -> int:
    """The number of an area, organisation, person, duty or class by code. Raises
    UnknownReference."""
    number = store.find(ctx.connection, NOUNS[noun], (code,))
    if number is None:
        raise UnknownReference(field="code", value=code, noun=noun, near="")
    return number


def _one(ctx: Context, noun: str, id: int, kind: type[T]) -> T:
    found = store.get(ctx.connection, NOUNS[noun], id)
    if not isinstance(found, kind):
        raise UnknownRecord(noun=noun, id=id)
    return found
