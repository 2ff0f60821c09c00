"""Devices and datastreams by the names that topics use, in memory: 237,000 devices look up in
under a microsecond, and a flood of unknown names costs the database nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, func, select

from yiwang.sensing.fleet.tables import device_details
from yiwang.sensing.mqtt.topics import Form, Known
from yiwang.sensing.tables import datastreams, device_kinds, multi_datastreams, things
from yiwang.store.database import Database


class Devices:
    """Implements ``topics.Directory``. ``refresh`` after DatastreamsChanged and PacksChanged;
    safe to call in a worker thread, because what readers hold is replaced, not changed."""

    def __init__(self, database: Database, zone: ZoneInfo) -> None:
        self._database = database
        self._zone = zone
        self._forms: list[Form] = []
        self._known: dict[tuple[str, str], Known] = {}
        self._owner: dict[int, int] = {}
        self._multi: dict[int, int] = {}
        self._highest = 0
        self._newest = (0, 0)
        self.refresh()

    def forms(self) -> Sequence[Form]:
        return self._forms

    def device(self, kind: str, code: str) -> Known | None:
        return self._known.get((kind, code))

    def of_kind(self, kind: str) -> list[tuple[str, Known]]:
        """Code and device of every device of a kind."""
        return [(code, known) for (name, code), known in list(self._known.items()) if name == kind]

    def thing_of(self, datastream: int) -> int | None:
        return self._owner.get(datastream)

    def thing_of_multi(self, multi_datastream: int) -> int | None:
        return self._multi.get(multi_datastream)

    def look(self) -> bool:
        """Take up what was added, which is quick to see, and not what was taken out of use: for
        names that nobody knows. True when anything changed."""
        with self._database.read() as connection:
            same = (
                _newest(connection) == self._newest
                and _forms(connection, self._zone) == self._forms
            )
        return not same and self.refresh()

    def refresh(self, anew: bool = False) -> bool:
        """Take up what is new; everything ``anew`` when something was deleted, renamed or
        taken out of use. True when anything changed."""
        with self._database.read() as connection:
            forms = _forms(connection, self._zone)
            changed = forms != self._forms
            self._forms = forms
            self._newest = _newest(connection)
            found = _load(connection, self._highest, self._known, self._owner)
            multi = {row.id: row.thing for row in connection.execute(_MULTI)}
            changed = changed or multi != self._multi
            self._multi = multi
            count = connection.execute(_in_use(select(func.count()))).scalar()
            if anew or count != len(self._owner):
                known: dict[tuple[str, str], Known] = {}
                owner: dict[int, int] = {}
                found = _load(connection, 0, known, owner)
                self._known, self._owner, changed = known, owner, True
        changed = changed or found > self._highest
        self._highest = found
        return changed


_MULTI = select(multi_datastreams.c.id, multi_datastreams.c.thing)
_NEWEST = [select(func.max(table.c.id)) for table in (datastreams, multi_datastreams)]


def _newest(connection: Connection) -> tuple[int, int]:
    single, multi = (connection.execute(query).scalar() or 0 for query in _NEWEST)
    return single, multi


def _load(
    connection: Connection,
    behind: int,
    devices: dict[tuple[str, str], Known],
    owner: dict[int, int],
) -> int:
    """Add datastreams with a number behind ``behind``; returns the highest."""
    columns = (
        datastreams.c.id,
        datastreams.c.thing,
        datastreams.c.property,
        things.c.kind,
        things.c.code,
    )
    query = _in_use(select(*columns)).where(datastreams.c.id > behind).order_by(datastreams.c.id)
    for number, thing, name, kind, code in connection.execute(query):
        owner[number] = thing
        behind = number
        if code is not None and name:
            known = devices.get((kind, code))
            if known is None:
                known = devices[kind, code] = Known(thing, {})
            known.datastreams[name] = number
    return behind


def _in_use(query: Select[Any]) -> Select[Any]:
    """Of the datastreams, those of devices that are not retired."""
    joined = datastreams.join(things, things.c.id == datastreams.c.thing).outerjoin(
        device_details, device_details.c.thing == things.c.id
    )
    return query.select_from(joined).where(device_details.c.retired_at.is_(None))


def _forms(connection: Connection, zone: ZoneInfo) -> list[Form]:
    query = select(device_kinds.c.kind, device_kinds.c.declared).order_by(device_kinds.c.kind)
    return [
        form
        for kind, declared in connection.execute(query)
        for form in (
            *reports_of(kind, (declared.get("protocols") or {}).get("http_json"), zone),
            *forms_of(kind, declared.get("mqtt"), zone),
        )
    ]


def reports_of(kind: str, declared: Any, zone: ZoneInfo) -> Iterable[Form]:
    """The form of a kind that reports over plain HTTP: ``protocols: {http_json: …}``."""
    if not declared:
        return ()
    own = declared.get("time_zone")
    return (
        Form(
            kind=kind,
            topic=f"report/{kind}/{{device}}",
            payload="json",
            places=tuple((name, value["code"]) for name, value in declared["values"].items()),
            time=declared.get("time"),
            time_form=declared.get("time_format", ""),
            zone=ZoneInfo(own) if own else zone,
        ),
    )


def forms_of(kind: str, declared: Any, zone: ZoneInfo) -> Iterable[Form]:
    """The forms that a kind of device declares in devices.yaml under ``mqtt``."""
    if not declared:
        return ()
    values = declared.get("values") or {}
    return (
        Form(
            kind=kind,
            topic=declared["topic"],
            payload=declared.get("format", "json"),
            places=tuple(values.items()),
            time=declared.get("time"),
            time_form=declared.get("time_format", ""),
            zone=zone,
        ),
    )
