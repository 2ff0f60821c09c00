"""Behind the catalogue: systems and their use, duties, demands; and lineage."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int = 0) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=False)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _id() -> sa.Column[Any]:
    return sa.Column("id", KEY, primary_key=True, autoincrement=True)


def _of(name: str, target: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, KEY, sa.ForeignKey(f"{target}.id"), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "share_systems",
        _id(),
        _of("organisation", "organisations"),
        _text("name", 200),
        _text("entry"),
        _count("revision"),
        _at("changed_at"),
        _text("changed_by", 160),
        _at("removed_at", nullable=True),
    )
    op.create_index("ix_share_systems_organisation", "share_systems", ["organisation"])
    op.create_table(
        "share_system_uses",
        sa.Column(
            "system", KEY, sa.ForeignKey("share_systems.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("day", sa.String(10), primary_key=True),
        *(_count(name) for name in ("calls", "people", "organisations", "business")),
    )
    op.create_table(
        "share_duties",
        _id(),
        _text("element", 200),
        _of("organisation", "organisations"),
        _text("basis"),
        _text("resource", 80),
        _at("removed_at", nullable=True),
    )
    op.create_index("ix_share_duties_organisation", "share_duties", ["organisation"])
    op.create_table(
        "share_demands",
        _id(),
        _of("organisation", "organisations"),
        _text("element", 200),
        _text("purpose"),
        _of("provider", "organisations", nullable=True),
        _of("resource", "share_resources", nullable=True),
        _text("state", 16),
        _text("answer"),
        _at("made_at"),
        _text("made_by", 160),
        _at("answered_at", nullable=True),
        _text("answered_by", 160),
    )
    op.create_index("ix_share_demands_state", "share_demands", ["state", "id"])
    _lineage()


def _lineage() -> None:
    op.create_table(
        "share_runs",
        _id(),
        _text("run", 500),
        _text("type", 16),
        _at("at"),
        _text("event"),
        sa.UniqueConstraint("run", "type", "at", name=op.f("uq_share_runs_run")),
    )
    ends = ("from_namespace", "from_name", "to_namespace", "to_name")
    op.create_table(
        "share_flows",
        _id(),
        *(_text(name, 500) for name in ends),
        _text("job", 1000),
        _at("first_at"),
        _at("last_at"),
        _text("columns"),
        sa.UniqueConstraint(*ends, "job", name=op.f("uq_share_flows_from_namespace")),
    )
    op.create_index("ix_share_flows_to_namespace", "share_flows", ["to_namespace", "to_name"])
