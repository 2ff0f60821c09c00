"""Many entries at once over HTTP: the template in Excel, harvest from sources, scores."""

from __future__ import annotations

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose, phrase
from yiwang.sharing.catalogue import harvest, http, importing, scoring, sheets
from yiwang.sharing.catalogue.errors import BadEntry, BadWorkbook
from yiwang.sharing.catalogue.model import Entry
from yiwang.sharing.sources import service as sources
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadBody, BodyTooLarge


class HarvestBody(msgspec.Struct, forbid_unknown_fields=True):
    """``tables``: all of the source where there are none."""

    source: str
    tables: list[str] = []
    organisation: int | None = None


def routes() -> list[Route]:
    """All pages of the catalogue."""
    return [
        Route("/api/sharing/resources/template.xlsx", template, methods=["GET"]),
        Route("/api/sharing/resources/export.xlsx", put_out, methods=["GET"]),
        Route("/api/sharing/resources/import", take_in, methods=["POST"]),
        Route("/api/sharing/resources/harvest", gather, methods=["POST"]),
        Route("/api/sharing/harvest", accept, methods=["POST"]),
        Route("/api/sharing/harvest/tables", harvested, methods=["GET"]),
        Route("/api/sharing/harvest/proposal", proposal, methods=["GET"]),
        Route("/api/sharing/scores", departments, methods=["GET"]),
        Route("/api/sharing/scores/{organisation:int}", resources, methods=["GET"]),
        *http.routes(),
    ]


async def template(request: Request) -> Response:
    """The template in Excel, empty."""
    return _book(await calls.run(sheets.write, {}, _language(request)), "catalogue-template")


async def put_out(request: Request) -> Response:
    """Resources that the caller sees as the template; filters as for the list."""
    args = (http.wanted(request), _language(request))
    return _book(await calls.run(importing.put_out, request.state.caller, *args), "catalogue")


async def take_in(request: Request) -> Response:
    """Take the template in (form field file) as drafts, all or nothing; ?preview=true only
    looks. How many are added, changed and unchanged."""
    async with request.form(max_files=1, max_fields=2) as form:
        files = [one for one in form.values() if isinstance(one, UploadFile)]
        if not files:
            raise BadBody(request.url.path, problem=phrase("no_file"))
        content = await files[0].read(sheets.MOST_BYTES + 1)
        name = files[0].filename or ""
    if len(content) > sheets.MOST_BYTES:
        raise BodyTooLarge(request.url.path, most=f"{sheets.MOST_BYTES // 1024} KiB")
    preview = request.query_params.get("preview", "").lower() in ("1", "true")
    try:
        given = await calls.run(sheets.read, content, name)
        found = await calls.run(importing.take_in, request.state.caller, given, preview)
    except BadWorkbook as bad:
        return http.faults(request, bad)
    return render.json(found)


async def gather(request: Request) -> Response:
    """Look at tables of a source and enter those that no resource has as drafts."""
    body = await render.body(request, HarvestBody)
    args = (body.source, body.tables, body.organisation)
    found = await calls.run(harvest.harvest, request.state.caller, *args)
    return render.json({"items": [harvest.shown(one) for one in found], "next": None})


async def harvested(request: Request) -> Response:
    """The tables of ?source= by name, those that hold ?q=, each with the resource that it is
    already."""
    page, part = paging.wanted(request, 200), request.query_params.get("q", "").casefold()
    after = page.text()
    source, caller = request.query_params.get("source", ""), request.state.caller
    found = sorted(await calls.run(sources.tables, caller, source))
    kept = [one for one in found if one > after and part in one.casefold()][: page.limit]
    held = await calls.run(harvest.entered, caller, source, kept)
    items = [{"table": one, "resource": held.get(one)} for one in kept]
    return render.json(paging.listing(items, page.limit, kept[-1:] or None))


async def proposal(request: Request) -> Response:
    """What the draft of ?table= of ?source= would be (of ?organisation=), with the reasons for
    its labels. Nothing is kept."""
    asked = request.query_params
    given = "organisation" in asked
    organisation = render.number(request, "organisation", 0, 1, 2**53) if given else None
    args = (asked.get("source", ""), asked.get("table", ""), organisation)
    found = await calls.run(harvest.propose, request.state.caller, *args)
    return render.json(harvest.shown_proposal(found, _language(request)))


async def accept(request: Request) -> Response:
    """Enter the draft of a table of a source as it was proposed and edited."""
    entry = await render.body(request, Entry)
    try:
        id = await calls.run(harvest.accept, request.state.caller, entry)
    except BadEntry as bad:
        return http.faults(request, bad)
    return render.json({"id": id}, 201, {"location": f"/api/sharing/resources/{id}"})


async def departments(request: Request) -> Response:
    """Completeness and freshness of the catalogue by department."""
    found = await calls.run(scoring.departments, request.state.caller, _language(request))
    return render.json({"items": found, "next": None})


async def resources(request: Request) -> Response:
    """Completeness and freshness of a department's resources, with what points were lost for."""
    args = (request.path_params["organisation"], _language(request))
    found = await calls.run(scoring.resources, request.state.caller, *args)
    return render.json({"items": found, "next": None})


def _book(content: bytes, name: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(content, media_type=sheets.XLSX, headers=headers)


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
