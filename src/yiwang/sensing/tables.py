"""Tables of sensing: the SensorThings 1.1 entities, kinds of device, and the ledger.

Observations are not here: they are in the log and its segments. Every ``id`` is taken from
``store.take_ids``, never given by the database: a datastream's id is its index in dense
arrays, so ids have no gaps and are not given twice.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    TextClause,
    UniqueConstraint,
    false,
    text,
)

from yiwang.store.database import Instant, Json, Key, metadata


def no_point(column: str) -> TextClause:
    """Whether GeoJSON is anything but a plain point, as it stands in the partial indexes."""
    return text(f"""substr({column}, 1, 15) <> '{{"type":"Point"'""")


OBSERVED = text("observed_area IS NOT NULL")


def _extent(name: str, what: TextClause) -> tuple[Column[float] | Index, ...]:
    """The extent of a geometry in degrees (null: not known), and its index, for those rows
    that are not found by ``lon`` and ``lat``."""
    names = ("west", "south", "east", "north")
    columns = (Column(side, Float, nullable=True) for side in names)
    return *columns, Index(name, *names, sqlite_where=what, postgresql_where=what)


id_counters = Table(
    "sensing_id_counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("last", Key, nullable=False),
)
"""The last id given of each table of sensing."""

things = Table(
    "things",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("properties", Json, nullable=True),
    Column("kind", String(128), nullable=False, default=""),
    Column("code", String(128), nullable=True),
    Column("place", Key, nullable=True),
    Column("owner", Key, nullable=True),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("kind", "code"),
    Index("ix_things_place", "place"),
    Index("ix_things_owner", "owner"),
)
"""``kind`` is ``<pack>.<device kind>`` or empty; ``code`` the device's own number, unique in
its kind and NULL for a thing of no kind; ``place`` a place of the registry, ``owner`` the
organisation to which the thing belongs; ``lon`` and ``lat`` repeat the current location's point
for the map."""

locations = Table(
    "locations",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("encoding_type", String(128), nullable=False, default="application/geo+json"),
    Column("location", Json, nullable=False),
    Column("properties", Json, nullable=True),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("feature", Key, nullable=True),
    Index("ix_locations_lon", "lon", "lat"),
    Index("ix_locations_feature", "feature"),
    *_extent("ix_locations_extent", no_point("location")),
)
"""``location`` is GeoJSON; ``lon`` and ``lat`` its point, or the middle of its extent.
``feature``: the feature of interest that was made from it, once one was needed."""

thing_locations = Table(
    "thing_locations",
    metadata,
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), primary_key=True),
    Column("location", Key, ForeignKey("locations.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_thing_locations_location", "location"),
)
"""Where each thing is now."""

historical_locations = Table(
    "historical_locations",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), nullable=False),
    Column("time", Instant, nullable=False),
    Index("ix_historical_locations_thing", "thing", "time"),
)

historical_location_locations = Table(
    "historical_location_locations",
    metadata,
    Column(
        "historical_location",
        Key,
        ForeignKey("historical_locations.id", ondelete="CASCADE", name="fk_historical_location"),
        primary_key=True,
    ),
    Column(
        "location",
        Key,
        ForeignKey("locations.id", ondelete="CASCADE", name="fk_historical_location_location"),
        primary_key=True,
    ),
    Index("ix_historical_location_locations_location", "location"),
)

sensors = Table(
    "sensors",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("encoding_type", String(128), nullable=False, default="text/plain"),
    Column("metadata", Json, nullable=False),
    Column("properties", Json, nullable=True),
    Column("kind", String(128), nullable=True, unique=True),
)
"""``kind``: the kind of device whose sensor this is; NULL for a sensor made over the API."""

observed_properties = Table(
    "observed_properties",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("definition", Text, nullable=False, default=""),
    Column("description", Text, nullable=False, default=""),
    Column("properties", Json, nullable=True),
    Column("code", String(192), nullable=True, unique=True),
)
"""``code`` is ``<kind>.<property>`` for a property of a kind of device, else NULL."""

features_of_interest = Table(
    "features_of_interest",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("encoding_type", String(128), nullable=False, default="application/geo+json"),
    Column("feature", Json, nullable=False),
    Column("properties", Json, nullable=True),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Index("ix_features_of_interest_lon", "lon", "lat"),
    *_extent("ix_features_of_interest_extent", no_point("feature")),
)

datastreams = Table(
    "datastreams",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), nullable=False),
    Column("sensor", Key, ForeignKey("sensors.id"), nullable=False),
    Column("observed_property", Key, ForeignKey("observed_properties.id"), nullable=False),
    Column("feature", Key, ForeignKey("features_of_interest.id"), nullable=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("properties", Json, nullable=True),
    Column("observation_type", String(192), nullable=False),
    Column("unit_of_measurement", Json, nullable=True),
    Column("observed_area", Json, nullable=True),
    Column("property", String(64), nullable=False, default=""),
    Column("unit", String(64), nullable=False, default=""),
    Column("result_type", String(16), nullable=False, default="number"),
    Column("least", Float, nullable=True),
    Column("most", Float, nullable=True),
    Column("period", Instant, nullable=True),
    Column("silent_after", Instant, nullable=True),
    Column("opened", Boolean, nullable=False, default=False, server_default=false()),
    Index("ix_datastreams_thing", "thing", "opened"),
    Index("ix_datastreams_sensor", "sensor", "opened"),
    Index("ix_datastreams_observed_property", "observed_property", "opened"),
    Index("ix_datastreams_feature", "feature"),
    *_extent("ix_datastreams_extent", OBSERVED),
)
"""``unit_of_measurement`` is the JSON object of the standard; ``property`` and ``unit`` are the
short names of the device kind. ``result_type``: number, text, boolean, or any (no check).
``least`` … ``most``: results outside are rejected. ``period``: microseconds between two
observations; ``silent_after``: microseconds without one until the thing counts as silent.
``feature``: the feature of interest of observations that name none (NULL: made at need).
``opened``: whether everybody sees the datastream and what belongs to it.
phenomenonTime and resultTime of a datastream come from ``Latest``, not from a column."""

multi_datastreams = Table(
    "multi_datastreams",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("thing", Key, ForeignKey("things.id", ondelete="CASCADE"), nullable=False),
    Column("sensor", Key, ForeignKey("sensors.id"), nullable=False),
    Column("feature", Key, ForeignKey("features_of_interest.id"), nullable=True),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, default=""),
    Column("properties", Json, nullable=True),
    Column("observation_type", String(192), nullable=False),
    Column("multi_observation_data_types", Json, nullable=False),
    Column("unit_of_measurements", Json, nullable=False),
    Column("observed_area", Json, nullable=True),
    Column("opened", Boolean, nullable=False, default=False, server_default=false()),
    Index("ix_multi_datastreams_thing", "thing"),
    Index("ix_multi_datastreams_sensor", "sensor"),
    Index("ix_multi_datastreams_feature", "feature"),
    *_extent("ix_multi_datastreams_extent", OBSERVED),
    info={"counter": "datastreams"},
)
"""Datastreams whose results are arrays, one value an observed property. Their ids are counted
with those of ``datastreams``: a number in the observation store means one of either."""

multi_datastream_properties = Table(
    "multi_datastream_properties",
    metadata,
    Column(
        "multi_datastream",
        Key,
        ForeignKey("multi_datastreams.id", ondelete="CASCADE", name="fk_multi_datastream"),
        primary_key=True,
    ),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column(
        "observed_property",
        Key,
        ForeignKey("observed_properties.id", name="fk_multi_datastream_observed_property"),
        nullable=False,
    ),
    Index("ix_multi_datastream_properties_observed_property", "observed_property"),
)
"""What the values of a multi-datastream's results are of, in their order from 0."""

