"""Tables of lineage."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table
from sqlalchemy import UniqueConstraint as Unique

from yiwang.store.database import Instant, Json, Key, metadata

share_runs = Table(
    "share_runs",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("run", String(500), nullable=False),
    Column("type", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("job", String(64), nullable=False),
    Column("event", Json, nullable=False),
    Unique("run", "type", "at"),
    Index("ix_share_runs_job", "job", "type", "id"),
)
"""Run events, each once; ``event`` is a ``model.RunEvent``, ``job`` the digest of its job."""

share_flows = Table(
    "share_flows",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False),
    Column("from_namespace", String(500), nullable=False),
    Column("from_name", String(500), nullable=False),
    Column("from_key", String(64), nullable=False),
    Column("to_namespace", String(500), nullable=False),
    Column("to_name", String(500), nullable=False),
    Column("to_key", String(64), nullable=False),
    Column("job", String(1001), nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("columns", Json, nullable=False),
    Unique("key"),
    Index("ix_share_flows_from_key", "from_key"),
    Index("ix_share_flows_to_key", "to_key"),
)
"""That a job takes from one dataset into another, since when and until when last; ``columns``:
which column of the latter was made from which of the former, as the latest event said. Names are
longer than an index may hold: their digests (``model.digest``) stand there."""
