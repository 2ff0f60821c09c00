"""What an observation needs to know of where it goes: the kind of datastream, and the feature
of interest of those that name none, which is made from where the thing is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, insert, literal, select, update

from yiwang.security.actions import Context, action, query
from yiwang.sensing import tables as t
from yiwang.sensing.sta.geometry import SIDES
from yiwang.sensing.store import fetch, take_ids

_NEIGHBOURS = 512

_TABLES = ((t.datastreams, t.datastreams.c.property), (t.multi_datastreams, literal("")))


class Target(NamedTuple):
    """A datastream, or multi-datastream. ``declared``: of a kind of device. ``feature``: the
    feature of interest that new observations have to name: 0 where the datastream's default
    is right, None where one is to be made first. ``placed``: whether there is any."""

    multi: bool
    declared: bool
    feature: int | None
    placed: bool


@query("sensing.find_targets", permission="sensing.read")
def find_targets(ctx: Context, datastreams: Sequence[int]) -> dict[int, Target]:
    """Those of some datastreams that exist.

    The first place of a thing becomes the default of its datastreams; after it has moved, an
    observation names the feature of the new place (18-088, 10.2.1.4).
    """
    wanted = [int(id_) for id_ in datastreams]
    return _targets(ctx, lambda table: table.c.id.in_(wanted))


@query("sensing.find_neighbours", permission="sensing.read")
def find_neighbours(ctx: Context, datastream: int) -> dict[int, Target]:
    """As ``find_targets``, a datastream and those numbered beside it: who writes one of them
    will write the others, and they cost little more than one."""
    first = datastream - datastream % _NEIGHBOURS
    return _targets(ctx, lambda table: table.c.id.between(first, first + _NEIGHBOURS - 1))


def _targets(ctx: Context, condition: Callable[[Any], ColumnElement[bool]]) -> dict[int, Target]:
    found: dict[int, Target] = {}
    for table, property_ in _TABLES:
        own = (table.c.id, table.c.feature, property_)
        chosen = (
            select(*own, t.locations.c.id, t.locations.c.feature)
            .outerjoin(t.thing_locations, t.thing_locations.c.thing == table.c.thing)
            .outerjoin(t.locations, t.locations.c.id == t.thing_locations.c.location)
            .where(condition(table))
            .order_by(table.c.id, t.locations.c.id)
        )
        multi = table is t.multi_datastreams
        for id_, default, name, location, there in fetch(ctx.connection, chosen):
            if id_ not in found:
                found[id_] = _target(multi, bool(name), default, location, there)
    return found


def _target(
    multi: bool, declared: bool, default: int | None, location: int | None, there: int | None
) -> Target:
    """``there``: the feature that was made of the thing's location."""
    placed = location is not None or default is not None
    feature: int | None = 0
    if location is not None and (default is None or there != default):
        feature = None if default is None else there
    return _one(multi, declared, feature, placed)


@lru_cache(maxsize=64)
def _one(multi: bool, declared: bool, feature: int | None, placed: bool) -> Target:
    """Of hundreds of thousands of targets nearly all are alike."""
    return Target(multi, declared, feature, placed)


@action("sensing.make_features", permission="sensing.write", audit_verb="features_made")
def make_features(ctx: Context, datastreams: Sequence[int]) -> None:
    """Make the features that ``find_targets`` found missing."""
    for stream in _streams(ctx, datastreams):
        location = _location(ctx, stream.thing)
        if location is None:
            continue
        feature = location.feature or _make(ctx, location)
        if stream.feature is None:
            table = t.multi_datastreams if stream.multi else t.datastreams
            mine = update(table).where(table.c.id == stream.id)
            ctx.connection.execute(mine.values(feature=feature))


def _streams(ctx: Context, datastreams: Sequence[int]) -> Iterator[Any]:
    wanted = [int(id_) for id_ in datastreams]
    for table, property_ in _TABLES:
        multi = literal(int(table is t.multi_datastreams)).label("multi")
        columns = (table.c.id, table.c.thing, table.c.feature, property_.label("property"), multi)
        yield from ctx.connection.execute(select(*columns).where(table.c.id.in_(wanted))).all()


def _location(ctx: Context, thing: int) -> Row[Any] | None:
    """The first of the thing's current locations."""
    chosen = (
        select(t.locations)
        .join(t.thing_locations, t.thing_locations.c.location == t.locations.c.id)
        .where(t.thing_locations.c.thing == thing)
        .order_by(t.locations.c.id)
    )
    return ctx.connection.execute(chosen).first()


def _make(ctx: Context, location: Row[Any]) -> int:
    id_ = take_ids(ctx.connection, t.features_of_interest)
    row = {
        "id": id_,
        "name": location.name,
        "description": location.description,
        "encoding_type": location.encoding_type,
        "feature": location.location,
        "lon": location.lon,
        "lat": location.lat,
        **{side: getattr(location, side) for side in SIDES},
    }
    ctx.connection.execute(insert(t.features_of_interest).values(row))
    mine = update(t.locations).where(t.locations.c.id == location.id)
    ctx.connection.execute(mine.values(feature=id_))
    return id_
