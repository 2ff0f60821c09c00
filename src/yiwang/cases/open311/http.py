"""Open311 GeoReport v2 over HTTP: /open311/discovery, /open311/v2/…"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.cases.actions import photos
from yiwang.cases.errors import NoSuchCase
from yiwang.cases.http import wanted_size
from yiwang.cases.open311 import documents, model, service
from yiwang.cases.open311.documents import Document
from yiwang.cases.open311.errors import KeyInvalid, NoSuchFormat, NoSuchJurisdiction
from yiwang.cases.open311.views import Asked
from yiwang.cases.pictures import cleaning
from yiwang.kernel import clock
from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.settings import Settings
from yiwang.kernel.text import choose, phrase, render
from yiwang.security.actions import Caller
from yiwang.web import calls
from yiwang.web.errors import BadBody, BodyTooLarge
from yiwang.web.render import json as in_json
from yiwang.web.render import root

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
MOST_FILES = 5
_FORM_BYTES = 256 * 1024
_STATUS = {Kind.NOT_FOUND: 404, Kind.DENIED: 403, Kind.UNAUTHENTICATED: 403, Kind.FAILED: 500}
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")

Pairs = list[tuple[str, str]]
Files = list[tuple[str, bytes]]
Handler = Callable[[Request], Awaitable[Response]]


def routes() -> list[Route]:
    """The standard's resources, and the updates that FixMyStreet reads and sends."""
    v2 = "/open311/v2"
    found: list[tuple[str, str, Handler]] = [
        ("/open311/discovery.{format}", "GET", discovery),
        (f"{v2}/discovery.{{format}}", "GET", discovery),
        (f"{v2}/services.{{format}}", "GET", services),
        (f"{v2}/services/{{code:path}}.{{format}}", "GET", definition),
        (f"{v2}/requests.{{format}}", "GET", requests),
        (f"{v2}/requests.{{format}}", "POST", submit),
        (f"{v2}/requests/{{no}}.{{format}}", "GET", one_request),
        (f"{v2}/tokens/{{token}}.{{format}}", "GET", token),
        (f"{v2}/servicerequestupdates.{{format}}", "GET", updates),
        (f"{v2}/servicerequestupdates.{{format}}", "POST", add_update),
        (f"{v2}/media/{{sha}}", "GET", media),
    ]
    standard = [Route(path, handler, methods=[method]) for path, method, handler in found]
    return [*standard, Route("/api/cases/{no:int}/contacts", contacts, methods=["GET"])]


def _standard(handler: Handler) -> Handler:
    """Errors in the standard's form: 404 for what is not there, 403 for a wrong or missing
    key, 400 for any other (GeoReport v2, "Errors")."""

    @wraps(handler)
    async def answer(request: Request) -> Response:
        try:
            _check_format(request)
            _check_jurisdiction(request, request.query_params.get("jurisdiction_id", ""))
            return await handler(request)
        except YiwangError as error:
            lang = _language(request)
            status = _STATUS.get(error.kind, 400)
            words = f"{error.what(lang)} {error.todo(lang)}".strip()
            return _answer(request, documents.errors(status, words), status)

    return answer


@_standard
async def discovery(request: Request) -> Response:
    """Service Discovery: where the interface is, and which formats it has."""
    lang = _language(request)
    changed = clock.render(await calls.run(service.show_changeset, request.state.caller))
    settings = _settings(request)
    formats = [value.partition(";")[0] for value in documents.MEDIA.values()]
    body = {
        "changeset": changed,
        "contact": settings.open311_contact or render("cases.open311.contact", lang, {}),
        "key_service": render("cases.open311.key_service", lang, {}),
        "endpoints": [
            {
                "specification": SPECIFICATION,
                "url": _base(request),
                "changeset": changed,
                "type": "production",
                "formats": formats,
            }
        ],
    }
    return _answer(request, Document("discovery", "", body))


@_standard
async def services(request: Request) -> Response:
    found = await calls.run(service.show_services, request.state.caller, _language(request))
    return _answer(request, Document("services", "service", found))


@_standard
async def definition(request: Request) -> Response:
    code, lang = request.path_params["code"], _language(request)
    found = await calls.run(service.show_definition, request.state.caller, code, lang)
    return _answer(request, Document("service_definition", "", found))


@_standard
async def requests(request: Request) -> Response:
    caller = await _known(request)
    wanted = model.wanted(dict(request.query_params), caller.clock.now())
    asked = _asked(request, wanted.extensions)
    found = await calls.run(service.show_requests, caller, wanted, asked)
    return _answer(request, Document("service_requests", "request", found))


@_standard
async def one_request(request: Request) -> Response:
    caller = await _known(request)
    text = request.path_params["no"]
    no, own = model.number(text), model.own_number(text)
    if no is None and own is None:
        raise NoSuchCase("service_request_id", no=text[:20])
    extended = request.query_params.get("extensions", "").lower() in ("true", "1")
    found = await calls.run(service.show_request, caller, no or 0, _asked(request, extended), own)
    return _answer(request, Document("service_requests", "request", found))


