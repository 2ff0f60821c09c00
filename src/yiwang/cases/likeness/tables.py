"""The table of possible duplicates."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table

from yiwang.store.database import Instant, Json, Key, metadata

case_likes = Table(
    "case_likes",
    metadata,
    Column("case", Key, ForeignKey("cases.no"), primary_key=True, autoincrement=False),
    Column("other", Key, ForeignKey("cases.no"), primary_key=True, autoincrement=False),
    Column("score", Float, nullable=False),
    Column("alike", Float, nullable=False),
    Column("picture", Integer, nullable=True),
    Column("metres", Integer, nullable=True),
    Column("minutes", Integer, nullable=False),
    Column("words", Json, nullable=False),
    Column("at", Instant, nullable=False),
    Column("dismissed_at", Instant, nullable=True),
    Column("dismissed_by", String(160), nullable=False),
    Index("ix_case_likes_other", "other"),
)
"""``case`` is the later one of the two. ``alike``: how alike the texts are, 0 to 1; ``picture``:
in how many of 64 bits the most alike pictures differ; ``words``: what the texts share."""
