"""Silences of devices, for announced work on them; what silences hold may be device troubles."""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KEPT = ("silence", "raised_at", "held_until", "state", "ended_at", '"case"', "grid", "body")


def upgrade() -> None:
    op.add_column("case_silences", sa.Column("things", sa.Text(), server_default="[]"))
    with op.batch_alter_table("case_silences") as changing:
        changing.alter_column("things", nullable=False)
    op.add_column("case_silences", sa.Column("work", KEY, nullable=True))
    op.create_index("ix_case_silences_work", "case_silences", ["work"], unique=True)
    op.execute("CREATE TABLE held_before AS SELECT * FROM case_held")
    op.drop_table("case_held")
    _held()
    names = ", ".join(_KEPT)
    op.execute(
        f"INSERT INTO case_held (sort, number, {names})"
        f" SELECT 'finding', finding, {names} FROM held_before"
    )
    op.drop_table("held_before")
    _works()


def _held() -> None:
    op.create_table(
        "case_held",
        sa.Column("sort", sa.String(8), nullable=False),
        sa.Column("number", KEY, autoincrement=False, nullable=False),
        sa.Column("silence", KEY, nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("case", KEY, nullable=True),
        sa.Column("grid", KEY, nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["silence"], ["case_silences.id"], name=op.f("fk_case_held_silence")
        ),
        sa.PrimaryKeyConstraint("sort", "number", name=op.f("pk_case_held")),
    )
    op.create_index("ix_case_held_silence_state", "case_held", ["silence", "state"])
    op.create_index("ix_case_held_held_until", "case_held", ["held_until"])


def _works() -> None:
    op.create_table(
        "maintenance_works",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("plan", KEY, sa.ForeignKey("maintenance_plans.id"), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("things", sa.Text(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("announced_at", sa.BigInteger(), nullable=False),
        sa.Column("announced_by", sa.String(160), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(160), nullable=False),
    )
    op.create_index("ix_maintenance_works_until_at", "maintenance_works", ["until_at"])
