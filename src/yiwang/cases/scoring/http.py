"""The assessment over HTTP: parse, call one action, render."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.scoring import files, reports, schemes, service, subscribing, trend
from yiwang.cases.scoring.counts import BY
from yiwang.cases.scoring.errors import NoSuchReport
from yiwang.cases.scoring.rates import Wanted
from yiwang.kernel import clock
from yiwang.kernel.periods import day_of
from yiwang.kernel.text import choose, phrase
from yiwang.security.actions import Caller
from yiwang.web import calls, paging, papers, render
from yiwang.web.errors import BadParameter

_NUMBERED = ("grid", "street", "organisation")
_CASES_AT_ONCE = 1000
_KINDS = {"xlsx": (files.spreadsheet, papers.XLSX), "pdf": (files.paper, papers.PDF)}


class ReportBody(msgspec.Struct, forbid_unknown_fields=True, rename={"first": "from"}):
    """``span``: day, week, month or period; ``first`` and ``until`` are days, half-open."""

    span: str
    first: date
    until: date


class SchemesBody(msgspec.Struct, forbid_unknown_fields=True):
    """``text``: a document of the form of scoring.yaml."""

    text: str


def routes() -> list[Route]:
    return [
        Route("/api/assessment/rates", show_rates, methods=["GET"]),
        Route("/api/assessment/cases", counted, methods=["GET"]),
        Route("/api/assessment/scores", show_scores, methods=["GET"]),
        Route("/api/assessment/operations", operations, methods=["GET"]),
        Route("/api/assessment/reports", list_reports, methods=["GET"]),
        Route("/api/assessment/reports", make_report, methods=["POST"]),
        Route("/api/assessment/reports/{report:int}", show_report, methods=["GET"]),
        Route("/api/assessment/reports/{report:int}.{kind}", download, methods=["GET"]),
        Route("/api/assessment/subscribers", list_subscribers, methods=["GET"]),
        Route("/api/assessment/subscribers/{span}/{user}", subscribe, methods=["PUT", "DELETE"]),
        Route("/api/assessment/schemes", list_schemes, methods=["GET"]),
        Route("/api/assessment/schemes", put_schemes, methods=["POST"]),
    ]


async def list_subscribers(request: Request) -> Response:
    """Who is told when a report of a day, week or month was made."""
    items = await calls.run(subscribing.subscribers, request.state.caller)
    return render.json({"items": items, "next": None})


async def subscribe(request: Request) -> Response:
    """PUT: an account is told of every report of a span; DELETE: no more."""
    span, user = request.path_params["span"], request.path_params["user"]
    told = request.method == "PUT"
    await calls.run(subscribing.subscribe, request.state.caller, span, user, told)
    return await list_subscribers(request)


async def show_rates(request: Request) -> Response:
    first, until = _days(request)
    by = request.query_params.get("by", "organisation")
    caller = request.state.caller
    return render.json(
        await calls.run(service.show_rates, caller, by, first, until, _wanted(request))
    )


async def counted(request: Request) -> Response:
    first, until = _days(request)
    page = paging.wanted(request, _CASES_AT_ONCE)
    count = request.query_params.get("count", "filed")
    items = await calls.run(
        service.counted,
        request.state.caller,
        count,
        first,
        until,
        _wanted(request),
        page.limit,
        page.number(),
        choose(request.headers.get("accept-language", "")),
    )
    keys = [items[-1]["no"]] if items else None
    return render.json(paging.listing(items, page.limit, keys))


async def show_scores(request: Request) -> Response:
    first, until = _days(request)
    code = request.query_params.get("scheme", "")
    return render.json(
        await calls.run(service.show_scores, request.state.caller, code, first, until)
    )


async def operations(request: Request) -> Response:
    return render.json(await calls.run(trend.operations, request.state.caller))


async def list_reports(request: Request) -> Response:
    page = paging.wanted(request, 200)
    span = request.query_params.get("span", "")
    after = page.number()
    items = await calls.run(reports.list_reports, request.state.caller, span, page.limit, after)
    keys = [items[-1]["report"]] if items else None
    return render.json(paging.listing(items, page.limit, keys))


async def make_report(request: Request) -> Response:
    """Work out the report of the days from ``from`` to before ``until`` as things are known now,
    and keep it; returns its number. ``span``: day, week, month or period."""
    asked = await render.body(request, ReportBody)
    caller = request.state.caller
    number = await calls.run(reports.make_report, caller, asked.span, asked.first, asked.until)
    return render.json({"report": number}, 201, {"location": f"/api/assessment/reports/{number}"})


async def show_report(request: Request) -> Response:
    number = _report(request)
    return render.json(await calls.run(reports.show_report, request.state.caller, number))


async def download(request: Request) -> Response:
    """The report as an Excel workbook (``.xlsx``) or as paper (``.pdf``), in the language asked
    for; of departments and persons what the caller may see."""
    kind = request.path_params["kind"]
    if kind not in _KINDS:
        wanted = ", ".join(_KINDS)
        raise BadParameter(request.url.path, name="kind", value=kind, wanted=wanted)
    made, media = _KINDS[kind]
    number = _report(request)
    report = await calls.run(reports.show_report, request.state.caller, number)
    lang = request.query_params.get("lang") or request.headers.get("accept-language", "")
    moment = clock.to_datetime(clock.parse(report["made_at"])).astimezone(_zone(request))
    said = report | {"made_at": moment.strftime("%Y-%m-%d %H:%M")}
    content = await calls.run(made, said, choose(lang))
    name = f"report-{report['span']}-{report['from']}-{number}.{kind}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type=media, headers=headers)


def _report(request: Request) -> int:
    number: int = request.path_params["report"]
    if number >= 2**53:
        raise NoSuchReport(report=number)
    return number


async def list_schemes(request: Request) -> Response:
    """Every version of every scheme, and which day it is in the city."""
    found = await calls.run(schemes.schemes, request.state.caller)
    items = [service.shown_scheme(one) for one in found]
    return render.json({"items": items, "next": None, "today": _today(request).isoformat()})


async def put_schemes(request: Request) -> Response:
    asked = await render.body(request, SchemesBody)
    digests = await calls.run(schemes.put_schemes, request.state.caller, asked.text)
    return render.json({"digests": digests}, 201)


def _days(request: Request) -> tuple[date, date]:
    """The period asked for; without one, this month until today."""
    today = _today(request)
    return (
        _day(request, "from", today.replace(day=1)),
        _day(request, "until", today + timedelta(days=1)),
    )


def _today(request: Request) -> date:
    return day_of(request.state.caller.clock.now(), _zone(request))


def _zone(request: Request) -> ZoneInfo:
    caller: Caller = request.state.caller
    return caller.calendar.zone


def _day(request: Request, name: str, default: date) -> date:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        wanted = phrase("day_such_as")
        raise BadParameter(request.url.path, name=name, value=text, wanted=wanted) from None


def _wanted(request: Request) -> Wanted:
    equal: dict[str, Any] = {}
    for name in BY:
        if name in request.query_params and name in _NUMBERED:
            equal[name] = render.number(request, name, 0, 0, 2**53)
        elif name in request.query_params:
            equal[name] = request.query_params[name]
    return Wanted(equal)
