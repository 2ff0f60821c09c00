"""Proposals over HTTP."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.errors import PlaceMissing, TextMissing
from yiwang.cases.learning import likely, outcomes
from yiwang.cases.learning.model import Known
from yiwang.kernel.text import choose
from yiwang.web import calls, render


def routes() -> list[Route]:
    return [
        Route("/api/cases/proposals", accuracy, methods=["GET"]),
        Route("/api/cases/likely", classes, methods=["GET"]),
    ]


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
