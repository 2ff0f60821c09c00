"""HTTP of the upkeep of devices: plans, what is due, records, firmware, batteries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.sensing.fleet import days, firmware, maintenance, works
from yiwang.sensing.fleet.firmware import Put
from yiwang.sensing.fleet.http import MOST_LIST_BYTES, table, timed, whole
from yiwang.sensing.fleet.maintenance import Plan, Record
from yiwang.sensing.fleet.works import Work
from yiwang.web import calls, render


def routes() -> list[Route]:
    return [
        Route("/api/devices/plans", list_plans, methods=["GET"]),
        Route("/api/devices/plans", add_plan, methods=["POST"]),
        Route("/api/devices/plans/{plan:int}", edit_plan, methods=["PUT"]),
        Route("/api/devices/works", list_works, methods=["GET"]),
        Route("/api/devices/works", announce_work, methods=["POST"]),
        Route("/api/devices/works/{work:int}/end", end_work, methods=["POST"]),
        Route("/api/devices/due", list_due, methods=["GET"]),
        Route("/api/devices/records", add_record, methods=["POST"]),
        Route("/api/devices/{thing:int}/records", list_records, methods=["GET"]),
        Route("/api/devices/batteries", list_batteries, methods=["GET"]),
        Route("/api/devices/firmware", list_campaigns, methods=["GET"]),
        Route("/api/devices/firmware", add_campaign, methods=["POST"]),
        Route("/api/devices/firmware/records", add_firmware, methods=["POST"]),
        Route("/api/devices/firmware/import", import_firmware, methods=["POST"]),
        Route("/api/devices/{thing:int}/firmware", list_firmware, methods=["GET"]),
    ]


class PlanBody(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    every: int
    unit: str
    what: str
    starts_on: str
    kind: str | None = None
    group: int | None = None
    organisation: int | None = None
    active: bool = True


def _plan(body: PlanBody) -> Plan:
    return Plan(**msgspec.structs.asdict(body))


def _items(found: list[dict[str, Any]], *times: str) -> Response:
    return render.json({"items": [timed(item, *times) for item in found], "next": None})


async def list_plans(request: Request) -> Response:
    found = await calls.run(maintenance.plans, request.state.caller)
    return _items(found, "created_at")


async def add_plan(request: Request) -> Response:
    body = await render.body(request, PlanBody)
    number = await calls.run(maintenance.add_plan, request.state.caller, _plan(body))
    return render.json({"id": number}, 201)


async def edit_plan(request: Request) -> Response:
    body = await render.body(request, PlanBody)
    number = request.path_params["plan"]
    await calls.run(maintenance.edit_plan, request.state.caller, number, _plan(body))
    return render.json({"id": number})


class WorkBody(msgspec.Struct, forbid_unknown_fields=True, rename={"since": "from"}):
    """``since`` (in JSON ``from``) and ``until`` are RFC 3339."""

    since: datetime
    until: datetime
    what: str
    plan: int | None = None
    things: list[int] = []


async def list_works(request: Request) -> Response:
    """``state``: current (going on or to come); all without it."""
    current = request.query_params.get("state", "") == "current"
    found = await calls.run(works.works, request.state.caller, current)
    return _items(found, "from_at", "until_at", "announced_at", "ended_at")


async def announce_work(request: Request) -> Response:
    """Announce work on devices (``things``, or all of a ``plan``): meanwhile they open no
    case."""
    body = await render.body(request, WorkBody)
    asked = Work(
        render.aware(request, body.since, "from"),
        render.aware(request, body.until, "until"),
        body.what,
        body.plan,
        tuple(body.things),
    )
    number = await calls.run(works.announce, request.state.caller, asked)
    return render.json({"id": number}, 201)


async def end_work(request: Request) -> Response:
    """A work is over, or called off, before its time."""
    number = request.path_params["work"]
    await calls.run(works.end, request.state.caller, number)
    return render.json({"id": number})


async def list_due(request: Request) -> Response:
    """``plan``; ``within`` days (30); ``format=csv`` for a file."""
    within = render.number(request, "within", 30, 0, 3650)
    caller = request.state.caller
    found = await calls.run(maintenance.due, caller, whole(request, "plan"), within)
    if request.query_params.get("format") == "csv":
        header = ("due_on", "overdue", "plan_name", "kind", "code", "name", "what")
        rows = [[one[name] for name in header] for one in found]
        return table(header, rows, "maintenance-due.csv")
    return _items(found)


class RecordBody(msgspec.Struct, forbid_unknown_fields=True):
    things: list[int]
    done_on: str
    who: str
    what: str
    result: str = "done"
    parts: str = ""
    next_due: str | None = None
    plan: int | None = None


async def add_record(request: Request) -> Response:
    body = await render.body(request, RecordBody)
    given = msgspec.structs.asdict(body)
    wanted = list(dict.fromkeys(given.pop("things")))
    count = await calls.run(
        maintenance.record_maintenance, request.state.caller, wanted, Record(**given)
    )
    return render.json({"recorded": count}, 201)


async def list_records(request: Request) -> Response:
    thing = request.path_params["thing"]
    found = await calls.run(maintenance.records, request.state.caller, thing)
    return _items(found, "recorded_at")


async def list_batteries(request: Request) -> Response:
    """Low ones; with ``within`` also those that will be empty within so many days."""
    within = whole(request, "within")
    found = await calls.run(days.batteries, request.state.caller, None, within)
    return _items(found)


class CampaignBody(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    name: str
    version: str
    planned_on: str | None = None
    note: str = ""


async def list_campaigns(request: Request) -> Response:
    found = await calls.run(firmware.campaigns, request.state.caller)
    return _items(found, "created_at")


async def add_campaign(request: Request) -> Response:
    body = await render.body(request, CampaignBody)
    number = await calls.run(
        firmware.add_campaign,
        request.state.caller,
        body.kind,
        body.name,
        body.version,
        body.planned_on,
        body.note,
    )
    return render.json({"id": number}, 201)


class FirmwareBody(msgspec.Struct, forbid_unknown_fields=True):
    things: list[int]
    version: str
    outcome: str = "done"
    note: str = ""
    campaign: int | None = None


async def add_firmware(request: Request) -> Response:
    body = await render.body(request, FirmwareBody)
    puts = [
        Put(thing, body.version, body.outcome, body.note) for thing in dict.fromkeys(body.things)
    ]
    count = await calls.run(firmware.record_firmware, request.state.caller, puts, body.campaign)
    return render.json({"recorded": count}, 201)


async def import_firmware(request: Request) -> Response:
    """The list (CSV: code, version, outcome, note) is the body; ``kind``, ``campaign``."""
    content = await render.raw(request, MOST_LIST_BYTES)
    kind = request.query_params.get("kind", "")
    campaign = whole(request, "campaign")
    count = await calls.run(firmware.import_firmware, request.state.caller, kind, content, campaign)
    return render.json({"recorded": count}, 201)


async def list_firmware(request: Request) -> Response:
    found = await calls.run(
        firmware.firmware_of, request.state.caller, request.path_params["thing"]
    )
    return _items(found, "at")
