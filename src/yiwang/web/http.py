"""Pages that every domain needs: sign-in, sign-out, who am I, the live stream."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from yiwang.contracts.ports import PersonNames
from yiwang.security import accounts
from yiwang.security.actions import ACTIONS, Caller, Context, query
from yiwang.security.errors import SignInNeeded
from yiwang.security.model import Identity, allowed
from yiwang.web import calls, render
from yiwang.web.auth import COOKIE
from yiwang.web.live import Hub, Narrow


class SignIn(msgspec.Struct):
    name: str
    password: str


def routes() -> list[Route]:
    return [
        Route("/api/session", open_session, methods=["POST"]),
        Route("/api/session", show_session, methods=["GET"]),
        Route("/api/session", end_session, methods=["DELETE"]),
        Route("/api/live", live, methods=["GET"]),
    ]


@query("web.live", permission="console.view")
def watch(ctx: Context) -> tuple[Hub, Narrow | None]:
    """The stream of what happens, for those who may see the console, and what of it."""
    hub = ctx.port(Hub)
    return hub, hub.narrowing(ctx)


async def open_session(request: Request) -> Response:
    """Sign in with name and password; the answer sets the cookie."""
    asked = await render.body(request, SignIn)
    caller: Caller = request.state.caller
    now = caller.clock.now()
    life: int = request.app.state.session_life
    key = await calls.run(
        accounts.sign_in, caller.database, now, asked.name, asked.password, caller.origin, life
    )
    identity = await calls.run(accounts.by_session, caller.database, now, key)
    assert identity is not None
    response = render.json(await calls.run(_me, caller, identity))
    response.set_cookie(
        COOKIE, key, httponly=True, samesite="lax", secure=request.url.scheme == "https", path="/"
    )
    return response


async def show_session(request: Request) -> Response:
    """Who is signed in, with roles and permissions, and the city's time zone."""
    identity: Identity = request.state.caller.identity
    if identity.kind == "anonymous":
        raise SignInNeeded("/api/session")
    caller: Caller = request.state.caller
    return render.json(await calls.run(_me, caller, identity))


async def end_session(request: Request) -> Response:
    """Sign out."""
    key = request.cookies.get(COOKIE, "")
    await calls.run(accounts.sign_out, request.state.caller.database, key)
    request.app.state.authentication_forget(key)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/")
    return response


async def live(request: Request) -> Response:
    hub, narrow = await calls.run(watch, request.state.caller)
    last = request.headers.get("last-event-id") or request.query_params.get("last")
    frames = hub.stream(int(last) if last and last.isdigit() else None, narrow)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


def _me(caller: Caller, identity: Identity) -> dict[str, Any]:
    calendar = caller.calendar
    permissions = sorted({entry.permission for entry in ACTIONS.values()})
    return {
        "name": identity.name,
        "display": _display(caller, identity),
        "roles": sorted(identity.roles),
        "organisation": identity.organisation,
        "grids": sorted(identity.grids),
        "permissions": [name for name in permissions if allowed(identity, name)],
        "zone": str(calendar.zone),
    }


def _display(caller: Caller, identity: Identity) -> str:
    """The name of the registered person, else the one that the account was given."""
    people = caller.ports.get(PersonNames)
    named = people.name(identity.name) if people is not None else ""
    return named or accounts.display(caller.database, identity.name) or identity.name
