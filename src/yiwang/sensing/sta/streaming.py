"""Answers that leave page by page: CSV and Parquet of a whole collection."""

from __future__ import annotations

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from yiwang.security.model import allowed
from yiwang.sensing.sta import export, parquet, service
from yiwang.sensing.sta.entities import MOST_TOP
from yiwang.sensing.sta.path import Resource
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.service import Answer
from yiwang.web import calls


async def response(
    request: Request, first: Answer, resource: Resource, query: Query, root: str, path: str
) -> Response:
    """The answer that begins with ``first``. Where somebody takes along more than a page of
    what not everybody sees, the audit log has its line before the first byte leaves."""
    caller = request.state.caller
    everything = query.top is None or query.top > MOST_TOP
    if first.following and everything and allowed(caller.identity, "sensing.read_own"):
        await calls.run(export.record_query, caller, path, query.render(), query.format)
    pages = _pages(request, first, resource, root, path)
    content: AsyncIterator[bytes]
    if first.table is None:
        content = (page.content async for page in pages)
    else:
        content = parquet.stream((page.table async for page in pages), calls.run)
    return StreamingResponse(content, first.status, media_type=first.media)


async def _pages(
    request: Request, answer: Answer, resource: Resource, root: str, path: str
) -> AsyncIterator[Answer]:
    """One after the other, so that no more than one is held."""
    caller = request.state.caller
    yield answer
    while answer.following is not None:
        answer = await calls.run(service.read, caller, resource, answer.following, root, path)
        yield answer
