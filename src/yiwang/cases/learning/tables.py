"""Proposals that were made, so that what became of them can be shown."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table

from yiwang.store.database import Instant, Json, Key, metadata

case_proposals = Table(
    "case_proposals",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case", Key, nullable=False),
    Column("at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("organisation", Key, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("threshold", Float, nullable=True),
    Column("sent", Boolean, nullable=False),
    Column("candidates", Json, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("answer", String(16), nullable=False, server_default=""),
    Column("answered_at", Instant, nullable=True),
    Column("answered_by", String(160), nullable=False, server_default=""),
    Index("ix_case_proposals_case", "case"),
)
"""``candidates`` are [organisation, confidence], best first; ``threshold`` the confidence from
which on the city lets cases be sent unasked, NULL where it does not; ``answer`` is what somebody
made of it (``accepted``, ``other``, empty: nobody has sent the case yet). Whether it was right is
seen in the case itself: who had it when it was closed."""
