"""The pure parts: machine and guards, deadlines, dispatch, merging."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.cases.conftest import CASES
from yiwang.cases.model import deadlines, guards, merging
from yiwang.cases.model.classes import (
    KINDS,
    OPEN_KINDS,
    CaseClass,
    DeadlineRule,
    MergeRule,
)
from yiwang.cases.model.guards import Facts, Given
from yiwang.cases.model.merging import OpenCase, Source
from yiwang.cases.spec import default_machine, parse
from yiwang.kernel import documents
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import DAY, HOUR, MINUTE
from yiwang.kernel.clock import parse as instant
from yiwang.security.model import ROLES, Identity, allowed

CALENDAR = WorkingCalendar()
CLASSES = parse(documents.parse(CASES, "cases.yaml"), "demo", {}).classes
PLAIN = CaseClass("plain", default_machine())
THURSDAY = instant("2026-07-02T17:00:00+08:00")

PEOPLE = {
    role: Identity("user", 1, role, frozenset({role}), None, 1, frozenset({1}))
    for role in ROLES
    if role not in ("system", "anonymous")
}
OUTSIDERS = {
    role: Identity("user", 2, f"other {role}", frozenset({role}), None, 2, frozenset({2}))
    for role in PEOPLE
}
WHERE_TO = {"organisation": 1, "organisations": [2]}
EVERYTHING = Given(
    "reason", "text", WHERE_TO, ("photo",) * 3, 60, until=THURSDAY + DAY, rating=4, solved=True
)


class Loop(RuleBasedStateMachine):
    """A case is driven by anybody through anything: what is allowed leads from one state of
    its class to another, what is not changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = THURSDAY
        self.case_class = PLAIN
        self.case = Facts(1, "reported", "new", 1, "department_handler", 1, "citizen")
        self.clock = deadlines.start(DeadlineRule(60, "working"), self.now)
        self.used = 0

    @rule(index=st.integers(0, len(CLASSES)))
    @precondition(lambda self: self.case.state == "reported")
    def choose(self, index: int) -> None:
        self.case_class = (PLAIN, *CLASSES)[index]

    @rule(
        step=st.sampled_from(sorted({*default_machine().steps, "fly"})),
        person=st.sampled_from([*PEOPLE.values(), *OUTSIDERS.values()]),
        minutes=st.integers(0, 3000),
    )
    def act(self, step: str, person: Identity, minutes: int) -> None:
        self.now += minutes * MINUTE
        machine = self.case_class.machine
        refusal = guards.refuse(self.case_class, self.case, person, step)
        offered = {
            one.step: one for one in guards.possible_steps(self.case_class, self.case, person)
        }
        assert (step in offered and offered[step].allowed) == (refusal is None)
        if refusal is not None:
            return
        stands = machine.steps[step]
        assert self.case.state in stands.sources
        assert any(allowed(person, guards.WHO[who].permission) for who in guards.WHO)
        assert guards.lacking(self.case_class, 0, step, EVERYTHING) is None
        state = guards.target(self.case_class, self.case, step)
        kind = machine.kind(state)
        previous = self.case.state if state != self.case.state else self.case.previous
        handled_by = person.name if step == "report" else self.case.handled_by
        self.case = self.case._replace(
            state=state, kind=kind, previous=previous, handled_by=handled_by
        )
        if kind in ("new", "working"):
            self.clock = deadlines.resume(self.clock, self.now)
        else:
            self.clock = deadlines.pause(self.clock, self.now, CALENDAR)

    @invariant()
    def in_one_state_of_its_class(self) -> None:
        machine = self.case_class.machine
        assert self.case.state in machine.states
        assert self.case.kind == machine.kind(self.case.state)
        assert self.case.kind in KINDS

    @invariant()
    def never_lost(self) -> None:
        """From every open state somebody of the centre can go on."""
        if self.case.kind in OPEN_KINDS:
            centre = PEOPLE["command_centre"]
            offered = guards.possible_steps(self.case_class, self.case, centre)
            assert any(one.allowed and one.step == "void" for one in offered)

    @invariant()
    def the_clock_never_goes_back(self) -> None:
        used = deadlines.used(self.clock, self.now, CALENDAR)
        assert used >= self.used >= 0
        self.used = used
        due = deadlines.due_at(self.clock, CALENDAR)
        assert (due is None) == (self.clock.since is None)
        assert due is None or due >= THURSDAY


TestLoop = Loop.TestCase
TestLoop.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


def test_nobody_without_a_name_is_a_reporter_or_handler() -> None:
    case = Facts(1, "reported", "new")
    nobody = Identity("user", 3, "", frozenset({"citizen", "department_handler"}))
    assert not guards.may_see(case, nobody)
    device = Identity("device", 3, "citizen", frozenset({"device"}))
    assert not guards.may_see(case._replace(reporter="citizen"), device)


def test_scopes_narrow_what_a_role_may() -> None:
    reader = replace(PEOPLE["command_centre"], scopes=frozenset({"cases.read"}))
    case = Facts(1, "reported", "new")
    offered = guards.possible_steps(PLAIN, case, reader)
    assert {one.step for one in offered if one.allowed} == {"comment"}


