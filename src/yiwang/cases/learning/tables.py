"""Proposals that were made, so that what became of them can be shown."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, text

from yiwang.store.database import Instant, Json, Key, metadata

_waits = text("answer = '' AND took = 'other'")

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
"""``answer`` is ``refused`` where the centre said that it is none of those proposed.
``candidates`` are [organisation, confidence], best first; ``threshold`` the confidence from
which on the city lets cases be sent unasked, NULL where it does not; ``answer`` is what somebody
made of it (``accepted``, ``other``, empty: nobody has sent the case yet). Whether it was right is
seen in the case itself: who had it when it was closed."""

case_class_proposals = Table(
    "case_class_proposals",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case", Key, nullable=False),
    Column("at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("first", String(128), nullable=False),
    Column("confidence", Float, nullable=False),
    Column("shown", Json, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("chosen", String(128), nullable=False),
    Column("took", String(8), nullable=False),
    Column("answer", String(16), nullable=False, server_default=""),
    Column("answered_at", Instant, nullable=True),
    Column("answered_by", String(160), nullable=False, server_default=""),
    Index("ix_case_class_proposals_case", "case"),
    Index("ix_case_class_proposals_open", "id", sqlite_where=_waits, postgresql_where=_waits),
)
"""Classes that were proposed to whoever reported. ``shown`` are [class, confidence], best first,
``first`` is the first of them, ``chosen`` the class of the report, and ``took`` says what that
was: ``first``, ``listed`` (another one shown) or ``other``. ``answer`` is what the centre made
of one that was not taken: ``accepted`` (changed to the first), ``other`` (to another) or
``refused`` (left as it was reported)."""
