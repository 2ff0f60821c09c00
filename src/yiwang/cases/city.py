"""What cases ask the registry: where a point lies, who is responsible, who is on duty."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, bindparam, func, select

from yiwang.cases.model import dispatch
from yiwang.cases.model.dispatch import Assignment, Listed, Unit, Worker
from yiwang.cases.tables import cases
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import MINUTE
from yiwang.registry import cache, service
from yiwang.registry.areas import AreaIndex
from yiwang.registry.matrix import Choice, Matrix
from yiwang.registry.model import Area, Duty, EventClass, Organisation, Person
from yiwang.registry.tables import areas, organisations, places
from yiwang.security.actions import Context
from yiwang.store.database import Key
from yiwang.store.statements import Statement

HANDLER = "handler"
"""The duty role of people who take cases of any kind for their organisation; a roster may
also name a class's own role."""


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
        self._on: dict[tuple[str, int], list[Duty]] = {}
        self._units: dict[tuple[str, int], list[Unit]] = {}
        self._staff: dict[tuple[str, int, int], list[Worker]] = {}
        self._listed: dict[tuple[str, int | None, int, str | None], Listed | None] = {}

    @cached_property
    def _index(self) -> AreaIndex:
        return cache.area_index(self._ctx.connection)

    @cached_property
    def _matrix(self) -> Matrix:
        return cache.matrix(self._ctx.connection)

    @cached_property
    def _organisations(self) -> dict[int, Organisation]:
        return {one.id: one for one in cache.records(self._ctx.connection, "organisations")}

    @cached_property
    def _people(self) -> dict[int, Person]:
        return {one.id: one for one in cache.records(self._ctx.connection, "people")}

    @cached_property
    def _duties(self) -> list[Duty]:
        return cache.records(self._ctx.connection, "duties")

    @cached_property
    def calendar(self) -> WorkingCalendar:
        return self._ctx.caller.ports.get(WorkingCalendar) or WorkingCalendar()

    def grids(self, points: Sequence[tuple[float | None, float | None]]) -> list[int | None]:
        """The smallest area that each point lies in."""
        found: list[int | None] = [None] * len(points)
        known = [
            (place, lon, lat)
            for place, (lon, lat) in enumerate(points)
            if lon is not None and lat is not None
        ]
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

    def assign(self, role: str, grid: int | None, at: int, event: str = "") -> Assignment:
        """Dispatch at an instant: by the responsibility matrix for the event class, else by
        role × area; then by duty."""
        chain = self._index.chain(grid)
        listed = self.listed(event, grid, at)
        units = self._units_for(role, at) if listed is None else []
        chosen = listed.unit if listed else dispatch.choose_unit(role, units, chain)[0]
        workers = {} if chosen is None else {chosen.id: self._workers(role, chosen.id, at)}
        load = self._open_cases if any(workers.values()) else {}
        found = dispatch.assign(role, chain, units, workers, load, listed)
        self._count(found.handler)
        return found

    def listed(
        self, event: str, grid: int | None, at: int, above: str | None = None
    ) -> Listed | None:
        """What the responsibility matrix says of an event class at a place; with ``above``,
        who answers at the next higher level (street, district, city) that it names."""
        key = (event, grid, at // MINUTE, above)
        if key not in self._listed:
            found = None
            if self._matrix.entries:
                found = self._matrix.choose(event, self._index.chain(grid), at, above)
            self._listed[key] = self._as_listed(found) if found else None
        return self._listed[key]

    def _as_listed(self, found: Choice) -> Listed | None:
        entry = found.entry
        numbers = (entry.organisation, *entry.co_organisations)
        units = [
            Unit(one.id, one.name(), one.area)
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
            area.name() if area else "",
            entry.level,
            entry.basis,
            tuple(units[1:]),
            tuple(one.name() for one in rivals if one),
        )

    def person_for(self, role: str, organisation: int, grid: int | None, at: int) -> Assignment:
        """The person on duty in an organisation that somebody chose."""
        unit = self._organisations.get(organisation)
        name = unit.name() if unit else str(organisation)
        workers = self._workers(role, organisation, at)
        person, reasons = dispatch.choose_person(
            workers, self._index.chain(grid), self._open_cases if workers else {}
        )
        if person is None:
            tail = dispatch.Reason("to_queue", {"organisation": name})
            return Assignment(organisation, "", "", (*reasons, tail))
        self._count(person.user)
        return Assignment(organisation, person.user, person.name, tuple(reasons))

    def _units_for(self, role: str, at: int) -> list[Unit]:
        key = (role, at // MINUTE)
        if key not in self._units:
            standing = [
                Unit(one.id, one.name(), one.area)
                for one in self._organisations.values()
                if role in one.functions
            ]
            rostered = [
                Unit(
                    duty.organisation,
                    self._organisations[duty.organisation].name(),
                    duty.area,
                    True,
                )
                for duty in self._duties_on(role, at)
                if duty.person is None and duty.organisation in self._organisations
            ]
            self._units[key] = standing + rostered
        return self._units[key]

    def _workers(self, role: str, organisation: int, at: int) -> list[Worker]:
        key = (role, organisation, at // MINUTE)
        if key not in self._staff:
            self._staff[key] = [
                Worker(person.user, person.name, duty.area)
                for duty in (*self._duties_on(role, at), *self._duties_on(HANDLER, at))
                if (person := self._people.get(duty.person or 0)) is not None
                and (duty.organisation or person.organisation) == organisation
            ]
        return self._staff[key]

    def _duties_on(self, role: str, at: int) -> list[Duty]:
        key = (role, at // MINUTE)
        if key not in self._on:
            zone = self.calendar.zone
            self._on[key] = [
                duty for duty in self._duties if duty.role == role and duty.covers(at, zone)
            ]
        return self._on[key]

    @cached_property
    def _open_cases(self) -> dict[str, int]:
        """Open cases by handler; what this transaction hands out is added."""
        users = sorted({one.user for one in self._people.values() if one.user})
        count = (
            select(cases.c.handler, func.count())
            .where(cases.c.handler.in_(users), cases.c.open)
            .group_by(cases.c.handler)
        )
        return {row[0]: row[1] for row in self._ctx.connection.execute(count)}

    def _count(self, user: str) -> None:
        if user:
            self._open_cases[user] = self._open_cases.get(user, 0) + 1


def sites(ctx: Context, numbers: Collection[int], lang: str) -> dict[int, Site]:
    """Places by number, removed ones too."""
    wanted = (places.c.name_zh, places.c.name_en, places.c.lon, places.c.lat)
    rows = _by_number(ctx, numbers, *wanted, places.c.grid, places.c.address)
    return {id_: Site(_name(zh, en, lang), *rest) for id_, zh, en, *rest in rows}


def area_names(ctx: Context, numbers: Collection[int], lang: str) -> dict[int, str]:
    rows = _by_number(ctx, numbers, areas.c.name_zh, areas.c.name_en)
    return {id_: _name(zh, en, lang) for id_, zh, en in rows}


def organisation_names(ctx: Context, numbers: Collection[int], lang: str) -> dict[int, str]:
    rows = _by_number(ctx, numbers, organisations.c.name_zh, organisations.c.name_en)
    return {id_: _name(zh, en, lang) for id_, zh, en in rows}


def _by_number(
    ctx: Context, numbers: Collection[int], *columns: ColumnElement[Any]
) -> list[tuple[Any, ...]]:
    """Number and columns of these records, removed ones too."""
    if not numbers:
        return []
    if len(numbers) == 1:
        return _one(columns).rows(ctx.connection, {"id_": next(iter(numbers))})
    table: Any = columns[0].table
    chosen = select(table.c.id, *columns).where(table.c.id.in_(sorted(numbers)))
    return [tuple(row) for row in ctx.connection.execute(chosen)]


@lru_cache
def _one(columns: tuple[ColumnElement[Any], ...]) -> Statement:
    table: Any = columns[0].table
    return Statement(select(table.c.id, *columns).where(table.c.id == bindparam("id_", 0, Key)))


def _name(zh: str, en: str, lang: str) -> str:
    return (zh or en) if lang.startswith("zh") else (en or zh)
