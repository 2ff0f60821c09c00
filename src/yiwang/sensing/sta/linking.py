"""Links between entities through ``$ref`` (OData 4.01, part 1, 11.4.6; 18-088 changes links with
PATCH only)."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, delete, insert, select

from yiwang.contracts.events import DatastreamsChanged, EntitiesChanged
from yiwang.security.actions import Context, action
from yiwang.sensing import sight as sights
from yiwang.sensing import tables as t
from yiwang.sensing.model import Edits
from yiwang.sensing.observations import Observations
from yiwang.sensing.sta import alterations, payload, service
from yiwang.sensing.sta import path as paths
from yiwang.sensing.sta.creation import Creation, read_body
from yiwang.sensing.sta.errors import BadReference, BadValue, MissingProperty, NoSuchResource, words
from yiwang.sensing.sta.path import Resource, Step
from yiwang.sensing.sta.reading import Place
from yiwang.sensing.sta.removing import Removing
from yiwang.sensing.sta.schema import (
    HISTORICAL_LOCATION,
    LOCATION,
    THING,
    TYPES,
    EntityType,
    Relation,
)
from yiwang.sensing.sta.settling import intake

_ADDRESSES = ("@odata.id", "@id", "@iot.selfLink")
_ROOT = re.compile(r".*/v1\.[01]/")


@action("sensing.link_entities", permission="sensing.write", audit_verb="entities_linked")
def link(ctx: Context, resource: Resource, content: bytes) -> None:
    """Let a relation lead to one more entity or, where it leads to one only, to that one.
    Raises BadValue, BadReference, NoSuchEntity, MissingProperty."""
    edits = linked(ctx, resource, content)
    if edits:
        intake(ctx).edit(edits, alterations.SOURCE)


def linked(ctx: Context, resource: Resource, content: bytes) -> Edits:
    """Link, and say what is still to become of observations."""
    place, relation = _ends(ctx, resource)
    other = _named(relation, read_body(content))
    mine = relation.inverse if relation.many else relation.name
    if relation.through is None:
        at, id_ = (TYPES[relation.target], other) if relation.many else place
        value = place[1] if relation.many else other
        return alterations.changed(ctx, _one(at, id_), _reference(mine, value), "merge")
    _exists(ctx, relation, other)
    holder, id_, location = _held(relation, place, other)
    there = _locations(ctx, holder, id_)
    if location not in there:
        creation = Creation(ctx)
        if holder is THING:
            creation.move(id_, [*there, location])
        else:
            row = {"historical_location": id_, "location": location}
            ctx.connection.execute(insert(t.historical_location_locations).values(row))
            creation.follow(id_)
    _tell(ctx, holder, id_)
    return Edits()


@action("sensing.unlink_entities", permission="sensing.write", audit_verb="entities_unlinked")
def unlink(ctx: Context, resource: Resource, address: str) -> None:
    """Let a relation lead to an entity no more: the one in the path, or at ``address``. Nothing
    is deleted. Raises MissingProperty for what must lead somewhere; BadValue, NoSuchEntity."""
    unlinked(ctx, resource, address)


def unlinked(ctx: Context, resource: Resource, address: str) -> None:
    """Unlink in the transaction of the caller; as ``unlink``."""
    place, relation = _ends(ctx, resource)
    if relation.through is None:
        name, type_ = relation.name, place[0]
        if relation.many:
            name, type_ = relation.inverse, TYPES[relation.target]
        raise MissingProperty(relation.name, name=name, entity=type_.name)
    other = resource.steps[-1].id
    if other is None:
        other = _at(relation, address)
    # The path to it must exist, so that what is not linked is not found.
    _place(ctx, Resource((*resource.steps[:-1], Step(TYPES[relation.target], relation, other))))
    holder, id_, location = _held(relation, place, other)
    links, mine = _links(holder)
    if holder is HISTORICAL_LOCATION and len(_locations(ctx, holder, id_)) == 1:
        raise MissingProperty("Locations", name="Locations", entity=holder.name)
    gone = delete(links).where(mine == id_, links.c.location == location)
    ctx.connection.execute(gone)
    if holder is THING:
        Removing(ctx.connection, ctx.port(Observations)).place(id_)
    else:
        Creation(ctx).follow(id_)
    _tell(ctx, holder, id_)


def _ends(ctx: Context, resource: Resource) -> tuple[tuple[EntityType, int], Relation]:
    """The entity that a path of links begins at, and the relation that it names."""
    relation = resource.steps[-1].relation
    assert relation is not None
    if relation.through is not None and (relation.through.order or relation.through.repeated):
        name = "ObservedProperties"
        wanted = words("all_in_order")
        raise BadValue(relation.name, name=name, value="$ref", wanted=wanted)
    place = _place(ctx, Resource(resource.steps[:-1]))
    assert place.id is not None
    return (place.type, place.id), relation


def _place(ctx: Context, resource: Resource) -> Place:
    return service.reading_of(ctx, sights.mine(ctx), "").resolve(resource)


def _named(relation: Relation, sent: Any) -> int:
    """The id of the entity that a body refers to. Raises BadValue."""
    if isinstance(sent, dict) and "@iot.id" in sent:
        return payload.whole(sent["@iot.id"], "@iot.id")
    for name in _ADDRESSES:
        if isinstance(sent, dict) and isinstance(sent.get(name), str):
            return _at(relation, sent[name])
    raise BadValue("", name=words("the_reference"), value="…", wanted=words("reference"))


def _at(relation: Relation, address: str) -> int:
    """The id in the address of an entity, whole or below the service root. Raises BadValue."""
    type_ = TYPES[relation.target]
    name = words("the_reference")
    wanted = words("address_of_one", entity=type_.name, plural=type_.plural)
    try:
        found = paths.parse(_ROOT.sub("", address).strip("/"))
    except NoSuchResource:
        raise BadValue("", name=name, value=address[:100], wanted=wanted) from None
    step = found.steps[-1]
    if len(found.steps) > 1 or found.names or found.last or step.type is not type_ or not step.id:
        raise BadValue("", name=name, value=address[:100], wanted=wanted)
    return step.id


def _exists(ctx: Context, relation: Relation, id_: int) -> None:
    column = TYPES[relation.target].stored.c.id
    if ctx.connection.execute(select(column).where(column == id_)).first() is None:
        raise BadReference(relation.name, entity=relation.target, id=id_)


def _held(
    relation: Relation, place: tuple[EntityType, int], other: int
) -> tuple[EntityType, int, int]:
    """The (historical) thing that is somewhere, whichever side is asked, and the location."""
    type_, id_ = place
    return (TYPES[relation.target], other, id_) if type_ is LOCATION else (type_, id_, other)


def _links(holder: EntityType) -> tuple[Any, ColumnElement[int]]:
    if holder is THING:
        return t.thing_locations, t.thing_locations.c.thing
    return t.historical_location_locations, t.historical_location_locations.c.historical_location


def _locations(ctx: Context, holder: EntityType, id_: int) -> list[int]:
    links, mine = _links(holder)
    there = select(links.c.location).where(mine == id_).order_by(links.c.location)
    return list(ctx.connection.execute(there).scalars())


def _one(type_: EntityType, id_: int) -> Resource:
    return Resource((Step(type_, None, id_),))


def _reference(name: str, id_: int) -> bytes:
    return msgspec.json.encode({name: {"@iot.id": id_}})


def _tell(ctx: Context, holder: EntityType, id_: int) -> None:
    ctx.emit(EntitiesChanged(holder.name, [id_], ["Locations"]))
    ctx.emit(DatastreamsChanged(1))
    sights.changed(ctx.connection)
    ctx.note(f"{holder.name.lower()}:{id_}", links="Locations")
