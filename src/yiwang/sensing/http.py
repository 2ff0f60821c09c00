"""HTTP of the ledger and of devices."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.sensing import health, ledger, service
from yiwang.sensing.fleet import health_http as fleet_health_http
from yiwang.sensing.fleet import http as fleet_http
from yiwang.sensing.fleet import upkeep_http as fleet_upkeep_http
from yiwang.sensing.ledger import Line, Rejection
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter


def routes() -> list[Route]:
    return [
        Route("/api/ledger", show_ledger, methods=["GET"]),
        Route("/api/rejections", list_rejections, methods=["GET"]),
        Route("/api/devices/kinds", list_kinds, methods=["GET"]),
        Route("/api/devices/health", list_health, methods=["GET"]),
        Route("/api/devices/summary", show_summary, methods=["GET"]),
        Route("/api/observations/{number:int}", show_observation, methods=["GET"]),
        *fleet_http.routes(),
        *fleet_health_http.routes(),
        *fleet_upkeep_http.routes(),
    ]


async def list_kinds(request: Request) -> Response:
    found = await calls.run(service.kinds, request.state.caller)
    return render.json({"items": found, "next": None})


async def show_ledger(request: Request) -> Response:
    day = request.query_params.get("day")
    lines = await calls.run(ledger.lines, request.state.caller, day)
    return render.json({"items": [ledger_line(line) for line in lines], "next": None})


def ledger_line(line: Line) -> dict[str, Any]:
    """A line as JSON, with whether it adds up."""
    return asdict(line) | {"balanced": line.balanced}


async def list_rejections(request: Request) -> Response:
    page = paging.wanted(request)
    asked = request.query_params
    before = page.number()
    found = await calls.run(
        ledger.rejected,
        request.state.caller,
        asked.get("day"),
        asked.get("source"),
        asked.get("reason"),
        before,
        page.limit,
    )
    keys = [found[-1].id] if found else None
    return render.json(paging.listing([_rejection(item) for item in found], page.limit, keys))


def _rejection(item: Rejection) -> dict[str, Any]:
    """``raw`` is text where the message was UTF-8, else ``raw_base64`` holds it."""
    shown = asdict(item) | {"at": render.instant(item.at)}
    raw: bytes = shown.pop("raw")
    try:
        return shown | {"raw": raw.decode()}
    except UnicodeDecodeError:
        return shown | {"raw_base64": base64.b64encode(raw).decode()}


async def list_health(request: Request) -> Response:
    page = paging.wanted(request)
    state = request.query_params.get("state")
    states = (*health.STATES, "skewed")
    if state is not None and state not in states:
        raise BadParameter(request.url.path, name="state", value=state, wanted=", ".join(states))
    after = page.number() or 0
    kind = request.query_params.get("kind")
    found = await calls.run(health.listing, request.state.caller, state, kind, after, page.limit)
    for item in found:
        item["last_seen"] = render.instant(item["last_seen"])
    keys = [found[-1]["thing"]] if found else None
    return render.json(paging.listing(found, page.limit, keys))


async def show_summary(request: Request) -> Response:
    found = await calls.run(health.summary, request.state.caller)
    total = {
        name: sum(line[name] for line in found)
        for name in ("total", "online", "silent", "never", "skewed")
    }
    return render.json({"items": found, "total": total})


async def show_observation(request: Request) -> Response:
    found = await calls.run(
        service.observation, request.state.caller, request.path_params["number"]
    )
    for name in ("time", "received"):
        found[name] = render.instant(found[name])
    return render.json(found)
