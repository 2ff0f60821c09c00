"""Importing cases through the intake of everybody, in event time.

Each row is a report, a dispatch and a closing, taken at the instants that the row gives. What
is imported is history: nobody is notified of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from yiwang.cases.actions import reports, steps, watch
from yiwang.cases.actions.reports import Report
from yiwang.cases.desk import Desk
from yiwang.cases.importing import nouns, store
from yiwang.cases.importing.mapping import ImportMapping
from yiwang.cases.importing.model import Entry
from yiwang.cases.importing.nouns import Names, Nouns
from yiwang.cases.importing.store import Known
from yiwang.cases.model.guards import Given
from yiwang.cases.record import Record
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Context, action, query
from yiwang.security.model import system

BATCH = 1000
"""Cases whose deadlines pass at once, at the end."""


@dataclass(frozen=True)
class Begun:
    """An import under way: its number, the city's nouns for it, and the rows that are in
    already, by key."""

    number: int
    nouns: Nouns
    known: dict[str, Known]


@dataclass(frozen=True)
class Event:
    """A row is opened, or (``closes``) closed, at an instant."""

    at: int
    entry: Entry
    closes: bool


@dataclass
class Done:
    """What one batch did. ``not_closed``: closings that the case did not allow, by key."""

    opened: int = 0
    closed: int = 0
    not_closed: dict[str, str] = field(default_factory=dict)


@action("cases.begin_import", permission="cases.import", audit_verb="case_import_begun")
def begin_import(
    ctx: Context, mapping: ImportMapping, file: str, digest: str, names: Names
) -> Begun:
    """Make the nouns that rows need, and an import or the one that was interrupted."""
    made = nouns.put(ctx, mapping, names)
    number = store.unfinished(ctx.connection, mapping.source, digest)
    if number is None:
        number = store.begin(ctx.connection, mapping.source, file, digest, ctx.now)
    ctx.note(f"case_import:{number}", source=mapping.source, digest=digest)
    return Begun(number, made, store.known(ctx.connection, mapping.source))


@action("cases.import_rows", permission="cases.import", audit_verb="cases_imported")
def import_rows(
    ctx: Context, mapping: ImportMapping, begun: Begun, events: Sequence[Event]
) -> Done:
    """Open and close the cases of some events, in their order. ``begun.known`` grows with it."""
    done = Done()
    clock = ManualClock()
    inside = _inside(ctx, mapping.source, clock)
    desk = Desk(inside)
    desk.load(
        begun.known[one.entry.key].case
        for one in events
        if one.closes and one.entry.key in begun.known
    )
    rows: list[dict[str, Any]] = []
    ended: dict[str, bool | None] = {}
    fresh: dict[str, Known] = {}
    for one in events:
        clock.set(one.at)
        inside.now = one.at
        key = one.entry.key
        held = fresh.get(key) or begun.known.get(key)
        if not one.closes and held is None:
            record = _open(desk, begun.nouns, one.entry)
            fresh[key] = Known(record.no, begun.number, False)
            rows.append(_row(mapping.source, one.entry, fresh[key]))
            done.opened += 1
        elif one.closes and held is not None and not held.ended:
            refused = _close(desk, desk.record(held.case), one.entry)
            done.closed += not refused
            done.not_closed |= {key: refused} if refused else {}
            ended[key] = one.entry.on_time
            fresh[key] = held._replace(ended=True)
    desk.flush()
    store.put_rows(ctx.connection, rows)
    store.end_rows(ctx.connection, mapping.source, ended)
    begun.known.update(fresh)
    ctx.note(f"case_import:{begun.number}", opened=done.opened, closed=done.closed)
    return done


@action("cases.finish_import", permission="cases.import", audit_verb="case_import_finished")
def finish_import(
    ctx: Context,
    mapping: ImportMapping,
    begun: Begun,
    last: int,
    refused: Sequence[Mapping[str, Any]],
    report: Callable[[Context], dict[str, Any]],
) -> dict[str, Any]:
    """Keep the rows that were refused, let the deadlines pass that passed until ``last``, and
    write the import's report."""
    desk = Desk(_inside(ctx, mapping.source, ManualClock(last)))
    while numbers := watch.due(ctx.connection, last, BATCH):
        desk.load(numbers)
        for number in numbers:
            _let_pass(desk, desk.record(number), last)
        desk.flush()
    store.put_refused(ctx.connection, begun.number, refused)
    made = report(ctx)
    store.finish(ctx.connection, begun.number, ctx.now, made)
    ctx.note(f"case_import:{begun.number}", rejected=len(refused))
    return made


@query("cases.refused_rows", permission="cases.read")
def refused_rows(ctx: Context, number: int) -> list[dict[str, Any]]:
    """The first thousand rows that an import refused, each with its reason and as it was."""
    return [
        {"row": one.row, "reason": one.reason, "value": one.value, "raw": one.raw}
        for one in store.refused(ctx.connection, number)
    ]


def _inside(ctx: Context, source: str, clock: ManualClock) -> Context:
    """The same transaction in event time. Its events are let go: they are history."""
    caller = replace(ctx.caller, identity=system(f"import {source}"), clock=clock)
    return Context(caller, ctx.connection)


def _open(desk: Desk, found: Nouns, entry: Entry) -> Record:
    held = found.classes[entry.class_name]
    values = dict(entry.kept)
    if entry.early:
        values["closed_before_opened"] = True
    given = Report(
        held[1].code,
        entry.text,
        lon=entry.lon,
        lat=entry.lat,
        address=entry.address,
        title=entry.title,
        severity=entry.severity,
        channel=entry.channel,
        due_at=entry.target,
        values={"key": entry.key} | values,
    )
    record, _ = reports.receive(desk, held, given)
    where = found.organisations.get((entry.department, entry.queue))
    if where is not None:
        steps.apply(desk, record, "dispatch", Given(to={"organisation": where}))
    return record


def _close(desk: Desk, record: Record, entry: Entry) -> str:
    """Close a case, after what its deadline brought about until then; the code of the error
    where that is not possible."""
    _let_pass(desk, record, desk.ctx.now - 1)
    try:
        steps.apply(desk, record, "close", Given(reason=entry.closing))
    except YiwangError as error:
        return error.code
    return ""


def _let_pass(desk: Desk, record: Record, until: int) -> None:
    """Whatever a case's deadline brings about until an instant, one after the other."""
    while (at := record.look_next()) is not None and at <= until:
        watch.mark(desk, record, at)


def _row(source: str, entry: Entry, held: Known) -> dict[str, Any]:
    return {
        "source": source,
        "key": entry.key,
        "imported_by": held.imported_by,
        "case": held.case,
        "ended": False,
        "on_time": entry.on_time,
    }
