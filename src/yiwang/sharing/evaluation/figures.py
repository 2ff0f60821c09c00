"""What is counted: each figure is a condition on the rows of a source, of whom it is counted, and
what each row adds. Sums, rates, the rows behind them and the digests of what a report was made
from all come from these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, func, or_, true
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from yiwang.kernel.clock import DAY
from yiwang.sharing.evaluation.sources import Asked

Columns = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]
Condition = Callable[[Columns, Asked], ColumnElement[bool]]
PROVIDER, USER = "provider", "organisation"


@dataclass(frozen=True)
class Figure:
    """``adds``: the column whose value a row adds; empty where each row is one. ``tenths``: the
    column holds points with one decimal, and tenths are added. ``whole``: what each row adds."""

    source: str
    condition: Condition
    side: str = PROVIDER
    adds: str = ""
    tenths: bool = False
    whole: int = 1

    def measure(self, columns: Columns) -> ColumnElement[int]:
        """What a row that is counted adds."""
        if not self.adds:
            return cast(self.whole, Integer)
        value = columns[self.adds]
        return cast(func.round(value * 10), Integer) if self.tenths else value


def _within(column: str) -> Condition:
    return lambda c, asked: and_(c[column] >= asked.start, c[column] < asked.end)


def _all(*conditions: Condition) -> Condition:
    return lambda c, asked: and_(true(), *(one(c, asked) for one in conditions))


def _is(column: str, *values: Any) -> Condition:
    return lambda c, asked: c[column].in_(values)


def _true(column: str) -> Condition:
    return lambda c, asked: c[column]


def _more(column: str) -> Condition:
    return lambda c, asked: c[column] > 0


def _open_at_end(begun: str, ended: str) -> Condition:
    return lambda c, asked: and_(
        c[begun] < asked.end, or_(c[ended].is_(None), c[ended] >= asked.end)
    )


def _reviewed(c: Columns, asked: Asked) -> ColumnElement[bool]:
    """Not granted at once by rule (无条件共享)."""
    return ~and_(c.state == "granted", c.answered_at == c.asked_at)


def _at_once(c: Columns, asked: Asked) -> ColumnElement[bool]:
    return and_(c.state == "granted", c.answered_at == c.asked_at)


def _in_time(*states: str) -> Condition:
    """Answered on the days, before the limit."""
    return _all(_within("answered_at"), _is("state", *states), _not_behind("answered_at"))


def _not_behind(column: str) -> Condition:
    return lambda c, asked: c[column] <= c.answer_by


def _late(c: Columns, asked: Asked) -> ColumnElement[bool]:
    """The limit passed on the days without an answer, whatever came afterwards."""
    unanswered = or_(c.answered_at.is_(None), c.answered_at > c.answer_by)
    return and_(unanswered, c.answer_by >= asked.start, c.answer_by < asked.end)


def _either(*conditions: Condition) -> Condition:
    return lambda c, asked: or_(*(one(c, asked) for one in conditions))


def _overdue(c: Columns, asked: Asked) -> ColumnElement[bool]:
    return c.answer_by < asked.end


def _put_right(c: Columns, asked: Asked) -> ColumnElement[bool]:
    return and_(
        c.closed_at >= asked.start,
        c.closed_at < asked.end,
        c.closed_at <= c.opened_at + asked.terms.issue_days * DAY,
    )


def _issue_late(c: Columns, asked: Asked) -> ColumnElement[bool]:
    limit = c.opened_at + asked.terms.issue_days * DAY
    missed = or_(c.closed_at.is_(None), c.closed_at > limit)
    return and_(missed, limit >= asked.start, limit < asked.end)


def _satisfied(c: Columns, asked: Asked) -> ColumnElement[bool]:
    return c.stars >= asked.terms.satisfied_from


def _rated(c: Columns, asked: Asked) -> ColumnElement[bool]:
    return c.stars.is_not(None)


def _shareable(c: Columns, asked: Asked) -> ColumnElement[bool]:
    return and_(c.in_force, c.share_type != "none")


_ANSWERED = _all(_within("answered_at"), _is("state", "granted", "refused"), _reviewed)
_REQUEST_IN_TIME = _all(_in_time("granted", "refused"), _reviewed)
_TOLD = _all(_within("answered_at"), _is("state", "accepted", "rejected"))
_TOLD_IN_TIME = _in_time("accepted", "rejected")
_FORCE = _true("in_force")
_GRANT = _all(_open_at_end("granted_at", "ended_at"), lambda c, asked: c.expires_at >= asked.end)
_RAN = _is("state", "done", "differs", "failed")
_OPEN = _open_at_end("released_at", "withdrawn_at")

FIGURES: Mapping[str, Figure] = {
    "duties": Figure("duties", lambda c, asked: true()),
    "duties_met": Figure("duties", _true("met")),
    "compiled": Figure("resources", _within("made_at")),
    "published": Figure("resources", _within("published_at")),
    "retired": Figure("resources", _within("retired_at")),
    "resources": Figure("resources", _FORCE),
    "shareable": Figure("resources", _shareable),
    "with_data": Figure("resources", _all(_shareable, _true("with_data"))),
    "to_update": Figure("resources", _all(_FORCE, _true("has_cycle"))),
    "up_to_date": Figure("resources", _all(_FORCE, _true("has_cycle"), _true("fresh"))),
    "renewals": Figure("resources", _more("renewals"), adds="renewals"),
    "completeness_points": Figure("resources", _FORCE, adds="completeness", tenths=True),
    "completeness_full": Figure("resources", _FORCE, whole=1000),
    "received": Figure("requests", _within("asked_at")),
    "at_once": Figure("requests", _all(_within("asked_at"), _at_once)),
    "answered": Figure("requests", _ANSWERED),
    "granted": Figure("requests", _all(_ANSWERED, _is("state", "granted"))),
    "refused": Figure("requests", _all(_ANSWERED, _is("state", "refused"))),
    "requests_due": Figure("requests", _either(_REQUEST_IN_TIME, _late)),
    "requests_in_time": Figure("requests", _REQUEST_IN_TIME),
    "requests_late": Figure("requests", _late),
    "requests_waiting": Figure("requests", _open_at_end("asked_at", "answered_at")),
    "requests_overdue": Figure("requests", _all(_open_at_end("asked_at", "answered_at"), _overdue)),
    "asked": Figure("requests", _within("asked_at"), USER),
    "asked_granted": Figure(
        "requests", _all(_within("answered_at"), _is("state", "granted")), USER
    ),
    "demands_received": Figure("demands", _within("made_at")),
    "demands_met": Figure("demands", _all(_within("answered_at"), _is("state", "met"))),
    "demands_open": Figure("demands", _open_at_end("made_at", "answered_at")),
    "demands_made": Figure("demands", _within("made_at"), USER),
    "grants_given": Figure("grants", _GRANT),
    "grants_held": Figure("grants", _GRANT, USER),
    "grants_used": Figure("grants", _all(_GRANT, _more("calls")), USER),
    "calls_served": Figure("grants", _more("calls"), adds="calls"),
    "rows_served": Figure("grants", _more("rows"), adds="rows"),
    "checks_served": Figure("grants", _more("checks"), adds="checks"),
    "calls_made": Figure("grants", _more("calls"), USER, adds="calls"),
    "rows_read": Figure("grants", _more("rows"), USER, adds="rows"),
    "checks_made": Figure("grants", _more("checks"), USER, adds="checks"),
    "files_put": Figure("files", _within("put_at")),
    "files_delivered": Figure("deliveries", _within("made_at")),
    "files_received": Figure("deliveries", _within("made_at"), USER),
    "runs": Figure("runs", _RAN),
    "runs_done": Figure("runs", _is("state", "done")),
    "runs_failed": Figure("runs", _is("state", "differs", "failed")),
    "rows_exchanged": Figure("runs", _more("written"), adds="written"),
    "rows_rejected": Figure("runs", _more("rejected"), adds="rejected"),
    "checked": Figure("checks", lambda c, asked: true()),
    "quality_points": Figure("checks", lambda c, asked: true(), adds="score", tenths=True),
    "quality_full": Figure("checks", lambda c, asked: true(), whole=1000),
    "issues_opened": Figure("issues", _within("opened_at")),
    "issues_closed": Figure("issues", _within("closed_at")),
    "issues_open": Figure("issues", _open_at_end("opened_at", "closed_at")),
    "issues_due": Figure("issues", _either(_put_right, _issue_late)),
    "issues_in_time": Figure("issues", _put_right),
    "issues_late": Figure("issues", _issue_late),
    "complaints": Figure("complaints", _all(_within("filed_at"), _is("kind", "complaint"))),
    "corrections": Figure("complaints", _all(_within("filed_at"), _is("kind", "correction"))),
    "complaints_answered": Figure("complaints", _TOLD),
    "complaints_upheld": Figure("complaints", _all(_TOLD, _is("state", "accepted"))),
    "corrected": Figure("complaints", _within("corrected_at")),
    "complaints_due": Figure("complaints", _either(_TOLD_IN_TIME, _late)),
    "complaints_in_time": Figure("complaints", _TOLD_IN_TIME),
    "complaints_late": Figure("complaints", _late),
    "complaints_open": Figure("complaints", _open_at_end("filed_at", "answered_at")),
    "answers_rated": Figure("complaints", _all(_TOLD, _rated)),
    "answers_satisfied": Figure("complaints", _all(_TOLD, _rated, _satisfied)),
    "complaints_made": Figure("complaints", _within("filed_at"), USER),
    "opened": Figure("openings", _OPEN),
    "released": Figure("openings", _within("released_at")),
    "open_views": Figure("openings", _more("views"), adds="views"),
    "open_downloads": Figure("openings", _more("downloads"), adds="downloads"),
    "open_calls": Figure("openings", _more("calls"), adds="calls"),
}
