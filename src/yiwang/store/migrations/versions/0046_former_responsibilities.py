"""What entries of the responsibility matrix said before they were changed."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "former_responsibilities",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("entry", KEY, sa.ForeignKey("responsibilities.id"), nullable=False),
        sa.Column("event_class", KEY, nullable=True),
        sa.Column("major", sa.String(64), nullable=False),
        sa.Column("area", KEY, nullable=True),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("organisation", KEY, nullable=False),
        sa.Column("co_organisations", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(256), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("corrected", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(160), nullable=False),
    )
    op.create_index("ix_former_responsibilities_entry", "former_responsibilities", ["entry"])
