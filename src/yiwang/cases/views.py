"""Cases as people and programs see them: JSON with titles in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from types import SimpleNamespace
from typing import Any

import msgspec

from yiwang.cases import asides, catalogue, choices, city, handed, lists, store
from yiwang.cases.actions.steps import Taken, seen
from yiwang.cases.choices import Titles, titles
from yiwang.cases.desk import Desk
from yiwang.cases.errors import NoSuchCase
from yiwang.cases.learning import classes, proposals
from yiwang.cases.lists import Filter
from yiwang.cases.model import merging
from yiwang.cases.model.classes import CaseClass, named
from yiwang.cases.model.forms import Attribute
from yiwang.cases.record import Begun, Brief, Record
from yiwang.cases.tables import cases
from yiwang.kernel import clock
from yiwang.kernel.text import render
from yiwang.registry import cache, functions
from yiwang.registry.model import Person
from yiwang.security.actions import Context, query
from yiwang.security.model import allowed

DONE_BY_ITSELF = "cases.reason."


@query("cases.list", permission="cases.read_own")
def listing(
    ctx: Context, wanted: Filter, limit: int, after: tuple[Any, ...] | None, lang: str
) -> tuple[list[dict[str, Any]], list[Any] | None]:
    """Summaries of the cases that the caller may see, and the keys of the last one."""
    if wanted.state and not wanted.kind:
        wanted = wanted._replace(kind=lists.one_kind(catalogue.kinds_of(ctx, wanted.state)))
    records = lists.page(ctx.connection, ctx.identity, wanted, limit, after)
    keys = lists.position(wanted, records[-1]) if records else None
    return summaries(ctx, records, lang), keys


@query("cases.summary", permission="cases.read_own")
def counts(ctx: Context, case_class: str = "") -> dict[str, Any]:
    """How many cases of each kind the caller may see, and how many open ones are late."""
    return lists.summary(ctx.connection, ctx.identity, case_class)


@query("cases.summary_of", permission="cases.read")
def summary_of(ctx: Context, numbers: Sequence[int], lang: str = "zh-CN") -> list[dict[str, Any]]:
    """Summaries of some cases by number, for the live stream."""
    records = sorted(store.many(ctx.connection, cases.c.no, numbers), key=lambda one: one.no)
    return summaries(ctx, records, lang)


@query("cases.show", permission="cases.read_own")
def show(ctx: Context, no: int, lang: str) -> dict[str, Any]:
    """One case with its timeline, sources, steps (as JSON), deadline and dispatch."""
    desk = Desk.last(ctx)
    record = seen(ctx, desk, no)
    case_class, facts = desk.class_of(record), desk.facts(record)
    head = summaries(ctx, [record], lang)[0]
    unit = head["organisation_name"]
    actors = asides.actors(desk, record, unit, head["grid_name"], lang)
    dispatched = reasons(ctx, proposals.told(ctx, record.dispatch), lang)
    people = cache.by_user(ctx.connection) if allowed(ctx.identity, "cases.read") else {}
    has_photos, has_proposals, has_classes = store.beside(ctx.connection, no)
    return head | {
        "version": record.version,
        "description": record.description,
        "previous": record.previous,
        "merged_into": record.merged_into,
        "supervision": record.supervision,
        "handed_on": _instant(handed.handed_on(ctx, record)),
        "received_at": clock.render(record.received_at),
        "closed_at": _instant(record.closed_at),
        "timeline": _timeline(desk, record, dispatched, people, lang),
        "source_count": record.sources,
        "sources": [_source(ctx, row, case_class, people, lang) for row in _sources(desk, no)],
        "photos": photos(ctx, record) if has_photos else [],
        "steps": choices.shown(case_class, facts, ctx.identity, actors, lang),
        "deadline": deadline(record, desk.city.calendar.zone, lang),
        "dispatch": {"reason": dispatched},
        "proposal": proposals.shown(ctx, record, lang) if has_proposals else None,
        "class_proposal": classes.shown_of(ctx, record, lang) if has_classes else None,
        **asides.of_case(desk, record, unit, lang),
    }


def answer(ctx: Context, no: int, state: str, lang: str) -> dict[str, Any]:
    """A case after a change, in the transaction that made it: as ``show`` has it, or, for who
    may not see it (any longer), that it is so."""
    if allowed(ctx.identity, "cases.read_own"):
        try:
            return show(ctx, no, lang)
        except NoSuchCase:
            pass
    return {"no": no, "state": state, "visible": False}


def brief(ctx: Context, no: int, state: str) -> dict[str, Any]:
    """Of ``answer`` what a program needs for its next step."""
    if allowed(ctx.identity, "cases.read_own"):
        try:
            record = seen(ctx, Desk.last(ctx), no)
            return {"no": no, "state": record.state, "version": record.version}
        except NoSuchCase:
            pass
    return {"no": no, "state": state, "visible": False}


def reported(ctx: Context, no: int, *, lang: str) -> tuple[int, bytes]:
    """What a report has led to, by number and as JSON; without a language in brief."""
    return no, msgspec.json.encode(answer(ctx, no, "", lang) if lang else brief(ctx, no, ""))


def stepped(ctx: Context, taken: Taken, *, no: int, lang: str) -> bytes:
    """A case after a step, as JSON; without a language in brief."""
    shown = answer(ctx, no, taken.state, lang) if lang else brief(ctx, no, taken.state)
    return msgspec.json.encode(shown)


@query("cases.show_steps", permission="cases.read_own")
def show_steps(ctx: Context, no: int, lang: str) -> msgspec.Raw:
    """What can be done next, by this caller, and why not; and who could do it. As JSON."""
    desk = Desk(ctx)
    record = seen(ctx, desk, no)
    case_class, facts = desk.class_of(record), desk.facts(record)
    units = city.organisation_names(ctx, {record.organisation or 0}, lang)
    grids = city.area_names(ctx, {record.grid or 0}, lang)
    names = units.get(record.organisation or 0, ""), grids.get(record.grid or 0, "")
    actors = asides.actors(desk, record, *names, lang)
    return choices.shown(case_class, facts, ctx.identity, actors, lang)


@query("cases.show_classes", permission="cases.read_own")
def show_classes(ctx: Context, lang: str) -> list[dict[str, Any]]:
    """The classes that can be reported."""
    return [
        {
            "code": one.code,
            "title": choices.class_title(one, lang),
            "pack": one.pack,
            "severity": one.severity,
            "form": [question(each, lang) for each in one.form],
            "states": {
                name: {"kind": state.kind, "title": choices.state_title(one, name, lang)}
                for name, state in one.machine.states.items()
            },
        }
        for one in catalogue.list_classes(ctx)
    ]


def question(asked: Attribute, lang: str) -> dict[str, Any]:
    """A question of a class's form, as a page asks it."""
    return {
        "code": asked.code,
        "datatype": asked.datatype,
        "required": asked.required,
        "variable": asked.variable,
        "title": named(asked.description, lang, asked.code),
        "hint": named(asked.hint, lang, ""),
        "values": [
            {"key": one.key, "name": named(one.name, lang, one.key)} for one in asked.values
        ],
    }


