"""How much was used under each grant, by day, and what looked wrong."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from yiwang.store.database import Instant, Json, Key, metadata

share_uses = Table(
    "share_uses",
    metadata,
    Column("grant", Key, primary_key=True, autoincrement=False),
    Column("day", String(10), primary_key=True),
    Column("calls", Key, nullable=False),
    Column("rows", Key, nullable=False),
    Column("checks", Key, nullable=False),
    Column("misses", Key, nullable=False),
)
"""``day`` by the city's clock. ``checks`` are answers of yes and no, ``misses`` those of no."""

share_alarms = Table(
    "share_alarms",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("day", String(10), nullable=False),
    Column("organisation", Key, nullable=True),
    Column("resource", Key, nullable=True),
    Column("grant", Key, nullable=True),
    Column("who", String(160), nullable=False),
    Column("details", Json, nullable=False),
    Index("ix_share_alarms_kind", "kind", "day", "grant", "who"),
)
"""``kind``: refusals, misses, or volume (much more than usual)."""
