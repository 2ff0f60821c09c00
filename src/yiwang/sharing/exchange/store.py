"""All SQL of exchange jobs in the platform's own database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, bindparam, delete, func, insert, or_, select, update

from yiwang.sharing.exchange.errors import NoSuchJob
from yiwang.sharing.exchange.model import OPEN, Spec, Tally
from yiwang.sharing.exchange.tables import (
    share_exchange_jobs,
    share_exchange_rejects,
    share_exchange_runs,
)
from yiwang.store.database import Instant
from yiwang.store.statements import Statement

JOBS, RUNS, REJECTS = share_exchange_jobs, share_exchange_runs, share_exchange_rejects
_RAW_BYTES = 20_000
_due = Statement(
    select(JOBS)
    .where(JOBS.c.enabled, JOBS.c.next_at <= bindparam("now_", 0, Instant))
    .order_by(JOBS.c.next_at)
)
_forsaken = Statement(
    select(RUNS)
    .where(
        or_(
            (RUNS.c.state == "waiting") & (RUNS.c.next_at <= bindparam("now_", 0, Instant)),
            (RUNS.c.state == "running") & (RUNS.c.seen_at <= bindparam("unseen_", 0, Instant)),
        )
    )
    .order_by(RUNS.c.id)
)


@dataclass(frozen=True)
class Job:
    id: int
    code: str
    name: str
    organisation: int | None
    spec: Spec
    enabled: bool
    next_at: int | None
    changed_at: int


@dataclass(frozen=True)
class Run:
    id: int
    job: int
    state: str
    by: str
    started_at: int
    ended_at: int | None
    seen_at: int
    worker: str
    tries: int
    next_at: int | None
    low: Any
    tally: Tally
    compared: Mapping[str, Any] | None
    error: Mapping[str, Any] | None


def find_job(connection: Connection, code: str) -> Job | None:
    found = connection.execute(select(JOBS).where(JOBS.c.code == code)).first()
    return None if found is None else _job(found)


def job(connection: Connection, code: str) -> Job:
    """Raises NoSuchJob."""
    found = find_job(connection, code)
    if found is None:
        raise NoSuchJob(code, job=code)
    return found


def job_of(connection: Connection, id: int) -> Job:
    return _job(connection.execute(select(JOBS).where(JOBS.c.id == id)).one())


def jobs(
    connection: Connection, organisation: int | None, all_: bool, after: str, limit: int | None
) -> list[Job]:
    """Jobs by code, those behind a code."""
    query = select(JOBS).order_by(JOBS.c.code).limit(limit)
    if after:
        query = query.where(JOBS.c.code > after)
    if not all_:
        query = query.where(JOBS.c.organisation == organisation)
    return [_job(row) for row in connection.execute(query)]


def put_job(
    connection: Connection, code: str, values: Mapping[str, Any], read_at: int | None
) -> bool:
    """Set a job up, or change it. ``read_at``: when the job had been changed that was read, 0
    where it must be new; False where that is no longer so."""
    held = connection.execute(select(JOBS.c.id).where(JOBS.c.code == code)).first()
    if held is None:
        if read_at:
            return False
        connection.execute(insert(JOBS).values(code=code, **values))
        return True
    change = update(JOBS).where(JOBS.c.id == held.id).values(**values)
    if read_at is not None:
        change = change.where(JOBS.c.changed_at == read_at)
    return connection.execute(change).rowcount == 1


def remove_job(connection: Connection, id: int) -> None:
    """With its runs and their rejected rows."""
    mine = select(RUNS.c.id).where(RUNS.c.job == id)
    connection.execute(delete(REJECTS).where(REJECTS.c.run.in_(mine)))
    connection.execute(delete(RUNS).where(RUNS.c.job == id))
    connection.execute(delete(JOBS).where(JOBS.c.id == id))


def due(connection: Connection, now: int) -> list[Job]:
    """Jobs whose schedule has come."""
    return [_job(row) for row in _due.named(connection, {"now_": now})]


def set_next(connection: Connection, id: int, at: int | None) -> None:
    connection.execute(update(JOBS).where(JOBS.c.id == id).values(next_at=at))


def run(connection: Connection, id: int) -> Run | None:
    found = connection.execute(select(RUNS).where(RUNS.c.id == id)).first()
    return None if found is None else _run(found)


def open_run(connection: Connection, job: int) -> Run | None:
    """The run of a job that is not over."""
    query = select(RUNS).where(RUNS.c.job == job, RUNS.c.state.in_(OPEN))
    found = connection.execute(query.order_by(RUNS.c.id.desc())).first()
    return None if found is None else _run(found)


def forsaken(connection: Connection, now: int, unseen_since: int) -> list[Run]:
    """Runs to go on with: their pause is over, or nobody has heard of their worker."""
    rows = _forsaken.named(connection, {"now_": now, "unseen_": unseen_since})
    return [_run(row) for row in rows]


def runs(connection: Connection, job: int, before: int | None, most: int) -> list[Run]:
    """The newest first."""
    query = select(RUNS).where(RUNS.c.job == job).order_by(RUNS.c.id.desc()).limit(most)
    if before is not None:
        query = query.where(RUNS.c.id < before)
    return [_run(row) for row in connection.execute(query)]


def latest(connection: Connection, jobs: Sequence[int]) -> dict[int, Run]:
    """The last run of each job."""
    last = select(func.max(RUNS.c.id)).where(RUNS.c.job.in_(jobs)).group_by(RUNS.c.job)
    rows = connection.execute(select(RUNS).where(RUNS.c.id.in_(last)))
    return {row.job: _run(row) for row in rows}


def begin(connection: Connection, job: int, by: str, worker: str, now: int) -> Run:
    values = {
        "job": job,
        "state": "running",
        "by": by,
        "started_at": now,
        "seen_at": now,
        "worker": worker,
        "tries": 0,
        "tally": Tally().values(),
    }
    made = insert(RUNS).values(**values).returning(RUNS.c.id)
    found = run(connection, int(connection.execute(made).scalar_one()))
    assert found is not None
    return found


def claim(connection: Connection, old: Run, worker: str, now: int) -> bool:
    """Take a run over; False where somebody else was quicker."""
    mine = (RUNS.c.id == old.id) & (RUNS.c.worker == old.worker) & (RUNS.c.state == old.state)
    seen = RUNS.c.seen_at == old.seen_at
    change = update(RUNS).where(mine, seen)
    values = {"worker": worker, "state": "running", "seen_at": now, "next_at": None}
    return connection.execute(change.values(**values)).rowcount == 1


def note(connection: Connection, run: Run, **values: Any) -> bool:
    """Change a run that its worker still has; False where another has it, or it was stopped."""
    mine = (RUNS.c.id == run.id) & (RUNS.c.worker == run.worker) & (RUNS.c.state == "running")
    return connection.execute(update(RUNS).where(mine).values(**values)).rowcount == 1


def end(connection: Connection, id: int, state: str, now: int) -> bool:
    """Stop a run that is not over, whoever has it."""
    change = update(RUNS).where(RUNS.c.id == id, RUNS.c.state.in_(OPEN))
    values = {"state": state, "ended_at": now, "next_at": None}
    return connection.execute(change.values(**values)).rowcount == 1


def put_rejects(
    connection: Connection, run: int, batch: int, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Those of one batch; doing it again is doing it once."""
    here = (REJECTS.c.run == run) & (REJECTS.c.batch == batch)
    connection.execute(delete(REJECTS).where(here))
    if rows:
        given = [{**row, "run": run, "batch": batch, "raw": _bounded(row["raw"])} for row in rows]
        connection.execute(insert(REJECTS), given)


