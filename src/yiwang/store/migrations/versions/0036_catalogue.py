"""The resource catalogue: classes, resources, their items, versions and steps."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RESOURCE = "share_resources.id"


def _text(name: str, size: int = 0, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=nullable)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _count(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _indexed(table: str, first: str, *others: str) -> None:
    op.create_index(f"ix_{table}_{first}", table, [first, *others])


def _of_resource() -> sa.Column[Any]:
    return sa.Column(
        "resource", KEY, sa.ForeignKey(RESOURCE), primary_key=True, autoincrement=False
    )


def _place(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), primary_key=True, autoincrement=False)


def upgrade() -> None:
    op.create_table(
        "share_classes",
        sa.Column("code", sa.String(64), primary_key=True),
        _text("name_zh", 128),
        _text("name_en", 128),
        sa.Column("organisation", KEY, sa.ForeignKey("organisations.id"), nullable=True),
    )
    op.create_table(
        "share_sequences",
        sa.Column("class_code", sa.String(64), primary_key=True),
        _count("last"),
    )
    op.create_table(
        "share_resources",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        _text("code", 80, nullable=True),
        _text("name", 200),
        _text("class_code", 64),
        sa.Column("organisation", KEY, sa.ForeignKey("organisations.id"), nullable=False),
        _text("provider_code", 18),
        _text("summary"),
        _text("format", 16),
        _text("share_type", 16),
        _text("share_condition"),
        _text("share_basis"),
        _text("share_mode", 8),
        _text("open_type", 16),
        _text("open_condition"),
        _text("update_cycle", 16),
        _text("dataset", 128, nullable=True),
        _text("source", 128, nullable=True),
        _text("table", 256, nullable=True),
        _text("keywords"),
        _text("related"),
        _text("state", 16),
        _text("pending", 16),
        _count("version"),
        _count("revision"),
        _at("made_at"),
        _at("changed_at"),
        _at("published_at", nullable=True),
        _at("retired_at", nullable=True),
        sa.UniqueConstraint("code", name=op.f("uq_share_resources_code")),
    )
    _indexed("share_resources", "organisation", "state")
    _indexed("share_resources", "dataset")
    _items()
    _versions()


def _items() -> None:
    op.create_table(
        "share_items",
        _of_resource(),
        _place("place"),
        _text("name", 200),
        _text("column", 128),
        _text("type", 1),
        _count("length", nullable=True),
        _text("label", 64),
        _text("grade", 64),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("key", "shared", "opened")),
        _text("text"),
        sa.UniqueConstraint("resource", "column", name=op.f("uq_share_items_resource")),
    )


def _versions() -> None:
    op.create_table(
        "share_resource_versions",
        _of_resource(),
        _place("version"),
        _text("state", 16),
        _text("entry"),
        _at("made_at"),
        _text("made_by", 160),
        _text("submitted_by", 160),
        _at("published_at", nullable=True),
        _text("published_by", 160),
    )
    _indexed("share_resource_versions", "state")
    op.create_table(
        "share_resource_steps",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        sa.Column("resource", KEY, sa.ForeignKey(RESOURCE), nullable=False),
        _count("version"),
        _text("step", 16),
        _at("at"),
        _text("actor", 160),
        _text("text"),
    )
    _indexed("share_resource_steps", "resource", "id")
