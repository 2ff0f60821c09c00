"""Tables of storms and silences. A case names its storm in ``cases.storm``."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text

from yiwang.store.database import Instant, Json, Key, metadata

case_storms = Table(
    "case_storms",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("cause", String(160), nullable=False),
    Column("shared", String(64), nullable=False),
    Column("lead", Key, nullable=False),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("members", Integer, nullable=False),
    Column("formed_at", Instant, nullable=False),
    Column("acknowledged_at", Instant, nullable=True),
    Column("acknowledged_by", String(160), nullable=False),
    Column("dissolved_at", Instant, nullable=True),
    Column("dissolved_by", String(160), nullable=False),
    Index("ix_case_storms_cause_last_at", "cause", "last_at"),
)
"""``cause``: the class, or what its pack calls the cause that several classes share. ``shared``:
what the members have in common beside it (``street:12``), empty where nearness counts; then
``lon`` and ``lat`` are the lead's. ``first_at`` to ``last_at``: when its members were opened.
``members``: how many ever came to it and were not taken out."""

case_silences = Table(
    "case_silences",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case_class", String(128), nullable=False),
    Column("area", Key, nullable=True),
    Column("place", Key, nullable=True),
    Column("thing", Key, nullable=True),
    Column("things", Json, nullable=False, server_default="[]"),
    Column("work", Key, nullable=True),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("ended_by", String(160), nullable=False),
    Index("ix_case_silences_until_at", "until_at"),
    Index("ix_case_silences_work", "work", unique=True),
)
"""Announced maintenance: what is raised from ``from_at`` until before ``until_at`` opens no case.
``ended_at``: when somebody ended it before its time, which is then in ``until_at``. ``things``:
any of these devices; ``work``: the announced work on devices that made it."""

case_held = Table(
    "case_held",
    metadata,
    Column("sort", String(8), primary_key=True),
    Column("number", Key, primary_key=True, autoincrement=False),
    Column("silence", Key, ForeignKey("case_silences.id"), nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("held_until", Instant, nullable=True),
    Column("state", String(16), nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("case", Key, nullable=True),
    Column("grid", Key, nullable=True),
    Column("body", Json, nullable=False),
    Index("ix_case_held_silence_state", "silence", "state"),
    Index("ix_case_held_held_until", "held_until"),
)
"""What is inside silences, one row each; ``sort``: finding, or trouble of a device. ``state``:
waiting (it lasts, and so does a silence), cleared or withdrawn (it ended inside), opened (it
lasted longer: ``case``). ``held_until`` is set while it waits: when no silence holds it any
longer. ``silence``: the first that held it. ``body``: what was raised."""
