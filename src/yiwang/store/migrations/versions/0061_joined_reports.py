"""Joined reports in the order in which they came, and where merged cases have gone."""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moved = sa.text('"case" != came_to')
    op.create_index(
        "ix_case_sources_moved",
        "case_sources",
        ["came_to"],
        sqlite_where=moved,
        postgresql_where=moved,
    )
    op.create_index(
        "ix_case_contacts_joined",
        "case_contacts",
        ["at", "id"],
        sqlite_where=sa.text("joined = 1"),
        postgresql_where=sa.text("joined"),
    )
