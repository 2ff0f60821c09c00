"""Who subscribed to the reports of a schedule."""

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_report_subscribers",
        sa.Column("span", sa.String(8), primary_key=True),
        sa.Column("user", sa.String(64), primary_key=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
    )
