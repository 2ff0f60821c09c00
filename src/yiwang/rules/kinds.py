"""The kinds of rules: a condition with duration and hysteresis, silence, computed properties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from yiwang.rules.frames import Instants
from yiwang.rules.retained import Retained
from yiwang.rules.state import NEVER
from yiwang.rules.terms import Expression
from yiwang.rules.track import Change, Program, Track
from yiwang.rules.values import Value
from yiwang.rules.wiring import Wiring


class ConditionTrack(Track):
    """``when`` held for ``held`` raises; the clearing condition held for ``clears_for`` clears.

    The clearing condition counts only where ``when`` is not true, so no instant both raises
    and clears, and each subject is a latch: its state is the newest of its ready signals.
    """

    def __init__(
        self,
        program: Program,
        wiring: Wiring,
        retained: Retained,
        when: Expression,
        clears_when: Expression | None,
        held: int,
        clears_for: int,
        shown: Sequence[str],
    ) -> None:
        super().__init__(program, wiring, retained)
        self._when = when
        self._clears = clears_when
        self._held = held
        self._clears_for = clears_for
        self._shown = shown
        self._touched = np.zeros(len(wiring.ids), np.bool_)

    def evaluate(self, instants: Instants, since: Any = None) -> None:
        head, subject, count = self.head, instants.subject, len(instants)
        when = self._when.evaluate(instants)
        holds = np.broadcast_to(when.true, count)
        active = head.raised[subject] | (head.when_since[subject] != NEVER)
        if holds.any():
            touched = subject[holds]
            self._touched[touched] = True
            active |= self._touched[subject]
            self._touched[touched] = False
        if active.all():
            self._latch(instants, when, instants, np.arange(count))
        elif active.any():
            index = np.flatnonzero(active)
            part = Value(
                np.broadcast_to(when.data, count)[index], np.broadcast_to(when.valid, count)[index]
            )
            self._latch(instants.take(index), part, instants, index)
        head.last[subject] = instants.time
        for slot in range(len(instants.values)):
            head.value[slot][subject] = instants.values[slot]
            head.time[slot][subject] = instants.times[slot]
            if slot in self.program.unchanged:
                head.since[slot][subject] = instants.sinces[slot]

    def _latch(self, part: Instants, when: Value, whole: Instants, index: Any) -> None:
        """Work out raises and clears of the subjects in ``part``, which are instants
        ``index`` of ``whole``."""
        head, subject, time, count = self.head, part.subject, part.time, len(part)
        first = np.ones(count, np.bool_)
        first[1:] = subject[1:] != subject[:-1]
        holds = np.broadcast_to(when.true, count)
        clear = when.false if self._clears is None else self._clears.evaluate(part).true
        eases = np.broadcast_to(clear, count) & ~holds
        when_since = _since(holds, first, time, head.when_since[subject])
        clear_since = _since(eases, first, time, head.clear_since[subject])
        rises = holds & (time - when_since >= self._held)
        falls = eases & (time - clear_since >= self._clears_for)
        up = _latched(rises, falls, first, head.raised[subject])
        was = np.empty(count, np.bool_)
        was[1:] = up[:-1]
        was[first] = head.raised[subject[first]]
        raises, clears = rises & ~was, falls & was
        for at in np.flatnonzero(raises | clears).tolist():
            number = int(subject[at])
            if raises[at]:
                self.opened(
                    number, int(when_since[at]) + self._held, self._values(whole, index[at])
                )
            else:
                self.closed(number, int(clear_since[at]) + self._clears_for)
        head.raised_at[subject[raises]] = when_since[raises] + self._held
        head.raised[subject] = up
        head.when_since[subject] = np.where(holds, when_since, NEVER)
        head.clear_since[subject] = np.where(eases, clear_since, NEVER)

    def _values(self, instants: Instants, at: int) -> dict[str, Any]:
        """What was seen when a finding was raised: properties and the names of ``let``."""
        seen: dict[str, Any] = {
            name: _plain(instants.values[slot][at])
            for name, slot in instants.settings.slots.items()
        }
        for name in self._shown:
            value = instants.cache.get(name)
            if value is not None:
                seen[name] = _plain(_at(value.data, at)) if _at(value.valid, at) else None
        return seen


class SilenceTrack(Track):
    """Raises when a subject has been quiet for longer than ``after``; its next row clears."""

    def __init__(self, program: Program, wiring: Wiring, retained: Retained, after: int) -> None:
        super().__init__(program, wiring, retained)
        self._after = after

    def evaluate(self, instants: Instants, since: Any = None) -> None:
        head, subject, time = self.head, instants.subject, instants.time
        first = np.ones(len(time), np.bool_)
        first[1:] = subject[1:] != subject[:-1]
        before = np.empty(len(time), np.int64)
        before[1:] = time[:-1]
        before[first] = head.last[subject[first]]
        quiet = (before != NEVER) & (time - before > self._after)
        up = first & head.raised[subject]
        for at in np.flatnonzero(quiet | up).tolist():
            number = int(subject[at])
            if not quiet[at]:
                self.dropped(number)
                continue
            if not up[at]:
                self.opened(number, int(before[at]) + self._after, {})
            self.closed(number, int(time[at]))
        head.raised[subject] = False
        head.last[subject] = time

    def expire(self) -> list[Change]:
        """Raise for every subject whose silence the watermark has passed."""
        self._expire(slice(None))
        return self._told()

    def settle(self, subjects: Any) -> None:
        self._expire(subjects)

    def fold(self) -> None:
        """A silence that is still open is decided by time alone: a base knows nothing of it."""
        super().fold()
        self.kept.raised[:] = False

    def _expire(self, subjects: Any) -> None:
        head = self.head
        last = head.last[subjects]
        passed = self.program.watermark - self._after
        due = np.flatnonzero((last < passed) & (last != NEVER) & ~head.raised[subjects])
        if not len(due):
            return
        numbers = due if isinstance(subjects, slice) else subjects[due]
        head.raised[numbers] = True
        head.raised_at[numbers] = head.last[numbers] + self._after
        for number in numbers.tolist():
            self.opened(number, int(head.raised_at[number]), {})


class ComputedTrack(Track):
    """Works out properties of a thing from its others and emits them as observations."""

    def __init__(
        self,
        program: Program,
        wiring: Wiring,
        retained: Retained,
        outputs: Sequence[tuple[Expression, Any]],
    ) -> None:
        super().__init__(program, wiring, retained)
        self._outputs = outputs
        self.emitted: list[tuple[Any, Any, Any]] = []

    def evaluate(self, instants: Instants, since: Any = None) -> None:
        head, subject, count = self.head, instants.subject, len(instants)
        fresh = np.ones(count, np.bool_) if since is None else instants.time >= since[subject]
        for expression, target in self._outputs:
            value = expression.evaluate(instants)
            datastream = target[subject]
            rows = np.flatnonzero(np.broadcast_to(value.valid, count) & fresh & (datastream > 0))
            if len(rows):
                data = np.broadcast_to(value.data, count)[rows].astype(np.float64)
                self.emitted.append((datastream[rows], instants.time[rows], data))
        head.last[subject] = instants.time
        for slot in range(len(instants.values)):
            head.value[slot][subject] = instants.values[slot]
            head.time[slot][subject] = instants.times[slot]
            if slot in self.program.unchanged:
                head.since[slot][subject] = instants.sinces[slot]


def _since(holds: Any, first: Any, time: Any, carried: Any) -> Any:
    """Where ``holds``: when its running stretch began, which may be before this batch."""
    begins = holds.copy()
    begins[1:] &= first[1:] | ~holds[:-1]
    start = np.where(first & (carried != NEVER), carried, time)
    newest = np.maximum.accumulate(np.where(begins, np.arange(len(time)), 0))
    return start[newest]


def _latched(rises: Any, falls: Any, first: Any, carried: Any) -> Any:
    """The state after each instant: up after a rise, down after a fall, else as before."""
    positions = np.arange(len(first))
    newest = np.maximum.accumulate(np.where(rises | falls | first, positions, 0))
    told = (rises | falls)[newest]
    return np.where(told, rises[newest], carried)


def _at(column: Any, index: int) -> Any:
    """One of a column, which may be a single value for all."""
    return column[index] if np.ndim(column) else column


def _plain(number: Any) -> Any:
    if isinstance(number, (np.bool_, bool)):
        return bool(number)
    if isinstance(number, (np.str_, str)):
        return str(number)
    value = float(number)
    return None if np.isnan(value) else value
