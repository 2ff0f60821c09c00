"""Who got a marked copy of what."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table, UniqueConstraint

from yiwang.store.database import Instant, Json, Key, metadata

watermarks = Table(
    "watermarks",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("resource", String(128), nullable=False),
    Column("number", Integer, nullable=False),
    Column("receiver", String(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("marks", Json, nullable=False),
    UniqueConstraint("resource", "number"),
)
