"""Which of the cases that were handed on are open still, so that these are found alone."""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "cases", sa.Column("handed_on", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column(
        "case_handed", sa.Column("open", sa.Boolean(), nullable=False, server_default=sa.true())
    )
    cases = sa.table(
        "cases",
        sa.column("no"),
        sa.column("open", sa.Boolean()),
        sa.column("handed_on", sa.Boolean()),
    )
    handed = sa.table("case_handed", sa.column("case"), sa.column("open", sa.Boolean()))
    op.execute(
        sa.update(cases).where(cases.c.no.in_(sa.select(handed.c.case))).values(handed_on=sa.true())
    )
    over = sa.select(cases.c.no).where(cases.c.open.is_(False))
    op.execute(sa.update(handed).where(handed.c.case.in_(over)).values(open=sa.false()))
    columns = ["organisation", "open", "case"]
    op.create_index("ix_case_handed_organisation_open_case", "case_handed", columns)
