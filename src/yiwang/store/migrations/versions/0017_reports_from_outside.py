"""What reporters from outside say of themselves, and where photos were taken."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "case_contacts",
        sa.Column("id", key, autoincrement=True, nullable=False),
        sa.Column("case", key, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("reporter", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("first_name", sa.String(length=128), nullable=False),
        sa.Column("last_name", sa.String(length=128), nullable=False),
        sa.Column("device_id", sa.String(length=255), nullable=False),
        sa.Column("account_id", sa.String(length=255), nullable=False),
        sa.Column("media_url", sa.Text(), nullable=False),
        sa.Column("extra", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["case"], ["cases.no"], name=op.f("fk_case_contacts_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_contacts")),
        sa.UniqueConstraint("token", name=op.f("uq_case_contacts_token")),
    )
    op.create_index("ix_case_contacts_case", "case_contacts", ["case"], unique=False)
    op.add_column("case_photos", sa.Column("lon", sa.Float(), nullable=True))
    op.add_column("case_photos", sa.Column("lat", sa.Float(), nullable=True))
    op.add_column("case_photos", sa.Column("taken_at", sa.BigInteger(), nullable=True))
