"""Tables of opening: releases with their reviews, use by everybody, ratings and wishes."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from yiwang.sharing.catalogue.tables import share_resources
from yiwang.store.database import Instant, Json, Key, metadata

share_openings = Table(
    "share_openings",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("version", Integer, nullable=False),
    Column("columns", Json, nullable=False),
    Column("licence", String(32), nullable=False),
    Column("checks", Json, nullable=False),
    Column("text", Text, nullable=False),
    Column("released_at", Instant, nullable=False),
    Column("released_by", String(160), nullable=False),
    Column("withdrawn_at", Instant, nullable=True),
    Column("withdrawn_by", String(160), nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_share_openings_resource", "resource", "id"),
)
"""Each release with what its review looked at. The one that is not withdrawn is in force."""

share_open_uses = Table(
    "share_open_uses",
    metadata,
    Column("resource", Key, primary_key=True, autoincrement=False),
    Column("day", String(10), primary_key=True),
    Column("views", Key, nullable=False),
    Column("downloads", Key, nullable=False),
    Column("calls", Key, nullable=False),
)

share_ratings = Table(
    "share_ratings",
    metadata,
    Column("resource", Key, ForeignKey(share_resources.c.id), primary_key=True),
    Column("who", String(160), primary_key=True),
    Column("stars", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
)

share_wishes = Table(
    "share_wishes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("title", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("who", String(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("answer", Text, nullable=False),
    Column("resource", Key, nullable=True),
    Column("answered_at", Instant, nullable=True),
    Column("answered_by", String(160), nullable=False),
    Index("ix_share_wishes_state", "state", "id"),
)
"""What people want to be opened. ``state``: open, met or refused."""
