"""Tables of notices. Secrets are in none of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, text

from yiwang.store.database import Instant, Json, Key, metadata


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


webhooks = Table(
    "notice_webhooks",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(128), nullable=False),
    Column("url", String(500), nullable=False),
    Column("purpose", String(300), nullable=False),
    Column("topics", Json, nullable=False),
    Column("narrowed", Json, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("secret_no", Integer, nullable=False),
    Column("renewed_at", Instant, nullable=True),
    Column("created_by", String(160), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("removed_at", Instant, nullable=True),
    Column("failures", Integer, nullable=False),
    Column("paused_until", Instant, nullable=True),
    Column("last_good_at", Instant, nullable=True),
    Column("last_bad_at", Instant, nullable=True),
    Column("last_answer", String(500), nullable=False),
)
"""``secret_no`` counts the secrets; the secret itself is derived from it and a key in the home's
``keys`` folder."""

notices = Table(
    "notices",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("key", String(40), nullable=False, unique=True),
    Column("event", String(200), nullable=False),
    Column("topic", String(64), nullable=False),
    Column("about", String(160), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("recipient", String(200), nullable=False),
    Column("user", String(64), nullable=False),
    Column("address", String(500), nullable=False),
    Column("webhook", Key, ForeignKey("notice_webhooks.id"), nullable=True),
    Column("language", String(8), nullable=False),
    Column("template", String(128), nullable=False),
    Column("fields", Json, nullable=False),
    Column("subject", String(300), nullable=False),
    Column("text", Text, nullable=False),
    Column("path", String(200), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant, nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("read_at", Instant, nullable=True),
    Column("answer", String(500), nullable=False),
    Index("ix_notices_next_at", "next_at", **_where("next_at IS NOT NULL")),
    Column("inbox", String(64), nullable=True),
    Column("unread", String(64), nullable=True),
    Column("limited", String(220), nullable=True),
    Column("failed", Boolean, nullable=True),
    Column("otherwise", Json, nullable=True),
    Index("ix_notices_inbox_id", "inbox", "id", **_where("inbox IS NOT NULL")),
    Index("ix_notices_unread", "unread", **_where("unread IS NOT NULL")),
    Index("ix_notices_limited_ended_at", "limited", "ended_at", **_where("limited IS NOT NULL")),
    Index("ix_notices_failed", "failed", "id", **_where("failed IS NOT NULL")),
    Index("ix_notices_about", "about"),
)
"""One row a delivery. ``next_at`` is set while it is waiting or being sent: when to try, or when
an attempt that nobody ended is taken for lost. What few rows have is set in these alone, so that
its index stays small: ``inbox`` (the account of an in-app notice), ``unread`` (the same until it
is read), ``limited`` (channel and recipient where a limit holds), ``failed``. ``otherwise``:
[channel, address, text] of the ways to go, in this order, where this one fails."""

attempts = Table(
    "notice_attempts",
    metadata,
    Column("notice", Key, ForeignKey("notices.id"), primary_key=True, autoincrement=False),
    Column("no", Integer, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("outcome", String(16), nullable=False),
    Column("answer", String(500), nullable=False),
)
"""``outcome``: taken, refused (never again), failed (again later), lost (nobody knows), or empty
while it lasts."""

preferences = Table(
    "notice_preferences",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("language", String(8), nullable=False),
    Column("email", String(254), nullable=False),
    Column("phone", String(32), nullable=False),
    Column("channels", Json, nullable=False),
    Column("quiet_starts", Integer, nullable=True),
    Column("quiet_ends", Integer, nullable=True),
    Column("changed_at", Instant, nullable=False),
)
"""What a person wants. ``channels``: which of e-mail and SMS they take."""

confirmations = Table(
    "notice_confirmations",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("address", String(254), nullable=False),
    Column("code", String(64), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),
)
"""Addresses that have not answered yet; ``code`` is a keyed hash of what was sent there."""

code_counts = Table(
    "notice_code_counts",
    metadata,
    Column("subject", String(300), primary_key=True),
    Column("instants", Json, nullable=False),
    Column("last_at", Instant, nullable=False),
    Index("ix_notice_code_counts_last_at", "last_at"),
)
"""When codes were sent by an account (``by:wang``) and to an address (``to:…``), and when an
account typed wrong ones in (``wrong:wang``): of the last day."""

refusals = Table(
    "notice_refusals",
    metadata,
    Column("address", String(254), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("at", Instant, nullable=False),
)
"""Addresses of people without an account that want nothing more by a channel."""

followers = Table(
    "notice_followers",
    metadata,
    Column("about", String(160), primary_key=True),
    Column("recipient", String(200), primary_key=True),
    Column("email", String(254), nullable=False),
    Column("phone", String(32), nullable=False),
    Column("language", String(8), nullable=False),
    Column("since", Instant, nullable=False),
)
"""Addresses of people without an account who want to hear what becomes of something."""
