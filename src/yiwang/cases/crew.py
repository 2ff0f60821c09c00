"""Who is on duty, how busy they are and where they were last seen to work."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Insert, String, bindparam, literal_column, select
from sqlalchemy.dialects import postgresql, sqlite

from yiwang.cases.model.dispatch import Wanted, Worker
from yiwang.cases.model.people import Load, Weights
from yiwang.cases.tables import case_loads, worker_positions
from yiwang.kernel import clock, documents
from yiwang.kernel.clock import HOUR, MINUTE
from yiwang.kernel.documents import NotAllowed, Section
from yiwang.registry import cache
from yiwang.registry.areas import AreaIndex
from yiwang.registry.model import Duty, Person
from yiwang.registry.roster import Roster
from yiwang.security.actions import Context
from yiwang.store.database import Instant
from yiwang.store.statements import Statement, Writing, listed

HANDLER = "handler"
"""The duty role of people who take cases of any kind for their organisation; a roster may
also name a class's own role."""


class Staff:
    """The people of the city by organisation, wherever they are: made once for a roster and the
    areas of its duties."""

    def __init__(self, roster: Roster, index: AreaIndex) -> None:
        self._roster = roster
        self._index = index
        self._held: dict[tuple[str, int], list[tuple[Duty, Worker]]] = {}

    def of(self, role: str, organisation: int) -> list[tuple[Duty, Worker]]:
        """An organisation's people who have duties for a role, or for cases of any kind."""
        key = (role, organisation)
        if key not in self._held:
            found = [
                (duty, self._worker(person, duty))
                for person, duty in self._roster.of_unit(organisation)
                if duty.role in (role, HANDLER)
            ]
            found.sort(key=lambda one: one[0].role != role)
            self._held[key] = found
        return self._held[key]

    def _worker(self, person: Person, duty: Duty) -> Worker:
        middle = self._middle(duty.area)
        return Worker(person.user, person.name, duty.area, frozenset(person.skills), *middle)

    def _middle(self, area: int | None) -> tuple[float | None, float | None]:
        """The middle of a grid; a larger area says too little about where somebody is."""
        held = self._index.areas.get(area or 0)
        if held is None or held.level != "grid":
            return None, None
        return self._index.middle(held.id)