def test_working_time_stands_still_overnight() -> None:
    clock = deadlines.start(DeadlineRule(120, "working"), THURSDAY)
    assert deadlines.due_at(clock, CALENDAR) == instant("2026-07-03T10:00:00+08:00")
    assert deadlines.warn_at(clock, (0.8,), 0, CALENDAR) == instant("2026-07-03T09:36:00+08:00")


def test_a_pause_gives_its_time_back() -> None:
    clock = deadlines.start(DeadlineRule(120, "clock"), THURSDAY)
    paused = deadlines.pause(clock, THURSDAY + HOUR, CALENDAR)
    assert deadlines.due_at(paused, CALENDAR) is None
    assert deadlines.pause(paused, THURSDAY + 2 * HOUR, CALENDAR) == paused
    going = deadlines.resume(paused, THURSDAY + DAY)
    assert deadlines.due_at(going, CALENDAR) == THURSDAY + DAY + HOUR


def test_what_is_late_already_is_due_at_once() -> None:
    clock = deadlines.start(DeadlineRule(30, "clock"), THURSDAY)
    paused = deadlines.pause(clock, THURSDAY + HOUR, CALENDAR)
    going = deadlines.resume(paused, THURSDAY + DAY)
    assert deadlines.due_at(going, CALENDAR) == THURSDAY + DAY


def test_another_limit_keeps_the_time_used() -> None:
    clock = deadlines.start(DeadlineRule(120, "clock"), THURSDAY)
    tighter = deadlines.change(
        clock, DeadlineRule(60, "clock"), THURSDAY, THURSDAY + HOUR // 2, CALENDAR
    )
    assert deadlines.due_at(tighter, CALENDAR) == THURSDAY + HOUR
    other = deadlines.change(
        clock, DeadlineRule(120, "working"), THURSDAY, THURSDAY + 2 * HOUR, CALENDAR
    )
    assert other.used == HOUR
    assert deadlines.change(clock, None, THURSDAY, THURSDAY, CALENDAR).minutes is None


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 2 * DAY)), max_size=12),
    st.sampled_from(["working", "clock"]),
)
@settings(max_examples=60, deadline=None)
def test_used_time_is_the_sum_of_the_running_stretches(
    moves: list[tuple[bool, int]], counting: str
) -> None:
    clock = deadlines.start(DeadlineRule(600, counting), THURSDAY)
    now, expected, running = THURSDAY, 0, True
    for pausing, length in moves:
        if running:
            worked = CALENDAR.between(now, now + length) if counting == "working" else length
            expected += worked
        now += length
        clock = deadlines.pause(clock, now, CALENDAR) if pausing else deadlines.resume(clock, now)
        running = not pausing
        assert deadlines.used(clock, now, CALENDAR) == expected


NEAR = replace(PLAIN, code="near", merge=MergeRule(200, HOUR))


def test_nearness_has_an_edge_in_space_and_in_time() -> None:
    source = Source("near", 0, 116.0, 39.0)
    case = OpenCase(1, "", 116.002, 39.0, HOUR)
    away = merging.distance_m(116.0, 39.0, 116.002, 39.0)
    assert 170 < away < 175
    assert merging.nearest(NEAR, source, [case]) == case
    assert merging.nearest(NEAR, source, [replace(case, last_source_at=HOUR + 1)]) is None
    assert merging.nearest(NEAR, source, [replace(case, lon=116.0024)]) is None
    assert merging.nearest(NEAR, source, [replace(case, lon=None)]) is None
    nearer = OpenCase(2, "", 116.001, 39.0, 0)
    assert merging.nearest(NEAR, source, [case, nearer]) == nearer
    keyed = replace(source, one_per="a")
    assert merging.nearest(NEAR, keyed, [replace(case, one_per="b")]) is None
    assert merging.nearest(NEAR, keyed, [case]) == case


@given(
    st.floats(-180, 180),
    st.floats(-74, 74),
    st.floats(-1, 1),
    st.floats(-1, 1),
    st.sampled_from([30.0, 200.0, 3000.0]),
)
@settings(max_examples=300)
def test_the_squares_around_a_point_hold_all_that_is_near(
    lon: float, lat: float, east: float, north: float, radius: float
) -> None:
    case_class = replace(NEAR, merge=MergeRule(radius, HOUR))
    other_lon = lon + east * radius / 20_000
    other_lat = lat + north * radius / 100_000
    if merging.distance_m(lon, lat, other_lon, other_lat) <= radius:
        square = merging.cell(case_class, other_lon, other_lat)
        assert square in set(merging.cells_around(case_class, lon, lat))


def test_a_given_deadline_is_kept_to_the_microsecond() -> None:
    clock = deadlines.until(HOUR + 7, 3)
    assert deadlines.due_at(clock, CALENDAR) == HOUR + 7
    assert clock.minutes == 61
    assert deadlines.due_at(deadlines.until(3, 10), CALENDAR) == 10, "one that has passed"
