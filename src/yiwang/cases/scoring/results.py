"""Results of cases, kept up to date by the events of cases and made anew on demand."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import func, select

from yiwang.cases import catalogue
from yiwang.cases.scoring.model.outcome import assessed, outcome
from yiwang.cases.scoring.reading import MOST, Read
from yiwang.cases.scoring.tables import case_results
from yiwang.cases.tables import cases
from yiwang.contracts.events import CaseChanged, CaseOpened
from yiwang.kernel.periods import WorkedTime
from yiwang.registry import cache
from yiwang.registry.areas import AreaIndex
from yiwang.security.actions import Caller, Context, action
from yiwang.store.outbox import Delivery
from yiwang.store.statements import replacing

TOPICS = (CaseOpened.topic, CaseChanged.topic)

_PART = 250
_WRITE = replacing(case_results, ["case"])


@action("cases.consume_results", permission="cases.consume", audit_verb="results_kept")
def consume(ctx: Context, deliveries: Sequence[Delivery]) -> None:
    """Bring the results of the cases up to date that something happened to. Each event says
    only that its case is to be looked at, so one delivered twice changes nothing."""
    prepare(ctx, deliveries)(ctx)


def prepare(ctx: Context, deliveries: Sequence[Delivery]) -> Callable[[Context], None]:
    """The same, up to the writing."""
    found = _made(ctx, {delivery.body["case"] for delivery in deliveries})
    return lambda ctx: _write(ctx, found)


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
    _write(ctx, _made(ctx, numbers))


def _write(ctx: Context, found: Sequence[dict[str, Any]]) -> None:
    if found:
        _WRITE.many(ctx.connection, found)


def _made(ctx: Context, numbers: Collection[int]) -> list[dict[str, Any]]:
    worked = WorkedTime(ctx.caller.calendar)
    index = cache.area_index(ctx.connection)
    streets: dict[int | None, int | None] = {}
    found = []
    for part in _chunks(sorted(numbers)):
        read = Read(ctx.connection, part)
        for row in read.rows:
            if row.grid not in streets:
                streets[row.grid] = _street(index, row.grid)
            found.append(
                outcome(
                    row,
                    read.lines(row.no, catalogue.by_id(ctx, row.case_class).machine.states),
                    worked.between,
                    resident=row.no in read.residents,
                    street=streets[row.grid],
                    assessed=assessed(read.said.get(row.no, ()), row.closed_at),
                )
            )
    return found


def _street(index: AreaIndex, grid: int | None) -> int | None:
    """The street that an area lies in, or is."""
    return next((one for one in index.chain(grid) if index.areas[one].level == "street"), None)


def _chunks(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), MOST):
        yield numbers[start : start + MOST]
