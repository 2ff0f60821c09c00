"""What a step does to a case beside its state. Each returns what the timeline keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from yiwang.cases import catalogue, crew, store
from yiwang.cases.actions import sides
from yiwang.cases.actions.sides import Effect
from yiwang.cases.desk import Desk
from yiwang.cases.errors import BadTarget
from yiwang.cases.likeness import store as likes
from yiwang.cases.model.classes import SEVERITIES
from yiwang.cases.model.dispatch import Assignment, Reason
from yiwang.cases.model.guards import Given
from yiwang.cases.record import Record


def _dispatch(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``to`` {organisation?, person?}; without it the platform chooses. Raises BadTarget."""
    if not given.to:
        found = desk.city.assign(desk.wanted(record), at)
        if found.organisation is None:
            raise BadTarget("to", what="organisation", value="")
    else:
        found = _chosen(desk, record, given, at)
    was = {"organisation": record.organisation, "handler": record.handler_name}
    desk.assign(record, found, at)
    return {
        "organisation": record.organisation,
        "handler": record.handler_name,
        "reasons": record.dispatch,
        "from": was,
    }


def _chosen(desk: Desk, record: Record, given: Given, at: int) -> Assignment:
    by = Reason("chosen", {"by": desk.ctx.identity.label})
    number = given.to.get("person")
    if number is not None:
        person = desk.city.person(number) if isinstance(number, int) else None
        if person is None or person.organisation is None:
            raise BadTarget("to.person", what="person", value=number)
        return Assignment(person.organisation, person.user, person.name, (by,))
    organisation = sides.organisation_of(desk, given.to.get("organisation"))
    found = desk.city.person_for(desk.wanted(record), organisation, at)
    return replace(found, reasons=(by, *found.reasons))


def _start(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """Whoever starts is the handler from now on."""
    identity = desk.ctx.identity
    if identity.kind in ("user", "token") and record.handler != identity.name:
        person = desk.city.person_named(identity.name)
        record.handler = identity.name
        record.handler_name = person.name if person else identity.name
    crew.seen_at(desk.ctx, record.lon, record.lat, at)
    return {"handler": record.handler_name}


def _report(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    record.handled_by = desk.ctx.identity.name
    crew.seen_at(desk.ctx, record.lon, record.lat, at)
    return {}


def _return(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    record.returns += 1
    return _take_back(desk, record, given, at) | {"times": record.returns}


def _take_back(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    was = {"organisation": record.organisation, "handler": record.handler_name}
    record.organisation = None
    record.handler = record.handler_name = ""
    return {"from": was}


def _rework(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    record.handled_by = ""
    record.reworks += 1
    return {"rework": True, "times": record.reworks}


def reopen(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    was = {
        "overdue": record.overdue,
        "excused": record.excused,
        "closed_at": record.closed_at,
        "organisation": record.organisation,
        "handler": record.handler_name,
    }
    record.handled_by = ""
    record.organisation = None
    record.handler = record.handler_name = ""
    record.reopens += 1
    desk.restart_clock(record, at)
    return {"from": was, "to": {"due_at": record.due_at}}


def _change(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``to`` {severity?, case_class?, grid?}: the deadline is computed anew. Raises
    BadTarget, NoSuchClass."""
    severity = given.to.get("severity", record.severity)
    code = given.to.get("case_class", record.class_code)
    grid = given.to.get("grid", record.grid)
    if severity not in SEVERITIES:
        raise BadTarget("to.severity", what="severity", value=severity)
    if grid != record.grid and desk.city.area(grid) is None:
        raise BadTarget("to.grid", what="area", value=grid)
    was = _limits(record)
    record.severity = str(severity)
    record.grid = grid if isinstance(grid, int) else None
    if code != record.class_code:
        number, case_class = catalogue.one(desk.ctx, str(code))
        if record.state not in case_class.machine.states:
            raise BadTarget("to.case_class", what="case_class", value=code)
        record.case_class, record.class_code = number, case_class.code
        desk.claim_keys(record)
    desk.change_limit(record, at)
    return {"from": was, "to": _limits(record)}


def _limits(record: Record) -> dict[str, Any]:
    return {
        "severity": record.severity,
        "case_class": record.class_code,
        "grid": record.grid,
        "minutes": record.limit_minutes,
        "counting": record.counting,
        "due_at": record.due_at,
    }


def _merge(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``to`` {case}: another open case takes over the sources of this one. Raises BadTarget."""
    number = given.to.get("case")
    if not isinstance(number, int) or number == record.no:
        raise BadTarget("to.case", what="case", value=number)
    other = desk.record(number)
    if not other.open:
        raise BadTarget("to.case", what="case", value=number)
    store.move_sources(desk.ctx.connection, record.no, other.no)
    _recount(desk, record, other)
    record.merged_into = other.no
    desk.line(other, "took_over", at, details={"case": record.no})
    return {"case": other.no}


def _split(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """A case that was merged by mistake lives again, with the sources that it brought; the two
    are proposed as duplicates no more."""
    other = desk.record(record.merged_into or 0)
    store.take_back_sources(desk.ctx.connection, record.no, other.no)
    _recount(desk, record, other)
    record.merged_into = None
    likes.dismiss(desk.ctx.connection, record.no, other.no, at, desk.ctx.identity.label)
    desk.line(other, "gave_back", at, details={"case": record.no})
    return {"case": other.no}


def _recount(desk: Desk, *records: Record) -> None:
    for record in records:
        for name, value in store.tally(desk.ctx.connection, record.no).items():
            setattr(record, name, value)


EFFECTS: Mapping[str, Effect] = {
    **sides.EFFECTS,
    "dispatch": _dispatch,
    "transfer": _dispatch,
    "start": _start,
    "report": _report,
    "return": _return,
    "take_back": _take_back,
    "verify_not_ok": _rework,
    "reopen": reopen,
    "change": _change,
    "merge": _merge,
    "split": _split,
}

REOPENING = ("reopen", "split")
