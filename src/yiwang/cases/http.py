"""Cases over HTTP: parse, call one action, render."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

import msgspec
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases import service, views
from yiwang.cases.actions import photos
from yiwang.cases.errors import NoSuchCase, PictureTooLarge
from yiwang.cases.lists import Filter
from yiwang.cases.model.guards import Given
from yiwang.cases.narrowing import Box
from yiwang.cases.pictures import cleaning
from yiwang.kernel.text import choose, phrase
from yiwang.web import calls, paging, render
from yiwang.web.errors import BadBody, BadParameter

_FORM_OVERHEAD = 64 * 1024
_WORDS = ("kind", "state", "case_class", "severity", "handler", "q", "sort")
_NUMBERS = ("grid", "organisation", "place", "storm")
_FLAGS = ("overdue", "mine", "handed_on")
"""By what a list of cases is narrowed, as ``Filter`` has it; and ``box``."""


class ReportBody(msgspec.Struct, forbid_unknown_fields=True):
    case_class: str
    text: str
    lon: float | None = None
    lat: float | None = None
    place: int | None = None
    address: str = ""
    title: str = ""
    severity: str = ""
    channel: str = ""
    answers: dict[str, Any] = {}
    shown: list[str] = []


class Target(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    organisation: int | None = None
    person: int | None = None
    case: int | None = None
    severity: str | None = None
    case_class: str | None = None
    organisations: list[int] | None = None
    grid: int | None = None


class StepBody(msgspec.Struct, forbid_unknown_fields=True):
    """``evidence`` are names of photos uploaded before; ``until`` is RFC 3339."""

    reason: str = ""
    text: str = ""
    to: Target | None = None
    evidence: list[str] = []
    version: int | None = None
    minutes: int | None = None
    until: datetime | None = None
    rating: int | None = None
    solved: bool | None = None


def routes() -> list[Route]:
    return [
        Route("/api/cases", list_cases, methods=["GET"]),
        Route("/api/cases", report, methods=["POST"]),
        Route("/api/cases/summary", summary, methods=["GET"]),
        Route("/api/cases/classes", classes, methods=["GET"]),
        Route("/api/cases/{no:int}", show, methods=["GET"]),
        Route("/api/cases/{no:int}/explain", explain, methods=["GET"]),
        Route("/api/cases/{no:int}/steps", steps, methods=["GET"]),
        Route("/api/cases/photos/read", read_photo, methods=["POST"]),
        Route("/api/cases/{no:int}/photos", add_photos, methods=["POST"]),
        Route("/api/cases/{no:int}/{step}", take, methods=["POST"]),
        Route("/api/blobs/{sha}", blob, methods=["GET"]),
    ]


async def list_cases(request: Request) -> Response:
    page = paging.wanted(request, 200)
    wanted = _filter(request)
    after = page.keys(int, int) if wanted.sort == "due" else page.keys(int)
    caller = request.state.caller
    items, keys = await calls.run(
        service.listing, caller, wanted, page.limit, after, _language(request)
    )
    return render.json(paging.listing(items, page.limit, keys))


async def report(request: Request) -> Response:
    """The case that was opened or joined; with ``Prefer: return=minimal`` (RFC 7240) only its
    number, state and version."""
    asked = await render.body(request, ReportBody)
    given = service.Report(**msgspec.structs.asdict(asked))
    applied = _preference(request)
    shown = partial(views.reported, lang="" if applied else _language(request))
    no, body = await calls.change(service.report, request.state.caller, given, then=shown)
    return render.encoded(body, 201, {"location": f"/api/cases/{no}", **applied})


async def show(request: Request) -> Response:
    lang = _language(request)
    return render.json(await calls.run(service.show, request.state.caller, _no(request), lang))


async def summary(request: Request) -> Response:
    code = request.query_params.get("case_class", "")
    return render.json(await calls.run(service.counts, request.state.caller, code))


async def classes(request: Request) -> Response:
    found = await calls.run(views.show_classes, request.state.caller, _language(request))
    return render.json({"items": found, "next": None})


async def explain(request: Request) -> Response:
    lang = _language(request)
    return render.json(await calls.run(service.explain, request.state.caller, _no(request), lang))


async def steps(request: Request) -> Response:
    lang = _language(request)
    found = await calls.run(views.show_steps, request.state.caller, _no(request), lang)
    return render.json({"items": found, "next": None})


async def take(request: Request) -> Response:
    """The case after the step; with ``Prefer: return=minimal`` (RFC 7240) only its number, state
    and version. Who gave it away and may no longer see it is told so."""
    asked = await render.body(request, StepBody)
    to: dict[str, Any] = {} if asked.to is None else msgspec.to_builtins(asked.to)
    until = None if asked.until is None else render.aware(request, asked.until, "until")
    given = Given(
        asked.reason,
        asked.text,
        to,
        tuple(dict.fromkeys(asked.evidence)),
        asked.minutes,
        until,
        asked.rating,
        asked.solved,
    )
    applied, no = _preference(request), _no(request)
    shown = partial(views.stepped, no=no, lang="" if applied else _language(request))
    args = (no, request.path_params["step"], given, asked.version)
    body = await calls.change(service.take, request.state.caller, *args, then=shown)
    return render.encoded(body, headers=applied)


async def add_photos(request: Request) -> Response:
    """A multipart form with one or more pictures, under any field names."""
    caller, names = request.state.caller, []
    for name, content in await files_of(request):
        picture = await calls.run(photos.cleaned, caller, content, name)
        sha = await calls.run(service.add_photo, caller, _no(request), picture, name)
        names.append({"sha": sha, "name": name, "size": len(picture.content)})
    return render.json({"photos": names}, 201)


async def read_photo(request: Request) -> Response:
    """Where and when a picture was taken, as its file says: ``lon``, ``lat``, ``taken_at``, or
    null. Nothing is kept."""
    name, content = (await files_of(request))[0]
    return render.json(await calls.run(photos.read, request.state.caller, content, name))


async def files_of(request: Request) -> list[tuple[str, bytes]]:
    """The files of a multipart form, by name. Raises PictureTooLarge, BadBody."""
    length, most = request.headers.get("content-length", ""), cleaning.MOST_BYTES
    if length.isdigit() and int(length) > 5 * most + _FORM_OVERHEAD:
        raise PictureTooLarge(request.url.path, size=int(length) // 1024, most=most // 1024)
    async with request.form(max_files=20, max_fields=20) as form:
        files = [value for _, value in form.multi_items() if isinstance(value, UploadFile)]
        if not files:
            raise BadBody(request.url.path, problem=phrase("no_file"))
        return [(file.filename or "", await file.read(most + 1)) for file in files]


async def blob(request: Request) -> Response:
    """A photo; with ``size`` (320, 640 or 1280) a small one, upright."""
    sha, size = request.path_params["sha"], wanted_size(request)
    kind, content = await calls.run(service.show_photo, request.state.caller, sha, size)
    headers = {
        "cache-control": "private, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        "content-security-policy": "default-src 'none'",
        "etag": f'"{sha}-{size}"' if size else f'"{sha}"',
    }
    return Response(content, media_type=kind, headers=headers)


def wanted_size(request: Request) -> int:
    """The longest side asked for; 0: the whole picture. Raises BadParameter."""
    value = request.query_params.get("size", "")
    known = {str(size): size for size in cleaning.SIZES}
    if value and value not in known:
        wanted = ", ".join(known)
        raise BadParameter(request.url.path, name="size", value=value, wanted=wanted)
    return known.get(value, 0)


def _preference(request: Request) -> dict[str, str]:
    """The header that tells that a short answer was asked for and is given; else none."""
    wanted = request.headers.get("prefer", "").replace(" ", "").lower().split(",")
    return {"preference-applied": "return=minimal"} if "return=minimal" in wanted else {}


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))


def _no(request: Request) -> int:
    number: int = request.path_params["no"]
    if number > 2**53:
        raise NoSuchCase(no=number)
    return number


def _filter(request: Request) -> Filter:
    asked = request.query_params
    named = asked.keys()
    given: dict[str, Any] = {name: asked[name] for name in _WORDS if name in named}
    for name in _NUMBERS:
        if name in named:
            given[name] = render.number(request, name, 0, 0, 2**53)
    for name in _FLAGS:
        if name in named:
            given[name] = asked[name] in ("1", "true")
    if "box" in named:
        given["box"] = _box(request, asked["box"])
    return Filter(**given)


def _box(request: Request, text: str) -> Box:
    """``west,south,east,north`` in degrees; none that crosses the 180th meridian."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise ValueError
    except ValueError:
        wanted = phrase("box")
        raise BadParameter(request.url.path, name="box", value=text, wanted=wanted) from None
    return west, south, east, north
