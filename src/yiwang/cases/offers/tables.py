"""Tables of offers (共治): what is offered, who takes it, and the points."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text, text
from sqlalchemy import UniqueConstraint as Unique

from yiwang.cases.tables import cases
from yiwang.store.database import Instant, Json, Key, metadata

_live = text("state IN ('open', 'claimed', 'reported')")
_waiting = text("watch_at IS NOT NULL")

case_offers = Table(
    "case_offers",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case", Key, ForeignKey(cases.c.no), nullable=False),
    Column("class_code", String(128), nullable=False),
    Column("role", String(64), nullable=False),
    Column("to", Json, nullable=False),
    Column("points", Integer, nullable=False),
    Column("most_claims", Integer, nullable=False),
    Column("radius_m", Float, nullable=True),
    Column("done_within", Instant, nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("state", String(16), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("claim_by", Instant, nullable=False),
    Column("claimer", String(64), nullable=False),
    Column("claimed_at", Instant, nullable=True),
    Column("done_by", Instant, nullable=True),
    Column("ended_at", Instant, nullable=True),
    Column("why", String(32), nullable=False),
    Column("watch_at", Instant, nullable=True),
    Index("ix_case_offers_case", "case", unique=True, sqlite_where=_live, postgresql_where=_live),
    Index("ix_case_offers_case_id", "case", "id"),
    Index("ix_case_offers_state_id", "state", "id"),
    Index("ix_case_offers_claimer_id", "claimer", "id"),
    Index("ix_case_offers_watch_at", "watch_at", sqlite_where=_waiting, postgresql_where=_waiting),
)
"""``watch_at``: when time ends it, unclaimed or not done."""

offer_takers = Table(
    "offer_takers",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("claims", Integer, nullable=False),
    Column("points", Integer, nullable=False),
    Column("blocked_at", Instant, nullable=True),
    Column("blocked_by", String(160), nullable=False),
    Column("reason", Text, nullable=False),
)
"""Open claims, the sum of the points, and whether somebody is kept from claiming."""

offer_points = Table(
    "offer_points",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("user", String(64), nullable=False),
    Column("offer", Key, ForeignKey(case_offers.c.id), nullable=False),
    Column("case", Key, nullable=False),
    Column("points", Integer, nullable=False),
    Column("why", String(16), nullable=False),
    Column("at", Instant, nullable=False),
    Unique("offer", "why"),
    Index("ix_offer_points_user_id", "user", "id"),
)
"""The ledger: only ever added to. ``why``: verified, or reopened (then negative)."""
