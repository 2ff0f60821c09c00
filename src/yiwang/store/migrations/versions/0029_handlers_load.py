"""How many open cases of each severity somebody has, read from an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_cases_handler_severity",
        "cases",
        ["handler", "severity"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
