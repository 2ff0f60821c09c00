"""Proposals of who should have a case, learnt from closed ones."""

import sqlalchemy as sa
from alembic import op

from yiwang.store.database import Key

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_proposals",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("case", Key, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("organisation", Key, nullable=False),
        sa.Column("confidence", sa.Float, nullable=False),
        sa.Column("threshold", sa.Float, nullable=True),
        sa.Column("sent", sa.Boolean, nullable=False),
        sa.Column("candidates", sa.Text, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
    )
    op.create_index("ix_case_proposals_case", "case_proposals", ["case"])
