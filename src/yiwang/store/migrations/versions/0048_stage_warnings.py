"""Warnings before the limit of a case's state is over."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cases", sa.Column("stage_warn_at", sa.BigInteger(), nullable=True))
    warned = sa.Column("stage_warned", sa.Integer(), server_default="0", nullable=False)
    op.add_column("cases", warned)
