"""Versions of classes and moves of cases over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.versions import preview, service, views, words
from yiwang.cases.versions.preview import Move
from yiwang.kernel.text import choose
from yiwang.web import calls, render

_MOST = 2**53
_OUTCOMES = ("", "pending", "moved", "stayed", "undone", "kept")


class MoveBody(msgspec.Struct, forbid_unknown_fields=True):
    """``digest`` is that of the preview, over the same fields."""

    to: int
    versions: list[int] = []
    states: list[str] = []
    area: int | None = None
    organisation: int | None = None
    numbers: list[int] = []
    places: dict[str, str | None] = {}
    across: bool = False
    digest: str = ""
    reason: str = ""

    def move(self) -> Move:
        return Move(
            self.to,
            tuple(sorted(set(self.versions))),
            tuple(sorted(set(self.states))),
            self.area,
            self.organisation,
            tuple(sorted(set(self.numbers))),
            self.places,
            self.across,
        )


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str = ""


def routes() -> list[Route]:
    return [
        Route("/api/cases/versions", versions, methods=["GET"]),
        Route("/api/cases/versions/{before:int}/{after:int}", difference, methods=["GET"]),
        Route("/api/cases/moves", moves, methods=["GET"]),
        Route("/api/cases/moves", move, methods=["POST"]),
        Route("/api/cases/moves/preview", preview_move, methods=["POST"]),
        Route("/api/cases/moves/{id:int}", show_move, methods=["GET"]),
        Route("/api/cases/moves/{id:int}/continue", go_on, methods=["POST"]),
        Route("/api/cases/moves/{id:int}/undo", undo, methods=["POST"]),
    ]


async def versions(request: Request) -> Response:
    """The classes (?class= one of them) with every version and how many cases run by it."""
    asked, caller = request.query_params, request.state.caller
    limit = render.number(request, "limit", 50, 1, 200)
    code, after, lang = asked.get("class", ""), asked.get("after", ""), _language(request)
    items, next_ = await calls.run(words.versions, caller, code, after, limit, lang)
    return render.json({"items": items, "next": next_})


async def difference(request: Request) -> Response:
    """How the second version differs from the first, in words."""
    before, after = request.path_params["before"], request.path_params["after"]
    lang = _language(request)
    found = await calls.run(words.difference, request.state.caller, before, after, lang)
    return render.json({"items": found, "next": None})


async def preview_move(request: Request) -> Response:
    """What a move would do; nothing is written."""
    asked = await render.body(request, MoveBody)
    caller, lang = request.state.caller, _language(request)
    return render.json(await calls.run(preview.preview, caller, asked.move(), lang))


async def move(request: Request) -> Response:
    """Move running cases to another version of their class, as previewed."""
    asked = await render.body(request, MoveBody)
    caller = request.state.caller
    id = await calls.run(service.begin, caller, asked.move(), asked.digest, asked.reason)
    await calls.run(service.work, caller, id)
    return await _answer(request, id, 201)


async def moves(request: Request) -> Response:
    """Moves, newest first (?class=)."""
    after, limit = _page(request)
    code, lang = request.query_params.get("class", ""), _language(request)
    items: list[Any] = await calls.run(
        views.listing, request.state.caller, code, after, limit, lang
    )
    more = len(items) == limit
    return render.json({"items": items, "next": str(items[-1]["id"]) if more else None})


async def show_move(request: Request) -> Response:
    """A move with its cases (?outcome=pending|moved|stayed|undone|kept)."""
    return await _answer(request, request.path_params["id"])


async def go_on(request: Request) -> Response:
    """Work off the next batches of a move at once."""
    id = request.path_params["id"]
    await calls.run(service.work, request.state.caller, id)
    return await _answer(request, id)


async def undo(request: Request) -> Response:
    """Put back the cases of a move that nobody has changed since."""
    asked = await render.body(request, ReasonBody)
    id = request.path_params["id"]
    await calls.run(service.begin_undo, request.state.caller, id, asked.reason)
    await calls.run(service.work, request.state.caller, id)
    return await _answer(request, id)


async def _answer(request: Request, id: int, status: int = 200) -> Response:
    after, limit = _page(request)
    outcome, lang = request.query_params.get("outcome", ""), _language(request)
    if outcome not in _OUTCOMES:
        outcome = ""
    caller = request.state.caller
    found = await calls.run(views.show, caller, id, outcome, after, limit, lang)
    return render.json(found, status)


def _page(request: Request) -> tuple[int, int]:
    after = render.number(request, "after", 0, 0, _MOST)
    return after, render.number(request, "limit", 50, 1, 500)


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
