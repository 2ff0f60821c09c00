"""The query gateway over HTTP: /api/sharing/data/…

A use is in the log before its answer goes out, and so is every use that is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
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

_OWN = (b"cache-control", b"no-store")
"""What was given to one organisation is kept by no cache."""


class ClaimBody(msgspec.Struct, forbid_unknown_fields=True):
    """``key`` names the row, ``claims`` the values that it is said to have."""

    key: dict[str, Any]
    claims: dict[str, Any]


def routes() -> list[Route]:
    return [
        *busy_routes(),
        Route("/api/sharing/data/{id:int}/openapi.json", document, methods=["GET"]),
        Route("/api/sharing/alarms", list_alarms, methods=["GET"]),
    ]


def busy_routes() -> list[Route]:
    """Those that systems ask all day."""
    return [
        Route("/api/sharing/data/{id:int}", rows, methods=["GET"]),
        Route("/api/sharing/data/{id:int}/verify", verify, methods=["POST"]),
    ]


async def rows(request: Request) -> Response:
    """Rows of a resource under a grant: ?fields=, ?where.COLUMN.gt=, ?order=, ?limit=, ?after=."""
    key, parameters = request.path_params["id"], request.query_params.multi_items()

    def asked(caller: Caller) -> Given:
        return reading.rows(caller, key, model.parse(parameters))

    found = await _given(request, key, asked, model.compared(parameters))
    return _tagged(request, found)


async def verify(request: Request) -> Response:
    """Whether a row has the values that it is said to have; yes or no."""
    body, key = await render.body(request, ClaimBody), request.path_params["id"]

    def asked(caller: Caller) -> Given:
        return reading.verify(caller, key, body.key, body.claims)

    found = await _given(request, key, asked, body.key)
    return render.Small(msgspec.json.encode(found.answer), (_OWN,))


async def document(request: Request) -> Response:
    """What the caller's grant lets be asked of a resource, as OpenAPI."""
    args = (request.path_params["id"], render.root(request))
    return render.json(await calls.run(openapi.document, request.state.caller, *args))


async def list_alarms(request: Request) -> Response:
    """Uses that looked wrong, the newest first."""
    page = paging.wanted(request)
    before = page.number()
    found = await calls.run(alarms.listing, request.state.caller, before, page.limit)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def _given(
    request: Request, key: int, asked: Callable[[Caller], Given], named: Collection[str]
) -> Given:
    """What may go out, for it is in the log. ``named``: the columns that are compared with
    ``=``."""
    caller: Caller = request.state.caller
    log: Log = caller.ports[Log]
    usage: Usage = caller.ports[Usage]
    who, at = caller.identity, caller.clock.now()
    try:
        if reading.is_small(caller, key, named):
            found = asked(caller)
        else:
            found = await calls.run(asked, caller)
    except YiwangError as error:
        usage.refused(at, who.label, who.organisation, key)
        if who.kind != "anonymous":
            await log.use(reading.refusal(at, who.label, key, error.code))
        raise
    await log.use(found.entry)
    usage.used(at, found.access.grant, found.rows, found.checks, found.misses)
    return found


def _tagged(request: Request, found: Given) -> Response:
    """Rows with a tag of what is shown and of what it is shown under; nothing but the tag where
    the asker has them already."""
    items = msgspec.json.encode(found.answer["items"])
    under = f"{found.access.grant.id} {found.access.resource.revision}"
    more = found.answer["next"] is not None
    whole = hashlib.sha256(f"{under} {more}\n".encode() + items)
    tag = f'"{whole.hexdigest()[:32]}"'
    held = request.headers.get("if-none-match", "")
    if held and tag in (one.strip().removeprefix("W/") for one in held.split(",")):
        return Response(status_code=304, headers={"cache-control": "no-store", "etag": tag})
    body = b'{"items":%b,"next":%b}' % (items, msgspec.json.encode(found.answer["next"]))
    return render.Small(body, (_OWN, (b"etag", tag.encode())))
