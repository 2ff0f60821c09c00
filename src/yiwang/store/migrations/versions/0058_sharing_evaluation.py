"""Evaluation of sharing: renewals by day, schemes, issued reports."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int = 0) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=False)


def _at(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def upgrade() -> None:
    op.create_table(
        "share_renewals",
        sa.Column(
            "resource",
            KEY,
            sa.ForeignKey("share_resources.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("day", sa.String(10), primary_key=True),
        _at("at"),
    )
    op.create_index("ix_share_renewals_day", "share_renewals", ["day"])
    op.create_table(
        "share_schemes",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        _text("code", 64),
        _text("valid_from", 10),
        _text("digest", 64),
        _text("text"),
        _at("put_at"),
        _text("actor", 160),
    )
    op.create_index("ix_share_schemes_code_valid_from", "share_schemes", ["code", "valid_from"])
    op.create_table(
        "share_reports",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        _text("span", 8),
        _text("first_day", 10),
        _text("until_day", 10),
        _at("made_at"),
        _text("actor", 160),
        _text("digest", 64),
        _text("body"),
    )
    op.create_index("ix_share_reports_span_first_day", "share_reports", ["span", "first_day"])
