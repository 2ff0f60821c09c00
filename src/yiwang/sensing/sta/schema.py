"""The SensorThings entity types, declared once: properties, relations, columns.

SQL, rendering, creation, paths and topics all follow from this table (18-088, clause 8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property

from sqlalchemy import Table

from yiwang.kernel.text import Words
from yiwang.sensing import tables as t
from yiwang.sensing.sta.errors import UnknownProperty


@dataclass(frozen=True, eq=False)
class Property:
    """``kind``: text, json, instant, interval (read only: two instants), time (an instant or
    an interval, as text) or result. ``column`` is empty where the value is not a column of the
    entity's table. ``nullable``: shown as null where there is no value."""

    name: str
    kind: str = "text"
    column: str = ""
    required: bool = False
    read_only: bool = False
    nullable: bool = False


@dataclass(frozen=True, eq=False)
class Through:
    """A many-to-many relation: its table, my column in it, and the target's. ``order``: the
    column that gives the targets their order, where it is not that of their ids.
    ``repeated``: one pair may stand there several times."""

    table: Table
    mine: str
    theirs: str
    order: str = ""
    repeated: bool = False


@dataclass(frozen=True, eq=False)
class Relation:
    """A relation to ``target``. It is held by my column ``mine``, by the target's column
    ``theirs`` or by a table ``through``; by none of them where observations take part."""

    name: str
    target: str
    inverse: str
    many: bool = False
    required: bool = False
    mine: str = ""
    theirs: str = ""
    through: Through | None = None


@dataclass(frozen=True, eq=False)
class EntityType:
    name: str
    plural: str
    table: Table | None
    properties: tuple[Property, ...]
    relations: tuple[Relation, ...]

    def find_property(self, name: str) -> Property | None:
        return self._by_name[0].get(name)

    def find_relation(self, name: str) -> Relation | None:
        return self._by_name[1].get(name)

    @cached_property
    def _by_name(self) -> tuple[dict[str, Property], dict[str, Relation]]:
        properties = {item.name: item for item in self.properties}
        return properties, {item.name: item for item in self.relations}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that a row of a stored type has: what is shown, and what it refers to."""
        own = [item.column for item in self.properties if item.column]
        refers = [item.mine for item in self.relations if item.mine]
        others = [name for name in ("feature",) if name in self.stored.c]
        return tuple(dict.fromkeys(["id", *own, *refers, *others]))

    @property
    def names(self) -> list[str]:
        """Everything that may be asked of an entity."""
        own = ["@iot.id", *(item.name for item in self.properties)]
        return own + [item.name for item in self.relations]

    @property
    def stored(self) -> Table:
        """The table of a type that has one: every type but Observation."""
        assert self.table is not None, self.name
        return self.table

    def unknown(self, name: str, where: str | Words, known: Iterable[str] = ()) -> UnknownProperty:
        """The error for a name this type does not have, with the nearest that it has."""
        return UnknownProperty(
            where, name=name, entity=self.name, near=nearest(name, known or self.names)
        )


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name most like ``name``, else all of them."""
    options = {item.lower(): item for item in known}
    close = get_close_matches(name.lower(), options, 1, 0.5)
    return options[close[0]] if close else ", ".join(options.values())


IDS = frozenset({"@iot.id", "id"})
"""Both spellings of the id in queries; 18-088 uses ``id``, the JSON ``@iot.id``."""

_NAME = Property("name", column="name", required=True)
_DESCRIPTION = Property("description", column="description", required=True)
_ENCODING = Property("encodingType", column="encoding_type", required=True)
_PROPERTIES = Property("properties", "json", "properties")

THING = EntityType(
    "Thing",
    "Things",
    t.things,
    (_NAME, _DESCRIPTION, _PROPERTIES),
    (
        Relation(
            "Locations",
            "Location",
            "Things",
            many=True,
            through=Through(t.thing_locations, "thing", "location"),
        ),
        Relation("HistoricalLocations", "HistoricalLocation", "Thing", many=True, theirs="thing"),
        Relation("Datastreams", "Datastream", "Thing", many=True, theirs="thing"),
        Relation("MultiDatastreams", "MultiDatastream", "Thing", many=True, theirs="thing"),
    ),
)

LOCATION = EntityType(
    "Location",
    "Locations",
    t.locations,
    (
        _NAME,
        _DESCRIPTION,
        _ENCODING,
        Property("location", "json", "location", required=True),
        _PROPERTIES,
    ),
    (
        Relation(
            "Things",
            "Thing",
            "Locations",
            many=True,
            through=Through(t.thing_locations, "location", "thing"),
        ),
        Relation(
            "HistoricalLocations",
            "HistoricalLocation",
            "Locations",
            many=True,
            through=Through(t.historical_location_locations, "location", "historical_location"),
        ),
    ),
)

