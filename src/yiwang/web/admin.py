"""Accounts, tokens and the audit log over HTTP, for administrators and auditors."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.clock import parse
from yiwang.security import accounts, audit
from yiwang.security.actions import Context, query
from yiwang.web import calls, paging, render
from yiwang.web.auth import secrets_ended
from yiwang.web.errors import BadBody


class NewUser(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    password: str
    roles: list[str]
    display: str = ""
    organisation: int | None = None
    grids: list[int] = []


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    password: str


class NewToken(msgspec.Struct, forbid_unknown_fields=True):
    label: str
    scopes: list[str] | None = None
    expires_at: str | None = None


def routes() -> list[Route]:
    return [
        Route("/api/users", list_users, methods=["GET"]),
        Route("/api/users", add_user, methods=["POST"]),
        Route("/api/users/{name}/password", set_password, methods=["PUT"]),
        Route("/api/users/{name}/tokens", add_token, methods=["POST"]),
        Route("/api/audit", list_audit, methods=["GET"]),
    ]


@query("security.audit_log", permission="security.audit")
def audit_page(
    ctx: Context, limit: int, before: int | None, subject: str, who: str
) -> list[dict[str, Any]]:
    """Who did what, when, from where, and what was denied; the newest first."""
    return audit.page(ctx.connection, limit, before, subject, who)


async def list_users(request: Request) -> Response:
    found = await calls.run(accounts.list_users, request.state.caller)
    return render.json({"items": [asdict(user) for user in found], "next": None})


async def add_user(request: Request) -> Response:
    asked = await render.body(request, NewUser)
    given = msgspec.structs.asdict(asked)
    return render.json(
        asdict(await calls.run(accounts.add_user, request.state.caller, **given)), 201
    )


async def set_password(request: Request) -> Response:
    asked = await render.body(request, NewPassword)
    name = request.path_params["name"]
    await calls.run(accounts.set_password, request.state.caller, name, asked.password)
    secrets_ended(request)
    return Response(status_code=204)


async def add_token(request: Request) -> Response:
    asked = await render.body(request, NewToken)
    try:
        expires = parse(asked.expires_at) if asked.expires_at else None
    except ValueError as error:
        raise BadBody(request.url.path, problem=f"expires_at: {error}") from error
    name = request.path_params["name"]
    secret = await calls.run(
        accounts.add_token, request.state.caller, name, asked.label, asked.scopes, expires
    )
    return render.json({"token": secret}, 201)


async def list_audit(request: Request) -> Response:
    page = paging.wanted(request)
    before = page.number()
    asked = request.query_params
    found = await calls.run(
        audit_page,
        request.state.caller,
        page.limit,
        before,
        asked.get("subject", ""),
        asked.get("who", ""),
    )
    keys = [found[-1]["id"]] if found else None
    items = [{**line, "at": render.instant(line["at"])} for line in found]
    return render.json(paging.listing(items, page.limit, keys))
