"""HTTP of devices: lists, one device and its life, credentials, groups."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel import clock
from yiwang.kernel.text import choose
from yiwang.sensing import service
from yiwang.sensing.devices import Details, NewDevice
from yiwang.sensing.fleet import credentials, editing, groups, importing, listing
from yiwang.sensing.fleet.editing import Replacement
from yiwang.sensing.fleet.listing import STATE_NAMES, Filter
from yiwang.web import calls, paging, render
from yiwang.web.auth import secrets_ended
from yiwang.web.errors import BadParameter, problem

MOST_LIST_BYTES = 64 * 1024 * 1024


def routes() -> list[Route]:
    return [
        Route("/api/devices", list_devices, methods=["GET"]),
        Route("/api/devices", register, methods=["POST"]),
        Route("/api/devices/count", count_devices, methods=["GET"]),
        Route("/api/devices/template", show_template, methods=["GET"]),
        Route("/api/devices/import", import_list, methods=["POST"]),
        Route("/api/devices/credentials", rotate_many, methods=["POST"]),
        Route("/api/devices/credentials/revoke", revoke_many, methods=["POST"]),
        Route("/api/devices/groups", list_groups, methods=["GET"]),
        Route("/api/devices/groups", add_group, methods=["POST"]),
        Route("/api/devices/groups/{group:int}", edit_group, methods=["PUT"]),
        Route("/api/devices/groups/{group:int}", remove_group, methods=["DELETE"]),
        Route("/api/devices/groups/{group:int}/members", set_members, methods=["POST"]),
        Route("/api/devices/{thing:int}", show_device, methods=["GET"]),
        Route("/api/devices/{thing:int}", edit_device, methods=["PATCH"]),
        Route("/api/devices/{thing:int}/retire", retire_device, methods=["POST"]),
        Route("/api/devices/{thing:int}/replace", replace_device, methods=["POST"]),
        Route("/api/devices/{thing:int}/hardware", list_hardware, methods=["GET"]),
        Route("/api/observations/{number:int}/hardware", show_hardware, methods=["GET"]),
    ]


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> Response:
    """A CSV file, with the mark by which spreadsheets know UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    headers = {
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
    }
    body = ("\ufeff" + out.getvalue()).encode()
    return Response(body, headers=headers, media_type="text/csv")


def timed(item: dict[str, Any], *names: str) -> dict[str, Any]:
    """A line with some of its instants as JSON shows them."""
    return item | {name: render.instant(item[name]) for name in names}


def whole(request: Request, name: str) -> int | None:
    """A whole number of the query string, or None where it is not given."""
    if not request.query_params.get(name):
        return None
    return render.number(request, name, 0, 1, 2**53)


def asked(request: Request) -> Filter:
    """The filter of a list. Raises BadParameter."""
    given = request.query_params
    state = given.get("state") or None
    if state is not None and state not in STATE_NAMES:
        wanted = ", ".join(STATE_NAMES)
        raise BadParameter(request.url.path, name="state", value=state, wanted=wanted)
    words = {name: given.get(name) for name in ("kind", "supplier", "gateway", "network")}
    numbers = {name: whole(request, name) for name in ("area", "group")}
    text = {name: value or None for name, value in words.items()}
    return Filter(**text, **numbers, q=given.get("q", ""), state=state)  # type: ignore[arg-type]


class NewDeviceBody(msgspec.Struct, forbid_unknown_fields=True):
    """A device to register; ``credential`` asks for a secret of its own."""

    kind: str
    code: str
    name: str = ""
    lon: float | None = None
    lat: float | None = None
    place: int | None = None
    description: str = ""
    properties: dict[str, Any] = {}
    credential: bool = False
    supplier: str = ""
    model: str = ""
    serial: str = ""
    gateway: str = ""
    network: str = ""
    installed_on: str | None = None
    firmware: str = ""


_DETAILS = ("supplier", "model", "serial", "gateway", "network", "installed_on", "firmware")


async def register(request: Request) -> Response:
    body = await render.body(request, NewDeviceBody)
    details = {name: getattr(body, name) for name in _DETAILS}
    device = NewDevice(
        body.code,
        body.name,
        body.lon,
        body.lat,
        body.place,
        body.description,
        body.properties,
        Details(**details) if any(details.values()) else None,
    )
    made = await calls.run(
        service.register_device, request.state.caller, body.kind, device, body.credential
    )
    return render.json(vars(made), 201)


async def list_devices(request: Request) -> Response:
    page = paging.wanted(request)
    after = page.number() or 0
    found = await calls.run(
        listing.devices, request.state.caller, asked(request), after, page.limit
    )
    items = [timed(item, "last_seen", "retired_at") for item in found]
    keys = [found[-1]["thing"]] if found else None
    return render.json(paging.listing(items, page.limit, keys))


async def count_devices(request: Request) -> Response:
    found = await calls.run(listing.count_devices, request.state.caller, asked(request))
    return render.json({"count": found})


async def show_device(request: Request) -> Response:
    thing = request.path_params["thing"]
    lang = choose(request.headers.get("accept-language", ""))
    found = await calls.run(listing.show_device, request.state.caller, thing, lang)
    found = timed(found, "last_seen", "retired_at", "created_at")
    found["datastreams"] = [timed(item, "time") for item in found["datastreams"]]
    if found["credential"] is not None:
        found["credential"] = timed(found["credential"], "created_at", "revoked_at")
    return render.json(found)


async def edit_device(request: Request) -> Response:
    changes = await render.body(request, dict[str, Any])
    await calls.run(
        editing.edit_device, request.state.caller, request.path_params["thing"], changes
    )
    return await show_device(request)


class RetireBody(msgspec.Struct, forbid_unknown_fields=True):
    why: str


