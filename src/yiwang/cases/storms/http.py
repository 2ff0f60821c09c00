"""Storms and silences over HTTP: parse, call one action, render."""

from __future__ import annotations

from datetime import datetime

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.storms import service, silences
from yiwang.cases.storms.errors import NoSuchSilence, NoSuchStorm
from yiwang.kernel.text import choose
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter

_MOST = 2**53


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""


class SilenceBody(msgspec.Struct, forbid_unknown_fields=True, rename={"since": "from"}):
    """``since`` (in JSON ``from``; now without it) and ``until`` are RFC 3339. At least one of
    ``case_class``, ``area``, ``place`` and ``thing`` is given; of several all must hold."""

    until: datetime
    reason: str
    since: datetime | None = None
    case_class: str = ""
    area: int | None = None
    place: int | None = None
    thing: int | None = None


def routes() -> list[Route]:
    return [
        Route("/api/cases/storms", list_storms, methods=["GET"]),
        Route("/api/cases/storms/{storm:int}", show_storm, methods=["GET"]),
        Route("/api/cases/storms/{storm:int}/acknowledge", acknowledge, methods=["POST"]),
        Route("/api/cases/storms/{storm:int}/close-cleared", close_cleared, methods=["POST"]),
        Route("/api/cases/storms/{storm:int}/dissolve", dissolve, methods=["POST"]),
        Route("/api/cases/storms/{storm:int}/cases/{no:int}/take-out", take_out, methods=["POST"]),
        Route("/api/cases/silences", list_silences, methods=["GET"]),
        Route("/api/cases/silences", add_silence, methods=["POST"]),
        Route("/api/cases/silences/{silence:int}", show_silence, methods=["GET"]),
        Route("/api/cases/silences/{silence:int}/end", end_silence, methods=["POST"]),
    ]


async def list_storms(request: Request) -> Response:
    """``state``: open or over; all without it."""
    page, state = paging.wanted(request, 200), _state(request, ("open", "over"))
    args = (state, page.limit, page.number(), _language(request))
    items = await calls.run(service.list_storms, request.state.caller, *args)
    return render.json(paging.listing(items, page.limit, [items[-1]["storm"]] if items else None))


async def show_storm(request: Request) -> Response:
    args = (_storm(request), _language(request))
    return render.json(await calls.run(service.show_storm, request.state.caller, *args))


async def acknowledge(request: Request) -> Response:
    number, caller = _storm(request), request.state.caller
    moved = await calls.run(service.acknowledge_storm, caller, number)
    return render.json({"storm": number, "cases": moved})


async def close_cleared(request: Request) -> Response:
    """Close the cases whose findings have all ended; ``closed`` are their numbers."""
    asked, number = await render.body(request, ReasonBody), _storm(request)
    caller = request.state.caller
    closed = await calls.run(service.close_cleared, caller, number, asked.reason)
    return render.json({"storm": number, "closed": closed})


async def dissolve(request: Request) -> Response:
    asked, number = await render.body(request, ReasonBody), _storm(request)
    await calls.run(service.dissolve_storm, request.state.caller, number, asked.reason)
    return render.json({"storm": number})


async def take_out(request: Request) -> Response:
    asked, number = await render.body(request, ReasonBody), _storm(request)
    no = min(request.path_params["no"], _MOST)
    await calls.run(service.take_out, request.state.caller, number, no, asked.reason)
    return render.json({"storm": number, "case": no})


async def list_silences(request: Request) -> Response:
    """``state``: current (going on or to come) or over; all without it."""
    page, state = paging.wanted(request, 200), _state(request, ("current", "over"))
    args = (state, page.limit, page.number(), _language(request))
    items = await calls.run(silences.list_silences, request.state.caller, *args)
    keys = [items[-1]["silence"]] if items else None
    return render.json(paging.listing(items, page.limit, keys))


async def add_silence(request: Request) -> Response:
    asked, caller = await render.body(request, SilenceBody), request.state.caller
    since = None if asked.since is None else render.aware(request, asked.since, "from")
    wanted = silences.Wanted(
        render.aware(request, asked.until, "until"),
        asked.reason,
        since,
        asked.case_class,
        asked.area,
        asked.place,
        asked.thing,
    )
    number = await calls.run(silences.add_silence, caller, wanted)
    shown = await calls.run(silences.show_silence, caller, number, _language(request))
    return render.json(shown, 201, {"location": f"/api/cases/silences/{number}"})


async def show_silence(request: Request) -> Response:
    args = (_silence(request), _language(request))
    return render.json(await calls.run(silences.show_silence, request.state.caller, *args))


async def end_silence(request: Request) -> Response:
    caller, number = request.state.caller, _silence(request)
    await calls.run(silences.end_silence, caller, number)
    shown = await calls.run(silences.show_silence, caller, number, _language(request))
    return render.json(shown)


def _storm(request: Request) -> int:
    number: int = request.path_params["storm"]
    if number > _MOST:
        raise NoSuchStorm(storm=number)
    return number


def _silence(request: Request) -> int:
    number: int = request.path_params["silence"]
    if number > _MOST:
        raise NoSuchSilence(silence=number)
    return number


def _state(request: Request, known: tuple[str, ...]) -> str:
    value = request.query_params.get("state", "")
    if value and value not in known:
        wanted = ", ".join(known)
        raise BadParameter(request.url.path, name="state", value=value, wanted=wanted)
    return value


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
