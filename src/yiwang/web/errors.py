"""Errors as HTTP answers: one table from the kind of trouble to the status, RFC 9457 bodies."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import msgspec
from sqlalchemy.exc import DataError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from yiwang.kernel.errors import Kind, YiwangError
from yiwang.kernel.text import choose, phrase, told
from yiwang.store.database import out_of_range

STATUS = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.DENIED: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.TOO_LARGE: 413,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
    Kind.FAILED: 500,
}

_log = logging.getLogger(__name__)


class BadBody(YiwangError):
    code: ClassVar[str] = "web.bad_body"
    kind: ClassVar[Kind] = Kind.INVALID


class BadParameter(YiwangError):
    code: ClassVar[str] = "web.bad_parameter"
    kind: ClassVar[Kind] = Kind.INVALID


class BodyTooLarge(YiwangError):
    code: ClassVar[str] = "web.body_too_large"
    kind: ClassVar[Kind] = Kind.TOO_LARGE


class NumberTooLarge(YiwangError):
    code: ClassVar[str] = "web.number_too_large"
    kind: ClassVar[Kind] = Kind.INVALID


class NoSuchPage(YiwangError):
    code: ClassVar[str] = "web.no_such_page"
    kind: ClassVar[Kind] = Kind.NOT_FOUND


class MethodNotAllowed(YiwangError):
    code: ClassVar[str] = "web.method_not_allowed"
    kind: ClassVar[Kind] = Kind.INVALID


def problem(error: YiwangError, lang: str) -> dict[str, Any]:
    """The RFC 9457 problem document of an error, in one language."""
    return {
        "type": error.code,
        "title": error.what(lang),
        "status": STATUS[error.kind],
        "detail": error.todo(lang),
        "where": told(error.place, lang),
        "fields": {name: _plain(told(value, lang)) for name, value in error.fields.items()},
    }


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def answer(request: Request, error: YiwangError, status: int | None = None) -> Response:
    body = problem(error, choose(request.headers.get("accept-language", "")))
    if status is not None:
        body["status"] = status
    return Response(
        msgspec.json.encode(body), body["status"], media_type="application/problem+json"
    )


async def known(request: Request, error: Exception) -> Response:
    assert isinstance(error, YiwangError)
    return answer(request, error)


async def http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        return answer(request, MethodNotAllowed(request.url.path, method=request.method), 405)
    if error.status_code == 413:
        return answer(request, BodyTooLarge(request.url.path, most=phrase("the_limit")))
    if error.status_code == 404:
        return answer(request, NoSuchPage(request.url.path, path=request.url.path))
    return answer(request, BadBody(request.url.path, problem=error.detail), error.status_code)


async def unexpected(request: Request, error: Exception) -> Response:
    """A defect of ours: the log gets everything, the caller a code and no traceback."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return answer(request, YiwangError(request.url.path))


async def beyond(request: Request, error: Exception) -> Response:
    """A number that no database holds was given, or a defect."""
    if out_of_range(error):
        return answer(request, NumberTooLarge(request.url.path))
    return await unexpected(request, error)


HANDLERS: dict[Any, Any] = {
    YiwangError: known,
    HTTPException: http,
    OverflowError: beyond,
    DataError: beyond,
    Exception: unexpected,
}
