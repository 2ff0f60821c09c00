"""The ledger: for each source and day, received = stored + duplicate + rejected (+ waiting).

A projection of the observation log: frames are folded into the tables in one transaction with
the log position they reach, so that each frame counts once, whatever crashes when.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select

from yiwang.kernel import clock as time
from yiwang.security.actions import Context, query
from yiwang.sensing.log import Header
from yiwang.sensing.observations import Observations
from yiwang.sensing.tables import ledger, ledger_reasons, log_places, rejections
from yiwang.store.database import Database
from yiwang.store.upsert import upsert

CONSUMER = "ledger"
RAW_KEPT = 90 * time.DAY
"""How long rejected messages are kept; their counts stay in the ledger for good."""
_FOLD_ROWS = 2_000_000

Waiting = Callable[[], Mapping[str, int]]


@dataclass(frozen=True)
class Line:
    """One source on one day."""

    source: str
    day: str
    received: int
    stored: int
    duplicate: int
    rejected: int
    reasons: dict[str, int]
    waiting: int = 0

    @property
    def balanced(self) -> bool:
        """Whether everything received is accounted for."""
        known = self.stored + self.duplicate + self.rejected + self.waiting
        return self.received == known and sum(self.reasons.values()) == self.rejected


class Ledger:
    """Folds the log into the tables; port of the queries below."""

    def __init__(self, observations: Observations, database: Database, zone: ZoneInfo) -> None:
        self._observations = observations
        self._database = database
        self._zone = zone
        self._one = threading.Lock()
        self.waiting: Waiting = dict
        """Rows not yet durable by source; set by who holds the buffer."""
        with database.read() as connection:
            self._position = _position(connection)

    @property
    def position(self) -> int:
        """The log position up to which everything is in the tables."""
        return self._position

    def fold(self) -> bool:
        """Take in the frames behind the position; false when there were none.

        A database restored from an older backup than the log goes on where the log begins.
        """
        with self._one:
            start = max(self._position, self._observations.log.first)
            position, headers = self._observations.headers(start, _FOLD_ROWS)
            if position == self._position:
                return False
            with self._database.write() as connection:
                _fold(connection, headers, self._zone)
                place = {"consumer": CONSUMER, "position": position}
                upsert(connection, log_places, place, ["consumer"])
            self._position = position
            return True

    def forget(self, now: int) -> int:
        """Delete rejected messages older than ``RAW_KEPT``; returns how many went."""
        with self._database.write() as connection:
            gone = delete(rejections).where(rejections.c.at < now - RAW_KEPT)
            return connection.execute(gone).rowcount

    def day(self, instant: int) -> str:
        """The calendar day of an instant in the city's time zone."""
        return _day(instant, self._zone)


def _position(connection: Connection) -> int:
    chosen = select(log_places.c.position).where(log_places.c.consumer == CONSUMER)
    return connection.execute(chosen).scalar() or 0


def _day(instant: int, zone: ZoneInfo) -> str:
    return time.to_datetime(instant).astimezone(zone).date().isoformat()


def _fold(connection: Connection, headers: Sequence[Header], zone: ZoneInfo) -> None:
    counts: dict[tuple[str, str], Counter[str]] = {}
    reasons: Counter[tuple[str, str, str]] = Counter()
    raws: list[dict[str, Any]] = []
    for header in headers:
        if header.edits:
            continue
        day = _day(header.received_at, zone)
        line = counts.setdefault((header.source, day), Counter())
        line["received"] += header.received
        line["stored"] += header.stored
        line["duplicate"] += header.duplicate
        line["rejected"] += sum(header.rejected.values())
        for reason, count in header.rejected.items():
            reasons[header.source, day, reason] += count
        raws += [
            {
                "at": header.received_at,
                "day": day,
                "source": header.source,
                "reason": raw.reason,
                "where": raw.where,
                "count": raw.count,
                "raw": raw.raw,
                "raw_size": raw.size,
            }
            for raw in header.raws
        ]
    _add_counts(connection, counts)
    _add_reasons(connection, reasons)
    if raws:
        connection.execute(insert(rejections), raws)


