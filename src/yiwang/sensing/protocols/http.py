"""HTTP of field protocols, and the entrance of devices that report by plain HTTP with JSON."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.security.actions import Caller
from yiwang.sensing.protocols import report, service
from yiwang.sensing.protocols.orders import Order
from yiwang.sensing.protocols.report import Reports
from yiwang.web import calls, render
from yiwang.web.errors import problem

_MOST_WAIT_S = 30


def routes() -> list[Route]:
    return [
        Route("/api/protocols", list_protocols, methods=["GET"]),
        Route("/api/protocols/{protocol}/devices", list_connected, methods=["GET"]),
        Route("/api/devices/{thing:int}/commands", list_commands, methods=["GET"]),
        Route("/api/devices/{thing:int}/commands", give_command, methods=["POST"]),
        Route("/api/devices/{thing:int}/secret", set_secret, methods=["POST"]),
        Route("/api/report/{kind}/{code}", take_report, methods=["POST"]),
    ]


class CommandBody(msgspec.Struct, forbid_unknown_fields=True):
    """A command; the answer waits up to ``wait_s`` seconds for the device's."""

    command: str
    arguments: dict[str, Any] = {}
    wait_s: int = 10


class SecretBody(msgspec.Struct, forbid_unknown_fields=True):
    """The secret that a device is to have; empty: a new one."""

    secret: str = ""


async def list_protocols(request: Request) -> Response:
    found = await calls.run(service.protocols, request.state.caller)
    return render.json({"items": found, "next": None})


async def list_connected(request: Request) -> Response:
    protocol = request.path_params["protocol"]
    found = await calls.run(service.connected_devices, request.state.caller, protocol)
    return render.json({"items": found, "next": None})


async def list_commands(request: Request) -> Response:
    found = await calls.run(service.commands, request.state.caller, request.path_params["thing"])
    return render.json({"items": [_order(order) for order in found], "next": None})


async def give_command(request: Request) -> Response:
    body = await render.body(request, CommandBody)
    thing = request.path_params["thing"]
    order = await calls.run(
        service.command_device, request.state.caller, thing, body.command, body.arguments
    )
    if order.done is not None and body.wait_s > 0:
        await asyncio.wait(
            [asyncio.wrap_future(order.done)], timeout=min(body.wait_s, _MOST_WAIT_S)
        )
    return render.json(_order(order), 202 if order.state == "sent" else 200)


def _order(order: Order) -> dict[str, Any]:
    return {
        "number": order.number,
        "thing": order.thing,
        "protocol": order.protocol,
        "command": order.command,
        "arguments": dict(order.arguments),
        "at": render.instant(order.at),
        "state": order.state,
        "answer": order.answer,
        "error": None if order.error is None else problem(order.error, "en"),
    }


async def set_secret(request: Request) -> Response:
    body = await render.body(request, SecretBody)
    thing = request.path_params["thing"]
    secret = await calls.run(service.set_device_secret, request.state.caller, thing, body.secret)
    return render.json({"thing": thing, "secret": secret})


async def take_report(request: Request) -> Response:
    caller: Caller = request.state.caller
    sender = await calls.run(service.reporter, caller)
    payload = await render.raw(request, report.MOST_BYTES)
    kind, code = request.path_params["kind"], request.path_params["code"]
    await caller.ports[Reports].take(sender, kind, code, payload)
    return Response(status_code=204)
