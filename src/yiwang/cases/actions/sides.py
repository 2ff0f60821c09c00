"""Effects of the side paths: levels and other authorities, joint work, more time, appeals,
supervision, assessment. Each returns what the timeline keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yiwang.cases import assessments, parts
from yiwang.cases.desk import Desk
from yiwang.cases.errors import BadTarget, NotToCome, StepImpossible, TooMuchTime
from yiwang.cases.model import deadlines, levels
from yiwang.cases.model.dispatch import Reason
from yiwang.cases.model.guards import Given
from yiwang.cases.model.levels import Office
from yiwang.cases.record import Record
from yiwang.kernel.clock import MINUTE, render

Effect = Callable[[Desk, Record, Given, int], dict[str, Any]]

EXTERNAL = "external"
"""The kind of organisations that stand outside the city's own: another city, a company."""


def assigned(
    desk: Desk, record: Record, organisation: int, at: int, *why: Reason
) -> dict[str, Any]:
    """Give a case to an organisation, and there to who is on duty."""
    was = {"organisation": record.organisation, "handler": record.handler_name}
    found = desk.city.person_for(desk.wanted(record), organisation, at)
    desk.assign(record, found, at)
    record.dispatch[:0] = [{"code": one.code, "fields": dict(one.fields)} for one in why]
    return {
        "organisation": record.organisation,
        "handler": record.handler_name,
        "reasons": record.dispatch,
        "from": was,
    }


