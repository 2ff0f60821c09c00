"""The registry over HTTP: /api/registry/…"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel import clock
from yiwang.kernel.text import choose, phrase
from yiwang.registry import editing, responsibility, service
from yiwang.registry.model import Area, Duty, Located, Responsibility
from yiwang.registry.nouns import Noun, noun
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter


def routes() -> list[Route]:
    return [
        Route("/api/registry/areas.geojson", areas_geojson, methods=["GET"]),
        Route("/api/registry/locate", locate, methods=["GET"]),
        Route("/api/registry/responsibilities/check", check, methods=["GET"]),
        Route("/api/registry/responsibilities/matrix", matrix, methods=["GET"]),
        Route("/api/registry/responsibilities/{id:int}/history", history, methods=["GET"]),
        Route("/api/registry/{noun}", listing, methods=["GET"]),
        Route("/api/registry/{noun}", add, methods=["POST"]),
        Route("/api/registry/{noun}/{id:int}", show, methods=["GET"]),
        Route("/api/registry/{noun}/{id:int}", change, methods=["PATCH"]),
        Route("/api/registry/{noun}/{id:int}", remove, methods=["DELETE"]),
    ]


async def listing(request: Request) -> Response:
    kind = noun(request.path_params["noun"])
    page = paging.wanted(request)
    after = page.number() or 0
    where = {
        name: _value(request, kind, name, value)
        for name, value in request.query_params.items()
        if name not in ("limit", "after", "q")
    }
    text = request.query_params.get("q", "")
    caller = request.state.caller
    found = await calls.run(editing.page, caller, kind.name, where, text, after, page.limit)
    items = [shown(item, short=True) for item in found]
    return render.json(paging.listing(items, page.limit, [found[-1].id] if found else None))


async def show(request: Request) -> Response:
    name, id = request.path_params["noun"], request.path_params["id"]
    return render.json(shown(await calls.run(editing.get, request.state.caller, name, id)))


async def add(request: Request) -> Response:
    raw = await render.body(request, dict[str, Any])
    name = request.path_params["noun"]
    made = await calls.run(editing.add, request.state.caller, name, raw)
    where = {"location": f"/api/registry/{name}/{made.id}"}
    return render.json(shown(made), 201, where)


async def change(request: Request) -> Response:
    raw = await render.body(request, dict[str, Any])
    name, id = request.path_params["noun"], request.path_params["id"]
    made = await calls.run(editing.change, request.state.caller, name, id, raw)
    return render.json(shown(made))


async def remove(request: Request) -> Response:
    name, id = request.path_params["noun"], request.path_params["id"]
    await calls.run(editing.remove, request.state.caller, name, id)
    return Response(status_code=204)


async def areas_geojson(request: Request) -> Response:
    """Every area, or with ?level= those of one level, as a GeoJSON FeatureCollection."""
    level = request.query_params.get("level")
    found = await calls.run(service.areas, request.state.caller, level)
    features = [
        {
            "type": "Feature",
            "id": area.id,
            "properties": shown(area, short=True),
            "geometry": area.geometry,
        }
        for area in found
    ]
    return render.json({"type": "FeatureCollection", "features": features})


async def locate(request: Request) -> Response:
    """District, street and grid at ?lon=&lat=, each with code and names."""
    lon, lat = _degrees(request, "lon", 180), _degrees(request, "lat", 90)
    caller = request.state.caller
    found: Located = await calls.run(service.locate, caller, lon, lat)
    answer: dict[str, Any] = {}
    for level in ("district", "street", "grid"):
        number = getattr(found, level)
        area = None if number is None else await calls.run(service.area, caller, number)
        answer[level] = None if area is None else shown(area, short=True)
    return render.json(answer)


async def check(request: Request) -> Response:
    """Conflicts and gaps of the responsibility matrix now, or at ?at=."""
    lang = choose(request.headers.get("accept-language", ""))
    caller = request.state.caller
    return render.json(await calls.run(responsibility.check, caller, _at(request), lang))


async def history(request: Request) -> Response:
    """What an entry of the responsibility matrix says, and what it said before it was changed."""
    caller, id = request.state.caller, request.path_params["id"]
    lang = choose(request.headers.get("accept-language", ""))
    items = await calls.run(responsibility.history, caller, id, lang)
    return render.json({"items": items, "next": None})


async def matrix(request: Request) -> Response:
    """The responsibility matrix for the city or ?area= and the areas right below it."""
    lang = choose(request.headers.get("accept-language", ""))
    given = "area" in request.query_params
    area = render.number(request, "area", 0, 1, 2**53) if given else None
    caller = request.state.caller
    return render.json(await calls.run(responsibility.matrix, caller, area, _at(request), lang))


def _at(request: Request) -> int | None:
    text = request.query_params.get("at", "")
    if not text:
        return None
    try:
        return clock.parse(text)
    except ValueError:
        wanted = phrase("instant_like")
        raise BadParameter(request.url.path, name="at", value=text, wanted=wanted) from None


def shown(record: Any, short: bool = False) -> dict[str, Any]:
    """A record as JSON shows it; ``short`` leaves an area's outline out."""
    values = asdict(record)
    if isinstance(record, Duty):
        values["opens"] = f"{record.opens // 60:02}:{record.opens % 60:02}"
        values["closes"] = f"{record.closes // 60:02}:{record.closes % 60:02}"
    if isinstance(record, Duty | Responsibility):
        values["starts_at"] = render.instant(record.starts_at)
        values["ends_at"] = render.instant(record.ends_at)
    if short and isinstance(record, Area):
        values.pop("geometry")
    return values


def _value(request: Request, kind: Noun, name: str, text: str) -> Any:
    """A filter of the query string: any field that holds one word or one number."""
    column = kind.table.c.get(name)
    if column is None or name in (
        "geometry",
        "attributes",
        "functions",
        "skills",
        "days",
        "co_organisations",
    ):
        wanted = ", ".join(kind.fields)
        raise BadParameter(request.url.path, name=name, value=text, wanted=wanted)
    if column.type.python_type is not int:
        return text
    if not text.isdigit():
        raise BadParameter(request.url.path, name=name, value=text, wanted=phrase("whole_number"))
    return int(text)


def _degrees(request: Request, name: str, most: float) -> float:
    text = request.query_params.get(name, "")
    try:
        value = float(text)
    except ValueError:
        value = most + 1
    if not -most <= value <= most:
        wanted = f"-{most:g} … {most:g}"
        raise BadParameter(request.url.path, name=name, value=text, wanted=wanted)
    return value
