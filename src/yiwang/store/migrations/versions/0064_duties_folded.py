"""Lines of the responsibility list are compared by their elements without spaces and case."""

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("share_duties") as changing:
        changing.add_column(sa.Column("folded", sa.String(200), nullable=False, server_default=""))
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, element FROM share_duties")).all()
    wanted = sa.text("UPDATE share_duties SET folded = :folded WHERE id = :id")
    for row in rows:
        folded = "".join(row.element.casefold().split())[:200]
        connection.execute(wanted, {"id": row.id, "folded": folded})
    with op.batch_alter_table("share_duties") as changing:
        changing.alter_column("folded", server_default=None)
    op.create_index("ix_share_duties_folded", "share_duties", ["folded"])
