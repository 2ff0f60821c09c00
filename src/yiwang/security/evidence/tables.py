"""The log of uses: its entries, and roots of its full subtrees."""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, String, Table, Text

from yiwang.store.database import Instant, Key, metadata

evidence_log = Table(
    "evidence_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("origin", String(256), nullable=False),
    Column("algorithm", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("size", Key, nullable=False),
)

evidence_entries = Table(
    "evidence_entries",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("entry", Text, nullable=False),
)

evidence_nodes = Table(
    "evidence_nodes",
    metadata,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("place", Key, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)
