"""A run from its beginning or from where it stopped, to its reconciliation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import Connection

from yiwang.contracts.events import DataMoved, DatasetChanged
from yiwang.kernel.clock import SECOND, Clock
from yiwang.kernel.errors import Kind, YiwangError
from yiwang.security.protection.city import Protection
from yiwang.sharing.exchange import capture, ends, feeds, gating, model, protecting, store
from yiwang.sharing.exchange.ends import Sink
from yiwang.sharing.exchange.errors import Overtaken, TooManyRejected
from yiwang.sharing.exchange.feeds import Part, Reading
from yiwang.sharing.exchange.model import Compared, Spec, Tally
from yiwang.sharing.exchange.store import Job, Run
from yiwang.sharing.exchange.sums import Summing
from yiwang.sharing.exchange.writing import Watch, Writer
from yiwang.sharing.sources import reading
from yiwang.sharing.sources import store as source_store
from yiwang.sharing.sources.datasets import Datasets
from yiwang.sharing.sources.model import Condition, Source
from yiwang.sharing.sources.opening import Sources
from yiwang.sharing.sources.positions import Position
from yiwang.store import outbox
from yiwang.store.database import Database

_log = logging.getLogger(__name__)

Stop = Callable[[], bool]


@dataclass(frozen=True)
class Means:
    """What runs work with."""

    database: Database
    clock: Clock
    sources: Sources
    datasets: Datasets
    zone: ZoneInfo
    protection: Protection | None = None
    """Its labels say what is sealed."""

    def source(self, code: str) -> Source:
        """Raises NoSuchSource."""
        with self.database.read() as connection:
            return source_store.source(connection, code)


def nothing(step: str) -> None:
    """Watches no step."""


def perform(
    means: Means, job: Job, run: Run, watch: Watch = nothing, stop: Stop = lambda: False
) -> Run:
    """Carry a run as far as it goes now, and write down what became of it. A run that was
    interrupted goes on behind the last batch that the target has."""
    try:
        values = _Carrying(means, job, run, watch, stop).all()
    except Overtaken:
        _log.warning("%s: another worker goes on with run %d", job.code, run.id)
        return _now(means, run)
    except YiwangError as error:
        values = _trouble(means, job, run, error)
    except Exception:
        _log.exception("%s: run %d failed", job.code, run.id)
        values = _trouble(means, job, run, YiwangError(job.code))
    return noted(means, job, run, values)


def noted(means: Means, job: Job, run: Run, values: Mapping[str, Any]) -> Run:
    """Write down what became of a run, where it is still its worker's, and announce it."""
    with means.database.write() as connection:
        if store.note(connection, run, **values):
            _tell(connection, job, run, values, means.clock.now())
    return _now(means, run)


def _tell(connection: Connection, job: Job, run: Run, values: Mapping[str, Any], now: int) -> None:
    """Announce that the rows of a dataset were brought up to date: its quality is checked. And,
    for lineage, from where to where rows went."""
    state = values["state"]
    if state not in ("done", "differs", "failed"):
        return
    found = store.run(connection, run.id)
    rows = 0 if found is None else found.tally.written
    told: list[object] = [_moved(job, run, state, rows, now)]
    if job.spec.to.dataset and state != "failed":
        told.append(DatasetChanged(job.spec.to.dataset, now, rows, job.code))
    outbox.put(connection, told, now)


def _moved(job: Job, run: Run, state: str, rows: int, now: int) -> DataMoved:
    spec = job.spec
    columns = {rule.to: rule.from_ for rule in spec.mapping if rule.from_}
    ends = (spec.from_, spec.to)
    came, went = (f"dataset:{one.dataset}" if one.dataset else _source(job, one) for one in ends)
    id = str(uuid5(NAMESPACE_URL, f"yiwang:{job.code}/{run.id}/{run.started_at}"))
    kind = "FAIL" if state == "failed" else "COMPLETE"
    return DataMoved(kind, now, id, f"exchange/{job.code}", [came], [went], rows, columns)


