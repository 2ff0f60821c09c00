"""Files as HTTP answers: whole or a range, checked, counted and logged before the first byte.

A long answer looks again from time to time whether its grant still holds, and breaks off where it
does not: the client sees that it is short.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Caller
from yiwang.security.evidence.log import Log, line
from yiwang.security.protection.errors import NoFieldKey, SealBroken
from yiwang.sharing.files import model, versions
from yiwang.sharing.files.errors import NoSuchFile
from yiwang.sharing.files.versions import Opened
from yiwang.sharing.gateway.usage import Usage
from yiwang.web import calls

_log = logging.getLogger(__name__)

PIECE = 1024 * 1024
LOOKS = 64
"""Pieces after which the grant is looked at again."""

Open = Callable[[Caller], Opened]


async def give(
    request: Request,
    open_: Open,
    still: Callable[[Caller], object],
    about: str,
    begun: Callable[[Opened, int], None] | None = None,
) -> Response:
    """What ``open_`` finds for the caller, as long as ``still`` raises nothing; ``about`` names it
    in the log where it is refused. ``begun`` hears from which byte on it goes out."""
    caller: Caller = request.state.caller
    usage: Usage = caller.ports[Usage]
    log: Log = caller.ports[Log]
    try:
        found = await calls.run(open_, caller)
        file = await calls.run(_file, found)
    except YiwangError as error:
        await _refused(caller, about, error)
        raise
    try:
        answer, span = _head(request, found)
        if span is None:
            file.close()
            return answer
        start, end = span
        try:
            times = await _counted(caller, found, end - start)
        except YiwangError as error:
            await _refused(caller, about, error)
            raise
        grant = found.access.grant if found.access is not None else None
        details = {"grant": grant.id if grant else None, "mode": "file", "sha256": found.sha256}
        details |= {**found.about, "from": start, "to": end, "size": found.size}
        at, who = caller.clock.now(), caller.identity.label
        await log.use(line(at, who, "file_given", f"resource:{found.resource}", details))
        if grant is not None:
            usage.used(at, grant, times)
        if begun is not None:
            begun(found, start)
    except BaseException:
        file.close()
        raise

    async def look() -> None:
        await calls.run(still, caller)

    return StreamingResponse(_bytes(file, start, end, look), answer.status_code, answer.headers)


async def _counted(caller: Caller, found: Opened, bytes_: int) -> int:
    if found.access is None:
        return 0
    return await calls.run(versions.count, caller, found, bytes_)


async def _refused(caller: Caller, about: str, error: YiwangError) -> None:
    usage: Usage = caller.ports[Usage]
    log: Log = caller.ports[Log]
    who, at = caller.identity, caller.clock.now()
    usage.refused(at, who.label, who.organisation, None)
    if who.kind != "anonymous":
        await log.use(line(at, who.label, "data_refused", about, {"why": error.code}))


def _file(found: Opened) -> BinaryIO:
    """Open before anything is said of it: it may go meanwhile, and is read to its end then."""
    try:
        return found.content()
    except FileNotFoundError:
        raise NoSuchFile(file=found.name) from None
    except (NoFieldKey, SealBroken) as error:
        _log.error("%s: %s", found.name, error.what())
        raise


def _head(request: Request, found: Opened) -> tuple[Response, tuple[int, int] | None]:
    """The headers of the answer and, where bytes follow, from which to before which."""
    etag = f'"{found.sha256}"'
    headers = {
        "accept-ranges": "bytes",
        "cache-control": "private, no-cache",
        "content-disposition": model.disposition(found.name),
        "content-type": "application/octet-stream",
        "etag": etag,
        "x-content-type-options": "nosniff",
    }
    given = request.headers
    if model.unchanged(given.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers), None
    whole = (0, found.size)
    asked = None
    if request.method == "GET" and model.applies(given.get("if-range"), etag):
        asked = model.asked_range(given.get("range"), found.size)
    if asked == (0, 0):
        headers |= {"content-range": f"bytes */{found.size}"}
        return Response(status_code=416, headers=headers), None
    start, end = asked or whole
    headers["content-length"] = str(end - start)
    if asked is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{found.size}"
    answer = Response(status_code=206 if asked else 200, headers=headers)
    answer.headers["content-length"] = str(end - start)
    return answer, None if request.method == "HEAD" else (start, end)


async def _bytes(
    file: BinaryIO, start: int, end: int, look: Callable[[], Awaitable[None]]
) -> AsyncIterator[bytes]:
    with file:
        file.seek(start)
        pieces = 0
        while start < end:
            try:
                data = await calls.run(file.read, min(PIECE, end - start))
            except SealBroken as error:
                _log.error("%s", error.what())
                return
            if not data:
                return
            start += len(data)
            yield data
            pieces += 1
            if pieces % LOOKS == 0 and start < end:
                try:
                    await look()
                except YiwangError:
                    return
