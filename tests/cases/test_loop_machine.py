"""The whole loop under random people, cases, steps and clocks, against what must always hold."""

from __future__ import annotations

import copy
import itertools
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from tests import postgres
from tests.cases import rights
from tests.cases.conftest import City
from tests.cases.test_permissions import INSIDE
from tests.conftest import START
from yiwang.cases import catalogue, errors, service
from yiwang.cases.model import deadlines
from yiwang.cases.model.classes import OPEN_KINDS
from yiwang.cases.model.guards import Given
from yiwang.cases.record import Record
from yiwang.cases.service import Report
from yiwang.cases.spec import default_machine
from yiwang.cases.tables import (
    case_counts,
    case_loads,
    case_parts,
    case_sources,
    case_timeline,
    cases,
)
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import MINUTE, ManualClock
from yiwang.security.actions import Caller, Context
from yiwang.security.errors import Denied, SignInNeeded
from yiwang.store.blobs import Blobs
from yiwang.store.database import Database

STEPS = sorted(default_machine().steps)
PEOPLE = ("centre", "handler", "stranger", "grid_worker", "citizen", "neighbour", "outside")
ROLES = tuple(f"{place} {role}" for role in INSIDE for place in ("near", "far"))
EVERYBODY = (*PEOPLE, *ROLES)
SPOTS = ((116.1, 39.1), (116.1005, 39.1), (116.7, 39.1), (None, None))
CLASSES = ("demo.flooded", "demo.full_car_park", "F-01")
REFUSALS = (errors.StepError, errors.BadTarget, errors.TooMuchTime, errors.NotToCome)
STRANGER = (Denied, SignInNeeded)
CALENDAR = WorkingCalendar()


class Town(City):
    """The small city with an authority outside it, in a database of its own."""

    def _fill(self) -> None:
        super()._fill()
        self.abroad = self._add(
            "organisations", code="ABROAD", kind="external", name_zh="邻市", name_en="Next city"
        )

    def moved(self, file: Path, clock: ManualClock) -> Town:
        """The same city in a copy of its database."""
        other = copy.copy(self)
        other.clock = clock
        other.database = Database(f"sqlite:///{file}")
        other.platform = Caller(self.platform.identity, other.database, clock, self.ports)
        return other

    @property
    def neighbour(self) -> Caller:
        return self.caller("neighbour", "citizen")

    @property
    def outside(self) -> Caller:
        return self.caller("outside", "department_handler", organisation=self.abroad)


