"""Results of cases, scoring schemes and reports."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _results()
    op.create_table(
        "case_schemes",
        sa.Column("id", _key, autoincrement=True, nullable=False),
        sa.Column("code", sa.String(64), nullable=False),
        sa.Column("valid_from", sa.String(10), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("put_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_schemes")),
    )
    op.create_index("ix_case_schemes_code_valid_from", "case_schemes", ["code", "valid_from"])
    op.create_table(
        "case_reports",
        sa.Column("id", _key, autoincrement=True, nullable=False),
        sa.Column("span", sa.String(8), nullable=False),
        sa.Column("first_day", sa.String(10), nullable=False),
        sa.Column("until_day", sa.String(10), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(160), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_reports")),
    )
    op.create_index("ix_case_reports_span_first_day", "case_reports", ["span", "first_day"])


def _results() -> None:
    instants = [
        sa.Column(name, sa.BigInteger(), nullable=True)
        for name in (
            *("accepted_at", "dispatched_at", "handled_at", "first_closed_at", "closed_at"),
            *("ended_at", "due_at", "judged_at"),
        )
    ]
    spent = [
        sa.Column(name, sa.BigInteger(), nullable=True)
        for name in ("accept_clock", "accept_work", "close_clock", "close_work")
    ]
    counted = [
        sa.Column(name, sa.Integer(), nullable=False)
        for name in ("reworks", "reopenings", "returns", "urges", "supervision", "extensions")
    ]
    op.create_table(
        "case_results",
        sa.Column("case", _key, autoincrement=False, nullable=False),
        sa.Column("class_code", sa.String(128), nullable=False),
        sa.Column("grid", _key, nullable=True),
        sa.Column("street", _key, nullable=True),
        sa.Column("organisation", _key, nullable=True),
        sa.Column("person", sa.String(64), nullable=False),
        sa.Column("person_name", sa.String(128), nullable=False),
        sa.Column("channel", sa.String(64), nullable=False),
        sa.Column("resident", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        *instants,
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("excused", sa.Boolean(), nullable=False),
        *spent,
        *counted,
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("solved", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["case"], ["cases.no"], name=op.f("fk_case_results_case")),
        sa.PrimaryKeyConstraint("case", name=op.f("pk_case_results")),
    )
    for name in ("opened_at", "closed_at", "first_closed_at", "ended_at", "judged_at"):
        op.create_index(f"ix_case_results_{name}", "case_results", [name])
