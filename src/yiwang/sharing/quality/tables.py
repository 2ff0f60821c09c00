"""Tables of quality: rule sets with every version, runs, issues, and when what is due."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, text

from yiwang.registry.tables import organisations
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.store.database import Instant, Json, Key, metadata

_active = text("active")
_open = text("closed_at IS NULL")

share_quality_rules = Table(
    "share_quality_rules",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=True),
    Column("text", Text, nullable=False),
    Column("tables", Json, nullable=False),
    Column("rules", Json, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(160), nullable=False),
    Index(
        "ix_share_quality_rules_name",
        "name",
        unique=True,
        sqlite_where=_active,
        postgresql_where=_active,
    ),
)
"""Rule sets as they were written. The one that is ``active`` holds; one that was removed has
none. ``tables``: the codes of the resources that its rules judge; ``organisation``: whose steward
wrote it, null for the data bureau's."""

share_quality_runs = Table(
    "share_quality_runs",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("why", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("data_at", Instant, nullable=True),
    Column("rows", Key, nullable=False),
    Column("checked", Key, nullable=False),
    Column("failed", Key, nullable=False),
    Column("score", Float, nullable=True),
    Column("dimensions", Json, nullable=False),
    Column("verdicts", Json, nullable=False),
    Column("profile", Json, nullable=False),
    Index("ix_share_quality_runs_resource", "resource", "id"),
    Index("ix_share_quality_runs_at", "at"),
)
"""``why``: asked, exchange or schedule. ``data_at``: when the data was last brought up to date."""

share_quality_issues = Table(
    "share_quality_issues",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("rule", String(160), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("title", Json, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("closed_at", Instant, nullable=True),
    Column("checked", Key, nullable=False),
    Column("failed", Key, nullable=False),
    Column("shown", Json, nullable=False),
    Column("broken", Json, nullable=False),
    Index(
        "ix_share_quality_issues_resource",
        "resource",
        "rule",
        unique=True,
        sqlite_where=_open,
        postgresql_where=_open,
    ),
    Index("ix_share_quality_issues_organisation", "organisation", "closed_at"),
)
"""What one rule finds in one resource, from the run that found it to the run that does not."""

share_quality_watch = Table(
    "share_quality_watch",
    metadata,
    Column(
        "resource", Key, ForeignKey(share_resources.c.id), primary_key=True, autoincrement=False
    ),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("code", String(80), nullable=False),
    Column("name", String(200), nullable=False),
    Column("data_at", Instant, nullable=True),
    Column("due_at", Instant, nullable=True),
    Column("run", Key, nullable=True),
    Column("checked_at", Instant, nullable=True),
    Column("score", Float, nullable=True),
    Column("dimensions", Json, nullable=False),
    Column("open_issues", Integer, nullable=False),
    Index("ix_share_quality_watch_due_at", "due_at"),
    Index("ix_share_quality_watch_organisation", "organisation"),
)
"""Resources that have been checked or are to be, as the last run left them."""
