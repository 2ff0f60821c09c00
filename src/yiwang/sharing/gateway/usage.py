"""How much each grant has used: limits by minute and day, and what looks wrong.

Counted in memory and added to the table each second; the log of uses is the truth. Where several
processes serve one database, each keeps the limits for itself: of a day it knows what was stored
when it first gave something.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from threading import Lock
from zoneinfo import ZoneInfo

from yiwang.kernel import clock
from yiwang.security.actions import Caller, Context, action
from yiwang.sharing.gateway import alarms, store
from yiwang.sharing.gateway.errors import TooManyCalls, TooManyMisses
from yiwang.sharing.grants.model import Grant

MOST_MISSES = 100
"""Wrong claims of one grant within an hour, after which no more are answered."""
MOST_REFUSALS = 20
"""Refusals of one caller within ten minutes that are an alarm."""
_TEN_MINUTES = 10 * clock.MINUTE


@dataclass
class _Minute:
    at: int = -1
    calls: int = 0


@dataclass
class _Recent:
    """Instants of the last misses or refusals, the oldest first."""

    at: list[int] = field(default_factory=list)

    def add(self, now: int, span: int) -> int:
        self.at = [one for one in self.at if one > now - span][-1000:]
        self.at.append(now)
        return len(self.at)

    def count(self, now: int, span: int) -> int:
        return sum(one > now - span for one in self.at)


class Usage:
    """Of one process. Safe to use from several threads."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._day = (-1, "")
        """A minute, and the day in which it lies."""
        self._lock = Lock()
        self._minutes: dict[int, _Minute] = defaultdict(_Minute)
        self._days: dict[tuple[int, str], int] = {}
        self._misses: dict[int, _Recent] = defaultdict(_Recent)
        self._refusals: dict[str, _Recent] = defaultdict(_Recent)
        self._counts: dict[tuple[int, str], store.Counts] = {}
        self._alarms: list[alarms.Alarm] = []

    def day(self, at: int) -> str:
        minute, day = at // clock.MINUTE, self._day
        if day[0] != minute:
            local = clock.to_datetime(at).astimezone(self._zone)
            day = self._day = (minute, local.date().isoformat())
        return day[1]

    def admit(self, ctx: Context, grant: Grant) -> None:
        """One call more, where the grant's rate of the minute allows it. Raises TooManyCalls."""
        now, most = ctx.now // clock.MINUTE, grant.terms.per_minute
        with self._lock:
            minute = self._minutes[grant.id]
            if minute.at != now:
                minute.at, minute.calls = now, 0
            minute.calls += 1
            if minute.calls > most:
                raise TooManyCalls(most=most, span="60 s")

    def take(self, ctx: Context, grant: Grant, count: int) -> None:
        """So many rows or answers of what the grant allows today, before they are given; all of
        them or none. Raises TooManyCalls."""
        key, most = (grant.id, self.day(ctx.now)), grant.terms.per_day
        with self._lock:
            if key not in self._days:
                self._days = {one: used for one, used in self._days.items() if one[1] >= key[1]}
                self._days[key] = store.used(ctx.connection, *key)
            if self._days[key] + count > most:
                raise TooManyCalls(most=most, span=key[1])
            self._days[key] += count

    def guessing(self, ctx: Context, grant: Grant) -> None:
        """Raises TooManyMisses where too many claims were wrong."""
        with self._lock:
            if self._misses[grant.id].count(ctx.now, clock.HOUR) >= MOST_MISSES:
                raise TooManyMisses(most=MOST_MISSES)

    def used(self, at: int, grant: Grant, rows: int, checks: int = 0, misses: int = 0) -> None:
        """So many rows, or answers of yes and no, were given."""
        day = self.day(at)
        with self._lock:
            counts = self._counts.setdefault((grant.id, day), store.Counts())
            counts.calls += 1
            counts.rows += rows
            counts.checks += checks
            counts.misses += misses
            if misses and self._misses[grant.id].add(at, clock.HOUR) == MOST_MISSES:
                found = alarms.Alarm(
                    "misses", at, day, grant.organisation, grant.resource, grant.id
                )
                self._alarms.append(found)

    def refused(self, at: int, who: str, organisation: int | None, resource: int | None) -> None:
        """Somebody was refused; many within minutes are an alarm."""
        with self._lock:
            if len(self._refusals) > 10_000:
                self._refusals.clear()
            if self._refusals[who].add(at, _TEN_MINUTES) == MOST_REFUSALS:
                day = self.day(at)
                self._alarms.append(
                    alarms.Alarm("refusals", at, day, organisation, resource, None, who)
                )

    def taken(self) -> tuple[dict[tuple[int, str], store.Counts], list[alarms.Alarm]]:
        """What is to be stored, once."""
        with self._lock:
            counts, self._counts = self._counts, {}
            found, self._alarms = self._alarms, []
        return counts, found

    def back(self, counts: dict[tuple[int, str], store.Counts], found: list[alarms.Alarm]) -> None:
        """What could not be stored."""
        with self._lock:
            self._alarms[:0] = found
            for key, more in counts.items():
                self._counts.setdefault(key, store.Counts()).add(more)


def flush(caller: Caller, usage: Usage) -> int:
    """Store what was counted; leaves no trace where nothing was used."""
    counts, found = usage.taken()
    if not counts and not found:
        return 0
    try:
        return keep(caller, counts, found)
    except Exception:
        usage.back(counts, found)
        raise


@action("sharing.keep_uses", permission="sharing.operate", audit_verb="uses_kept")
def keep(
    ctx: Context, counts: dict[tuple[int, str], store.Counts], found: list[alarms.Alarm]
) -> int:
    """Add what was used to the table by day, and raise alarms; how many rows there were."""
    store.add(ctx.connection, counts)
    raised = [*found, *alarms.volumes(ctx, counts)]
    alarms.raise_all(ctx, raised)
    ctx.note("uses", grants=len(counts), alarms=len(raised))
    return len(counts)
