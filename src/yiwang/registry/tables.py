"""Tables of the city's nouns.

Nothing is deleted: ``removed_at`` takes a row out of lists and look-ups, while cases and
findings of the past still find what they were about.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from yiwang.store.database import Instant, Json, Key, metadata

areas = Table(
    "areas",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=False, unique=True),
    Column("level", String(16), nullable=False),
    Column("name_zh", String(128), nullable=False),
    Column("name_en", String(128), nullable=False),
    Column("parent", Key, ForeignKey("areas.id"), nullable=True),
    Column("geometry", Json, nullable=False),
    Column("removed_at", Instant, nullable=True),
)

organisations = Table(
    "organisations",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("name_zh", String(128), nullable=False),
    Column("name_en", String(128), nullable=False),
    Column("functions", Json, nullable=False),
    Column("parent", Key, ForeignKey("organisations.id"), nullable=True),
    Column("area", Key, ForeignKey("areas.id"), nullable=True),
    Column("contact", String(256), nullable=False),
    Column("removed_at", Instant, nullable=True),
)

people = Table(
    "people",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=False, unique=True),
    Column("name", String(128), nullable=False),
    Column("phone", String(64), nullable=False),
    Column("organisation", Key, ForeignKey("organisations.id"), nullable=True),
    Column("user", String(64), nullable=False),
    Column("skills", Json, nullable=False),
    Column("removed_at", Instant, nullable=True),
    Index("ix_people_user", "user"),
)

duties = Table(
    "duties",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=False, unique=True),
    Column("role", String(64), nullable=False),
    Column("area", Key, ForeignKey("areas.id"), nullable=True),
    Column("person", Key, ForeignKey("people.id"), nullable=True),
    Column("organisation", Key, ForeignKey("organisations.id"), nullable=True),
    Column("days", Json, nullable=False),
    Column("opens", Integer, nullable=False),
    Column("closes", Integer, nullable=False),
    Column("starts_at", Instant, nullable=True),
    Column("ends_at", Instant, nullable=True),
    Column("removed_at", Instant, nullable=True),
)

places = Table(
    "places",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("kind", String(128), nullable=False),
    Column("code", String(128), nullable=False),
    Column("name_zh", String(128), nullable=False),
    Column("name_en", String(128), nullable=False),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("geometry", Json, nullable=True),
    Column("grid", Key, ForeignKey("areas.id"), nullable=True),
    Column("address", String(256), nullable=False),
    Column("attributes", Json, nullable=False),
    Column("removed_at", Instant, nullable=True),
    UniqueConstraint("kind", "code"),
    Index("ix_places_grid", "grid"),
)

event_classes = Table(
    "event_classes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=False, unique=True),
    Column("major", String(64), nullable=False),
    Column("major_zh", String(128), nullable=False),
    Column("major_en", String(128), nullable=False),
    Column("minor", String(64), nullable=False),
    Column("name_zh", String(128), nullable=False),
    Column("name_en", String(128), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("function", String(64), nullable=False),
    Column("deadline_minutes", Integer, nullable=False),
    Column("counting", String(16), nullable=False),
    Column("removed_at", Instant, nullable=True),
)

responsibilities = Table(
    "responsibilities",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=False, unique=True),
    Column("event_class", Key, ForeignKey("event_classes.id"), nullable=True),
    Column("major", String(64), nullable=False),
    Column("area", Key, ForeignKey("areas.id"), nullable=True),
    Column("level", String(16), nullable=False),
    Column("organisation", Key, ForeignKey("organisations.id"), nullable=False),
    Column("co_organisations", Json, nullable=False),
    Column("basis", String(256), nullable=False),
    Column("starts_at", Instant, nullable=True),
    Column("ends_at", Instant, nullable=True),
    Column("removed_at", Instant, nullable=True),
)

former_responsibilities = Table(
    "former_responsibilities",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("entry", Key, ForeignKey("responsibilities.id"), nullable=False),
    Column("event_class", Key, nullable=True),
    Column("major", String(64), nullable=False),
    Column("area", Key, nullable=True),
    Column("level", String(16), nullable=False),
    Column("organisation", Key, nullable=False),
    Column("co_organisations", Json, nullable=False),
    Column("basis", String(256), nullable=False),
    Column("starts_at", Instant, nullable=True),
    Column("ends_at", Instant, nullable=True),
    Column("corrected", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(160), nullable=False),
    Index("ix_former_responsibilities_entry", "entry"),
)
"""What entries of the matrix said before they were changed, and when; ``corrected``: it was never
so, and holds for no day."""

stamps = Table(
    "registry_stamps",
    metadata,
    Column("noun", String(32), primary_key=True),
    Column("stamp", String(64), nullable=False),
)
"""One random stamp a noun, new with every change: caches are kept by stamp, so a transaction
that is rolled back cannot leave a wrong one behind."""
