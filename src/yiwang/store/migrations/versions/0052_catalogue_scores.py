"""Scores of the catalogue: how complete resources are, and when their data was last renewed."""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "share_scores",
        sa.Column(
            "resource",
            KEY,
            sa.ForeignKey("share_resources.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("completeness", sa.Float(), nullable=False),
        sa.Column("lost", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
    )
