"""What people made of proposals of dispatch."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "case_proposals", sa.Column("answer", sa.String(16), nullable=False, server_default="")
    )
    op.add_column("case_proposals", sa.Column("answered_at", sa.BigInteger(), nullable=True))
    op.add_column(
        "case_proposals",
        sa.Column("answered_by", sa.String(160), nullable=False, server_default=""),
    )
