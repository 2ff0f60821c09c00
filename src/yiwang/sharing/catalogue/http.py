"""The catalogue over HTTP: /api/sharing/resources and /api/sharing/classes."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.sharing.catalogue import classes, model, service, views
from yiwang.sharing.catalogue.errors import BadEntry, BadWorkbook, NoSuchResource
from yiwang.sharing.catalogue.model import Entry
from yiwang.sharing.catalogue.search.segment import FACETS
from yiwang.sharing.catalogue.search.service import find
from yiwang.web import calls, paging, render
from yiwang.web.errors import STATUS, BadParameter, problem


class EntryBody(Entry, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry, and the revision that was read."""

    revision: int | None = None


class StepBody(msgspec.Struct, forbid_unknown_fields=True):
    text: str = ""
    revision: int | None = None


class ClassBody(msgspec.Struct, forbid_unknown_fields=True):
    name_zh: str
    name_en: str = ""
    organisation: int | None = None


_searching = calls.Apart("searching")
"""Many searches at once only keep each other and short calls waiting."""


def routes() -> list[Route]:
    one = "/api/sharing/resources/{id:int}"
    return [
        Route("/api/sharing/classes", list_classes, methods=["GET"]),
        Route("/api/sharing/classes/{code}", put_class, methods=["PUT"]),
        Route("/api/sharing/classes/{code}", remove_class, methods=["DELETE"]),
        Route("/api/sharing/resources", listing, methods=["GET"]),
        Route("/api/sharing/resources", add, methods=["POST"]),
        Route("/api/sharing/resources/search", search, methods=["GET"]),
        Route("/api/sharing/resources/in-review", in_review, methods=["GET"]),
        Route("/api/sharing/resources/by-code/{code:path}", show_by_code, methods=["GET"]),
        Route(one, show, methods=["GET"]),
        Route(one, change, methods=["PUT"]),
        Route(one + "/versions", versions, methods=["GET"]),
        Route(one + "/versions/{number:int}", version, methods=["GET"]),
        Route(one + "/differences", compared, methods=["GET"]),
        Route(one + "/history", history, methods=["GET"]),
        Route(one + "/steps/{step}", take, methods=["POST"]),
    ]


async def listing(request: Request) -> Response:
    """Resources that the caller sees, by number; ?organisation=, ?class_code=, ?state=,
    ?share_type= … keep those that have the value."""
    page = paging.wanted(request)
    after = page.number() or 0
    args = (wanted(request), after, page.limit, _language(request))
    found = await calls.run(views.listing, request.state.caller, *args)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def search(request: Request) -> Response:
    """Resources in force by ?q= (words, pinyin, initials, a code), the best first, with facets;
    ?share_type=, ?organisation=, ?class_code= … keep values, several with commas."""
    page = paging.wanted(request, 200)
    after = page.number()
    given = request.query_params.items()
    filters = {name: value.split(",") for name, value in given if name in FACETS}
    query = request.query_params.get("q", "")
    args = (query, filters, page.limit, after, _language(request))
    found = await _searching.run(find, request.state.caller, *args)
    keys = found.pop("keys")
    return render.json(
        found | {"next": paging.cursor(keys[-1:]) if len(keys) == page.limit else None}
    )


async def show(request: Request) -> Response:
    """A resource with its items, and the steps that the caller may take."""
    return await _shown(request, request.path_params["id"])


async def show_by_code(request: Request) -> Response:
    """A resource by its code."""
    return await _shown(request, request.path_params["code"])


async def add(request: Request) -> Response:
    """Enter a resource as a draft."""
    entry = await render.body(request, Entry)
    try:
        id = await calls.run(service.add, request.state.caller, entry)
    except BadEntry as bad:
        return faults(request, bad)
    found = await calls.run(views.show, request.state.caller, id, _language(request))
    return render.json(found, 201, {"location": f"/api/sharing/resources/{id}"})


