"""Tables of the evaluation: schemes put in by hand, issued reports."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from yiwang.store.database import Instant, Json, Key, metadata

share_schemes = Table(
    "share_schemes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(64), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("put_at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Index("ix_share_schemes_code_valid_from", "code", "valid_from"),
)
"""Schemes that somebody put in: the newest of a code and a day counts, the others are kept."""

share_reports = Table(
    "share_reports",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("span", String(8), nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("until_day", String(10), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", Json, nullable=False),
    Index("ix_share_reports_span_first_day", "span", "first_day"),
)
"""``body`` is the whole report as it was issued, with the digests of what it was made from;
``digest`` is the SHA-256 of it. Nothing in it is ever changed."""
