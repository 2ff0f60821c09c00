"""Classes that were proposed to whoever reported: which they chose, and what the centre made of
it where they chose none of them. The class itself is changed by the step, never here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from yiwang.cases import catalogue, choices
from yiwang.cases.desk import Desk
from yiwang.cases.learning.model import Known
from yiwang.cases.learning.proposals import Proposer, reason_of
from yiwang.cases.learning.tables import case_class_proposals
from yiwang.cases.record import Record
from yiwang.kernel import clock
from yiwang.security.actions import Context
from yiwang.security.model import allowed
from yiwang.store.database import Key
from yiwang.store.statements import Statement

MOST_SHOWN = 10

_own = case_class_proposals.c
_newest = Statement(
    select(case_class_proposals)
    .where(_own.case == bindparam("case_", 0, Key))
    .order_by(_own.id.desc())
    .limit(1)
)


def chosen(desk: Desk, record: Record, known: Known, shown: Sequence[str], took: str) -> None:
    """Keep which class somebody chose (``took``) who was shown these. What the model does not
    propose for these words, or knows no more, was shown by something else and is left out."""
    proposer: Proposer | None = desk.ctx.caller.ports.get(Proposer)
    if proposer is None or proposer.version is None or not shown:
        return
    made = proposer.classify(known)
    sure = {one.target: one.confidence for one in made.candidates} if made else {}
    kept = [code for code in dict.fromkeys(shown[:MOST_SHOWN]) if code in sure]
    if made is None or not kept:
        return
    how = "first" if took == kept[0] else "listed" if took in kept else "other"
    desk.ctx.connection.execute(
        insert(case_class_proposals).values(
            case=record.no,
            at=desk.ctx.now,
            version=proposer.version,
            first=kept[0],
            confidence=sure[kept[0]],
            shown=[[code, sure[code]] for code in kept],
            reasons=list(made.reasons) if kept[0] == made.candidates[0].target else [],
            chosen=took,
            took=how,
            answer="",
            answered_by="",
        )
    )


def changed(desk: Desk, record: Record, step: str, was: str, at: int) -> None:
    """Somebody has changed the class of a case: whether as proposed is kept, once."""
    if step == "change" and record.class_code != was:
        for row in _waiting(desk.ctx, record.no):
            answer = "accepted" if row.first == record.class_code else "other"
            answer_with(desk.ctx, row.id, answer, at)


def refused(ctx: Context, no: int) -> bool:
    """The centre leaves the class of a case as it was reported; whether there was anything to
    refuse."""
    found = _waiting(ctx, no)
    for row in found:
        answer_with(ctx, row.id, "refused", ctx.now)
    return bool(found)


def answer_with(ctx: Context, id: int, answer: str, at: int) -> None:
    values = {"answer": answer, "answered_at": at, "answered_by": ctx.identity.label}
    table = case_class_proposals
    ctx.connection.execute(update(table).where(_own.id == id).values(**values))


def _waiting(ctx: Context, no: int) -> Sequence[Any]:
    query = select(_own.id, _own.first).where(
        _own.case == no, _own.answer == "", _own.took == "other"
    )
    return ctx.connection.execute(query).all()


def shown_of(ctx: Context, record: Record, lang: str) -> dict[str, Any] | None:
    """The newest class proposal for a case, and what became of it; for staff alone."""
    if not allowed(ctx.identity, "cases.read"):
        return None
    found = _newest.named(ctx.connection, {"case_": record.no})
    return as_shown(found[0], titles(ctx, codes_of(found[0]), lang)) if found else None


def codes_of(row: Any) -> set[str]:
    """The classes that a proposal names."""
    return {code for code, _ in row.shown} | {row.chosen}


def titles(ctx: Context, codes: Collection[str], lang: str) -> dict[str, str]:
    """What classes are called; one that is known no more has its code for a title."""
    held = catalogue.newest(ctx, sorted(codes))
    return {
        code: choices.class_title(held[code][1], lang) if code in held else code for code in codes
    }


def as_shown(row: Any, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "at": clock.render(row.at),
        "version": row.version,
        "first": row.first,
        "first_title": titles[row.first],
        "confidence": row.confidence,
        "shown": [
            {"code": code, "title": titles[code], "confidence": sure} for code, sure in row.shown
        ],
        "reasons": [reason_of(one) for one in row.reasons],
        "chosen": row.chosen,
        "chosen_title": titles[row.chosen],
        "took": row.took,
        "answer": row.answer,
        "answered_at": None if row.answered_at is None else clock.render(row.answered_at),
        "answered_by": row.answered_by,
    }
