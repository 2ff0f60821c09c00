"""k of n nearby: a condition counts only when it is up at several subjects close together.

Looks at the flips of the condition alone: raised at the first flip at which, within
``within``, at least ``count`` of the subjects in the radius (itself among them) had it up;
cleared when the subject's own condition clears.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from yiwang.rules.spec import Nearby
from yiwang.rules.state import NEVER
from yiwang.rules.track import Change, Episode, Track, difference

_METRES_PER_DEGREE = 111_320.0


class NearbyFindings:
    """Turns the changes of a track's condition into findings of the rule."""

    def __init__(self, track: Track, nearby: Nearby) -> None:
        self._track = track
        self._nearby = nearby
        self._neighbours = neighbours(track.wiring.lon, track.wiring.lat, nearby.radius_m)
        self._horizon = NEVER
        self.conditions: dict[int, list[Episode]] = {}
        self.findings: dict[int, list[Episode]] = {}

    def update(self, changes: Sequence[Change]) -> list[Change]:
        touched = sorted({change.subject for change in changes})
        for change in changes:
            self._apply(change)
        affected: set[int] = set()
        for subject in touched:
            affected.add(subject)
            affected.update(self._neighbours.get(subject, ()))
        result: list[Change] = []
        for subject in sorted(affected):
            before = self.findings.get(subject, [])
            after = self._found(subject, before)
            if after or before:
                self.findings[subject] = after
                result += difference(self._track, subject, before, after)
        return result

    def _apply(self, change: Change) -> None:
        known = self.conditions.setdefault(change.subject, [])
        kept = [episode for episode in known if episode.raised != change.raised_at]
        if change.what != "withdrawn":
            kept.append(Episode(change.raised_at, change.cleared_at, change.values))
        self.conditions[change.subject] = sorted(kept, key=lambda episode: episode.raised)

    def _found(self, subject: int, before: Sequence[Episode]) -> list[Episode]:
        members = {subject, *self._neighbours.get(subject, ())}
        spans = [span for member in sorted(members) for span in self.conditions.get(member, [])]
        flips = sorted({span.raised for span in spans})
        found = []
        for own in self.conditions.get(subject, []):
            settled = [
                old
                for old in before
                if own.raised <= old.raised < self._horizon
                and (own.cleared is None or old.raised < own.cleared)
            ]
            if settled:
                found.append(Episode(settled[0].raised, own.cleared, settled[0].values))
                continue
            raised = self._completed(own, flips, members)
            if raised is not None:
                values = {**own.values, "nearby": self._up(members, raised)}
                found.append(Episode(raised, own.cleared, values))
        return found

    def _completed(self, own: Episode, flips: Sequence[int], members: set[int]) -> int | None:
        for flip in flips:
            ended = own.cleared is not None and flip >= own.cleared
            if flip >= own.raised and not ended and self._up(members, flip) >= self._nearby.count:
                return flip
        return None

    def _up(self, members: set[int], at: int) -> int:
        """How many members had the condition up within ``within`` before ``at``."""
        begin = at - self._nearby.within
        return sum(
            any(
                span.raised <= at and (span.cleared is None or span.cleared > begin)
                for span in self.conditions.get(member, ())
            )
            for member in members
        )

    def reach(self, watermark: int) -> None:
        """A batch was judged whole up to ``watermark``: what is older than the bound is
        settled for the next one."""
        self._horizon = watermark - self._track.program.lateness

    def fold(self) -> None:
        """Forget what is too old to count for anything that may still come."""
        horizon = self._horizon - self._nearby.within
        for kept in (self.conditions, self.findings):
            for subject in list(kept):
                left = [
                    episode
                    for episode in kept[subject]
                    if episode.cleared is None or episode.cleared > horizon
                ]
                if left:
                    kept[subject] = left
                else:
                    del kept[subject]


def neighbours(lon: Any, lat: Any, radius: float) -> dict[int, tuple[int, ...]]:
    """Subject → the others within ``radius`` metres; subjects without a position have none."""
    known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
    if not len(known):
        return {}
    scale = np.cos(np.radians(float(np.mean(lat[known]))))
    x = lon[known] * _METRES_PER_DEGREE * scale
    y = lat[known] * _METRES_PER_DEGREE
    cells: dict[tuple[int, int], list[int]] = {}
    columns = np.floor(x / radius).astype(int)
    lines = np.floor(y / radius).astype(int)
    for index, cell in enumerate(zip(columns.tolist(), lines.tolist(), strict=True)):
        cells.setdefault(cell, []).append(index)
    found: dict[int, tuple[int, ...]] = {}
    for (column, line), inside in cells.items():
        around = np.array(
            [
                other
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
                for other in cells.get((column + i, line + j), ())
            ]
        )
        for index in inside:
            near = np.hypot(x[around] - x[index], y[around] - y[index]) <= radius
            others = sorted(int(known[other]) for other in around[near] if other != index)
            if others:
                found[int(known[index])] = tuple(others)
    return found
