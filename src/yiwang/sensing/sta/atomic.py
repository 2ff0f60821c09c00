"""An atomicity group of a batch: all of its requests in one transaction, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from yiwang.kernel.errors import YiwangError
from yiwang.security.actions import Context, action
from yiwang.sensing.model import Edits
from yiwang.sensing.sta import alterations, batch, linking, payload, service, settling
from yiwang.sensing.sta import path as paths
from yiwang.sensing.sta.answers import allowed
from yiwang.sensing.sta.batch import Item
from yiwang.sensing.sta.errors import NotSupported, words
from yiwang.sensing.sta.path import Resource
from yiwang.sensing.sta.payload import Observation
from yiwang.sensing.sta.schema import FEATURE_OF_INTEREST, MULTI_DATASTREAM, OBSERVATION
from yiwang.sensing.sta.writing import Below

_WAYS = {"PATCH": "merge", "PUT": "replace"}


class Failed(Exception):
    """A request of the group was refused, and with it the group."""

    def __init__(self, item: str, error: YiwangError) -> None:
        super().__init__(item)
        self.item = item
        self.error = error


@dataclass
class Done:
    """What one request came to: the path of what it made, or observations still to store."""

    status: int
    path: str = ""
    observations: Sequence[Observation] = ()
    kept: Sequence[int] = ()
    """What the observations are to be forgotten by once they are stored."""
    single: bool = False
    """Whether the one observation is what the request made."""


@action("sensing.change_together", permission="sensing.write", audit_verb="entities_changed")
def together(ctx: Context, items: Sequence[Item], known: dict[str, str]) -> list[Done]:
    """Run the requests of one group. Raises Failed; then nothing of it is done."""
    edits = Edits()
    done: list[Done] = []
    paths_ = dict(known)
    for item in items:
        try:
            outcome = _run(ctx, item, paths_, edits)
        except YiwangError as error:
            raise Failed(item.id, error) from error
        if outcome.path:
            paths_[item.id] = outcome.path
        done.append(outcome)
    ctx.note("batch", requests=len(items))
    if edits:
        settling.intake(ctx).edit(edits, alterations.SOURCE)
    return done


def _run(ctx: Context, item: Item, known: dict[str, str], edits: Edits) -> Done:
    resource = paths.parse(batch.path(item, known))
    content = msgspec.json.encode(batch.body(item.body, known))
    if item.method == "POST" and not (resource.single or resource.names or resource.last):
        if resource.type is OBSERVATION:
            made = [_observed(ctx, resource, content)]
            return Done(201, observations=made, kept=settling.keep(ctx, made), single=True)
        created = service.create(ctx, resource, content)
        path = f"{resource.type.plural}({created.id})"
        return Done(201, path, created.observations, created.kept)
    if resource.last == "$ref" and item.method in allowed(resource)[2:]:
        if item.method == "DELETE":
            linking.unlinked(ctx, resource, "")
        else:
            edits.take(linking.linked(ctx, resource, content))
        return Done(204)
    if not resource.single or resource.names or resource.last or item.method == "GET":
        raise NotSupported(item.url, what=words("method_in_group", method=item.method))
    if item.method == "DELETE":
        edits.take(alterations.removed(ctx, resource))
    else:
        edits.take(alterations.changed(ctx, resource, content, _WAYS[item.method]))
    return Done(200)


def _observed(ctx: Context, resource: Resource, content: bytes) -> Observation:
    made = payload.decode(content, ctx.now)
    below = Below()
    if len(resource.steps) > 1:
        parent = resource.steps[-2].type
        id_ = service.locate(ctx, Resource(resource.steps[:-1]))
        below = Below(id_, parent is MULTI_DATASTREAM)
        if parent is FEATURE_OF_INTEREST:
            below = Below(feature=id_)
    below.settle(made)
    settling.settle(ctx, [made])
    return made
