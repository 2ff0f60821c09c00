"""No index that nothing is looked up by, and none over what is mostly empty: each is written with
every change of a case."""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

_WHERE_SET = (
    ("case_sources", "finding", ["finding"], True),
    ("case_sources", "trouble", ["trouble"], True),
    ("cases", "watch_at", ["watch_at"], False),
    ("cases", "due_at", ["open", "due_at"], False),
)


def upgrade() -> None:
    op.drop_index("ix_outbox_at", "outbox")
    op.drop_index("ix_audit_log_at", "audit_log")
    for table, column, columns, unique in _WHERE_SET:
        name = f"ix_{table}_{'_'.join(columns)}"
        there = sa.text(f"{column} IS NOT NULL")
        op.drop_index(name, table)
        op.create_index(
            name, table, columns, unique=unique, sqlite_where=there, postgresql_where=there
        )
