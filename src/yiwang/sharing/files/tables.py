"""Files of resources: versions, uploads on their way, and what is made for one receiver."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from yiwang.registry.tables import organisations
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.sharing.grants.tables import share_grants
from yiwang.store.database import Instant, Json, Key, metadata

share_file_versions = Table(
    "share_file_versions",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("name", String(200), nullable=False),
    Column("number", Integer, nullable=False),
    Column("size", Key, nullable=False),
    Column("content", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(160), nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("ended_by", String(160), nullable=False),
    Column("end_reason", Text, nullable=False),
    Column("opening", Key, nullable=True),
    UniqueConstraint("resource", "name", "number"),
    Index("ix_share_file_versions_content", "content"),
    Index("ix_share_file_versions_opening", "opening"),
)
"""``state``: kept, withdrawn or replaced; of the last two the content is gone. ``opening``: the
release in force that names it for everybody; newer versions do not take its place meanwhile."""

share_file_uploads = Table(
    "share_file_uploads",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("name", String(200), nullable=False),
    Column("note", Text, nullable=False),
    Column("size", Key, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(160), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("version", Key, nullable=True),
    Index("ix_share_file_uploads_organisation", "organisation", "version"),
    Index("ix_share_file_uploads_expires_at", "expires_at"),
)
"""``version``: what became of it; how far it is says the file that it fills."""

share_file_keys = Table(
    "share_file_keys",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("owner", String(160), nullable=False),
    Column("name", String(100), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("ended_by", String(160), nullable=False),
    Index("ix_share_file_keys_organisation", "organisation", "ended_at"),
)
"""Public keys (recipients of age) of people and systems; ``owner`` is who added it."""

share_file_deliveries = Table(
    "share_file_deliveries",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("grant", Key, ForeignKey(share_grants.c.id), nullable=False),
    Column("version", Key, ForeignKey(share_file_versions.c.id), nullable=True),
    Column("format", String(16), nullable=False),
    Column("keys", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("why", String(100), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", String(160), nullable=False),
    Column("made_at", Instant, nullable=True),
    Column("expires_at", Instant, nullable=True),
    Column("name", String(255), nullable=False),
    Column("size", Key, nullable=True),
    Column("content", String(64), nullable=False),
    Column("rows", Key, nullable=True),
    Column("marked", Json, nullable=False),
    Index("ix_share_file_deliveries_organisation", "organisation", "id"),
    Index("ix_share_file_deliveries_state", "state", "expires_at"),
    Index("ix_share_file_deliveries_resource", "resource", "organisation"),
)
"""Files that are made for one organisation: extracts, and encrypted versions. ``state``: waiting,
making, ready, failed or gone; ``why`` is the code of what went wrong. ``keys``: those that open
it; ``marked``: columns that carry its watermark."""
