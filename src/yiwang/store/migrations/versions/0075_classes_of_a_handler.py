"""What one person handles is narrowed to a class in the index itself: of thousands of cases of
other classes none is read."""

from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_cases_handler_open_no", "cases")
    columns = ["handler", "open", "no", "class_code"]
    op.create_index("ix_cases_handler_open_no_class_code", "cases", columns)
