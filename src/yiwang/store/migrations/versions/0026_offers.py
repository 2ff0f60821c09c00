"""Offers to residents and service firms, who takes them on, and their points."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIVE = sa.text("state IN ('open', 'claimed', 'reported')")
WAITING = sa.text("watch_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "case_offers",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("case", KEY, nullable=False),
        sa.Column("class_code", sa.String(128), nullable=False),
        sa.Column("role", sa.String(64), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("most_claims", sa.Integer(), nullable=False),
        sa.Column("radius_m", sa.Float(), nullable=True),
        sa.Column("done_within", sa.BigInteger(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("claim_by", sa.BigInteger(), nullable=False),
        sa.Column("claimer", sa.String(64), nullable=False),
        sa.Column("claimed_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("watch_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.no"], name=op.f("fk_case_offers_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_offers")),
    )
    for columns, which in (
        (("case",), LIVE),
        (("case", "id"), None),
        (("state", "id"), None),
        (("claimer", "id"), None),
        (("watch_at",), WAITING),
    ):
        op.create_index(
            f"ix_case_offers_{'_'.join(columns)}",
            "case_offers",
            list(columns),
            unique=which is LIVE,
            sqlite_where=which,
            postgresql_where=which,
        )
    op.create_table(
        "offer_takers",
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("claims", sa.Integer(), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("blocked_at", sa.BigInteger(), nullable=True),
        sa.Column("blocked_by", sa.String(160), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("user", name=op.f("pk_offer_takers")),
    )
    op.create_table(
        "offer_points",
        sa.Column("id", KEY, autoincrement=True, nullable=False),
        sa.Column("user", sa.String(64), nullable=False),
        sa.Column("offer", KEY, nullable=False),
        sa.Column("case", KEY, nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["offer"], ["case_offers.id"], name=op.f("fk_offer_points_offer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offer_points")),
        sa.UniqueConstraint("offer", "why", name=op.f("uq_offer_points_offer")),
    )
    op.create_index("ix_offer_points_user_id", "offer_points", ["user", "id"])
