"""A case's rating is the mean of those of all who reported it."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("case_results") as changing:
        changing.alter_column("rating", existing_type=sa.Integer(), type_=sa.Float())