device_kinds = Table(
    "device_kinds",
    metadata,
    Column("kind", String(128), primary_key=True),
    Column("pack", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("title", Json, nullable=False),
    Column("declared", Json, nullable=False),
    Column("period", Instant, nullable=True),
    Column("silent_after", Instant, nullable=True),
    Column("installed_at", Instant, nullable=False),
)
"""Installed kinds of device; ``declared`` is ``spec.DeviceKind`` as JSON."""

kind_access = Table(
    "kind_access",
    metadata,
    Column("kind", String(128), primary_key=True),
    Column("owner", Key, nullable=True),
    Column("shared", Json, nullable=False),
    Column("opened", Boolean, nullable=True),
)
"""To whom the devices of a kind belong, and which of their datastreams are opened: ``shared``
are the properties that the pack opens, ``opened`` says what the city has decided about all of
them (NULL: as the pack says). Kept when the kind is taken out of use, so that it comes back as
the city left it."""

ledger = Table(
    "sensing_ledger",
    metadata,
    Column("source", String(192), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("received", Key, nullable=False),
    Column("stored", Key, nullable=False),
    Column("duplicate", Key, nullable=False),
    Column("rejected", Key, nullable=False),
)
"""What became of everything received: received = stored + duplicate + rejected."""

ledger_reasons = Table(
    "sensing_ledger_reasons",
    metadata,
    Column("source", String(192), primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("reason", String(64), primary_key=True),
    Column("count", Key, nullable=False),
)

rejections = Table(
    "sensing_rejections",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("day", String(10), nullable=False),
    Column("source", String(192), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("where", Text, nullable=False, default=""),
    Column("count", Integer, nullable=False, default=1),
    Column("raw", LargeBinary, nullable=False),
    Column("raw_size", Integer, nullable=False),
    Index("ix_sensing_rejections_at", "at"),
    Index("ix_sensing_rejections_reason", "reason", "id"),
)
"""Every rejected message; ``raw`` is cut at ``model.MOST_RAW`` bytes, ``raw_size`` is its size."""

log_places = Table(
    "sensing_log_places",
    metadata,
    Column("consumer", String(64), primary_key=True),
    Column("position", Key, nullable=False),
)
"""How far each projection has folded the observation log, moved with its effects."""

brought_observations = Table(
    "brought_observations",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("source", String(192), nullable=False),
    Column("received", Instant, nullable=False),
    Column("rows", Json, nullable=False),
)
"""Observations of one transaction that are still to be stored: datastream, time, result (null
where it is no number), its JSON, and what else belongs to it."""
