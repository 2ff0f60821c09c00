"""Tables of emergencies: plans, incidents, their tasks, the command log and alerts."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
)

from yiwang.store.database import Instant, Json, Key, metadata

emergency_plans = Table(
    "emergency_plans",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=False),
    Column("pack", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", Json, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("installed_at", Instant, nullable=False),
    Index("ix_emergency_plans_code_active", "code", "active"),
)
"""Every version of a plan that ever was; an incident keeps the one it was started with."""

incidents = Table(
    "incidents",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=True),
    Column("plan", Key, ForeignKey("emergency_plans.id"), nullable=False),
    Column("plan_code", String(128), nullable=False),
    Column("level", String(64), nullable=False),
    Column("exercise", Boolean, nullable=False),
    Column("running", Boolean, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("level_at", Instant, nullable=False),
    Column("ended_at", Instant, nullable=True),
    Column("started_by", String(160), nullable=False),
    Column("reason", Text, nullable=False),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("grid", Key, nullable=True),
    Column("place_name", String(300), nullable=False),
    Column("commanders", Json, nullable=False),
    Column("review", Json, nullable=True),
    Index("ix_incidents_running_no", "running", "no"),
)

incident_cases = Table(
    "incident_cases",
    metadata,
    Column("incident", Key, ForeignKey("incidents.no"), primary_key=True, autoincrement=False),
    Column("case", Key, ForeignKey("cases.no"), primary_key=True, autoincrement=False),
    Column("running", Key, nullable=True),
    Column("at", Instant, nullable=False),
    Index("ix_incident_cases_case", "case"),
    Index("ix_incident_cases_running", "running", unique=True),
)
"""``running`` is the number of the case while the incident runs: the database itself refuses
a second running incident for one case."""

incident_tasks = Table(
    "incident_tasks",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("incident", Key, ForeignKey("incidents.no"), nullable=False),
    Column("code", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("title", Json, nullable=False),
    Column("function", String(64), nullable=False),
    Column("named", String(64), nullable=False),
    Column("after", Json, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("place", String(16), nullable=False),
    Column("photos_needed", Integer, nullable=False),
    Column("text_needed", Boolean, nullable=False),
    Column("escalate", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("organisation", Key, nullable=True),
    Column("handler", String(64), nullable=False),
    Column("handler_name", String(128), nullable=False),
    Column("reasons", Json, nullable=False),
    Column("escalated", Integer, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("opened_at", Instant, nullable=True),
    Column("due_at", Instant, nullable=True),
    Column("watch_at", Instant, nullable=True),
    Column("taken_at", Instant, nullable=True),
    Column("settled_at", Instant, nullable=True),
    Column("late", Boolean, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("text", Text, nullable=False),
    Column("photos", Json, nullable=False),
    Column("reason", Text, nullable=False),
    Column("dropped", Boolean, nullable=False),
    Index("ix_incident_tasks_incident_code", "incident", "code", "round", unique=True),
    Index("ix_incident_tasks_organisation", "organisation", "incident"),
    Index("ix_incident_tasks_watch_at", "watch_at"),
)
"""``watch_at`` is set while a task is unsettled and not yet late."""

incident_log = Table(
    "incident_log",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("incident", Key, ForeignKey("incidents.no"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("event", String(64), nullable=False),
    Column("actor", String(160), nullable=False),
    Column("text", Text, nullable=False),
    Column("task", Key, nullable=True),
    Column("details", Json, nullable=False),
    Index("ix_incident_log_incident_id", "incident", "id"),
)
"""The command log (指挥日志): rows are added, never changed."""

incident_photos = Table(
    "incident_photos",
    metadata,
    Column("task", Key, ForeignKey("incident_tasks.id"), primary_key=True, autoincrement=False),
    Column("sha", String(64), primary_key=True),
    Column("incident", Key, nullable=False),
    Column("type", String(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Index("ix_incident_photos_incident_sha", "incident", "sha"),
)

alerts_received = Table(
    "alerts_received",
    metadata,
    Column("sender", String(200), primary_key=True),
    Column("identifier", String(200), primary_key=True),
    Column("sent_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("status", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("case", Key, nullable=True),
    Column("actor", String(160), nullable=False),
    Column("raw", String(64), nullable=False),
)
"""Messages of other authorities, each once; ``raw`` is the blob of what came."""

alerts = Table(
    "alerts",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("incident", Key, ForeignKey("incidents.no"), nullable=False),
    Column("identifier", String(128), nullable=False),
    Column("chain", Key, nullable=True),
    Column("sent_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("status", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("public", Boolean, nullable=False),
    Column("current", Boolean, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("headline", Json, nullable=False),
    Column("xml", Text, nullable=False),
    Index("ix_alerts_identifier", "identifier", unique=True),
    Index("ix_alerts_incident_id", "incident", "id"),
    Index("ix_alerts_public_id", "public", "id"),
)
"""Messages of the Common Alerting Protocol as they were sent. ``chain`` is the first message
of those that update and cancel one another, ``current`` the last of a chain."""