def _add_counts(connection: Connection, counts: dict[tuple[str, str], Counter[str]]) -> None:
    names = ("received", "stored", "duplicate", "rejected")
    rows = []
    for (source, day), line in counts.items():
        chosen = select(ledger).where(ledger.c.source == source, ledger.c.day == day)
        found = connection.execute(chosen).mappings().first()
        sums = {name: line[name] + (found[name] if found else 0) for name in names}
        rows.append({"source": source, "day": day, **sums})
    upsert(connection, ledger, rows, ["source", "day"])


def _add_reasons(connection: Connection, reasons: Counter[tuple[str, str, str]]) -> None:
    table, rows = ledger_reasons, []
    for (source, day, reason), count in reasons.items():
        chosen = select(table.c.count).where(
            table.c.source == source, table.c.day == day, table.c.reason == reason
        )
        before = connection.execute(chosen).scalar() or 0
        rows.append({"source": source, "day": day, "reason": reason, "count": before + count})
    upsert(connection, table, rows, ["source", "day", "reason"])


@query("sensing.ledger", permission="sensing.read")
def lines(ctx: Context, day: str | None = None) -> list[Line]:
    """The ledger of one day, or of every day, newest first, with what waits now.

    Where no server runs in this process, nothing waits here and the tables are read as they are.
    """
    running = ctx.caller.ports.get(Ledger)
    found = read(ctx.connection, day)
    if running is None:
        return found
    today = running.day(ctx.now)
    if day not in (None, today):
        return found
    return with_waiting(found, running.waiting(), today)


def with_waiting(found: list[Line], waiting: Mapping[str, int], today: str) -> list[Line]:
    """The lines with rows that wait counted as received today."""
    merged = {(line.source, line.day): line for line in found}
    for source, count in waiting.items():
        old = merged.get((source, today), Line(source, today, 0, 0, 0, 0, {}))
        merged[source, today] = Line(
            source,
            today,
            old.received + count,
            old.stored,
            old.duplicate,
            old.rejected,
            old.reasons,
            count,
        )
    return sorted(merged.values(), key=lambda line: (line.day, line.source), reverse=True)


def read(connection: Connection, day: str | None = None) -> list[Line]:
    """The folded ledger as it stands in the tables."""
    chosen, why = select(ledger), select(ledger_reasons)
    if day is not None:
        chosen, why = chosen.where(ledger.c.day == day), why.where(ledger_reasons.c.day == day)
    reasons: dict[tuple[str, str], dict[str, int]] = {}
    for source, on, reason, count in connection.execute(why.order_by(ledger_reasons.c.reason)):
        reasons.setdefault((source, on), {})[reason] = count
    order = (ledger.c.day.desc(), ledger.c.source.desc())
    return [
        Line(
            row.source,
            row.day,
            row.received,
            row.stored,
            row.duplicate,
            row.rejected,
            reasons.get((row.source, row.day), {}),
        )
        for row in connection.execute(chosen.order_by(*order))
    ]


@dataclass(frozen=True)
class Rejection:
    """One rejected message; ``raw`` may be cut, ``raw_size`` is its whole size."""

    id: int
    at: int
    source: str
    reason: str
    where: str
    count: int
    raw: bytes
    raw_size: int


@query("sensing.rejections", permission="sensing.read")
def rejected(
    ctx: Context,
    day: str | None = None,
    source: str | None = None,
    reason: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Rejection]:
    """Rejected messages, newest first; ``before`` an id for the next page."""
    columns = rejections.c
    chosen = select(rejections).order_by(columns.id.desc()).limit(limit)
    for column, value in ((columns.day, day), (columns.source, source), (columns.reason, reason)):
        if value is not None:
            chosen = chosen.where(column == value)
    if before is not None:
        chosen = chosen.where(columns.id < before)
    names = [column for column in columns if column.name != "day"]
    return [
        Rejection(**row)
        for row in ctx.connection.execute(chosen.with_only_columns(*names)).mappings()
    ]
