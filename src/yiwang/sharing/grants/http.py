"""Requests, grants and complaints over HTTP: /api/sharing/requests, /grants, /complaints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.sharing.grants import corrections, service, views
from yiwang.sharing.grants.model import Terms
from yiwang.sharing.grants.places import Place
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter


class RequestBody(msgspec.Struct, forbid_unknown_fields=True):
    """``renews``: the number of a grant that is to last longer."""

    resource: int
    purpose: str
    terms: Terms
    renews: int | None = None


class AnswerBody(msgspec.Struct, forbid_unknown_fields=True):
    """``terms`` narrow what was asked for."""

    granted: bool
    answer: str = ""
    terms: Terms | None = None


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str


class NarrowBody(msgspec.Struct, forbid_unknown_fields=True):
    """``terms``: all of what the grant still gives; ``days`` count from now."""

    terms: Terms
    reason: str


class ComplaintBody(msgspec.Struct, forbid_unknown_fields=True):
    """``kind``: complaint or correction; a correction has a ``place``."""

    kind: str
    resource: int
    text: str
    place: Place | None = None


class VerdictBody(msgspec.Struct, forbid_unknown_fields=True):
    accepted: bool
    answer: str


class StarsBody(msgspec.Struct, forbid_unknown_fields=True):
    stars: int


def routes() -> list[Route]:
    requests, grants, complaints = (
        f"/api/sharing/{name}" for name in ("requests", "grants", "complaints")
    )
    one = "/{id:int}"
    return [
        Route(requests, _listing(views.requests, ("state", "resource")), methods=["GET"]),
        Route(requests, ask, methods=["POST"]),
        Route(requests + one, _show("request"), methods=["GET"]),
        Route(requests + one + "/answer", answer, methods=["POST"]),
        Route(requests + one + "/withdraw", withdraw, methods=["POST"]),
        Route(grants, _listing(views.grants, ("resource",)), methods=["GET"]),
        Route(grants + one, _show("grant"), methods=["GET"]),
        Route(grants + one + "/end", end, methods=["POST"]),
        Route(grants + one + "/narrow", narrow, methods=["POST"]),
        Route(complaints, _listing(views.complaints, ("state", "resource")), methods=["GET"]),
        Route(complaints, complain, methods=["POST"]),
        Route(complaints + one, _show("complaint"), methods=["GET"]),
        Route(complaints + one + "/answer", judge, methods=["POST"]),
        Route(complaints + one + "/withdraw", withdraw_complaint, methods=["POST"]),
        Route(complaints + one + "/rating", rate, methods=["POST"]),
    ]


def _listing(query: Callable[..., Any], filters: tuple[str, ...]) -> Callable[..., Any]:
    async def listing(request: Request) -> Response:
        page = paging.wanted(request)
        before = page.number()
        where, side = _filters(request, filters)
        args = (where, side, (before, page.limit), _language(request))
        rows = await calls.run(query, request.state.caller, *args)
        return render.json(paging.listing(rows, page.limit, [rows[-1]["id"]] if rows else None))

    entry = query.__doc__ or ""
    listing.__doc__ = entry.split(";")[0].split(", as")[0] + "; ?side=user or provider."
    return listing


def _show(kind: str) -> Callable[..., Any]:
    async def show(request: Request) -> Response:
        return await _shown(request, kind, request.path_params["id"])

    show.__doc__ = f"One {kind}."
    return show


async def ask(request: Request) -> Response:
    """Ask for a resource for the own organisation; what is shared unconditionally is granted at
    once."""
    body = await render.body(request, RequestBody)
    args = (body.resource, body.purpose, body.terms, body.renews)
    id = await calls.run(service.ask, request.state.caller, *args)
    return await _shown(request, "request", id, 201)


async def answer(request: Request) -> Response:
    """Grant a request, whole or narrowed, or refuse it with the reason."""
    body, id = await render.body(request, AnswerBody), request.path_params["id"]
    if body.granted:
        await calls.run(service.grant, request.state.caller, id, body.answer, body.terms)
    else:
        await calls.run(service.refuse, request.state.caller, id, body.answer)
    return await _shown(request, "request", id)


async def withdraw(request: Request) -> Response:
    """Take a request back that waits."""
    id = request.path_params["id"]
    await calls.run(service.withdraw, request.state.caller, id)
    return await _shown(request, "request", id)


async def end(request: Request) -> Response:
    """Revoke a grant, or give it up."""
    body, id = await render.body(request, ReasonBody), request.path_params["id"]
    await calls.run(service.end, request.state.caller, id, body.reason)
    return await _shown(request, "grant", id)


async def narrow(request: Request) -> Response:
    """Let a grant give less from now on; the grant that takes its place."""
    body, id = await render.body(request, NarrowBody), request.path_params["id"]
    new = await calls.run(service.narrow, request.state.caller, id, body.terms, body.reason)
    return await _shown(request, "grant", new)


async def complain(request: Request) -> Response:
    """Complain of a resource, or report a wrong value of it."""
    body = await render.body(request, ComplaintBody)
    args = (body.kind, body.resource, body.text, body.place)
    id = await calls.run(corrections.file, request.state.caller, *args)
    return await _shown(request, "complaint", id, 201)


async def judge(request: Request) -> Response:
    """Answer a complaint or correction; an accepted value is corrected."""
    body, id = await render.body(request, VerdictBody), request.path_params["id"]
    await calls.run(corrections.answer, request.state.caller, id, body.accepted, body.answer)
    return await _shown(request, "complaint", id)


async def withdraw_complaint(request: Request) -> Response:
    """Take a complaint back that is open."""
    id = request.path_params["id"]
    await calls.run(corrections.withdraw, request.state.caller, id)
    return await _shown(request, "complaint", id)


async def rate(request: Request) -> Response:
    """Say from 1 to 5 how good the answer was."""
    body, id = await render.body(request, StarsBody), request.path_params["id"]
    await calls.run(corrections.rate, request.state.caller, id, body.stars)
    return await _shown(request, "complaint", id)


async def _shown(request: Request, kind: str, id: int, status: int = 200) -> Response:
    args = (kind, id, _language(request))
    found = await calls.run(views.one, request.state.caller, *args)
    return render.json(found, status)


def _filters(request: Request, known: tuple[str, ...]) -> tuple[dict[str, Any], str]:
    where: dict[str, Any] = {}
    side = request.query_params.get("side", "")
    if side not in ("", "user", "provider"):
        raise BadParameter(request.url.path, name="side", value=side, wanted="user, provider")
    for name, value in request.query_params.items():
        if name == "resource" and name in known:
            where[name] = render.number(request, name, 0, 1, 2**53)
        elif name in known:
            where[name] = value
        elif name not in ("side", "limit", "after"):
            wanted = ", ".join((*known, "side", "limit", "after"))
            raise BadParameter(request.url.path, name=name, value=value, wanted=wanted)
    return where, side


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
