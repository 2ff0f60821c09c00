"""Busy pages, answered past the layers of the others, which cost more than a small answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from yiwang.kernel.errors import YiwangError
from yiwang.web.errors import answer, http, unexpected

_MOST_PATHS = 1000
"""Paths whose handler is known without looking, none of them long."""
_LONG = 100

Handler = Callable[[Request], Awaitable[Response]]


class Quick:
    """ASGI middleware: some routes, which are tried before all others. What none of them serves,
    with its method, goes on to ``app``."""

    def __init__(self, app: ASGIApp, routes: Iterable[Route]) -> None:
        self._app = app
        self._known = lru_cache(_MOST_PATHS)(self._found)
        self._routes: dict[str, list[Route]] = {}
        for route in routes:
            self._routes.setdefault(_start(route.path), []).append(route)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = None
        if scope["type"] == "http":
            found = self._find(scope["method"], scope["path"])
        if found is None:
            await self._app(scope, receive, send)
            return
        handler, parameters = found
        scope["path_params"] = dict(parameters)
        scope["app"] = self  # broken forms are told as errors of HTTP then
        request = Request(scope, receive, send)
        try:
            response = await handler(request)
        except YiwangError as error:
            response = answer(request, error)
        except HTTPException as error:
            response = await http(request, error)
        except Exception as error:
            response = await unexpected(request, error)
        await response(scope, receive, send)

    def _find(self, method: str, path: str) -> tuple[Handler, dict[str, Any]] | None:
        if _start(path) not in self._routes:
            return None
        return (self._known if len(path) < _LONG else self._found)(method, path)

    def _found(self, method: str, path: str) -> tuple[Handler, dict[str, Any]] | None:
        for route in self._routes.get(_start(path), ()):
            if method not in (route.methods or ()):
                continue
            match = route.path_regex.match(path)
            if match is not None:
                convert = route.param_convertors
                parameters = {
                    name: convert[name].convert(value) for name, value in match.groupdict().items()
                }
                return route.endpoint, parameters
        return None


def _start(path: str) -> str:
    """The first two parts of a path."""
    return "/".join(path.split("/", 3)[:3])
