"""Tables of cases. A row of ``cases`` is a projection of its timeline, written with it."""

from __future__ import annotations

from typing import Any

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
    TypeDecorator,
    false,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from yiwang.store.database import Instant, Json, Key, metadata


def _where_set(column: str) -> dict[str, Any]:
    """An index over the rows alone in which a column is set: it stays as small as their number, and
    a planner sees that it is."""
    condition = text(f"{column} IS NOT NULL")
    return {"sqlite_where": condition, "postgresql_where": condition}


case_classes = Table(
    "case_classes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(128), nullable=False),
    Column("pack", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", Json, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("installed_at", Instant, nullable=False),
    Index("ix_case_classes_code_active", "code", "active"),
)
"""Every version of a class that ever was; a case keeps the one it was opened with."""

cases = Table(
    "cases",
    metadata,
    Column("no", Key, primary_key=True, autoincrement=False),
    Column("case_class", Key, ForeignKey("case_classes.id"), nullable=False),
    Column("class_code", String(128), nullable=False),
    Column("title", String(200), nullable=False),
    Column("description", Text, nullable=False),
    Column("severity", String(16), nullable=False),
    Column("state", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("open", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("dispatched_at", Instant, nullable=True),
    Column("closed_at", Instant, nullable=True),
    Column("limit_minutes", Integer, nullable=True),
    Column("counting", String(8), nullable=False),
    Column("clock_used", Instant, nullable=False),
    Column("clock_since", Instant, nullable=True),
    Column("due_at", Instant, nullable=True),
    Column("watch_at", Instant, nullable=True),
    Column("overdue", Boolean, nullable=False),
    Column("place", Key, nullable=True),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("address", String(300), nullable=False),
    Column("grid", Key, nullable=True),
    Column("organisation", Key, nullable=True),
    Column("handler", String(64), nullable=False),
    Column("handler_name", String(128), nullable=False),
    Column("handled_by", String(64), nullable=False),
    Column("reporter", String(64), nullable=False),
    Column("one_per", String(200), nullable=False),
    Column("merge_key", String(340), nullable=True),
    Column("merge_cell", String(200), nullable=True),
    Column("last_source_at", Instant, nullable=False),
    Column("sources", Integer, nullable=False),
    Column("valid_sources", Integer, nullable=False),
    Column("findings", Integer, nullable=False),
    Column("live_findings", Integer, nullable=False),
    Column("touched", Boolean, nullable=False),
    Column("supervision", Integer, nullable=False),
    Column("answer_by", Instant, nullable=True),
    Column("resume_at", Instant, nullable=True),
    Column("stage_due_at", Instant, nullable=True),
    Column("stage_warn_at", Instant, nullable=True),
    Column("stage_warned", Integer, nullable=False, server_default="0"),
    Column("warn_at", Instant, nullable=True),
    Column("warned", Integer, nullable=False),
    Column("extended", Integer, nullable=False),
    Column("extensions", Integer, nullable=False),
    Column("extension_asked", Integer, nullable=True),
    Column("appeal", String(8), nullable=False),
    Column("excused", Boolean, nullable=False),
    Column("urges", Integer, nullable=False),
    Column("returns", Integer, nullable=False),
    Column("reworks", Integer, nullable=False),
    Column("reopens", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("open_parts", Integer, nullable=False),
    Column("assessments", Integer, nullable=False),
    Column("handed_on", Boolean, nullable=False, server_default=false()),
    Column("merged_into", Key, nullable=True),
    Column("storm", Key, nullable=True),
    Column("dispatch", Json, nullable=False),
    Index("ix_cases_open_no", "open", "no"),
    Index("ix_cases_kind_no", "kind", "no"),
    Index("ix_cases_open_due_at", "open", "due_at", **_where_set("due_at")),
    Index("ix_cases_class_code_open_no", "class_code", "open", "no"),
    Index("ix_cases_grid_open_no", "grid", "open", "no"),
    Index("ix_cases_organisation_open_no", "organisation", "open", "no"),
    Index("ix_cases_handler_open_no_class_code", "handler", "open", "no", "class_code"),
    Index("ix_cases_reporter_no", "reporter", "no"),
    Index("ix_cases_opened_at", "opened_at"),
    Index("ix_cases_watch_at", "watch_at", **_where_set("watch_at")),
    Index("ix_cases_open_lon_lat", "open", "lon", "lat"),
    Index("ix_cases_merge_key", "merge_key", unique=True, **_where_set("merge_key")),
    Index("ix_cases_merge_cell", "merge_cell", **_where_set("merge_cell")),
    Index("ix_cases_storm_no", "storm", "no", **_where_set("storm")),
)
"""``merge_key`` and ``merge_cell`` are set only while a case is open, so that the database
itself refuses a second open case for one key. ``watch_at`` is when the deadline watch looks
next: the first of ``warn_at``, ``due_at``, ``answer_by`` (supervision), ``resume_at``
(suspension), ``stage_warn_at`` and ``stage_due_at`` (limit of the state). ``touched``: a person
has acted.
``extended``: minutes granted. ``appeal``: asked, accepted or rejected; ``excused``: late, but
not by the handler's fault. ``storm``: the group it belongs to; 0 where somebody took it out
of one, so that it is gathered no more. ``urges`` to ``reopens`` count the steps of a case's
whole life."""


class Pieces(TypeDecorator[Any]):
    """The pieces of a text, as each database indexes them: letters and digits alone."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Any) -> Any:
        kind = TSVECTOR() if dialect.name == "postgresql" else Text()
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Any, dialect: Any) -> str:
        return (
            " ".join(f"'{one}'" for one in value)
            if dialect.name == "postgresql"
            else " ".join(value)
        )


case_texts = Table(
    "case_texts",
    metadata,
    Column("case", Key, ForeignKey("cases.no"), primary_key=True, autoincrement=False),
    Column("words", Text, nullable=False),
    Column("pieces", Pieces, nullable=False),
    Index(
        "ix_case_texts_pieces",
        "pieces",
        postgresql_using="gin",
        postgresql_with={"gin_pending_list_limit": 512},
        sqlite_where=text("pieces IS NULL"),
    ),
)
"""What cases are found by. On SQLite, where the index holds nothing, ``texts.write`` puts new rows
into the full-text table ``case_words``, and triggers keep those that change."""

case_timeline = Table(
    "case_timeline",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case", Key, ForeignKey("cases.no"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("step", String(64), nullable=False),
    Column("actor", String(160), nullable=False),
    Column("state", String(64), nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("photos", Json, nullable=False),
    Column("details", Json, nullable=False),
    Index("ix_case_timeline_case_id", "case", "id"),
)

SENSED = ("finding", "trouble", "check")
"""Kinds of source that a sensor or a check of data stands behind: they end by themselves."""

case_sources = Table(
    "case_sources",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case", Key, ForeignKey("cases.no"), nullable=False),
    Column("came_to", Key, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("finding", Key, nullable=True),
    Column("trouble", Key, nullable=True),
    Column("finding_key", String(300), nullable=False),
    Column("rule", String(160), nullable=False),
    Column("at", Instant, nullable=False),
    Column("cleared_at", Instant, nullable=True),
    Column("withdrawn_at", Instant, nullable=True),
    Column("reporter", String(64), nullable=False),
    Column("actor", String(160), nullable=False),
    Column("text", Text, nullable=False),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("thing", Key, nullable=True),
    Column("how", Json, nullable=False),
    Column("values", Json, nullable=False),
    Index("ix_case_sources_case", "case"),
    Index("ix_case_sources_finding", "finding", unique=True, **_where_set("finding")),
    Index("ix_case_sources_trouble", "trouble", unique=True, **_where_set("trouble")),
    Index("ix_case_sources_reporter", "reporter"),
    Index(
        "ix_case_sources_moved",
        "came_to",
        sqlite_where=text('"case" != came_to'),
        postgresql_where=text('"case" != came_to'),
    ),
)
"""What a case came from. ``came_to`` is the case that a source led to first; merging and
splitting move ``case`` only."""

case_photos = Table(
    "case_photos",
    metadata,
    Column("case", Key, ForeignKey("cases.no"), primary_key=True),
    Column("sha", String(64), primary_key=True),
    Column("type", String(32), nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("lon", Float, nullable=True),
    Column("lat", Float, nullable=True),
    Column("taken_at", Instant, nullable=True),
    Column("print", String(16), nullable=True),
    Index("ix_case_photos_sha", "sha"),
    Index("ix_case_photos_print", "print", **_where_set("print")),
)
"""``lon``, ``lat`` and ``taken_at`` are what the camera wrote into the file before it was taken
out: evidence for staff. ``print``: by what the same picture is known, however it was stored."""

case_parts = Table(
    "case_parts",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case", Key, ForeignKey("cases.no"), nullable=False),
    Column("organisation", Key, nullable=False),
    Column("asked", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", String(160), nullable=False),
    Column("state", String(8), nullable=False),
    Column("answer", Text, nullable=False),
    Column("answered_at", Instant, nullable=True),
    Column("answered_by", String(160), nullable=False),
    Index("ix_case_parts_case", "case"),
    Index("ix_case_parts_organisation_state_case", "organisation", "state", "case"),
)
"""What joint units do for the lead of a case. ``state``: open, answered, waived (by the
centre, for the reason in ``answer``) or dropped (the case ended before)."""

case_handed = Table(
    "case_handed",
    metadata,
    Column("case", Key, ForeignKey("cases.no"), primary_key=True, autoincrement=False),
    Column("organisation", Key, primary_key=True, autoincrement=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("open", Boolean, nullable=False, server_default=true()),
    Index("ix_case_handed_organisation_case", "organisation", "case"),
    Index("ix_case_handed_organisation_open_case", "organisation", "open", "case"),
)
"""Which organisations handed a case on, ``by`` whose account and when last; ``open`` is the
case's. A case that has rows here is ``handed_on``."""

case_assessments = Table(
    "case_assessments",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("case", Key, ForeignKey("cases.no"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("on_behalf", Boolean, nullable=False),
    Column("rating", Integer, nullable=False),
    Column("solved", Boolean, nullable=True),
    Column("text", Text, nullable=False),
    Column("organisation", Key, nullable=True),
    Column("handler", String(64), nullable=False),
    Index("ix_case_assessments_case", "case"),
    Index("ix_case_assessments_at", "at"),
)
"""How satisfied reporters were, by themselves or ``on_behalf`` in a call-back. ``rating``: 1
to 5; ``organisation`` and ``handler`` are those whose work was assessed."""

worker_positions = Table(
    "worker_positions",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("at", Instant, nullable=False),
)
"""Where somebody worked last: began with a case or reported it handled."""

case_numbers = Table(
    "case_numbers",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("last", Key, nullable=False),
)

case_counts = Table(
    "case_counts",
    metadata,
    Column("class_code", String(128), primary_key=True),
    Column("organisation", Key, primary_key=True, autoincrement=False),
    Column("kind", String(8), primary_key=True),
    Column("overdue", Boolean, primary_key=True),
    Column("count", Key, nullable=False),
)
"""How many cases there are, kept up to date; organisation 0 is the centre's queue."""

case_loads = Table(
    "case_loads",
    metadata,
    Column("handler", String(64), primary_key=True),
    Column("severity", String(16), primary_key=True),
    Column("count", Key, nullable=False),
)
"""How many open cases somebody has, kept up to date: who is given the next one depends on it."""
