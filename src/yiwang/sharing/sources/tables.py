"""The table of declared sources. Their secrets are not in it."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table, UniqueConstraint

from yiwang.store.database import Instant, Json, Key, metadata

share_sources = Table(
    "share_sources",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("organisation", Key, nullable=True),
    Column("kind", String(16), nullable=False),
    Column("options", Json, nullable=False),
    Column("has_secret", Boolean, nullable=False),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("code"),
    Index("ix_share_sources_organisation", "organisation"),
)
"""``options`` as ``opening.Sources.checked`` takes them."""
