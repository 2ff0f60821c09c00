"""Observations that a transaction brings along: looked over before anything is committed, so
that a refused one takes everything with it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sqlalchemy import select

from yiwang.contracts.observations import ObservationSink
from yiwang.security.actions import Context, action
from yiwang.sensing import errors
from yiwang.sensing import tables as t
from yiwang.sensing.brought import Row
from yiwang.sensing.brought import keep as keep_rows
from yiwang.sensing.intake import Intake
from yiwang.sensing.sta import features
from yiwang.sensing.sta.creation import Creation
from yiwang.sensing.sta.errors import BadReference, MissingProperty
from yiwang.sensing.sta.features import Target
from yiwang.sensing.sta.payload import Observation
from yiwang.sensing.sta.schema import FEATURE_OF_INTEREST, OBSERVATION

SOURCE = "http"


def intake(ctx: Context) -> Intake:
    intake = ctx.port(ObservationSink)  # type: ignore[type-abstract]
    assert isinstance(intake, Intake)
    return intake


@action("sensing.settle_observation", permission="sensing.write", audit_verb="feature_made")
def settle_one(ctx: Context, made: Observation) -> int | None:
    """Make the feature of interest that an observation brings, unless the observation would
    be refused; returns the feature. Raises what ``settle`` raises."""
    settle(ctx, [made])
    assert not isinstance(made.feature, dict)
    ctx.note("observation", datastream=made.datastream)
    return made.feature


def settle(ctx: Context, brought: Sequence[Observation], places: Sequence[str] = ()) -> None:
    """Give each observation its feature of interest. ``places``: where in the request each
    stands. Raises BadReference, MissingProperty, or the Refused error with which the intake
    would not take one."""
    streams = sorted({made.datastream or 0 for made in brought})
    targets = features.find_targets(ctx, streams)
    unplaced = [stream for stream, target in targets.items() if target.feature is None]
    if unplaced:
        features.make_features(ctx, unplaced)
        targets |= features.find_targets(ctx, unplaced)
    for index, made in enumerate(brought):
        where = places[index] if places else f"Datastreams({made.datastream})"
        _settle(ctx, made, targets.get(made.datastream or 0), where)


def keep(ctx: Context, brought: Sequence[Observation]) -> list[int]:
    """Keep settled observations with the transaction, until somebody stored them; returns what
    they are to be forgotten by then."""
    if not brought:
        return []
    rows = [
        Row(
            made.datastream or 0,
            made.time,
            made.result if math.isfinite(made.result) else None,
            made.exact,
            made.extra_text(made.feature if isinstance(made.feature, int) else None),
        )
        for made in brought
    ]
    return [keep_rows(ctx.connection, rows, SOURCE, ctx.now)]


def _settle(ctx: Context, made: Observation, target: Target | None, where: str) -> None:
    if target is None or target.multi is not made.multi:
        raise errors.UnknownDatastream(where, datastream=made.datastream)
    try:
        intake(ctx).check_new(ctx.connection, made.columns())
    except errors.Refused as error:
        raise type(error)(where, **error.fields) from None
    if isinstance(made.feature, dict):
        made.feature = Creation(ctx).create(FEATURE_OF_INTEREST, made.feature, {}, where)
    elif made.feature is None:
        made.feature = usual(target)
    else:
        column = t.features_of_interest.c.id
        there = select(column).where(column == made.feature)
        if ctx.connection.execute(there).first() is None:
            raise BadReference(where, entity=FEATURE_OF_INTEREST.name, id=made.feature)


def usual(target: Target) -> int | None:
    """The feature that an observation has to name which names none. Raises MissingProperty:
    only devices of a declared kind may observe without saying where."""
    if not target.placed and not target.declared:
        name = FEATURE_OF_INTEREST.name
        raise MissingProperty(name, name=name, entity=OBSERVATION.name)
    return target.feature or None
