"""Classes proposed to whoever reports, and what became of the proposals."""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "case_class_proposals",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("case", KEY, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("first", sa.String(128), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("chosen", sa.String(128), nullable=False),
        sa.Column("took", sa.String(8), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False, server_default=""),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.String(160), nullable=False, server_default=""),
    )
    op.create_index("ix_case_class_proposals_case", "case_class_proposals", ["case"])
    waits = sa.text("answer = '' AND took = 'other'")
    op.create_index(
        "ix_case_class_proposals_open",
        "case_class_proposals",
        ["id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
