"""The evaluation of sharing over HTTP: parse, call one action, render."""

from __future__ import annotations

from datetime import date, timedelta

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.periods import day_of
from yiwang.kernel.text import choose, phrase
from yiwang.sharing.evaluation import files, reports, schemes, service
from yiwang.web import calls, paging, papers, render
from yiwang.web.errors import BadParameter

_KINDS = {"xlsx": (files.spreadsheet, papers.XLSX), "pdf": (files.paper, papers.PDF)}
_PATH = "/api/sharing/evaluation"


class ReportBody(msgspec.Struct, forbid_unknown_fields=True, rename={"first": "from"}):
    """``span``: month, year or period; ``first`` and ``until`` are days, half-open."""

    span: str
    first: date
    until: date


class SchemesBody(msgspec.Struct, forbid_unknown_fields=True):
    """``text``: a document of the form of sharing_evaluation.yaml."""

    text: str


def routes() -> list[Route]:
    return [
        Route(_PATH, show_figures, methods=["GET"]),
        Route(f"{_PATH}/figures", list_figures, methods=["GET"]),
        Route(f"{_PATH}/rows", list_rows, methods=["GET"]),
        Route(f"{_PATH}/reports", list_reports, methods=["GET"]),
        Route(f"{_PATH}/reports", make_report, methods=["POST"]),
        Route(f"{_PATH}/reports/{{report:int}}", show_report, methods=["GET"]),
        Route(f"{_PATH}/reports/{{report:int}}.{{kind}}", download, methods=["GET"]),
        Route(f"{_PATH}/reports/{{report:int}}/comparison", compare, methods=["GET"]),
        Route(f"{_PATH}/schemes", list_schemes, methods=["GET"]),
        Route(f"{_PATH}/schemes", put_schemes, methods=["POST"]),
    ]


async def show_figures(request: Request) -> Response:
    """Figures of the days ?from= to before ?until= as things are known now; without them, of
    this month."""
    args = _days(request)
    return render.json(await calls.run(service.figures, request.state.caller, *args))


async def list_figures(request: Request) -> Response:
    """What each figure is called and how it is made."""
    found = await calls.run(service.definitions, request.state.caller, _language(request))
    return render.json(found | {"next": None})


async def list_rows(request: Request) -> Response:
    """The rows behind ?figure= of the days ?from= to before ?until=; ?organisation= of one."""
    page = paging.wanted(request, 500)
    given = "organisation" in request.query_params
    organisation = render.number(request, "organisation", 0, 1, 2**53) if given else None
    figure = request.query_params.get("figure", "")
    args = (figure, *_days(request), organisation, page.limit, page.number() or 0)
    found = await calls.run(service.rows, request.state.caller, *args, _language(request))
    keys = [found[-1]["id"]] if found else None
    return render.json(paging.listing(found, page.limit, keys))


async def list_reports(request: Request) -> Response:
    """Reports, the newest first; ?span=month, year or period."""
    page = paging.wanted(request, 200)
    args = (request.query_params.get("span", ""), page.limit, page.number())
    found = await calls.run(reports.listing, request.state.caller, *args)
    keys = [found[-1]["report"]] if found else None
    return render.json(paging.listing(found, page.limit, keys))


async def make_report(request: Request) -> Response:
    """Issue a report."""
    asked = await render.body(request, ReportBody)
    args = (asked.span, asked.first, asked.until)
    number = await calls.run(reports.make, request.state.caller, *args)
    return render.json({"report": number}, 201, {"location": f"{_PATH}/reports/{number}"})


async def show_report(request: Request) -> Response:
    """A report as it was issued."""
    number = request.path_params["report"]
    return render.json(await calls.run(reports.show, request.state.caller, number))


async def compare(request: Request) -> Response:
    """A report beside what is worked out for the same days now."""
    number = request.path_params["report"]
    return render.json(await calls.run(reports.compare, request.state.caller, number))


async def download(request: Request) -> Response:
    """A report as an Excel workbook (``.xlsx``) or as paper (``.pdf``)."""
    kind = request.path_params["kind"]
    if kind not in _KINDS:
        wanted = ", ".join(_KINDS)
        raise BadParameter(request.url.path, name="kind", value=kind, wanted=wanted)
    made, media = _KINDS[kind]
    report = await calls.run(reports.show, request.state.caller, request.path_params["report"])
    lang = request.query_params.get("lang") or request.headers.get("accept-language", "")
    content = await calls.run(made, report, choose(lang))
    name = f"sharing-{report['span']}-{report['from']}-{report['report']}.{kind}"
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "x-content-type-options": "nosniff",
    }
    return Response(content, media_type=media, headers=headers)


async def list_schemes(request: Request) -> Response:
    """Every version of every scheme."""
    found = await calls.run(schemes.schemes, request.state.caller)
    return render.json({"items": [schemes.shown(one) for one in found], "next": None})


async def put_schemes(request: Request) -> Response:
    """Put in new versions of schemes."""
    asked = await render.body(request, SchemesBody)
    digests = await calls.run(schemes.put, request.state.caller, asked.text)
    return render.json({"digests": digests}, 201)


def _days(request: Request) -> tuple[date, date]:
    caller = request.state.caller
    today = day_of(caller.clock.now(), caller.calendar.zone)
    return (
        _day(request, "from", today.replace(day=1)),
        _day(request, "until", today + timedelta(days=1)),
    )


def _day(request: Request, name: str, default: date) -> date:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        return date.fromisoformat(text)
    except ValueError:
        wanted = phrase("day_such_as")
        raise BadParameter(request.url.path, name=name, value=text, wanted=wanted) from None


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
