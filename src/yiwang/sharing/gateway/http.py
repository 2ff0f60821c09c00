"""The query gateway over HTTP: /api/sharing/data/…

A use is in the log before its answer goes out, and so is every use that is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Caller
from yiwang.security.evidence.log import Log
from yiwang.sharing.gateway import alarms, model, openapi, reading
from yiwang.sharing.gateway.reading import Given
from yiwang.sharing.gateway.usage import Usage
from yiwang.web import calls, paging, render


class ClaimBody(msgspec.Struct, forbid_unknown_fields=True):
    """``key`` names the row, ``claims`` the values that it is said to have."""

    key: dict[str, Any]
    claims: dict[str, Any]


def routes() -> list[Route]:
    return [
        Route("/api/sharing/data/{id:int}", rows, methods=["GET"]),
        Route("/api/sharing/data/{id:int}/verify", verify, methods=["POST"]),
        Route("/api/sharing/data/{id:int}/openapi.json", document, methods=["GET"]),
        Route("/api/sharing/alarms", list_alarms, methods=["GET"]),
    ]


async def rows(request: Request) -> Response:
    """Rows of a resource under a grant: ?fields=, ?where.COLUMN.gt=, ?order=, ?limit=, ?after=."""
    key = request.path_params["id"]

    def asked(caller: Caller) -> Given:
        return reading.rows(caller, key, model.parse(request.query_params.multi_items()))

    return await _given(request, key, asked)


async def verify(request: Request) -> Response:
    """Whether a row has the values that it is said to have; yes or no."""
    body, key = await render.body(request, ClaimBody), request.path_params["id"]

    def asked(caller: Caller) -> Given:
        return reading.verify(caller, key, body.key, body.claims)

    return await _given(request, key, asked)


async def document(request: Request) -> Response:
    """What the caller's grant lets be asked of a resource, as OpenAPI."""
    args = (request.path_params["id"], render.root(request))
    return render.json(await calls.run(openapi.document, request.state.caller, *args))


async def list_alarms(request: Request) -> Response:
    """Uses that looked wrong, the newest first."""
    page = paging.wanted(request)
    before = int(page.after[0]) if page.after else None
    found = await calls.run(alarms.listing, request.state.caller, before, page.limit)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def _given(request: Request, key: int, asked: Callable[[Caller], Given]) -> Response:
    caller: Caller = request.state.caller
    log: Log = caller.ports[Log]
    usage: Usage = caller.ports[Usage]
    who, at = caller.identity, caller.clock.now()
    try:
        found = await calls.run(asked, caller)
    except YiwangError as error:
        usage.refused(at, who.label, who.organisation, key)
        if who.kind != "anonymous":
            await log.use(reading.refusal(at, who.label, key, error.code))
        raise
    await log.use(found.entry)
    usage.used(at, found.access.grant, found.rows, found.checks, found.misses)
    return Response(
        msgspec.json.encode(found.answer),
        media_type="application/json",
        headers={"cache-control": "no-store"},
    )
