"""A slow, obvious evaluator of rules: the oracle for the engine.

It takes all rows at once, throws out those that came too late, and walks each subject's
observations in the order of event time with plain dictionaries.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from yiwang.contracts.ports import Channel

Time = int
Found = tuple[str, int, Time, Time | None]
"""(rule, subject id, raised, cleared)"""


class View:
    """What a condition may look at: the observations of one subject up to one instant."""

    def __init__(self, seen: dict[str, list[tuple[Time, float | None]]], now: Time, site: dict):  # type: ignore[type-arg]
        self._seen = seen
        self.now = now
        self.site = site

    def __getitem__(self, name: str) -> float | None:
        history = self._seen.get(name)
        return history[-1][1] if history else None

    def age(self, name: str) -> float | None:
        history = self._seen.get(name)
        return (self.now - history[-1][0]) / 1e6 if history else None

    def unchanged(self, name: str) -> float | None:
        history = self._seen.get(name)
        if not history or history[-1][1] is None:
            return None
        since = history[-1][0]
        for time, value in reversed(history):
            if value != history[-1][1]:
                break
            since = time
        return (self.now - since) / 1e6

    def over(self, name: str, span: Time) -> list[float]:
        history = self._seen.get(name, [])
        return [v for t, v in history if v is not None and self.now - span < t]

    def before(self, name: str, span: Time) -> tuple[Time, float] | None:
        history = self._seen.get(name, [])
        found = [(t, v) for t, v in history if v is not None and t <= self.now - span]
        return found[-1] if found else None

    def change(self, name: str, span: Time) -> float | None:
        before, now = self.before(name, span), self[name]
        return None if before is None or now is None else now - before[1]


Condition = Callable[[View], bool | None]


@dataclass(frozen=True)
class Reference:
    """One rule, with its conditions as Python."""

    name: str
    kinds: tuple[str, ...]
    per_place: bool
    lateness: Time
    uses: tuple[str, ...] = ("depth",)
    when: Condition | None = None
    clears: Condition | None = None
    held: Time = 0
    clears_for: Time = 0
    silence: Time = 0
    nearby: tuple[int, float, Time] | None = None

    def find(
        self,
        channels: Sequence[Channel],
        rows: Sequence[tuple[int, Time, float]],
        sites: dict[int, dict[str, Any]],
        watermark: Time,
    ) -> list[Found]:
        """Findings of (datastream, time, value) rows in the order of their arrival."""
        by_number = {one.datastream: one for one in channels if one.kind in self.kinds}
        last: dict[int, Time] = {}
        observed: dict[int, dict[Time, dict[str, float | None]]] = {}
        for datastream, time, number in rows:
            channel = by_number.get(datastream)
            if channel is None or channel.property not in self.uses:
                continue
            subject = channel.place if self.per_place else channel.thing
            assert subject is not None
            if time < last.get(subject, time) - self.lateness:
                continue
            last[subject] = max(time, last.get(subject, time))
            here = observed.setdefault(subject, {}).setdefault(time, {})
            value = None if math.isnan(number) else number
            known = here.get(channel.property)
            if known is None or (value is not None and value > known):
                here[channel.property] = value
        place = {
            (one.place if self.per_place else one.thing): one.place for one in by_number.values()
        }
        episodes = {
            subject: self._silences(sorted(instants), watermark)
            if self.silence
            else self._episodes(instants, sites.get(place[subject] or 0, {}))
            for subject, instants in observed.items()
        }
        if self.nearby:
            episodes = self._together(episodes, channels)
        return sorted(
            ((self.name, subject, *one) for subject, ones in episodes.items() for one in ones),
            key=str,
        )

    def _episodes(
        self, instants: dict[Time, dict[str, float | None]], site: dict[str, Any]
    ) -> list[tuple[Time, Time | None]]:
        assert self.when is not None
        seen: dict[str, list[tuple[Time, float | None]]] = {}
        found: list[tuple[Time, Time | None]] = []
        up = False
        when_since: Time | None = None
        clear_since: Time | None = None
        for time in sorted(instants):
            for name, value in instants[time].items():
                seen.setdefault(name, []).append((time, value))
            view = View(seen, time, site)
            when = self.when(view)
            clear = self.clears(view) if self.clears else (None if when is None else not when)
            when_since = (time if when_since is None else when_since) if when else None
            easing = bool(clear) and not when
            clear_since = (time if clear_since is None else clear_since) if easing else None
            if not up and when_since is not None and time - when_since >= self.held:
                up = True
                found.append((when_since + self.held, None))
            elif up and clear_since is not None and time - clear_since >= self.clears_for:
                up = False
                found[-1] = (found[-1][0], clear_since + self.clears_for)
        return found

    def _silences(self, times: list[Time], watermark: Time) -> list[tuple[Time, Time | None]]:
        found: list[tuple[Time, Time | None]] = []
        for before, after in pairwise(times):
            if after - before > self.silence:
                found.append((before + self.silence, after))
        if watermark > times[-1] + self.silence:
            found.append((times[-1] + self.silence, None))
        return found

    def _together(
        self,
        conditions: dict[int, list[tuple[Time, Time | None]]],
        channels: Sequence[Channel],
    ) -> dict[int, list[tuple[Time, Time | None]]]:
        assert self.nearby is not None
        count, radius, within = self.nearby
        where = {
            (one.place if self.per_place else one.thing): one.lon or 0.0
            for one in channels
            if one.kind in self.kinds
        }
        metres = 111_320.0 * math.cos(math.radians(30.0))
        result: dict[int, list[tuple[Time, Time | None]]] = {}
        for subject, own in conditions.items():
            members = [
                other
                for other in conditions
                if abs(where[other] - where[subject]) * metres <= radius
            ]
            flips = sorted({raised for member in members for raised, _ in conditions[member]})
            for raised, cleared in own:
                for flip in flips:
                    if flip < raised or (cleared is not None and flip >= cleared):
                        continue
                    up = [
                        member
                        for member in members
                        if any(
                            r <= flip and (c is None or c > flip - within)
                            for r, c in conditions[member]
                        )
                    ]
                    if len(up) >= count:
                        result.setdefault(subject, []).append((flip, cleared))
                        break
        return result
