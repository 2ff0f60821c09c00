"""The feature of interest of observations that name none: made from where the thing is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update

from yiwang.security.actions import Context, action, query
from yiwang.sensing import tables as t
from yiwang.sensing.store import take_ids


@query("sensing.find_features", permission="sensing.read")
def find_features(ctx: Context, datastreams: Sequence[int]) -> dict[int, int | None]:
    """The feature of interest that new observations of each datastream have to name: 0 where
    the datastream's default is right or its thing has no location, None where one is to be
    made first.

    The first place of a thing becomes the default of its datastreams; after it has moved, an
    observation names the feature of the new place (18-088, 10.2.1.4).
    """
    found: dict[int, int | None] = {}
    for stream in _streams(ctx, datastreams):
        location = _location(ctx, stream.thing)
        if location is None:
            found[stream.id] = 0
        elif stream.feature is None or location.feature is None:
            found[stream.id] = None
        else:
            found[stream.id] = 0 if location.feature == stream.feature else location.feature
    return found


@action("sensing.make_features", permission="sensing.write", audit_verb="features_made")
def make_features(ctx: Context, datastreams: Sequence[int]) -> None:
    """Make the features that ``find_features`` found missing."""
    for stream in _streams(ctx, datastreams):
        location = _location(ctx, stream.thing)
        if location is None:
            continue
        feature = location.feature or _make(ctx, location)
        if stream.feature is None:
            mine = update(t.datastreams).where(t.datastreams.c.id == stream.id)
            ctx.connection.execute(mine.values(feature=feature))


def _streams(ctx: Context, datastreams: Sequence[int]) -> Sequence[Any]:
    columns = t.datastreams.c
    wanted = columns.id.in_([int(id_) for id_ in datastreams])
    return ctx.connection.execute(
        select(columns.id, columns.thing, columns.feature).where(wanted)
    ).all()


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
