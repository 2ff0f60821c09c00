"""What lies beside a case's way, as it is shown: who may go on, joint parts, assessments."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from yiwang.cases import city, parts
from yiwang.cases.desk import Desk
from yiwang.cases.model import guards
from yiwang.cases.model.classes import CaseClass, named
from yiwang.cases.model.guards import WHO, Facts, Possible
from yiwang.cases.record import Record
from yiwang.cases.tables import case_assessments
from yiwang.kernel import clock
from yiwang.kernel.text import render


class Actors:
    """Who could take a step of one case, in words."""

    def __init__(self, desk: Desk, record: Record, facts: Facts, lang: str) -> None:
        self._case_class = desk.class_of(record)
        self._words = {who: _word(desk, record, facts, who, lang) for who in WHO}

    def of(self, one: Possible) -> list[str]:
        rule = self._case_class.machine.steps[one.step]
        return [self._words[who] for who in guards.who(self._case_class, rule)]


def _word(desk: Desk, record: Record, facts: Facts, who: str, lang: str) -> str:
    name, otherwise = "", ""
    if who == "handler":
        unit = desk.city.organisation(record.organisation or 0)
        names = (unit.name(lang) if unit else "", record.handler_name)
        name, otherwise = " · ".join(one for one in names if one), "nobody_yet"
    elif who == "joint":
        units = [desk.city.organisation(number) for number in sorted(facts.asked)]
        name, otherwise = ", ".join(one.name(lang) for one in units if one), "no_joint"
    elif who == "grid_worker":
        area = desk.city.area(record.grid)
        name, otherwise = area.name(lang) if area else "", "no_grid"
    code = who if name or not otherwise else otherwise
    return render(f"cases.who.{code}", lang, {"name": name})


def of_case(desk: Desk, record: Record, lang: str) -> dict[str, Any]:
    """What the page of a case shows of its side paths; read only where there is any."""
    case_class = desk.class_of(record)
    return {
        "counts": {
            "urges": record.urges,
            "returns": record.returns,
            "reworks": record.reworks,
            "reopens": record.reopens,
        },
        "supervised": _supervised(record, case_class, lang),
        "resume_at": _instant(record.resume_at),
        "stage_due_at": _instant(record.stage_due_at),
        "extension": {
            "asked": record.extension_asked,
            "granted": record.extended,
            "times": record.extensions,
            "most": case_class.machine.bounds.extensions,
        },
        "appeal": record.appeal,
        "parts": _parts(desk, record, lang) if record.parts else [],
        "assessments": _assessments(desk, record) if _ended(record) else [],
    }


def _ended(record: Record) -> bool:
    return not record.open or record.reopens > 0


def _supervised(record: Record, case_class: CaseClass, lang: str) -> dict[str, Any] | None:
    if not record.supervision:
        return None
    level = case_class.machine.bounds.level(record.supervision)
    title = named(level.title, lang, str(record.supervision))
    return {"level": record.supervision, "title": title, "answer_by": _instant(record.answer_by)}


def _parts(desk: Desk, record: Record, lang: str) -> list[dict[str, Any]]:
    rows = parts.of_case(desk.ctx.connection, record.no)
    names = city.organisation_names(desk.ctx, {row.organisation for row in rows}, lang)
    return [
        {
            "organisation": row.organisation,
            "organisation_name": names.get(row.organisation, ""),
            "asked": row.asked,
            "asked_at": clock.render(row.asked_at),
            "asked_by": row.asked_by,
            "state": row.state,
            "answer": row.answer,
            "answered_at": _instant(row.answered_at),
            "answered_by": row.answered_by,
        }
        for row in rows
    ]


def _assessments(desk: Desk, record: Record) -> list[dict[str, Any]]:
    table = case_assessments
    rows = desk.ctx.connection.execute(
        select(table).where(table.c.case == record.no).order_by(table.c.id)
    )
    return [
        {
            "at": clock.render(row.at),
            "actor": row.actor,
            "on_behalf": row.on_behalf,
            "rating": row.rating,
            "solved": row.solved,
            "text": row.text,
        }
        for row in rows
    ]


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
