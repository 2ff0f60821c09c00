"""The web application's files: compressed where the browser takes it, cached by their names."""

from __future__ import annotations

import mimetypes
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from yiwang.console.errors import NotBuilt
from yiwang.web.errors import NoSuchPage

FOLDER = Path(__file__).parent / "static"

_FOREVER = "public, max-age=31536000, immutable"
_ASK_FIRST = "no-cache"
HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "vary": "accept-encoding",
}
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


async def file(request: Request) -> Response:
    """A built file, or the application's page for every address that it draws itself."""
    path = request.path_params["path"]
    if path.startswith(("api/", "v1.1")) or path == "api":
        raise NoSuchPage(request.url.path, path=request.url.path)
    found = _files().get(path)
    if found is not None:
        return _answer(request, found, _FOREVER if path.startswith("assets/") else _ASK_FIRST)
    if path.startswith("assets/"):
        raise NoSuchPage(request.url.path, path=request.url.path)
    index = _files().get("index.html")
    if index is None:
        raise NotBuilt(request.url.path)
    return _answer(request, index, _ASK_FIRST)


def page() -> str | None:
    """The application's page; None where it is not built."""
    index = _files().get("index.html")
    return None if index is None else index.read_text(encoding="utf-8")


def _answer(request: Request, found: Path, caching: str) -> Response:
    kind = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
    headers = {**HEADERS, "cache-control": caching}
    taken = request.headers.get("accept-encoding", "")
    for encoding, suffix in _ENCODINGS:
        smaller = found.with_name(found.name + suffix)
        if encoding in taken and smaller.is_file():
            headers["content-encoding"] = encoding
            return FileResponse(smaller, headers=headers, media_type=kind)
    return FileResponse(found, headers=headers, media_type=kind)


def _files() -> dict[str, Path]:
    """The built files by their addresses; read again after another build."""
    index = FOLDER / "index.html"
    return _files_of(index.stat().st_mtime_ns) if index.is_file() else {}


@lru_cache(1)
def _files_of(_built_at: int) -> dict[str, Path]:
    """Every file of the folder, so that nothing outside it can be named."""
    return {
        one.relative_to(FOLDER).as_posix(): one
        for one in FOLDER.rglob("*")
        if one.is_file() and one.suffix not in (".br", ".gz")
    }
