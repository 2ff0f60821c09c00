"""What front-end nodes (前置机) push: batches that follow one another, each taken once.

A node opens a run, or hears how far its last one is; sends batch after batch, each with its
number and where the next one begins; and ends the run. What the platform answers is always the
position that it has made durable, so a node that missed an answer asks again and loses nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from typing import Any

import msgspec
import pyarrow as pa

from yiwang.security.actions import Caller, Context, action
from yiwang.sharing.exchange import ends, protecting, running, service, store
from yiwang.sharing.exchange.errors import (
    AlreadyRunning,
    BadPush,
    NoSuchJob,
    TooManyRejected,
    words,
)
from yiwang.sharing.exchange.feeds import Part
from yiwang.sharing.exchange.model import NODE_ROLE, Tally, node_name
from yiwang.sharing.exchange.running import Means, nothing
from yiwang.sharing.exchange.store import Job, Run
from yiwang.sharing.exchange.writing import Writer
from yiwang.sharing.sources.model import Column, Shape
from yiwang.sharing.sources.positions import Position

MOST_ROWS = 200_000
_locks: dict[int, threading.Lock] = {}
_guard = threading.Lock()


class Pushed(msgspec.Struct, frozen=True):
    """Beside a batch: its number, what the next one comes behind, and lines that the node could
    not read (number, text, reason)."""

    number: int
    after: Any = None
    unread: tuple[tuple[int, str, str], ...] = ()


@action("sharing.open_push", permission="sharing.push", audit_verb="exchange_push_opened")
def open_push(ctx: Context, code: str, anew: bool = False) -> tuple[Job, Run]:
    """A job that a node reads with its open run, or a new one; ``anew``: the last is given up."""
    job = _pushed(ctx, code)
    ctx.note(f"exchange:{code}")
    run = store.open_run(ctx.connection, job.id)
    if run is not None and anew:
        store.end(ctx.connection, run.id, "stopped", ctx.now)
        run = None
    if run is None:
        worker = f"node:{ctx.identity.id}"
        run = store.begin(ctx.connection, job.id, ctx.identity.label, worker, ctx.now)
    return job, run


@action("sharing.find_push", permission="sharing.push", audit_verb="exchange_pushed")
def find_push(
    ctx: Context, code: str, run: int, states: Collection[str] = ("running",)
) -> tuple[Job, Run]:
    """The job and the run that a node names. Raises BadPush where it is in another state."""
    job = _pushed(ctx, code)
    found = store.run(ctx.connection, run)
    if found is None or found.job != job.id or found.state not in states:
        raise BadPush(code, job=code, problem=words("run_over"))
    ctx.note(f"exchange:{code}", run=run)
    return job, found


def _pushed(ctx: Context, code: str) -> Job:
    """A job that the caller may push to. The key of a node serves its own job alone."""
    identity = ctx.identity
    if NODE_ROLE in identity.roles and identity.name != node_name(code):
        raise NoSuchJob(code, job=code)
    job = service.mine(ctx, code)
    if not job.spec.from_.node:
        raise BadPush(code, job=code, problem=words("read_here"))
    return job


def begin(caller: Caller, code: str, columns: list[Column], anew: bool) -> dict[str, Any]:
    """Open a run of a node: how far it is, and which columns are wanted."""
    job, run = open_push(caller, code, anew)
    with _writing(caller.ports[Means], job, run, columns) as writer:
        position = _position(writer)
        if not position.batch:
            writer.begin()
        wanted = list(dict.fromkeys(name for rule in writer.rules for name in rule.columns))
    return {**_told(run, position), "columns": wanted, "batch": job.spec.batch}


def push(caller: Caller, code: str, number: int, content: bytes) -> dict[str, Any]:
    """Take a batch (Arrow IPC stream, whose metadata holds ``Pushed`` as ``yiwang``). One that is
    in already changes nothing. Raises BadPush for one that does not follow."""
    job, run = find_push(caller, code, number)
    pushed, batch, columns = _read(code, content)
    means: Means = caller.ports[Means]
    with _writing(means, job, run, columns) as writer:
        position = _position(writer)
        if pushed.number == position.batch + 1:
            part = Part(batch, pushed.after, unread=[(*one,) for one in pushed.unread])
            position = writer.put(part, position)
            _note(means, job, run, position)
        elif pushed.number > position.batch:
            problem = words("other_batch", number=pushed.number, due=position.batch + 1)
            raise BadPush(code, job=code, problem=problem)
    return _told(run, position)


def finish(caller: Caller, code: str, number: int, columns: list[Column], batches: int) -> Run:
    """End a run of a node: remove what is gone, compare, and write down what became of it. One
    that is ended already stays as it is."""
    job, run = find_push(caller, code, number, ("running", "done", "differs"))
    if run.state != "running":
        return run
    means: Means = caller.ports[Means]
    with _writing(means, job, run, columns) as writer:
        position = _position(writer)
        if position.batch < batches:
            problem = words("batches_in", found=position.batch, wanted=batches)
            raise BadPush(code, job=code, problem=problem)
        position = writer.finish(position)
        tally = Tally.of(position.tally) if position.tally else Tally()
        found = running.compare(writer.sink, job.spec, None, tally, means.zone)
        writer.tidy()
    good = tally.balanced and found.same is not False
    values = running.ended(means.clock.now(), tally, found, good)
    return running.noted(means, job, run, values)


def _note(means: Means, job: Job, run: Run, position: Position) -> None:
    tally = Tally.of(position.tally)
    now, most = means.clock.now(), job.spec.most_rejected
    with means.database.write() as connection:
        store.note(connection, run, tally=tally.values(), seen_at=now)
    if tally.rejected > most:
        error = TooManyRejected(job.code, rejected=tally.rejected, most=most)
        ended = {"state": "failed", "ended_at": now, "error": error.kept()}
        running.noted(means, job, run, ended)
        raise error


@contextmanager
def _writing(means: Means, job: Job, run: Run, columns: list[Column]) -> Iterator[Writer]:
    """The writer of a run, for one call at a time. Raises AlreadyRunning."""
    with _guard:
        lock = _locks.setdefault(job.id, threading.Lock())
    if not lock.acquire(timeout=30):
        raise AlreadyRunning(job.code, job=job.code)
    try:
        shape = Shape(job.code, tuple(columns))
        given = (means.source, means.sources, means.datasets, protecting.demanded(means))
        sink, rules = ends.open_sink(job.spec, shape, *given)
        with (
            closing(sink),
            closing(running.writer_of(means, job, run, sink, rules, nothing, False)) as writer,
        ):
            yield writer
    finally:
        lock.release()


def _position(writer: Writer) -> Position:
    found = writer.sink.position(writer.job)
    mine = found is not None and found.run == writer.run
    return found if mine and found is not None else Position(writer.run, 0)


def _told(run: Run, position: Position) -> dict[str, Any]:
    return {
        "run": run.id,
        "batches": position.batch,
        "after": position.after,
        "tally": position.tally,
    }


def _read(code: str, content: bytes) -> tuple[Pushed, Any, list[Column]]:
    try:
        with pa.ipc.open_stream(content) as reader:
            told = (reader.schema.metadata or {})[b"yiwang"]
            table = reader.read_all()
        pushed, columns = msgspec.json.decode(told, type=tuple[Pushed, list[Column]])
        if table.num_rows > MOST_ROWS:
            raise BadPush(code, job=code, problem=words("too_many_rows", most=MOST_ROWS))
        batches = table.combine_chunks().to_batches()
        batch = batches[0] if batches else None
        if batch is not None:
            batch.validate(full=True)
        return pushed, batch, columns
    except (pa.ArrowException, OSError, KeyError, ValueError, msgspec.MsgspecError) as error:
        raise BadPush(code, job=code, problem=str(error)[:200]) from error


def packed(pushed: Pushed, batch: Any, columns: list[Column]) -> bytes:
    """A batch as ``push`` takes it, compressed."""
    told = msgspec.json.encode((pushed, columns))
    schema = batch.schema.with_metadata({b"yiwang": told})
    held = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(held, schema, options=options) as writer:
        writer.write_batch(batch.replace_schema_metadata({b"yiwang": told}))
    content: bytes = held.getvalue().to_pybytes()
    return content
