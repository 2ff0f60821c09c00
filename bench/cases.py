"""What cases cost, with few and with many stored: findings a second through ``consume``,
lifecycles a second through the actions (report, dispatch, report as handled, verify, close),
and the lists a screen asks for.

    python -m bench.cases [--stored 0,100000,1000000] [--findings 20000] [--lifecycles 300]
    python -m bench.cases --database postgresql+psycopg://…/empty_database
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.stored_cases import count
from sqlalchemy import Integer, case, func, insert, literal, null, select

from yiwang.cases import service
from yiwang.cases.lists import Filter
from yiwang.cases.spec import parse
from yiwang.cases.tables import case_sources, case_timeline, cases
from yiwang.contracts.events import FindingRaised
from yiwang.kernel import documents
from yiwang.kernel.clock import MINUTE, SECOND, ManualClock
from yiwang.kernel.clock import parse as instant
from yiwang.registry import editing
from yiwang.security.actions import Caller, Context
from yiwang.security.model import Identity, system
from yiwang.store import outbox
from yiwang.store.database import Database
from yiwang.store.migrate import migrate
from yiwang.store.outbox import Delivery

START = instant("2026-07-01T00:00:00Z")
BATCH = 2000
CLASSES = """
classes:
  flood:
    severity: urgent
    role: drainage
    deadline: {minutes: 240, counting: working}
    merge: {radius: 50 m, within: 1 h}
    verification: centre
