"""DELETE: an entity with all that cannot be without it (18-088, table 24)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pyarrow.compute as pc
from sqlalchemy import Connection, Table, delete, select, update

from yiwang.sensing import tables as t
from yiwang.sensing.model import Edits
from yiwang.sensing.observations import Observations
from yiwang.sensing.sta.schema import (
    DATASTREAM,
    FEATURE_OF_INTEREST,
    HISTORICAL_LOCATION,
    LOCATION,
    MULTI_DATASTREAM,
    OBSERVED_PROPERTY,
    SENSOR,
    THING,
    EntityType,
)


class Removing:
    """One deletion. ``edits``: what becomes of observations, to be made once all the rest is
    done. ``datastreams``: how many (multi-)datastreams went."""

    def __init__(self, connection: Connection, store: Observations) -> None:
        self._connection = connection
        self._store = store
        self.edits = Edits()

    @property
    def datastreams(self) -> int:
        return len(self.edits.erased)

    def remove(self, type_: EntityType, id_: int) -> None:
        """Delete one stored entity that exists."""
        _REMOVERS[type_.name](self, id_)

    def _thing(self, id_: int) -> None:
        self._streams(t.datastreams, t.datastreams.c.thing == id_)
        self._streams(t.multi_datastreams, t.multi_datastreams.c.thing == id_)
        self._delete(t.things, t.things.c.id == id_)

    def _location(self, id_: int) -> None:
        links, here = t.historical_location_locations.c, t.thing_locations.c
        past = select(links.historical_location).where(links.location == id_)
        things = list(
            self._connection.execute(select(here.thing).where(here.location == id_)).scalars()
        )
        self._delete(t.historical_locations, t.historical_locations.c.id.in_(past))
        self._delete(t.locations, t.locations.c.id == id_)
        for thing in things:
            self.place(thing)

    def place(self, thing: int) -> None:
        """Where a thing is, now that one of its locations is gone."""
        here, places = t.thing_locations.c, t.locations.c
        left = (
            select(places.lon, places.lat)
            .join(t.thing_locations, here.location == places.id)
            .where(here.thing == thing, places.lon.is_not(None))
            .order_by(places.id)
        )
        point = self._connection.execute(left).first()
        lon, lat = (None, None) if point is None else (point.lon, point.lat)
        mine = update(t.things).where(t.things.c.id == thing)
        self._connection.execute(mine.values(lon=lon, lat=lat))

    def _historical_location(self, id_: int) -> None:
        self._delete(t.historical_locations, t.historical_locations.c.id == id_)

    def _sensor(self, id_: int) -> None:
        self._streams(t.datastreams, t.datastreams.c.sensor == id_)
        self._streams(t.multi_datastreams, t.multi_datastreams.c.sensor == id_)
        self._delete(t.sensors, t.sensors.c.id == id_)

    def _observed_property(self, id_: int) -> None:
        self._streams(t.datastreams, t.datastreams.c.observed_property == id_)
        links = t.multi_datastream_properties.c
        several = select(links.multi_datastream).where(links.observed_property == id_)
        self._streams(t.multi_datastreams, t.multi_datastreams.c.id.in_(several))
        self._delete(t.observed_properties, t.observed_properties.c.id == id_)

    def _datastream(self, id_: int) -> None:
        self._streams(t.datastreams, t.datastreams.c.id == id_)

    def _multi_datastream(self, id_: int) -> None:
        self._streams(t.multi_datastreams, t.multi_datastreams.c.id == id_)

    def _feature(self, id_: int) -> None:
        by_default: set[int] = set()
        for table in (t.datastreams, t.multi_datastreams):
            mine = table.c.feature == id_
            by_default.update(self._connection.execute(select(table.c.id).where(mine)).scalars())
            self._connection.execute(update(table).where(mine).values(feature=None))
        origin = update(t.locations).where(t.locations.c.feature == id_)
        self._connection.execute(origin.values(feature=None))
        self.edits.deleted |= _of_feature(self._store, id_, by_default)
        self._delete(t.features_of_interest, t.features_of_interest.c.id == id_)

    def _streams(self, table: Table, condition: Any) -> None:
        found = list(self._connection.execute(select(table.c.id).where(condition)).scalars())
        self.edits.erased.update(found)
        self._delete(table, condition)

    def _delete(self, table: Table, condition: Any) -> None:
        self._connection.execute(delete(table).where(condition))


def _of_feature(store: Observations, feature: int, by_default: set[int]) -> dict[int, int]:
    """Number and datastream of the observations of a feature of interest."""
    found: dict[int, int] = {}
    for part in store.parts(None):
        naming = pc.match_substring(part.column("extra"), '"FeatureOfInterest":')
        said = part.filter(pc.fill_null(naming, False))
        found |= _naming(said, feature)
        if by_default:
            silent = part.filter(pc.invert(pc.fill_null(naming, False)))
            streams, numbers = silent.column("datastream"), silent.column("number")
            pairs = zip(numbers.to_pylist(), streams.to_pylist(), strict=True)
            found |= {number: stream for number, stream in pairs if stream in by_default}
    return found


def _naming(rows: Any, feature: int) -> dict[int, int]:
    columns: Sequence[Any] = [rows.column(n).to_pylist() for n in ("number", "datastream", "extra")]
    return {
        number: stream
        for number, stream, extra in zip(*columns, strict=True)
        if msgspec.json.decode(extra).get("FeatureOfInterest") == feature
    }


_REMOVERS: dict[str, Callable[[Removing, int], None]] = {
    THING.name: Removing._thing,
    LOCATION.name: Removing._location,
    HISTORICAL_LOCATION.name: Removing._historical_location,
    SENSOR.name: Removing._sensor,
    OBSERVED_PROPERTY.name: Removing._observed_property,
    DATASTREAM.name: Removing._datastream,
    MULTI_DATASTREAM.name: Removing._multi_datastream,
    FEATURE_OF_INTEREST.name: Removing._feature,
}
