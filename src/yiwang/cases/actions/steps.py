"""Taking a step: the guards of the case's class, then the step's effect, then what follows."""

from __future__ import annotations

from typing import Any, NamedTuple

from yiwang.cases import handed, store
from yiwang.cases.actions import effects, flow
from yiwang.cases.desk import Desk
from yiwang.cases.errors import (
    ChangedMeanwhile,
    NoSuchCase,
    NoSuchPicture,
    StepImpossible,
    StepIncomplete,
    StepRefused,
    WordsTooLong,
)
from yiwang.cases.learning import classes, proposals
from yiwang.cases.model import guards
from yiwang.cases.model.guards import Facts, Given, Possible, Refusal
from yiwang.cases.record import Record
from yiwang.cases.storms import gathering
from yiwang.security.actions import Context, action, query

MOST_WORDS = 10_000
"""Characters of a reason, and of a text."""


class Taken(NamedTuple):
    """What a case is after a step; its taker may no longer be one who may see it."""

    version: int
    state: str


@action("cases.step", permission="cases.read_own", audit_verb="case_step")
def take(ctx: Context, no: int, step: str, given: Given, version: int | None = None) -> Taken:
    """Take a step of a case; returns what the case is after it.

    ``version`` is the one the person saw. Raises NoSuchCase (also for a case that the caller
    may not see), ChangedMeanwhile, StepRefused, StepImpossible, StepIncomplete, WordsTooLong,
    BadTarget.
    """
    desk = Desk(ctx)
    record = seen(ctx, desk, no)
    if version is not None and version != record.version:
        raise _changed(ctx, record)
    apply(desk, record, step, given)
    desk.flush()
    ctx.note(f"case:{no}", step=step, state=record.state)
    return Taken(record.version, record.state)


def apply(desk: Desk, record: Record, step: str, given: Given) -> None:
    """Take a step at the desk, with everything that follows from it. Raises StepRefused,
    StepImpossible, StepIncomplete, WordsTooLong, BadTarget."""
    ctx = desk.ctx
    facts = check(ctx, desk, record, step, given)
    at = ctx.now
    case_class = desk.class_of(record)
    state = guards.target(case_class, facts, step)
    details: dict[str, Any] = {}
    was, unit = record.class_code, record.organisation
    effect = effects.EFFECTS.get(step)
    if effect is not None:
        details = effect(desk, record, given, at)
    handed.keep(ctx, record, step, unit, at)
    if state != record.state:
        desk.move(record, state, at)
    if ctx.identity.kind != "system":
        record.touched = True
    desk.line(
        record,
        step,
        at,
        reason=given.reason.strip(),
        text=given.text.strip(),
        photos=given.photos,
        details=details,
    )
    if step in effects.REOPENING:
        desk.claim_keys(record)
    proposals.answered(desk, record, step, at)
    classes.changed(desk, record, step, was, at)
    flow.after(desk, record, step, at, given)
    gathering.led(desk, record, step, at)


@query("cases.steps", permission="cases.read_own")
def possible(ctx: Context, no: int) -> list[Possible]:
    """Every step of a case, whether the caller may take it now, and if not why."""
    desk = Desk(ctx)
    record = seen(ctx, desk, no)
    return guards.possible_steps(desk.class_of(record), desk.facts(record), ctx.identity)


def seen(ctx: Context, desk: Desk, no: int) -> Record:
    """A case that the caller may see, those that their unit has handed on among them. Raises
    NoSuchCase: nobody learns that a case exists which is not theirs to see."""
    record = desk.record(no)
    if guards.sees_all(ctx.identity):
        return record
    if guards.may_see(desk.facts(record), ctx.identity) or _reported(ctx, record):
        return record
    if handed.handed_on(ctx, record) is not None:
        return record
    raise NoSuchCase(no=no)


def check(ctx: Context, desk: Desk, record: Record, step: str, given: Given) -> Facts:
    """Returns what was looked at. Raises StepRefused, StepImpossible or StepIncomplete."""
    case_class = desk.class_of(record)
    facts = desk.facts(record)
    refusal = guards.refuse(case_class, facts, ctx.identity, step)
    if refusal is not None:
        kind = StepRefused if refusal.code in guards.DENIED else StepImpossible
        fields = {"no": record.no, "step": step, "why": refusal.code}
        raise kind(f"case:{record.no}", **(fields | dict(refusal.fields)))
    check_given(desk, record, step, given)
    return facts


def check_given(desk: Desk, record: Record, step: str, given: Given) -> None:
    """Whether all that a step needs comes with it, and no more than anybody reads. Raises
    StepIncomplete, NoSuchPicture, WordsTooLong."""
    for name, words in (("reason", given.reason), ("text", given.text)):
        if len(words) > MOST_WORDS:
            raise WordsTooLong(name, name=name, most=MOST_WORDS)
    case_class = desk.class_of(record)
    looks = given.photos or "photos" in guards.needs(case_class, case_class.machine.steps[step])
    photos = store.photos(desk.ctx.connection, record.no) if looks else []
    recent = [row for row in photos if row.at >= (record.dispatched_at or 0)]
    where = f"case:{record.no}"
    missing: Refusal | None = guards.lacking(case_class, len(recent), step, given)
    if missing is not None:
        fields = {"no": record.no, "step": step, "why": missing.code}
        raise StepIncomplete(where, **(fields | dict(missing.fields)))
    known = {row.sha for row in photos}
    for sha in given.photos:
        if sha not in known:
            raise NoSuchPicture(where, sha=sha)


def _reported(ctx: Context, record: Record) -> bool:
    """Reports that were joined to another's case: their authors see it too."""
    name = ctx.identity.name if ctx.identity.kind in ("user", "token") else ""
    return bool(name) and store.has_reporter(ctx.connection, record.no, name)


def _changed(ctx: Context, record: Record) -> ChangedMeanwhile:
    last = store.timeline(ctx.connection, record.no)[-1]
    return ChangedMeanwhile(
        f"case:{record.no}",
        no=record.no,
        version=record.version,
        state=record.state,
        step=last.step,
        actor=last.actor,
        at=last.at,
    )
