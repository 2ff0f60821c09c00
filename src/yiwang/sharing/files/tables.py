"""Files of resources: their versions, and uploads on their way."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text, UniqueConstraint

from yiwang.registry.tables import organisations
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.store.database import Instant, Key, metadata

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
    UniqueConstraint("resource", "name", "number"),
    Index("ix_share_file_versions_content", "content"),
)
"""``state``: kept, withdrawn or replaced; of the last two the content is gone."""

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
