"""What is done with jobs of exchange. Who operates sharing sets them up; a provider runs and
watches those of its own organisation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec

from yiwang.kernel.clock import render
from yiwang.kernel.errors import retold
from yiwang.kernel.ids import secret
from yiwang.registry import cache
from yiwang.security import machines
from yiwang.security.actions import Caller, Context, action, query
from yiwang.security.model import allowed
from yiwang.sharing.exchange import capture, cron, ends, feeds, gating, model, store, trying
from yiwang.sharing.exchange.errors import (
    AlreadyRunning,
    BadJob,
    JobChanged,
    JobExists,
    NoSuchJob,
)
from yiwang.sharing.exchange.model import OPEN, End, Spec, Tally
from yiwang.sharing.exchange.running import Means, nothing, perform
from yiwang.sharing.exchange.store import Job, Run
from yiwang.sharing.exchange.writing import Watch
from yiwang.sharing.sources import store as source_store
from yiwang.sharing.sources.databases import SqlReader
from yiwang.sharing.sources.service import unit_name

MOST_SPEC = 200_000
"""Bytes of a job."""
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,47}")
LOST_S = 300
"""A worker that has not been heard of for so long has died."""


@dataclass(frozen=True)
class Given:
    """A job as it is set up. ``read_at``: ``revision`` of the job that was read, 0 where it must
    be new; None: whatever is there."""

    code: str
    name: str
    spec: Spec
    organisation: int | None = None
    enabled: bool = True
    read_at: int | None = None


@action("sharing.put_exchange_job", permission="sharing.operate", audit_verb="exchange_job_set")
def put_exchange_job(ctx: Context, given: Given) -> dict[str, Any]:
    """Set up a job, or change it. What it names is looked for when it is tried or run."""
    if not _CODE.fullmatch(given.code):
        raise BadJob("code", field="code", value=given.code[:80], wanted="a-z, 0-9, _, -")
    if not given.name.strip() or len(given.name) > 200:
        raise BadJob("name", field="name", value=given.name[:80], wanted="1 … 200")
    for code in sorted({end.source for end in (given.spec.from_, given.spec.to) if end.source}):
        source_store.hold(ctx.connection, code)
    checked(ctx, given.spec)
    next_at = _next(ctx, given)
    held = store.find_job(ctx.connection, given.code)
    if held is not None and given.read_at == 0:
        raise JobExists(given.code, job=given.code)
    values = {
        "name": given.name.strip(),
        "organisation": given.organisation,
        "spec": msgspec.to_builtins(given.spec),
        "enabled": given.enabled,
        "next_at": next_at,
        "changed_at": ctx.now if held is None else max(ctx.now, held.changed_at + 1),
    }
    if not store.put_job(ctx.connection, given.code, values, given.read_at):
        raise JobChanged(given.code, job=given.code)
    ctx.note(f"exchange:{given.code}", organisation=given.organisation)
    return shown(store.job(ctx.connection, given.code), None)


def checked(ctx: Context, spec: Spec) -> None:
    """Raises BadJob for what cannot be a job, NoSuchSource for sources that are not there."""
    if len(msgspec.json.encode(spec)) > MOST_SPEC:
        raise BadJob("mapping", field="mapping", value="", wanted=f"… {MOST_SPEC // 1000} kB")
    found = model.problem(spec)
    if found is not None:
        field, wanted = found
        value = getattr(spec, {"from": "from_"}.get(field, field), "")
        shown_value = value.shown if isinstance(value, End) else str(value)
        raise BadJob(field, field=field, value=shown_value[:80], wanted=wanted)
    for end in (spec.from_, spec.to):
        if end.source:
            source_store.source(ctx.connection, end.source)
    gating.named(ctx.connection, spec)


def _next(ctx: Context, given: Given) -> int | None:
    if not given.spec.schedule:
        return None
    schedule = cron.parse(given.spec.schedule)
    return schedule.next(ctx.now, ctx.port(Means).zone) if given.enabled else None


@action(
    "sharing.remove_exchange_job", permission="sharing.operate", audit_verb="exchange_job_removed"
)
def remove_exchange_job(ctx: Context, code: str) -> None:
    """Forget a job, its runs and the rows that they rejected. Targets stay as they are."""
    found = store.job(ctx.connection, code)
    if store.open_run(ctx.connection, found.id) is not None:
        raise AlreadyRunning(code, job=code)
    ctx.note(f"exchange:{code}")
    machines.end_keys(ctx.connection, model.node_name(code), ctx.now)
    store.remove_job(ctx.connection, found.id)


@query("sharing.list_exchange_jobs", permission="sharing.provide")
def list_exchange_jobs(
    ctx: Context, lang: str = "en", after: str = "", limit: int = 1000
) -> list[dict[str, Any]]:
    """The jobs that the caller may see by code, each with its last run."""
    all_ = allowed(ctx.identity, "sharing.operate")
    if not all_ and ctx.identity.organisation is None:
        return []
    found = store.jobs(ctx.connection, ctx.identity.organisation, all_, after, limit)
    last = store.latest(ctx.connection, [one.id for one in found])
    return [_named(ctx, one, last.get(one.id), lang) for one in found]


@query("sharing.show_exchange_job", permission="sharing.provide")
def show_exchange_job(
    ctx: Context, code: str, before: int | None = None, lang: str = "en", most: int = 20
) -> dict[str, Any]:
    """A job with its runs, the newest first; ``next``: before which there are perhaps more."""
    found = mine(ctx, code)
    runs = store.runs(ctx.connection, found.id, before, most)
    last = runs[0] if runs and before is None else None
    older = runs[-1].id if len(runs) == most else None
    return {
        **_named(ctx, found, last, lang),
        "runs": [shown_run(one, lang) for one in runs],
        "next": older,
    }


@query("sharing.list_exchange_rejects", permission="sharing.provide")
def list_exchange_rejects(
    ctx: Context, code: str, run: int, after: tuple[int, int] | None, most: int
) -> dict[str, Any]:
    """Rows that a run rejected, as the source had them, and beside the first of them how many for
    what reason."""
    found = store.run(ctx.connection, run)
    if found is None or found.job != mine(ctx, code).id:
        raise NoSuchJob(code, job=f"{code}/{run}")
    rows = store.rejects(ctx.connection, run, after, most)
    items = [
        {
            "batch": row.batch,
            "row": row.row,
            "column": row.column,
            "value": row.value,
            "reason": row.reason,
            "raw": row.raw,
        }
        for row in rows
    ]
    counted = store.reasons(ctx.connection, run) if after is None else []
    reasons = [{"column": one, "reason": why, "rows": count} for one, why, count in counted]
    return {"items": items, "reasons": reasons}


@action("sharing.start_exchange", permission="sharing.provide", audit_verb="exchange_started")
def start_exchange(ctx: Context, code: str, worker: str = "") -> Run:
    """Begin a run, or go on at once with one that waits. Without a worker the platform's own takes
    it up. Raises AlreadyRunning."""
    found = mine(ctx, code)
    ctx.note(f"exchange:{code}")
    if found.spec.from_.node:
        raise BadJob("from", field="from", value="node", wanted="node_push")
    old = store.open_run(ctx.connection, found.id)
    if old is not None:
        if not _free(old, ctx.now) or not store.claim(ctx.connection, old, worker, ctx.now):
            raise AlreadyRunning(code, job=code)
        run = store.run(ctx.connection, old.id)
    else:
        run = store.begin(ctx.connection, found.id, ctx.identity.label, worker, ctx.now)
    assert run is not None
    if not worker:
        store.note(ctx.connection, run, state="waiting", next_at=ctx.now)
    return run


def _free(run: Run, now: int) -> bool:
    return run.state == "waiting" or run.seen_at <= now - LOST_S * 1_000_000


@action("sharing.stop_exchange", permission="sharing.provide", audit_verb="exchange_stopped")
def stop_exchange(ctx: Context, code: str) -> None:
    """Stop the run of a job behind the batch that it is in."""
    found = mine(ctx, code)
    run = store.open_run(ctx.connection, found.id)
    ctx.note(f"exchange:{code}")
    if run is not None:
        store.end(ctx.connection, run.id, "stopped", ctx.now)


@query("sharing.find_exchange_job", permission="sharing.provide")
def find_exchange_job(ctx: Context, code: str) -> Job:
    """A job that the caller may run. Raises NoSuchJob."""
    return mine(ctx, code)


def run_here(caller: Caller, code: str, watch: Watch = nothing) -> Run:
    """Run a job in this process until it is over or waits for its next try."""
    job = find_exchange_job(caller, code)
    worker = f"here:{secret(8)}"
    run: Run = start_exchange(caller, code, worker)
    return perform(caller.ports[Means], job, run, watch)


def try_job(caller: Caller, code: str, rows: int = 20) -> dict[str, Any]:
    """Read the first rows of a job and say what would become of them; nothing is written."""
    return preview(caller, find_exchange_job(caller, code).spec, rows)


def preview(caller: Caller, spec: Spec, rows: int) -> dict[str, Any]:
    """As ``try_job``, of a job that a caller has been found to be allowed to look into."""
    if spec.from_.node:
        raise BadJob("from", field="from", value="node", wanted="node_push")
    means = caller.ports[Means]
    reader, table = ends.open_source(spec.from_, means.source, means.sources, means.datasets)
    try:
        shape = reader.shape(table, 0)
        if spec.by:
            feeds.check_by(shape, spec.by)
        target, rules = ends.planned(spec, shape, means.source, means.sources, means.datasets)
        checks = gating.checkers(means.database, spec, target, rules)
        return trying.tried(reader, table, shape, spec, target, rules, checks, means.zone, rows)
    finally:
        reader.close()


def capture_statements(caller: Caller, code: str) -> list[str]:
    """What the administrator of a job's source runs once, so that it notes its changes."""
    job, means = find_exchange_job(caller, code), caller.ports[Means]
    reader, table = ends.open_source(job.spec.from_, means.source, means.sources, means.datasets)
    try:
        if not isinstance(reader, SqlReader):
            raise BadJob("from", field="from", value=table, wanted="database_table")
        quote = reader.engine.dialect.identifier_preparer.quote_identifier
        return capture.statements(reader.dialect, reader.shape(table, 0), reader.schema, quote)
    finally:
        reader.close()


