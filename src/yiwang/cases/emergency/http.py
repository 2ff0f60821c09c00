"""Emergencies over HTTP: parse, call one action, render."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.actions import photos
from yiwang.cases.emergency import command, start, tasks, views
from yiwang.cases.emergency.errors import NoSuchIncident
from yiwang.cases.emergency.start import Wanted
from yiwang.cases.http import files_of
from yiwang.kernel.text import choose
from yiwang.web import calls, render


class StartBody(msgspec.Struct, forbid_unknown_fields=True):
    case: int
    plan: str
    level: str = ""
    reason: str = ""
    exercise: bool = False


class CaseBody(msgspec.Struct, forbid_unknown_fields=True):
    case: int


class LevelBody(msgspec.Struct, forbid_unknown_fields=True):
    level: str
    reason: str


class OrderBody(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    function: str
    minutes: int
    organisation: str = ""
    photos: int = 0
    text: bool = True


class LogBody(msgspec.Struct, forbid_unknown_fields=True):
    kind: str
    text: str


class EndBody(msgspec.Struct, forbid_unknown_fields=True):
    answers: dict[str, str] = {}
    reason: str = ""


class TaskBody(msgspec.Struct, forbid_unknown_fields=True):
    text: str = ""
    reason: str = ""
    photos: list[str] = []
    organisation: int | None = None
    version: int | None = None


def routes() -> list[Route]:
    one = "/api/emergencies/{no:int}"
    return [
        Route("/api/emergencies", list_incidents, methods=["GET"]),
        Route("/api/emergencies", start_plan, methods=["POST"]),
        Route("/api/emergencies/plans", list_plans, methods=["GET"]),
        Route("/api/emergencies/preview", preview, methods=["POST"]),
        Route("/api/emergencies/cases/{no:int}", of_case, methods=["GET"]),
        Route(one, show, methods=["GET"]),
        Route(f"{one}/cases", add_case, methods=["POST"]),
        Route(f"{one}/level", change_level, methods=["POST"]),
        Route(f"{one}/log", write_log, methods=["POST"]),
        Route(f"{one}/end", end, methods=["POST"]),
        Route(f"{one}/tasks", order, methods=["POST"]),
        Route(f"{one}/tasks/{{task:int}}/photos", add_photos, methods=["POST"]),
        Route(f"{one}/tasks/{{task:int}}/{{what}}", act, methods=["POST"]),
        Route(f"{one}/photos/{{sha}}", photo, methods=["GET"]),
    ]


async def list_incidents(request: Request) -> Response:
    asked = request.query_params.get("running")
    running = None if asked is None else asked in ("1", "true")
    caller = request.state.caller
    found = await calls.run(views.list_incidents, caller, _language(request), running)
    return render.json({"items": found, "next": None})


async def list_plans(request: Request) -> Response:
    """The plans that can be started; with ``case`` those for its class, each with the level
    that it proposes."""
    case = render.number(request, "case", 0, 1, 2**53) or None
    found = await calls.run(views.list_plans, request.state.caller, _language(request), case)
    return render.json({"items": found, "next": None})


async def show(request: Request) -> Response:
    no, lang = _number(request), _language(request)
    return render.json(await calls.run(views.show, request.state.caller, no, lang))


async def of_case(request: Request) -> Response:
    lang, caller = _language(request), request.state.caller
    found = await calls.run(views.of_case, caller, _number(request), lang)
    return render.json({"items": found, "next": None})


async def preview(request: Request) -> Response:
    asked = await render.body(request, StartBody)
    caller, lang = request.state.caller, _language(request)
    found = await calls.run(start.preview, caller, asked.case, asked.plan, asked.level, lang)
    return render.json(found)


async def start_plan(request: Request) -> Response:
    """201 for a new incident, 200 when the plan was running for the case already."""
    asked = await render.body(request, StartBody)
    wanted = Wanted(asked.plan, asked.level, asked.reason, asked.exercise)
    caller = request.state.caller
    made = await calls.run(start.start, caller, asked.case, wanted)
    body = await calls.run(views.show, caller, made.no, _language(request))
    headers = {"location": f"/api/emergencies/{made.no}"}
    return render.json(body, 201 if made.created else 200, headers)


async def add_case(request: Request) -> Response:
    asked = await render.body(request, CaseBody)
    await calls.run(start.join, request.state.caller, _number(request), asked.case)
    return await _shown(request)


async def change_level(request: Request) -> Response:
    asked = await render.body(request, LevelBody)
    no, caller = _number(request), request.state.caller
    await calls.run(command.change_level, caller, no, asked.level, asked.reason)
    return await _shown(request)


async def order(request: Request) -> Response:
    asked = await render.body(request, OrderBody)
    given = command.Order(**msgspec.structs.asdict(asked))
    await calls.run(command.order, request.state.caller, _number(request), given)
    return await _shown(request, 201)


async def write_log(request: Request) -> Response:
    asked = await render.body(request, LogBody)
    no, caller = _number(request), request.state.caller
    await calls.run(command.write_log, caller, no, asked.kind, asked.text)
    return await _shown(request, 201)


async def end(request: Request) -> Response:
    asked = await render.body(request, EndBody)
    no, caller = _number(request), request.state.caller
    await calls.run(command.end, caller, no, asked.answers, asked.reason)
    return await _shown(request)


async def act(request: Request) -> Response:
    """The incident after it; who has no part in it any more is told the task's state."""
    asked = await render.body(request, TaskBody)
    given = tasks.Doing(
        asked.text, asked.reason, tuple(asked.photos), asked.organisation, asked.version
    )
    no, task = _number(request), request.path_params["task"]
    caller, what = request.state.caller, request.path_params["what"]
    state = await calls.run(tasks.act, caller, no, task, what, given)
    try:
        return await _shown(request)
    except NoSuchIncident:
        return render.json({"no": no, "task": task, "state": state, "visible": False})


async def add_photos(request: Request) -> Response:
    """A multipart form with one or more pictures, under any field names."""
    no, task, caller = _number(request), request.path_params["task"], request.state.caller
    made = []
    for name, content in await files_of(request):
        picture = await calls.run(photos.cleaned, caller, content, name)
        sha = await calls.run(tasks.add_photo, caller, no, task, picture)
        made.append({"sha": sha, "name": name, "size": len(picture.content)})
    return render.json({"photos": made}, 201)


async def photo(request: Request) -> Response:
    sha = request.path_params["sha"]
    caller, no = request.state.caller, _number(request)
    kind, content = await calls.run(tasks.show_photo, caller, no, sha)
    headers = {
        "cache-control": "private, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'",
        "etag": f'"{sha}"',
    }
    return Response(content, media_type=kind, headers=headers)


async def _shown(request: Request, status: int = 200) -> Response:
    no, lang = _number(request), _language(request)
    return render.json(await calls.run(views.show, request.state.caller, no, lang), status)


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))


def _number(request: Request) -> int:
    number: int = request.path_params["no"]
    if number > 2**53:
        raise NoSuchIncident(no=number)
    return number
