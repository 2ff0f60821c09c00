"""HTTP of how devices are: online rates, the history of their health, their troubles."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel import clock as time
from yiwang.sensing.fleet import rates, troubles
from yiwang.sensing.fleet.http import asked, instant, table, timed, whole
from yiwang.sensing.fleet.rates import BY, Rates
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter


def routes() -> list[Route]:
    return [
        Route("/api/devices/rates", show_rates, methods=["GET"]),
        Route("/api/devices/troubles", list_troubles, methods=["GET"]),
        Route("/api/devices/{thing:int}/history", list_history, methods=["GET"]),
    ]


async def show_rates(request: Request) -> Response:
    """``by`` kind, street or supplier; ``from`` and ``to`` (seven days until now unless given);
    the filters of the list of devices; ``format=csv`` for a file."""
    given = request.query_params
    by = given.get("by", "kind")
    if by not in BY:
        raise BadParameter(request.url.path, name="by", value=by, wanted=", ".join(BY))
    caller = request.state.caller
    end = _given(request, "to", caller.clock.now())
    start = _given(request, "from", end - 7 * time.DAY)
    found = await calls.run(rates.online_rates, caller, by, start, end, asked(request))
    if given.get("format") == "csv":
        return _file(found)
    shown = {"from": render.instant(found.start), "to": render.instant(found.end), "by": by}
    names = ("days", "total", "items", "watched_s")
    return render.json(shown | {name: getattr(found, name) for name in names})


def _given(request: Request, name: str, otherwise: int) -> int:
    value = request.query_params.get(name)
    return instant(request, name, value) if value else otherwise


def _file(found: Rates) -> Response:
    header = ("key", "title", "devices", "online_now", "online_h", "there_h", "rate", *found.days)
    rows = [
        [item.get(name, "") for name in header[:7]] + item["daily"]
        for item in (*found.items, {"key": "total", "title": ""} | found.total)
    ]
    shown = [["" if cell is None else cell for cell in row] for row in rows]
    return table(header, shown, "online-rates.csv")


async def list_history(request: Request) -> Response:
    found = await calls.run(
        rates.device_history, request.state.caller, request.path_params["thing"]
    )
    return render.json({"items": [timed(item, "at") for item in found], "next": None})


async def list_troubles(request: Request) -> Response:
    """``thing``, ``trouble``; ``all=1`` for those that are over as well."""
    page = paging.wanted(request)
    before = page.number()
    found = await calls.run(
        troubles.device_troubles_of,
        request.state.caller,
        whole(request, "thing"),
        request.query_params.get("trouble") or None,
        request.query_params.get("all") != "1",
        before,
        page.limit,
    )
    items: list[dict[str, Any]] = [
        timed(item, "since", "raised_at", "cleared_at") for item in found
    ]
    keys = [found[-1]["id"]] if found else None
    return render.json(paging.listing(items, page.limit, keys))
