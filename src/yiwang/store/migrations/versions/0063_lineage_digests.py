"""Lineage: long names are found by their digests; events of a job are counted."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAMES = ("from_namespace", "from_name", "to_namespace", "to_name", "job")


def _digest(*words: str) -> str:
    plain = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()


def _text(name: str, size: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size), nullable=False)


def upgrade() -> None:
    _runs()
    connection = op.get_bind()
    held = [
        dict(row) for row in connection.execute(sa.text("SELECT * FROM share_flows")).mappings()
    ]
    op.drop_table("share_flows")
    made = op.create_table(
        "share_flows",
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        _text("key", 64),
        _text("from_namespace", 500),
        _text("from_name", 500),
        _text("from_key", 64),
        _text("to_namespace", 500),
        _text("to_name", 500),
        _text("to_key", 64),
        _text("job", 1001),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.UniqueConstraint("key", name=op.f("uq_share_flows_key")),
    )
    op.create_index("ix_share_flows_from_key", "share_flows", ["from_key"])
    op.create_index("ix_share_flows_to_key", "share_flows", ["to_key"])
    rows = [_flow(row) for row in held]
    if rows:
        op.bulk_insert(made, rows)


def _flow(row: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in row.items() if name != "id"}
    return plain | {
        "key": _digest(*(row[name] for name in _NAMES)),
        "from_key": _digest(row["from_namespace"], row["from_name"]),
        "to_key": _digest(row["to_namespace"], row["to_name"]),
    }


def _runs() -> None:
    """The digest of each event's job, a thousand events at a time."""
    connection = op.get_bind()
    with op.batch_alter_table("share_runs") as changing:
        changing.add_column(sa.Column("job", sa.String(64), nullable=False, server_default=""))
    after = 0
    while rows := _page(connection, after):
        wanted = sa.text("UPDATE share_runs SET job = :job WHERE id = :id")
        connection.execute(wanted, [{"id": id, "job": _job(event)} for id, event in rows])
        after = rows[-1][0]
    with op.batch_alter_table("share_runs") as changing:
        changing.alter_column("job", server_default=None)
    op.create_index("ix_share_runs_job", "share_runs", ["job", "type", "id"])


def _page(connection: Any, after: int) -> list[tuple[int, str]]:
    wanted = sa.text("SELECT id, event FROM share_runs WHERE id > :after ORDER BY id LIMIT 1000")
    rows: Iterable[Any] = connection.execute(wanted, {"after": after})
    return [(row.id, row.event) for row in rows]


def _job(event: str) -> str:
    told = json.loads(event)
    return _digest(told["job_namespace"], told["job"])