async def change(request: Request) -> Response:
    """Write the draft of a resource anew."""
    body = await render.body(request, EntryBody)
    id = request.path_params["id"]
    args = (id, model.entry_of(body), body.revision)
    try:
        await calls.run(service.change, request.state.caller, *args)
    except BadEntry as bad:
        return faults(request, bad)
    return await _shown(request, id)


async def take(request: Request) -> Response:
    """Take a step: submit, withdraw, return, publish, revise, discard or retire. The resource
    after it; nothing where it is discarded whole."""
    body = await render.body(request, StepBody)
    id, step = request.path_params["id"], request.path_params["step"]
    if step not in service.STEPS:
        wanted = ", ".join(service.STEPS)
        raise BadParameter(request.url.path, name="step", value=step, wanted=wanted)
    try:
        await calls.run(service.STEPS[step], request.state.caller, id, body.text, body.revision)
    except BadEntry as bad:
        return faults(request, bad)
    try:
        return await _shown(request, id)
    except NoSuchResource:
        return Response(status_code=204)


async def versions(request: Request) -> Response:
    """The versions of a resource with what each changed."""
    args = (request.path_params["id"], _language(request))
    found = await calls.run(views.versions, request.state.caller, *args)
    return render.json({"items": found, "next": None})


async def version(request: Request) -> Response:
    """One version whole."""
    args = (request.path_params["id"], request.path_params["number"], _language(request))
    return render.json(await calls.run(views.version, request.state.caller, *args))


async def compared(request: Request) -> Response:
    """What version ?after= says otherwise than ?before=."""
    numbers = [render.number(request, name, 1, 1, 2**31) for name in ("before", "after")]
    args = (request.path_params["id"], *numbers, _language(request))
    found = await calls.run(views.compared, request.state.caller, *args)
    return render.json({"items": found, "next": None})


async def history(request: Request) -> Response:
    """What was done with a resource, by whom."""
    found = await calls.run(views.history, request.state.caller, request.path_params["id"])
    return render.json({"items": found, "next": None})


async def in_review(request: Request) -> Response:
    """What waits for a review."""
    found = await calls.run(views.in_review, request.state.caller, _language(request))
    return render.json({"items": found, "next": None})


async def list_classes(request: Request) -> Response:
    """Every class of the catalogue."""
    found = await calls.run(classes.listing, request.state.caller)
    return render.json({"items": found, "next": None})


async def put_class(request: Request) -> Response:
    """Add a class, or give one another name."""
    body = await render.body(request, ClassBody)
    args = (request.path_params["code"], body.name_zh, body.name_en, body.organisation)
    await calls.run(classes.put, request.state.caller, *args)
    return Response(status_code=204)


async def remove_class(request: Request) -> Response:
    """Take away a class of the city's own in which there is nothing."""
    await calls.run(classes.remove, request.state.caller, request.path_params["code"])
    return Response(status_code=204)


def faults(request: Request, bad: BadEntry | BadWorkbook) -> Response:
    """The problem with each fault: place, value, and why in words."""
    lang = _language(request)
    body = problem(bad, lang) | {"errors": [one.shown(lang) for one in bad.faults[:1000]]}
    content = msgspec.json.encode(body)
    return Response(content, STATUS[bad.kind], media_type="application/problem+json")


_FILTERS = ("class_code", "state", "share_type", "share_mode", "open_type", "update_cycle")


def wanted(request: Request) -> dict[str, object]:
    """The values that a list is asked for."""
    found: dict[str, object] = {}
    for name, value in request.query_params.items():
        if name in _FILTERS:
            found[name] = value
        elif name == "organisation":
            found[name] = render.number(request, name, 0, 1, 2**53)
        elif name not in ("limit", "after"):
            known = ", ".join((*_FILTERS, "organisation", "limit", "after"))
            raise BadParameter(request.url.path, name=name, value=value, wanted=known)
    return found


async def _shown(request: Request, key: int | str) -> Response:
    return render.json(await calls.run(views.show, request.state.caller, key, _language(request)))


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
