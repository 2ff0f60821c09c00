"""Side paths of a case: joint parts, assessments, extensions, appeals, what the watch awaits."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIMES = ("answer_by", "resume_at", "stage_due_at", "warn_at")
COUNTS = ("warned", "extended", "extensions", "urges", "returns", "reworks", "reopens", "parts")


def upgrade() -> None:
    for name in TIMES:
        op.add_column("cases", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("cases", sa.Column("extension_asked", sa.Integer(), nullable=True))
    for name in (*COUNTS, "open_parts"):
        _add(name, sa.Integer(), "0")
    _add("appeal", sa.String(8), "")
    _add("excused", sa.Boolean(), sa.false())
    op.execute("UPDATE cases SET warn_at = watch_at WHERE watch_at < due_at")
    op.create_table(
        "case_parts",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("case", sa.BigInteger(), sa.ForeignKey("cases.no"), nullable=False),
        sa.Column("organisation", sa.BigInteger(), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(160), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_by", sa.String(160), nullable=False),
    )
    op.create_index("ix_case_parts_case", "case_parts", ["case"])
    name = "ix_case_parts_organisation_state_case"
    op.create_index(name, "case_parts", ["organisation", "state", "case"])
    op.create_table(
        "case_assessments",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("case", sa.BigInteger(), sa.ForeignKey("cases.no"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("on_behalf", sa.Boolean(), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=False),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("organisation", sa.BigInteger(), nullable=True),
        sa.Column("handler", sa.String(64), nullable=False),
    )
    for column in ("case", "at"):
        op.create_index(f"ix_case_assessments_{column}", "case_assessments", [column])


def _add(name: str, kind: Any, default: Any) -> None:
    op.add_column("cases", sa.Column(name, kind, nullable=False, server_default=default))
