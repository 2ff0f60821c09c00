"""Results of cases, kept up to date by the events of cases and made anew on demand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import func, select

from yiwang.cases import catalogue
from yiwang.cases.scoring.model.outcome import REPORT, Assessed, Line, outcome
from yiwang.cases.scoring.model.periods import WorkedTime
from yiwang.cases.scoring.tables import case_results
from yiwang.cases.tables import case_assessments, case_sources, case_timeline, cases
from yiwang.contracts.events import CaseChanged, CaseOpened
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.registry import cache
from yiwang.registry.areas import AreaIndex
from yiwang.security.actions import Caller, Context, action
from yiwang.store.outbox import Delivery
from yiwang.store.upsert import upsert

TOPICS = (CaseOpened.topic, CaseChanged.topic)

_PART = 250
_CHUNK = 500
_RESULT = (
    cases.c.no,
    cases.c.case_class,
    cases.c.class_code,
    cases.c.grid,
    cases.c.organisation,
    cases.c.handler,
    cases.c.handler_name,
    cases.c.kind,
    cases.c.opened_at,
    cases.c.changed_at,
    cases.c.closed_at,
    cases.c.limit_minutes,
    cases.c.due_at,
    cases.c.overdue,
    cases.c.supervision,
    cases.c.excused,
)
_LINE = (
    case_timeline.c.case,
    case_timeline.c.at,
    case_timeline.c.step,
    case_timeline.c.state,
    case_timeline.c.actor,
    case_timeline.c.details,
)


@action("cases.consume_results", permission="cases.consume", audit_verb="results_kept")
def consume(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Bring the results of the cases up to date that something happened to. Each event says
    only that its case is to be looked at, so one delivered twice changes nothing."""
    keep(ctx, {delivery.body["case"] for delivery in deliveries})


def recompute(caller: Caller) -> int:
    """Make the results of all cases anew, some hundred in a transaction; returns how many
    there are."""
    after = total = 0
    while True:
        count, after = recompute_part(caller, after, _PART)
        if not count:
            return total
        total += count


@action("cases.recompute_results", permission="cases.assess_all", audit_verb="results_recomputed")
def recompute_part(ctx: Context, after: int, most: int) -> tuple[int, int]:
    """Make the results of the next cases behind a number anew: how many, and the last one."""
    query = select(cases.c.no).where(cases.c.no > after).order_by(cases.c.no).limit(most)
    numbers = [row.no for row in ctx.connection.execute(query)]
    keep(ctx, numbers)
    ctx.note("cases", count=len(numbers), after=after)
    return len(numbers), numbers[-1] if numbers else after


def take_up(caller: Caller) -> int:
    """Make results of cases that have none: those from before there were results. Returns how
    many were made."""
    with caller.database.read() as connection:
        there = connection.execute(select(func.count()).select_from(cases)).scalar_one()
        known = connection.execute(select(func.count()).select_from(case_results)).scalar_one()
        if known >= there:
            return 0
        has = select(case_results.c.case).where(case_results.c.case == cases.c.no).exists()
        missing = [row.no for row in connection.execute(select(cases.c.no).where(~has))]
    return remake(caller, missing)


def remake(caller: Caller, numbers: Sequence[int]) -> int:
    """Make the results of some cases anew whose changes told no events, some hundred in a
    transaction; returns how many."""
    for start in range(0, len(numbers), _PART):
        remake_part(caller, numbers[start : start + _PART])
    return len(numbers)


@action("cases.remake_results", permission="cases.import", audit_verb="results_recomputed")
def remake_part(ctx: Context, numbers: Sequence[int]) -> None:
    """Make the results of some cases anew."""
    keep(ctx, numbers)
    ctx.note("cases", count=len(numbers))


def keep(ctx: Context, numbers: Collection[int]) -> None:
    """Write the results of some cases as they are now."""
    worked = WorkedTime(ctx.caller.ports.get(WorkingCalendar) or WorkingCalendar())
    index = cache.area_index(ctx.connection)
    for part in _chunks(sorted(numbers)):
        rows = list(ctx.connection.execute(select(*_RESULT).where(cases.c.no.in_(part))))
        lines = _lines(ctx, part)
        residents = _residents(ctx, part)
        assessed = _assessed(ctx, part)
        found = []
        for row in rows:
            kinds = catalogue.by_id(ctx, row.case_class).machine.states
            found.append(
                outcome(
                    row,
                    [_line(line, kinds) for line in lines[row.no]],
                    worked.between,
                    resident=row.no in residents,
                    street=_street(index, row.grid),
                    assessed=assessed.get(row.no),
                )
            )
        upsert(ctx.connection, case_results, found, ["case"])


def _lines(ctx: Context, numbers: Sequence[int]) -> dict[int, list[Any]]:
    query = select(*_LINE).where(case_timeline.c.case.in_(numbers)).order_by(case_timeline.c.id)
    found: dict[int, list[Any]] = defaultdict(list)
    for row in ctx.connection.execute(query):
        found[row.case].append(row)
    return found


def _line(row: Any, states: Any) -> Line:
    state = states.get(row.state)
    kind = state.kind if state is not None else ("done" if row.step == "close" else "")
    return Line(row.at, row.step, row.state, kind, row.actor, row.details)


def _residents(ctx: Context, numbers: Sequence[int]) -> set[int]:
    """The cases to which reports of residents came."""
    query = select(case_sources.c.case, case_sources.c["values"]).where(
        case_sources.c.case.in_(numbers), case_sources.c.kind == REPORT
    )
    return {row.case for row in ctx.connection.execute(query) if row[1].get("resident")}


def _assessed(ctx: Context, numbers: Sequence[int]) -> dict[int, Assessed]:
    """The last word on each case's handling."""
    table = case_assessments.c
    query = select(table.case, table.rating, table.solved).where(table.case.in_(numbers))
    rows = ctx.connection.execute(query.order_by(table.id))
    return {row.case: Assessed(row.rating, row.solved) for row in rows}


def _street(index: AreaIndex, grid: int | None) -> int | None:
    """The street that an area lies in, or is."""
    return next((one for one in index.chain(grid) if index.areas[one].level == "street"), None)


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _CHUNK):
        yield numbers[start : start + _CHUNK]
