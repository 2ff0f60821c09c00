"""Notices over HTTP: /api/notices…"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.notices import answers, consent, webhooks
from yiwang.notices import deliveries as sent
from yiwang.notices import inbox as own
from yiwang.notices.errors import BadCode
from yiwang.notices.model import CHANNELS, IN_APP, STATES, WEBHOOK, masked
from yiwang.notices.webhooks import Wanted
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter


class Read(msgspec.Struct, forbid_unknown_fields=True):
    """``ids``: the notices read; without it all are."""

    ids: list[int] | None = None


class WishBody(msgspec.Struct, forbid_unknown_fields=True):
    language: str = ""
    email: str = ""
    phone: str = ""
    channels: tuple[str, ...] = ("email", "sms")
    quiet: tuple[int, int] | None = None


class CodeBody(msgspec.Struct, forbid_unknown_fields=True):
    channel: str
    code: str


class WebhookBody(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    url: str
    purpose: str
    topics: list[str]
    narrowed: dict[str, list[str | int]] = {}
    active: bool = True


class TestBody(msgspec.Struct, forbid_unknown_fields=True):
    channel: str
    to: str


def routes() -> list[Route]:
    return [
        Route("/api/notices", inbox, methods=["GET"]),
        Route("/api/notices/unread", unread, methods=["GET"]),
        Route("/api/notices/read", read, methods=["POST"]),
        Route("/api/notices/preferences", preferences, methods=["GET"]),
        Route("/api/notices/preferences", set_preferences, methods=["PUT"]),
        Route("/api/notices/preferences/confirm", confirm, methods=["POST"]),
        *answers.routes(),
        Route("/api/notices/channels", channels, methods=["GET"]),
        Route("/api/notices/test", test, methods=["POST"]),
        Route("/api/notices/deliveries", deliveries, methods=["GET"]),
        Route("/api/notices/deliveries/{id:int}", delivery, methods=["GET"]),
        Route("/api/notices/deliveries/{id:int}/again", again, methods=["POST"]),
        Route("/api/notices/webhooks", list_webhooks, methods=["GET"]),
        Route("/api/notices/webhooks", add_webhook, methods=["POST"]),
        Route("/api/notices/webhooks/{id:int}", change_webhook, methods=["PUT"]),
        Route("/api/notices/webhooks/{id:int}", remove_webhook, methods=["DELETE"]),
        Route("/api/notices/webhooks/{id:int}/secret", renew_secret, methods=["POST"]),
        Route("/api/notices/webhooks/{id:int}/test", test_webhook, methods=["POST"]),
    ]


async def inbox(request: Request) -> Response:
    page, before = _page(request)
    rows = await calls.run(own.inbox, request.state.caller, before, page.limit)
    items = [
        {
            "id": row.id,
            "topic": row.topic,
            "about": row.about,
            "subject": row.subject,
            "text": row.text,
            "path": row.path,
            "urgent": row.urgent,
            "at": render.instant(row.created_at),
            "read_at": render.instant(row.read_at),
        }
        for row in rows
    ]
    return render.json(paging.listing(items, page.limit, [rows[-1].id] if rows else None))


async def unread(request: Request) -> Response:
    return render.json({"unread": await calls.run(own.unread, request.state.caller)})


async def read(request: Request) -> Response:
    asked = await render.body(request, Read)
    left = await calls.run(own.mark_read, request.state.caller, asked.ids)
    return render.json({"unread": left})


async def preferences(request: Request) -> Response:
    return render.json(await calls.run(own.preferences, request.state.caller))


async def set_preferences(request: Request) -> Response:
    asked = await render.body(request, WishBody)
    wish = own.Wish(**msgspec.structs.asdict(asked))
    await calls.run(own.set_preferences, request.state.caller, wish)
    return render.json(await calls.run(own.preferences, request.state.caller))


async def confirm(request: Request) -> Response:
    """The code that came to an address: from now on it is the caller's."""
    asked = await render.body(request, CodeBody)
    if not await calls.run(consent.confirm, request.state.caller, asked.channel, asked.code):
        raise BadCode("code")
    return await preferences(request)


async def channels(request: Request) -> Response:
    return render.json(await calls.run(sent.channels, request.state.caller))


