"""Files of resources over HTTP: /api/sharing/files/…

Uploads speak tus 1.0 (tus.io), whose clients resume by themselves; downloads are plain GETs with
ranges, as browsers, curl and download managers make them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC
from email.utils import format_datetime

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from yiwang.kernel import clock
from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Caller
from yiwang.sharing.files import giving, model, uploads, versions
from yiwang.sharing.files.errors import BadUpload, WrongChecksum, WrongOffset
from yiwang.sharing.files.model import Upload
from yiwang.sharing.files.shelf import Shelf
from yiwang.store.errors import DiskFull
from yiwang.web import calls, paging, render
from yiwang.web.errors import BodyTooLarge, answer

PIECE = 1024 * 1024
"""Bytes that are gathered before they are written."""
WRONG_SUM = 460
"""Status that tus gives a piece whose checksum is wrong."""
NO_ROOM = 507
"""RFC 4918, 11.5."""

_finishing = calls.Apart("finishing")

Handler = Callable[[Request], Awaitable[Response]]


class ReasonBody(msgspec.Struct, forbid_unknown_fields=True):
    reason: str


def routes() -> list[Route]:
    base, one = "/api/sharing/files", "/api/sharing/files/uploads/{key}"
    return [
        Route(base + "/uploads", _tus(discover), methods=["OPTIONS"]),
        Route(base + "/uploads", _tus(begin), methods=["POST"]),
        Route(one, _tus(stands), methods=["HEAD"]),
        Route(one, _tus(piece), methods=["PATCH"]),
        Route(one, _tus(give_up), methods=["DELETE"]),
        Route(base + "/of/{resource:int}", list_versions, methods=["GET"]),
        Route(base + "/versions/{id:int}", download, methods=["GET"]),
        Route(base + "/versions/{id:int}/withdraw", withdraw, methods=["POST"]),
    ]


def _tus(handler: Handler) -> Handler:
    """The frame of tus: its version on both sides, and the statuses that it wants."""

    async def framed(request: Request) -> Response:
        given = request.headers.get("tus-resumable")
        if request.method != "OPTIONS" and given != model.TUS:
            error = BadUpload("Tus-Resumable", name="Tus-Resumable", wanted=model.TUS)
            made = answer(request, error, 412)
            made.headers["tus-version"] = model.TUS
            return made
        try:
            made = await handler(request)
        except DiskFull as error:
            made = answer(request, error, NO_ROOM)
        except WrongChecksum as error:
            made = answer(request, error, WRONG_SUM)
        except YiwangError as error:
            made = answer(request, error)
        made.headers["tus-resumable"] = model.TUS
        made.headers["cache-control"] = "no-store"
        return made

    framed.__doc__ = handler.__doc__
    framed.__name__ = handler.__name__
    return framed


async def discover(request: Request) -> Response:
    """What this server can do of tus."""
    shelf: Shelf = request.state.caller.ports[Shelf]
    headers = {
        "tus-version": model.TUS,
        "tus-extension": model.EXTENSIONS,
        "tus-max-size": str(shelf.most_bytes),
        "tus-checksum-algorithm": ",".join(model.CHECKSUMS),
    }
    return Response(status_code=204, headers=headers)


async def begin(request: Request) -> Response:
    """Begin an upload (tus creation). ``Upload-Length`` in bytes; ``Upload-Metadata``: filename,
    resource (its number) and, if wanted, note and sha256 (of the whole, in hexadecimal)."""
    given = request.headers
    size = model.whole_number(given.get("upload-length"), "Upload-Length")
    about = model.metadata(given.get("upload-metadata", ""))
    resource = model.whole_number(about.get("resource"), "resource")
    args = (resource, about.get("filename", ""), size)
    more = (about.get("note", ""), about.get("sha256", ""))
    made = await calls.run(uploads.begin, request.state.caller, *args, *more)
    place = f"/api/sharing/files/uploads/{made.key}"
    headers = {"location": place, "upload-expires": _expires(made.expires_at)}
    return Response(status_code=201, headers=headers)


async def stands(request: Request) -> Response:
    """How far an upload is (tus): ``Upload-Offset``, and ``Yiwang-Version`` when it is whole."""
    caller, key = request.state.caller, request.path_params["key"]
    version = await _finished(caller, key)
    held = await calls.run(uploads.show, caller, key)
    shelf: Shelf = caller.ports[Shelf]
    offset = held.size if version is not None else await calls.run(shelf.parts.size, key)
    headers = {"upload-length": str(held.size), **_standing(held, offset, version)}
    return Response(headers=headers)


async def piece(request: Request) -> Response:
    """The next piece of an upload (tus): from ``Upload-Offset`` on, with ``Upload-Checksum`` if
    wanted. With the last one the upload becomes a version, ``Yiwang-Version``."""
    caller, key, given = request.state.caller, request.path_params["key"], request.headers
    if given.get("content-type") != "application/offset+octet-stream":
        wanted = "application/offset+octet-stream"
        return answer(request, BadUpload("Content-Type", name="Content-Type", wanted=wanted), 415)
    offset = model.whole_number(given.get("upload-offset"), "Upload-Offset")
    wanted_sum = model.checksum(given.get("upload-checksum"))
    held: Upload = await calls.run(uploads.show, caller, key)
    if held.version is not None:
        if offset != held.size:
            raise WrongOffset(offset=offset, stands=held.size)
        return Response(status_code=204, headers=_standing(held, held.size, held.version))
    shelf: Shelf = caller.ports[Shelf]
    at = await calls.run(shelf.parts.size, key)
    if offset != at:
        raise WrongOffset(offset=offset, stands=at)
    at = await _taken(request, shelf, held, offset, wanted_sum)
    await calls.run(shelf.parts.settle, key)
    version = await _finished(caller, key)
    if held.expires_at - caller.clock.now() < shelf.upload_hours * clock.HOUR // 2:
        until = await calls.run(uploads.touch, caller, key)
        held = msgspec.structs.replace(held, expires_at=until)
    return Response(status_code=204, headers=_standing(held, at, version))


async def give_up(request: Request) -> Response:
    """Give an upload up; what has arrived goes too (tus termination)."""
    await calls.run(uploads.terminate, request.state.caller, request.path_params["key"])
    return Response(status_code=204)


async def list_versions(request: Request) -> Response:
    """Versions of a resource's files, the newest first."""
    page = paging.wanted(request, 200)
    before = page.number()
    args = (request.path_params["resource"], before, page.limit)
    found = await calls.run(versions.listing, request.state.caller, *args)
    return render.json(paging.listing(found, page.limit, [found[-1]["id"]] if found else None))