def _source(job: Job, end: model.End) -> str:
    return f"source:node/{job.code}" if end.node else f"source:{end.source}/{end.table}"


def _now(means: Means, run: Run) -> Run:
    with means.database.read() as connection:
        found = store.run(connection, run.id)
    assert found is not None
    return found


def _trouble(means: Means, job: Job, run: Run, error: YiwangError) -> dict[str, Any]:
    """What may mend itself is tried again after a pause; everything else ends the run."""
    now, tries = means.clock.now(), _now(means, run).tries + 1
    values = {"tries": tries, "error": error.kept()}
    if error.kind is Kind.UNAVAILABLE and tries < job.spec.tries:
        later = now + model.pause(tries) * SECOND
        return {"state": "waiting", "next_at": later, **values}
    return {"state": "failed", "ended_at": now, **values}


class _Carrying:
    """One performance of a run."""

    def __init__(self, means: Means, job: Job, run: Run, watch: Watch, stop: Stop) -> None:
        self.means, self.job, self.run = means, job, run
        self.watch, self.stop = watch, stop
        self.spec: Spec = job.spec

    def all(self) -> dict[str, Any]:
        """What the run's row says afterwards."""
        means = self.means
        with ExitStack() as held:
            allowed = protecting.opened(means, self.job)
            reader, table = ends.open_source(
                self.spec.from_, means.source, means.sources, means.datasets, allowed
            )
            held.enter_context(closing(reader))
            shape = reader.shape(table, 0)
            given = (means.source, means.sources, means.datasets, protecting.demanded(means))
            sink, rules = ends.open_sink(self.spec, shape, *given)
            held.enter_context(closing(sink))
            columns = feeds.needed(shape, self.spec, rules)
            protecting.check(means, self.job, columns, allowed)
            read = Reading(reader, table, shape, self.spec, columns)
            lasting = read.ordered or self.spec.mode == "captured"
            args = (self.means, self.job, self.run, sink, rules, self.watch, not lasting)
            writer = held.enter_context(closing(writer_of(*args)))
            before, read = self._start(sink, read, writer, lasting)
            parts = held.enter_context(closing(feeds.ahead(self._parts(read, before, held))))
            for part in parts:
                self.watch("read")
                before = writer.put(part, before)
                part.settled()
                self.watch("settled")
                if not self._progress(before, lasting) or self.stop():
                    return self._interrupted()
            before = writer.finish(before)
            result = self._reconciled(sink, read, before)
            writer.tidy()
            return result

    def _start(
        self, sink: Sink, read: Reading, writer: Writer, lasting: bool
    ) -> tuple[Position, Reading]:
        """Where to begin: anew, or behind what the target has of this run."""
        found = sink.position(self.job.code)
        mine = found is not None and found.run == writer.run
        before = found if mine and found is not None else Position(writer.run, 0)
        low = self.run.low
        if not mine:
            low = _low(found, self.spec)
            with self.means.database.write() as connection:
                store.note(connection, self.run, low=low)
            writer.begin()
        elif not lasting or self.spec.mode == "captured":
            writer.begin()
            before = Position(writer.run, before.batch)
        with self.means.database.write() as connection:
            store.drop_rejects(connection, self.run.id, 0 if not before.tally else before.batch + 1)
        self.watch("started")
        return before, replace(read, low=low)

    def _parts(self, read: Reading, before: Position, held: ExitStack) -> Iterator[Part]:
        if self.spec.mode != "captured":
            return feeds.parts(read, before.after if before.tally else None)
        engine = self.means.sources.engine(self.means.source(self.spec.from_.source))
        held.callback(engine.dispose)
        return capture.parts(read, engine)

    def _progress(self, position: Position, lasting: bool) -> bool:
        """Note how far it is; False where somebody has stopped the run. Tries are counted anew
        behind what no later try has to do again."""
        tally = Tally.of(position.tally)
        if tally.rejected > self.spec.most_rejected:
            most = self.spec.most_rejected
            raise TooManyRejected(self.job.code, rejected=tally.rejected, most=most)
        with self.means.database.write() as connection:
            now = self.means.clock.now()
            values = {"tally": tally.values(), "seen_at": now, "error": None}
            tries = {"tries": 0} if lasting else {}
            kept = store.note(connection, self.run, **values, **tries)
        self.watch("progress")
        return kept

    def _interrupted(self) -> dict[str, Any]:
        """Left for later: the next worker goes on behind the last batch."""
        return {"state": "waiting", "next_at": self.means.clock.now()}

    def _reconciled(self, sink: Sink, read: Reading, last: Position) -> dict[str, Any]:
        tally = Tally.of(last.tally) if last.tally else Tally()
        found = compare(sink, self.spec, read, tally, self.means.zone, self._high(read, last))
        self.watch("reconciled")
        good = tally.balanced and found.same is not False
        return ended(self.means.clock.now(), tally, found, good)

    def _high(self, read: Reading, last: Position) -> Any:
        return last.after[0] if self.spec.by and read.ordered and last.after else None


