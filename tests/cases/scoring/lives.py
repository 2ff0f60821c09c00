"""Lives of cases for the tests: what is done is written down here, and counted again slowly."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.model.guards import Given
from yiwang.cases.scoring import results
from yiwang.kernel.clock import MINUTE
from yiwang.security.actions import Context
from yiwang.security.relay import Consumer, Relay

LIMIT = 60 * MINUTE
"""Of class demo.flooded, in clock time."""


@dataclass
class Life:
    """A case as the test knows it. ``moves``: (at, step)."""

    no: int
    opened: int
    resident: bool
    channel: str
    state: str = "reported"
    moves: list[tuple[int, str]] = field(default_factory=list)


class Lives:
    """Makes cases and takes steps; a relay keeps the results meanwhile."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.lives: list[Life] = []
        self._finding = 1000
        consumer = Consumer("cases.results", results.TOPICS, results.consume)
        self.relay = Relay(city.platform, [consumer])

    def found(self) -> Life:
        """A finding opens a case that is dispatched by itself."""
        self._finding += 1
        now = self.city.clock.now()
        raised = self.city.raised(self._finding, one_per=f"s{self._finding}", raised_at=now)
        self.city.deliver(raised)
        no = service.Cases(self.city.database).case_of([self._finding])[self._finding]
        life = Life(no, now, False, "finding", "dispatched", [(now, "dispatch")])
        self.lives.append(life)
        return life

    def reported(self, resident: bool = True, channel: str = "") -> Life:
        """A person reports something far from everything else."""
        place = len(self.lives) * 0.005
        lon, lat = 116.01 + place % 0.9, 39.01 + place // 0.9 * 0.01
        who = self.city.citizen if resident else self.city.centre
        report = service.Report("demo.flooded", "water", lon, lat, channel=channel)
        no = service.report(who, report)
        life = Life(no, self.city.clock.now(), resident, channel or "report")
        self.lives.append(life)
        return life

    def take(self, life: Life, step: str) -> None:
        city = self.city
        who = {"start": city.handler, "report": city.handler, "return": city.handler}
        photos = (city.photo(life.no),) if step == "report" else ()
        given = Given("because", "text", {}, photos)
        taken = service.take(who.get(step, city.centre), life.no, step, given)
        life.state = taken.state
        life.moves.append((city.clock.now(), step))

    def pass_time(self, minutes: int) -> None:
        self.city.clock.advance(minutes * MINUTE)
        service.sweep(self.city.platform)


WAITING = {"report", "suspend", "verify_ok"}
OVER = {"close", "void"}


def ran_out(life: Life) -> list[tuple[int, int | None]]:
    """For each round of a case: when it ended or will be judged (its last instant known), and
    when its hour ran out (None: it did not)."""
    rounds: list[tuple[int, int | None]] = []
    used, since, late = 0, life.opened, None
    running = True
    for at, step in [*life.moves, (2**60, "")]:
        if running and late is None and used + at - since > LIMIT:
            late = since + LIMIT - used
        if running:
            used += at - since
        if step in OVER:
            rounds.append((at, late))
            running = False
        elif step == "reopen":
            used, late, running, since = 0, None, True, at
        elif step in WAITING:
            running = False
        elif step in ("verify_not_ok", "resume", "dispatch", "start", "return", "accept"):
            running, since = True, at
        else:
            since = at
    if not life.moves or life.moves[-1][1] not in OVER:
        rounds.append((2**60, late))
    return rounds


def expected(lives: list[Life], start: int, end: int, now: int) -> dict[str, int]:
    """The counts of a period, one case after the other."""
    found: dict[str, int] = defaultdict(int)
    for life in lives:
        _add(found, life, start, end, now)
    return found


def _add(found: dict[str, int], life: Life, start: int, end: int, now: int) -> None:
    steps = [step for _, step in life.moves]
    last = steps[-1] if steps else ""
    void, done = life.state == "voided", life.state == "closed"
    filed = start <= life.opened < end
    if void:
        found["void"] += filed
        return
    closings = [at for at, step in life.moves if step == "close"]
    lates = [late for _, late in ran_out(life) if late is not None and late < now]
    closed = done and start <= closings[-1] < end
    found["filed"] += filed
    found["filed_closed"] += filed and done
    found["of_residents"] += filed and (life.resident or life.channel in RESIDENTS)
    found["returned"] += filed and "return" in steps
    found["returns"] += steps.count("return") if filed else 0
    found["urged"] += filed and "urge" in steps
    found["closed"] += closed
    found["reworked"] += closed and "verify_not_ok" in steps
    found["reworks"] += steps.count("verify_not_ok") if closed else 0
    found["close_clock"] += closings[-1] - life.opened if closed else 0
    if closings and start <= closings[0] < end:
        found["first_closed"] += 1
        found["reopened"] += "reopen" in steps
    judged = lates[0] if lates else (closings[-1] if done else None)
    if judged is not None and start <= judged < end:
        found["judged"] += 1
        found["late"] += bool(lates)
        found["in_time"] += not lates
    found["backlog"] += life.opened < end and (not done or closings[-1] >= end)
    found["open_now"] += not done
    found["overdue_now"] += not done and bool(lates)
    assert last != "void"


RESIDENTS = ("hotline", "app", "wechat", "web", "open311")


def everything(city: City) -> list[Any]:
    """All results as they are kept."""
    with city.database.read() as connection:
        rows = connection.execute(results.case_results.select().order_by("case"))
        return [tuple(row) for row in rows]


def fold(city: City, numbers: list[int]) -> None:
    with city.database.write() as connection:
        results.keep(Context(city.platform, connection), numbers)
