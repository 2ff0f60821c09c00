"""Tables of installed packs."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table

from yiwang.store.database import Instant, Json, Key, metadata

packs = Table(
    "packs",
    metadata,
    Column("pack", String(64), primary_key=True),
    Column("version", String(32), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("builtin", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("errors", Json, nullable=False),
    Column("accepted", Json, nullable=False),
    Column("changed_at", Instant, nullable=False),
)
"""``state``: running, off (switched off by the city) or bad. ``digest`` is of the pack's files,
the city's inputs and this version of Yiwang. ``accepted`` is what the city agreed to share."""

pack_history = Table(
    "pack_history",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("pack", String(64), nullable=False),
    Column("version", String(32), nullable=False),
    Column("what", String(16), nullable=False),
    Column("who", String(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("difference", Json, nullable=False),
    Index("ix_pack_history_pack", "pack", "id"),
)
