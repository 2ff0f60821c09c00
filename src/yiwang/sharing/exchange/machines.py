"""Front-end nodes as the platform knows them: a job that a node reads, the node's key, and when
it was last heard of. A key serves one job alone."""

from __future__ import annotations

from typing import Any

from yiwang.kernel.clock import render
from yiwang.registry import cache
from yiwang.security import machines
from yiwang.security.actions import Context, action, query
from yiwang.security.model import allowed
from yiwang.sharing.exchange import store
from yiwang.sharing.exchange.errors import BadJob, NoKeyGiven
from yiwang.sharing.exchange.model import NODE_ROLE, node_name
from yiwang.sharing.exchange.service import shown_run
from yiwang.sharing.sources.service import unit_name


@query("sharing.list_nodes", permission="sharing.provide")
def list_nodes(ctx: Context, lang: str, after: str = "", limit: int = 1000) -> list[dict[str, Any]]:
    """The nodes of the caller's organisation, or all for who operates sharing, by job. All its
    jobs are read: which of them a node reads stands in the job."""
    all_ = allowed(ctx.identity, "sharing.operate")
    if not all_ and ctx.identity.organisation is None:
        return []
    found = store.jobs(ctx.connection, ctx.identity.organisation, all_, after, None)
    jobs = [one for one in found if one.spec.from_.node][:limit]
    last = store.latest(ctx.connection, [one.id for one in jobs])
    given = machines.key_times(ctx.connection, [node_name(one.code) for one in jobs])
    units = cache.by_number(ctx.connection, "organisations")
    shown = []
    for one in jobs:
        run, key = last.get(one.id), given.get(node_name(one.code))
        row: dict[str, Any] = {"job": one.code, "name": one.name, "to": one.spec.to.shown}
        row |= {"organisation": one.organisation}
        row |= {"organisation_name": unit_name(units, one.organisation, lang)}
        row |= {"key_at": None if key is None else render(key)}
        row |= {"seen_at": None if run is None else render(run.seen_at)}
        shown.append(row | {"last": None if run is None else shown_run(run, lang)})
    return shown


@action("sharing.give_node_key", permission="sharing.operate", audit_verb="node_key_given")
def give_node_key(ctx: Context, code: str) -> str:
    """A new key for the node of a job; the former one counts no more. It is returned once and
    never stored. Raises NoSuchJob, BadJob where no node reads the job or it has no organisation."""
    job = store.job(ctx.connection, code)
    if not job.spec.from_.node:
        raise BadJob("from", field="from", value=job.spec.from_.shown, wanted="node_job")
    if job.organisation is None:
        raise BadJob("organisation", field="organisation", value="", wanted="node_unit")
    ctx.note(f"exchange:{code}", organisation=job.organisation)
    given = (node_name(code), job.name, NODE_ROLE, job.organisation)
    return machines.give_key(ctx.connection, *given, ctx.now)


@action("sharing.end_node_key", permission="sharing.operate", audit_verb="node_key_ended")
def end_node_key(ctx: Context, code: str) -> None:
    """The node of a job is not let in any more. Raises NoSuchJob, NoKeyGiven."""
    store.job(ctx.connection, code)
    if not machines.end_keys(ctx.connection, node_name(code), ctx.now):
        raise NoKeyGiven(code, job=code)
    ctx.note(f"exchange:{code}")
