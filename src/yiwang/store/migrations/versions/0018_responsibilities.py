"""The responsibility matrix."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    refers = {"event_class": "event_classes", "area": "areas", "organisation": "organisations"}
    op.create_table(
        "responsibilities",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(128), nullable=False),
        sa.Column("event_class", key, nullable=True),
        sa.Column("major", sa.String(64), nullable=False),
        sa.Column("area", key, nullable=True),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("organisation", key, nullable=False),
        sa.Column("co_organisations", sa.Text(), nullable=False),
        sa.Column("basis", sa.String(256), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_responsibilities")),
        sa.UniqueConstraint("code", name=op.f("uq_responsibilities_code")),
        *(
            sa.ForeignKeyConstraint(
                [column], [f"{table}.id"], name=op.f(f"fk_responsibilities_{column}")
            )
            for column, table in refers.items()
        ),
    )
