"""Releases of opened data, their use by everybody, ratings and wishes."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int = 0) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=False)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "share_openings",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("resource", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *(_text("columns"), _text("licence", 32), _text("checks"), _text("text")),
        *(_at("released_at"), _text("released_by", 160), _at("withdrawn_at", True)),
        *(_text("withdrawn_by", 160), _text("reason")),
        sa.ForeignKeyConstraint(
            ["resource"], ["share_resources.id"], op.f("fk_share_openings_resource")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_openings")),
    )
    op.create_index("ix_share_openings_resource", "share_openings", ["resource", "id"])
    op.create_table(
        "share_open_uses",
        sa.Column("resource", KEY, nullable=False, autoincrement=False),
        _text("day", 10),
        *(sa.Column(name, KEY, nullable=False) for name in ("views", "downloads", "calls")),
        sa.PrimaryKeyConstraint("resource", "day", name=op.f("pk_share_open_uses")),
    )
    op.create_table(
        "share_ratings",
        sa.Column("resource", KEY, nullable=False, autoincrement=False),
        _text("who", 160),
        sa.Column("stars", sa.Integer(), nullable=False),
        _text("text"),
        _at("at"),
        sa.ForeignKeyConstraint(
            ["resource"], ["share_resources.id"], op.f("fk_share_ratings_resource")
        ),
        sa.PrimaryKeyConstraint("resource", "who", name=op.f("pk_share_ratings")),
    )
    op.create_table(
        "share_wishes",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        *(_text("title", 200), _text("text"), _text("who", 160), _at("at"), _text("state", 16)),
        _text("answer"),
        sa.Column("resource", KEY, nullable=True),
        *(_at("answered_at", True), _text("answered_by", 160)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_share_wishes")),
    )
    op.create_index("ix_share_wishes_state", "share_wishes", ["state", "id"])
