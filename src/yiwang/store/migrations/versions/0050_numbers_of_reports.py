"""Reports that were joined to a case of others have a number of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "case_contacts",
        sa.Column("joined", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
