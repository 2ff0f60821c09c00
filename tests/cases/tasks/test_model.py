"""Periods, reminders, progress and lights as pure logic."""

from __future__ import annotations

from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.cases.tasks import model
from yiwang.cases.tasks.model import Item, Lights, Reminders
from yiwang.cases.tasks.policy import built_in
from yiwang.kernel import clock
from yiwang.kernel.clock import DAY, HOUR

ZONE = ZoneInfo("Asia/Shanghai")


def at(text: str) -> int:
    return clock.parse(text + "+08:00")


@pytest.mark.parametrize(
    ("rhythm", "moment", "name", "due"),
    [
        ("weekly", "2026-11-26T08:00:00", "2026-W48", "2026-11-30T00:00:00"),
        ("weekly", "2026-11-29T23:59:59", "2026-W48", "2026-11-30T00:00:00"),
        ("weekly", "2026-11-30T00:00:00", "2026-W49", "2026-12-07T00:00:00"),
        ("weekly", "2027-01-01T10:00:00", "2026-W53", "2027-01-04T00:00:00"),
        ("monthly", "2026-12-31T23:59:59", "2026-12", "2027-01-01T00:00:00"),
        ("monthly", "2026-02-01T00:00:00", "2026-02", "2026-03-01T00:00:00"),
    ],
)
def test_periods_are_weeks_and_months_of_the_city(
    rhythm: str, moment: str, name: str, due: str
) -> None:
    found = model.period_of(rhythm, at(moment), ZONE)
    assert found is not None and (found.name, found.due_at) == (name, at(due))


def test_without_a_rhythm_there_are_no_periods() -> None:
    assert model.period_of("none", at("2026-11-26T08:00:00"), ZONE) is None
    assert list(model.periods("none", 0, 10 * DAY, ZONE)) == []


@given(
    since=st.integers(0, 400 * 24).map(lambda hours: hours * HOUR + at("2026-01-01T00:00:00")),
    days=st.integers(0, 100),
    rhythm=st.sampled_from(["weekly", "monthly"]),
)
def test_periods_follow_one_another_without_gaps(since: int, days: int, rhythm: str) -> None:
    until = since + days * DAY
    found = list(model.periods(rhythm, since, until, ZONE))
    dues = [one.due_at for one in found]
    assert dues == sorted(set(dues)) and all(since < one <= until for one in dues)
    assert len({one.name for one in found}) == len(found)
    for one in found:
        inside = model.period_of(rhythm, one.due_at - 1, ZONE)
        assert inside == one


ITEMS = st.lists(st.integers(5, 60), min_size=1, max_size=4).map(
    lambda days: [Item("milestone", str(i), one * DAY) for i, one in enumerate(days)]
)
REMIND = st.builds(
    Reminders,
    st.lists(st.integers(1, 4), max_size=3).map(tuple),
    st.lists(st.integers(1, 9), max_size=3).map(tuple),
)


@given(items=ITEMS, remind=REMIND, gaps=st.lists(st.integers(1, 40 * 24), min_size=1, max_size=60))
def test_whatever_the_looks_each_time_is_told_once_or_said_by_a_later_one(
    items: list[Item], remind: Reminders, gaps: list[int]
) -> None:
    told: Counter[tuple[Item, int]] = Counter()
    seen = 0
    for gap in [*gaps, 2000]:
        now = seen + gap * HOUR
        for one in model.passed(items, remind, seen, now):
            assert seen < one.at <= now
            told[one.item, one.days] += 1
        seen = now
    assert max(told.values()) == 1
    for item in items:
        last = max([0, *remind.after])
        assert told[item, last] == 1, "the last word on every item is said"
    assert model.next_at(items, remind, seen) is None


@given(items=ITEMS, remind=REMIND)
def test_who_looks_when_told_to_misses_no_time(items: list[Item], remind: Reminders) -> None:
    told, seen = [], 0
    while (following := model.next_at(items, remind, seen)) is not None:
        told += model.passed(items, remind, seen, following)
        seen = following
    days = {0, *(-one for one in remind.before), *remind.after}
    assert sorted((one.item.name, one.days) for one in told) == sorted(
        (item.name, one) for item in items for one in days
    )


@pytest.mark.parametrize(
    ("reported", "milestones", "done", "kind", "percent"),
    [
        (None, 0, 0, "working", 0),
        (None, 3, 1, "working", 33),
        (40, 3, 3, "working", 40),
        (40, 3, 1, "done", 100),
    ],
)
def test_percent(reported: int | None, milestones: int, done: int, kind: str, percent: int) -> None:
    assert model.percent_of(reported, milestones, done, kind) == percent


@given(st.lists(st.tuples(st.floats(0.1, 1e6), st.integers(0, 100)), min_size=1, max_size=30))
def test_a_plan_is_done_only_when_all_of_it_is(parts: list[tuple[float, int]]) -> None:
    found = model.weighted(parts)
    values = [percent for _, percent in parts]
    assert found is not None and min(values) - 1 <= found <= max(values)
    assert model.weighted([]) is None
    assert model.weighted([(w, 100) for w, _ in parts]) == 100


@pytest.mark.parametrize(
    ("changed", "colour", "why"),
    [
        ({}, "green", []),
        ({"behind": 15}, "yellow", ["behind"]),
        ({"behind": 14}, "green", []),
        (
            {"milestones_late": 1, "reports_missing": 1},
            "yellow",
            ["milestones_late", "reports_missing"],
        ),
        ({"milestones_late": 2, "reports_missing": 1}, "red", ["milestones_late"]),
        ({"days_late": 1, "behind": 31}, "red", ["days_late", "behind"]),
    ],
)
def test_the_gravest_rule_that_holds_gives_the_light(
    changed: dict[str, int], colour: str, why: list[str]
) -> None:
    light = built_in().lights.of(dict.fromkeys(model.FIGURES, 0) | changed)
    assert (light.colour, [one.figure for one in light.why]) == (colour, why)
    assert Lights().of(changed | dict.fromkeys(model.FIGURES, 99)).colour == "green"


def test_figures_of_a_task_that_is_with_others_or_over() -> None:
    start, due = 0, 100 * DAY
    late = model.figures(due + 1, start, due, 40, 1, 2, "working")
    assert late == {"days_late": 1, "milestones_late": 1, "reports_missing": 2, "behind": 60}
    waits = model.figures(due + 1, start, due, 40, 1, 2, "waiting")
    assert (waits["days_late"], waits["behind"], waits["reports_missing"]) == (0, 0, 2)
    assert set(model.figures(due + 1, start, due, 40, 1, 2, "done").values()) == {0}
    assert model.figures(50 * DAY, start, due, 50, 0, 0, "working")["behind"] == 0
