"""Random versions of a class and random running cases: there and back."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.cases.conftest import City
from tests.cases.versions.conftest import Versions, move_agreed, undo
from tests.cases.versions.test_moves import bare
from yiwang.cases import catalogue
from yiwang.cases import service as cases
from yiwang.cases.desk import Desk
from yiwang.cases.model import merging
from yiwang.cases.model.classes import (
    OPEN_KINDS,
    SEVERITIES,
    Bounds,
    CaseClass,
    DeadlineRule,
    Machine,
    MergeRule,
    State,
    StepRule,
)
from yiwang.cases.tables import cases as table
from yiwang.cases.versions.preview import Move
from yiwang.kernel.clock import MINUTE
from yiwang.security.actions import Context

NAMES = ("a", "b", "c", "d", "e")
rules = st.builds(DeadlineRule, st.integers(1, 500), st.sampled_from(("working", "clock")))
tables = st.dictionaries(st.sampled_from(SEVERITIES), rules, max_size=2)


@st.composite
def classes(draw: Any) -> CaseClass:
    kinds = draw(st.dictionaries(st.sampled_from(NAMES), st.sampled_from(OPEN_KINDS), max_size=5))
    states = {name: State(name, kind) for name, kind in kinds.items()}
    states |= {"start": State("start", "new"), "end": State("end", "done")}
    open_ = tuple(name for name, one in states.items() if one.kind in OPEN_KINDS)
    steps = {"close": StepRule("close", open_, "end")}
    if draw(st.booleans()):
        steps["resume"] = StepRule("resume", open_[:2], "previous")
    stages = draw(st.dictionaries(st.sampled_from(open_), rules, max_size=2))
    shares = draw(st.sampled_from(((0.8,), (0.5, 0.8), ())))
    machine = Machine("start", states, steps, Bounds(warnings=shares, stages=stages))
    radius = draw(st.sampled_from((None, 100.0, 300.0)))
    merge = MergeRule(radius, 60 * MINUTE)
    return CaseClass("demo.any", machine, deadlines=draw(tables), merge=merge)


def _open(city: City, states: list[str], minutes: int) -> None:
    """A case for each state, entered at different times."""
    with city.database.write() as connection:
        ctx = Context(city.platform, connection)
        desk = Desk(ctx)
        number, case_class = catalogue.one(ctx, "demo.any")
        for place, state in enumerate(states):
            at = ctx.now - place * MINUTE
            lon = 116.1 + place / 1000
            source = merging.Source("demo.any", at, lon, 39.1, f"{number}/{place}")
            severity = SEVERITIES[place % len(SEVERITIES)]
            record = desk.open(number, case_class, source, severity)
            desk.line(record, "opened", at)
            if state in case_class.machine.states:
                desk.move(record, state, ctx.now + minutes * MINUTE)
                desk.line(record, "comment", ctx.now)
        desk.flush()


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    old=classes(),
    new=classes(),
    places=st.dictionaries(st.sampled_from(NAMES), st.sampled_from((*NAMES, None)), max_size=3),
    states=st.lists(st.sampled_from(NAMES), min_size=1, max_size=6),
    times=st.tuples(st.integers(0, 300), st.integers(0, 300), st.integers(0, 300)),
    across=st.booleans(),
)
def test_there_and_back(
    city: City,
    versions: Versions,
    old: CaseClass,
    new: CaseClass,
    places: dict[str, str | None],
    states: list[str],
    times: tuple[int, int, int],
    across: bool,
) -> None:
    cases.install_classes(city.platform, "random", [old])
    _open(city, states, times[0])
    city.clock.advance((times[0] + times[1]) * MINUTE)
    cases.sweep(city.platform)
    cases.install_classes(city.platform, "random", [new])
    known = {name for name, one in new.machine.states.items() if one.kind in OPEN_KINDS}
    wanted = {was: to for was, to in places.items() if to is None or to in known}
    with city.database.read() as connection:
        to, _ = catalogue.one(Context(city.platform, connection), "demo.any")
    before = versions.rows()
    move = Move(to, places=wanted, across=across)
    seen = versions.preview(move)
    assert versions.rows() == before
    id = move_agreed(city.centre, move, seen["digest"], "new")
    moved = versions.rows()
    ours = {no for no, row in before.items() if row["case_class"] != row_class(moved, no)}
    assert len(ours) == seen["outcomes"]["moves"]
    for no in ours:
        _holds(moved[no], new, before[no])
    for no in before.keys() - ours:
        assert moved[no] == before[no], "who stays is not touched"
    city.clock.advance(times[2] * MINUTE)
    undo(city.centre, id, "back")
    assert bare(versions.rows()) == bare(before)
    with city.database.write() as connection:
        _close_all(Context(city.platform, connection))


def row_class(rows: dict[int, dict[str, Any]], no: int) -> int:
    return int(rows[no]["case_class"])


def _holds(row: dict[str, Any], new: CaseClass, before: dict[str, Any]) -> None:
    machine = new.machine
    assert row["state"] in machine.states and machine.kind(row["state"]) == row["kind"]
    assert row["open"] and row["previous"] in ("", *machine.states)
    assert row["clock_used"] >= 0
    runs = row["kind"] in ("new", "working")
    assert (row["clock_since"] is not None) == runs
    assert (row["due_at"] is not None) == (runs and row["limit_minutes"] is not None)
    if row["counting"] == before["counting"] and row["kind"] == before["kind"]:
        assert row["clock_used"] == before["clock_used"] or before["limit_minutes"] is None
    rule = new.deadline(row["severity"])
    assert row["limit_minutes"] == (None if rule is None else rule.minutes)
    assert row["warned"] <= len(machine.bounds.warnings)
    cell = merging.cell(new, row["lon"], row["lat"])
    assert row["merge_cell"] == cell


def _close_all(ctx: Context) -> None:
    desk = Desk(ctx)
    query = select(table.c.no).where(table.c.class_code == "demo.any", table.c.open)
    numbers = list(ctx.connection.execute(query).scalars())
    desk.load(numbers)
    for no in numbers:
        desk.move(desk.record(no), "end", ctx.now)
        desk.line(desk.record(no), "close", ctx.now)
    desk.flush()
