"""What is done once an hour and once a day: days are folded and judged, versions that devices
report are taken over, overdue maintenance is found."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from yiwang.kernel import clock as time
from yiwang.security.actions import Caller
from yiwang.sensing.fleet import days, firmware, maintenance, online, troubles
from yiwang.sensing.fleet import limits as figures
from yiwang.sensing.fleet.limits import Dated
from yiwang.sensing.fleet.rates import MOST_DAYS
from yiwang.sensing.fleet.tables import device_troubles
from yiwang.sensing.fleet.watch import Watch
from yiwang.sensing.observations import Observations

LATE = 1
"""Hours after midnight at which a day is folded: what comes later than that is not in it."""


class Daily:
    """Called after each sweep; does nothing most of the time."""

    def __init__(self, dated: Dated, zone: ZoneInfo) -> None:
        self._dated = dated
        self._zone = zone
        self._hour = -1
        self._day: date | None = None

    def __call__(self, watch: Watch) -> None:
        caller = watch.caller
        now = caller.clock.now()
        self.sum(watch, now)
        if now // time.HOUR == self._hour:
            return
        firmware.take_reported(caller)
        maintenance.watch_maintenance(caller)
        yesterday = (self._local(now) - timedelta(hours=LATE)).date() - timedelta(days=1)
        if yesterday != self._day:
            self.fold(caller, yesterday)
            self._day = yesterday
        self._hour = now // time.HOUR

    def sum(self, watch: Watch, now: int) -> None:
        """Sum the online time of one day that is over, the newest first; the next sweep sums
        the one before it."""
        database = watch.caller.database
        with database.read() as connection:
            edges = online.missing(connection, now - LATE * time.HOUR, self._zone, MOST_DAYS)
            if edges is None:
                return
            sums = online.summed(connection, *edges, watch.recorded)
        with database.write() as connection:
            online.keep(connection, *edges, sums)

    def fold(self, caller: Caller, day: date) -> None:
        """Fold a day, then raise and clear what the days until then tell."""
        if not days.is_folded(caller, day):
            span = self._midnight(day), self._midnight(day + timedelta(days=1))
            days.fold_day(caller, day, days.lines_of(caller.ports[Observations], *span))
        found = days.daily_troubles(caller, day, figures.on(self._dated, day))
        if found:
            troubles.raise_troubles(caller, found)
        standing = {one.subject for one in found}
        chosen = select(device_troubles.c.id, device_troubles.c.subject).where(
            device_troubles.c.trouble.in_(("drift", "stuck")),
            device_troubles.c.cleared_at.is_(None),
        )
        with caller.database.read() as connection:
            rows = list(connection.execute(chosen))
        over = [row.id for row in rows if row.subject not in standing]
        if over:
            troubles.clear_troubles(caller, over, "steady")

    def _local(self, now: int) -> datetime:
        return time.to_datetime(now).astimezone(self._zone)

    def _midnight(self, day: date) -> int:
        return time.from_datetime(datetime.combine(day, datetime.min.time(), self._zone))
