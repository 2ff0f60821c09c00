"""Public keys of receivers, and files that are made for one of them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int = 0) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=False)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _key(
    table: str, name: str, to: str, nullable: bool = False
) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    column = sa.Column(name, KEY, nullable=nullable)
    return column, sa.ForeignKeyConstraint([name], [f"{to}.id"], op.f(f"fk_{table}_{name}"))


def upgrade() -> None:
    keys, deliveries = "share_file_keys", "share_file_deliveries"
    op.create_table(
        keys,
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        *_key(keys, "organisation", "organisations"),
        _text("owner", 160),
        _text("name", 100),
        _text("recipient"),
        _text("fingerprint", 64),
        _at("added_at"),
        _at("ended_at", nullable=True),
        _text("ended_by", 160),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{keys}")),
    )
    op.create_index("ix_share_file_keys_organisation", keys, ["organisation", "ended_at"])
    op.create_table(
        deliveries,
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        *_key(deliveries, "resource", "share_resources"),
        *_key(deliveries, "organisation", "organisations"),
        *_key(deliveries, "grant", "share_grants"),
        *_key(deliveries, "version", "share_file_versions", nullable=True),
        _text("format", 16),
        _text("keys"),
        _text("state", 16),
        _text("why", 100),
        sa.Column("tries", sa.Integer(), nullable=False),
        _at("asked_at"),
        _text("asked_by", 160),
        _at("made_at", nullable=True),
        _at("expires_at", nullable=True),
        _text("name", 255),
        sa.Column("size", KEY, nullable=True),
        _text("content", 64),
        sa.Column("rows", KEY, nullable=True),
        _text("marked"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{deliveries}")),
    )
    op.create_index("ix_share_file_deliveries_organisation", deliveries, ["organisation", "id"])
    op.create_index("ix_share_file_deliveries_state", deliveries, ["state", "expires_at"])
    op.create_index("ix_share_file_deliveries_resource", deliveries, ["resource", "organisation"])
