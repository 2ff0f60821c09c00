"""How many open cases somebody has is kept up to date, and not counted anew for everybody on duty
with every case that is handed out."""

import sqlalchemy as sa
from alembic import op

revision = "0068"
down_revision = "0067"
branch_labels = None
depends_on = None


def upgrade() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    loads = op.create_table(
        "case_loads",
        sa.Column("handler", sa.String(64), nullable=False),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("count", key, nullable=False),
        sa.PrimaryKeyConstraint("handler", "severity", name="pk_case_loads"),
    )
    cases = sa.table(
        "cases", sa.column("handler"), sa.column("severity"), sa.column("open", sa.Boolean())
    )
    counted = sa.select(cases.c.handler, cases.c.severity, sa.func.count())
    counted = counted.where(cases.c.open, cases.c.handler != "")
    counted = counted.group_by(cases.c.handler, cases.c.severity)
    op.execute(sa.insert(loads).from_select(["handler", "severity", "count"], counted))
    op.drop_index("ix_cases_handler_open_severity", "cases")
