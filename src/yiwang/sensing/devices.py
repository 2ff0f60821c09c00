"""Devices of a pack's kinds: their Things, Locations and Datastreams, made one by one or by
the hundred thousand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Connection, and_, select, update

from yiwang.contracts.ports import Channel
from yiwang.sensing.errors import BadPosition, UnknownKind
from yiwang.sensing.fleet.tables import device_details
from yiwang.sensing.store import fetch, insert_many, take_ids
from yiwang.sensing.tables import (
    datastreams,
    device_kinds,
    features_of_interest,
    historical_location_locations,
    historical_locations,
    kind_access,
    locations,
    observed_properties,
    sensors,
    thing_locations,
    things,
)
from yiwang.store.database import Database

CHUNK = 10_000
_OBSERVATION_TYPES = "http://www.opengis.net/def/observationType/OGC-OM/2.0/"
OBSERVATION_TYPE = {
    "number": _OBSERVATION_TYPES + "OM_Measurement",
    "boolean": _OBSERVATION_TYPES + "OM_TruthObservation",
    "text": _OBSERVATION_TYPES + "OM_Observation",
}
"""SensorThings 1.1, clause 8.2.4, by the type of a property."""


@dataclass(frozen=True)
class Details:
    """What is known of a device beyond SensorThings. ``installed_on`` is ``YYYY-MM-DD``;
    ``gateway`` and ``network`` say over what it speaks."""

    supplier: str = ""
    model: str = ""
    serial: str = ""
    gateway: str = ""
    network: str = ""
    installed_on: str | None = None
    firmware: str = ""


@dataclass(frozen=True)
class NewDevice:
    """A device to register. ``code`` is its number within its kind; the position is WGS 84;
    ``place`` an id of the registry."""

    code: str
    name: str = ""
    lon: float | None = None
    lat: float | None = None
    place: int | None = None
    description: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    details: Details | None = None
    owner: int | None = None
    """The organisation to which it belongs; None: as its kind."""


@dataclass(frozen=True)
class Access:
    """To whom the devices of a kind belong, the properties that its pack opens, and what the
    city decided instead (None: nothing)."""

    owner: int | None = None
    shared: tuple[str, ...] = ()
    opened: bool | None = None

    def opens(self, name: str) -> bool:
        """Whether datastreams of a property are opened."""
        return name in self.shared if self.opened is None else self.opened


def access_of(connection: Connection, kind: str) -> Access:
    row = connection.execute(select(kind_access).where(kind_access.c.kind == kind)).first()
    return Access() if row is None else Access(row.owner, tuple(row.shared), row.opened)


@dataclass(frozen=True)
class Kind:
    """An installed kind of device. ``streams`` are the columns that its datastreams share."""

    kind: str
    title: str
    sensor: int
    streams: tuple[Mapping[str, Any], ...]
    mqtt_topic: str = ""
    declared: Mapping[str, Any] = field(default_factory=dict)
    owner: int | None = None


def kind_of(connection: Connection, kind: str) -> Kind:
    """Raises UnknownKind."""
    chosen = select(device_kinds, sensors.c.id.label("sensor")).join(
        sensors, sensors.c.kind == device_kinds.c.kind
    )
    row = connection.execute(chosen.where(device_kinds.c.kind == kind)).first()
    if row is None:
        known = connection.execute(select(device_kinds.c.kind).order_by(device_kinds.c.kind))
        raise UnknownKind(kind=kind, known=", ".join(known.scalars()))
    ids = _property_ids(connection, kind)
    declared = row.declared
    access = access_of(connection, kind)
    streams = tuple(
        {**stream, "opened": access.opens(stream["property"])}
        for stream in stream_columns(declared, row.sensor, ids)
    )
    topic = (declared.get("mqtt") or {}).get("topic", "")
    title = title_of(row.title, declared["name"])
    return Kind(kind, title, row.sensor, streams, topic, declared, access.owner)


def title_of(titles: Mapping[str, str], otherwise: str) -> str:
    return titles.get("zh-CN") or titles.get("en") or otherwise


def _property_ids(connection: Connection, kind: str) -> dict[str, tuple[int, str]]:
    """Id and name of each observed property of a kind, by short name."""
    start = f"{kind}."
    chosen = select(
        observed_properties.c.id, observed_properties.c.code, observed_properties.c.name
    )
    rows = connection.execute(
        chosen.where(observed_properties.c.code.startswith(start, autoescape=True))
    )
    return {row.code[len(start) :]: (row.id, row.name) for row in rows}


def stream_columns(
    declared: Mapping[str, Any], sensor: int, ids: Mapping[str, tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    """The columns that all datastreams of one property of a kind have alike."""
    for item in (*declared["properties"], *declared["computed"]):
        computed = "expression" in item
        kind = item.get("type", "number")
        unit = item["unit"]
        yield {
            "sensor": sensor,
            "observed_property": ids[item["name"]][0],
            "description": "",
            "observation_type": OBSERVATION_TYPE[kind],
            "unit_of_measurement": {"name": unit or None, "symbol": unit or None, "definition": ""},
            "property": item["name"],
            "unit": unit,
            "result_type": kind,
            "least": item.get("least"),
            "most": item.get("most"),
            "period": None if computed else declared["period"],
            "silent_after": None if computed else declared["silent_after"],
            "properties": {"computed": True} if computed else None,
            "title": ids[item["name"]][1],
        }


def add(connection: Connection, kind: Kind, devices: Iterable[NewDevice], now: int) -> list[int]:
    """Make the devices, whose codes must be new; returns their things in order.

    Raises BadPosition.
    """
    made: list[int] = []
    source = iter(devices)
    while part := list(islice(source, CHUNK)):
        made += _add_part(connection, kind, part, now)
    return made


def _add_part(
    connection: Connection, kind: Kind, devices: Sequence[NewDevice], now: int
) -> list[int]:
    for device in devices:
        _check_position(device)
    first = take_ids(connection, things, len(devices))
    numbered = list(enumerate(devices, first))
    rows = [
        {
            "id": thing,
            "name": device.name or f"{kind.title} {device.code}",
            "description": device.description,
            "properties": dict(device.properties) or None,
            "kind": kind.kind,
            "code": device.code,
            "place": device.place,
            "owner": kind.owner if device.owner is None else device.owner,
            "lon": device.lon,
            "lat": device.lat,
            "created_at": now,
        }
        for thing, device in numbered
    ]
    insert_many(connection, things, rows)
    located = [(thing, device) for thing, device in numbered if device.lon is not None]
    features = locate(connection, located, now) if located else {}
    known = [
        {"thing": thing, **vars(device.details)}
        for thing, device in numbered
        if device.details is not None
    ]
    if known:
        insert_many(connection, device_details, _whole(known))
    owners = [(first + index, str(row["name"])) for index, row in enumerate(rows)]
    add_streams(connection, kind.streams, owners, features)
    return [thing for thing, _ in numbered]


def _whole(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"retired_at": None, "retired_why": "", **row} for row in details]


def _check_position(device: NewDevice) -> None:
    if device.lon is None and device.lat is None:
        return
    lon, lat = device.lon, device.lat
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise BadPosition(device.code, lon=lon, lat=lat)


def locate(
    connection: Connection, located: Sequence[tuple[int, NewDevice]], now: int
) -> dict[int, int]:
    """The Location of each thing, the HistoricalLocation that the standard asks for, and the
    feature of interest of what is observed there; returns the feature of each thing."""
    count = len(located)
    location = take_ids(connection, locations, count)
    history = take_ids(connection, historical_locations, count)
    feature = take_ids(connection, features_of_interest, count)
    shared = [
        {
            "name": device.name or device.code,
            "description": "",
            "encoding_type": "application/geo+json",
            "lon": device.lon,
            "lat": device.lat,
        }
        for _, device in located
    ]
    points = [{"type": "Point", "coordinates": [row["lon"], row["lat"]]} for row in shared]
    insert_many(
        connection,
        features_of_interest,
        [
            {**row, "id": feature + index, "feature": points[index]}
            for index, row in enumerate(shared)
        ],
    )
    insert_many(
        connection,
        locations,
        [
            {
                **row,
                "id": location + index,
                "location": points[index],
                "feature": feature + index,
            }
            for index, row in enumerate(shared)
        ],
    )
    pairs = [{"thing": thing, "location": id_} for id_, (thing, _) in enumerate(located, location)]
    insert_many(connection, thing_locations, pairs)
    insert_many(
        connection,
        historical_locations,
        [
            {"id": id_, "thing": thing, "time": now}
            for id_, (thing, _) in enumerate(located, history)
        ],
    )
    insert_many(
        connection,
        historical_location_locations,
        [
            {"historical_location": history + index, "location": location + index}
            for index in range(count)
        ],
    )
    return {thing: id_ for id_, (thing, _) in enumerate(located, feature)}


def add_streams(
    connection: Connection,
    streams: Sequence[Mapping[str, Any]],
    owners: Sequence[tuple[int, str]],
    features: Mapping[int, int] | None = None,
) -> int:
    """Make datastreams of every kind of ``streams`` for things (id, name); returns how many.
    ``features``: the feature of interest of things, where there is one."""
    count = len(streams) * len(owners)
    if not count:
        return 0
    first = take_ids(connection, datastreams, count)
    rows: list[dict[str, Any]] = []
    for thing, name in owners:
        for stream in streams:
            row = {key: value for key, value in stream.items() if key != "title"}
            row["id"] = first + len(rows)
            row["thing"] = thing
            row["name"] = f"{name}: {stream['title']}"
            row["feature"] = features.get(thing) if features else None
            rows.append(row)
    insert_many(connection, datastreams, rows)
    return count


def bring_up_to_date(connection: Connection, kind: Kind, changed: Collection[str]) -> int:
    """Give the things of a kind the datastreams that it declares now; returns how many are new.

    Datastreams of the ``changed`` properties take over range, unit and rhythm.
    """
    shared = ("unit", "unit_of_measurement", "least", "most", "period", "silent_after")
    new = 0
    for stream in kind.streams:
        mine = datastreams.c.observed_property == stream["observed_property"]
        if stream["property"] in changed:
            values = {name: stream[name] for name in shared}
            connection.execute(update(datastreams).where(mine).values(values))
        there = and_(datastreams.c.thing == things.c.id, mine)
        chosen = (
            select(things.c.id, things.c.name)
            .outerjoin(datastreams, there)
            .where(things.c.kind == kind.kind, datastreams.c.id.is_(None))
            .order_by(things.c.id)
        )
        lacking = [(row.id, row.name) for row in connection.execute(chosen)]
        for low in range(0, len(lacking), CHUNK):
            new += add_streams(connection, [stream], lacking[low : low + CHUNK])
    return new


def codes(connection: Connection, kind: str) -> dict[str, int]:
    """The thing of each code of a kind."""
    chosen = select(things.c.code, things.c.id).where(things.c.kind == kind)
    return dict(fetch(connection, chosen))


def identify(connection: Connection, thing: int) -> tuple[str, str] | None:
    """Kind and code of a device, or None where there is no such thing of a kind."""
    row = connection.execute(select(things.c.kind, things.c.code).where(things.c.id == thing))
    found = row.first()
    return None if found is None or found.code is None else (found.kind, found.code)


def topics_of(connection: Connection, thing: int, kind: str, code: str) -> list[str]:
    """The MQTT topics under which a device may write."""
    numbers = select(datastreams.c.id).where(datastreams.c.thing == thing)
    topics = [
        f"v1.1/Datastreams({number})/Observations"
        for number in connection.execute(numbers.order_by(datastreams.c.id)).scalars()
    ]
    declared = select(device_kinds.c.declared).where(device_kinds.c.kind == kind)
    mqtt = (connection.execute(declared).scalar() or {}).get("mqtt") or {}
    if mqtt.get("topic"):
        topics.append(mqtt["topic"].replace("{device}", code))
    return topics


class Channels:
    """Implements contracts ChannelDirectory over a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def channels(self, kinds: Sequence[str] | None = None) -> list[Channel]:
        """The datastreams in use of things of some kinds (None: of all things)."""
        with self._database.read() as connection:
            return channels(connection, kinds)


def channels(connection: Connection, kinds: Sequence[str] | None = None) -> list[Channel]:
    chosen = (
        select(
            datastreams.c.id,
            datastreams.c.thing,
            things.c.kind,
            datastreams.c.property,
            things.c.place,
            things.c.lon,
            things.c.lat,
        )
        .join(things, things.c.id == datastreams.c.thing)
        .outerjoin(device_details, device_details.c.thing == things.c.id)
        .where(device_details.c.retired_at.is_(None))
        .order_by(datastreams.c.id)
    )
    if kinds is not None:
        chosen = chosen.where(things.c.kind.in_(list(kinds)))
    return [Channel(*row) for row in fetch(connection, chosen)]