def answered(case_class: CaseClass, given: Mapping[str, Any], lang: str) -> list[dict[str, Any]]:
    """Answers to the form with their titles: code, label, value, and its name."""
    if not given:
        return []
    questions = {one.code: one for one in case_class.form}
    found = []
    for code, value in given.items():
        asked = questions.get(code)
        names = {one.key: named(one.name, lang, one.key) for one in asked.values} if asked else {}
        keys = value if isinstance(value, list) else [value]
        found.append(
            {
                "code": code,
                "label": named(asked.description, lang, code) if asked else code,
                "value": value,
                "name": ", ".join(str(names.get(key, key)) for key in keys),
            }
        )
    return found


def summaries(
    ctx: Context, records: Sequence[Record] | Sequence[Brief], lang: str
) -> list[dict[str, Any]]:
    """CASE summaries; names come with one look-up a noun, however many cases."""
    versions = {one.case_class for one in records}
    words = {one: titles(catalogue.by_id(ctx, one), lang) for one in versions}
    sites = city.sites(ctx, {one.place for one in records if one.place is not None}, lang)
    grids = city.area_names(ctx, {one.grid for one in records if one.grid is not None}, lang)
    units = city.organisation_names(
        ctx, {one.organisation for one in records if one.organisation is not None}, lang
    )
    found = []
    for one in records:
        called = words[one.case_class]
        site = sites.get(one.place) if one.place is not None else None
        title = one.title or _title(called.own, site.name if site else "")
        found.append(
            {
                "no": one.no,
                "title": title,
                "case_class": one.class_code,
                "class_title": called.own,
                "severity": one.severity,
                "state": one.state,
                "state_title": called.states[one.state],
                "kind": one.kind,
                "version": one.version,
                "opened_at": clock.render(one.opened_at),
                "due_at": _instant(one.due_at),
                "overdue": one.overdue,
                "excused": one.excused,
                "place": one.place,
                "place_name": site.name if site else "",
                "grid": one.grid,
                "grid_name": grids.get(one.grid or 0, ""),
                "organisation": one.organisation,
                "organisation_name": units.get(one.organisation or 0, ""),
                "handler": one.handler,
                "handler_name": one.handler_name,
                "lon": one.lon,
                "lat": one.lat,
                "sources": one.sources,
                "storm": one.storm or None,
                "address": one.address or (site.address if site else ""),
            }
        )
    return found


def reasons(ctx: Context, entries: Sequence[Mapping[str, Any]], lang: str) -> list[str]:
    """Reasons of a dispatch or of a merging in words; functions and units by their names."""
    found = []
    for one in entries:
        fields = {
            name: named(value, lang, "") if isinstance(value, dict) else value
            for name, value in one.get("fields", {}).items()
        }
        if "role" in fields:
            fields["role"] = functions.title(ctx, fields["role"], lang)
        if "by" in fields:
            fields["by"] = str(fields["by"]).partition(":")[2] or fields["by"]
        found.append(render(f"cases.because.{one['code']}", lang, fields))
    return found


