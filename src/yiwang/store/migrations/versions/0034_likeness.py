"""Possible duplicates among cases, and the prints of photos."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("case_photos", sa.Column("print", sa.String(16), nullable=True))
    condition = sa.text("print IS NOT NULL")
    op.create_index(
        "ix_case_photos_print",
        "case_photos",
        ["print"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
    op.create_table(
        "case_likes",
        sa.Column("case", _key, autoincrement=False, nullable=False),
        sa.Column("other", _key, autoincrement=False, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("alike", sa.Float(), nullable=False),
        sa.Column("picture", sa.Integer(), nullable=True),
        sa.Column("metres", sa.Integer(), nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("dismissed_at", sa.BigInteger(), nullable=True),
        sa.Column("dismissed_by", sa.String(160), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.no"], name=op.f("fk_case_likes_case")),
        sa.ForeignKeyConstraint(["other"], ["cases.no"], name=op.f("fk_case_likes_other")),
        sa.PrimaryKeyConstraint("case", "other", name=op.f("pk_case_likes")),
    )
    op.create_index("ix_case_likes_other", "case_likes", ["other"])
