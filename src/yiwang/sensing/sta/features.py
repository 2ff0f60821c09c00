"""What an observation needs to know of where it goes: the kind of datastream, and the feature
of interest of those that name none, which is made from where the thing is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Row, insert, literal, select, update

from yiwang.security.actions import Context, action, query
from yiwang.sensing import tables as t
from yiwang.sensing.store import take_ids


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
    found: dict[int, Target] = {}
    for stream in _streams(ctx, datastreams):
        location = _location(ctx, stream.thing)
        feature: int | None = 0
        if location is not None:
            feature = location.feature
            if stream.feature is None or feature == stream.feature:
                feature = 0 if stream.feature is not None else None
        placed = location is not None or stream.feature is not None
        found[stream.id] = Target(bool(stream.multi), bool(stream.property), feature, placed)
    return found


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
    for table, property_ in (
        (t.datastreams, t.datastreams.c.property),
        (t.multi_datastreams, literal("")),
    ):
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
    }
    ctx.connection.execute(insert(t.features_of_interest).values(row))
    mine = update(t.locations).where(t.locations.c.id == location.id)
    ctx.connection.execute(mine.values(feature=id_))
    return id_
