"""The screen over HTTP: the web application, its layout, and what is on the map."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.console import heads, service, spots, static
from yiwang.console.model import Box
from yiwang.kernel.text import choose, phrase
from yiwang.web import calls, render
from yiwang.web.errors import BadParameter

_BOX = phrase("box")


def routes() -> list[Route]:
    """Everything of the screen. The last route takes every address that is left: add these
    routes after all others."""
    return [
        Route("/api/console", layout, methods=["GET"]),
        Route("/api/map/things", things, methods=["GET"]),
        Route("/api/map/places", places, methods=["GET"]),
        Route("/api/map/things/{id:int}", thing, methods=["GET"]),
        Route("/api/map/places/{id:int}", place, methods=["GET"]),
        Route("/open", heads.portal, methods=["GET"]),
        Route("/open/{name}", heads.dataset, methods=["GET"]),
        Route("/{path:path}", static.file, methods=["GET"]),
    ]


async def layout(request: Request) -> Response:
    caller = request.state.caller
    return render.json(await calls.run(service.layout, caller, _language(request)))


async def things(request: Request) -> Response:
    asked = request.query_params
    kind, property_ = asked.get("kind", ""), asked.get("property", "")
    caller = request.state.caller
    return render.json(await calls.run(service.things, caller, _box(request), kind, property_))


async def thing(request: Request) -> Response:
    caller, id = request.state.caller, request.path_params["id"]
    return render.json(await calls.run(spots.thing, caller, id, _language(request)))


async def place(request: Request) -> Response:
    caller, id = request.state.caller, request.path_params["id"]
    return render.json(await calls.run(spots.place, caller, id, _language(request)))


async def places(request: Request) -> Response:
    asked = request.query_params
    if not asked.get("kind"):
        wanted = phrase("kind_of_place")
        raise BadParameter(request.url.path, name="kind", value="", wanted=wanted)
    kind, property_, of = asked["kind"], asked.get("property", ""), asked.get("of", "")
    caller = request.state.caller
    return render.json(await calls.run(service.places, caller, _box(request), kind, property_, of))


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))


def _box(request: Request) -> Box:
    text = request.query_params.get("bbox", "")
    if not text:
        return Box()
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        if not (west <= east and south <= north):
            raise ValueError
    except ValueError:
        raise BadParameter(request.url.path, name="bbox", value=text, wanted=_BOX) from None
    return Box(west, south, east, north)
