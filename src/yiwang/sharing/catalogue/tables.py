"""Tables of the catalogue. Nothing that was ever published is deleted."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from yiwang.registry.tables import organisations
from yiwang.store.database import Instant, Json, Key, metadata

share_classes = Table(
    "share_classes",
    metadata,
    Column("code", String(64), primary_key=True),
    Column("name_zh", String(128), nullable=False),
    Column("name_en", String(128), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=True),
)
"""Classes of the city's own, and names that it gives to those of the guide (``default.yaml``)."""

share_sequences = Table(
    "share_sequences",
    metadata,
    Column("class_code", String(64), primary_key=True),
    Column("last", Integer, nullable=False),
)
"""The last sequence that was given in a class: no code is given twice."""

share_resources = Table(
    "share_resources",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(80), nullable=True),
    Column("name", String(200), nullable=False),
    Column("class_code", String(64), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("provider_code", String(18), nullable=False),
    Column("summary", Text, nullable=False),
    Column("format", String(16), nullable=False),
    Column("share_type", String(16), nullable=False),
    Column("share_condition", Text, nullable=False),
    Column("share_basis", Text, nullable=False),
    Column("share_mode", String(8), nullable=False),
    Column("open_type", String(16), nullable=False),
    Column("open_condition", Text, nullable=False),
    Column("update_cycle", String(16), nullable=False),
    Column("dataset", String(128), nullable=True),
    Column("source", String(128), nullable=True),
    Column("table", String(256), nullable=True),
    Column("keywords", Json, nullable=False),
    Column("related", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("pending", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("published_at", Instant, nullable=True),
    Column("retired_at", Instant, nullable=True),
    Unique("code"),
    Index("ix_share_resources_organisation", "organisation", "state"),
    Index("ix_share_resources_dataset", "dataset"),
)
"""Resources as ``model.Resource`` says. A draft has no code before it has a class."""

share_items = Table(
    "share_items",
    metadata,
    Column(
        "resource", Key, ForeignKey(share_resources.c.id), primary_key=True, autoincrement=False
    ),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    Column("column", String(128), nullable=False),
    Column("type", String(1), nullable=False),
    Column("length", Integer, nullable=True),
    Column("label", String(64), nullable=False),
    Column("grade", String(64), nullable=False),
    Column("key", Boolean, nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("opened", Boolean, nullable=False),
    Column("text", Text, nullable=False),
    Unique("resource", "column"),
)

share_resource_versions = Table(
    "share_resource_versions",
    metadata,
    Column(
        "resource", Key, ForeignKey(share_resources.c.id), primary_key=True, autoincrement=False
    ),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("state", String(16), nullable=False),
    Column("entry", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(160), nullable=False),
    Column("submitted_by", String(160), nullable=False),
    Column("published_at", Instant, nullable=True),
    Column("published_by", String(160), nullable=False),
    Index("ix_share_resource_versions_state", "state"),
)
"""Every version whole. ``state``: draft, in_review, published, replaced or retired."""

share_resource_steps = Table(
    "share_resource_steps",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("version", Integer, nullable=False),
    Column("step", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("text", Text, nullable=False),
    Index("ix_share_resource_steps_resource", "resource", "id"),
)
"""What was done with a resource, only ever added to."""

share_scores = Table(
    "share_scores",
    metadata,
    Column(
        "resource", Key, ForeignKey(share_resources.c.id), primary_key=True, autoincrement=False
    ),
    Column("completeness", Float, nullable=False),
    Column("lost", Json, nullable=False),
    Column("updated_at", Instant, nullable=True),
)
"""Points of resources that came into force, and when their data was last brought up to date."""

share_renewals = Table(
    "share_renewals",
    metadata,
    Column(
        "resource", Key, ForeignKey(share_resources.c.id), primary_key=True, autoincrement=False
    ),
    Column("day", String(10), primary_key=True),
    Column("at", Instant, nullable=False),
    Index("ix_share_renewals_day", "day"),
)
"""On which days, by the city's clock, the data of a resource was brought up to date, and when
last on each."""
