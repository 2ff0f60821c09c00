"""Tables of imports: which row became which case, and which rows were refused."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from yiwang.store.database import Instant, Json, Key, metadata

case_imports = Table(
    "case_imports",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("file", String(300), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=True),
    Column("report", Json, nullable=True),
    Index("ix_case_imports_source", "source"),
)
"""Each import of a file with a mapping; ``digest`` is that of both. One without an end goes
on when the same is imported again."""

case_import_rows = Table(
    "case_import_rows",
    metadata,
    Column("source", String(64), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("imported_by", Key, ForeignKey("case_imports.id"), nullable=False),
    Column("case", Key, ForeignKey("cases.no"), nullable=False),
    Column("ended", Boolean, nullable=False),
    Column("on_time", Boolean, nullable=True),
    Index("ix_case_import_rows_imported_by", "imported_by"),
    Index("ix_case_import_rows_case", "case"),
)
"""The case of each row by the other system's key. ``ended``: its closing was taken over;
``on_time`` what the other system says."""

case_import_refused = Table(
    "case_import_refused",
    metadata,
    Column("imported_by", Key, ForeignKey("case_imports.id"), primary_key=True),
    Column("row", Integer, primary_key=True, autoincrement=False),
    Column("reason", String(64), nullable=False),
    Column("value", Text, nullable=False),
    Column("raw", Json, nullable=False),
)
"""Rows (counted from 1) that could not become cases, as they were, and why."""
