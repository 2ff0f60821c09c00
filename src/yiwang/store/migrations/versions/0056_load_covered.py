"""The index by which the open cases of somebody are counted holds all that is asked of it, in the
order in which it is asked: SQLite took another and looked at every case."""

import sqlalchemy as sa
from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_cases_handler_severity", "cases")
    op.create_index(
        "ix_cases_handler_open_severity",
        "cases",
        ["handler", "open", "severity"],
        sqlite_where=sa.text("open = 1"),
        postgresql_where=sa.text("open"),
    )
