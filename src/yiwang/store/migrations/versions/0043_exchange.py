"""Exchange: jobs, their runs, and rejected rows."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[Any]:
    return sa.Column("id", KEY, primary_key=True, autoincrement=True)


def _text(name: str, size: int = 0, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=nullable)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "share_exchange_jobs",
        _id(),
        _text("code", 64),
        _text("name", 200),
        sa.Column("organisation", KEY, nullable=True),
        _text("spec"),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        _at("next_at", nullable=True),
        _at("changed_at"),
        sa.UniqueConstraint("code", name=op.f("uq_share_exchange_jobs_code")),
    )
    name = "ix_share_exchange_jobs_organisation"
    op.create_index(name, "share_exchange_jobs", ["organisation"])
    op.create_table(
        "share_exchange_runs",
        _id(),
        sa.Column("job", KEY, sa.ForeignKey("share_exchange_jobs.id"), nullable=False),
        _text("state", 16),
        _text("by", 160),
        _at("started_at"),
        _at("ended_at", nullable=True),
        _at("seen_at"),
        _text("worker", 64),
        sa.Column("tries", sa.Integer(), nullable=False),
        _at("next_at", nullable=True),
        _text("low", nullable=True),
        _text("tally"),
        _text("compared", nullable=True),
        _text("error", nullable=True),
    )
    op.create_index("ix_share_exchange_runs_job", "share_exchange_runs", ["job", "id"])
    op.create_index("ix_share_exchange_runs_state", "share_exchange_runs", ["state"])
    op.create_table(
        "share_exchange_rejects",
        sa.Column("run", KEY, sa.ForeignKey("share_exchange_runs.id"), primary_key=True),
        sa.Column("batch", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("row", sa.Integer(), primary_key=True, autoincrement=False),
        _text("column", 200),
        _text("value"),
        _text("reason", 40),
        _text("raw"),
    )