def ended(now: int, tally: Tally, found: Compared, good: bool) -> dict[str, Any]:
    """What the row of a run says whose rows are all in."""
    return {
        "state": "done" if good else "differs",
        "ended_at": now,
        "seen_at": now,
        "tally": tally.values(),
        "compared": msgspec.to_builtins(found),
        "error": None,
    }


def writer_of(
    means: Means, job: Job, run: Run, sink: Sink, rules: Any, watch: Watch, unordered: bool
) -> Writer:
    """The writer of a run, which keeps rejected rows in the platform's database. The run is named
    with its beginning, for the number of one that was removed is given again."""

    def rejects(batch: int, rows: Sequence[dict[str, Any]]) -> None:
        with means.database.write() as connection:
            store.put_rejects(connection, run.id, batch, rows)

    checks = gating.checkers(means.database, job.spec, sink.target, rules)
    return Writer(
        job.code,
        f"{run.id}/{run.started_at}",
        sink,
        rules,
        checks,
        means.zone,
        rejects,
        watch,
        _by(job.spec),
        job.spec.removals,
        feeds.Repeats() if unordered else None,
        protecting.hidden(means, job, rules),
    )


def _low(found: Position | None, spec: Spec) -> Any:
    """The last value of ``by`` that a former run has carried over from the same source."""
    known = found is not None and found.after and spec.by and found.by == _by(spec)
    return found.after[0] if known and found is not None else None


def _by(spec: Spec) -> str:
    return f"{spec.from_.shown}/{spec.by}" if spec.by else ""


def compare(
    sink: Sink, spec: Spec, read: Reading | None, tally: Tally, zone: ZoneInfo, high: Any = None
) -> Compared:
    """Read the target back, and compare it with what was taken from the source."""
    if spec.mode == "captured":
        return Compared(None, tally.taken, why="current")
    where: list[Condition] = []
    if spec.by and read is not None:
        name = _filled_from(spec, read, sink)
        if not name:
            return Compared(None, tally.taken, source_sum=tally.sum, why="unmapped")
        if read.low is not None:
            where.append(Condition(name, ">=", feeds.low(read)))
        if high is not None:
            where.append(Condition(name, "<=", high))
    count = total = 0
    with closing(Summing()) as summing:
        for batch in ends.read_back(sink, where, zone, reading.SIZE * 5):
            count += batch.num_rows
            total = (total + summing.of(batch)) & model.SUM_BITS
    return model.compared(tally.taken, tally.sum, count, total, tally.rejected)


def _filled_from(spec: Spec, read: Reading, sink: Sink) -> str:
    """The target's column that holds ``by`` as it is."""
    if not spec.mapping:
        return spec.by if spec.by in sink.target.names else ""
    plain = (one for one in spec.mapping if one.from_ == spec.by and one.codes is None)
    return next((one.to for one in plain), "")
