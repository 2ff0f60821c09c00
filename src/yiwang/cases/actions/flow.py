"""What the platform does with a case by itself: dispatch, and what follows from a step."""

from __future__ import annotations

from yiwang.cases.actions import effects, sides
from yiwang.cases.desk import Desk
from yiwang.cases.learning import proposals
from yiwang.cases.model.classes import SEVERITIES, CaseClass
from yiwang.cases.model.dispatch import Reason
from yiwang.cases.model.guards import Given
from yiwang.cases.offers import opening
from yiwang.cases.record import Record
from yiwang.kernel.clock import MINUTE

AUTOMATIC = "system:cases"
"""Actor of steps that follow from others without anybody's doing."""


def dispatch(desk: Desk, record: Record, at: int, offered: bool = True, channel: str = "") -> None:
    """Send a case where its class, its place and the roster say, or offer it first where its
    class is ``offered``. Where nobody is responsible it goes where closed cases teach, if that
    is sure enough for the city; else it stays in the command centre's queue, with the reasons."""
    if offered and opening.open_(desk, record, at):
        return
    case_class = desk.class_of(record)
    found = desk.city.assign(desk.wanted(record), at)
    found = proposals.consider(desk, record, found, at, channel)
    desk.assign(record, found, at)
    step = case_class.machine.steps.get("dispatch")
    if step is None or found.organisation is None:
        desk.line(record, "queued", at, actor=AUTOMATIC, details={"reasons": record.dispatch})
        return
    desk.move(record, step.to, at)
    details = {
        "organisation": record.organisation,
        "handler": record.handler_name,
        "reasons": record.dispatch,
    } | ({"co": list(found.co)} if found.co else {})
    desk.line(record, "dispatch", at, actor=AUTOMATIC, details=details)


def raise_severity(desk: Desk, record: Record, severity: str, at: int) -> None:
    """A graver source makes an open case graver; a milder one leaves it as it is."""
    if severity not in SEVERITIES or not record.open:
        return
    if SEVERITIES.index(severity) <= SEVERITIES.index(record.severity):
        return
    was = {"severity": record.severity, "due_at": record.due_at}
    record.severity = severity
    desk.change_limit(record, at)
    now = {"severity": severity, "due_at": record.due_at}
    desk.line(record, "change", at, actor=AUTOMATIC, details={"from": was, "to": now})


def on_cleared(desk: Desk, record: Record, at: int) -> None:
    """All findings of a case have ended: its class says what that means.

    ``verify``: the sensor confirms what was handled. ``close``: a case that nobody has
    touched, or that was handled, is over; one that somebody works on is left to them.
    """
    case_class = desk.class_of(record)
    if not record.open or case_class.on_cleared == "note":
        return
    waits = "verify_ok" in steps_from(case_class, record.state)
    if waits and (case_class.on_cleared == "close" or case_class.verification == "sensor"):
        verified(desk, record, at, "cases.reason.sensor_cleared")
    elif case_class.on_cleared == "close" and not record.touched:
        end(desk, record, "close", at, "cases.reason.cleared")


def after(desk: Desk, record: Record, step: str, at: int, given: Given | None = None) -> None:
    """What follows by itself from a step that somebody took."""
    case_class = desk.class_of(record)
    if step in ("report", "outside_answer"):
        if case_class.verification == "none" and case_class.closing == "automatic":
            end(desk, record, "close", at, "cases.reason.no_verification")
        elif case_class.verification == "sensor" and _sensor_confirms(record):
            verified(desk, record, at, "cases.reason.sensor_cleared")
    elif step == "verify_ok" and case_class.closing == "automatic":
        end(desk, record, "close", at, "cases.reason.verified")
    elif step == "return":
        _bounced(desk, record, at)
    elif step == "assess" and given is not None and given.solved is False:
        _unsolved(desk, record, at)


def supervise(desk: Desk, record: Record, step: str, at: int, reason: str) -> None:
    """A level of supervision more, without anybody's doing."""
    details = sides.supervise(desk, record, Given(), at)
    if step != "supervise":
        details |= {"returns": record.returns}
    desk.line(record, step, at, actor=AUTOMATIC, reason=reason, details=details)


def _bounced(desk: Desk, record: Record, at: int) -> None:
    """Returned again and again: the centre is told, and supervision goes a level up."""
    told = desk.class_of(record).machine.bounds.returns_told
    if told is not None and record.returns % told == 0:
        supervise(desk, record, "bounced", at, "cases.reason.bounced")


def _unsolved(desk: Desk, record: Record, at: int) -> None:
    """Whoever reported it says that it is not solved: it goes back to those who handled it."""
    machine = desk.class_of(record).machine
    rule = machine.steps.get("reopen")
    ended = record.closed_at if record.closed_at is not None else at
    if at - ended > machine.bounds.unsolved_within * MINUTE:
        return
    if rule is None or record.state not in rule.sources:
        return
    owner = record.organisation
    details = effects.reopen(desk, record, Given(), at)
    desk.move(record, rule.to, at)
    reason = "cases.reason.not_solved"
    desk.line(record, "reopen", at, actor=AUTOMATIC, reason=reason, details=details)
    desk.claim_keys(record)
    again = machine.steps.get("dispatch")
    if owner is not None and again is not None and record.state in again.sources:
        details = sides.assigned(desk, record, owner, at, Reason("handled_before"))
        desk.move(record, again.to, at)
        desk.line(record, "dispatch", at, actor=AUTOMATIC, details=details)


def verified(desk: Desk, record: Record, at: int, reason: str) -> None:
    case_class = desk.class_of(record)
    desk.move(record, case_class.machine.steps["verify_ok"].to, at)
    desk.line(record, "verify_ok", at, actor=AUTOMATIC, reason=reason)
    after(desk, record, "verify_ok", at)


def end(
    desk: Desk, record: Record, step: str, at: int, reason: str, actor: str = AUTOMATIC
) -> None:
    """Close or void past the steps between: without anybody's doing, or for many at once."""
    machine = desk.class_of(record).machine
    kind = "done" if step == "close" else "void"
    rule = machine.steps.get(step)
    endings = [name for name, state in machine.states.items() if state.kind == kind]
    state = rule.to if rule is not None else endings[0]
    desk.move(record, state, at)
    desk.line(record, step, at, actor=actor, reason=reason)


def steps_from(case_class: CaseClass, state: str) -> list[str]:
    """The steps that lead on from a state."""
    return [name for name, rule in case_class.machine.steps.items() if state in rule.sources]


def _sensor_confirms(record: Record) -> bool:
    """Findings there were, and none of them lasts."""
    return record.findings > 0 and record.live_findings == 0
