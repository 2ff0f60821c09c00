"""Imports of cases from other systems: which row became which case, which were refused."""

import sqlalchemy as sa
from alembic import op

from yiwang.store.database import Key

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_imports",
        sa.Column("id", Key, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("file", sa.String(300), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger, nullable=True),
        sa.Column("report", sa.Text, nullable=True),
    )
    op.create_index("ix_case_imports_source", "case_imports", ["source"])
    op.create_table(
        "case_import_rows",
        sa.Column("source", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("imported_by", Key, sa.ForeignKey("case_imports.id"), nullable=False),
        sa.Column("case", Key, sa.ForeignKey("cases.no"), nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        sa.Column("on_time", sa.Boolean, nullable=True),
    )
    for column in ("imported_by", "case"):
        op.create_index(f"ix_case_import_rows_{column}", "case_import_rows", [column])
    op.create_table(
        "case_import_refused",
        sa.Column("imported_by", Key, sa.ForeignKey("case_imports.id"), primary_key=True),
        sa.Column("row", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("raw", sa.Text, nullable=False),
    )
