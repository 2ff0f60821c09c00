"""The actions behind the SensorThings interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
from sqlalchemy import select
from sqlalchemy.exc import DataError

from yiwang.contracts.events import DatastreamsChanged
from yiwang.contracts.observations import Incoming
from yiwang.security import accounts
from yiwang.security.actions import Context, action, query
from yiwang.sensing import sight as sights
from yiwang.sensing import tables as t
from yiwang.sensing.history.keeping import Keeping
from yiwang.sensing.model import Columns, result_key
from yiwang.sensing.observations import Observations
from yiwang.sensing.sight import Sight, Visibility
from yiwang.sensing.sta import applied, formats, parquet, render, settling
from yiwang.sensing.sta.creation import Creation, read_body
from yiwang.sensing.sta.entities import MOST_TOP, Entities
from yiwang.sensing.sta.errors import NoSuchResource, NotSupported, WrongOperand, words
from yiwang.sensing.sta.path import Resource
from yiwang.sensing.sta.payload import Observation
from yiwang.sensing.sta.query import Query
from yiwang.sensing.sta.reading import Place, Reading
from yiwang.sensing.sta.render import Links
from yiwang.sensing.sta.schema import IDS, nearest

_TABLES = frozenset({"CSV", "Parquet"})


@dataclass(frozen=True)
class Answer:
    """What a GET is answered with; no content where a property has no value. ``following``
    asks for what comes next where an answer is not made in one go. ``table``: what goes into a
    Parquet file, as an Arrow table."""

    content: bytes
    status: int = 200
    media: str = "application/json"
    following: Query | None = None
    table: Any = None


def reading_of(ctx: Context, sight: Sight, root: str) -> Reading:
    """What somebody sees, with links below ``root``."""
    seen = None
    if not sight.everything:
        seen = ctx.port(Visibility).mask(ctx.connection, sight)
    entities = Entities(ctx.connection, ctx.now, sight)
    return Reading(entities, ctx.port(Observations), ctx.now, Links(root), seen)


@query("sensing.read_entities", permission="sensing.read_opened")
def read(ctx: Context, resource: Resource, query: Query, root: str, path: str) -> Answer:
    """The answer to a GET of a resource, of what the caller sees. Raises NoSuchEntity,
    UnknownProperty, WrongOperand, NotSupported."""
    reading = reading_of(ctx, sights.mine(ctx), root)
    try:
        return _answer(ctx, reading, resource, query, root, path)
    except DataError as error:
        wanted = words("numbers_in_range")
        raise WrongOperand("$filter", wanted=wanted, found=str(error.orig)) from None


def _answer(
    ctx: Context, reading: Reading, resource: Resource, query: Query, root: str, path: str
) -> Answer:
    if query.apply is not None and not (resource.last or resource.names):
        return _applied(ctx, reading, reading.resolve(resource), path, query, Links(root))
    if query.apply is not None:
        raise NotSupported("$apply", what=words("apply_before_segment"))
    place = reading.resolve(resource)
    if query.format in _TABLES and not (resource.names or resource.last):
        return _table(reading, place, query)
    if resource.names:
        return _property(reading, place, resource)
    if resource.last == "$count":
        count = reading.page(place, replace(query, count=True, top=0)).count
        return Answer(str(count).encode(), media="text/plain")
    if resource.last == "$ref":
        return _references(reading, place, query, root)
    found = (
        reading.collection(place, path, query) if place.id is None else reading.one(place, query)
    )
    if query.format == "GeoJSON":
        return Answer(formats.geojson(found), media=formats.GEOJSON)
    return _json(found)


def _table(reading: Reading, place: Place, query: Query) -> Answer:
    """One entity or a page of a collection as a table, the first page of CSV with the line of
    names."""
    following = None
    if place.id is not None:
        entities = [reading.one(place, query)]
    else:
        asked = replace(query, top=MOST_TOP if query.top is None else query.top, count=None)
        page = reading.page(place, asked)
        entities = reading.rendered(place.type, page.rows, asked)
        left = None if query.top is None else query.top - len(page.rows)
        if page.more and left != 0:
            following = replace(reading.following(asked, page), top=left, rows_only=True)
    if query.format == "Parquet":
        made = parquet.Table(place.type, query).of(entities)
        return Answer(b"", media=parquet.MEDIA, following=following, table=made)
    table = formats.Table(place.type, query)
    header = b"" if query.rows_only else table.header()
    return Answer(header + table.lines(entities), media=formats.CSV, following=following)


def _applied(
    ctx: Context, reading: Reading, place: Place, path: str, query: Query, links: Links
) -> Answer:
    applied.check(query)
    keeping = ctx.caller.ports.get(Keeping)
    kept = (keeping, keeping.declared(ctx.connection)) if keeping and keeping.lets_go else None
    table, notes = reading.groups(place, query, kept)
    groups = applied.page(table, query)
    if query.format == "CSV":
        return Answer(applied.csv(groups), media=formats.CSV)
    if query.format == "Parquet":
        return Answer(b"", media=parquet.MEDIA, table=parquet.groups(groups))
    return Answer(applied.json(groups, query, path, links, notes))


def _references(reading: Reading, place: Place, query: Query, root: str) -> Answer:
    if place.id is not None:
        return _json({"@iot.selfLink": Links(root).entity(place.type, place.id)})
    return _json({"value": reading.references(place, query)})


def _property(reading: Reading, place: Place, resource: Resource) -> Answer:
    """18-088, 9.2.5 and 9.2.6. Raises NoSuchResource for a place in JSON that is not there."""
    assert place.id is not None
    names = resource.names
    shown = reading.one(place, Query())
    name = "@iot.id" if names[0] in IDS else names[0]
    first = shown.get(name)
    if isinstance(first, msgspec.Raw) and (len(names) > 1 or resource.last):
        first = msgspec.json.decode(first)
    there, value = render.place(first, names[1:])
    if not there and first is not None:
        known = first if isinstance(first, dict) else []
        near = nearest(names[-1], known) or words("shorter_path")
        raise NoSuchResource("/".join(names), segment=names[-1], near=near)
    if value is None:
        return Answer(b"", 204)
    if resource.last != "$value":
        return _json({name if len(names) == 1 else names[-1]: value})
    if isinstance(value, str):
        return Answer(value.encode(), media="text/plain; charset=utf-8")
    media = "application/json" if isinstance(value, dict | list) else "text/plain; charset=utf-8"
    return Answer(msgspec.json.encode(value), media=media)


def _json(value: Any) -> Answer:
    return Answer(msgspec.json.encode(value))


@dataclass(frozen=True)
class Created:
    """The entity made, and observations it brought that are still to be stored, and then to be
    forgotten where they are ``kept``."""

    id: int
    observations: Sequence[Observation] = field(default_factory=list)
    kept: Sequence[int] = ()


@action("sensing.create_entity", permission="sensing.write", audit_verb="entity_created")
def create(ctx: Context, resource: Resource, content: bytes) -> Created:
    """Create an entity of any type but Observation, with the entities it brings along. Raises
    BadValue, MissingProperty, UnknownProperty, BadReference, NoSuchEntity, and what refuses
    an observation that is brought along; then nothing is created."""
    reading = Reading(Entities(ctx.connection, ctx.now), ctx.port(Observations), ctx.now, Links(""))
    place = reading.resolve(resource)
    given: dict[str, int] = {}
    if place.relation is not None and place.parent is not None:
        given[place.relation.inverse] = place.parent[1]
    creation = Creation(ctx)
    id_ = creation.create(place.type, read_body(content), given, "")
    if creation.observations:
        settling.settle(ctx, creation.observations, creation.places)
    ctx.note(f"{place.type.name.lower()}:{id_}")
    if creation.datastreams:
        ctx.emit(DatastreamsChanged(creation.datastreams))
    return Created(id_, creation.observations, settling.keep(ctx, creation.observations))


@query("sensing.locate_entity", permission="sensing.write_own")
def locate(ctx: Context, resource: Resource) -> int:
    """The id of the one entity that a path leads to. Raises NoSuchEntity."""
    id_ = reading_of(ctx, sights.mine(ctx), "").resolve(resource).id
    assert id_ is not None
    return id_


@query("sensing.write_observations", permission="sensing.write")
def may_write(ctx: Context) -> None:
    """Passes for those who may write observations of every datastream."""


@query("sensing.write_own_observations", permission="sensing.write_own")
def writable_things(ctx: Context) -> frozenset[int] | None:
    """The things whose observations a device may write; None: of all."""
    return accounts.things_of(ctx.connection, ctx.identity.id)


@query("sensing.own_datastreams", permission="sensing.write_own")
def things_of_datastreams(ctx: Context, datastreams: Sequence[int]) -> dict[int, int]:
    """The thing of each datastream."""
    columns = t.datastreams.c
    wanted = columns.id.in_([int(id_) for id_ in datastreams])
    found = ctx.connection.execute(select(columns.id, columns.thing).where(wanted)).all()
    return {row.id: row.thing for row in found}


@query("sensing.unknown_features", permission="sensing.write_own")
def unknown_features(ctx: Context, features: Sequence[int]) -> set[int]:
    """Those of some features of interest that do not exist."""
    column = t.features_of_interest.c.id
    wanted = set(features)
    found = ctx.connection.execute(select(column).where(column.in_(wanted))).scalars()
    return wanted - set(found)


@query("sensing.find_repeated", permission="sensing.write_own")
def find_repeated(ctx: Context, incoming: Incoming, rows: Sequence[int]) -> dict[int, int]:
    """The number under which each of some repeated rows is stored already."""
    store = ctx.port(Observations)
    index = np.array(rows, np.int64)
    streams, times = incoming.datastream[index], incoming.time[index]
    table = store.rows(np.unique(streams), int(times.min()), int(times.max()))
    there = Columns(
        table.column("datastream").to_numpy(),
        table.column("time").cast("int64").to_numpy(),
        table.column("result").to_numpy(),
        table.column("exact").to_pylist(),
        None,
    )
    numbers = table.column("number").to_pylist()
    known: dict[Any, int] = {}
    for row, number in enumerate(numbers):
        known[_key(there, row)] = number
    mine = Columns(incoming.datastream, incoming.time, incoming.result, incoming.exact, None)
    return {row: known.get(_key(mine, row), 0) for row in rows}


def _key(rows: Columns, row: int) -> tuple[int, int, object]:
    return int(rows.datastream[row]), int(rows.time[row]), result_key(rows, row)
