"""The reason of a rejected row may name a rule of quality."""

import sqlalchemy as sa
from alembic import op

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("share_exchange_rejects") as changing:
        changing.alter_column("reason", existing_type=sa.String(40), type_=sa.String(200))
