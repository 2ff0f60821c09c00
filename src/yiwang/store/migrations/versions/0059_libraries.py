"""Base libraries: declarations, feeds, records and their versions, links, rulings, entities,
conflicts, steps."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(name: str, size: int = 0, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(size) if size else sa.Text(), nullable=nullable)


def _at(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=nullable)


def _count(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _yes(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _id(given: bool = False) -> sa.Column[Any]:
    return sa.Column("id", KEY, primary_key=True, autoincrement=not given)


def _number(name: str, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, KEY, nullable=nullable)


def _of(name: str, target: str) -> sa.Column[Any]:
    return sa.Column(name, KEY, sa.ForeignKey(f"{target}.id"), nullable=False)


def upgrade() -> None:
    op.create_table(
        "share_libraries",
        _id(),
        _text("code", 48),
        _count("version"),
        _text("text"),
        _text("former", nullable=True),
        _text("phase", 16),
        _number("after"),
        _text("tally"),
        _at("changed_at"),
        _text("changed_by", 160),
        sa.UniqueConstraint("code", name=op.f("uq_share_libraries_code")),
    )
    op.create_table(
        "share_library_feeds",
        _id(),
        _of("library", "share_libraries"),
        _text("code", 48),
        _of("resource", "share_resources"),
        _count("rank"),
        _text("spec"),
        _at("removed_at", nullable=True),
        _at("due_at", nullable=True),
        _yes("forced"),
        _at("ran_at", nullable=True),
        _text("state", 16),
        _text("tally"),
        _text("error", nullable=True),
        sa.UniqueConstraint("library", "code", name=op.f("uq_share_library_feeds_library")),
    )
    op.create_index("ix_share_library_feeds_resource", "share_library_feeds", ["resource"])
    op.create_index("ix_share_library_feeds_due_at", "share_library_feeds", ["due_at"])
    _records()
    _pairs()
    _entities()


def _records() -> None:
    op.create_table(
        "share_library_records",
        _id(given=True),
        _of("library", "share_libraries"),
        _of("feed", "share_library_feeds"),
        _text("mark", 32),
        _number("entity"),
        _text("digest", 32),
        _text("body"),
        _text("sealed", nullable=True),
        _at("since", nullable=True),
        _at("known_at"),
        _at("ended_at", nullable=True),
        sa.UniqueConstraint("feed", "mark", name=op.f("uq_share_library_records_feed")),
    )
    op.create_index("ix_share_library_records_entity", "share_library_records", ["entity"])
    op.create_index("ix_share_library_records_library", "share_library_records", ["library", "id"])
    op.create_table(
        "share_library_versions",
        _id(given=True),
        _of("record", "share_library_records"),
        _text("body", nullable=True),
        _text("sealed", nullable=True),
        _at("since", nullable=True),
        _at("known_at"),
    )
    op.create_index("ix_share_library_versions_record", "share_library_versions", ["record", "id"])
    op.create_table(
        "share_library_keys",
        _at("key"),
        _number("record"),
        sa.PrimaryKeyConstraint("key", "record", name=op.f("pk_share_library_keys")),
    )


def _pairs() -> None:
    op.create_table(
        "share_library_links",
        _number("one"),
        _number("other"),
        _of("library", "share_libraries"),
        _yes("merge"),
        _count("points"),
        _text("reasons"),
        _text("state", 16),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_share_library_links")),
    )
    op.create_index("ix_share_library_links_other", "share_library_links", ["other"])
    op.create_index(
        "ix_share_library_links_state", "share_library_links", ["library", "state", "points"]
    )
    op.create_table(
        "share_library_rulings",
        _number("one"),
        _number("other"),
        _yes("together"),
        _number("step"),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_share_library_rulings")),
    )
    op.create_index("ix_share_library_rulings_other", "share_library_rulings", ["other"])


def _entities() -> None:
    stale = sa.text("stale > 0")
    op.create_table(
        "share_library_entities",
        _id(given=True),
        _of("library", "share_libraries"),
        _count("records"),
        _at("changed_at"),
        _count("stale"),
    )
    op.create_index(
        "ix_share_library_entities_library", "share_library_entities", ["library", "id"]
    )
    op.create_index(
        "ix_share_library_entities_stale",
        "share_library_entities",
        ["library", "id"],
        sqlite_where=stale,
        postgresql_where=stale,
    )
    op.create_table(
        "share_library_conflicts",
        _number("entity"),
        _text("field", 48),
        _of("library", "share_libraries"),
        _text("state", 16),
        _count("gap"),
        _at("opened_at"),
        _number("chosen", nullable=True),
        _text("chosen_print", 32, nullable=True),
        _text("reason", nullable=True),
        _text("decided_by", 160, nullable=True),
        _at("decided_at", nullable=True),
        sa.PrimaryKeyConstraint("entity", "field", name=op.f("pk_share_library_conflicts")),
    )
    op.create_index(
        "ix_share_library_conflicts_state",
        "share_library_conflicts",
        ["library", "state", "gap", "entity", "field"],
    )
    op.create_table(
        "share_library_steps",
        _id(),
        _of("library", "share_libraries"),
        _at("at"),
        _text("by", 160),
        _text("kind", 16),
        _number("entity"),
        _number("other"),
        _text("reason"),
        _text("details"),
    )
    for names in (["library", "id"], ["entity", "id"], ["other", "id"]):
        op.create_index(f"ix_share_library_steps_{names[0]}", "share_library_steps", names)
