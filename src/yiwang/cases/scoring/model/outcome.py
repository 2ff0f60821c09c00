"""What became of a case, from its row, its timeline and its sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Between = Callable[[int, int], int]
"""Microseconds of working time between two instants."""

FINDING, DEVICE, REPORT = "finding", "device", "report"
"""Channels of cases that name none: a rule found it, a device is troubled, somebody said so."""

_COUNTED = {
    "verify_not_ok": "reworks",
    "return": "returns",
    "urge": "urges",
    "extend_granted": "extensions",
}


class Case(NamedTuple):
    """What a result takes from the row of its case; the columns of these names."""

    no: int
    case_class: int
    class_code: str
    grid: int | None
    organisation: int | None
    handler: str
    handler_name: str
    kind: str
    opened_at: int
    changed_at: int
    closed_at: int | None
    limit_minutes: int | None
    due_at: int | None
    overdue: bool
    supervision: int
    excused: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One step of the timeline. ``kind`` is that of the state it led to."""

    at: int
    step: str
    state: str
    kind: str
    actor: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Assessed:
    """How those who reported it found the handling: 1 (worst) to 5, the mean of all, and whether
    the trouble is gone for all of them; None where it was not said."""

    rating: float | None
    solved: bool | None


@dataclass(frozen=True, slots=True)
class Said:
    """One assessment."""

    at: int
    actor: str
    rating: int | None
    solved: bool | None


def assessed(said: Sequence[Said], closed_at: int | None) -> Assessed | None:
    """What all who assessed a case say together: everybody's last word since its end; where
    nobody has spoken since, the last word of all. ``said`` is in the order of saying."""
    if not said:
        return None
    since = [one for one in said if closed_at is not None and one.at >= closed_at]
    last = list({one.actor: one for one in since or said[-1:]}.values())
    ratings = [one.rating for one in last if one.rating is not None]
    solved = [one.solved for one in last if one.solved is not None]
    return Assessed(
        sum(ratings) / len(ratings) if ratings else None, all(solved) if solved else None
    )


@dataclass(slots=True)
class _Found:
    """What the timeline tells, line by line."""

    accepted_at: int | None = None
    dispatched_at: int | None = None
    handled_at: int | None = None
    first_closed_at: int | None = None
    overdue_at: int | None = None
    organisation: int | None = None
    handled_by: str = ""
    reopenings: int = 0
    lates: list[tuple[bool, int]] = field(default_factory=list)
    """The rounds that were late: whether excused, and when the time ran out."""


def outcome(
    case: Case,
    lines: Sequence[Line],
    between: Between,
    *,
    resident: bool = False,
    street: int | None = None,
    assessed: Assessed | None = None,
) -> dict[str, Any]:
    """The row of ``case_results``, in words of the table."""
    found = _read(lines)
    closed_at = case.closed_at if case.kind == "done" else None
    if case.overdue:
        ran_out = _first(found.overdue_at, closed_at, case.due_at, case.changed_at)
        found.lates.append((case.excused, ran_out or case.opened_at))
    excused, late_at = min(found.lates, default=(False, None))
    late = late_at is not None
    in_time_at = closed_at if case.limit_minutes is not None else None
    steps = [line.step for line in lines]
    return {
        "case": case.no,
        "class_code": case.class_code,
        "grid": case.grid,
        "street": street,
        "organisation": case.organisation or found.organisation,
        "person": case.handler or found.handled_by,
        "person_name": case.handler_name,
        "channel": _channel(lines),
        "resident": resident or "claimed" in steps,
        "kind": case.kind,
        "opened_at": case.opened_at,
        "accepted_at": found.accepted_at,
        "dispatched_at": found.dispatched_at,
        "handled_at": found.handled_at,
        "first_closed_at": found.first_closed_at,
        "closed_at": closed_at,
        "ended_at": case.closed_at if case.kind in ("done", "void") else None,
        "due_at": case.due_at,
        "judged_at": late_at if late else in_time_at,
        "late": late,
        "excused": excused,
        **_spans("accept", case.opened_at, found.accepted_at, between),
        **_spans("close", case.opened_at, closed_at, between),
        **{column: steps.count(step) for step, column in _COUNTED.items()},
        "reopenings": found.reopenings,
        "supervision": case.supervision,
        "rating": assessed.rating if assessed else None,
        "solved": assessed.solved if assessed else None,
    }


def _read(lines: Sequence[Line]) -> _Found:
    found = _Found()
    before = lines[0] if lines else None
    for line in lines:
        assert before is not None
        if found.accepted_at is None and line.state != lines[0].state:
            found.accepted_at = line.at
        if line.kind == "done" and before.kind != "done":
            found.first_closed_at = _first(found.first_closed_at, line.at)
        if line.step in ("dispatch", "transfer", "claimed"):
            found.dispatched_at = _first(found.dispatched_at, line.at)
            found.organisation = line.details.get("organisation", found.organisation)
        elif line.step == "report":
            found.handled_at = _first(found.handled_at, line.at)
            found.handled_by = line.actor.removeprefix("user:").removeprefix("token:")
        elif line.step == "return":
            found.organisation, found.handled_by = None, ""
        elif line.step == "overdue":
            found.overdue_at = line.at
        elif line.step == "reopen":
            _reopened(found, line, before)
        before = line
    return found


def _reopened(found: _Found, line: Line, before: Line) -> None:
    """A new round begins: that the one before was late stays so."""
    was = line.details.get("from", {})
    if was.get("overdue"):
        ran_out = _first(found.overdue_at, was.get("closed_at"), line.at)
        found.lates.append((bool(was.get("excused")), ran_out or line.at))
    found.overdue_at = None
    found.reopenings += before.kind == "done"


def _channel(lines: Iterable[Line]) -> str:
    for line in lines:
        if line.step == "opened":
            channel = str(line.details.get("channel") or "")
            sensed = FINDING if "finding" in line.details else REPORT
            return channel[:64] or (DEVICE if "trouble" in line.details else sensed)
    return REPORT


def _spans(name: str, start: int, end: int | None, between: Between) -> dict[str, int | None]:
    if end is None:
        return {f"{name}_clock": None, f"{name}_work": None}
    return {f"{name}_clock": max(0, end - start), f"{name}_work": between(start, end)}


def _first(*instants: int | None) -> int | None:
    return next((one for one in instants if one is not None), None)
