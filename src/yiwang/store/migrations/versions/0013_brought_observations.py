"""Observations that a transaction brought along, until they are in the log."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _key() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "brought_observations",
        sa.Column("id", _key(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(length=192), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_brought_observations")),
    )
