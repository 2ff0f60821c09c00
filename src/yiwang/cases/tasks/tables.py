"""Tables of supervised tasks (督查督办): plans, their tasks, milestones, reports and history.

What a task is as a matter (its lead, its state, its deadline, its joint units) stands in its
case; here stands what a plan adds to it.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, text
from sqlalchemy import UniqueConstraint as Unique

from yiwang.cases.tables import cases
from yiwang.store.database import Instant, Json, Key, metadata

_watched = text("watch_at IS NOT NULL")

work_plans = Table(
    "work_plans",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("title", Json, nullable=False),
    Column("basis", Text, nullable=False),
    Column("starts", String(10), nullable=False),
    Column("ends", String(10), nullable=False),
    Column("owner", Key, nullable=True),
    Column("case_class", String(128), nullable=False),
    Column("state", String(8), nullable=False),
    Column("version", Integer, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", String(160), nullable=False),
    Column("started_at", Instant, nullable=True),
    Column("ended_at", Instant, nullable=True),
)
"""``state``: draft, running or ended; ``starts`` and ``ends`` are days; ``owner`` is the
supervising office; an empty ``case_class`` is the built-in one."""

plan_tasks = Table(
    "plan_tasks",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("plan", Key, ForeignKey(work_plans.c.id), nullable=False),
    Column("number", String(32), nullable=False),
    Column("title", String(200), nullable=False),
    Column("wanted", Text, nullable=False),
    Column("lead", Key, nullable=False),
    Column("joint", Json, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("weight", Float, nullable=False),
    Column("target", Float, nullable=True),
    Column("unit", String(32), nullable=False),
    Column("rhythm", String(8), nullable=False),
    Column("case", Key, ForeignKey(cases.c.no), nullable=True, unique=True),
    Column("percent", Integer, nullable=True),
    Column("reached", Float, nullable=True),
    Column("removed", Boolean, nullable=False),
    Column("seen_to", Instant, nullable=True),
    Column("watch_at", Instant, nullable=True),
    Index("ix_plan_tasks_plan_id", "plan", "id"),
    Index("ix_plan_tasks_watch_at", "watch_at", sqlite_where=_watched, postgresql_where=_watched),
)
"""``lead``, ``joint`` and ``due_at`` are what the case is opened with. Reminders until
``seen_to`` have been given; ``watch_at`` is when the next one is due."""

plan_milestones = Table(
    "plan_milestones",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("task", Key, ForeignKey(plan_tasks.c.id), nullable=False),
    Column("title", String(200), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("done_at", Instant, nullable=True),
    Column("report", Key, nullable=True),
    Index("ix_plan_milestones_task", "task"),
)

plan_reports = Table(
    "plan_reports",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("task", Key, ForeignKey(plan_tasks.c.id), nullable=False),
    Column("period", String(10), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("percent", Integer, nullable=False),
    Column("reached", Float, nullable=True),
    Column("text", Text, nullable=False),
    Column("evidence", Json, nullable=False),
    Column("late", Boolean, nullable=False),
    Index("ix_plan_reports_task_id", "task", "id"),
)
"""Progress reports, only ever added to. ``period``: 2026-W48, 2026-11, or empty where the task
has no rhythm."""

plan_missing = Table(
    "plan_missing",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("task", Key, ForeignKey(plan_tasks.c.id), nullable=False),
    Column("period", String(10), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("report", Key, nullable=True),
    Unique("task", "period"),
)
"""Reports that were not there when they were due; ``report`` is the one that came late."""

plan_changes = Table(
    "plan_changes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("plan", Key, ForeignKey(work_plans.c.id), nullable=False),
    Column("task", Key, nullable=True),
    Column("at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("what", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("before", Json, nullable=False),
    Column("after", Json, nullable=False),
    Index("ix_plan_changes_plan_id", "plan", "id"),
)
