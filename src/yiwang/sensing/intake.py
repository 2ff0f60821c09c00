"""The entrance of the observation path: check, find repetitions, store, announce.

A row repeats another when datastream, time and result are the same. A row newer than all of
its datastream cannot, and costs one comparison; only late rows are looked up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NoReturn

import numpy as np
from sqlalchemy import Connection, select

from yiwang.contracts.observations import Incoming, Ints, ObservationBatch, Receipt, Rejected
from yiwang.kernel import clock as time
from yiwang.kernel.clock import Clock
from yiwang.sensing import columns, errors, model
from yiwang.sensing.log import Header, RejectedRaw
from yiwang.sensing.model import Columns, Edits, Limits
from yiwang.sensing.observations import FAR, Observations
from yiwang.sensing.store import fetch
from yiwang.sensing.tables import datastreams, multi_datastreams
from yiwang.store.database import Database

Listener = Callable[[ObservationBatch], None]


class Intake:
    """Implements contracts ObservationSink. Thread-safe; batches are stored one after another.

    ``future_tolerance`` and ``past_tolerance`` are microseconds from the clock's now; only
    datastreams of a kind of device have a bound in the past.
    """

    def __init__(
        self,
        observations: Observations,
        database: Database,
        clock: Clock,
        future_tolerance: int = 5 * time.MINUTE,
        past_tolerance: int = 400 * time.DAY,
    ) -> None:
        self._observations = observations
        self._database = database
        self._clock = clock
        self._future = future_tolerance
        self._past = past_tolerance
        self._limits = Limits()
        self._listeners: list[Listener] = []
        self._one = threading.RLock()
        self._highest = 0
        self.reload()

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` with every stored batch, in order, after it is durable. It must
        return at once: intake waits for it."""
        self._listeners.append(listener)

    def cursor(self, source: str) -> int | None:
        """How far a re-readable source is durably read; the same after a restart."""
        return self._observations.cursors.get(source)

    def reload(self) -> None:
        """Read the limits of all datastreams anew, after datastreams were changed or deleted."""
        limits = Limits()
        with self._database.read() as connection:
            highest = _load(connection, 0, limits)
        with self._one:
            self._limits, self._highest = limits, highest
            self._observations.latest.ensure(highest)

    def _load_new(self) -> None:
        with self._database.read() as connection:
            self._highest = max(self._highest, _load(connection, self._highest, self._limits))
        self._observations.latest.ensure(self._highest)

    def accept(self, incoming: Incoming) -> Receipt:
        """Store a batch; returns when it is durable. Raises DiskFull, and keeps nothing then."""
        return self.accept_all([incoming])[0]

    def accept_all(self, incoming: Sequence[Incoming]) -> list[Receipt]:
        """Store several batches with one write to the disk."""
        with self._one:
            rows = _together(incoming)
            codes = self._check(rows)
            repeated = self._repeated(rows, codes)
            receipts: list[Receipt] = []
            frames: list[tuple[Header, ObservationBatch]] = []
            number, low = self._observations.next_number, 0
            for item in incoming:
                span = slice(low, low + len(item.datastream))
                low = span.stop
                receipt, frame = _framed(item, codes[span], repeated[span], number)
                number += receipt.stored
                receipts.append(receipt)
                frames.append(frame)
            stored = self._observations.append(frames)
            for written in stored:
                for listener in self._listeners:
                    listener(written.batch)
            return [
                replace(receipt, position=written.position)
                for receipt, written in zip(receipts, stored, strict=True)
            ]

    def edit(self, edits: Edits, source: str) -> None:
        """Correct or delete stored observations, all of them or none; returns when that is
        durable. Raises a Refused error where a new version cannot be.

        What was judged of an observation before stays as it was judged.
        """
        with self._one:
            numbers = [n for n in edits.corrected if n not in edits.deleted]
            rows = [edits.corrected[number] for number in numbers]
            self.check_versions(rows)
            deleted = {n: s for n, s in edits.deleted.items() if s not in edits.erased}
            streams = {int(row.datastream[0]) for row in rows} | set(deleted.values())
            header = Header(
                source=source,
                received_at=self._clock.now(),
                first=self._observations.next_number,
                received=0,
                stored=0,
                corrected=numbers,
                deleted=sorted(deleted),
                erased=sorted(edits.erased),
                touched=sorted(streams | edits.erased),
            )
            for stream in edits.erased:
                self._limits.forget(stream)
            if header.edits:
                self._observations.edit(header, _versions(rows, header.received_at))

    def check_new(self, connection: Connection, row: Columns) -> None:
        """Raises a Refused error where a row would not be taken, also of a datastream that the
        running transaction made."""
        limits = self._limits
        if int(row.datastream[0]) > self._highest:
            limits = Limits()
            _load(connection, self._highest, limits)
        now = self._clock.now()
        (code,) = model.check(row, limits, now - self._past, now + self._future)
        if code:
            _refuse(row, code)

    def check_versions(self, rows: Sequence[Columns]) -> None:
        """Raises a Refused error where a row would not be taken; none is too old."""
        latest = self._clock.now() + self._future
        for row in rows:
            (code,) = model.check(row, self._limits, -FAR, latest)
            if code:
                _refuse(row, code)

    def _check(self, rows: Columns) -> model.Codes:
        now = self._clock.now()
        if len(rows) and int(rows.datastream.max()) > self._highest:
            self._load_new()
        return model.check(rows, self._limits, now - self._past, now + self._future)

    def _repeated(self, rows: Columns, codes: model.Codes) -> model.Mask:
        repeated = np.zeros(len(rows), np.bool_)
        good = np.arange(len(rows)) if not codes.any() else np.flatnonzero(codes == 0)
        if not len(good):
            return repeated
        latest = self._observations.latest.time[rows.datastream[good]]
        late = good[rows.time[good] <= latest]
        if len(late):
            repeated[late] = self._stored_before(rows, late)
        if len(good) == 1:
            return repeated
        ordered = model.sort(rows.datastream, rows.time, good)
        if ordered.again.any():
            repeated[model.same_in_batch(rows, ordered)] = True
        return repeated

    def _stored_before(self, rows: Columns, late: Ints) -> model.Mask:
        """Which of the late rows are stored already, with the same result."""
        stream, moment = rows.datastream[late], rows.time[late]
        found = self._observations.rows(np.unique(stream), int(moment.min()), int(moment.max()))
        if not found.num_rows:
            return np.zeros(len(late), np.bool_)
        there = columns.batch(found, 0, 0)
        return model.stored_before(rows, late, there)


