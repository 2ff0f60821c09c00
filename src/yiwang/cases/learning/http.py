"""Proposals over HTTP."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.errors import PlaceMissing, TextMissing
from yiwang.cases.learning import likely, outcomes, waiting
from yiwang.cases.learning.model import Known
from yiwang.kernel.text import choose
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter


def routes() -> list[Route]:
    return [
        Route("/api/cases/proposals", accuracy, methods=["GET"]),
        Route("/api/cases/proposals/{what:str}", waits, methods=["GET"]),
        Route("/api/cases/{no:int}/proposals/{what:str}/refuse", refuse, methods=["POST"]),
        Route("/api/cases/likely", classes, methods=["GET"]),
    ]


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""


async def accuracy(request: Request) -> Response:
    """How the proposals so far turned out: by version of the model, by class, by unit."""
    lang = choose(request.headers.get("accept-language", ""))
    return render.json(await calls.run(outcomes.accuracy, request.state.caller, lang))


async def classes(request: Request) -> Response:
    """``text`` of a report that is about to be made, and where known its ``lon`` and ``lat``,
    ``address`` and ``channel``: the classes that it is likely of."""
    asked, caller = request.query_params, request.state.caller
    text = asked.get("text", "")
    if len(text) > likely.MOST_TEXT:
        raise TextMissing("text", most=likely.MOST_TEXT)
    try:
        lon, lat = (float(asked[key]) if key in asked else None for key in ("lon", "lat"))
    except ValueError:
        raise PlaceMissing("lon, lat") from None
    if not (-180 <= (lon or 0) <= 180 and -90 <= (lat or 0) <= 90):
        raise PlaceMissing("lon, lat")
    known = Known(
        "", text, asked.get("channel", ""), asked.get("address", ""), lon, lat, caller.clock.now()
    )
    lang = choose(request.headers.get("accept-language", ""))
    items = await calls.run(likely.likely_classes, caller, known, lang)
    return render.json({"items": items, "next": None})


async def waits(request: Request) -> Response:
    """The proposals that wait for the centre: ``dispatch`` (the oldest case first) or ``class``
    (the newest first)."""
    what, page = _what(request), paging.wanted(request, 200)
    lang = choose(request.headers.get("accept-language", ""))
    args = (what, page.number(), page.limit, lang)
    items = await calls.run(waiting.waiting, request.state.caller, *args)
    last = "no" if what == "dispatch" else "id"
    return render.json(paging.listing(items, page.limit, [items[-1][last]] if items else None))


async def refuse(request: Request) -> Response:
    """None of what is proposed for a case (``dispatch`` or ``class``) is right."""
    what, no = _what(request), min(request.path_params["no"], 2**53)
    asked = await render.body(request, ReasonBody)
    await calls.run(waiting.refuse, request.state.caller, no, what, asked.reason)
    return Response(status_code=204)


def _what(request: Request) -> str:
    what: str = request.path_params["what"]
    if what not in waiting.WHAT:
        raise BadParameter(
            request.url.path, name="what", value=what[:40], wanted=", ".join(waiting.WHAT)
        )
    return what
