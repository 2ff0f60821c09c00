"""What a job reads: batches of rows, and where each batch ends, so that a run can go on."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import numpy as np

from yiwang.sharing.exchange.model import Rule, Spec
from yiwang.sharing.sources import model, reading
from yiwang.sharing.sources.errors import BadCondition
from yiwang.sharing.sources.model import Condition, Order, Shape
from yiwang.sharing.sources.reading import Reader

T = TypeVar("T")


@dataclass
class Part:
    """A batch of the source. ``after``: what the next one comes behind; ``gone``: keys that the
    source no longer has; ``unread``: rows that could not be read (number, text, reason);
    ``settled`` is called when the target has it all."""

    batch: Any
    after: Any = None
    gone: Any = None
    unread: list[tuple[int, str, str]] = field(default_factory=list)
    settled: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Reading:
    """What is to be read from where. ``low``: for incremental, the last value of the column that
    grows, as a former run left it."""

    reader: Reader
    table: str
    shape: Shape
    spec: Spec
    columns: tuple[str, ...]
    low: Any = None

    @property
    def where(self) -> tuple[Condition, ...]:
        return tuple(Condition(one.column, one.operator, one.value) for one in self.spec.where)

    @property
    def ordered(self) -> bool:
        """Whether a run can go on in the middle."""
        return self.reader.ordered and bool(self.shape.key)


def needed(shape: Shape, spec: Spec, rules: Sequence[Rule]) -> tuple[str, ...]:
    """The columns of the source that a job reads: those that are mapped, its key, and ``by``."""
    names = [name for rule in rules for name in rule.columns]
    if spec.by:
        reading.column(shape, spec.by)
        names.append(spec.by)
    return tuple(dict.fromkeys([*names, *shape.key]))


def parts(job: Reading, after: Any) -> Iterator[Part]:
    """The batches of a full or incremental job, in the order of the key where there is one."""
    if not job.ordered:
        yield from _unordered(job)
        return
    order = _order(job)
    names = [one.column for one in order]
    given = job.reader.batches(job.table, job.columns, _where(job), order, after, job.spec.batch)
    for batch in given:
        yield Part(batch, [_kept(batch, name) for name in names])


def _where(job: Reading) -> tuple[Condition, ...]:
    if not job.spec.by or job.low is None:
        return job.where
    return (*job.where, Condition(job.spec.by, ">=", low(job)))


def _order(job: Reading) -> list[Order]:
    names = dict.fromkeys([job.spec.by, *job.shape.key] if job.spec.by else job.shape.key)
    return [Order(name) for name in names]


def _kept(batch: Any, name: str) -> Any:
    """The last value of a column, as JSON keeps it."""
    value = batch.column(name)[-1].as_py()
    return value if value is None or isinstance(value, (int, str)) else model.shown(value)


def _unordered(job: Reading) -> Iterator[Part]:
    unread: list[tuple[int, str, str]] = []
    note = lambda row, text, reason: unread.append((row, text, reason))  # noqa: E731
    size = job.spec.batch
    given = job.reader.batches(job.table, job.columns, _where(job), size=size, refused=note)
    for batch in given:
        told, unread[:] = list(unread), []
        yield Part(batch, unread=told)
    if unread:
        yield Part(None, unread=list(unread))


def low(job: Reading) -> Any:
    """From where on an incremental job reads: the last value, less the overlap. Raises
    BadCondition where the column is neither a time nor a number."""
    column = reading.column(job.shape, job.spec.by)
    value = job.low
    if column.type not in "DTNY" or not job.spec.overlap:
        return value
    found = reading.value_of(job.shape, column.name, value)
    if column.type in "NY":
        return found - job.spec.overlap
    begun = found - timedelta(seconds=job.spec.overlap)
    if not hasattr(begun, "hour"):
        return begun.isoformat()
    return begun.isoformat("T" if "T" in str(value) else " ")


def check_by(shape: Shape, by: str) -> None:
    """Raises NoSuchColumn, or BadCondition where a column cannot be one that only grows."""
    if reading.column(shape, by).type in "LMG":
        raise BadCondition(shape.table, column=by, value="by", wanted="N, Y, D, T, C")


class Repeats:
    """Finds the second row of a key in what no key has kept apart, through all batches, by 64
    bits of each key."""

    def __init__(self) -> None:
        self._seen = np.empty(0, np.uint64)

    def of(self, batch: Any, key: Sequence[str]) -> list[int]:
        """The places of rows whose key came before."""
        rows = zip(*(batch.column(name).to_pylist() for name in key), strict=True)
        hashes = np.array([hash(row) & 0xFFFFFFFFFFFFFFFF for row in rows], np.uint64)
        _, first = np.unique(hashes, return_index=True)
        fresh = np.zeros(len(hashes), bool)
        fresh[first] = True
        place = np.searchsorted(self._seen, hashes)
        known = np.zeros(len(hashes), bool)
        inside = place < len(self._seen)
        known[inside] = self._seen[place[inside]] == hashes[inside]
        again = known | ~fresh
        added = np.sort(hashes[~again])
        self._seen = np.insert(self._seen, np.searchsorted(self._seen, added), added)
        return [int(one) for one in np.flatnonzero(again)]


def ahead(given: Iterator[T], depth: int = 2) -> Generator[T, None, None]:
    """The same, read by a thread that is at most ``depth`` items ahead of whoever takes them."""
    held: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(depth)
    stop = threading.Event()

    def put(item: tuple[T | None, BaseException | None]) -> None:
        while not stop.is_set():
            try:
                held.put(item, timeout=0.1)
                return
            except queue.Full:
                continue

    def work() -> None:
        try:
            for one in given:
                put((one, None))
                if stop.is_set():
                    return
            put((None, None))
        except BaseException as error:
            put((None, error))
        finally:
            getattr(given, "close", lambda: None)()

    thread = threading.Thread(target=work, name="exchange-reading", daemon=True)
    thread.start()
    try:
        while True:
            one, error = held.get()
            if error is not None:
                raise error
            if one is None:
                return
            yield one
    finally:
        stop.set()
        thread.join()