HISTORICAL_LOCATION = EntityType(
    "HistoricalLocation",
    "HistoricalLocations",
    t.historical_locations,
    (Property("time", "instant", "time", required=True),),
    (
        Relation("Thing", "Thing", "HistoricalLocations", required=True, mine="thing"),
        Relation(
            "Locations",
            "Location",
            "HistoricalLocations",
            many=True,
            required=True,
            through=Through(t.historical_location_locations, "historical_location", "location"),
        ),
    ),
)

DATASTREAM = EntityType(
    "Datastream",
    "Datastreams",
    t.datastreams,
    (
        _NAME,
        _DESCRIPTION,
        Property("observationType", column="observation_type", required=True),
        Property("unitOfMeasurement", "json", "unit_of_measurement", required=True),
        Property("observedArea", "json", "observed_area"),
        Property("phenomenonTime", "interval", read_only=True),
        Property("resultTime", "interval", read_only=True),
        _PROPERTIES,
    ),
    (
        Relation("Thing", "Thing", "Datastreams", required=True, mine="thing"),
        Relation("Sensor", "Sensor", "Datastreams", required=True, mine="sensor"),
        Relation(
            "ObservedProperty",
            "ObservedProperty",
            "Datastreams",
            required=True,
            mine="observed_property",
        ),
        Relation("Observations", "Observation", "Datastream", many=True),
    ),
)

MULTI_DATASTREAM = EntityType(
    "MultiDatastream",
    "MultiDatastreams",
    t.multi_datastreams,
    (
        _NAME,
        _DESCRIPTION,
        Property("observationType", column="observation_type"),
        Property(
            "multiObservationDataTypes", "json", "multi_observation_data_types", required=True
        ),
        Property("unitOfMeasurements", "json", "unit_of_measurements", required=True),
        Property("observedArea", "json", "observed_area"),
        Property("phenomenonTime", "interval", read_only=True),
        Property("resultTime", "interval", read_only=True),
        _PROPERTIES,
    ),
    (
        Relation("Thing", "Thing", "MultiDatastreams", required=True, mine="thing"),
        Relation("Sensor", "Sensor", "MultiDatastreams", required=True, mine="sensor"),
        Relation(
            "ObservedProperties",
            "ObservedProperty",
            "MultiDatastreams",
            many=True,
            required=True,
            through=Through(
                t.multi_datastream_properties, "multi_datastream", "observed_property", "place"
            ),
        ),
        Relation("Observations", "Observation", "MultiDatastream", many=True),
    ),
)
"""18-088, 8.2.12 (the MultiDatastream extension)."""

SENSOR = EntityType(
    "Sensor",
    "Sensors",
    t.sensors,
    (
        _NAME,
        _DESCRIPTION,
        _ENCODING,
        Property("metadata", "json", "metadata", required=True),
        _PROPERTIES,
    ),
    (
        Relation("Datastreams", "Datastream", "Sensor", many=True, theirs="sensor"),
        Relation("MultiDatastreams", "MultiDatastream", "Sensor", many=True, theirs="sensor"),
    ),
)

OBSERVED_PROPERTY = EntityType(
    "ObservedProperty",
    "ObservedProperties",
    t.observed_properties,
    (
        _NAME,
        Property("definition", column="definition", required=True),
        _DESCRIPTION,
        _PROPERTIES,
    ),
    (
        Relation(
            "Datastreams", "Datastream", "ObservedProperty", many=True, theirs="observed_property"
        ),
        Relation(
            "MultiDatastreams",
            "MultiDatastream",
            "ObservedProperties",
            many=True,
            through=Through(
                t.multi_datastream_properties,
                "observed_property",
                "multi_datastream",
                repeated=True,
            ),
        ),
    ),
)

FEATURE_OF_INTEREST = EntityType(
    "FeatureOfInterest",
    "FeaturesOfInterest",
    t.features_of_interest,
    (
        _NAME,
        _DESCRIPTION,
        _ENCODING,
        Property("feature", "json", "feature", required=True),
        _PROPERTIES,
    ),
    (Relation("Observations", "Observation", "FeatureOfInterest", many=True),),
)

OBSERVATION = EntityType(
    "Observation",
    "Observations",
    None,
    (
        Property("phenomenonTime", "time"),
        Property("resultTime", "time", nullable=True),
        Property("result", "result", required=True, nullable=True),
        Property("resultQuality", "json"),
        Property("validTime", "time"),
        Property("parameters", "json"),
    ),
    (
        Relation("Datastream", "Datastream", "Observations"),
        Relation("MultiDatastream", "MultiDatastream", "Observations"),
        Relation("FeatureOfInterest", "FeatureOfInterest", "Observations"),
    ),
)

TYPES: dict[str, EntityType] = {
    item.name: item
    for item in (
        DATASTREAM,
        FEATURE_OF_INTEREST,
        HISTORICAL_LOCATION,
        LOCATION,
        MULTI_DATASTREAM,
        OBSERVATION,
        OBSERVED_PROPERTY,
        SENSOR,
        THING,
    )
}
"""Every entity type by name, in the order of the service root."""

SETS: dict[str, EntityType] = {item.plural: item for item in TYPES.values()}
