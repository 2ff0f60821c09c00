"""HTTP of owners and openings."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.sensing import access
from yiwang.web import calls, render


def routes() -> list[Route]:
    return [
        Route("/api/access", show, methods=["GET"]),
        Route("/api/access/kinds/{kind}", change_kind, methods=["POST"]),
        Route("/api/access/things/{thing:int}", change_thing, methods=["POST"]),
        Route("/api/access/datastreams/{datastream:int}", change_datastream, methods=["POST"]),
    ]


class KindBody(msgspec.Struct, forbid_unknown_fields=True):
    """``opened`` null: as the pack says; ``owner`` null: nobody. What is left out stays."""

    opened: bool | UnsetType | None = UNSET
    owner: int | UnsetType | None = UNSET


class ThingBody(msgspec.Struct, forbid_unknown_fields=True):
    owner: int | None


class DatastreamBody(msgspec.Struct, forbid_unknown_fields=True):
    opened: bool


async def show(request: Request) -> Response:
    found = await calls.run(access.listing, request.state.caller)
    return render.json({"items": found, "next": None})


async def change_kind(request: Request) -> Response:
    body = await render.body(request, KindBody)
    caller, kind = request.state.caller, request.path_params["kind"]
    done: dict[str, int] = {}
    if not isinstance(body.owner, UnsetType):
        done["things"] = await calls.run(access.own_kind, caller, kind, body.owner)
    if not isinstance(body.opened, UnsetType):
        done["open"] = await calls.run(access.open_kind, caller, kind, body.opened)
    return render.json(done)


async def change_thing(request: Request) -> Response:
    body = await render.body(request, ThingBody)
    thing = request.path_params["thing"]
    await calls.run(access.own_thing, request.state.caller, thing, body.owner)
    return render.json({})


async def change_datastream(request: Request) -> Response:
    body = await render.body(request, DatastreamBody)
    datastream = request.path_params["datastream"]
    await calls.run(access.open_datastream, request.state.caller, datastream, body.opened)
    return render.json({})
