"""How often codes for addresses were sent and guessed; where a notice goes if it fails."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice_code_counts",
        sa.Column("subject", sa.String(300), primary_key=True),
        sa.Column("instants", sa.Text(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
    )
    op.add_column("notices", sa.Column("otherwise", sa.Text(), nullable=True))
    op.create_index("ix_notice_code_counts_last_at", "notice_code_counts", ["last_at"])