def _escalate(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """Up to the unit that the responsibility matrix names for the next level, else the one
    that has the class's function there. Raises StepImpossible."""
    listed = desk.city.listed_above(desk.wanted(record), record.organisation, at)
    if listed is not None:
        return assigned(desk, record, listed.unit.id, at, *listed.reasons())
    return _to_level(desk, record, levels.above, "no_level_above", "level_above", "escalate", at)


def _hand_down(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """Down one level; ``to`` {organisation} chooses another unit. Raises StepImpossible,
    BadTarget."""
    if given.to:
        number = organisation_of(desk, given.to.get("organisation"))
        by = Reason("chosen", {"by": desk.ctx.identity.label})
        return assigned(desk, record, number, at, by)
    return _to_level(desk, record, levels.below, "no_level_below", "level_below", "hand_down", at)


def _to_level(
    desk: Desk,
    record: Record,
    find: Callable[[Office, Sequence[Office], Sequence[int]], int | None],
    missing: str,
    code: str,
    step: str,
    at: int,
) -> dict[str, Any]:
    role = desk.class_of(record).role
    held = desk.city.organisation(record.organisation or 0)
    here = Office(held.id, held.area, held.parent) if held else Office(0, None)
    units = [Office(one.id, one.area, one.parent) for one in desk.city.with_role(role)]
    number = find(here, units, desk.city.chain(record.grid))
    unit = desk.city.organisation(number) if number is not None else None
    if unit is None or unit.id == record.organisation:
        raise StepImpossible(f"case:{record.no}", no=record.no, step=step, why=missing)
    why = Reason(code, {"role": role, "organisation": unit.names})
    return assigned(desk, record, unit.id, at, why)


def _hand_over(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``to`` {organisation} outside the city's own; the case waits for its answer. Raises
    BadTarget."""
    number = organisation_of(desk, given.to.get("organisation"))
    unit = desk.city.organisation(number)
    if unit is None or unit.kind != EXTERNAL:
        raise BadTarget("to.organisation", what="external_organisation", value=number)
    by = Reason("chosen", {"by": desk.ctx.identity.label})
    return assigned(desk, record, number, at, by)


def _outside_answer(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    identity = desk.ctx.identity
    theirs = identity.organisation is not None and identity.organisation == record.organisation
    record.handled_by = identity.name if theirs else ""
    return {}


def _ask_joint(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``to`` {organisations}: each is asked for a part. Raises BadTarget."""
    wanted = given.to.get("organisations")
    found = list(dict.fromkeys(wanted)) if isinstance(wanted, list) else []
    numbers = [organisation_of(desk, one) for one in found]
    busy = desk.facts(record).asked | {record.organisation}
    for number in numbers:
        if number in busy:
            raise BadTarget("to.organisations", what="joint_organisation", value=number)
    by = desk.ctx.identity.label
    parts.ask(desk.ctx.connection, record.no, numbers, given.text.strip(), at, by)
    record.parts += len(numbers)
    record.open_parts += len(numbers)
    return {"organisations": numbers}


def _answer_part(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    organisation = desk.ctx.identity.organisation
    if organisation is None:
        raise BadTarget("organisation", what="joint_organisation", value="")
    return _end_part(desk, record, organisation, "answered", given.text.strip(), at)


def _waive_part(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``to`` {organisation} whose part is no longer waited for. Raises BadTarget."""
    number = organisation_of(desk, given.to.get("organisation"))
    return _end_part(desk, record, number, "waived", given.reason.strip(), at)


def _end_part(
    desk: Desk, record: Record, organisation: int, state: str, answer: str, at: int
) -> dict[str, Any]:
    by = desk.ctx.identity.label
    ended = parts.end(
        desk.ctx.connection, record.no, state, at, by, answer=answer, organisation=organisation
    )
    if not ended:
        raise BadTarget("to.organisation", what="joint_organisation", value=organisation)
    record.open_parts -= ended
    return {"organisation": organisation, "left": record.open_parts}


def _ask_extension(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``minutes``, or ``until`` when. Raises TooMuchTime beyond what the class allows."""
    minutes = _more(desk, record, given)
    bounds = desk.class_of(record).machine.bounds
    limit = (record.limit_minutes or 0) - record.extended
    _within(minutes, int(limit * bounds.extension_share) - record.extended)
    record.extension_asked = minutes
    return {"minutes": minutes, "due_at": record.due_at}


def _extend_granted(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``minutes`` or ``until`` where the centre grants another time than was asked for."""
    asked = record.extension_asked or 0
    minutes = asked if given.minutes is None and given.until is None else _more(desk, record, given)
    _within(minutes, asked)
    was = {"minutes": record.limit_minutes, "due_at": record.due_at}
    record.extension_asked = None
    record.extensions += 1
    desk.extend(record, minutes, at)
    now = {"minutes": record.limit_minutes, "due_at": record.due_at}
    return {"asked": asked, "minutes": minutes, "from": was, "to": now}


def _extend_refused(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    asked, record.extension_asked = record.extension_asked, None
    return {"asked": asked}


def _more(desk: Desk, record: Record, given: Given) -> int:
    """Minutes of the case's own counting; ``until`` counts from the deadline."""
    if given.until is None:
        return given.minutes or 0
    due = record.due_at if record.due_at is not None else desk.ctx.now
    if record.counting == "clock":
        return -(-(given.until - due) // MINUTE)
    return -(-desk.city.calendar.between(due, max(due, given.until)) // MINUTE)


def _within(minutes: int, most: int) -> None:
    if not 1 <= minutes <= most:
        raise TooMuchTime("minutes", minutes=minutes, most=max(most, 0))


def _suspend(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """``until``: the day on which the case goes on by itself. Raises NotToCome."""
    if given.until is None:
        return {}
    if given.until <= desk.ctx.now:
        raise NotToCome("until", until=render(given.until))
    record.resume_at = given.until
    return {"until": given.until}


def _appeal(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    record.appeal = "asked"
    return {"due_at": record.due_at}


def _appeal_accepted(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    record.appeal, record.excused = "accepted", True
    return {"excused": True}


def _appeal_rejected(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    record.appeal = "rejected"
    return {"excused": False}


def supervise(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """One level more; by when the handler must answer stands in the class."""
    bounds = desk.class_of(record).machine.bounds
    record.supervision += 1
    level = bounds.level(record.supervision)
    record.answer_by = None
    if level.answer is not None:
        record.answer_by = deadlines.after(level.answer, at, desk.city.calendar)
    return {
        "level": record.supervision,
        "title": dict(level.title),
        "answer_by": record.answer_by,
    }


def _answer_supervision(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    was, record.answer_by = record.answer_by, None
    return {"level": record.supervision, "answer_by": was}


def _urge(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    record.urges += 1
    return {"times": record.urges}


def _assess(desk: Desk, record: Record, given: Given, at: int) -> dict[str, Any]:
    """By those who reported it, or by somebody who has asked them."""
    identity = desk.ctx.identity
    first = bool(record.reporter) and record.reporter == identity.name
    on_behalf = not (first or desk.joined(record))
    record.assessments += 1
    assessments.add(
        desk.ctx.connection,
        case=record.no,
        at=at,
        actor=identity.label,
        on_behalf=on_behalf,
        rating=given.rating,
        solved=given.solved,
        text=given.text.strip(),
        organisation=record.organisation,
        handler=record.handler,
    )
    return {"rating": given.rating, "solved": given.solved, "on_behalf": on_behalf}


def organisation_of(desk: Desk, number: object) -> int:
    """Raises BadTarget for what is no registered organisation."""
    if not isinstance(number, int) or desk.city.organisation(number) is None:
        raise BadTarget("to.organisation", what="organisation", value=number)
    return number


EFFECTS: Mapping[str, Effect] = {
    "escalate": _escalate,
    "hand_down": _hand_down,
    "hand_over": _hand_over,
    "outside_answer": _outside_answer,
    "ask_joint": _ask_joint,
    "answer_part": _answer_part,
    "waive_part": _waive_part,
    "ask_extension": _ask_extension,
    "extend_granted": _extend_granted,
    "extend_refused": _extend_refused,
    "suspend": _suspend,
    "appeal": _appeal,
    "appeal_accepted": _appeal_accepted,
    "appeal_rejected": _appeal_rejected,
    "supervise": supervise,
    "answer_supervision": _answer_supervision,
    "urge": _urge,
    "assess": _assess,
}
