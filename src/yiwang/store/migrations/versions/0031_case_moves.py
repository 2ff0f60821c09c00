"""Moves of running cases to another version of their class."""

import sqlalchemy as sa
from alembic import op

from yiwang.store.database import Key

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_moves",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("class_code", sa.String(128), nullable=False),
        sa.Column("to", Key, sa.ForeignKey("case_classes.id"), nullable=False),
        sa.Column("asked", sa.Text, nullable=False),
        sa.Column("digest", sa.String(96), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("begun_by", sa.String(160), nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=True),
        sa.Column("undo_reason", sa.Text, nullable=False),
        sa.Column("undone_by", sa.String(160), nullable=False),
    )
    op.create_index("ix_case_moves_digest", "case_moves", ["digest"], unique=True)
    op.create_index("ix_case_moves_state", "case_moves", ["state"])
    op.create_table(
        "case_move_members",
        sa.Column("move", Key, sa.ForeignKey("case_moves.id"), primary_key=True),
        sa.Column("case", Key, sa.ForeignKey("cases.no"), primary_key=True),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("was", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_case_move_members_move_outcome_case",
        "case_move_members",
        ["move", "outcome", "case"],
    )