class Crew:
    """The people of the city as one transaction sees them, for dispatching many cases."""

    def __init__(self, ctx: Context, index: AreaIndex, zone: ZoneInfo) -> None:
        self._ctx = ctx
        self._index = index
        self._zone = zone
        self._on: dict[tuple[str, int], list[Duty]] = {}
        self._staff: dict[tuple[str, int, int], list[Worker]] = {}
        self._loads: dict[str, Load] = {}
        self.weights: Weights = ctx.caller.ports.get(Weights) or Weights()

    @cached_property
    def _roster(self) -> Roster:
        return cache.roster(self._ctx.connection)

    @cached_property
    def _all_staff(self) -> Staff:
        nouns = ("duties", "people", "areas")
        return cache.made_of(
            self._ctx.connection, nouns, "staff", lambda: Staff(self._roster, self._index)
        )

    def duties_on(self, role: str, at: int) -> list[Duty]:
        key = (role, at // MINUTE)
        if key not in self._on:
            held = self._roster.of_role(role)
            self._on[key] = [duty for duty in held if duty.covers(at, self._zone)]
        return self._on[key]

    def workers(self, role: str, organisation: int, at: int) -> list[Worker]:
        """An organisation's people on duty for a role, or for cases of any kind."""
        key = (role, organisation, at // MINUTE)
        if key not in self._staff:
            found = [
                worker
                for duty, worker in self._all_staff.of(role, organisation)
                if duty.covers(at, self._zone)
            ]
            places = self._places({one.user for one in found if one.user}, at)
            self._staff[key] = [
                one._replace(lon=places[one.user][0], lat=places[one.user][1])
                if one.user in places
                else one
                for one in found
            ]
        return self._staff[key]

    def manned(self, role: str, organisation: int, chain: Sequence[int], at: int) -> bool:
        """Whether anybody of an organisation is on duty for cases of a role in some area."""
        return any(
            duty.role in (role, HANDLER)
            and (duty.area is None or duty.area in chain)
            and duty.covers(at, self._zone)
            for _, duty in self._roster.of_unit(organisation)
        )

    def opens(self, wanted: Wanted, organisation: int, chain: Sequence[int], at: int) -> str:
        """When somebody who would fit is next on duty, by the city's clock; empty for never."""
        starts = [
            start
            for person, duty in self._roster.of_unit(organisation)
            if duty.role in (wanted.role, HANDLER)
            and (duty.area is None or duty.area in chain)
            and wanted.skills <= frozenset(person.skills)
            and (start := duty.next_start(at, self._zone)) is not None
        ]
        if not starts:
            return ""
        return clock.to_datetime(min(starts)).astimezone(self._zone).strftime("%Y-%m-%d %H:%M")

    def loads(self, workers: Iterable[Worker]) -> Mapping[str, Load]:
        """Open cases of these people; what this transaction hands out is added."""
        unknown = {one.user for one in workers if one.user} - self._loads.keys()
        if unknown:
            self._read_loads(unknown)
        return self._loads

    def count(self, user: str, severity: str) -> None:
        """Somebody was given one more case."""
        if user:
            held = self._loads.get(user, Load())
            weight = held.weight + self.weights.severity.get(severity, 1.0)
            self._loads[user] = Load(held.cases + 1, weight)

    def _read_loads(self, users: Collection[str]) -> None:
        given = listed("user", users)
        self._loads |= dict.fromkeys(users, Load())
        weights = self.weights.severity
        for user, severity, count in _open_of(len(given)).rows(self._ctx.connection, given):
            held = self._loads[user]
            weight = held.weight + weights.get(severity, 1.0) * count
            self._loads[user] = Load(held.cases + count, weight)

    def _places(self, users: Collection[str], at: int) -> dict[str, tuple[float, float]]:
        """Where these people worked last, as far as that still says where they are."""
        if not users:
            return {}
        given = listed("user", users)
        since = at - round(self.weights.position_hours * HOUR)
        rows = _seen_of(len(given)).rows(self._ctx.connection, {**given, "since_": since})
        return {user: (lon, lat) for user, lon, lat in rows}


def _users(count: int) -> list[Any]:
    return [bindparam(f"user{place}", "", String) for place in range(count)]


@lru_cache
def _open_of(count: int) -> Statement:
    """How many open cases of each severity some people have."""
    return Statement(
        select(case_loads.c.handler, case_loads.c.severity, case_loads.c["count"]).where(
            case_loads.c.handler.in_(_users(count)), case_loads.c["count"] > literal_column("0")
        )
    )


@lru_cache
def _seen_of(count: int) -> Statement:
    """Where some people were seen since an instant."""
    table = worker_positions
    return Statement(
        select(table.c.user, table.c.lon, table.c.lat).where(
            table.c.user.in_(_users(count)), table.c.at >= bindparam("since_", 0, Instant)
        )
    )


def seen_at(ctx: Context, lon: float | None, lat: float | None, at: int) -> None:
    """Somebody works at a place."""
    if lon is None or lat is None or ctx.identity.kind not in ("user", "token"):
        return
    row = {"user": ctx.identity.name, "lon": lon, "lat": lat, "at": at}
    _seen.run(ctx.connection, row)


def _seeing(dialect: str) -> Insert:
    build: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    names = ("user", "lon", "lat", "at")
    made = build(worker_positions).inline().values({name: bindparam(name) for name in names})
    set_ = {name: made.excluded[name] for name in names[1:]}
    seen: Insert = made.on_conflict_do_update(index_elements=["user"], set_=set_)
    return seen


_seen = Writing(_seeing)


def read_weights(file: Path) -> Weights:
    """The city's own weights from ``dispatch.yaml``, over the standard ones where the file or
    a key is not there::

        area: 5            # points for each level that somebody's area is wider
        load: 1            # for each open case, times the weight of its severity
        distance: 0.5      # for each kilometre
        unknown_km: 5
        position_hours: 4
        severity: {notice: 0.5, warning: 1, urgent: 2, critical: 4}

    Raises a DocumentError naming file and line.
    """
    if not file.is_file():
        return Weights()
    top = documents.load(file)
    usual = Weights()
    names = ("area", "load", "distance", "unknown_km", "position_hours")
    values = {name: _points(top, name, getattr(usual, name)) for name in names}
    body = top.section("severity")
    severity = {name: _points(body, name, value) for name, value in usual.severity.items()}
    body.finish()
    top.finish()
    return Weights(**values, severity=severity)


def _points(section: Section, name: str, usual: float) -> float:
    value: float = section.take(name, float, usual)
    if value < 0:
        raise NotAllowed(section.place(name), key=name, value=value, options="0 …")
    return value
