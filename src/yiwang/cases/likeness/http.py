"""Possible duplicates over HTTP: parse, call one action, render."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.errors import NoSuchCase, PlaceMissing
from yiwang.cases.likeness import service
from yiwang.kernel.text import choose
from yiwang.web import calls, render

_MOST = 2**53


def routes() -> list[Route]:
    return [
        Route("/api/cases/similar", similar, methods=["GET"]),
        Route("/api/cases/{no:int}/duplicates", duplicates, methods=["GET"]),
        Route("/api/cases/{no:int}/duplicates/{other:int}/dismiss", dismiss, methods=["POST"]),
    ]


async def similar(request: Request) -> Response:
    """``case_class``, ``text``, ``lon`` and ``lat`` of a report that is about to be made."""
    asked = request.query_params
    try:
        lon, lat = float(asked.get("lon", "")), float(asked.get("lat", ""))
    except ValueError:
        raise PlaceMissing("lon, lat") from None
    args = (asked.get("case_class", ""), asked.get("text", ""), lon, lat, _language(request))
    items = await calls.run(service.similar, request.state.caller, *args)
    return render.json({"items": items, "next": None})


async def duplicates(request: Request) -> Response:
    args = (_number(request, "no"), _language(request))
    items = await calls.run(service.duplicates, request.state.caller, *args)
    return render.json({"items": items, "next": None})


async def dismiss(request: Request) -> Response:
    no, other = _number(request, "no"), _number(request, "other")
    await calls.run(service.dismiss_duplicate, request.state.caller, no, other)
    return render.json({"no": no, "other": other})


def _number(request: Request, name: str) -> int:
    number: int = request.path_params[name]
    if number > _MOST:
        raise NoSuchCase(no=number)
    return number


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
