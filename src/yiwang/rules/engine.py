"""The rule engine: takes batches of observations, says which findings change.

Pure: no clock, no database. Its state can be saved and loaded; a saved engine judges on as if
nothing had happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from yiwang.contracts.observations import ObservationBatch
from yiwang.contracts.ports import Channel
from yiwang.rules import building, saving
from yiwang.rules.building import Judged, Loaded
from yiwang.rules.kinds import ComputedTrack, SilenceTrack
from yiwang.rules.retained import Retained, Rows
from yiwang.rules.state import NEVER
from yiwang.rules.track import Change, Prepared, Track
from yiwang.rules.wiring import Wiring

FOLD_ROWS = 100_000
"""Rows kept before the bases of the subjects follow and old rows are forgotten."""


@dataclass(frozen=True)
class Emitted:
    """Values of computed properties: columns of one length. ``pack``: whose they are."""

    datastream: Any
    time: Any
    value: Any
    pack: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Judgement:
    """What a batch led to. ``changes`` are in the order in which they are to be told:
    by time, raised before cleared before withdrawn."""

    changes: tuple[Change, ...] = ()
    computed: Emitted = field(
        default_factory=lambda: Emitted(
            np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64)
        )
    )


_RANK = {"raised": 0, "cleared": 1, "revised": 2, "withdrawn": 3}


class Engine:
    """``loaded``: the packs' rules; ``channels``: all datastreams; ``attributes``: place →
    attribute → value."""

    def __init__(
        self,
        loaded: Sequence[Loaded],
        channels: Sequence[Channel],
        attributes: Mapping[int, Mapping[str, Any]] | None = None,
        fold_rows: int = FOLD_ROWS,
    ) -> None:
        width = max((channel.datastream for channel in channels), default=0) + 1
        self.retained = Retained(width)
        self.judged: dict[str, Judged] = building.build(
            loaded, channels, attributes or {}, self.retained
        )
        self.watermark = NEVER
        self._watched = np.zeros(width, np.bool_)
        for item in self.judged.values():
            self._watched[item.track.wiring.datastreams] = True
        self._fold_rows = fold_rows
        self._fold_at = fold_rows

    def tracks(self) -> list[tuple[str, Track]]:
        return [(key, item.track) for key, item in self.judged.items()]

    def wiring(self, key: str) -> Wiring:
        """The subjects of a rule, by ``pack/rule``."""
        return self.judged[key].track.wiring

    @property
    def too_late(self) -> int:
        """Rows that came later than their rule's bound and were not judged by it."""
        return sum(item.track.too_late for item in self.judged.values())

    def judge(self, batch: ObservationBatch) -> Judgement:
        """Judge one batch. Batches come in the order of the log."""
        if not len(batch):
            return Judgement()
        self._pass(int(batch.time.max()))
        prepared = self._prepare(batch)
        changes: list[Change] = []
        if prepared is not None:
            self.retained.add(prepared.rows)
            for item in self.judged.values():
                told = item.track.judge(prepared)
                changes += item.nearby.update(told) if item.nearby and told else told
        changes += self._expire()
        self.reach()
        if self.retained.size >= self._fold_at:
            self.fold()
        return Judgement(_ordered(changes), self._emitted())

    def advance(self, now: int) -> Judgement:
        """Event time has reached ``now`` though nothing was observed: silences may begin."""
        if now <= self.watermark:
            return Judgement()
        self._pass(now)
        return Judgement(_ordered(self._expire()))

    def fold(self) -> None:
        """Let the bases follow and forget rows that nothing can need any more."""
        width = self.retained.width
        cut = np.full(width, np.iinfo(np.int64).max)
        keep_last = np.zeros(width, np.bool_)
        for item in self.judged.values():
            item.track.fold()
            item.track.needs(cut, keep_last)
            if item.nearby:
                item.nearby.fold()
        self.retained.prune(cut, keep_last)
        kept = self.retained.all()
        for item in self.judged.values():
            item.track.forget(kept)
        self._fold_at = max(2 * self.retained.size, self._fold_rows)

    def save(self) -> bytes:
        """The state as bytes (NumPy arrays and JSON; nothing that could run)."""
        return saving.dump(self)

    def load(self, content: bytes) -> set[str]:
        """Take over saved state for the rules and subjects that are still what they were;
        returns the keys of the rules that were taken over."""
        return saving.restore(self, content)

    def reach(self) -> None:
        """Tell the rules that look at several subjects how far all are."""
        for item in self.judged.values():
            if item.nearby:
                item.nearby.reach(self.watermark)

    def _pass(self, instant: int) -> None:
        self.watermark = max(self.watermark, instant)
        for item in self.judged.values():
            item.track.program.watermark = self.watermark

    def _prepare(self, batch: ObservationBatch) -> Prepared | None:
        inside = batch.datastream < len(self._watched)
        watched = self._watched[np.where(inside, batch.datastream, 0)] & inside
        index = np.flatnonzero(watched)
        if not len(index):
            return None
        datastream, time = batch.datastream, batch.time
        if len(index) < len(watched):
            datastream, time = datastream[index], time[index]
        ordered = bool((time[1:] >= time[:-1]).all())
        low = int(time.min())
        span = int(time.max()) - low
        if (int(datastream.max()) + 1) * (span + 1) < 2**62:
            keys = datastream * (span + 1) + (time - low)
            order = np.argsort(keys)
            keys = keys[order]
            ties = bool((keys[1:] == keys[:-1]).any())
        else:
            order = np.lexsort((time, datastream))
            same = np.diff(datastream[order]) == 0
            ties = bool((same & (np.diff(time[order]) == 0)).any())
        source = index[order]
        rows = Rows(datastream[order], time[order], batch.result[source], batch.first + source)
        return Prepared(rows, ties, ordered, span)

    def _expire(self) -> list[Change]:
        changes: list[Change] = []
        for item in self.judged.values():
            if isinstance(item.track, SilenceTrack):
                changes += item.track.expire()
        return changes

    def _emitted(self) -> Emitted:
        parts: list[tuple[Any, Any, Any]] = []
        packs: list[str] = []
        for item in self.judged.values():
            if isinstance(item.track, ComputedTrack):
                for part in item.track.emitted:
                    parts.append(part)
                    packs += [item.pack] * len(part[0])
                item.track.emitted = []
        if not parts:
            return Judgement().computed
        datastream, time, value = (np.concatenate(column) for column in zip(*parts, strict=True))
        return Emitted(datastream, time, value, tuple(packs))

    def rows(self) -> Rows:
        """Everything retained, for saving."""
        return self.retained.all()

    def keep(self, rows: Rows) -> None:
        """Retain saved rows of datastreams that are still watched."""
        inside = rows.datastream < len(self._watched)
        rows = rows.take(np.flatnonzero(inside))
        self.retained.add(rows.take(np.flatnonzero(self._watched[rows.datastream])))


def _ordered(changes: list[Change]) -> tuple[Change, ...]:
    def moment(change: Change) -> tuple[Any, ...]:
        at = change.cleared_at if change.what == "cleared" else change.raised_at
        return (at or 0, _RANK[change.what], change.rule, change.subject, change.raised_at)

    return tuple(sorted(changes, key=moment))
