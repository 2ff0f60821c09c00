"""Declared sources over HTTP: /api/sharing/sources… Secrets go in and never out."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.sharing.sources import service
from yiwang.sharing.sources.service import Declared
from yiwang.web import calls, render
from yiwang.web.paging import listing, wanted


class SourceBody(msgspec.Struct, forbid_unknown_fields=True):
    """``secret``: left out, the one that is kept stays; empty, there is none."""

    name: str
    kind: str
    options: dict[str, Any]
    organisation: int | None = None
    secret: str | None = None


def routes() -> list[Route]:
    return [
        Route("/api/sharing/sources", sources, methods=["GET"]),
        Route("/api/sharing/sources/{code}", put, methods=["PUT"]),
        Route("/api/sharing/sources/{code}", change, methods=["PATCH"]),
        Route("/api/sharing/sources/{code}", remove, methods=["DELETE"]),
        Route("/api/sharing/sources/{code}/tables", tables, methods=["GET"]),
        Route("/api/sharing/sources/{code}/shape", shape, methods=["GET"]),
    ]


async def sources(request: Request) -> Response:
    """The sources that the caller may look into, by code."""
    page = wanted(request)
    after = page.text()
    args = (choose(request.headers.get("accept-language", "")), after, page.limit)
    found = await calls.run(service.list_sources, request.state.caller, *args)
    return render.json(listing(found, page.limit, [found[-1]["code"]] if found else None))


async def put(request: Request) -> Response:
    """Declare a source under a new code."""
    given = await _given(request)
    made = await calls.run(service.declare_source, request.state.caller, given)
    return render.json(made, 201)


async def change(request: Request) -> Response:
    """Change a source."""
    given = await _given(request)
    return render.json(await calls.run(service.change_source, request.state.caller, given))


async def remove(request: Request) -> Response:
    """Forget a source and its secret."""
    await calls.run(service.remove_source, request.state.caller, request.path_params["code"])
    return Response(status_code=204)


async def tables(request: Request) -> Response:
    """The tables of a source, by name; ?q= keeps those whose names hold a text. Whether the
    source answers is seen by asking."""
    code, caller = request.path_params["code"], request.state.caller
    page, part = wanted(request), request.query_params.get("q", "").casefold()
    after = page.text()
    found = sorted(await calls.run(service.tables, caller, code))
    kept = [one for one in found if one > after and part in one.casefold()][: page.limit]
    answer = listing([{"table": one} for one in kept], page.limit, kept[-1:] or None)
    return render.json(answer | {"total": len(found)})


async def shape(request: Request) -> Response:
    """Columns, key and a few values of ?table=."""
    code, caller = request.path_params["code"], request.state.caller
    table = request.query_params.get("table", "")
    samples = render.number(request, "samples", 3, 0, 10)
    found = await calls.run(service.shape, caller, code, table, samples)
    return render.json(service.shown_shape(found))


async def _given(request: Request) -> Declared:
    asked = await render.body(request, SourceBody)
    return Declared(request.path_params["code"], **msgspec.structs.asdict(asked))
