"""What is counted: each count is an instant that must lie in the period, and a condition on
the result of a case. Rates, sums and the lists behind them are all made from these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from yiwang.cases.scoring.model.schemes import Terms
from yiwang.cases.scoring.tables import case_results

_c = case_results.c


@dataclass(frozen=True)
class Asked:
    """What conditions may depend on: how words are meant, the end of the period, and the
    instant before which an opened case should have been accepted by now."""

    terms: Terms
    end: int
    accept_by: int


Condition = Callable[[Asked], ColumnElement[bool]]


@dataclass(frozen=True)
class Count:
    """``instant``: the column that must lie in the period; None for what is so at its end or
    now, whenever it began."""

    instant: Any
    condition: Condition


_valid = _c.kind != "void"
_done = _c.kind == "done"
_open = _c.kind.in_(("new", "working", "waiting"))
_guilty = and_(_c.late, _c.excused.is_(False))


def _accepted_in_time(asked: Asked) -> ColumnElement[bool]:
    used = _c.accept_work if asked.terms.accept_counting == "working" else _c.accept_clock
    return and_(_valid, used <= asked.terms.accept_minutes * 60_000_000)


def _backlog(asked: Asked) -> ColumnElement[bool]:
    ended = or_(_c.ended_at.is_(None), _c.ended_at >= asked.end)
    return and_(_valid, _c.opened_at < asked.end, ended)


def _fixed(condition: ColumnElement[bool]) -> Condition:
    return lambda asked: condition


COUNTS: Mapping[str, Count] = {
    "filed": Count(_c.opened_at, _fixed(_valid)),
    "void": Count(_c.opened_at, _fixed(_c.kind == "void")),
    "filed_closed": Count(_c.opened_at, _fixed(_done)),
    "of_residents": Count(
        _c.opened_at,
        lambda asked: and_(
            _valid, or_(_c.resident, _c.channel.in_(sorted(asked.terms.resident_channels)))
        ),
    ),
    "to_accept": Count(
        _c.opened_at,
        lambda asked: and_(
            _valid, or_(_c.accepted_at.is_not(None), _c.opened_at <= asked.accept_by)
        ),
    ),
    "accepted_in_time": Count(_c.opened_at, _accepted_in_time),
    "returned": Count(_c.opened_at, _fixed(and_(_valid, _c.returns > 0))),
    "urged": Count(_c.opened_at, _fixed(and_(_valid, _c.urges > 0))),
    "supervised": Count(_c.opened_at, _fixed(and_(_valid, _c.supervision > 0))),
    "extended": Count(_c.opened_at, _fixed(and_(_valid, _c.extensions > 0))),
    "closed": Count(_c.closed_at, _fixed(_done)),
    "reworked": Count(_c.closed_at, _fixed(and_(_done, _c.reworks > 0))),
    "called_back": Count(
        _c.closed_at, _fixed(and_(_done, or_(_c.rating.is_not(None), _c.solved.is_not(None))))
    ),
    "rated": Count(_c.closed_at, _fixed(and_(_done, _c.rating.is_not(None)))),
    "satisfied": Count(
        _c.closed_at, lambda asked: and_(_done, _c.rating >= asked.terms.satisfied_from)
    ),
    "asked_solved": Count(_c.closed_at, _fixed(and_(_done, _c.solved.is_not(None)))),
    "solved": Count(_c.closed_at, _fixed(and_(_done, _c.solved))),
    "first_closed": Count(_c.first_closed_at, _fixed(_valid)),
    "reopened": Count(_c.first_closed_at, _fixed(and_(_valid, _c.reopenings > 0))),
    "judged": Count(_c.judged_at, _fixed(_valid)),
    "in_time": Count(_c.judged_at, _fixed(and_(_valid, or_(_c.late.is_(False), _c.excused)))),
    "late": Count(_c.judged_at, _fixed(and_(_valid, _guilty))),
    "excused": Count(_c.judged_at, _fixed(and_(_valid, _c.excused))),
    "backlog": Count(None, _backlog),
    "open_now": Count(None, _fixed(_open)),
    "overdue_now": Count(None, _fixed(and_(_open, _guilty))),
}

SUMS: Mapping[str, tuple[str, Any]] = {
    "reworks": ("reworked", _c.reworks),
    "reopenings": ("reopened", _c.reopenings),
    "returns": ("returned", _c.returns),
    "urges": ("urged", _c.urges),
    "supervisions": ("supervised", _c.supervision),
    "extensions": ("extended", _c.extensions),
    "rating_sum": ("rated", _c.rating),
    "close_clock_sum": ("closed", _c.close_clock),
    "close_work_sum": ("closed", _c.close_work),
}
"""Sums over the cases of a count."""

BY: Mapping[str, Any] = {
    "class": _c.class_code,
    "grid": _c.grid,
    "street": _c.street,
    "organisation": _c.organisation,
    "person": _c.person,
    "channel": _c.channel,
}
"""By what cases are grouped; a case that has none of it is in the group 0 (or "")."""


def within(count: Count, asked: Asked, start: int) -> ColumnElement[bool]:
    """The condition of a count, and its instant in the period."""
    if count.instant is None:
        return count.condition(asked)
    return and_(count.instant >= start, count.instant < asked.end, count.condition(asked))
