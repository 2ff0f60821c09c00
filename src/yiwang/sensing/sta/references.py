"""HTTP of links between entities: POST, PUT and DELETE of ``…/$ref``."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from yiwang.sensing.sta import linking
from yiwang.sensing.sta.answers import WrongMethod, allowed
from yiwang.sensing.sta.path import Resource
from yiwang.sensing.sta.query import unknown_option
from yiwang.sensing.sta.writing import Writing
from yiwang.web import calls


async def change(
    writing: Writing, resource: Resource, content: bytes, request: Request
) -> Response:
    """Change links as a request says. Raises WrongMethod, UnknownOption."""
    asked = dict(parse_qsl(request.scope["query_string"].decode("latin-1")))
    for name in asked:
        if name.startswith("$") and (name != "$id" or request.method != "DELETE"):
            raise unknown_option(name)
    if request.method not in allowed(resource):
        raise WrongMethod(allowed(resource))
    caller = request.state.caller
    if request.method == "DELETE":
        await calls.run(linking.unlink, caller, resource, asked.get("$id", ""))
    else:
        await calls.run(linking.link, caller, resource, content)
    writing.moved()
    return Response(status_code=204)
