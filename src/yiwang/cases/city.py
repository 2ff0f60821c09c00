"""What cases ask the registry: where a point lies, who is responsible, who is on duty."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Table, bindparam, select

from yiwang.cases.crew import Crew
from yiwang.cases.model import dispatch
from yiwang.cases.model.dispatch import Assignment, Listed, Route, Unit, Wanted
from yiwang.cases.model.people import Job
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import MINUTE
from yiwang.registry import cache, service
from yiwang.registry.areas import AreaIndex
from yiwang.registry.matrix import Choice, Matrix
from yiwang.registry.model import Area, EventClass, Organisation, Person
from yiwang.registry.tables import areas, organisations, places
from yiwang.security.actions import Context
from yiwang.store.database import Key
from yiwang.store.statements import Statement, listed


@dataclass(frozen=True)
class Site:
    """A place as a case shows it."""

    name: str
    lon: float
    lat: float
    grid: int | None
    address: str


def event_class(ctx: Context, code: str) -> EventClass | None:
    return service.event_class(ctx, code)


class City:
    """The registry as one transaction sees it, for dispatching many cases."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._units: dict[tuple[str, int], list[Unit]] = {}
        self._listed: dict[tuple[str, int | None, int, str | None], Listed | None] = {}

    @cached_property
    def _index(self) -> AreaIndex:
        return cache.area_index(self._ctx.connection)

    @cached_property
    def _is_listed(self) -> bool:
        return cache.is_listed(self._ctx.connection)

    @cached_property
    def _matrix(self) -> Matrix:
        return cache.matrix(self._ctx.connection)

    @cached_property
    def _organisations(self) -> dict[int, Organisation]:
        return cache.by_number(self._ctx.connection, "organisations")

    @cached_property
    def _people(self) -> dict[int, Person]:
        return cache.by_number(self._ctx.connection, "people")

    @cached_property
    def _standing(self) -> dict[str, list[Unit]]:
        """The organisations that have a function, by its name."""
        return cache.made_of(
            self._ctx.connection, ("organisations",), "units", lambda: _units(self._organisations)
        )

    @cached_property
    def crew(self) -> Crew:
        return Crew(self._ctx, self._index, self.calendar.zone)

    @cached_property
    def calendar(self) -> WorkingCalendar:
        return self._ctx.caller.calendar

    def grids(self, points: Sequence[tuple[float | None, float | None]]) -> list[int | None]:
        """The smallest area that each point lies in."""
        found: list[int | None] = [None] * len(points)
        known = [
            (place, lon, lat)
            for place, (lon, lat) in enumerate(points)
            if lon is not None and lat is not None
        ]
        if len(known) == 1:
            place, west, south = known[0]
            found[place] = self._index.smallest(west, south)
            return found
        if not known:
            return found
        columns = self._index.locate_many(
            np.array([lon for _, lon, _ in known]), np.array([lat for _, _, lat in known])
        )
        for row, (place, _, _) in enumerate(known):
            district, street, grid = (int(column[row]) for column in columns)
            found[place] = grid or street or district or None
        return found

    def chain(self, grid: int | None) -> list[int]:
        """The areas around a place, smallest first."""
        return self._index.chain(grid)

    def within(self, area: int) -> list[int]:
        """An area and all that lie in it; none where there is no such area."""
        return [number for number in self._index.areas if area in self._index.chain(number)]

    def area_codes(self, grid: int | None) -> list[str]:
        return [self._index.areas[number].code for number in self._index.chain(grid)]

    def area(self, number: object) -> Area | None:
        return self._index.areas.get(number) if isinstance(number, int) else None

    def with_role(self, role: str) -> list[Organisation]:
        return [one for one in self._organisations.values() if role in one.functions]

    def organisation(self, number: int) -> Organisation | None:
        return self._organisations.get(number)

    def person(self, number: int) -> Person | None:
        return self._people.get(number)

    def person_named(self, user: str) -> Person | None:
        return next((one for one in self._people.values() if user and one.user == user), None)

    def assign(self, wanted: Wanted, at: int) -> Assignment:
        """Dispatch at an instant: by the responsibility matrix for the event class, else by
        role × area; then by duty."""
        chain = self._index.chain(wanted.grid)
        listed = self.listed(wanted.event, wanted.grid, at)
        units = self._units_for(wanted.role, at) if listed is None else []
        found = dispatch.route(wanted.role, units, chain, listed)
        return self._person(found, wanted, chain, at)

    def person_for(self, wanted: Wanted, organisation: int, at: int) -> Assignment:
        """The person on duty in an organisation that somebody chose."""
        unit = self._organisations.get(organisation)
        name = unit.names if unit else str(organisation)
        found = Route("chosen", Unit(organisation, name), ())
        return self._person(found, wanted, self._index.chain(wanted.grid), at)

    def _person(self, found: Route, wanted: Wanted, chain: list[int], at: int) -> Assignment:
        job = Job(chain, wanted.skills, wanted.lon, wanted.lat)
        if found.unit is None:
            return dispatch.assign(found, (), job, {}, self.crew.weights)
        on_duty = self.crew.workers(wanted.role, found.unit.id, at)
        load = self.crew.loads(on_duty)
        chosen = dispatch.assign(found, on_duty, job, load, self.crew.weights)
        if chosen.handler_name:
            self.crew.count(chosen.handler, wanted.severity)
        elif opens := self.crew.opens(wanted, found.unit.id, chain, at):
            chosen = dispatch.assign(found, on_duty, job, load, self.crew.weights, opens)
        return chosen

    def unmanned(self, wanted: Wanted, organisation: int, at: int) -> str | None:
        """Where nobody of an organisation is on duty for a case: from when on somebody is, empty
        for never; None where somebody is on duty."""
        chain = self._index.chain(wanted.grid)
        if self.crew.manned(wanted.role, organisation, chain, at):
            return None
        return self.crew.opens(wanted, organisation, chain, at)

    def listed(
        self, event: str, grid: int | None, at: int, above: str | None = None
    ) -> Listed | None:
        """What the responsibility matrix says of an event class at a place; with ``above``,
        who answers at the next higher level (street, district, city) that it names."""
        key = (event, grid, at // MINUTE, above)
        if key not in self._listed:
            found = None
            if self._is_listed and self._matrix.entries:
                found = self._matrix.choose(event, self._index.chain(grid), at, above)
            self._listed[key] = self._as_listed(found) if found else None
        return self._listed[key]

    def listed_above(self, wanted: Wanted, organisation: int | None, at: int) -> Listed | None:
        """Whom the matrix names for the level above that of an organisation."""
        here = self.listed(wanted.event, wanted.grid, at)
        if here is not None and here.unit.id == organisation:
            level = here.level
        else:
            held = self._organisations.get(organisation or 0)
            area = self.area(held.area) if held else None
            level = area.level if area else "city"
            level = "street" if level == "grid" else level
        found = self.listed(wanted.event, wanted.grid, at, level)
        return None if found is None or found.unit.id == organisation else found

    def _as_listed(self, found: Choice) -> Listed | None:
        entry = found.entry
        numbers = (entry.organisation, *entry.co_organisations)
        units = [
            Unit(one.id, one.names, one.area)
            for number in numbers
            if (one := self._organisations.get(number)) is not None
        ]
        if not units or units[0].id != entry.organisation:
            return None
        area = self.area(entry.area)
        rivals = [self._organisations.get(one.organisation) for one in found.rivals]
        return Listed(
            units[0],
            entry.code,
            found.scope,
            area.names if area else "",
            entry.level,
            entry.basis,
            tuple(units[1:]),
            tuple(one.names for one in rivals if one),
        )

    def _units_for(self, role: str, at: int) -> list[Unit]:
        key = (role, at // MINUTE)
        if key not in self._units:
            rostered = [
                Unit(
                    duty.organisation,
                    self._organisations[duty.organisation].names,
                    duty.area,
                    True,
                )
                for duty in self.crew.duties_on(role, at)
                if duty.person is None and duty.organisation in self._organisations
            ]
            self._units[key] = [*self._standing.get(role, ()), *rostered]
        return self._units[key]


def _units(organisations: Mapping[int, Organisation]) -> dict[str, list[Unit]]:
    found: dict[str, list[Unit]] = {}
    for one in organisations.values():
        for function in dict.fromkeys(one.functions):
            found.setdefault(function, []).append(Unit(one.id, one.names, one.area))
    return found


def sites(ctx: Context, numbers: Collection[int], lang: str) -> dict[int, Site]:
    """Places by number, removed ones too."""
    if not numbers:
        return {}
    wanted = (places.c.name_zh, places.c.name_en, places.c.lon, places.c.lat)
    rows = _by_number(ctx, numbers, *wanted, places.c.grid, places.c.address)
    return {id_: Site(_name(zh, en, lang), *rest) for id_, zh, en, *rest in rows}


def area_names(ctx: Context, numbers: Collection[int], lang: str) -> dict[int, str]:
    return _names(ctx, areas, numbers, lang)


def organisation_names(ctx: Context, numbers: Collection[int], lang: str) -> dict[int, str]:
    return _names(ctx, organisations, numbers, lang)


def _names(ctx: Context, table: Table, numbers: Collection[int], lang: str) -> dict[int, str]:
    """Names of areas or organisations, of removed ones too, which are looked up."""
    if not numbers:
        return {}
    held = cache.by_number(ctx.connection, table.name)
    found = {number: held[number].name(lang) for number in numbers if number in held}
    gone = [number for number in numbers if number and number not in held]
    if gone:
        for id_, zh, en in _by_number(ctx, gone, table.c.name_zh, table.c.name_en):
            found[id_] = _name(zh, en, lang)
    return found


def _by_number(
    ctx: Context, numbers: Collection[int], *columns: ColumnElement[Any]
) -> list[tuple[Any, ...]]:
    """Number and columns of these records, removed ones too."""
    if not numbers:
        return []
    given = listed("id", sorted(numbers))
    return _some(columns, len(given)).rows(ctx.connection, given)


@lru_cache
def _some(columns: tuple[ColumnElement[Any], ...], count: int) -> Statement:
    table: Any = columns[0].table
    among = [bindparam(f"id{place}", 0, Key) for place in range(count)]
    return Statement(select(table.c.id, *columns).where(table.c.id.in_(among)))


def _name(zh: str, en: str, lang: str) -> str:
    return (zh or en) if lang.startswith("zh") else (en or zh)
