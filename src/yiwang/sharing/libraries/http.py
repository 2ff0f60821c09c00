"""Base libraries over HTTP: /api/sharing/libraries…"""

from __future__ import annotations

from typing import Annotated

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel import clock
from yiwang.kernel.text import choose
from yiwang.sharing.libraries import hands, service, views
from yiwang.sharing.libraries.errors import NoSuchEntity
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadParameter

MOST = 2**53
Number = Annotated[int, msgspec.Meta(ge=1, le=MOST)]
"""A number of a record, an entity or a step."""


class Declaration(msgspec.Struct, forbid_unknown_fields=True):
    """``text``: the declaration, YAML or JSON."""

    text: str


class Sought(msgspec.Struct, forbid_unknown_fields=True):
    value: str


class Again(msgspec.Struct, forbid_unknown_fields=True):
    forced: bool = False


class Merge(msgspec.Struct, forbid_unknown_fields=True):
    other: Number
    reason: str


class Split(msgspec.Struct, forbid_unknown_fields=True):
    records: Annotated[list[Number], msgspec.Meta(max_length=1000)]
    reason: str


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """``same``: whether the two are one."""

    same: bool
    reason: str


class Choice(msgspec.Struct, forbid_unknown_fields=True):
    """``print``: that of the field as it was shown."""

    record: Number
    print: str
    reason: str


class Reasoned(msgspec.Struct, forbid_unknown_fields=True):
    reason: str


def routes() -> list[Route]:
    base = "/api/sharing/libraries"
    one, entity = base + "/{code}", base + "/{code}/entities/{id:int}"
    pair, field = one + "/proposals/{one:int}/{other:int}", entity + "/fields/{field}"
    return [
        Route(base, list_libraries, methods=["GET"]),
        Route(base + "/templates", templates, methods=["GET"]),
        Route(one, show_library, methods=["GET"]),
        Route(one, put_library, methods=["PUT"]),
        Route(one, remove_library, methods=["DELETE"]),
        Route(one + "/feeds/{feed}", put_feed, methods=["PUT"]),
        Route(one + "/feeds/{feed}", remove_feed, methods=["DELETE"]),
        Route(one + "/feeds/{feed}/runs", run_feed, methods=["POST"]),
        Route(one + "/entities", entities, methods=["GET"]),
        Route(one + "/search", search, methods=["POST"]),
        Route(entity, open_entity, methods=["GET"]),
        Route(entity + "/merge", merge, methods=["POST"]),
        Route(entity + "/split", split, methods=["POST"]),
        Route(field, decide, methods=["POST"]),
        Route(field + "/reopen", reopen, methods=["POST"]),
        Route(one + "/proposals", proposals, methods=["GET"]),
        Route(pair, open_proposal, methods=["GET"]),
        Route(pair, answer, methods=["POST"]),
        Route(one + "/conflicts", conflicts, methods=["GET"]),
        Route(one + "/steps", steps, methods=["GET"]),
        Route(one + "/steps/{step:int}/undo", undo, methods=["POST"]),
    ]


async def list_libraries(request: Request) -> Response:
    """All base libraries."""
    found = await calls.run(service.list_libraries, request.state.caller, _lang(request))
    return render.json({"items": found, "next": None})


async def templates(request: Request) -> Response:
    """The declarations that come with the platform."""
    found = await calls.run(service.list_templates, request.state.caller, _lang(request))
    return render.json({"items": found, "next": None})


async def show_library(request: Request) -> Response:
    """A library with its fields, and of each the sources by their strength."""
    args = (_code(request), _lang(request))
    return render.json(await calls.run(service.show_library, request.state.caller, *args))


async def put_library(request: Request) -> Response:
    """Declare a library, or declare it anew."""
    body = await render.body(request, Declaration)
    await calls.run(service.put_library, request.state.caller, _code(request), body.text)
    return await show_library(request)


async def remove_library(request: Request) -> Response:
    """Forget a library that was never fed."""
    await calls.run(service.remove_library, request.state.caller, _code(request))
    return Response(status_code=204)


async def put_feed(request: Request) -> Response:
    """Feed a library from a resource of the catalogue, or change how."""
    body = await render.body(request, service.Given)
    args = (_code(request), request.path_params["feed"], body)
    await calls.run(service.put_feed, request.state.caller, *args)
    return await show_library(request)


async def remove_feed(request: Request) -> Response:
    """Feed a library from a resource no more."""
    args = (_code(request), request.path_params["feed"])
    await calls.run(service.remove_feed, request.state.caller, *args)
    return Response(status_code=204)


async def run_feed(request: Request) -> Response:
    """Read a feed soon; with forced, whatever is gone from it is meant."""
    body = await render.body(request, Again)
    args = (_code(request), request.path_params["feed"], body.forced)
    await calls.run(service.run_feed, request.state.caller, *args)
    return await show_library(request)


async def entities(request: Request) -> Response:
    """Entities by number, masked."""
    page = paging.wanted(request, 200)
    after = page.keys(int)
    args = (_code(request), after[0] if after else 0, page.limit, _lang(request))
    found = await calls.run(views.list_entities, request.state.caller, *args)
    last = [found[-1]["entity"]] if found else None
    return render.json(paging.listing(found, page.limit, last))


