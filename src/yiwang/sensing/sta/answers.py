"""How SensorThings requests are refused: a problem document that SensorThings clients read too.

``type``, ``title``, ``detail``, ``where`` and ``fields`` are those of every other interface;
``code`` is the status and ``message`` the whole text, where clients of the standard look.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import choose
from yiwang.sensing.sta import path as paths
from yiwang.sensing.sta.errors import WrongMedia
from yiwang.sensing.sta.path import Resource
from yiwang.web.errors import MethodNotAllowed, problem, unexpected

Handler = Callable[[Request], Awaitable[Response]]

SERVED = ("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE")
"""The methods that are served at all."""


class WrongMethod(HTTPException):
    """``allowed``: the methods that the resource answers."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        super().__init__(405, headers={"allow": ", ".join(allowed)})


def allowed(resource: Resource | None) -> tuple[str, ...]:
    """The methods of a resource; None: the service root."""
    if resource is not None and resource.last == "$ref" and len(resource.steps) > 1:
        return _links(resource)
    if resource is None or resource.names or resource.last:
        return ("GET", "HEAD")
    if resource.single:
        return ("GET", "HEAD", "PATCH", "PUT", "DELETE")
    return ("GET", "HEAD", "POST")


def _links(resource: Resource) -> tuple[str, ...]:
    step = resource.steps[-1]
    if step.relation is not None and not step.relation.many:
        return ("GET", "HEAD", "PUT", "DELETE")
    return ("GET", "HEAD", "DELETE") if step.id else ("GET", "HEAD", "POST", "DELETE")


_FORMATS = {
    "application/geo+json": "GeoJSON",
    "application/vnd.geo+json": "GeoJSON",
    "text/csv": "CSV",
    "application/vnd.apache.parquet": "Parquet",
    "application/json": "",
    "application/*": "",
    "*/*": "",
}


def accepted(header: str) -> str:
    """The $resultFormat that an Accept header prefers; empty: JSON, as for what is unknown."""
    best, most = "", 0.0
    for item in header.split(","):
        media, *parameters = (part.strip().lower() for part in item.split(";"))
        weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
        try:
            quality = float(weight)
        except ValueError:
            continue
        if media in _FORMATS and quality > most:
            best, most = _FORMATS[media], quality
    return best


def refused(request: Request, error: YiwangError, status: int | None = None) -> Response:
    body = problem(error, choose(request.headers.get("accept-language", "")))
    status = status or body["status"]
    parts = (body["where"], body["title"], body["detail"])
    body |= {"status": status, "code": status, "message": " ".join(part for part in parts if part)}
    return Response(msgspec.json.encode(body), status, media_type="application/problem+json")


class StaRoute(Route):
    """A route that refuses the way SensorThings clients understand: what its handler raises,
    and methods that the resource does not answer."""

    def __init__(self, path: str, handler: Handler, method: str) -> None:
        super().__init__(path, partial(telling, handler), methods=[method])
        self.endpoint = handler

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in (self.methods or ()):
            await super().handle(scope, receive, send)
        else:
            response = await telling(_wrong_method, Request(scope, receive))
            await response(scope, receive, send)


class Direct:
    """ASGI middleware: the routes of SensorThings, found by the first segment of the path and
    answered past the layers of the other pages, which would cost more than a small answer."""

    def __init__(self, app: ASGIApp, routes: Iterable[StaRoute]) -> None:
        self._app = app
        self._handlers: dict[str, dict[str, Handler]] = {}
        for route in routes:
            version = route.path.split("/")[1]
            handlers = self._handlers.setdefault(version, {})
            handlers |= dict.fromkeys(route.methods or (), route.endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        version, _, rest = scope.get("path", "")[1:].partition("/")
        handlers = self._handlers.get(version)
        if handlers is None or scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path_params"] = {"path": rest}
        request = Request(scope, receive)
        try:
            response = await telling(handlers.get(scope["method"], _wrong_method), request)
        except Exception as error:
            response = await unexpected(request, error)
        await response(scope, receive, send)


async def telling(handler: Handler, request: Request) -> Response:
    try:
        return await handler(request)
    except WrongMedia as error:
        return refused(request, error, 415)
    except YiwangError as error:
        return refused(request, error)
    except WrongMethod as error:
        known = MethodNotAllowed(request.url.path, method=request.method)
        response = refused(request, known, 405)
        response.headers.update(error.headers or {})
        return response


async def _wrong_method(request: Request) -> Response:
    text = request.path_params.get("path", "").strip("/")
    raise WrongMethod(allowed(paths.parse(text) if text else None))
