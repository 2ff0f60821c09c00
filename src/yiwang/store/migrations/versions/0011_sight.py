"""To whom things belong, and which datastreams are opened."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_INDEXED = ("thing", "sensor", "observed_property")


def upgrade() -> None:
    op.add_column("things", sa.Column("owner", sa.BigInteger(), nullable=True))
    op.create_index("ix_things_owner", "things", ["owner"], unique=False)
    for table in ("datastreams", "multi_datastreams"):
        op.add_column(
            table, sa.Column("opened", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
    for column in _INDEXED:
        name = f"ix_datastreams_{column}"
        op.drop_index(name, table_name="datastreams")
        op.create_index(name, "datastreams", [column, "opened"], unique=False)
    op.create_index("ix_locations_feature", "locations", ["feature"], unique=False)
    op.create_table(
        "kind_access",
        sa.Column("kind", sa.String(length=128), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=True),
        sa.Column("shared", sa.Text(), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_kind_access")),
    )