"""


def square(west: float, south: float, size: float) -> dict[str, Any]:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


class Bench:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = ManualClock(START)
        self.platform = Caller(system("bench"), database, self.clock)
        migrate(database)
        self._city()
        identity = Identity("user", 1, "centre", frozenset({"command_centre"}))
        self.centre = Caller(identity, database, self.clock)
        roles = frozenset({"department_handler"})
        self.handler = Caller(
            Identity("user", 2, "handler", roles, None, self.organisation), database, self.clock
        )
        self.findings = 0

    def _city(self) -> None:
        def add(noun: str, **raw: Any) -> int:
            number: int = editing.add(self.platform, noun, raw).id
            return number

        for number in range(100):
            shape = square(116 + number % 10 / 10, 39 + number // 10 / 10, 0.1)
            add("areas", code=f"G{number}", level="grid", name_zh=f"{number}", geometry=shape)
        self.organisation = add(
            "organisations", code="W", kind="department", name_zh="W", functions=["drainage"]
        )
        for number in range(20):
            person = add(
                "people",
                code=f"P{number}",
                name=f"P{number}",
                organisation=self.organisation,
                user=f"u{number}",
            )
            add("duties", code=f"D{number}", role="handler", person=person)
        spec = parse(documents.parse(CLASSES, "cases.yaml"), "bench", {})
        service.install_classes(self.platform, "bench", spec.classes)

    def deliveries(self, count: int) -> list[Delivery]:
        made = []
        for _ in range(count):
            self.findings += 1
            number = self.findings
            event = FindingRaised(
                number,
                f"bench/rule/{number}",
                "bench",
                "rule",
                "urgent",
                self.clock.now() + number * SECOND // 100,
                number,
                None,
                116 + number * 7919 % 99_991 / 100_000,
                39 + number * 104_729 % 99_989 / 100_000,
                "flood",
                f"site:{number * 3 // 4}",
                {"depth_cm": 31.0},
            )
            made.append(Delivery(number, event.topic, vars(event), 0))
        return made

    def consume(self, count: int) -> float:
        """Findings a second, a quarter of which join an open case."""
        batches = [self.deliveries(BATCH) for _ in range(max(1, count // BATCH))]
        started = time.perf_counter()
        for batch in batches:
            with self.database.write() as connection:
                context = Context(self.platform, connection)
                service.consume(context, batch)
                outbox.put(connection, context.events, self.clock.now())
        return len(batches) * BATCH / (time.perf_counter() - started)

    def lifecycles(self, count: int) -> dict[str, float]:
        """Five calls each, one after the other, each with its own transaction and audit line."""
        took = []
        started = time.perf_counter()
        for number in range(count):
            self.clock.advance(2 * MINUTE)
            before = time.perf_counter()
            lon, lat = 116 + number * 6007 % 9973 / 10_000, 39 + number * 7001 % 9967 / 10_000
            no = service.report(self.centre, service.Report("bench.flood", "Water", lon, lat))
            service.take(self.centre, no, "dispatch", service.Given())
            service.take(self.handler, no, "report", service.Given(text="done"))
            service.take(self.centre, no, "verify_ok", service.Given())
            service.listing(self.centre, Filter(q=str(no)), 20, None, "en")
            took.append(time.perf_counter() - before)
        return {
            "per_s": round(count / (time.perf_counter() - started), 1),
            "p95_ms": round(statistics.quantiles(took, n=20)[-1] * 1000, 1),
        }

    def lists(self) -> dict[str, float]:
        """Medians in milliseconds of what a screen asks for."""
        asked: dict[str, Callable[[], Any]] = {
            "newest": lambda: self._list(self.centre, Filter()),
            "open": lambda: self._list(self.centre, Filter(kind="open")),
            "done": lambda: self._list(self.centre, Filter(kind="done")),
            "waiting": lambda: self._list(self.centre, Filter(kind="waiting")),
            "by deadline": lambda: self._list(self.centre, Filter(kind="working", sort="due")),
            "one grid": lambda: self._list(self.centre, Filter(grid=57, kind="open")),
            "a handler's": lambda: self._list(self.handler, Filter(kind="open")),
            "mine": lambda: self._list(self.handler, Filter(mine=True)),
            "words": lambda: self._list(self.centre, Filter(q="Water")),
            "words of none": lambda: self._list(self.centre, Filter(q="volcano")),
            "summary": lambda: service.counts(self.centre),
            "one case": lambda: service.show(self.centre, 1, "en"),
        }
        return {name: self._median(call) for name, call in asked.items()}

    def _list(self, caller: Caller, wanted: Filter) -> Any:
        return service.listing(caller, wanted, 50, None, "en")

    def _median(self, call: Callable[[], Any]) -> float:
        took = []
        for _ in range(5):
            started = time.perf_counter()
            call()
            took.append(time.perf_counter() - started)
        return round(statistics.median(took) * 1000, 2)

    def fill(self, wanted: int) -> int:
        """Copy what is there until so many are stored; of the copies one in twenty is open."""
        with self.database.write() as connection:
            stored: int = connection.execute(select(func.max(cases.c.no))).scalar() or 0
            while stored < wanted:
                size = min(stored, wanted - stored)
                self._copy(connection, stored, size)
                stored += size
            count(connection, stored)
        if not self.database.is_sqlite:  # no home of SQLite has statistics
            with self.database.engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
        return stored

    def _copy(self, connection: Any, stored: int, size: int) -> None:
        shift = literal(stored, Integer)
        open_ = (cases.c.no % 20 == 0) & cases.c.open
        changed = {
            "no": cases.c.no + shift,
            "open": open_,
            "kind": case((open_, cases.c.kind), else_="done"),
            "state": case((open_, cases.c.state), else_="closed"),
            "merge_key": null(),
            "merge_cell": null(),
            "watch_at": null(),
        }
        columns = [changed.get(column.name, column) for column in cases.c]
        chosen = select(*columns).where(cases.c.no <= size)
        connection.execute(insert(cases).from_select([c.name for c in cases.c], chosen))
        for table in (case_timeline, case_sources):
            names = [c.name for c in table.c if c.name != "id"]
            values = {"case": table.c.case + shift, "finding": null()}
            copied = select(*[values.get(name, table.c[name]) for name in names])
            copied = copied.where(table.c.case <= size)
            connection.execute(insert(table).from_select(names, copied))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stored", default="0,100000,1000000")
    parser.add_argument("--findings", type=int, default=20_000)
    parser.add_argument("--lifecycles", type=int, default=300)
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        url = asked.database or f"sqlite:///{Path(folder) / 'bench.db'}"
        bench = Bench(Database(url))
        for wanted in (int(part) for part in asked.stored.split(",")):
            stored = bench.fill(wanted) if wanted else 0
            found = {
                "stored": stored,
                "findings_per_s": round(bench.consume(asked.findings)),
                "lifecycles": bench.lifecycles(asked.lifecycles),
                "lists_ms": bench.lists(),
            }
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
