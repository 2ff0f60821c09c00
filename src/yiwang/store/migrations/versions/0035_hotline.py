"""The hotline desk: callers, contacts, calls, requests, and the knowledge base."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("call_back")


def _text(name: str, size: int = 0, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=nullable)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _id() -> sa.Column[Any]:
    return sa.Column("id", KEY, primary_key=True, autoincrement=True)


def _flag(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=nullable)


def _count(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _indexed(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    op.create_table(
        "hotline_callers",
        _id(),
        _text("digest", 64),
        _text("number", 64),
        _text("email", 320),
        _text("name", 128),
        _text("language", 16),
        _at("first_at"),
        _at("last_at"),
        sa.UniqueConstraint("digest", name=op.f("uq_hotline_callers_digest")),
    )
    op.create_table(
        "hotline_calls",
        _id(),
        _text("external", 128, nullable=True),
        _at("at"),
        _text("line", 64),
        _text("channel", 64),
        sa.Column("caller", KEY, sa.ForeignKey("hotline_callers.id"), nullable=True),
        _text("operator", 64),
        sa.Column("contact", KEY, nullable=True),
        _at("ended_at", nullable=True),
        sa.UniqueConstraint("external", name=op.f("uq_hotline_calls_external")),
    )
    _indexed("hotline_calls", "at")
    op.create_table(
        "hotline_contacts",
        _id(),
        _at("at"),
        _at("ended_at", nullable=True),
        _text("line", 64),
        _text("channel", 64),
        sa.Column("caller", KEY, sa.ForeignKey("hotline_callers.id"), nullable=True),
        _text("operator", 160),
        _text("language", 16),
        _text("emotion", 16),
        _flag("urgent"),
        _flag("repeated"),
    )
    _indexed("hotline_contacts", "at")
    _indexed("hotline_contacts", "caller", "at")
    _requests()
    _articles()


def _requests() -> None:
    op.create_table(
        "hotline_requests",
        _id(),
        sa.Column("contact", KEY, sa.ForeignKey("hotline_contacts.id"), nullable=False),
        _at("at"),
        _text("kind", 16),
        _text("outcome", 16),
        _text("text"),
        sa.Column("case", KEY, sa.ForeignKey("cases.no"), nullable=True),
        sa.Column("article", KEY, nullable=True),
        _flag("helpful", nullable=True),
        _flag("missing"),
        _flag("call_back"),
        _count("tries"),
        _at("tried_at", nullable=True),
    )
    for column in ("contact", "case", "at"):
        _indexed("hotline_requests", column)
    op.create_index(
        "ix_hotline_requests_case_call_back",
        "hotline_requests",
        ["case"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )


def _articles() -> None:
    op.create_table(
        "hotline_articles",
        _id(),
        _text("code", 128, nullable=True),
        sa.Column("organisation", KEY, nullable=True),
        _text("state", 16),
        _count("version"),
        _count("published", nullable=True),
        *(_text(name, 10) for name in ("valid_from", "valid_until", "review_on")),
        _at("changed_at"),
        *(_count(name) for name in ("used", "helpful", "unhelpful")),
        sa.UniqueConstraint("code", name=op.f("uq_hotline_articles_code")),
    )
    _indexed("hotline_articles", "organisation", "state")
    article = "hotline_articles.id"
    op.create_table(
        "hotline_article_versions",
        sa.Column("article", KEY, sa.ForeignKey(article), primary_key=True, autoincrement=False),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        _at("at"),
        _text("actor", 160),
        _text("body"),
    )
    op.create_table(
        "hotline_article_pieces",
        sa.Column("piece", sa.String(8), primary_key=True),
        sa.Column("article", KEY, sa.ForeignKey(article), primary_key=True, autoincrement=False),
        _count("weight"),
    )
    _indexed("hotline_article_pieces", "article")
