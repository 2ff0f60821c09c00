"""Tables of the hotline desk. Who called stands in ``hotline_callers`` alone."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from yiwang.store.database import Instant, Json, Key, metadata

_waiting = text("call_back")

hotline_callers = Table(
    "hotline_callers",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("number", String(64), nullable=False),
    Column("email", String(320), nullable=False),
    Column("name", String(128), nullable=False),
    Column("language", String(16), nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
)
"""Personal data. ``digest`` is a keyed hash of the number, or of the e-mail address where there
is no number, and serves to find a caller again."""

hotline_calls = Table(
    "hotline_calls",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("external", String(128), nullable=True, unique=True),
    Column("at", Instant, nullable=False),
    Column("line", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("caller", Key, ForeignKey("hotline_callers.id"), nullable=True),
    Column("operator", String(64), nullable=False),
    Column("contact", Key, nullable=True),
    Column("ended_at", Instant, nullable=True),
    Index("ix_hotline_calls_at", "at"),
)
"""What a telephone system announced. ``operator``: at whose telephone it rings, empty for all;
``contact`` when it was taken; ``ended_at`` without it: given up."""

hotline_contacts = Table(
    "hotline_contacts",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("line", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("caller", Key, ForeignKey("hotline_callers.id"), nullable=True),
    Column("operator", String(160), nullable=False),
    Column("language", String(16), nullable=False),
    Column("emotion", String(16), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("repeated", Boolean, nullable=False),
    Index("ix_hotline_contacts_at", "at"),
    Index("ix_hotline_contacts_caller_at", "caller", "at"),
)

hotline_requests = Table(
    "hotline_requests",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("contact", Key, ForeignKey("hotline_contacts.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("case", Key, ForeignKey("cases.no"), nullable=True),
    Column("article", Key, nullable=True),
    Column("helpful", Boolean, nullable=True),
    Column("missing", Boolean, nullable=False),
    Column("call_back", Boolean, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried_at", Instant, nullable=True),
    Index("ix_hotline_requests_contact", "contact"),
    Index("ix_hotline_requests_case", "case"),
    Index("ix_hotline_requests_at", "at"),
    Index(
        "ix_hotline_requests_case_call_back",
        "case",
        sqlite_where=_waiting,
        postgresql_where=_waiting,
    ),
)
"""What was wanted in a contact, and what became of it. ``missing``: no article helped.
``call_back``: the caller is to be called when the case has ended."""

hotline_articles = Table(
    "hotline_articles",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=True, unique=True),
    Column("organisation", Key, nullable=True),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("published", Integer, nullable=True),
    Column("valid_from", String(10), nullable=False),
    Column("valid_until", String(10), nullable=False),
    Column("review_on", String(10), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("used", Integer, nullable=False),
    Column("helpful", Integer, nullable=False),
    Column("unhelpful", Integer, nullable=False),
    Index("ix_hotline_articles_organisation_state", "organisation", "state"),
)
"""``version`` is the newest, ``published`` the one that is found; the dates (ISO, empty: none)
are those of the published version."""

hotline_article_versions = Table(
    "hotline_article_versions",
    metadata,
    Column(
        "article", Key, ForeignKey("hotline_articles.id"), primary_key=True, autoincrement=False
    ),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("body", Json, nullable=False),
)

hotline_article_pieces = Table(
    "hotline_article_pieces",
    metadata,
    Column("piece", String(8), primary_key=True),
    Column(
        "article", Key, ForeignKey("hotline_articles.id"), primary_key=True, autoincrement=False
    ),
    Column("weight", Integer, nullable=False),
    Index("ix_hotline_article_pieces_article", "article"),
)
"""The index of published articles by the pieces of their texts (``cases/model/words.py``)."""
