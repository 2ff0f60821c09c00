"""SQLite's index of new texts is written by whoever writes the texts, and not by a trigger, for
whose sake SQLite wrote it out with every case."""

from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER case_texts_insert")
