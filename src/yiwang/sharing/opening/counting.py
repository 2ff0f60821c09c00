"""How often opened resources are looked at, downloaded and called; stored each second."""

from __future__ import annotations

from collections import Counter
from threading import Lock
from zoneinfo import ZoneInfo

from yiwang.kernel import clock
from yiwang.security.actions import Caller, Context, action
from yiwang.sharing.opening import store


class Counting:
    """Of one process. Safe to use from several threads."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._lock = Lock()
        self._counts: Counter[tuple[int, str, str]] = Counter()

    def add(self, at: int, resource: int, what: str) -> None:
        """``what``: views, downloads or calls."""
        day = clock.to_datetime(at).astimezone(self._zone).date().isoformat()
        with self._lock:
            self._counts[resource, day, what] += 1

    def taken(self) -> Counter[tuple[int, str, str]]:
        with self._lock:
            counts, self._counts = self._counts, Counter()
        return counts

    def back(self, counts: Counter[tuple[int, str, str]]) -> None:
        with self._lock:
            self._counts.update(counts)


def flush(caller: Caller, counting: Counting) -> int:
    """Store what was counted; leaves no trace where nothing was."""
    counts = counting.taken()
    if not counts:
        return 0
    try:
        return keep(caller, counts)
    except Exception:
        counting.back(counts)
        raise


@action("sharing.keep_open_uses", permission="sharing.operate", audit_verb="open_uses_kept")
def keep(ctx: Context, counts: Counter[tuple[int, str, str]]) -> int:
    """Add what everybody used to the table by day; how many uses there were."""
    by_day: dict[tuple[int, str], dict[str, int]] = {}
    for (resource, day, what), more in counts.items():
        by_day.setdefault((resource, day), {})[what] = more
    for (resource, day), values in by_day.items():
        store.add_uses(ctx.connection, resource, day, values)
    ctx.note("open_uses", uses=counts.total())
    return counts.total()
