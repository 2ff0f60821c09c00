"""Tables behind the catalogue."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, Text

from yiwang.registry.tables import organisations
from yiwang.sharing.catalogue.tables import share_resources
from yiwang.store.database import Instant, Json, Key, metadata

share_systems = Table(
    "share_systems",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("name", String(200), nullable=False),
    Column("entry", Json, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", String(160), nullable=False),
    Column("removed_at", Instant, nullable=True),
    Index("ix_share_systems_organisation", "organisation"),
)
"""Information systems (信息系统台账); ``entry`` is a ``model.System``."""

share_system_uses = Table(
    "share_system_uses",
    metadata,
    Column("system", Key, ForeignKey(share_systems.c.id), primary_key=True, autoincrement=False),
    Column("day", String(10), primary_key=True),
    Column("calls", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("organisations", Integer, nullable=False),
    Column("business", Integer, nullable=False),
)
"""How a system was used on a day, as its sign-on or monitoring counted it. ``business``: steps of
real business, such as applications or cases, that were done in it."""

share_duties = Table(
    "share_duties",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("element", String(200), nullable=False),
    Column("folded", String(200), nullable=False),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("basis", Text, nullable=False),
    Column("resource", String(80), nullable=False),
    Column("removed_at", Instant, nullable=True),
    Index("ix_share_duties_organisation", "organisation"),
    Index("ix_share_duties_folded", "folded"),
)
"""The responsibility list (数据责任清单): who gives which data, on which basis, by which
resource. ``folded``: the element as ``model.folded`` says it, by which lines are compared."""

share_demands = Table(
    "share_demands",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("organisation", Key, ForeignKey(organisations.c.id), nullable=False),
    Column("element", String(200), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("provider", Key, ForeignKey(organisations.c.id), nullable=True),
    Column("resource", Key, ForeignKey(share_resources.c.id), nullable=True),
    Column("state", String(16), nullable=False),
    Column("answer", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(160), nullable=False),
    Column("answered_at", Instant, nullable=True),
    Column("answered_by", String(160), nullable=False),
    Index("ix_share_demands_state", "state", "id"),
)
"""The demand list (需求清单): data that somebody needs and the catalogue has not. ``state``: open,
met (by ``resource``) or refused."""
