"""Tables of exchange: jobs, their runs, and the rows that were rejected."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from yiwang.store.database import Instant, Json, Key, metadata

share_exchange_jobs = Table(
    "share_exchange_jobs",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("organisation", Key, nullable=True),
    Column("spec", Json, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("next_at", Instant, nullable=True),
    Column("changed_at", Instant, nullable=False),
    UniqueConstraint("code"),
    Index("ix_share_exchange_jobs_organisation", "organisation"),
)
"""``spec``: ``model.Spec`` as JSON; ``next_at``: when the schedule comes due."""

share_exchange_runs = Table(
    "share_exchange_runs",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("job", Key, ForeignKey("share_exchange_jobs.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("by", String(160), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("seen_at", Instant, nullable=False),
    Column("worker", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_at", Instant, nullable=True),
    Column("low", Json, nullable=True),
    Column("tally", Json, nullable=False),
    Column("compared", Json, nullable=True),
    Column("error", Json, nullable=True),
    Index("ix_share_exchange_runs_job", "job", "id"),
    Index("ix_share_exchange_runs_state", "state"),
)
"""``seen_at``: when its worker was last heard of; ``low``: where an incremental run began;
``error``: code, where and fields of what ended it or its last try."""

share_exchange_rejects = Table(
    "share_exchange_rejects",
    metadata,
    Column("run", Key, ForeignKey("share_exchange_runs.id"), primary_key=True),
    Column("batch", Integer, primary_key=True, autoincrement=False),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("column", String(200), nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", String(200), nullable=False),
    Column("raw", Json, nullable=False),
)
"""Rows that the target did not get, as the source had them, and why."""