async def download(request: Request) -> Response:
    """A version of a file under a grant: whole, or a ``Range`` of it with ``If-Range``."""
    id = request.path_params["id"]

    def opened(caller: Caller) -> versions.Opened:
        return versions.open_version(caller, id)

    def still(caller: Caller) -> None:
        versions.look(caller, id)

    return await giving.give(request, opened, still, f"file:{id}")


async def withdraw(request: Request) -> Response:
    """Withdraw a version: nobody gets it any more, and its content goes."""
    body = await render.body(request, ReasonBody)
    args = (request.path_params["id"], body.reason)
    await calls.run(versions.take_back, request.state.caller, *args)
    return Response(status_code=204)


async def _finished(caller: Caller, key: str) -> int | None:
    """The version that an upload has become, if it has. A large one takes a while, and no other
    call is to wait for that."""
    held, whole = await calls.run(uploads.standing, caller, key)
    return await _finishing.run(uploads.finish, caller, key) if whole else held.version


async def _taken(
    request: Request,
    shelf: Shelf,
    held: Upload,
    offset: int,
    checksum: tuple[str, bytes] | None,
) -> int:
    """Write what the body brings; where the upload stands then. Of a connection that breaks off
    what has come stays, but for a piece that cannot be verified any more."""
    parts, key, start = shelf.parts, held.key, offset
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > held.size - start:
        raise BodyTooLarge(request.url.path, most=str(held.size - start))
    turn = await calls.run(parts.turn, key)
    write = parts.write if checksum is None else parts.write_piece
    at = offset if checksum is None else 0
    most = held.size - start + at
    waiting = bytearray()
    try:
        async for data in request.stream():
            waiting += data
            if at + len(waiting) > most:
                raise BodyTooLarge(request.url.path, most=str(held.size - start))
            if len(waiting) >= PIECE:
                at = await calls.run(write, key, turn, at, bytes(waiting))
                waiting.clear()
        if waiting:
            at = await calls.run(write, key, turn, at, bytes(waiting))
        if checksum is not None:
            at = await calls.run(parts.join, key, turn, start, checksum)
    except ClientDisconnect:
        if checksum is None and waiting:
            await calls.run(write, key, turn, at, bytes(waiting))
        raise
    finally:
        if checksum is not None:
            await calls.run(parts.drop_piece, key, turn)
    return at


def _standing(held: Upload, offset: int, version: int | None) -> dict[str, str]:
    found = {"upload-offset": str(offset)}
    if version is None:
        return found | {"upload-expires": _expires(held.expires_at)}
    return found | {"yiwang-version": str(version)}


def _expires(at: int) -> str:
    return format_datetime(clock.to_datetime(at).astimezone(UTC), usegmt=True)
