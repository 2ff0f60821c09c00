"""How often a case was assessed, in its own row."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("assessments", sa.Integer(), nullable=False, server_default="0")
    op.add_column("cases", column)
    op.execute(
        "UPDATE cases SET assessments = (SELECT count(*) FROM case_assessments"
        ' WHERE case_assessments."case" = cases.no)'
        ' WHERE no IN (SELECT "case" FROM case_assessments)'
    )
