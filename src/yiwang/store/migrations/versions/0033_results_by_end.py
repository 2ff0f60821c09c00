"""Results by their end and opening: what was open at an instant is counted in the index alone."""

from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_results_ended_at_opened_at", "case_results", ["ended_at", "opened_at"])
    op.drop_index("ix_case_results_ended_at", "case_results")
