"""The actions that change and delete entities of the SensorThings interface."""

from __future__ import annotations

from typing import Any

import jsonpatch
import msgspec
from sqlalchemy import select

from yiwang.contracts.events import DatastreamsChanged, EntitiesChanged
from yiwang.security.actions import Context, action
from yiwang.sensing import sight as sights
from yiwang.sensing import tables as t
from yiwang.sensing.model import Edits
from yiwang.sensing.observations import Observations
from yiwang.sensing.sta import revising, service
from yiwang.sensing.sta.changing import Changing
from yiwang.sensing.sta.creation import read_body
from yiwang.sensing.sta.entities import Entities
from yiwang.sensing.sta.errors import BadReference, BadValue, words
from yiwang.sensing.sta.path import Resource
from yiwang.sensing.sta.removing import Removing
from yiwang.sensing.sta.schema import FEATURE_OF_INTEREST, OBSERVATION, EntityType
from yiwang.sensing.sta.settling import intake

SOURCE = "http"
Json = dict[str, Any]


@action("sensing.change_entity", permission="sensing.write", audit_verb="entity_changed")
def change(ctx: Context, resource: Resource, content: bytes, way: str) -> None:
    """Change one entity; ``way``: merge (18-088, 10.3), patch (RFC 6902) or replace (PUT).
    Raises BadValue, MissingProperty, UnknownProperty, BadReference, NoSuchEntity, Refused."""
    edits = changed(ctx, resource, content, way)
    if edits:
        intake(ctx).edit(edits, SOURCE)


def changed(ctx: Context, resource: Resource, content: bytes, way: str) -> Edits:
    """Change one entity, and say what is still to become of observations."""
    type_, id_ = _entity(ctx, resource)
    sent = read_body(content)
    edits = Edits()
    if type_ is OBSERVATION:
        edits = _revised(ctx, id_, sent, way)
        ctx.emit(EntitiesChanged(type_.name, [id_]))
    else:
        if way == "patch":
            sent = _patched(_stored(ctx, type_, id_), sent)
        changing = Changing(ctx)
        changing.change(type_, id_, sent, way == "replace")
        if changing.datastreams:
            ctx.emit(DatastreamsChanged(changing.datastreams))
            sights.changed(ctx.connection)
        names = sorted(sent) if way == "merge" else []
        ctx.emit(EntitiesChanged(type_.name, [id_], names))
    ctx.note(f"{type_.name.lower()}:{id_}", way=way)
    return edits


@action("sensing.delete_entity", permission="sensing.write", audit_verb="entity_deleted")
def remove(ctx: Context, resource: Resource) -> None:
    """Delete one entity with what cannot be without it. Raises NoSuchEntity."""
    edits = removed(ctx, resource)
    if edits:
        intake(ctx).edit(edits, SOURCE)


def removed(ctx: Context, resource: Resource) -> Edits:
    """Delete one entity, and say what is still to become of observations."""
    type_, id_ = _entity(ctx, resource)
    store = ctx.port(Observations)
    if type_ is OBSERVATION:
        found = store.one(id_)
        edits = Edits(deleted={} if found is None else {id_: found["datastream"]})
    else:
        removing = Removing(ctx.connection, store)
        removing.remove(type_, id_)
        edits = removing.edits
        ctx.emit(DatastreamsChanged(removing.datastreams))
    ctx.note(f"{type_.name.lower()}:{id_}", observations=len(edits.deleted))
    return edits


def _entity(ctx: Context, resource: Resource) -> tuple[EntityType, int]:
    place = service.reading_of(ctx, sights.mine(ctx), "").resolve(resource)
    assert place.id is not None
    return place.type, place.id


def _revised(ctx: Context, number: int, sent: Any, way: str) -> Edits:
    found = ctx.port(Observations).one(number)
    if found is None:
        return Edits()
    if way == "patch":
        before = msgspec.json.decode(msgspec.json.encode(revising.document(found)))
        sent = _patched(before, sent)
    row = revising.version(found, sent, way == "replace", ctx.now)
    _check_feature(ctx, row.extra)
    intake(ctx).check_versions([row])
    return Edits(corrected={number: row})


def _check_feature(ctx: Context, extra: Any) -> None:
    named = msgspec.json.decode(extra[0]).get("FeatureOfInterest") if extra[0] else None
    column = t.features_of_interest.c.id
    if named is None or ctx.connection.execute(select(column).where(column == named)).first():
        return
    raise BadReference("FeatureOfInterest", entity=FEATURE_OF_INTEREST.name, id=named)


def _stored(ctx: Context, type_: EntityType, id_: int) -> Json:
    """What of a stored entity can be changed, as JSON."""
    row = Entities(ctx.connection, ctx.now).decoded(type_, id_)
    items = [item for item in type_.properties if item.column and not item.read_only]
    shown = {
        item.name: revising.time(row[item.column]) if item.kind == "instant" else row[item.column]
        for item in items
    }
    return {name: value for name, value in shown.items() if value is not None}


def _patched(before: Json, operations: Any) -> Json:
    """What a JSON Patch (RFC 6902) changes, as a merge. Raises BadValue."""
    try:
        after = jsonpatch.JsonPatch(operations).apply(before)
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException, TypeError) as error:
        name, wanted = words("the_patch"), words("patch_operations")
        raise BadValue("", name=name, value=str(error)[:200], wanted=wanted) from error
    if not isinstance(after, dict):
        raise BadValue("", name=words("the_patch"), value="…", wanted=words("patch_outcome"))
    changed = {name: value for name, value in after.items() if before.get(name, ...) != value}
    return changed | {name: None for name in before if name not in after}
