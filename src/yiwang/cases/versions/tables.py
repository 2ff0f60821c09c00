"""Tables of moves: running cases brought to another version of their class, and back."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from yiwang.cases.tables import case_classes, cases
from yiwang.store.database import Instant, Json, Key, metadata

case_moves = Table(
    "case_moves",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("class_code", String(128), nullable=False),
    Column("to", Key, ForeignKey(case_classes.c.id), nullable=False),
    Column("asked", Json, nullable=False),
    Column("digest", String(96), nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("begun_by", String(160), nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("undo_reason", Text, nullable=False),
    Column("undone_by", String(160), nullable=False),
    Index("ix_case_moves_digest", "digest", unique=True),
    Index("ix_case_moves_state", "state"),
)
"""``state``: moving, moved, undoing, undone. ``digest`` is that of the preview."""

case_move_members = Table(
    "case_move_members",
    metadata,
    Column("move", Key, ForeignKey(case_moves.c.id), primary_key=True, autoincrement=False),
    Column("case", Key, ForeignKey(cases.c.no), primary_key=True, autoincrement=False),
    Column("outcome", String(8), nullable=False),
    Column("why", Json, nullable=False),
    Column("was", Json, nullable=False),
    Index("ix_case_move_members_move_outcome_case", "move", "outcome", "case"),
)
"""``outcome``: pending, moved, stayed; after undoing: undone, kept. ``was`` are the columns of
the case before the move."""
