"""Lineage taken in from any producer, from our own runs, and shown as events and as a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select

from yiwang.contracts.events import DataMoved
from yiwang.kernel import clock
from yiwang.security.actions import Context, action, query
from yiwang.security.model import allowed
from yiwang.sharing.catalogue import scoring, store, views
from yiwang.sharing.catalogue.errors import NoSuchResource
from yiwang.sharing.catalogue.model import Resource
from yiwang.sharing.lineage import model
from yiwang.sharing.lineage.errors import BadRunEvent
from yiwang.sharing.lineage.model import ColumnFrom, Dataset, Edge, RunEvent
from yiwang.sharing.lineage.tables import share_flows, share_runs
from yiwang.store.outbox import Delivery
from yiwang.store.upsert import upsert

TOPICS = (DataMoved.topic,)
PRODUCER = "https://yiwang/sharing"
_MOST_EDGES = 5_000
"""Of one step at most."""
_f = share_flows.c


@action("sharing.take_lineage", permission="sharing.provide", audit_verb="lineage_taken")
def take(ctx: Context, raw: Mapping[str, Any]) -> bool:
    """Take an OpenLineage run event in; False where it is known already. Only who operates
    sharing speaks for resources of another organisation. Raises BadRunEvent."""
    try:
        event = model.read(raw)
    except model.Wrong as wrong:
        field, wanted = wrong.args
        raise BadRunEvent(field, field=field, wanted=wanted) from None
    _check(ctx, event)
    ctx.note(f"run:{event.run}", type=event.type, job=event.job)
    return _keep(ctx, event)


@action("sharing.follow_moves", permission="sharing.operate", audit_verb="moves_followed")
def follow(ctx: Context, deliveries: list[Delivery]) -> None:
    """Keep what our own parts moved as run events."""
    for one in deliveries:
        _keep(ctx, moved(ctx.connection, one.body))


@query("sharing.lineage_events", permission="sharing.read")
def events(ctx: Context, after: int, limit: int) -> list[dict[str, Any]]:
    """Run events as OpenLineage writes them, in the order in which they came, behind ``after``;
    each with its ``id``."""
    held = share_runs.c
    chosen = select(held.id, held.event).where(held.id > after).order_by(held.id).limit(limit)
    rows = ctx.connection.execute(chosen).all()
    return [
        {"id": row.id, "event": model.shown(msgspec.convert(row.event, RunEvent))} for row in rows
    ]


@query("sharing.lineage_graph", permission="sharing.read")
def graph(ctx: Context, start: Dataset, steps: int, lang: str) -> dict[str, Any]:
    """Where a dataset comes from and where it goes: ``nodes`` and ``edges``. Datasets that are
    resources of the catalogue have their number and name."""
    more: dict[Edge, dict[str, Any]] = {}

    def leading(way: int, datasets: Sequence[Dataset]) -> list[Edge]:
        met = _edges(ctx.connection, way, datasets)
        more.update(met)
        return list(met)

    found = model.around(leading, start, steps)
    nodes = list(dict.fromkeys([start, *(end for edge in found for end in edge[:2])]))
    codes = [one.name for one in nodes if one.namespace == model.OURS]
    held = {one.code: one for one in store.coded(ctx.connection, codes)}
    return {
        "nodes": [_node(ctx, one, held) for one in nodes],
        "edges": [
            {"from": _key(one), "to": _key(other), "job": job} | more[one, other, job]
            for one, other, job in found
        ],
    }


def of_resource(ctx: Context, id: int) -> Dataset:
    """A resource as a dataset. Raises NoSuchResource."""
    held = store.resource(ctx.connection, id)
    if not views.visible(ctx.identity, held):
        raise NoSuchResource(key=id)
    return Dataset(model.OURS, held.code)


@query("sharing.resource_lineage", permission="sharing.read")
def resource_graph(ctx: Context, id: int, steps: int, lang: str) -> dict[str, Any]:
    """As ``graph`` for a resource. Raises NoSuchResource."""
    return graph(ctx, of_resource(ctx, id), steps, lang)


def moved(connection: Connection, body: Mapping[str, Any]) -> RunEvent:
    """A run of one of our own parts as a run event. Its datasets are ``resource:NUMBER``,
    ``dataset:NAME`` or ``source:CODE/TABLE``."""
    inputs, outputs = (
        [_named(connection, one) for one in body[name]] for name in ("inputs", "outputs")
    )
    columns = tuple(
        ColumnFrom(output, column, tuple((one, source) for one in inputs))
        for output in outputs
        for column, source in body.get("columns", {}).items()
    )
    return RunEvent(
        body["type"],
        body["at"],
        body["run"],
        model.OURS,
        body["job"],
        tuple(inputs),
        tuple(outputs),
        columns,
        body.get("rows"),
        PRODUCER,
    )


def _named(connection: Connection, text: str) -> Dataset:
    kind, _, name = text.partition(":")
    if kind == "resource":
        held = store.find(connection, int(name))
        return Dataset(model.OURS, held.code if held else text)
    if kind == "dataset":
        held = store.of_dataset(connection, name)
        return Dataset(model.OURS, held.code) if held else Dataset("yiwang/datasets", name)
    source, _, table = name.partition("/")
    return Dataset(f"yiwang/sources/{source}", table)


def _check(ctx: Context, event: RunEvent) -> None:
    if allowed(ctx.identity, "sharing.operate"):
        return
    for place, one in enumerate(event.outputs):
        held = store.find(ctx.connection, one.name) if one.namespace == model.OURS else None
        if held is not None and held.organisation != ctx.identity.organisation:
            wanted = "a resource of your own organisation"
            raise BadRunEvent(f"outputs[{place}]", field=f"outputs[{place}].name", wanted=wanted)


def _keep(ctx: Context, event: RunEvent) -> bool:
    held = share_runs.c
    same = (held.run == event.run, held.type == event.type, held.at == event.at)
    if ctx.connection.execute(select(held.id).where(*same)).first() is not None:
        return False
    row = {"run": event.run, "type": event.type, "at": event.at}
    row["event"] = msgspec.to_builtins(event)
    ctx.connection.execute(insert(share_runs).values(**row))
    if event.type in ("ABORT", "FAIL"):
        return True
    for one in event.inputs:
        for other in event.outputs:
            _flow(ctx.connection, event, one, other)
    if event.type == "COMPLETE":
        for other in event.outputs:
            resource = (
                store.find(ctx.connection, other.name) if other.namespace == model.OURS else None
            )
            if resource is not None:
                scoring.brought(ctx, resource.id, event.at)
    return True


def _flow(connection: Connection, event: RunEvent, one: Dataset, other: Dataset) -> None:
    keys = {"from_namespace": one.namespace, "from_name": one.name}
    keys |= {"to_namespace": other.namespace, "to_name": other.name}
    keys["job"] = f"{event.job_namespace}/{event.job}"
    told = connection.execute(
        select(_f.first_at, _f.last_at, _f.columns).where(
            *(_f[name] == keys[name] for name in keys)
        )
    ).first()
    columns = {
        each.column: [column for source, column in each.inputs if source == one]
        for each in event.columns
        if each.output == other
    }
    first = event.at if told is None else min(told.first_at, event.at)
    last = event.at if told is None else max(told.last_at, event.at)
    kept = columns if columns or told is None else told.columns
    row = keys | {"first_at": first, "last_at": last, "columns": kept}
    upsert(connection, share_flows, row, list(keys))


def _edges(
    connection: Connection, way: int, datasets: Sequence[Dataset]
) -> dict[Edge, dict[str, Any]]:
    """The edges that lead into some datasets (0) or away from them (1), with what is told of
    each."""
    space, name = (_f.to_namespace, _f.to_name) if way == 0 else (_f.from_namespace, _f.from_name)
    named: dict[str, list[str]] = {}
    for each in datasets:
        named.setdefault(each.namespace, []).append(each.name)
    found: dict[Edge, dict[str, Any]] = {}
    for key, names in named.items():
        chosen = select(share_flows).where(space == key, name.in_(names)).order_by(_f.id)
        for row in connection.execute(chosen.limit(_MOST_EDGES - len(found))):
            one = Dataset(row.from_namespace, row.from_name)
            other = Dataset(row.to_namespace, row.to_name)
            told = {"first_at": clock.render(row.first_at), "last_at": clock.render(row.last_at)}
            found[one, other, row.job] = told | {"columns": row.columns}
    return found


def _key(one: Dataset) -> str:
    return f"{one.namespace}:{one.name}"


def _node(ctx: Context, one: Dataset, known: Mapping[str, Resource]) -> dict[str, Any]:
    shown: dict[str, Any] = {"key": _key(one), "namespace": one.namespace, "name": one.name}
    held = known.get(one.name) if one.namespace == model.OURS else None
    if held is not None and views.visible(ctx.identity, held):
        shown |= {"resource": held.id, "title": held.name}
    return shown
