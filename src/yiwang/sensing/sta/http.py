"""SensorThings over HTTP: /v1.1 (and /v1.0 for clients of the older version)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from yiwang.security.actions import Caller
from yiwang.sensing.errors import UnknownDatastream
from yiwang.sensing.mqtt.entrance import Mqtt
from yiwang.sensing.sta import (
    alterations,
    batching,
    bringing,
    conformance,
    cost,
    references,
    service,
    streaming,
)
from yiwang.sensing.sta import path as paths
from yiwang.sensing.sta import query as queries
from yiwang.sensing.sta.answers import Handler, StaRoute, WrongMethod, accepted, allowed
from yiwang.sensing.sta.errors import NoSuchEntity, WrongMedia
from yiwang.sensing.sta.path import Resource
from yiwang.sensing.sta.render import Links, root_document
from yiwang.sensing.sta.schema import (
    FEATURE_OF_INTEREST,
    MULTI_DATASTREAM,
    OBSERVATION,
    TYPES,
    EntityType,
)
from yiwang.sensing.sta.writing import Below, Writing
from yiwang.web import calls, render

VERSIONS = ("v1.1", "v1.0")
_JSON = ("application/json",)
_MERGE = ("application/json", "application/merge-patch+json")
_PATCH = "application/json-patch+json"
_CREATE_OBSERVATIONS = "CreateObservations"


def routes() -> list[StaRoute]:
    """Routes of the service. ``Caller.ports`` must hold Observations and a started Buffer."""
    writing = Writing()
    made: list[StaRoute] = []
    for version in VERSIONS:
        handlers: dict[str, Handler] = {
            "GET": partial(_show, version),
            "PATCH": partial(_change, writing, "merge"),
            "PUT": partial(_change, writing, "replace"),
            "DELETE": partial(_remove, writing),
        }
        handlers["POST"] = partial(_add, version, writing, handlers)
        made.append(StaRoute(f"/{version}", partial(_root, version), "GET"))
        path = f"/{version}/{{path:path}}"
        made += [StaRoute(path, handler, method) for method, handler in handlers.items()]
    return made


def _links(request: Request, version: str) -> Links:
    scope, host = request.scope, request.headers.get("host")
    if host is None:
        return Links(f"{str(request.base_url).rstrip('/')}/{version}")
    return Links(f"{scope['scheme']}://{host}{scope.get('root_path', '').rstrip('/')}/{version}")


async def _root(version: str, request: Request) -> Response:
    """The SensorThings landing page: the entity sets and what is conformed to."""
    shown = root_document(_links(request, version), list(TYPES.values()), conformance.SERVED)
    mqtt: Mqtt | None = request.state.caller.ports.get(Mqtt)
    if mqtt is not None and mqtt.port:
        settings = shown["serverSettings"]
        endpoint = f"mqtt://{request.url.hostname}:{mqtt.port}"
        for name in conformance.OVER_MQTT:
            settings["conformance"].append(name)
            settings[name] = {"endpoints": [endpoint]}
    return render.json(shown)


async def _show(version: str, request: Request) -> Response:
    text = request.path_params["path"].strip("/")
    if not text:
        return await _root(version, request)
    resource = paths.parse(text)
    query = queries.parse(request.scope["query_string"].decode("latin-1"))
    if not (query.format or resource.names or resource.last):
        format_ = accepted(request.headers.get("accept", ""))
        query = replace(query, format=format_) if format_ else query
    root = _links(request, version).root
    caller: Caller = request.state.caller
    if caller.database.is_sqlite and cost.is_small(resource, query):
        answer = service.read(caller, resource, query, root, text)
    else:
        answer = await calls.run(service.read, caller, resource, query, root, text)
    if answer.following is not None or answer.table is not None:
        return await streaming.response(request, answer, resource, query, root, text)
    return Response(answer.content, answer.status, media_type=answer.media)


async def _add(
    version: str, writing: Writing, handlers: Mapping[str, Handler], request: Request
) -> Response:
    text = request.path_params["path"].strip("/")
    links = _links(request, version)
    _media(request, _JSON)
    if text == "$batch":
        return await batching.answer(handlers, writing, links.root, request)
    if not text:
        raise WrongMethod(allowed(None))
    content = await render.raw(request)
    if text == _CREATE_OBSERVATIONS:
        return await _add_arrays(writing, links, request.state.caller, content)
    resource = paths.parse(text)
    if resource.last == "$ref":
        return await references.change(writing, resource, content, request)
    if resource.single or resource.names or resource.last:
        raise WrongMethod(allowed(resource))
    if resource.type is OBSERVATION:
        id_ = await _add_observation(writing, request.state.caller, resource, content)
        return _created(links, OBSERVATION, id_)
    caller: Caller = request.state.caller
    made = await calls.run(service.create, caller, resource, content)
    writing.moved()
    await bringing.store(writing, caller, made.observations, made.kept)
    return _created(links, resource.type, made.id)


def _media(request: Request, taken: tuple[str, ...]) -> str:
    """The media type of the body, without parameters; JSON where nothing is said.
    Raises WrongMedia."""
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said and said not in taken:
        raise WrongMedia("Content-Type", media=said[:100], wanted=", ".join(taken))
    return said or taken[0]


def _one(request: Request) -> Resource:
    """The one entity, or the links, that a request to change or delete names."""
    text = request.path_params["path"].strip("/")
    resource = paths.parse(text) if text else None
    if resource is not None and resource.last == "$ref":
        return resource
    if resource is None or not resource.single or resource.names or resource.last:
        raise WrongMethod(allowed(resource))
    return resource


async def _change(writing: Writing, way: str, request: Request) -> Response:
    resource = _one(request)
    media = _media(request, (*_MERGE, _PATCH) if way == "merge" else _JSON)
    if media == _PATCH:
        way = "patch"
    content = await render.raw(request)
    if resource.last:
        return await references.change(writing, resource, content, request)
    await calls.run(alterations.change, request.state.caller, resource, content, way)
    writing.moved()
    return Response(status_code=200)


async def _remove(writing: Writing, request: Request) -> Response:
    resource = _one(request)
    if resource.last:
        return await references.change(writing, resource, b"", request)
    await calls.run(alterations.remove, request.state.caller, resource)
    writing.moved()
    return Response(status_code=200)


async def _add_observation(
    writing: Writing, caller: Caller, resource: Resource, content: bytes
) -> int:
    if len(resource.steps) == 1:
        return await writing.one(caller, content)
    parent = resource.steps[-2]
    id_ = parent.id
    if len(resource.steps) > 2 or id_ is None:
        id_ = await calls.run(service.locate, caller, Resource(resource.steps[:-1]))
    if parent.type is FEATURE_OF_INTEREST:
        return await writing.one(caller, content, Below(feature=id_))
    try:
        below = Below(id_, parent.type is MULTI_DATASTREAM)
        return await writing.one(caller, content, below)
    except UnknownDatastream:
        raise NoSuchEntity(parent.type.plural, entity=parent.type.name, id=id_) from None


async def _add_arrays(writing: Writing, links: Links, caller: Caller, content: bytes) -> Response:
    numbers = await writing.arrays(caller, content)
    address = links.set(OBSERVATION)
    answers = ["error" if number <= 0 else f"{address}({number})" for number in numbers]
    return render.json(answers, 201)


def _created(links: Links, type_: EntityType, id_: int) -> Response:
    link = links.entity(type_, id_)
    return render.json({"@iot.id": id_, "@iot.selfLink": link}, 201, {"location": link})