def _load(connection: Connection, behind: int, into: Limits) -> int:
    """Read the limits of (multi-)datastreams numbered past ``behind``; returns the highest
    number."""
    highest = _load_several(connection, behind, into)
    chosen = datastreams.c
    query = select(chosen.id, chosen.result_type, chosen.least, chosen.most, chosen.property)
    rows = fetch(connection, query.where(chosen.id > behind))
    if not rows:
        return highest
    number = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    numeric = np.fromiter((row[1] == "number" for row in rows), np.bool_, len(rows))
    least = np.array([row[2] for row in rows], np.float64)
    most = np.array([row[3] for row in rows], np.float64)
    declared = np.fromiter((row[4] != "" for row in rows), np.bool_, len(rows))
    into.put(number, numeric, least, most, declared)
    return max(highest, int(number.max()))


def _load_several(connection: Connection, behind: int, into: Limits) -> int:
    chosen = multi_datastreams.c
    query = select(chosen.id, chosen.multi_observation_data_types).where(chosen.id > behind)
    several = {id_: model.value_types(types) for id_, types in connection.execute(query)}
    if not several:
        return behind
    number = np.array(list(several), np.int64)
    unbounded = np.full(len(number), np.nan)
    neither = np.zeros(len(number), np.bool_)
    into.put(number, neither, unbounded, unbounded, neither)
    into.several = {**into.several, **several}
    return int(number.max())


