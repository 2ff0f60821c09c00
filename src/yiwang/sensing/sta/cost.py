"""Which requests are answered sooner than they could be handed to another thread."""

from __future__ import annotations

from yiwang.sensing.sta import cursors
from yiwang.sensing.sta.path import Resource
from yiwang.sensing.sta.query import Expand, Query
from yiwang.sensing.sta.schema import DATASTREAM, OBSERVATION, TYPES, EntityType

_MOST_STEPS = 3
_MOST_EXPANDED = 4
_FEW = {"Datastreams", "MultiDatastreams", "Locations"}
"""Relations to many that are few by their nature."""


def is_small(resource: Resource, query: Query) -> bool:
    """One entity with what belongs to it, or the latest observation of a datastream: some
    lookups by key. Everything else may take long."""
    *before, last = resource.steps
    if query.apply is not None or query.format or len(resource.steps) > _MOST_STEPS:
        return False
    if not all(step.single and step.type is not OBSERVATION for step in before):
        return False
    if last.single:
        return last.type is not OBSERVATION and _are_small(query.expand, last.type)
    return bool(before) and _is_latest(before[-1].type, last.type, query)


def _are_small(expanded: tuple[Expand, ...], type_: EntityType) -> bool:
    return len(expanded) <= _MOST_EXPANDED and all(_is_small(one, type_) for one in expanded)


def _is_small(expand: Expand, type_: EntityType) -> bool:
    relation, query = type_.find_relation(expand.name), expand.query
    if relation is None:
        return True
    target = TYPES[relation.target]
    if target is OBSERVATION:
        return _is_latest(type_, target, query)
    plain = query.filter is None and not query.count and not query.orderby
    few = not relation.many or relation.name in _FEW
    return plain and few and _are_small(query.expand, target)


def _is_latest(from_: EntityType, to: EntityType, query: Query) -> bool:
    streams = from_ is DATASTREAM and to is OBSERVATION
    return streams and not query.expand and cursors.is_latest(query, query.filter)
