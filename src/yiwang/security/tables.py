"""Tables of identities and of the audit log."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, LargeBinary, String, Table, Text

from yiwang.store.database import Instant, Json, Key, metadata

users = Table(
    "users",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("display", String(128), nullable=False, default=""),
    Column("password", String(256), nullable=False),
    Column("roles", Json, nullable=False),
    Column("organisation", Key, nullable=True),
    Column("grids", Json, nullable=False),
    Column("active", Boolean, nullable=False, default=True),
    Column("created_at", Instant, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("user", Key, ForeignKey("users.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("origin", String(64), nullable=False, default=""),
)

tokens = Table(
    "tokens",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("user", Key, ForeignKey("users.id"), nullable=False),
    Column("label", String(128), nullable=False),
    Column("scopes", Json, nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=True),
    Column("revoked_at", Instant, nullable=True),
)

device_credentials = Table(
    "device_credentials",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("name", String(128), nullable=False, unique=True),
    Column("digest", LargeBinary(32), nullable=False),
    Column("things", Json, nullable=True),
    Column("topics", Json, nullable=True),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant, nullable=True),
)

attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("failed", Key, nullable=False),
    Column("last_at", Instant, nullable=False),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("at", Instant, nullable=False),
    Column("who", String(160), nullable=False),
    Column("verb", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("subject", String(160), nullable=False),
    Column("origin", String(64), nullable=False),
    Column("details", Text, nullable=False),
    Index("ix_audit_log_subject", "subject"),
)