async def test(request: Request) -> Response:
    asked = await render.body(request, TestBody)
    await calls.run(sent.try_channel, request.state.caller, asked.channel, asked.to)
    return Response(status_code=204)


async def deliveries(request: Request) -> Response:
    """Deliveries, the newest first; ?state=, ?channel=, ?topic=, ?about= and ?webhook= narrow."""
    page, before = _page(request)
    where: dict[str, Any] = {
        name: request.query_params[name] for name in sent.FIELDS if name in request.query_params
    }
    for name, known in (("state", STATES), ("channel", CHANNELS)):
        if name in where and where[name] not in known:
            wanted = ", ".join(known)
            raise BadParameter(request.url.path, name=name, value=where[name], wanted=wanted)
    if "webhook" in where:
        where["webhook"] = render.number(request, "webhook", 0, 1, 2**53)
    rows = await calls.run(sent.deliveries, request.state.caller, where, before, page.limit)
    items = [_delivery(row) for row in rows]
    return render.json(paging.listing(items, page.limit, [rows[-1].id] if rows else None))


async def delivery(request: Request) -> Response:
    caller, id = request.state.caller, request.path_params["id"]
    row, attempts = await calls.run(sent.delivery, caller, id)
    tries = [
        {
            "no": one.no,
            "started_at": render.instant(one.started_at),
            "ended_at": render.instant(one.ended_at),
            "outcome": one.outcome,
            "answer": one.answer,
        }
        for one in attempts
    ]
    return render.json(_delivery(row) | {"text": row.text, "tries": tries})


async def again(request: Request) -> Response:
    await calls.run(sent.send_again, request.state.caller, request.path_params["id"])
    return Response(status_code=204)


async def list_webhooks(request: Request) -> Response:
    found = await calls.run(webhooks.list_webhooks, request.state.caller)
    times = ("renewed_at", "created_at", "paused_until", "last_good_at", "last_bad_at")
    items = [one | {name: render.instant(one[name]) for name in times} for one in found]
    return render.json({"items": items, "next": None})


async def add_webhook(request: Request) -> Response:
    """Make a webhook. The answer holds its secret, which is not shown again."""
    asked = await render.body(request, WebhookBody)
    wanted = Wanted(**msgspec.structs.asdict(asked))
    id, secret = await calls.run(webhooks.add_webhook, request.state.caller, wanted)
    where = {"location": f"/api/notices/webhooks/{id}"}
    return render.json({"id": id, "secret": secret}, 201, where)


async def change_webhook(request: Request) -> Response:
    asked = await render.body(request, WebhookBody)
    wanted = Wanted(**msgspec.structs.asdict(asked))
    id = request.path_params["id"]
    await calls.run(webhooks.change_webhook, request.state.caller, id, wanted)
    return Response(status_code=204)


async def remove_webhook(request: Request) -> Response:
    await calls.run(webhooks.remove_webhook, request.state.caller, request.path_params["id"])
    return Response(status_code=204)


async def renew_secret(request: Request) -> Response:
    """A new secret, which is not shown again. The old one counts for another day."""
    id = request.path_params["id"]
    secret = await calls.run(webhooks.renew_secret, request.state.caller, id)
    return render.json({"id": id, "secret": secret})


async def test_webhook(request: Request) -> Response:
    id = request.path_params["id"]
    made = await calls.run(webhooks.try_webhook, request.state.caller, id)
    return render.json({"delivery": made}, 202)


def _page(request: Request) -> tuple[paging.Page, int | None]:
    page = paging.wanted(request, 200)
    return page, page.number()


def _delivery(row: Row[Any]) -> dict[str, Any]:
    """Addresses of people are masked: to see that a message went out, nobody needs them."""
    if row.channel == WEBHOOK:
        to = row.webhook_name or row.address
    elif row.channel == IN_APP:
        to = row.user
    else:
        to = f"{row.user} {masked(row.address)}".strip()
    return {
        "id": row.id,
        "key": row.key,
        "topic": row.topic,
        "about": row.about,
        "channel": row.channel,
        "to": to,
        "language": row.language,
        "subject": row.subject,
        "state": row.state,
        "urgent": row.urgent,
        "attempts": row.attempts,
        "created_at": render.instant(row.created_at),
        "next_at": render.instant(row.next_at),
        "ended_at": render.instant(row.ended_at),
        "answer": row.answer,
    }
