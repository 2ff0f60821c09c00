"""Tables of requests, grants and what users say of the data. Nothing in them is deleted."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text, false

from yiwang.registry.tables import organisations
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.store.database import Instant, Json, Key, metadata

share_requests = Table(
    "share_requests",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("provider", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("renews", Key, nullable=True),
    Column("purpose", Text, nullable=False),
    Column("terms", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", String(160), nullable=False),
    Column("answer_by", Instant, nullable=False),
    Column("escalated_at", Instant, nullable=True),
    Column("answered_at", Instant, nullable=True),
    Column("answered_by", String(160), nullable=False),
    Column("answer", Text, nullable=False),
    Column("grant", Key, nullable=True),
    Index("ix_share_requests_provider", "provider", "state"),
    Index("ix_share_requests_organisation", "organisation", "state"),
    Index("ix_share_requests_state", "state", "answer_by"),
)
"""``terms`` are those asked for; ``state``: waiting, granted, refused or withdrawn. ``renews``:
the grant that is to last longer."""

share_grants = Table(
    "share_grants",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("request", Key, ForeignKey(share_requests.c.id), nullable=False),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("provider", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("terms", Json, nullable=False),
    Column("basis", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("granted_by", String(160), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("warned_at", Instant, nullable=True),
    Column("ended_at", Instant, nullable=True),
    Column("ended_by", String(160), nullable=False),
    Column("end_reason", Text, nullable=False),
    Column("held_back", Boolean, nullable=False, server_default=false()),
    Index("ix_share_grants_organisation", "organisation", "resource", "id"),
    Index("ix_share_grants_provider", "provider", "id"),
    Index("ix_share_grants_expires_at", "expires_at"),
)
"""``basis``: the rule (无条件共享) or the approval on which it rests. ``held_back``: its
provider or the data bureau took it back or narrowed it, and granted nothing to its user since."""

share_complaints = Table(
    "share_complaints",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("kind", String(16), nullable=False),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=False),
    Column("provider", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("text", Text, nullable=False),
    Column("place", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("filed_at", Instant, nullable=False),
    Column("filed_by", String(160), nullable=False),
    Column("answer_by", Instant, nullable=False),
    Column("escalated_at", Instant, nullable=True),
    Column("answered_at", Instant, nullable=True),
    Column("answered_by", String(160), nullable=False),
    Column("answer", Text, nullable=False),
    Column("corrected_at", Instant, nullable=True),
    Column("stars", Integer, nullable=True),
    Index("ix_share_complaints_provider", "provider", "state"),
    Index("ix_share_complaints_organisation", "organisation", "state"),
    Index("ix_share_complaints_state", "state", "answer_by"),
)
"""``kind``: complaint, or correction (数据纠错), whose ``place`` names the column and, sealed
(``places``), the row by its key and the value it should have. ``state``: open, accepted, rejected
or withdrawn. ``stars``: how the answer was rated, 1 to 5."""
