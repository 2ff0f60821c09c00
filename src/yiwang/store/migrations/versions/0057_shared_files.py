"""Files of shared resources: their versions, and uploads on their way."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int = 0) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=False)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _key(table: str, name: str, to: str) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    column = sa.Column(name, KEY, nullable=False)
    return column, sa.ForeignKeyConstraint([name], [f"{to}.id"], op.f(f"fk_{table}_{name}"))


def upgrade() -> None:
    versions, uploads = "share_file_versions", "share_file_uploads"
    op.create_table(
        versions,
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        *_key(versions, "resource", "share_resources"),
        _text("name", 200),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("size", KEY, nullable=False),
        _text("content", 64),
        _text("note"),
        _text("state", 16),
        _at("at"),
        _text("by", 160),
        _at("ended_at", nullable=True),
        _text("ended_by", 160),
        _text("end_reason"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{versions}")),
        sa.UniqueConstraint("resource", "name", "number", name=op.f(f"uq_{versions}_resource")),
    )
    op.create_index("ix_share_file_versions_content", versions, ["content"])
    op.create_table(
        uploads,
        _text("key", 64),
        *_key(uploads, "resource", "share_resources"),
        *_key(uploads, "organisation", "organisations"),
        _text("name", 200),
        _text("note"),
        sa.Column("size", KEY, nullable=False),
        _text("sha256", 64),
        _at("at"),
        _text("by", 160),
        _at("expires_at"),
        sa.Column("version", KEY, nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f(f"pk_{uploads}")),
    )
    op.create_index("ix_share_file_uploads_organisation", uploads, ["organisation", "version"])
    op.create_index("ix_share_file_uploads_expires_at", uploads, ["expires_at"])
