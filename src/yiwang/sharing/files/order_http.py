"""Files for one receiver over HTTP: keys, deliveries, what somebody may have."""

from __future__ import annotations

from dataclasses import asdict

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.security.actions import Caller
from yiwang.security.protection.extracts import read, renamed
from yiwang.security.protection.leaks import MOST_FALSE, record_trace
from yiwang.sharing.files import deliveries, giving, keys, mine, tracing
from yiwang.sharing.files.errors import BadOrder
from yiwang.sharing.files.versions import Opened
from yiwang.web import calls, paging, render


class KeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """``recipient``: a public key of age or SSH."""

    name: str
    recipient: str


class OrderBody(msgspec.Struct, forbid_unknown_fields=True):
    """An extract of a ``resource`` in a ``format``, or a ``version`` of a file, which is
    ``encrypted`` to the keys ``to``; without numbers to the caller's own."""

    resource: int | None = None
    format: str = "csv"
    version: int | None = None
    encrypted: bool = False
    to: list[int] = []


def routes() -> list[Route]:
    base = "/api/sharing/files"
    return [
        Route(base + "/mine", list_mine, methods=["GET"]),
        Route(base + "/keys", list_keys, methods=["GET"]),
        Route(base + "/keys", add_key, methods=["POST"]),
        Route(base + "/keys/{id:int}", end_key, methods=["DELETE"]),
        Route(base + "/deliveries", list_deliveries, methods=["GET"]),
        Route(base + "/deliveries", order, methods=["POST"]),
        Route(base + "/deliveries/{id:int}", show, methods=["GET"]),
        Route(base + "/deliveries/{id:int}/content", download, methods=["GET"]),
        Route(base + "/trace", trace, methods=["POST"]),
    ]


async def list_mine(request: Request) -> Response:
    """What the caller's grants give as files: files as they are, and extracts."""
    page = paging.wanted(request, 100)
    before = page.number()
    lang = choose(request.headers.get("accept-language", ""))
    found, last = await calls.run(mine.listing, request.state.caller, before, page.limit, lang)
    after = paging.cursor([last]) if last is not None else None
    return render.json({"items": found, "next": after})


async def list_keys(request: Request) -> Response:
    """The public keys in force of the caller's organisation."""
    return render.json({"items": await calls.run(keys.listing, request.state.caller)})


async def add_key(request: Request) -> Response:
    """Register a public key (age or SSH) as one's own."""
    body = await render.body(request, KeyBody)
    id = await calls.run(keys.add, request.state.caller, body.name, body.recipient)
    return render.json({"id": id}, 201)


async def end_key(request: Request) -> Response:
    """Nothing more is encrypted to a key."""
    await calls.run(keys.end, request.state.caller, request.path_params["id"])
    return Response(status_code=204)


async def list_deliveries(request: Request) -> Response:
    """Files that were made for the caller's organisation, the newest first."""
    page = paging.wanted(request, 200)
    before = page.number()
    found = await calls.run(deliveries.listing, request.state.caller, before, page.limit)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def order(request: Request) -> Response:
    """Have a file made: an extract of what the grant gives, or an encrypted version."""
    body, caller = await render.body(request, OrderBody), request.state.caller
    if (body.resource is None) == (body.version is None):
        raise BadOrder("resource", name="resource, version", wanted="1 ×")
    if body.version is not None:
        id = await calls.run(deliveries.order_sealed, caller, body.version, body.to)
    else:
        args = (body.resource, body.format, body.encrypted or bool(body.to), body.to)
        id = await calls.run(deliveries.order_extract, caller, *args)
    place = f"/api/sharing/files/deliveries/{id}"
    return render.json({"id": id}, 202, {"location": place})


async def show(request: Request) -> Response:
    """How far a delivery is."""
    args = (request.state.caller, request.path_params["id"])
    return render.json(await calls.run(deliveries.show, *args))


async def download(request: Request) -> Response:
    """A delivery that is ready: whole, or a ``Range`` of it with ``If-Range``."""
    id = request.path_params["id"]

    def opened(caller: Caller) -> Opened:
        return deliveries.open_delivery(caller, id)

    def still(caller: Caller) -> None:
        deliveries.look(caller, id)

    return await giving.give(request, opened, still, f"delivery:{id}")


async def trace(request: Request) -> Response:
    """Whose copy a file is. The body is the file (CSV, TSV, Excel or Parquet), ``name`` its name;
    ``resource`` (a number) narrows it; ``column`` (repeated) says ``title in the file=column``."""
    asked, caller = request.query_params, request.state.caller
    name, resource = asked.get("name", ""), asked.get("resource", "")
    await calls.run(tracing.check, caller)
    table = await calls.run(read, name, await render.raw(request))
    table = renamed(table, asked.getlist("column"))
    lang = choose(request.headers.get("accept-language", ""))
    found = await calls.run(tracing.trace, caller, table, resource, lang)
    await calls.run(record_trace, caller, resource, name, found.trace)
    items = [
        asdict(one.found)
        | {"since": render.instant(one.found.since), "of": one.of, "who": one.who}
        | {"deliveries": one.deliveries}
        for one in found.named
    ]
    body = {"found": items, "cells": found.trace.cells, "receivers": found.trace.receivers}
    return render.json(body | {"most_false": MOST_FALSE})
