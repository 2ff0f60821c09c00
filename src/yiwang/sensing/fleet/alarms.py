"""Which devices are in trouble now: what each sweep of the watch finds, and raises or clears."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import select

from yiwang.contracts.observations import Ints
from yiwang.kernel import clock as time
from yiwang.security.actions import Caller, Context, query
from yiwang.sensing.fleet import limits as figures
from yiwang.sensing.fleet import model, roster, troubles
from yiwang.sensing.fleet.limits import Dated, Limits
from yiwang.sensing.fleet.roster import Devices, Words
from yiwang.sensing.fleet.tables import device_troubles
from yiwang.sensing.fleet.troubles import New
from yiwang.sensing.fleet.watch import Watch
from yiwang.sensing.health import Condition, Index
from yiwang.sensing.store import fetch

_SILENT = 1
MOST_AT_ONCE = 2000
"""Troubles raised in one transaction; the next sweep goes on."""


@query("sensing.roster", permission="sensing.read")
def all_devices(ctx: Context) -> Devices:
    """Every device as dense arrays, for the watch."""
    return roster.devices(ctx)


class Alarms:
    """Called after each sweep. What is open is read once and kept, with what it raises."""

    def __init__(self, dated: Dated) -> None:
        self._dated = dated
        self._open: dict[str, dict[int, int]] | None = None
        """Sort of trouble → thing → number."""
        self._outages: dict[str, int] = {}
        """Subject → number."""
        self._skewed: dict[int, int] = {}
        """Thing → since when its clock has been wrong."""

    def __call__(self, watch: Watch) -> None:
        caller = watch.caller
        now = caller.clock.now()
        assert watch.index is not None and watch.condition is not None
        if self._open is None:
            self._load(caller)
        limits = figures.on(self._dated, _day(now))
        index, state = watch.index, watch.recorded.of(watch.index.thing)
        self._heard(caller, index, state[0])
        self._silence(caller, index, state[0], state[1], now, limits)
        self._clocks(caller, index, watch.condition, now, limits)

    def forget(self) -> None:
        """Troubles were raised or cleared by others."""
        self._open = None

    def _load(self, caller: Caller) -> None:
        columns = (device_troubles.c.trouble, device_troubles.c.thing, device_troubles.c.id)
        chosen = select(*columns, device_troubles.c.subject)
        self._open, self._outages = {sort: {} for sort in troubles.TROUBLES}, {}
        with caller.database.read() as connection:
            rows = fetch(connection, chosen.where(device_troubles.c.cleared_at.is_(None)))
        for sort, thing, number, subject in rows:
            if sort == "outage":
                self._outages[subject] = number
            else:
                self._open.setdefault(sort, {})[thing] = number

    def _of(self, sort: str) -> dict[int, int]:
        assert self._open is not None
        return self._open[sort]

    # Silence

    def _heard(self, caller: Caller, index: Index, state: Ints) -> None:
        """Clear the silence of those that are heard again, and of those that are gone."""
        held = self._of("silence")
        if not held:
            return
        there = dict(zip(index.thing.tolist(), state.tolist(), strict=True))
        again = [thing for thing in held if there.get(thing) == 0]
        gone = [thing for thing in held if thing not in there]
        self._clear(caller, "silence", again, "heard")
        self._clear(caller, "silence", gone, "retired")
        if (again or gone) and self._outages:
            self._ended(caller)

    def _ended(self, caller: Caller) -> None:
        """An outage is over when half of its devices are heard again."""
        over = False
        for subject, number in list(self._outages.items()):
            parts = select(device_troubles.c.cleared_at).where(device_troubles.c.outage == number)
            with caller.database.read() as connection:
                rows = fetch(connection, parts)
            silent = sum(1 for row in rows if row[0] is None)
            if silent * 2 <= len(rows):
                troubles.clear_troubles(caller, [number], "heard")
                del self._outages[subject]
                over = True
        if over:
            self._load(caller)

    def _silence(
        self, caller: Caller, index: Index, state: Ints, at: Ints, now: int, limits: Limits
    ) -> None:
        silent = state == _SILENT
        late = silent & (now - at >= limits.silence_grace_min * time.MINUTE)
        known = np.fromiter(self._of("silence"), np.int64)
        fresh = late & ~np.isin(index.thing, known)
        if not fresh.any():
            return
        devices = all_devices(caller)
        place = devices.places(index.thing)
        if len(place) != len(index.thing):
            return  # Devices came or went in between: the next sweep knows all of them.
        new, taken = self._gathered(index, at, fresh, silent, devices, place, limits)
        for row in np.flatnonzero(fresh & ~taken)[:MOST_AT_ONCE].tolist():
            thing = int(index.thing[row])
            values = {
                "silent_after_s": int(index.silent_after[row]) // time.SECOND,
                "last_seen": time.render(int(at[row] - index.silent_after[row])),
            }
            new.append(New(thing, "silence", int(at[row]), f"silence:{thing}", values))
        self._raise(caller, new)

    def _gathered(
        self,
        index: Index,
        at: Ints,
        fresh: Any,
        silent: Any,
        devices: Devices,
        place: Ints,
        limits: Limits,
    ) -> tuple[list[New], Any]:
        """Outages that the fresh silences are parts of, and which those are. A gateway comes
        before the network, and both before the street."""
        taken = np.zeros(len(index.thing), np.bool_)
        new: list[New] = []
        least, share = int(limits.outage_least), limits.outage_share
        for sort, member, names in _clusters(devices, place):
            found = model.clusters(fresh & ~taken, silent, member, least, share).tolist()
            going_on = [
                one
                for one in np.unique(member[fresh & ~taken & (member >= 0)]).tolist()
                if f"outage:{sort}:{names[one]}" in self._outages
            ]
            for one in sorted({*found, *going_on}):
                mine = (member == one) & (silent if one in found else fresh) & ~taken
                things = tuple(index.thing[mine].tolist())
                values = {"by": sort, "name": str(names[one])}
                subject = f"outage:{sort}:{names[one]}"
                since = int(np.median(at[mine]))
                new.append(New(things[0], "outage", since, subject, values, things))
                taken |= mine
        return new, taken

    # Clocks

    def _clocks(
        self, caller: Caller, index: Index, found: Condition, now: int, limits: Limits
    ) -> None:
        wrong = set(index.thing[found.skewed].tolist())
        self._skewed = {thing: self._skewed.get(thing, now) for thing in wrong}
        held = self._of("clock")
        after = limits.skew_after_min * time.MINUTE
        late = [
            thing
            for thing, since in self._skewed.items()
            if now - since >= after and thing not in held
        ]
        if late:
            delay = dict(zip(index.thing.tolist(), found.delay.tolist(), strict=True))
            new = [
                New(
                    thing,
                    "clock",
                    self._skewed[thing],
                    f"clock:{thing}",
                    {"ahead_s": round(-delay[thing] / time.SECOND, 1)},
                )
                for thing in sorted(late)[:MOST_AT_ONCE]
            ]
            self._raise(caller, new)
        self._clear(caller, "clock", [thing for thing in held if thing not in wrong], "steady")

    # What is done

    def _raise(self, caller: Caller, new: list[New]) -> None:
        if not new:
            return
        numbers = troubles.raise_troubles(caller, new)
        for one in new:
            if one.trouble == "outage":
                self._outages[one.subject] = numbers[one.subject]
            else:
                self._of(one.trouble)[one.thing] = numbers[one.subject]
            for thing in one.things:
                self._of("silence")[thing] = numbers[f"silence:{thing}"]

    def _clear(self, caller: Caller, sort: str, things: Iterable[int], why: str) -> None:
        held = self._of(sort)
        numbers = [held.pop(thing) for thing in things]
        if numbers:
            troubles.clear_troubles(caller, numbers, why)


def _clusters(devices: Devices, place: Ints) -> list[tuple[str, Ints, Any]]:
    """What may fail as a whole: its sort, the cluster of each device (-1: none), and names."""
    found: list[tuple[str, Ints, Any]] = []
    for sort, words in (("gateway", devices.gateway), ("network", devices.network)):
        found.append((sort, _named(words, place), words.names))
    street = devices.street[place]
    names, member = np.unique(street, return_inverse=True)
    found.append(("street", np.where(street > 0, member, -1), names.tolist()))
    return found


def _named(words: Words, place: Ints) -> Ints:
    code = words.code[place]
    empty = words.names.index("") if "" in words.names else -1
    return np.where(code == empty, -1, code)


def _day(now: int) -> date:
    return time.to_datetime(now).date()
