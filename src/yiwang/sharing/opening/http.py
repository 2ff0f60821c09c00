"""The portal over HTTP: /api/open, CKAN's /api/3/action, /dcat, /robots.txt, /sitemap.xml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from yiwang.kernel.text import choose
from yiwang.kernel.text import render as words
from yiwang.security.actions import Caller
from yiwang.sharing.files import giving
from yiwang.sharing.files.versions import Opened
from yiwang.sharing.gateway import model as questions
from yiwang.sharing.opening import (
    ckan,
    ckan_actions,
    dcat,
    files,
    formats,
    harvest,
    model,
    portal,
    service,
)
from yiwang.sharing.opening.counting import Counting
from yiwang.sharing.opening.errors import NoRows, NotReleasable
from yiwang.web import calls, paging, render
from yiwang.web.errors import STATUS, BadParameter, problem


class ReleaseBody(msgspec.Struct, forbid_unknown_fields=True):
    """``quasi``: opened columns by which people might be known again; ``files``: versions that
    were looked through and are opened, too."""

    licence: str
    text: str
    quasi: list[str] = []
    files: list[int] = []


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str


class RatingBody(msgspec.Struct, forbid_unknown_fields=True):
    stars: int
    text: str = ""


class WishBody(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    text: str


class AnswerBody(msgspec.Struct, forbid_unknown_fields=True):
    met: bool
    text: str
    resource: int | None = None


def routes() -> list[Route]:
    one, own = "/api/open/{name}", "/api/sharing/resources/{id:int}/opening"
    return [
        Route(own, review, methods=["GET"]),
        Route(own, release, methods=["POST"]),
        Route(own + "/withdraw", withdraw, methods=["POST"]),
        Route(own + "/files/{version:int}", review_file, methods=["GET"]),
        Route("/api/open", listing, methods=["GET"]),
        Route("/api/open-wishes", list_wishes, methods=["GET"]),
        Route("/api/open-wishes", wish, methods=["POST"]),
        Route("/api/open-wishes/{id:int}/answer", answer, methods=["POST"]),
        Route(one, show, methods=["GET"]),
        Route(one + "/rows", rows, methods=["GET"]),
        Route(one + "/download.{form}", download, methods=["GET"]),
        Route(one + "/files/{version:int}", download_file, methods=["GET"]),
        Route(one + "/rating", rate, methods=["PUT"]),
        Route(one + "/schema.org", schema_org, methods=["GET"]),
        Route("/api/3/action/{name}", action, methods=["GET", "POST"]),
        Route("/api/action/{name}", action, methods=["GET", "POST"]),
        Route("/dcat.{form}", dcat_catalogue, methods=["GET"]),
        Route("/dcat/{name}.{form}", dcat_catalogue, methods=["GET"]),
        Route("/robots.txt", robots, methods=["GET"]),
        Route("/sitemap.xml", sitemap, methods=["GET"]),
    ]


async def review(request: Request) -> Response:
    """What speaks against opening a resource (?quasi=a,b, ?files=1,2), versions of its files from
    which a release may choose, and its releases until now."""
    id, lang, caller = request.path_params["id"], _language(request), request.state.caller
    quasi = [one for one in request.query_params.get("quasi", "").split(",") if one]
    checks = await calls.run(service.review, caller, id, quasi, _numbers(request, "files"))
    held = await calls.run(service.releases, caller, id)
    there = await calls.run(files.to_open, caller, id)
    shown = checks | {"findings": _told(checks["findings"], lang), "releases": held}
    return render.json(shown | {"files": there})


async def review_file(request: Request) -> Response:
    """A version of a file, for who looks through it before it is opened."""
    id, version = request.path_params["id"], request.path_params["version"]

    def opened(caller: Caller) -> Opened:
        return files.open_for_review(caller, id, version)

    return await giving.give(request, opened, opened, f"file:{version}")


async def release(request: Request) -> Response:
    """Open a resource after its review; refused with what speaks against it."""
    body, id = await render.body(request, ReleaseBody), request.path_params["id"]
    args = (id, body.licence, body.text, body.quasi, body.files)
    try:
        number = await calls.run(service.release, request.state.caller, *args)
    except NotReleasable as bad:
        lang = _language(request)
        content = problem(bad, lang) | {"errors": _told(bad.findings, lang)}
        media = "application/problem+json"
        return Response(msgspec.json.encode(content), STATUS[bad.kind], media_type=media)
    return render.json({"id": number}, 201)


async def withdraw(request: Request) -> Response:
    """Take a resource from the portal."""
    body = await render.body(request, ReasonBody)
    id = request.path_params["id"]
    await calls.run(service.withdraw, request.state.caller, id, body.reason)
    return Response(status_code=204)


async def listing(request: Request) -> Response:
    """What is open; ?q= keeps what holds the words."""
    args = (request.query_params.get("q", ""), _language(request))
    found = await calls.run(portal.listing, request.state.caller, *args)
    return render.json({"items": found, "next": None})


async def show(request: Request) -> Response:
    """An opened resource with its fields, use and ratings."""
    args = (request.path_params["name"], _language(request))
    return render.json(await calls.run(portal.show, request.state.caller, *args))


async def rows(request: Request) -> Response:
    """Rows of an opened resource: ?fields=, ?where.COLUMN.gt=, ?order=, ?limit=, ?skip=."""
    given = [one for one in request.query_params.multi_items() if one[0] != "skip"]
    asked = questions.parse(given)
    skip = render.number(request, "skip", 0, 0, 10_000_000)
    args = (request.path_params["name"], asked.fields, asked.where, asked.order, asked.limit, skip)
    return render.json(await calls.run(portal.preview, request.state.caller, *args))


async def download(request: Request) -> Response:
    """All rows as CSV, JSON or an Excel workbook."""
    form = request.path_params["form"]
    if form not in model.FORMATS:
        wanted = ", ".join(model.FORMATS)
        raise BadParameter(request.url.path, name="form", value=form, wanted=wanted)
    args = (request.path_params["name"], form)
    name, parts = await calls.run(portal.download, request.state.caller, *args)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_sent(parts), media_type=formats.of(f".{form}").media, headers=headers)


async def download_file(request: Request) -> Response:
    """An uploaded file that was released: whole, or a ``Range`` of it with ``If-Range``."""
    name, version = request.path_params["name"], request.path_params["version"]
    counting: Counting = request.state.caller.ports[Counting]

    def opened(caller: Caller) -> Opened:
        return files.open_released(caller, name, version)

    def still(caller: Caller) -> None:
        files.look(caller, name, version)

    def begun(found: Opened, start: int) -> None:
        if start == 0:
            counting.add(request.state.caller.clock.now(), found.resource, "downloads")

    return await giving.give(request, opened, still, f"file:{version}", begun)


def _sent(parts: Iterator[bytes]) -> Any:
    return iterate_in_threadpool(parts)


async def rate(request: Request) -> Response:
    """Rate an opened resource from 1 to 5."""
    body = await render.body(request, RatingBody)
    args = (request.path_params["name"], body.stars, body.text)
    await calls.run(service.rate, request.state.caller, *args)
    return Response(status_code=204)


async def list_wishes(request: Request) -> Response:
    """What people want to be opened."""
    page = paging.wanted(request)
    before = page.number()
    found = await calls.run(service.wishes, request.state.caller, before, page.limit)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def wish(request: Request) -> Response:
    """Ask that something be opened."""
    body = await render.body(request, WishBody)
    id = await calls.run(service.wish, request.state.caller, body.title, body.text)
    return render.json({"id": id}, 201)


async def answer(request: Request) -> Response:
    """Answer a wish."""
    body, id = await render.body(request, AnswerBody), request.path_params["id"]
    args = (id, body.met, body.text, body.resource)
    await calls.run(service.answer, request.state.caller, *args)
    return Response(status_code=204)


async def action(request: Request) -> Response:
    """An action of CKAN's API: package_show, package_search, datastore_search …"""
    name, base, lang = request.path_params["name"], render.root(request), _language(request)
    help_ = f"{base}/api/3/action/help_show?name={name}"
    try:
        given = await _parameters(request)
        args = (name, given, base, lang)
        found = await calls.run(ckan_actions.call, request.state.caller, *args)
        return render.json({"help": help_, "success": True, "result": found})
    except (ckan.NotFound, NoRows) as error:
        told = {"__type": "Not Found Error", "message": f"Not found: {error.args[0]}"}
        return render.json({"help": help_, "success": False, "error": told}, 404)
    except ckan.Invalid as error:
        bad = {"__type": "Validation Error", **error.fields}
        return render.json({"help": help_, "success": False, "error": bad}, 409)