async def search(request: Request) -> Response:
    """Entities with a value, masked; what is sought stands in no address."""
    body = await render.body(request, Sought)
    args = (_code(request), body.value, _lang(request))
    found = await calls.run(views.find_entities, request.state.caller, *args)
    return render.json({"items": found, "next": None})


async def open_entity(request: Request) -> Response:
    """An entity whole, with where each value comes from; ?at= as it was valid then, ?known= by what
    was known then."""
    times = (_instant(request, "at"), _instant(request, "known"))
    args = (_code(request), _number(request, "id"), *times, _lang(request))
    return render.json(await calls.run(views.open_entity, request.state.caller, *args))


async def merge(request: Request) -> Response:
    """Say that two entities are one."""
    body = await render.body(request, Merge)
    args = (_code(request), _number(request, "id"), body.other, body.reason)
    number = await calls.run(hands.merge_entities, request.state.caller, *args)
    return render.json({"entities": [number]})


async def split(request: Request) -> Response:
    """Take records out of an entity."""
    body = await render.body(request, Split)
    args = (_code(request), _number(request, "id"), body.records, body.reason)
    found = await calls.run(hands.split_entity, request.state.caller, *args)
    return render.json({"entities": found})


async def decide(request: Request) -> Response:
    """Choose whose value of a field holds, until a source says something else."""
    body = await render.body(request, Choice)
    place = (_code(request), _number(request, "id"), request.path_params["field"])
    args = (*place, body.record, body.print, body.reason)
    await calls.run(hands.decide_field, request.state.caller, *args)
    return Response(status_code=204)


async def reopen(request: Request) -> Response:
    """Take the decision about a field back."""
    body = await render.body(request, Reasoned)
    place = (_code(request), _number(request, "id"), request.path_params["field"])
    await calls.run(hands.reopen_field, request.state.caller, *place, body.reason)
    return Response(status_code=204)


async def proposals(request: Request) -> Response:
    """Pairs of records that wait for an answer, masked; ?state=proposed (when left out) or
    blocked."""
    page = paging.wanted(request, 200)
    state = _choice(request, ("proposed", "blocked"))
    args = (_code(request), state, page.keys(int, int, int), page.limit)
    found = await calls.run(views.list_proposals, request.state.caller, *args, _lang(request))
    last = [found[-1][name] for name in ("points", "one", "other")] if found else None
    return render.json(paging.listing(found, page.limit, last))


async def open_proposal(request: Request) -> Response:
    """A pair of records side by side."""
    args = (_code(request), _number(request, "one"), _number(request, "other"))
    found = await calls.run(views.open_proposal, request.state.caller, *args, _lang(request))
    return render.json(found)


async def answer(request: Request) -> Response:
    """Answer a proposal: one, or two that are not proposed again."""
    body = await render.body(request, Answer)
    args = (_code(request), _number(request, "one"), _number(request, "other"))
    found = await calls.run(
        hands.settle_proposal, request.state.caller, *args, body.same, body.reason
    )
    return render.json({"entities": found})


async def conflicts(request: Request) -> Response:
    """Fields about which sources disagree; ?state=open (when left out) or decided."""
    page = paging.wanted(request, 200)
    state = _choice(request, ("open", "decided"))
    args = (_code(request), state, page.keys(int, int, str), page.limit)
    found = await calls.run(views.list_conflicts, request.state.caller, *args, _lang(request))
    last = [found[-1][name] for name in ("gap", "entity", "field")] if found else None
    return render.json(paging.listing(found, page.limit, last))


async def steps(request: Request) -> Response:
    """What was done with entities, the newest first; ?entity= keeps those of one."""
    page = paging.wanted(request, 200)
    before = page.keys(int)
    entity = render.number(request, "entity", 0, 1, MOST)
    args = (_code(request), entity or None, before[0] if before else None, page.limit)
    found = await calls.run(views.list_steps, request.state.caller, *args)
    return render.json(paging.listing(found, page.limit, [found[-1]["step"]] if found else None))


async def undo(request: Request) -> Response:
    """Take a merge back."""
    body = await render.body(request, Reasoned)
    args = (_code(request), _number(request, "step"), body.reason)
    found = await calls.run(hands.undo_step, request.state.caller, *args)
    return render.json({"entities": found})


def _code(request: Request) -> str:
    return str(request.path_params["code"])


def _number(request: Request, name: str) -> int:
    """A number of the path. Raises NoSuchEntity for one that no database has."""
    found: int = request.path_params[name]
    if found > MOST:
        raise NoSuchEntity(request.url.path, entity=str(found)[:40])
    return found


def _lang(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))


def _choice(request: Request, states: tuple[str, ...]) -> str:
    state = request.query_params.get("state", states[0])
    if state not in states:
        wanted = ", ".join(states)
        raise BadParameter(request.url.path, name="state", value=state, wanted=wanted)
    return state


def _instant(request: Request, name: str) -> int | None:
    value = request.query_params.get(name)
    if not value:
        return None
    try:
        return clock.parse(value)
    except ValueError:
        wanted = "2026-07-01T08:00:00+08:00"
        raise BadParameter(request.url.path, name=name, value=value, wanted=wanted) from None
