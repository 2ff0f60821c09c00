"""Tables of the assessment: results of cases, schemes put in by hand, reports that were made."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from yiwang.store.database import Instant, Json, Key, metadata

case_results = Table(
    "case_results",
    metadata,
    Column("case", Key, ForeignKey("cases.no"), primary_key=True, autoincrement=False),
    Column("class_code", String(128), nullable=False),
    Column("grid", Key, nullable=True),
    Column("street", Key, nullable=True),
    Column("organisation", Key, nullable=True),
    Column("person", String(64), nullable=False),
    Column("person_name", String(128), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("resident", Boolean, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("accepted_at", Instant, nullable=True),
    Column("dispatched_at", Instant, nullable=True),
    Column("handled_at", Instant, nullable=True),
    Column("first_closed_at", Instant, nullable=True),
    Column("closed_at", Instant, nullable=True),
    Column("ended_at", Instant, nullable=True),
    Column("due_at", Instant, nullable=True),
    Column("judged_at", Instant, nullable=True),
    Column("late", Boolean, nullable=False),
    Column("excused", Boolean, nullable=False),
    Column("accept_clock", Instant, nullable=True),
    Column("accept_work", Instant, nullable=True),
    Column("close_clock", Instant, nullable=True),
    Column("close_work", Instant, nullable=True),
    Column("reworks", Integer, nullable=False),
    Column("reopenings", Integer, nullable=False),
    Column("returns", Integer, nullable=False),
    Column("urges", Integer, nullable=False),
    Column("supervision", Integer, nullable=False),
    Column("extensions", Integer, nullable=False),
    Column("rating", Float, nullable=True),
    Column("solved", Boolean, nullable=True),
    Index("ix_case_results_opened_at", "opened_at"),
    Index("ix_case_results_closed_at", "closed_at"),
    Index("ix_case_results_first_closed_at", "first_closed_at"),
    Index("ix_case_results_ended_at_opened_at", "ended_at", "opened_at"),
    Index("ix_case_results_judged_at", "judged_at"),
)
"""One row a case, made from the case, its timeline and its sources and from nothing else:
``results.recompute`` makes the same rows. The columns of time used (``accept_…``, ``close_…``)
are microseconds from the opening, by the clock and in the city's working time."""

case_schemes = Table(
    "case_schemes",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("code", String(64), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("put_at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Index("ix_case_schemes_code_valid_from", "code", "valid_from"),
)
"""Schemes that somebody put in: the newest of a code and a day counts, the others are kept."""

case_reports = Table(
    "case_reports",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=True),
    Column("span", String(8), nullable=False),
    Column("first_day", String(10), nullable=False),
    Column("until_day", String(10), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("actor", String(160), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("body", Json, nullable=False),
    Index("ix_case_reports_span_first_day", "span", "first_day"),
)
"""``body`` is the whole report as it was when it was made; ``digest`` is the SHA-256 of it."""

report_subscribers = Table(
    "case_report_subscribers",
    metadata,
    Column("span", String(8), primary_key=True),
    Column("user", String(64), primary_key=True),
    Column("since", Instant, nullable=False),
)
"""Accounts that are told when a report of a span was made, beside those of the file."""
