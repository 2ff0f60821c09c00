"""The pages of the assessment over many results of cases: processor time of each question.

    python -m bench.assessment [--stored 1000000] [--databases sqlite,postgresql]
        [--folder /somewhere/large] [--out FILE.json]

Results of one year, one in a hundred still open; asked of the last full month. ``processor_ms`` is
that of this process, ``database_ms`` that of PostgreSQL's; the lowest of three. Budget: a page in
1,000 ms with 1,000,000 results.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from bench.lifecycle import provided
from bench.stored_cases import CLASSES, GRIDS, HANDLERS, START, UNITS, make_city
from sqlalchemy import Connection, create_engine, insert, select

from yiwang.cases.scoring import reports, service, trend
from yiwang.cases.scoring.tables import case_results
from yiwang.kernel.clock import DAY, HOUR, MINUTE, ManualClock
from yiwang.security.actions import Caller
from yiwang.security.model import Identity
from yiwang.store.database import Database

MONTH = (date(2026, 6, 1), date(2026, 7, 1))
YEAR = 365 * DAY
_ONE_PROCESS = "ALTER ROLE CURRENT_USER SET max_parallel_workers_per_gather = 0"
"""Time of processes that are over by the end of a query could not be counted."""
_BY_HAND = 50_000
"""Results that are made up one by one; more are copies of these."""


def fill(url: str, wanted: int) -> None:
    """Results without their cases: nothing that is asked here looks at those. Numbered in the
    order of their opening."""
    chance = random.Random(wanted)
    made_up = min(wanted, _BY_HAND)
    times = -(-wanted // made_up)
    rows = [_result(chance, no, made_up) for no in range(1, made_up + 1)]
    engine = create_engine(url)
    sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        if not sqlite:
            connection.exec_driver_sql("SET session_replication_role = replica")
            connection.exec_driver_sql(_ONE_PROCESS)
        connection.execute(
            insert(case_results), [row | {"case": row["case"] * times} for row in rows]
        )
        for shift in range(1, times):
            _copy(connection, shift, times)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not sqlite:  # no home of SQLite has statistics
            connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()


def _result(chance: random.Random, no: int, of: int) -> dict[str, Any]:
    kind = chance.randrange(len(CLASSES))
    opened = START - YEAR + YEAR * no // of
    void, open_ = chance.random() < 0.05, chance.random() < 0.01
    used = int(chance.expovariate(1 / (20 * HOUR)))
    ended = None if open_ else min(opened + used, START)
    closed = None if void else ended
    late = used > 72 * HOUR
    rated = closed is not None and chance.random() < 0.4
    return {
        "case": no,
        "class_code": f"bench.{CLASSES[kind]}",
        "grid": chance.randrange(GRIDS) + 1,
        "street": None,
        "organisation": kind % UNITS + 1,
        "person": f"handler{chance.randrange(HANDLERS)}",
        "person_name": "",
        "channel": chance.choice(("finding", "report", "hotline", "app")),
        "resident": chance.random() < 0.3,
        "kind": "working" if open_ else "void" if void else "done",
        "opened_at": opened,
        "accepted_at": opened + 10 * MINUTE,
        "dispatched_at": opened + 10 * MINUTE,
        "handled_at": closed,
        "first_closed_at": closed,
        "closed_at": closed,
        "ended_at": ended,
        "due_at": None,
        "judged_at": opened + 72 * HOUR if late else closed,
        "late": late,
        "excused": late and chance.random() < 0.1,
        "accept_clock": 10 * MINUTE,
        "accept_work": 10 * MINUTE,
        "close_clock": None if closed is None else used,
        "close_work": None if closed is None else used // 3,
        **{name: int(chance.random() < 0.05) for name in ("reworks", "reopenings", "returns")},
        **{name: int(chance.random() < 0.05) for name in ("urges", "supervision", "extensions")},
        "rating": chance.randrange(1, 6) if rated else None,
        "solved": chance.random() < 0.9 if rated else None,
    }


def _copy(connection: Connection, shift: int, times: int) -> None:
    table = case_results
    changed = {"case": table.c.case - shift}
    chosen = [changed.get(column.name, column) for column in table.c]
    rows = select(*chosen).where(table.c.case % times == 0)
    connection.execute(insert(table).from_select([column.name for column in table.c], rows))


def _pages(centre: Caller, handler: Caller) -> dict[str, Callable[[], Any]]:
    def rates(caller: Caller, by: str) -> Callable[[], Any]:
        return lambda: service.show_rates(caller, by, *MONTH)

    return {
        "rates by department": rates(centre, "organisation"),
        "rates by person": rates(centre, "person"),
        "rates by grid, a department's own": rates(handler, "grid"),
        "scores of departments": lambda: service.show_scores(centre, "departments", *MONTH),
        "how the city runs now": lambda: trend.operations(centre),
        "late cases of a department": lambda: service.counted(
            centre, "late", *MONTH, service.Wanted({"organisation": 1}), 50, None
        ),
        "report of the month": lambda: reports.make_report(centre, "month", *MONTH),
    }


def measure(kind: str, stored: int, folder: Path, runs: int = 3) -> dict[str, Any]:
    with provided(kind, folder) as (url, others):
        database = Database(url)
        make_city(database)
        database.close()
        fill(url, stored)
        database = Database(url)
        clock = ManualClock(START)
        centre = Identity("user", 1, "centre", frozenset({"command_centre"}))
        own = Identity("user", 2, "handler1", frozenset({"department_handler"}), organisation=1)
        asked = _pages(Caller(centre, database, clock), Caller(own, database, clock))
        pages = {name: _timed(page, others, runs) for name, page in asked.items()}
        database.close()
    load = round(os.getloadavg()[0], 2)
    return {"database": kind, "stored": stored, "pages": pages, "load": load}


def _timed(page: Callable[[], Any], others: Callable[[], float], runs: int) -> dict[str, float]:
    found = []
    for _ in range(runs):
        beside, own = others(), time.process_time()
        page()
        used, beside = time.process_time() - own, others() - beside
        found.append((used + beside, used, beside))
    _, used, beside = min(found)
    return {"processor_ms": round(used * 1000), "database_ms": round(beside * 1000)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stored", type=int, default=1_000_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    found = []
    for kind in given.databases.split(","):
        folder = Path(tempfile.mkdtemp(prefix="yiwang-assessment-", dir=given.folder))
        folder.chmod(0o755)
        try:
            found.append(measure(kind, given.stored, folder))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    if given.out:
        given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
