"""Grants that a provider took back or narrowed."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0066"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "share_grants",
        sa.Column("held_back", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
