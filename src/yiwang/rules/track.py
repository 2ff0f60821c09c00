"""A track follows the subjects of one rule through the stream.

Rows in order advance the state at once. A late row takes the subject back to its base, a
state older than the lateness bound, and judges its recent rows again; what then differs from
what was said before is the revision.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from yiwang.rules.frames import Instants, Settings, merged, single
from yiwang.rules.retained import Retained, Rows
from yiwang.rules.state import NEVER, State
from yiwang.rules.windows import Series, newest_before, order, running_max
from yiwang.rules.wiring import Wiring


@dataclass
class Episode:
    """A stretch in which a condition was up; ``cleared`` None while it is."""

    raised: int
    cleared: int | None
    values: dict[str, Any]

    def copy(self) -> Episode:
        return Episode(self.raised, self.cleared, self.values)


@dataclass(frozen=True)
class Change:
    """What a batch changed. ``what``: raised, cleared, revised (the same finding, other end or
    other values) or withdrawn. ``subject`` is the subject's position in the track."""

    rule: str
    subject: int
    what: str
    raised_at: int
    cleared_at: int | None
    values: dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """A batch's watched rows, sorted by datastream and time. ``ties``: some datastream has two
    rows of one time; ``ordered``: they arrived in the order of time."""

    rows: Rows
    ties: bool
    ordered: bool
    span: int


@dataclass
class Program:
    """What every kind of track is given about its rule."""

    key: str
    fingerprint: str
    settings: Settings
    lateness: int
    windows: dict[int, int]
    """Slot → longest window over it."""
    unchanged: tuple[int, ...] = ()
    watermark: int = field(default=NEVER)