def mine(ctx: Context, code: str) -> Job:
    """A job of the caller's organisation, or any for who operates sharing. Raises NoSuchJob."""
    found = store.job(ctx.connection, code)
    own = found.organisation is not None and found.organisation == ctx.identity.organisation
    if not own and not allowed(ctx.identity, "sharing.operate"):
        raise NoSuchJob(code, job=code)
    return found


def _named(ctx: Context, one: Job, last: Run | None, lang: str) -> dict[str, Any]:
    units = cache.by_number(ctx.connection, "organisations")
    named = {"organisation_name": unit_name(units, one.organisation, lang)}
    return shown(one, last, lang) | named


def shown(one: Job, last: Run | None, lang: str = "en") -> dict[str, Any]:
    return {
        "code": one.code,
        "name": one.name,
        "organisation": one.organisation,
        "from": one.spec.from_.shown,
        "to": one.spec.to.shown,
        "mode": one.spec.mode,
        "schedule": one.spec.schedule,
        "enabled": one.enabled,
        "next_at": None if one.next_at is None else render(one.next_at),
        "spec": msgspec.to_builtins(one.spec),
        "revision": one.changed_at,
        "last": None if last is None else shown_run(last, lang),
    }


def shown_run(one: Run, lang: str = "en") -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "by": one.by,
        "started_at": render(one.started_at),
        "ended_at": None if one.ended_at is None else render(one.ended_at),
        "next_at": render(one.next_at) if one.state in OPEN and one.next_at else None,
        "tries": one.tries,
        "tally": _counts(one.tally),
        "compared": None if one.compared is None else _compared(dict(one.compared)),
        "error": None if one.error is None else retold(one.error, lang),
    }


def _counts(tally: Tally) -> dict[str, Any]:
    values: dict[str, Any] = dict(tally.values())
    return {**values, "sum": _hex(values["sum"])}


def _compared(values: dict[str, Any]) -> dict[str, Any]:
    return values | {name: _hex(values[name]) for name in ("source_sum", "target_sum")}


def _hex(value: int) -> str:
    """A sum as people compare it, and as JavaScript does not round it."""
    return f"{value:016x}"
