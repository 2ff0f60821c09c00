"""Which release gives a version of a file to everybody."""

import sqlalchemy as sa
from alembic import op

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("share_file_versions", sa.Column("opening", KEY, nullable=True))
    op.create_index("ix_share_file_versions_opening", "share_file_versions", ["opening"])
