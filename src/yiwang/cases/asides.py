"""What lies beside a case's way, as it is shown: who may go on, joint parts, assessments."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from yiwang.cases import assessments, city, parts
from yiwang.cases.desk import Desk
from yiwang.cases.model.classes import CaseClass, named
from yiwang.cases.record import Record
from yiwang.kernel import clock
from yiwang.kernel.text import render


def actors(desk: Desk, record: Record, unit: str, grid: str, lang: str) -> dict[str, str]:
    """Who stands in the relationships to a case that ``choices.NAMED`` names, in words. ``unit``
    and ``grid`` are names."""
    handler = " · ".join(one for one in (unit, record.handler_name) if one)
    joint = _joint(desk, record, lang)
    return {
        "handler": _word("handler" if handler else "nobody_yet", handler, lang),
        "grid_worker": _word("grid_worker" if grid else "no_grid", grid, lang),
        "joint": _word("joint" if joint else "no_joint", joint, lang),
    }


@lru_cache(maxsize=4096)
def _word(who: str, name: str, lang: str) -> str:
    return render(f"cases.who.{who}", lang, {"name": name})


def _joint(desk: Desk, record: Record, lang: str) -> str:
    """The units whose part is open."""
    if not record.open_parts:
        return ""
    asked = sorted(desk.facts(record).asked)
    names = city.organisation_names(desk.ctx, asked, lang)
    return ", ".join(names[number] for number in asked if number in names)


def of_case(desk: Desk, record: Record, unit: str, lang: str) -> dict[str, Any]:
    """What the page of a case shows of its side paths; read only where there is any. ``unit`` is
    the name of its organisation."""
    case_class = desk.class_of(record)
    return {
        "unmanned": _unmanned(desk, record, unit, lang),
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
        "assessments": _assessments(desk, record) if record.assessments else [],
    }


def _unmanned(desk: Desk, record: Record, unit: str, lang: str) -> str:
    """That the case waits where nobody is on duty."""
    if not record.organisation or record.handler or record.kind not in ("new", "working"):
        return ""
    opens = desk.city.unmanned(desk.wanted(record), record.organisation, desk.ctx.now)
    if opens is None:
        return ""
    code = "unmanned_until" if opens else "unmanned"
    return render(f"cases.{code}", lang, {"organisation": unit, "at": opens})


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
    return [
        {
            "at": clock.render(row.at),
            "actor": row.actor,
            "on_behalf": row.on_behalf,
            "rating": row.rating,
            "solved": row.solved,
            "text": row.text,
        }
        for row in assessments.of_case(desk.ctx.connection, record.no)
    ]


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
