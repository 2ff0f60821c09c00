"""Services and service requests as the standard shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from yiwang.cases import catalogue, choices, city, views
from yiwang.cases.model.classes import CaseClass, named
from yiwang.cases.model.forms import Attribute, Opening, rounded
from yiwang.cases.open311 import model, store
from yiwang.cases.record import Record
from yiwang.kernel import clock
from yiwang.kernel.text import render
from yiwang.security.actions import Context

WHOLE = Opening(0.0, True, True)
"""What reporters see of what they reported."""


@dataclass(frozen=True)
class Asked:
    """How an answer is to be written: language, extensions, and where photos are."""

    lang: str = "en"
    extensions: bool = False
    base: str = ""


@dataclass
class Page:
    """What the requests of one answer need, read at once."""

    ctx: Context
    openings: Mapping[str, Opening]
    reporter: str
    records: Sequence[Record]
    lang: str
    mine: set[int] = field(init=False)
    reports: dict[int, list[Any]] = field(init=False)
    photos: dict[int, list[Any]] = field(init=False)
    units: dict[int, str] = field(init=False)
    sites: dict[int, city.Site] = field(init=False)
    ends: dict[int, Record] = field(init=False)
    """Where merged cases have gone, by their number."""

    def __post_init__(self) -> None:
        connection = self.ctx.connection
        numbers = [one.no for one in self.records]
        self.mine = store.mine(connection, numbers, self.reporter)
        self.mine |= {
            one.no for one in self.records if self.reporter and one.reporter == self.reporter
        }
        self.reports = store.reports(connection, numbers)
        self.photos = store.photos(connection, numbers)
        units = {one.organisation for one in self.records if one.organisation is not None}
        self.units = city.organisation_names(self.ctx, units, self.lang)
        places = {one.place for one in self.records if one.place is not None}
        self.sites = city.sites(self.ctx, places, self.lang)
        self.ends = store.ends(connection, self.records)

    def opening(self, record: Record) -> Opening:
        if record.no in self.mine:
            return WHOLE
        return self.openings[record.class_code]


def service(ctx: Context, one: CaseClass, lang: str) -> dict[str, Any]:
    """GET Service List: ``services/service``. Keywords are its title in the other languages."""
    title = choices.class_title(one, lang)
    others = [words for words in one.title.values() if words and words != title]
    found = city.event_class(ctx, one.event_class) if one.event_class else None
    group = (found.major_zh or found.major) if found and lang.startswith("zh") else ""
    if found and not group:
        group = found.major_en or found.major_zh or found.major
    return {
        "service_code": one.code,
        "service_name": title,
        "description": _limit(one, lang),
        "metadata": bool(one.form),
        "type": one.reports,
        "keywords": ", ".join(dict.fromkeys(others)),
        "group": group or one.pack,
    }


def _limit(one: CaseClass, lang: str) -> str:
    rule = one.deadline(one.severity)
    if rule is None:
        return choices.class_title(one, lang)
    counting = render(f"cases.counting.{rule.counting}", lang, {})
    return render("cases.open311.limit", lang, {"minutes": rule.minutes, "counting": counting})


def definition(one: CaseClass, lang: str) -> dict[str, Any]:
    """GET Service Definition: ``service_definition``."""
    return {
        "service_code": one.code,
        "attributes": [
            attribute(question, place, lang) for place, question in enumerate(one.form, start=1)
        ],
    }


def attribute(question: Attribute, place: int, lang: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "variable": question.variable,
        "code": question.code,
        "datatype": question.datatype,
        "required": question.required and question.variable,
        "datatype_description": named(question.hint, lang, "") or None,
        "order": place,
        "description": named(question.description, lang, question.code),
    }
    if question.values:
        found["values"] = [
            {"key": one.key, "name": named(one.name, lang, one.key)} for one in question.values
        ]
    return found


def request(page: Page, record: Record, asked: Asked) -> dict[str, Any]:
    """GET Service Requests: ``service_requests/request``. Never with personal data; the place
    as exactly as the city opened it, words and photos only where it opened them too."""
    opening = page.opening(record)
    case_class = catalogue.by_id(page.ctx, record.case_class)
    lon, lat = spot(record, opening)
    site = page.sites.get(record.place or 0)
    address = record.address or (site.address or site.name if site else "")
    updated = record.changed_at if record.open else record.closed_at or record.changed_at
    exact = opening.round_m <= 0
    end = page.ends.get(record.no, record)
    end_class = catalogue.by_id(page.ctx, end.case_class)
    found: dict[str, Any] = {
        "service_request_id": str(record.no),
        "status": model.status(end.kind),
        "status_notes": choices.state_title(end_class, end.state, asked.lang),
        "service_name": choices.class_title(case_class, asked.lang),
        "service_code": record.class_code,
        "description": _words(record)[: model.MOST_DESCRIPTION] if opening.text else None,
        "agency_responsible": page.units.get(record.organisation or 0) or None,
        "service_notice": notice(page.ctx, record, asked.lang) if record.open else None,
        "requested_datetime": clock.render(record.opened_at),
        "updated_datetime": clock.render(updated),
        "expected_datetime": _instant(record.due_at) if record.open else None,
        "address": (address or None) if exact else None,
        "address_id": str(record.place) if exact and record.place is not None else None,
        "zipcode": None,
        "lat": lat,
        "long": lon,
        "media_url": _media(page, record, opening, asked),
    }
    return found | (_extended(page, record, case_class, asked) if asked.extensions else {})


def spot(record: Record, opening: Opening) -> tuple[float | None, float | None]:
    if record.lon is None or record.lat is None:
        return None, None
    return rounded(record.lon, record.lat, opening.round_m)


def _words(record: Record) -> str:
    return "\n".join(part for part in (record.title, record.description) if part)


def notice(ctx: Context, record: Record, lang: str) -> str:
    """By when it is to be handled, by the city's clocks: programs show these words to people."""
    if record.due_at is None:
        return render("cases.open311.notice_without_limit", lang, {})
    due_at = views.spoken(record.due_at, ctx.caller.calendar.zone)
    return render("cases.open311.notice", lang, {"due_at": due_at})