@_standard
async def submit(request: Request) -> Response:
    pairs, files = await _form(request)
    caller = await _reporter(request, dict(pairs).get("api_key", ""))
    given = model.submission(pairs)
    pictures = [await calls.run(photos.cleaned, caller, body, name) for name, body in files]
    made = await calls.run(service.submit, caller, given, pictures, _language(request))
    return _answer(request, Document("service_requests", "request", [made]), 201)


@_standard
async def token(request: Request) -> Response:
    value = request.path_params["token"]
    found = await calls.run(service.show_token, request.state.caller, value)
    return _answer(request, Document("service_requests", "request", [found]))


@_standard
async def updates(request: Request) -> Response:
    caller = await _known(request)
    start, end = model.span(dict(request.query_params), caller.clock.now())
    assert start is not None and end is not None
    asked = _asked(request)
    found = await calls.run(service.show_updates, caller, start, end, asked)
    return _answer(request, Document("service_request_updates", "request_update", found))


@_standard
async def add_update(request: Request) -> Response:
    pairs, files = await _form(request)
    caller = await _reporter(request, dict(pairs).get("api_key", ""))
    given = model.update(pairs)
    pictures = [await calls.run(photos.cleaned, caller, body, name) for name, body in files]
    made = await calls.run(service.add_update, caller, given, pictures)
    return _answer(request, Document("service_request_updates", "request_update", [made]), 201)


@_standard
async def media(request: Request) -> Response:
    """A photo that the city opened, or of what the owner of the key reported."""
    caller = await _known(request)
    sha = request.path_params["sha"]
    size = wanted_size(request)
    kind, content = await calls.run(service.show_opened_photo, caller, sha, size)
    headers = {"x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'"}
    return Response(content, media_type=kind, headers=headers)


async def contacts(request: Request) -> Response:
    caller, no = request.state.caller, request.path_params["no"]
    found = await calls.run(service.show_contacts, caller, min(no, 2**53))
    return in_json({"items": found, "next": None})


def _answer(request: Request, document: Document, status: int = 200) -> Response:
    form = request.path_params.get("format", "xml")
    form = form if form in documents.MEDIA else "xml"
    headers = {"content-type": documents.MEDIA[form]}
    return Response(document.render(form), status, headers)


def _check_format(request: Request) -> None:
    form = request.path_params.get("format", "xml")
    if form not in documents.MEDIA:
        raise NoSuchFormat(request.url.path, format=form[:20])


def _check_jurisdiction(request: Request, given: str) -> None:
    """jurisdiction_id is optional where only one is served; another one's is not found."""
    known = _settings(request).open311_jurisdiction
    if known and given.strip() and given.strip() != known:
        raise NoSuchJurisdiction("jurisdiction_id", jurisdiction=given[:100], known=known)


async def _known(request: Request) -> Caller:
    """Who asks: by the api_key where one is given, else as the request says. Nobody needs a
    key to read."""
    key = request.query_params.get("api_key", "").strip()
    caller: Caller = request.state.caller
    return replace(caller, identity=await calls.run(service.by_key, caller, key)) if key else caller


async def _reporter(request: Request, key: str) -> Caller:
    """Who reports: POST needs a key. Raises KeyInvalid."""
    key = key.strip() or request.query_params.get("api_key", "").strip()
    caller: Caller = request.state.caller
    if key:
        return replace(caller, identity=await calls.run(service.by_key, caller, key))
    if caller.identity.kind == "anonymous":
        raise KeyInvalid("api_key")
    return caller


async def _form(request: Request) -> tuple[Pairs, Files]:
    """Arguments and files of a form, url-encoded as the standard has it or multipart with
    pictures. Raises BadBody, BodyTooLarge, NoSuchJurisdiction."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORMS:
        raise BadBody(request.url.path, problem=phrase("content_type", known=", ".join(_FORMS)))
    most = MOST_FILES * cleaning.MOST_BYTES + _FORM_BYTES if kind == _FORMS[1] else _FORM_BYTES
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > most:
        raise BodyTooLarge(request.url.path, most=f"{most // 1024} KiB")
    pairs: Pairs = []
    files: Files = []
    async with request.form(max_files=MOST_FILES, max_fields=500) as form:
        for name, value in form.multi_items():
            if not isinstance(value, UploadFile):
                pairs.append((name, value))
            elif value.size:
                files.append((value.filename or "", await value.read(cleaning.MOST_BYTES + 1)))
    _check_jurisdiction(request, dict(pairs).get("jurisdiction_id", ""))
    return pairs, files


def _asked(request: Request, extensions: bool = False) -> Asked:
    return Asked(_language(request), extensions, _base(request))


def _base(request: Request) -> str:
    return f"{root(request)}/open311/v2"


def _settings(request: Request) -> Settings:
    caller: Caller = request.state.caller
    found: Any = caller.ports.get(Settings)
    return found if found is not None else Settings()


def _language(request: Request) -> str:
    return choose(request.headers.get("accept-language", ""))
