"""One case at the desk is brought into another version of its class, or back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from yiwang.cases import catalogue
from yiwang.cases.desk import Desk
from yiwang.cases.model import merging, moving
from yiwang.cases.model.classes import CaseClass
from yiwang.cases.model.guards import Refusal
from yiwang.cases.model.moving import Choices, Held
from yiwang.cases.record import Record
from yiwang.security.actions import Context

TOUCHED = (
    "case_class",
    "state",
    "kind",
    "previous",
    "limit_minutes",
    "counting",
    "clock_used",
    "clock_since",
    "due_at",
    "overdue",
    "warn_at",
    "warned",
    "resume_at",
    "stage_due_at",
    "stage_warn_at",
    "stage_warned",
    "merge_cell",
)
"""The columns that a move may change, and that undoing it puts back."""
SHOWN = ("case_class", "state", "limit_minutes", "counting", "due_at", "overdue")
WATCHED = ("warned", "overdue", "stage_warned", "stage_overdue")
"""Steps by which time alone marks a case: nobody has changed it."""
_OF_STAGE = ("stage_due_at", "stage_warn_at", "stage_warned")

Values = dict[str, Any]


class Target(NamedTuple):
    """A version of a class by its number."""

    number: int
    case_class: CaseClass


def target(ctx: Context, number: int) -> Target:
    return Target(number, catalogue.by_id(ctx, number))


def bring(desk: Desk, record: Record, to: Target, choices: Choices, at: int) -> Values | Refusal:
    """Change a running case at the desk; returns what its columns were, or why it stays.

    The time used is kept; the limit becomes that of the new version, unless it was given by
    hand. A limit of the state that is new begins now. Writes no line.
    """
    held = Held(record.state, record.kind, record.previous, record.open_parts)
    place = moving.place(to.case_class, held, choices)
    if isinstance(place, Refusal):
        return place
    was = touched(record)
    old = desk.class_of(record)
    stage = old.machine.bounds.stages.get(record.state)
    record.case_class = to.number
    if place.kind != record.kind:
        record.resume_at = None
        desk.times.run(record, at, place.kind in ("new", "working"))
        desk.times.settle(record)
    record.state, record.kind, record.previous = place.state, place.kind, place.previous
    desk.times.follow(record, old, at)
    if to.case_class.machine.bounds.stages.get(place.state) != stage:
        desk.times.enter(record, at)
    record.merge_cell = merging.cell(to.case_class, record.lon, record.lat)
    desk.keep(record)
    return was


def put_back(desk: Desk, record: Record, was: Mapping[str, Any], marks: set[str]) -> None:
    """Give a case the columns that it had. What time has noted since (``marks``) about the limit
    of its state is not noted again."""
    for name, value in was.items():
        if name in _OF_STAGE[:2] and "stage_overdue" in marks:
            value = None
        elif name in _OF_STAGE[1:] and "stage_warned" in marks:
            continue
        setattr(record, name, value)
    desk.times.know(record)
    desk.keep(record)


def touched(record: Record) -> Values:
    return {name: getattr(record, name) for name in TOUCHED}


def shown(values: Mapping[str, Any]) -> Values:
    """What a line of the timeline says of a side of the move."""
    return {name: values[name] for name in SHOWN}
