"""Bodies in and out: JSON by msgspec."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from yiwang.kernel import clock
from yiwang.kernel.settings import Settings
from yiwang.kernel.text import phrase
from yiwang.web import unreadable
from yiwang.web.errors import BadBody, BadParameter, BodyTooLarge

T = TypeVar("T")

MOST_BYTES = 32 * 1024 * 1024
_IS_JSON = (b"content-type", b"application/json")


def json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return encoded(msgspec.json.encode(value), status, headers)


def encoded(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """What is JSON already."""
    return Response(body, status, headers, media_type="application/json")


class Small(Response):
    """JSON of a busy page, with headers that are encoded already: nothing is looked through."""

    def __init__(self, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self.status_code = 200
        self.body = body
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(body)), _IS_JSON, *headers]


async def raw(request: Request, most: int = MOST_BYTES) -> bytes:
    """The whole body, once. Raises BodyTooLarge as soon as it grows past ``most`` bytes,
    ClientDisconnect where the asker goes before its end."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise BodyTooLarge(request.url.path, most=f"{most // 1024} KiB")
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts) if len(parts) > 1 else parts[0]


async def body(request: Request, kind: type[T]) -> T:
    """The JSON body as ``kind`` (a msgspec Struct, a dataclass …). Raises BadBody."""
    content = await raw(request)
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBody(request.url.path, problem=unreadable.problem(error)) from error


def number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number from the query string. Raises BadParameter outside least … most."""
    value = request.query_params.get(name)
    if value is None:
        return default
    wanted = f"{least} … {most}"
    try:
        parsed = int(value)
    except ValueError:
        raise BadParameter(request.url.path, name=name, value=value, wanted=wanted) from None
    if not least <= parsed <= most:
        raise BadParameter(request.url.path, name=name, value=value, wanted=wanted)
    return parsed


def instant(value: int | None) -> str | None:
    """An instant as JSON shows it: ISO 8601 in UTC."""
    return None if value is None else clock.render(value)


def aware(request: Request, moment: datetime, name: str) -> int:
    """The instant that a body gives under a name. Raises BadBody for one without a time zone."""
    if moment.tzinfo is None:
        raise BadBody(request.url.path, problem=phrase("no_time_zone", name=name))
    return clock.from_datetime(moment)


def root(request: Request) -> str:
    """The address at which clients reach the platform: the one of its settings, else that by
    which it was asked. Without a slash at its end."""
    settings = request.state.caller.ports.get(Settings)
    public: str = settings.public_url if settings is not None else ""
    return (public or str(request.base_url)).rstrip("/")
