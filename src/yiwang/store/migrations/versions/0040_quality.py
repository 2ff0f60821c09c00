"""Quality of shared data: rule sets, runs, issues, and when resources are due."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[int]:
    return sa.Column("id", KEY, primary_key=True, autoincrement=True)


def _resource() -> sa.Column[int]:
    return sa.Column("resource", KEY, sa.ForeignKey("share_resources.id"), nullable=False)


def _organisation(nullable: bool = False) -> sa.Column[int]:
    return sa.Column("organisation", KEY, sa.ForeignKey("organisations.id"), nullable=nullable)


def _key(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, KEY, nullable=nullable)


def _at(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _text(name: str, size: int = 0) -> sa.Column[str]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=False)


def _score() -> sa.Column[float]:
    return sa.Column("score", sa.Float(), nullable=True)


def upgrade() -> None:
    op.create_table(
        "share_quality_rules",
        _id(),
        _text("name", 64),
        _count("version"),
        sa.Column("active", sa.Boolean(), nullable=False),
        _organisation(nullable=True),
        *(_text(name) for name in ("text", "tables", "rules")),
        _at("made_at"),
        _text("made_by", 160),
    )
    op.create_index(
        "ix_share_quality_rules_name",
        "share_quality_rules",
        ["name"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "share_quality_runs",
        _id(),
        _resource(),
        _organisation(),
        _text("why", 16),
        _at("at"),
        _count("took_ms"),
        _at("data_at", nullable=True),
        *(_key(name) for name in ("rows", "checked", "failed")),
        _score(),
        *(_text(name) for name in ("dimensions", "verdicts", "profile")),
    )
    op.create_index("ix_share_quality_runs_resource", "share_quality_runs", ["resource", "id"])
    op.create_index("ix_share_quality_runs_at", "share_quality_runs", ["at"])
    _issues()
    _watch()


def _issues() -> None:
    op.create_table(
        "share_quality_issues",
        _id(),
        _resource(),
        _organisation(),
        _text("rule", 160),
        _text("kind", 16),
        _text("severity", 16),
        _text("title"),
        _at("opened_at"),
        _at("seen_at"),
        _at("closed_at", nullable=True),
        _key("checked"),
        _key("failed"),
        _text("shown"),
        _text("broken"),
    )
    op.create_index(
        "ix_share_quality_issues_resource",
        "share_quality_issues",
        ["resource", "rule"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "ix_share_quality_issues_organisation",
        "share_quality_issues",
        ["organisation", "closed_at"],
    )


def _watch() -> None:
    op.create_table(
        "share_quality_watch",
        sa.Column(
            "resource",
            KEY,
            sa.ForeignKey("share_resources.id"),
            primary_key=True,
            autoincrement=False,
        ),
        _organisation(),
        _text("code", 80),
        _text("name", 200),
        _at("data_at", nullable=True),
        _at("due_at", nullable=True),
        _key("run", nullable=True),
        _at("checked_at", nullable=True),
        _score(),
        _text("dimensions"),
        _count("open_issues"),
    )
    op.create_index("ix_share_quality_watch_due_at", "share_quality_watch", ["due_at"])
    op.create_index("ix_share_quality_watch_organisation", "share_quality_watch", ["organisation"])
