"""Rules over HTTP: parse, call one action, render."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel import clock
from yiwang.kernel.text import choose
from yiwang.rules import explain, service
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter

_STATES = ("all", "open", "cleared", "withdrawn")


class Tune(msgspec.Struct, forbid_unknown_fields=True):
    """``value`` null takes the pack's value back into force; ``since`` is ISO 8601."""

    value: float | str | None
    why: str
    since: str | None = None


def routes() -> list[Route]:
    return [
        Route("/api/findings", list_findings, methods=["GET"]),
        Route("/api/findings/{number:int}", show_finding, methods=["GET"]),
        Route("/api/rules", list_rules, methods=["GET"]),
        Route("/api/rules/{pack}/parameters/{name}", tune, methods=["PUT"]),
        Route("/api/rules/{pack}/{rule}", show_rule, methods=["GET"]),
    ]


async def list_findings(request: Request) -> Response:
    page = paging.wanted(request)
    path, asked = request.url.path, request.query_params
    state = asked.get("state", "all")
    if state not in _STATES:
        raise BadParameter(path, name="state", value=state, wanted=", ".join(_STATES))
    wanted = service.Filter(
        state,
        asked.get("rule", ""),
        _key(request, "place"),
        _key(request, "thing"),
        asked.get("severity", ""),
    )
    items, keys = await calls.run(
        service.findings,
        request.state.caller,
        wanted,
        page.limit,
        page.keys(int, int),
        _language(request),
    )
    return render.json(paging.listing(items, page.limit, keys))


async def show_finding(request: Request) -> Response:
    """The finding with its explanation."""
    number = int(request.path_params["number"])
    lang = _language(request)
    found = await calls.run(explain.explain, request.state.caller, number, lang)
    return render.json(found["finding"] | {"explanation": found})


async def list_rules(request: Request) -> Response:
    items = await calls.run(service.list_rules, request.state.caller, _language(request))
    return render.json({"items": items, "next": None})


async def show_rule(request: Request) -> Response:
    pack, rule = request.path_params["pack"], request.path_params["rule"]
    lang = _language(request)
    return render.json(await calls.run(service.show_rule, request.state.caller, pack, rule, lang))


async def tune(request: Request) -> Response:
    asked = await render.body(request, Tune)
    pack, name = request.path_params["pack"], request.path_params["name"]
    since = None
    if asked.since is not None:
        try:
            since = clock.parse(asked.since)
        except ValueError:
            raise BadParameter(
                request.url.path, name="since", value=asked.since, wanted="2026-07-01T08:00:00Z"
            ) from None
    await calls.run(service.tune, request.state.caller, pack, name, asked.value, asked.why, since)
    return Response(status_code=204)


def _key(request: Request, name: str) -> int | None:
    if name not in request.query_params:
        return None
    return render.number(request, name, 0, 1, 2**53)


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