async def _parameters(request: Request) -> dict[str, Any]:
    """From the address, a JSON body, or a form. Raises ckan.Invalid."""
    given: dict[str, Any] = dict(request.query_params)
    if request.method == "GET":
        return given
    kind = request.headers.get("content-type", "")
    if kind.startswith(("application/x-www-form-urlencoded", "multipart/form-data")):
        async with request.form() as form:
            texts = {name: value for name, value in form.items() if isinstance(value, str)}
        for name, value in texts.items():
            if value == "1" and name.startswith("{"):
                return given | _object(name.encode())
        return given | texts
    return given | _object(await render.raw(request))


def _object(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise ckan.Invalid(body="Not JSON") from None
    if not isinstance(found, dict):
        raise ckan.Invalid(body="Not a JSON object")
    return found


async def dcat_catalogue(request: Request) -> Response:
    """What is open, or one dataset, as DCAT-AP 3 in Turtle (ttl) or JSON-LD (jsonld)."""
    form = request.path_params["form"]
    if form not in dcat.MEDIA:
        wanted = ", ".join(dcat.MEDIA)
        raise BadParameter(request.url.path, name="form", value=form, wanted=wanted)
    args = (render.root(request), form, request.path_params.get("name", ""))
    found = await calls.run(harvest.catalogue, request.state.caller, *args)
    return Response(found, media_type=dcat.MEDIA[form])


async def schema_org(request: Request) -> Response:
    """An opened resource as schema.org says it."""
    args = (render.root(request), request.path_params["name"])
    found = await calls.run(harvest.schema_org, request.state.caller, *args)
    return Response(msgspec.json.encode(found), media_type=dcat.MEDIA["jsonld"])


async def robots(request: Request) -> Response:
    """What robots may look at."""
    return Response(harvest.robots(render.root(request)), media_type="text/plain")


async def sitemap(request: Request) -> Response:
    """The addresses of what is open."""
    found = await calls.run(harvest.sitemap, request.state.caller, render.root(request))
    return Response(found, media_type="application/xml")


def _numbers(request: Request, name: str) -> list[int]:
    """Numbers with commas between them. Raises BadParameter."""
    found = [one for one in request.query_params.get(name, "").split(",") if one]
    for one in found:
        if not (one.isascii() and one.isdigit() and len(one) < 16):
            raise BadParameter(request.url.path, name=name, value=one[:40], wanted="1,2,…")
    return [int(one) for one in found]


def _told(findings: list[dict[str, Any]], lang: str) -> list[dict[str, Any]]:
    return [
        one | {"text": words(f"sharing.opening.why.{one['why']}", lang, one)} for one in findings
    ]


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
