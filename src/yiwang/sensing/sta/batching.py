"""$batch over HTTP: each request through the handler that would answer it alone."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from yiwang.kernel.errors import YiwangError
from yiwang.sensing.sta import batch, bringing
from yiwang.sensing.sta.answers import Handler, refused, telling
from yiwang.sensing.sta.atomic import Done, Failed, together
from yiwang.sensing.sta.batch import Answer, Item
from yiwang.sensing.sta.writing import Writing
from yiwang.web import calls, render


async def answer(
    handlers: Mapping[str, Handler], writing: Writing, root: str, request: Request
) -> Response:
    """The answers in the order of the requests, each with its id. Raises BadValue."""
    run = _Run(handlers, writing, root, request)
    for group in batch.groups(batch.read(await render.raw(request))):
        await run.group(group)
    return Response(msgspec.json.encode({"responses": run.answers}), media_type="application/json")


class _Run:
    def __init__(
        self, handlers: Mapping[str, Handler], writing: Writing, root: str, request: Request
    ) -> None:
        self._handlers = handlers
        self._writing = writing
        self._root = root
        self._request = request
        self._known: dict[str, str] = {}
        self._failed: set[str] = set()
        self.answers: list[Answer] = []

    async def group(self, items: list[Item]) -> None:
        if any(other in self._failed for item in items for other in item.dependsOn):
            for item in items:
                self._add(item, Answer(item.id, 424))
        elif items[0].atomicityGroup is None:
            self._add(items[0], await self._alone(items[0]))
        else:
            await self._together(items)

    def _add(self, item: Item, made: Answer) -> None:
        self.answers.append(made)
        if made.status >= 400:
            self._failed |= {item.id, item.atomicityGroup or item.id}

    async def _alone(self, item: Item) -> Answer:
        path, _, query = batch.path(item, self._known).partition("?")
        content = msgspec.json.encode(batch.body(item.body, self._known))
        sent = {"content-type": "application/json"}
        sent |= {name.lower(): value for name, value in item.headers.items()}
        told = self._request.headers
        kept = {name: told[name] for name in ("accept-language",) if name in told}
        scope = dict(self._request.scope)
        scope |= {
            "method": item.method,
            "path_params": {"path": unquote(path)},
            "query_string": query.encode(),
            "headers": [
                (n.encode(), v.encode("latin-1", "replace")) for n, v in (kept | sent).items()
            ]
            + [(b"host", told.get("host", "").encode())],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        response = await telling(self._handlers[item.method], Request(scope, receive))
        made = await _answer(item.id, response)
        location = made.headers.get("location", "")
        if location.startswith(self._root):
            self._known[item.id] = location[len(self._root) :].lstrip("/")
        return made

    async def _together(self, items: list[Item]) -> None:
        caller = self._request.state.caller
        try:
            done = await calls.run(together, caller, items, self._known)
        except Failed as error:
            for item in items:
                mine = item.id == error.item
                refusal = refused(self._request, error.error) if mine else Response(status_code=424)
                self._add(item, await _answer(item.id, refusal))
            return
        except YiwangError as error:
            for item in items:
                self._add(item, await _answer(item.id, refused(self._request, error)))
            return
        self._writing.moved()
        made = [one for outcome in done for one in outcome.observations]
        kept = [one for outcome in done for one in outcome.kept]
        numbers = iter(await bringing.store(self._writing, caller, made, kept))
        for item, outcome in zip(items, done, strict=True):
            own = [next(numbers) for _ in outcome.observations]
            self._add(item, self._done(item, outcome, own))

    def _done(self, item: Item, outcome: Done, numbers: list[int]) -> Answer:
        path = f"Observations({numbers[0]})" if outcome.single else outcome.path
        if not path:
            return Answer(item.id, outcome.status)
        self._known[item.id] = path
        link = f"{self._root}/{path}"
        id_ = int(path.rpartition("(")[2].rstrip(")"))
        body = {"@iot.id": id_, "@iot.selfLink": link}
        return Answer(item.id, outcome.status, {"location": link}, body)


async def _answer(id_: str, response: Response) -> Answer:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    parts = getattr(response, "body_iterator", None)
    content = bytes(response.body) if parts is None else b"".join([part async for part in parts])
    if not content:
        return Answer(id_, response.status_code, headers)
    if "json" in headers.get("content-type", ""):
        return Answer(id_, response.status_code, headers, msgspec.Raw(content))
    if not headers.get("content-type", "").startswith("text/"):
        return Answer(id_, response.status_code, headers, urlsafe_b64encode(content).decode())
    return Answer(id_, response.status_code, headers, content.decode())
