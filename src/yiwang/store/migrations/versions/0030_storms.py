"""Storms of cases, and silences with the findings that they held."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("cases", sa.Column("storm", _key, nullable=True))
    condition = sa.text("storm IS NOT NULL")
    op.create_index(
        "ix_cases_storm_no",
        "cases",
        ["storm", "no"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
    op.create_table(
        "case_storms",
        sa.Column("id", _key, autoincrement=True, nullable=False),
        sa.Column("cause", sa.String(160), nullable=False),
        sa.Column("shared", sa.String(64), nullable=False),
        sa.Column("lead", _key, nullable=False),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("members", sa.Integer(), nullable=False),
        sa.Column("formed_at", sa.BigInteger(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(160), nullable=False),
        sa.Column("dissolved_at", sa.BigInteger(), nullable=True),
        sa.Column("dissolved_by", sa.String(160), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_storms")),
    )
    op.create_index("ix_case_storms_cause_last_at", "case_storms", ["cause", "last_at"])
    op.create_table(
        "case_silences",
        sa.Column("id", _key, autoincrement=True, nullable=False),
        sa.Column("case_class", sa.String(128), nullable=False),
        sa.Column("area", _key, nullable=True),
        sa.Column("place", _key, nullable=True),
        sa.Column("thing", _key, nullable=True),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(160), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_silences")),
    )
    op.create_index("ix_case_silences_until_at", "case_silences", ["until_at"])
    _held()


def _held() -> None:
    op.create_table(
        "case_held",
        sa.Column("finding", _key, autoincrement=False, nullable=False),
        sa.Column("silence", _key, nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("case", _key, nullable=True),
        sa.Column("grid", _key, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["silence"], ["case_silences.id"], name=op.f("fk_case_held_silence")
        ),
        sa.PrimaryKeyConstraint("finding", name=op.f("pk_case_held")),
    )
    op.create_index("ix_case_held_silence_state", "case_held", ["silence", "state"])
    op.create_index("ix_case_held_held_until", "case_held", ["held_until"])
