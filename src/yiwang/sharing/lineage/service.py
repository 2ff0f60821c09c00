"""Lineage taken in from any producer, from our own runs, and shown as events and as a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, insert, select

from yiwang.contracts.events import DataMoved
from yiwang.kernel import clock
from yiwang.kernel.settings import Settings
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
_PAIRS = 500
"""In one statement."""
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
    row = {"run": event.run, "type": event.type, "at": event.at, "job": event.job_key}
    row["event"] = msgspec.to_builtins(event)
    ctx.connection.execute(insert(share_runs).values(**row))
    _prune(ctx, event)
    if event.type in ("ABORT", "FAIL"):
        return True
    _flows(ctx.connection, event)
    if event.type == "COMPLETE":
        codes = {one.name for one in event.outputs if one.namespace == model.OURS}
        for resource in store.coded(ctx.connection, sorted(codes)):
            scoring.brought(ctx, resource.id, event.at)
    return True


def _prune(ctx: Context, event: RunEvent) -> None:
    """Of a job the last events of each type are kept, as many as the settings say: one that
    failed is not pushed out by those that succeeded."""
    held, most = share_runs.c, ctx.caller.ports.get(Settings, Settings()).lineage_runs_kept
    alike = (held.job == event.job_key, held.type == event.type)
    first = select(held.id).where(*alike).order_by(held.id.desc()).offset(most).limit(1)
    id = ctx.connection.execute(first).scalar()
    if id is not None:
        ctx.connection.execute(delete(share_runs).where(*alike, held.id <= id))


def _flows(connection: Connection, event: RunEvent) -> None:
    """What an event tells of its pairs of datasets, in a statement for many of them."""
    job = f"{event.job_namespace}/{event.job}"
    columns: dict[tuple[Dataset, Dataset], dict[str, list[str]]] = {}
    for each in event.columns:
        for source, column in each.inputs:
            of_pair = columns.setdefault((source, each.output), {})
            of_pair.setdefault(each.column, []).append(column)
    pairs = {
        model.digest(one.namespace, one.name, other.namespace, other.name, job): (one, other)
        for one in event.inputs
        for other in event.outputs
    }
    keys = sorted(pairs)
    for start in range(0, len(keys), _PAIRS):
        part = keys[start : start + _PAIRS]
        chosen = select(_f.key, _f.first_at, _f.last_at, _f.columns).where(_f.key.in_(part))
        told = {row.key: row for row in connection.execute(chosen)}
        rows = []
        for key in part:
            one, other = pairs[key]
            row = {"key": key, "job": job}
            row |= {"from_namespace": one.namespace, "from_name": one.name, "from_key": one.key}
            row |= {"to_namespace": other.namespace, "to_name": other.name, "to_key": other.key}
            rows.append(row | _told(event.at, columns.get((one, other), {}), told.get(key)))
        upsert(connection, share_flows, rows, ["key"], ["first_at", "last_at", "columns"])


def _told(at: int, columns: dict[str, list[str]], before: Any) -> dict[str, Any]:
    """Since when a flow is there, until when last, and its columns; ``before`` is its row."""
    if before is None:
        return {"first_at": at, "last_at": at, "columns": columns}
    first, last = min(before.first_at, at), max(before.last_at, at)
    return {"first_at": first, "last_at": last, "columns": columns or before.columns}


def _edges(
    connection: Connection, way: int, datasets: Sequence[Dataset]
) -> dict[Edge, dict[str, Any]]:
    """The edges that lead into some datasets (0) or away from them (1), with what is told of
    each."""
    key = _f.to_key if way == 0 else _f.from_key
    found: dict[Edge, dict[str, Any]] = {}
    for start in range(0, len(datasets), _PAIRS):
        part = [one.key for one in datasets[start : start + _PAIRS]]
        chosen = select(share_flows).where(key.in_(part)).order_by(_f.id)
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