def deadline(record: Record, zone: tzinfo, lang: str) -> dict[str, Any]:
    """The limit, how it counts, and in words, by the city's clock, how it was computed."""
    fields = {
        "minutes": record.limit_minutes,
        "counting": render(f"cases.counting.{record.counting}", lang, {}),
        "opened_at": spoken(record.opened_at, zone),
        "used": round(record.clock_used / clock.MINUTE),
        "due_at": spoken(record.due_at, zone),
    }
    code = "running" if record.clock_since is not None else "standing"
    if record.closed_at is not None:
        code = "over"
    if record.limit_minutes is None:
        code = "none"
    return {
        "minutes": record.limit_minutes,
        "counting": record.counting,
        "due_at": _instant(record.due_at),
        "why": render(f"cases.deadline.{code}", lang, fields),
    }


def spoken(at: int | None, zone: tzinfo) -> str:
    """A minute of the city; a deadline holds until it is over, so parts of it are left out."""
    return "" if at is None else clock.spoken(at - at % clock.MINUTE, zone)[:-3]


def _title(class_title_: str, place: str) -> str:
    return f"{class_title_} · {place}" if place else class_title_


def _begun(desk: Desk, no: int) -> Begun | None:
    """A case that has just been opened here: nothing of it has to be read."""
    return desk.begun if desk.begun is not None and desk.begun.no == no else None


def _sources(desk: Desk, no: int) -> Sequence[Any]:
    begun = _begun(desk, no)
    if begun is None:
        return store.sources(desk.ctx.connection, no)
    return [SimpleNamespace(**row) for row in begun.sources if row["case"] == no]


def _timeline(
    desk: Desk, record: Record, dispatched: list[str], people: Mapping[str, Person], lang: str
) -> list[dict[str, Any]]:
    """Lines in the words of the version that the case followed then. ``dispatched``: the reasons
    of the dispatch that holds in words."""
    ctx, no = desk.ctx, record.no
    rows: Sequence[Any]
    begun = _begun(desk, no)
    if begun is None:
        rows = store.timeline(ctx.connection, no)
    else:
        rows = [SimpleNamespace(**row) for row in begun.lines if row["case"] == no]
    lines, called = [], titles(desk.class_of(record), lang)
    for row in reversed(rows):
        details, why = row.details, ""
        if "reasons" in details:
            known = details["reasons"] == record.dispatch
            details = details | {"reasons": proposals.told(ctx, details["reasons"])}
            why = "; ".join(dispatched if known else reasons(ctx, details["reasons"], lang))
        by = cache.called(people, row.actor)
        lines.append(_line(row, by, called, details, why, lang))
        if row.step in ("version_moved", "version_moved_back"):
            called = titles(catalogue.by_id(ctx, row.details["from"]["case_class"]), lang)
    return lines[::-1]


def _line(
    row: Any, by: str, called: Titles, details: Mapping[str, Any], why: str, lang: str
) -> dict[str, Any]:
    words = render(row.reason, lang, {}) if row.reason.startswith(DONE_BY_ITSELF) else row.reason
    return {
        "at": clock.render(row.at),
        "recorded_at": clock.render(row.recorded_at),
        "step": row.step,
        "step_title": called.steps[row.step],
        "actor": row.actor,
        "actor_name": by,
        "reason": words or why,
        "why": why if words else "",
        "text": row.text,
        "photos": row.photos,
        "state": row.state,
        "state_title": called.states[row.state],
        "details": details,
    }


def _source(
    ctx: Context, row: Any, case_class: CaseClass, people: Mapping[str, Person], lang: str
) -> dict[str, Any]:
    return {
        "kind": row.kind,
        "at": clock.render(row.at),
        "finding": row.finding,
        "trouble": row.trouble,
        "finding_key": row.finding_key,
        "rule": row.rule,
        "cleared_at": _instant(row.cleared_at),
        "withdrawn_at": _instant(row.withdrawn_at),
        "actor": row.actor,
        "actor_name": cache.called(people, row.actor),
        "text": row.text,
        "lon": row.lon,
        "lat": row.lat,
        "thing": row.thing,
        "values": row.values,
        "answers": answered(case_class, row.values.get("answers", {}), lang),
        "how": "; ".join(reasons(ctx, [row.how] if row.how else [], lang)),
    }


def photos(ctx: Context, record: Record) -> list[dict[str, Any]]:
    """The photos of a case; staff also see where and when they were taken, and how many metres
    away from the case."""
    staff = allowed(ctx.identity, "cases.read")
    return [
        {
            "sha": row.sha,
            "type": row.type,
            "size": row.size,
            "at": clock.render(row.at),
            "actor": row.actor,
        }
        | (_taken(row, record) if staff else {})
        for row in store.photos(ctx.connection, record.no)
    ]


def _taken(row: Any, record: Record) -> dict[str, Any]:
    away = None
    if None not in (row.lon, row.lat, record.lon, record.lat):
        away = round(merging.distance_m(row.lon, row.lat, record.lon or 0.0, record.lat or 0.0))
    taken_at = _instant(row.taken_at)
    return {"lon": row.lon, "lat": row.lat, "taken_at": taken_at, "metres_away": away}


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