class Loop(RuleBasedStateMachine):
    def __init__(self, make: Callable[[], Town]) -> None:
        super().__init__()
        self.town = make()
        self.people = {name: getattr(self.town, name) for name in PEOPLE}
        self.people |= rights.everybody(self.town)
        self.reports = 0
        self.findings = itertools.count(1)
        self.raised: list[int] = []
        self.used: dict[int, tuple[str, int]] = {}
        self.lines: Counter[int] = Counter()

    def teardown(self) -> None:
        self.town.database.close()

    def _records(self) -> list[Record]:
        with self.town.database.read() as connection:
            rows = connection.execute(select(cases).order_by(cases.c.no))
            return [Record(**row._mapping) for row in rows]

    @initialize(spots=st.lists(st.sampled_from(SPOTS), min_size=1, max_size=3))
    def begin(self, spots: list[tuple[float | None, float | None]]) -> None:
        for spot in spots:
            self.report("citizen", "demo.flooded", spot)
            self.report("neighbour", "F-01", spot)
        self.find(0)

    @rule(
        who=st.sampled_from(EVERYBODY),
        code=st.sampled_from(CLASSES),
        spot=st.sampled_from(SPOTS),
    )
    def report(self, who: str, code: str, spot: tuple[float | None, float | None]) -> None:
        given = Report(code, "something", *spot, address="East Road")
        may = who in PEOPLE or who.partition(" ")[2] in rights.REPORTS
        try:
            service.report(self.people[who], given)
        except STRANGER:
            assert not may
            return
        assert may
        self.reports += 1

    @rule(place=st.integers(0, 1))
    def find(self, place: int) -> None:
        number = next(self.findings)
        self.town.deliver(self.town.raised(number, one_per=f"site:{place}"))
        self.raised.append(number)
        self.reports += 1

    @rule(which=st.integers(0, 50), cleared=st.booleans())
    def finding_ends(self, which: int, cleared: bool) -> None:
        number = self.raised[which % len(self.raised)]
        self.town.deliver(self.town.cleared(number) if cleared else self.town.withdrawn(number))

    @rule(minutes=st.sampled_from([1, 7, 50, 200, 1500, 12000]))
    def time_passes(self, minutes: int) -> None:
        self.town.clock.advance(minutes * MINUTE)

    @rule()
    def the_watch_looks(self) -> None:
        service.sweep(self.town.platform)
        now = self.town.clock.now()
        assert all(one.watch_at is None or one.watch_at > now for one in self._records())

    @rule(
        who=st.sampled_from(EVERYBODY),
        which=st.integers(0, 50),
        step=st.sampled_from(STEPS),
        other=st.integers(0, 50),
        minutes=st.integers(-5, 90),
        solved=st.sampled_from([True, False, None]),
    )
    def anybody_does_anything(self, **drawn: Any) -> None:
        records = self._records()
        self._do(records[drawn["which"] % len(records)], **drawn)

    @rule(
        which=st.integers(0, 50),
        pick=st.integers(0, 50),
        other=st.integers(0, 50),
        minutes=st.integers(1, 30),
        solved=st.sampled_from([True, False, None]),
        who=st.sampled_from(EVERYBODY),
    )
    def somebody_does_what_is_offered(self, which: int, pick: int, who: str, **drawn: Any) -> None:
        records = self._records()
        record = records[which % len(records)]
        try:
            offered = service.possible(self.people[who], record.no)
        except (errors.NoSuchCase, *STRANGER):
            return
        steps = [one.step for one in offered if one.allowed]
        if steps:
            self._do(record, who=who, step=steps[pick % len(steps)], offered=True, **drawn)

    def _do(
        self,
        record: Record,
        who: str,
        step: str,
        other: int,
        minutes: int,
        solved: bool | None,
        offered: bool = False,
        **_: object,
    ) -> None:
        """Take a step; one that is refused leaves no trace, one taken makes one version."""
        caller = self.people[who]
        given = Given("reason", "text", self._target(step, other), (), minutes, None, 3, solved)
        if step == "suspend" and other % 2:
            given = Given("reason", until=self.town.clock.now() + minutes * MINUTE)
        before = self._records()
        try:
            service.take(caller, record.no, step, given, record.version - (other == 50))
        except (*REFUSALS, errors.NoSuchCase, errors.NoSuchClass, errors.ChangedMeanwhile):
            assert self._records() == before
            return
        except STRANGER:
            assert not offered and self._records() == before, "what is offered is allowed"
            return
        after = next(one for one in self._records() if one.no == record.no)
        assert other != 50 and after.version == record.version + 1
        if step in ("reopen", "assess") and after.open:
            self.used.pop(record.no, None)

    @rule(which=st.integers(0, 50))
    def everybody_may_what_their_role_may(self, which: int) -> None:
        records = self._records()
        record = records[which % len(records)]
        around = self._around(record.no)
        with self.town.database.read() as connection:
            known = catalogue.by_id(Context(self.town.platform, connection), record.case_class)
        for name in ROLES:
            identity = self.people[name].identity
            try:
                offered = service.possible(self.people[name], record.no)
            except errors.NoSuchCase:
                assert not rights.sees(identity, record, around), (name, record)
            except STRANGER:
                assert rights.role_of(identity) not in rights.READS, (name, record)
            else:
                assert rights.sees(identity, record, around), (name, record)
                steps = {one.step for one in offered if one.allowed}
                assert not rights.plain(known) or not rights.wrong(steps, identity, record, around)

    @rule(who=st.sampled_from(ROLES), which=st.integers(0, 50))
    def a_photo_comes(self, who: str, which: int) -> None:
        records = self._records()
        record = records[which % len(records)]
        sees = rights.sees(self.people[who].identity, record, self._around(record.no))
        try:
            self.town.photo(record.no, self.people[who])
        except (errors.NoSuchCase, *STRANGER):
            assert not sees or who.endswith("auditor")
            return
        assert sees

    def _around(self, no: int) -> rights.Around:
        with self.town.database.read() as connection:
            parts = select(case_parts.c.organisation, case_parts.c.state)
            held = list(connection.execute(parts.where(case_parts.c.case == no)))
            told = select(case_sources.c.reporter).where(case_sources.c.case == no)
            reporters = frozenset(connection.scalars(told))
        asked = frozenset(row.organisation for row in held if row.state == "open")
        joint, now = frozenset(row.organisation for row in held), self.town.clock.now()
        return rights.Around(joint, asked, reporters - {""}, now)

    def _target(self, step: str, other: int) -> dict[str, object]:
        town, numbers = self.town, [one.no for one in self._records()]
        units = (town.water, town.parks, town.abroad)
        unit = units[other % 3]
        targets: dict[str, dict[str, object]] = {
            "merge": {"case": numbers[other % len(numbers)]},
            "change": (
                {"severity": ("notice", "critical")[other % 2]}
                if other % 3
                else {"case_class": CLASSES[other % 2]}
            ),
            "ask_joint": {"organisations": [unit, units[(other + 1) % 3]][: 1 + other % 2]},
            "hand_down": {"organisation": unit} if other % 2 else {},
            "hand_over": {"organisation": town.abroad},
        }
        return targets.get(step, {"organisation": unit})

    @invariant()
    @precondition(lambda self: self.reports)
    def no_case_is_lost(self) -> None:
        records = self._records()
        assert [one.no for one in records] == list(range(1, len(records) + 1))
        with self.town.database.read() as connection:
            sources = list(connection.execute(select(case_sources.c.case, case_sources.c.came_to)))
            lines = Counter(row.case for row in connection.execute(select(case_timeline.c.case)))
            last = {
                row.case: row.state
                for row in connection.execute(select(case_timeline).order_by(case_timeline.c.id))
            }
        assert len(sources) == self.reports
        tally = Counter(row.case for row in sources)
        for one in records:
            assert tally[one.no] == one.sources
            assert last[one.no] == one.state
            assert lines[one.no] >= self.lines[one.no]
            if one.merged_into is not None:
                assert one.state == "merged" and one.sources == 0
        self.lines = lines

    @invariant()
    def one_state_of_its_class(self) -> None:
        with self.town.database.read() as connection:
            context = Context(self.town.platform, connection)
            for one in self._records():
                machine = catalogue.by_id(context, one.case_class).machine
                assert machine.kind(one.state) == one.kind
                assert one.open == (one.kind in OPEN_KINDS)

    @invariant()
    def no_clock_runs_back(self) -> None:
        now = self.town.clock.now()
        for one in self._records():
            used = deadlines.used(one.clock, now, CALENDAR)
            counting, before = self.used.get(one.no, (one.counting, 0))
            assert used >= 0 and (counting != one.counting or used >= before)
            self.used[one.no] = (one.counting, used)
            assert one.limit_minutes is not None and one.limit_minutes > 0
            assert min(one.extended, one.warned, one.urges, one.returns, one.open_parts) >= 0
            runs = one.kind in ("new", "working")
            assert (one.clock_since is not None) == runs
            assert not one.open or (one.due_at is not None) == runs
            assert one.watch_at == one.look_next()

    @invariant()
    def what_is_over_waits_for_nothing(self) -> None:
        for one in self._records():
            if not one.open:
                waits = (one.watch_at, one.answer_by, one.resume_at, one.extension_asked)
                assert waits == (None, None, None, None) and one.open_parts == 0
                assert one.merge_key is None and one.closed_at is not None

    @invariant()
    def counters_equal_a_recount(self) -> None:
        records = self._records()
        with self.town.database.read() as connection:
            kept = {
                (row.class_code, row.organisation, row.kind, row.overdue): row.count
                for row in connection.execute(select(case_counts))
                if row.count
            }
            loads = {
                (row.handler, row.severity): row.count
                for row in connection.execute(select(case_loads))
                if row.count
            }
            parts = list(connection.execute(select(case_parts.c.case, case_parts.c.state)))
        assert loads == Counter(load for one in records if (load := one.load()) is not None)
        assert kept == Counter(one.cell() for one in records)
        for one in records:
            states = [row.state for row in parts if row.case == one.no]
            assert len(states) == one.parts and states.count("open") == one.open_parts


@pytest.fixture(scope="module")
def town(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Town]]:
    folder = tmp_path_factory.mktemp("loop")
    file, numbers = folder / "town.db", itertools.count()
    shutil.copy(sqlite_template, file)
    clock = ManualClock(START)
    first = Town(Database(f"sqlite:///{file}"), clock, Blobs(folder / "blobs"))
    first.database.close()
    with first.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    first.database.close()

    def make() -> Town:
        copied = folder / f"{next(numbers)}.db"
        shutil.copy(file, copied)
        return first.moved(copied, ManualClock(START))

    yield make


def _walk(make: Callable[[], Town], examples: int, steps: int) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        lambda: Loop(make),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_loop_holds_whatever_happens(town: Callable[[], Town]) -> None:
    _walk(town, 12, 50)


def test_the_loop_holds_on_postgresql(postgres_database: postgres.Emptied, tmp_path: Path) -> None:
    url = postgres_database.url.replace("postgresql:", "postgresql+psycopg:")
    blobs = Blobs(tmp_path / "blobs")

    def make() -> Town:
        postgres_database.empty()
        return Town(Database(url), ManualClock(START), blobs)

    _walk(make, 3, 40)
    postgres_database.empty()
