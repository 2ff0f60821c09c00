"""Lineage over HTTP: /api/sharing/lineage."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.sharing.lineage import service
from yiwang.sharing.lineage.model import MOST_STEPS, Dataset
from yiwang.web import calls, paging, render


def routes() -> list[Route]:
    return [
        Route("/api/sharing/lineage", take, methods=["POST"]),
        Route("/api/sharing/lineage", graph, methods=["GET"]),
        Route("/api/sharing/lineage/events", events, methods=["GET"]),
        Route("/api/sharing/resources/{id:int}/lineage", of_resource, methods=["GET"]),
    ]


async def take(request: Request) -> Response:
    """Take an OpenLineage run event in: 201, or 200 where it is known already."""
    raw = await render.body(request, dict[str, Any])
    fresh = await calls.run(service.take, request.state.caller, raw)
    return Response(status_code=201 if fresh else 200)


async def graph(request: Request) -> Response:
    """Where the dataset ?namespace= ?name= comes from and where it goes, ?steps= far."""
    given = request.query_params
    start = Dataset(given.get("namespace", ""), given.get("name", ""))
    args = (start, _steps(request), _language(request))
    return render.json(await calls.run(service.graph, request.state.caller, *args))


async def of_resource(request: Request) -> Response:
    """Where a resource comes from and where it goes, ?steps= far."""
    args = (request.path_params["id"], _steps(request), _language(request))
    return render.json(await calls.run(service.resource_graph, request.state.caller, *args))


async def events(request: Request) -> Response:
    """Run events as OpenLineage writes them, in the order in which they came."""
    page = paging.wanted(request)
    after = page.number() or 0
    found = await calls.run(service.events, request.state.caller, after, page.limit)
    keys = [found[-1]["id"]] if found else None
    return render.json(paging.listing([one["event"] for one in found], page.limit, keys))


def _steps(request: Request) -> int:
    return render.number(request, "steps", 3, 1, MOST_STEPS)


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