def _media(page: Page, record: Record, opening: Opening, asked: Asked) -> str | None:
    if not opening.photos:
        return None
    for photo in page.photos.get(record.no, ()):
        return f"{asked.base}/media/{photo.sha}"
    for row in page.reports.get(record.no, ()):
        for link in (*row.values.get("media_urls", ()), row.values.get("media_url")):
            if link:
                return str(link)
    return None


def _extended(page: Page, record: Record, case_class: CaseClass, asked: Asked) -> dict[str, Any]:
    """Extended Attributes, with what the form asked where the words are open."""
    opening = page.opening(record)
    answers = answered(page, record, case_class, asked.lang) if opening.text else []
    photos = page.photos.get(record.no, ()) if opening.photos else ()
    return {
        "attributes": answers,
        "extended_attributes": {
            "state": record.state,
            "extended_status": model.extended_status(record.kind, record.state),
            "severity": record.severity,
            "overdue": record.overdue,
            "reports": record.sources,
            "photos": [
                {
                    "media_url": f"{asked.base}/media/{row.sha}",
                    "created_at": clock.render(row.at),
                }
                for row in photos
            ],
        },
    }


def answered(page: Page, record: Record, case_class: CaseClass, lang: str) -> list[dict[str, Any]]:
    """The answers of the first report that gave any: code, label, value and its name."""
    given: Mapping[str, Any] = {}
    for row in page.reports.get(record.no, ()):
        given = given or row.values.get("answers", {})
    return views.answered(case_class, given, lang)


def _instant(value: int | None) -> str | None:
    return None if value is None else clock.render(value)
