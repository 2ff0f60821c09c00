"""Versions, their differences and what keeps cases where they are, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.cases import catalogue, choices
from yiwang.cases.model import differences
from yiwang.cases.model.classes import CaseClass, DeadlineRule, named
from yiwang.cases.model.guards import Refusal
from yiwang.cases.versions import bringing, store
from yiwang.cases.versions.errors import NoSuchVersion, NotOneClass
from yiwang.kernel import clock
from yiwang.kernel.text import find, render
from yiwang.registry import functions
from yiwang.security.actions import Context, query

_COMMA = {"zh-CN": "、", "en": ", "}
_STATES = ("step_from", "step_to", "start")
_NAMES = {
    "state_kind": "cases.kind",
    "state_new": "cases.kind",
    "severity": "cases.severity",
    "step_who": "cases.relation",
    "step_needs": "cases.need",
}
"""Texts in which the values of a difference stand."""


@query("cases.versions", permission="cases.move")
def versions(
    ctx: Context, code: str, after: str, limit: int, lang: str
) -> tuple[list[dict[str, Any]], str | None]:
    """Classes by code with all their versions, newest first, how many cases run by each, and
    how each differs from the one before; and where the next page begins."""
    rows = store.versions(ctx.connection, code, after, limit)
    counts = store.running(ctx.connection, {row.code for row in rows})
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.code, []).append(row)
    items: list[dict[str, Any]] = []
    for name, each in found.items():
        newest = catalogue.by_id(ctx, each[0].id)
        lists = [
            {
                "id": row.id,
                "number": len(each) - place,
                "pack": row.pack,
                "active": row.active,
                "installed_at": clock.render(row.installed_at),
                "running": counts.get(row.id, 0),
                "states": _states(catalogue.by_id(ctx, row.id), lang),
            }
            for place, row in enumerate(each)
        ]
        items.append({"code": name, "title": choices.class_title(newest, lang), "versions": lists})
    return items, items[-1]["code"] if len(items) == limit and not code else None


@query("cases.difference", permission="cases.move")
def difference(ctx: Context, before: int, after: int, lang: str) -> list[dict[str, str]]:
    """How two versions of a class differ, in words. Raises NoSuchVersion, NotOneClass."""
    codes = []
    for number in (before, after):
        row = store.version(ctx.connection, number)
        if row is None:
            raise NoSuchVersion(version=number)
        codes.append(row.code)
    if codes[0] != codes[1]:
        raise NotOneClass(code=codes[0], other=codes[1])
    old, new = (bringing.target(ctx, number).case_class for number in (before, after))
    return [
        {
            "part": one.part,
            "part_title": render(f"cases.difference_part.{one.part}", lang, {}),
            "code": one.code,
            "text": _said(ctx, one, old, new, lang),
        }
        for one in differences.between(old, new)
    ]


def stays_because(refusal: Refusal, old: CaseClass, new: CaseClass, lang: str) -> str:
    """Why a case stays where it is."""
    fields = dict(refusal.fields)
    if "state" in fields:
        of = new if refusal.code == "other_kind" else old
        fields["state"] = choices.state_title(of, str(fields["state"]), lang)
    for name in ("kind", "was"):
        if name in fields:
            fields[name] = render(f"cases.kind.{fields[name]}", lang, {})
    if refusal.code == "changed_since":
        fields["step"] = choices.step_title(new, str(fields["step"]), lang)
    return render(f"cases.stays.{refusal.code}", lang, fields).strip()


def _states(case_class: CaseClass, lang: str) -> list[dict[str, str]]:
    return [
        {"name": name, "kind": state.kind, "title": choices.state_title(case_class, name, lang)}
        for name, state in case_class.machine.states.items()
    ]


def _said(
    ctx: Context, one: differences.Difference, old: CaseClass, new: CaseClass, lang: str
) -> str:
    fields: dict[str, object] = dict(one.fields)
    gone = one.code in ("state_gone", "step_gone", "question_gone")
    of = old if gone else new
    if "state" in fields:
        fields["state"] = choices.state_title(of, str(fields["state"]), lang)
    if "step" in fields:
        fields["step"] = choices.step_title(of, str(fields["step"]), lang)
    if "severity" in fields:
        fields["severity"] = render(f"cases.severity.{fields['severity']}", lang, {})
    if "question" in fields:
        fields["question"] = question(of, str(fields["question"]), lang)
    for name, side in (("before", old), ("after", new)):
        if name in fields:
            named = one.code == "role" and bool(fields[name])
            fields[name] = (
                functions.title(ctx, str(fields[name]), lang)
                if named
                else _value(one.code, fields[name], side, lang)
            )
    return render(f"cases.difference.{one.code}", lang, fields)


def _value(code: str, value: object, of: CaseClass, lang: str) -> str:
    """A side of a difference."""
    if value is None or value in ("", [], ()):
        return render("cases.difference_none", lang, {})
    if isinstance(value, DeadlineRule):
        counting = render(f"cases.counting.{value.counting}", lang, {})
        fields = {"minutes": value.minutes, "counting": counting}
        return render("cases.difference_limit", lang, fields)
    if isinstance(value, list | tuple):
        return _COMMA[lang].join(_value(code, each, of, lang) for each in value)
    if code in _STATES:
        return choices.state_title(of, str(value), lang)
    if code in _NAMES:
        return find(f"{_NAMES[code]}.{value}", lang) or str(value)
    if code == "merge_within" and isinstance(value, int):
        return render("cases.difference_minutes", lang, {"minutes": value // clock.MINUTE})
    return f"{value:g}" if isinstance(value, float) else str(value)


def question(of: CaseClass, code: str, lang: str) -> str:
    """The title of a question of a class; its code where it has none."""
    titles: Mapping[str, str] = next((one.description for one in of.form if one.code == code), {})
    return named(titles, lang, code)