class Track:
    """Base of the kinds of rules: order, lateness, generations of state."""

    def __init__(self, program: Program, wiring: Wiring, retained: Retained) -> None:
        self.program = program
        self.wiring = wiring
        self.retained = retained
        self.excluded = np.empty(0, np.int64)
        """Numbers of rows that came too late: they are no part of what this rule judges."""
        count, slots = len(wiring.ids), len(program.settings.slots)
        self.head = State(count, slots)
        self.kept = State(count, slots)
        self.base = State(count, slots)
        self.episodes: dict[int, list[Episode]] = {}
        self.too_late = 0
        self._mark = np.zeros(count, np.bool_)
        self._events: list[tuple[int, str, Episode]] = []

    # what a kind of rule decides

    def evaluate(self, instants: Instants, since: Any = None) -> None:
        """Advance ``head`` over the instants. ``since``: time per subject from which results
        are new, None when all are."""
        raise NotImplementedError

    def settle(self, subjects: Any) -> None:
        """After a re-evaluation: what time alone decides."""

    # the way of a batch

    def judge(self, batch: Prepared) -> list[Change]:
        rows, subject = self._mine(batch.rows)
        if not len(subject):
            return []
        late = self._too_late(batch, rows, subject)
        if late is not None:
            rows, subject = rows.take(~late), subject[~late]
        behind = rows.time <= self.head.last[subject]
        changes: list[Change] = []
        if behind.any():
            slow, oldest = self._oldest(subject[behind], rows.time[behind])
            self._mark[slow] = True
            quick = ~self._mark[subject]
            self._mark[slow] = False
            changes = self._again(slow, oldest)
            rows, subject = rows.take(quick), subject[quick]
        if len(subject):
            self.evaluate(self._instants(rows, subject, batch.ties))
            changes += self._told()
        return changes

    def _mine(self, rows: Rows) -> tuple[Rows, Any]:
        known = self.wiring.subject_of
        if len(rows) and int(rows.datastream[-1]) >= len(known):
            rows = rows.take(np.flatnonzero(rows.datastream < len(known)))
        subject = known[rows.datastream]
        mine = subject >= 0
        if mine.all():
            return rows, subject
        index = np.flatnonzero(mine)
        return rows.take(index), subject[index]

    def _instants(self, rows: Rows, subject: Any, ties: bool) -> Instants:
        program = self.program
        if self.wiring.exact and not ties and len(program.settings.slots) == 1:
            return single(
                program.settings,
                self.head,
                subject,
                rows.time,
                rows.value,
                bool(program.unchanged),
                self._history(subject, rows.time),
            )
        slot = self.wiring.slot_of[rows.datastream]
        return merged(
            program.settings,
            self.head,
            subject,
            slot,
            rows.time,
            rows.value,
            program.unchanged,
            self._history(subject, rows.time),
        )

    def _too_late(self, batch: Prepared, rows: Rows, subject: Any) -> Any:
        """Mask of rows that came later than the bound allows, None when there are none. What
        counts is how far the subject had come when the row arrived, wherever batches are cut."""
        bound = self.program.lateness
        late = rows.time < self.head.last[subject] - bound
        if not batch.ordered and batch.span > bound:
            came = np.lexsort((rows.number, subject))
            time = rows.time[came]
            late[came] |= time < running_max(subject[came], time) - bound
        if not late.any():
            return None
        self.too_late += int(late.sum())
        self.excluded = np.concatenate([self.excluded, rows.number[late]])
        return late

    @staticmethod
    def _oldest(subject: Any, time: Any) -> tuple[Any, Any]:
        sorting = np.lexsort((time, subject))
        subject, time = subject[sorting], time[sorting]
        first = np.append(True, subject[1:] != subject[:-1])
        return subject[first], time[first]

    # late rows

    def _again(self, slow: Any, oldest: Any) -> list[Change]:
        """Judge the subjects ``slow`` again from their base; what changed."""
        before: dict[int, list[Episode]] = {}
        for subject in slow.tolist():
            known = self.episodes.get(subject, [])
            before[subject] = [episode.copy() for episode in known]
            self.episodes[subject] = self._settled(subject, known)
        self.head.copy(self.base, slow)
        self.kept.copy(self.base, slow)
        rows = self._recent(slow)
        since = np.full(len(self._mark), NEVER, np.int64)
        since[slow] = oldest
        subject = self.wiring.subject_of[rows.datastream]
        self.evaluate(self._instants(rows, subject, True), since)
        self.settle(slow)
        self._events = []
        changes: list[Change] = []
        for number in slow.tolist():
            changes += self._difference(number, before[number], self.episodes[number])
        return changes

    def _settled(self, subject: int, known: list[Episode]) -> list[Episode]:
        """The subject's episodes as they stood at its base."""
        horizon = int(self.base.last[subject])
        carried = bool(self.base.raised[subject])
        settled = []
        for episode in known:
            opened = carried and episode.raised == int(self.base.raised_at[subject])
            if episode.raised <= horizon or opened:
                cleared = None if opened else episode.cleared
                settled.append(Episode(episode.raised, cleared, episode.values))
        return settled

    def _recent(self, subjects: Any) -> Rows:
        """The retained rows of some subjects after their base, sorted by datastream."""
        rows = self._kept_rows(subjects)
        horizon = self.base.last[self.wiring.subject_of[rows.datastream]]
        return rows.take(np.flatnonzero(rows.time > horizon))

    def _kept_rows(self, subjects: Any) -> Rows:
        wiring = self.wiring
        self._mark[subjects] = True
        feeding = wiring.datastreams[self._mark[wiring.subject_of[wiring.datastreams]]]
        self._mark[subjects] = False
        rows = self.retained.of(feeding)
        if len(self.excluded):
            rows = rows.take(np.flatnonzero(~np.isin(rows.number, self.excluded)))
        return rows

    def _history(self, subject: Any, time: Any) -> Any:
        """Gives the series of a slot for the subjects, gathered when first asked for."""
        gathered: dict[int, Series] = {}

        def series(slot: int) -> Series:
            if not gathered:
                rows = self._kept_rows(subject)
                begins = np.full(len(self._mark), np.iinfo(np.int64).max)
                np.minimum.at(begins, subject, time)
                for wanted, span in self.program.windows.items():
                    gathered[wanted] = self._series(rows, wanted, begins - span)
            return gathered[slot]

        return series

    def _series(self, rows: Rows, slot: int, cut: Any) -> Series:
        """The numbers of a slot after ``cut`` (by subject), and the last before it."""
        mine = (self.wiring.slot_of[rows.datastream] == slot) & ~np.isnan(rows.value)
        index = np.flatnonzero(mine)
        subject, time = self.wiring.subject_of[rows.datastream[index]], rows.time[index]
        kept = newest_before(subject, time, cut)
        subject, time, value = subject[kept], time[kept], rows.value[index[kept]]
        if not len(kept):
            return Series(subject, time, value)
        sorting = order(subject, time)
        subject, time, value = subject[sorting], time[sorting], value[sorting]
        first = np.ones(len(time), np.bool_)
        first[1:] = (subject[1:] != subject[:-1]) | (time[1:] != time[:-1])
        at = np.flatnonzero(first)
        return Series(subject[at], time[at], np.maximum.reduceat(value, at))

    # saying what changed

    def opened(self, subject: int, raised: int, values: dict[str, Any]) -> None:
        episode = Episode(raised, None, values)
        self.episodes.setdefault(subject, []).append(episode)
        self._events.append((subject, "raised", episode))

    def closed(self, subject: int, cleared: int) -> None:
        episode = self.episodes[subject][-1]
        episode.cleared = cleared
        self._events.append((subject, "cleared", episode))

    def dropped(self, subject: int) -> None:
        """Take back the open episode of a subject."""
        episode = self.episodes[subject].pop()
        self._events.append((subject, "withdrawn", episode))

    def _told(self) -> list[Change]:
        changes = [
            self.change(subject, what, episode, episode.cleared if what == "cleared" else None)
            for subject, what, episode in self._events
        ]
        self._events = []
        return changes

    def change(self, subject: int, what: str, episode: Episode, cleared: int | None) -> Change:
        return Change(self.program.key, subject, what, episode.raised, cleared, episode.values)

    def _difference(
        self, subject: int, before: list[Episode], after: list[Episode]
    ) -> Iterable[Change]:
        return difference(self, subject, before, after)

    # generations

    def fold(self) -> None:
        """Let the base follow: a state from before the lateness bound is as good as final."""
        done = np.flatnonzero(self.kept.last < self.head.last - self.program.lateness)
        self.base.copy(self.kept, done)
        self.kept.copy(self.head, done)
        for subject in list(self.episodes):
            horizon = int(self.base.last[subject])
            left = [
                episode
                for episode in self.episodes[subject]
                if episode.cleared is None or episode.cleared > horizon
            ]
            if left:
                self.episodes[subject] = left
            else:
                del self.episodes[subject]

    def forget(self, kept: Rows) -> None:
        """Only ``kept`` rows are left: rows that came too late and are gone need no mark."""
        if len(self.excluded):
            self.excluded = self.excluded[np.isin(self.excluded, kept.number)]

    def needs(self, cut: Any, keep_last: Any) -> None:
        """Lower ``cut`` and set ``keep_last`` (both by datastream) to what this track may
        still read."""
        wiring = self.wiring
        horizon = self.base.last[wiring.subject_of[wiring.datastreams]]
        slots = wiring.slot_of[wiring.datastreams]
        for slot, span in self.program.windows.items():
            windowed = slots == slot
            horizon = np.where(windowed, horizon - span, horizon)
            keep_last[wiring.datastreams[windowed]] = True
        cut[wiring.datastreams] = np.minimum(cut[wiring.datastreams], horizon)


def difference(
    track: Track, subject: int, before: list[Episode], after: list[Episode]
) -> list[Change]:
    """How the findings of a subject change when its episodes do."""
    changes: list[Change] = []
    old = {episode.raised: episode for episode in before}
    new = {episode.raised: episode for episode in after}
    for raised, episode in new.items():
        known = old.get(raised)
        if known is None:
            changes.append(track.change(subject, "raised", episode, None))
            if episode.cleared is not None:
                changes.append(track.change(subject, "cleared", episode, episode.cleared))
        elif known.cleared is None and episode.cleared is not None:
            changes.append(track.change(subject, "cleared", episode, episode.cleared))
        elif known.cleared != episode.cleared or known.values != episode.values:
            changes.append(track.change(subject, "revised", episode, episode.cleared))
    for raised, episode in old.items():
        if raised not in new:
            changes.append(track.change(subject, "withdrawn", episode, None))
    return changes
