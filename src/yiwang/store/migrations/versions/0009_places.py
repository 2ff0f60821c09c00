"""Indexes of the places of locations and features."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_features_of_interest_lon", "features_of_interest", ["lon", "lat"])
    for table, column in (("locations", "location"), ("features_of_interest", "feature")):
        what = sa.text(f"""substr({column}, 1, 15) <> '{{"type":"Point"'""")
        op.create_index(
            f"ix_{table}_shapes", table, ["id"], sqlite_where=what, postgresql_where=what
        )
