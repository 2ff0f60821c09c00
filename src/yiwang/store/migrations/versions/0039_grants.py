"""Requests for resources, grants, complaints and corrections."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int = 0) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=False)


def _at(name: str, nullable: bool = True) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _key(table: str, name: str, to: str) -> tuple[sa.Column[Any], sa.ForeignKeyConstraint]:
    column = sa.Column(name, KEY, nullable=False)
    return column, sa.ForeignKeyConstraint([name], [f"{to}.id"], op.f(f"fk_{table}_{name}"))


def _table(name: str, keys: dict[str, str], columns: list[sa.Column[Any]]) -> None:
    pairs = [_key(name, key, to) for key, to in keys.items()]
    op.create_table(
        name,
        sa.Column("id", KEY, primary_key=True, autoincrement=True),
        *(column for column, _ in pairs),
        *columns,
        *(constraint for _, constraint in pairs),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _answered() -> list[sa.Column[Any]]:
    said = [_text("answered_by", 160), _text("answer")]
    return [_at("escalated_at"), _at("answered_at"), *said]


def upgrade() -> None:
    both = {"resource": "share_resources", "provider": "organisations"}
    both["organisation"] = "organisations"
    _table(
        "share_requests",
        both,
        [
            sa.Column("renews", KEY, nullable=True),
            *(_text("purpose"), _text("terms"), _text("state", 16)),
            *(_at("asked_at", False), _text("asked_by", 160), _at("answer_by", False)),
            *_answered(),
            sa.Column("grant", KEY, nullable=True),
        ],
    )
    _table(
        "share_grants",
        {"request": "share_requests"} | both,
        [
            *(_text("purpose"), _text("terms"), _text("basis")),
            *(_at("granted_at", False), _text("granted_by", 160), _at("expires_at", False)),
            *(_at("warned_at"), _at("ended_at"), _text("ended_by", 160), _text("end_reason")),
        ],
    )
    _table(
        "share_complaints",
        both,
        [
            *(_text("kind", 16), _text("text"), _text("place"), _text("state", 16)),
            *(_at("filed_at", False), _text("filed_by", 160), _at("answer_by", False)),
            *_answered(),
            _at("corrected_at"),
            sa.Column("stars", sa.Integer(), nullable=True),
        ],
    )
    for table, name, columns in (
        ("share_requests", "provider", ["provider", "state"]),
        ("share_requests", "organisation", ["organisation", "state"]),
        ("share_requests", "state", ["state", "answer_by"]),
        ("share_grants", "organisation", ["organisation", "resource", "id"]),
        ("share_grants", "provider", ["provider", "id"]),
        ("share_grants", "expires_at", ["expires_at"]),
        ("share_complaints", "provider", ["provider", "state"]),
        ("share_complaints", "organisation", ["organisation", "state"]),
        ("share_complaints", "state", ["state", "answer_by"]),
    ):
        op.create_index(f"ix_{table}_{name}", table, columns)
