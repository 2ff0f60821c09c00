"""How much was used under each grant by day, and alarms of uses."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "share_uses",
        sa.Column("grant", KEY, nullable=False, autoincrement=False),
        sa.Column("day", sa.String(10), nullable=False),
        *(sa.Column(name, KEY, nullable=False) for name in ("calls", "rows", "checks", "misses")),
        sa.PrimaryKeyConstraint("grant", "day", name=op.f("pk_share_uses")),
    )
    op.create_table(
        "share_alarms",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        *(sa.Column(name, KEY, nullable=True) for name in ("organisation", "resource", "grant")),
        sa.Column("who", sa.String(160), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_alarms")),
    )
    op.create_index("ix_share_alarms_kind", "share_alarms", ["kind", "day", "grant", "who"])