def drop_rejects(connection: Connection, run: int, from_batch: int) -> None:
    """Those of batches that the target did not get."""
    connection.execute(delete(REJECTS).where(REJECTS.c.run == run, REJECTS.c.batch >= from_batch))


def rejects(
    connection: Connection, run: int, after: tuple[int, int] | None, most: int
) -> list[Row[Any]]:
    query = select(REJECTS).where(REJECTS.c.run == run)
    if after is not None:
        batch, row = after
        later = (REJECTS.c.batch == batch) & (REJECTS.c.row > row)
        query = query.where(or_(REJECTS.c.batch > batch, later))
    return list(connection.execute(query.order_by(REJECTS.c.batch, REJECTS.c.row).limit(most)))


def reasons(connection: Connection, run: int) -> list[tuple[str, str, int]]:
    """How many rows were rejected for what, the most first."""
    count = func.count()
    query = select(REJECTS.c.column, REJECTS.c.reason, count).where(REJECTS.c.run == run)
    query = query.group_by(REJECTS.c.column, REJECTS.c.reason).order_by(count.desc())
    return [(row[0], row[1], row[2]) for row in connection.execute(query)]


def _bounded(raw: Any) -> Any:
    """A row as it is kept; of one that is too large, its beginning."""
    text = msgspec.json.encode(raw)
    return raw if len(text) <= _RAW_BYTES else {"_": text[:_RAW_BYTES].decode(errors="replace")}


def _job(row: Any) -> Job:
    spec = msgspec.convert(row.spec, Spec)
    return Job(
        row.id,
        row.code,
        row.name,
        row.organisation,
        spec,
        row.enabled,
        row.next_at,
        row.changed_at,
    )


def _run(row: Any) -> Run:
    values = row._asdict()
    return Run(**{**values, "tally": Tally.of(values["tally"])})
