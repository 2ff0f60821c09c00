"""Who handed a case on reads what becomes of it."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "case_handed",
        sa.Column("case", key, sa.ForeignKey("cases.no"), nullable=False),
        sa.Column("organisation", key, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case", "organisation", name="pk_case_handed"),
    )
    op.create_index("ix_case_handed_organisation_case", "case_handed", ["organisation", "case"])