async def retire_device(request: Request) -> Response:
    body = await render.body(request, RetireBody)
    await calls.run(
        editing.retire_device, request.state.caller, request.path_params["thing"], body.why
    )
    secrets_ended(request)
    return await show_device(request)


class ReplaceBody(msgspec.Struct, forbid_unknown_fields=True):
    """The hardware that comes; ``at`` is an instant of ISO 8601, now when it is left out."""

    why: str
    code: str = ""
    serial: str = ""
    model: str | None = None
    supplier: str | None = None
    firmware: str = ""
    at: str | None = None
    credential: bool = True


async def replace_device(request: Request) -> Response:
    body = await render.body(request, ReplaceBody)
    new = Replacement(
        body.why,
        body.code,
        body.serial,
        body.model,
        body.supplier,
        body.firmware,
        None if body.at is None else instant(request, "at", body.at),
    )
    made = await calls.run(
        editing.replace_device,
        request.state.caller,
        request.path_params["thing"],
        new,
        body.credential,
    )
    secrets_ended(request)
    name, secret = made if made is not None else ("", "")
    return render.json({"credential": name, "secret": secret})


def instant(request: Request, name: str, value: str) -> int:
    """Raises BadParameter for what is no ISO 8601 time with its zone."""
    try:
        return clock.parse(value)
    except ValueError:
        wanted = "2026-07-01T08:00:00+08:00"
        raise BadParameter(request.url.path, name=name, value=value, wanted=wanted) from None


async def list_hardware(request: Request) -> Response:
    thing = request.path_params["thing"]
    found = await calls.run(editing.hardware, request.state.caller, thing)
    return render.json({"items": [timed(item, "since", "until") for item in found], "next": None})


async def show_hardware(request: Request) -> Response:
    number = request.path_params["number"]
    found = await calls.run(editing.observing_hardware, request.state.caller, number)
    if found["hardware"] is not None:
        found["hardware"] = timed(found["hardware"], "since", "until")
    return render.json(timed(found, "time"))


# Lists of devices


async def show_template(request: Request) -> Response:
    kind = request.query_params.get("kind", "")
    lang = choose(request.headers.get("accept-language", ""))
    lang = request.query_params.get("lang", lang)
    text = await calls.run(importing.device_template, request.state.caller, kind, lang)
    name = f'attachment; filename="{kind}.csv"'
    return Response(text.encode(), headers={"content-disposition": name}, media_type="text/csv")


async def import_list(request: Request) -> Response:
    """The list is the body, as CSV; ``?dry_run=1`` only looks it over, ``?credentials=1`` gives
    each device a secret, told once in a CSV file."""
    given = request.query_params
    kind = given.get("kind", "")
    content = await render.raw(request, MOST_LIST_BYTES)
    caller = request.state.caller
    if given.get("dry_run") == "1":
        outlook = await calls.run(importing.check_device_list, caller, kind, content)
        lang = choose(request.headers.get("accept-language", ""))
        told = [problem(error, lang) for error in outlook.errors]
        return render.json(
            {
                "rows": outlook.rows,
                "first": outlook.first,
                "errors": told,
                "wrong": outlook.wrong,
            }
        )
    wanted = given.get("credentials") == "1"
    made = await calls.run(importing.import_devices, caller, kind, content, wanted)
    if not wanted:
        return render.json({"registered": made.registered}, 201)
    return table(("code", "name", "secret"), made.credentials, "credentials.csv")


# Credentials


class ThingsBody(msgspec.Struct, forbid_unknown_fields=True):
    things: list[int]


async def rotate_many(request: Request) -> Response:
    """New secrets, told once: as JSON, or as a CSV file where the request accepts text/csv."""
    body = await render.body(request, ThingsBody)
    made = await calls.run(
        credentials.rotate_credentials, request.state.caller, list(dict.fromkeys(body.things))
    )
    secrets_ended(request)
    if "text/csv" in request.headers.get("accept", ""):
        return table(("code", "name", "secret"), made, "credentials.csv")
    names = ("code", "name", "secret")
    items = [dict(zip(names, one, strict=True)) for one in made]
    return render.json({"items": items, "next": None})


async def revoke_many(request: Request) -> Response:
    body = await render.body(request, ThingsBody)
    revoked = await calls.run(
        credentials.revoke_credentials, request.state.caller, list(dict.fromkeys(body.things))
    )
    secrets_ended(request)
    return render.json({"revoked": revoked})


# Groups


class GroupBody(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    note: str = ""
    rule: dict[str, Any] | None = None


class MembersBody(msgspec.Struct, forbid_unknown_fields=True):
    add: list[int] = []
    remove: list[int] = []


async def list_groups(request: Request) -> Response:
    found = await calls.run(groups.list_groups, request.state.caller)
    return render.json({"items": found, "next": None})


async def add_group(request: Request) -> Response:
    body = await render.body(request, GroupBody)
    number = await calls.run(
        groups.add_group, request.state.caller, body.name, body.note, body.rule
    )
    return render.json({"id": number}, 201)


async def edit_group(request: Request) -> Response:
    body = await render.body(request, GroupBody)
    group = request.path_params["group"]
    await calls.run(groups.edit_group, request.state.caller, group, body.name, body.note, body.rule)
    return render.json({"id": group})


async def remove_group(request: Request) -> Response:
    await calls.run(groups.remove_group, request.state.caller, request.path_params["group"])
    return Response(status_code=204)


async def set_members(request: Request) -> Response:
    body = await render.body(request, MembersBody)
    count = await calls.run(
        groups.set_members,
        request.state.caller,
        request.path_params["group"],
        body.add,
        body.remove,
    )
    return render.json({"count": count})