def _refuse(row: Columns, code: int) -> NoReturn:
    stream = int(row.datastream[0])
    kind = errors.REASONS[model.ROW_REASONS[code]]
    raise kind(f"Datastreams({stream})", datastream=stream)


def _versions(rows: Sequence[Columns], received: int) -> ObservationBatch:
    none = np.zeros(0, np.int64)
    return ObservationBatch(
        first=0,
        position=0,
        datastream=np.concatenate([none, *(row.datastream for row in rows)]),
        time=np.concatenate([none, *(row.time for row in rows)]),
        result=np.concatenate([np.zeros(0), *(row.result for row in rows)]),
        received=np.full(len(rows), received),
        exact=[text for row in rows for text in row.exact or (None,)],
        extra=[text for row in rows for text in row.extra or (None,)],
    )


def _together(incoming: Sequence[Incoming]) -> Columns:
    """The rows of several batches as one."""
    if len(incoming) == 1:
        only = incoming[0]
        return Columns(only.datastream, only.time, only.result, only.exact, only.extra)
    exact: list[str | None] | None = None
    if any(item.exact is not None for item in incoming):
        exact = []
        for item in incoming:
            exact.extend([None] * len(item.datastream) if item.exact is None else item.exact)
    return Columns(
        np.concatenate([item.datastream for item in incoming]),
        np.concatenate([item.time for item in incoming]),
        np.concatenate([item.result for item in incoming]),
        exact,
        None,
    )


def _framed(
    item: Incoming, codes: model.Codes, repeated: model.Mask, first: int
) -> tuple[Receipt, tuple[Header, ObservationBatch]]:
    """What is stored of one batch, numbered from ``first``, and the receipt for it."""
    rejected = [*model.row_rejections(item, codes), *item.rejected]
    keep = (codes == 0) & ~repeated
    whole = bool(keep.all())
    kept = np.arange(len(keep)) if whole else np.flatnonzero(keep)
    numbers = np.where(codes == 0, 0, -1).astype(np.int64)
    numbers[kept] = np.arange(first, first + len(kept))
    count = sum(entry.count for entry in rejected)
    receipt = Receipt(
        received=len(kept) + int(repeated.sum()) + count,
        stored=len(kept),
        duplicate=int(repeated.sum()),
        rejected=rejected,
        position=0,
        numbers=numbers,
    )
    batch = ObservationBatch(
        first=first,
        position=0,
        datastream=item.datastream if whole else item.datastream[kept],
        time=item.time if whole else item.time[kept],
        result=item.result if whole else item.result[kept],
        received=np.full(len(kept), item.received),
        exact=_picked(item.exact, kept, whole),
        extra=_picked(item.extra, kept, whole),
    )
    header = Header(
        source=item.source,
        received_at=item.received,
        first=first,
        received=receipt.received,
        stored=receipt.stored,
        duplicate=receipt.duplicate,
        rejected=_counted(rejected),
        raws=_raws(rejected),
        cursor=item.cursor,
    )
    return receipt, (header, batch)


def _picked(
    texts: Sequence[str | None] | None, kept: Ints, whole: bool
) -> Sequence[str | None] | None:
    if texts is None:
        return None
    picked = texts if whole else [texts[row] for row in kept.tolist()]
    return picked if any(text is not None for text in picked) else None


def _counted(rejected: Sequence[Rejected]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for entry in rejected:
        counts[entry.reason] = counts.get(entry.reason, 0) + entry.count
    return counts


def _raws(rejected: Sequence[Rejected]) -> list[RejectedRaw]:
    """Rejected messages as the log keeps them: cut, and cut short where a flood of them would
    make one frame too large."""
    groups = model.grouped(rejected)
    total = sum(min(len(entry.raw), model.MOST_RAW) for entry in groups)
    most = model.MOST_RAW if total <= model.MOST_RAWS else model.LEAST_RAW
    return [
        RejectedRaw(entry.reason, entry.where, entry.count, len(entry.raw), entry.raw[:most])
        for entry in groups
    ]
