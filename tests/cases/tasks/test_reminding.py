"""Reminders and marks: each once, whatever the ticks and crashes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.tasks.conftest import PLAN, Office
from tests.cases.tasks.test_model import ZONE
from yiwang.cases.model.guards import Given
from yiwang.cases.service import take
from yiwang.cases.tasks import plans, progress, reminding, views
from yiwang.cases.tasks.drafts import day_at
from yiwang.cases.tasks.progress import Progress
from yiwang.kernel.clock import DAY, HOUR


class Crashed(Exception):
    pass


def steps(office: Office, case: int) -> list[str]:
    return [one["step"] for one in office.show(case)["timeline"]]


def test_before_at_and_after_a_milestone_and_a_report(office: Office) -> None:
    plan = office.plan()
    plans.start(office.centre, plan)
    case = office.tasks(plan)[0].case
    for _ in range(20):
        office.clock.advance(DAY)
        reminding.sweep(office.platform)
    mine = [one for one in office.told() if one.user == "handler"]
    said = Counter((one.topic, one.fields["what"]["en"]) for one in mine)
    assert said["task.before", "Milestone 方案审定"] == 2
    assert said["task.due", "Milestone 方案审定"] == 1
    assert said["task.after", "Milestone 方案审定"] == 2
    assert said["task.due", "Progress report 2026-W27"] == 1
    assert {one.about for one in mine} == {f"case:{case}"}
    chief = [one.topic for one in office.told() if one.user == "chief"]
    assert chief and set(chief) == {"task.after"}, "the office hears of what is late"
    found = Counter(steps(office, case))
    assert (found["milestone_late"], found["report_missing"]) == (1, 3)
    shown = [one["reports_missing"] for one in views_of(office, plan)]
    assert shown == [3, 0], "the month is not over"
    before = len(office.told())
    assert reminding.sweep(office.platform) == 0 and len(office.told()) == before


def views_of(office: Office, plan: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = views.show(office.centre, plan, "en")["tasks"]
    return found


def test_what_is_done_in_time_is_not_reminded_of_and_a_late_report_is_kept_as_late(
    office: Office,
) -> None:
    plan = office.plan()
    plans.start(office.centre, plan)
    task = office.tasks(plan)[0]
    marks = views_of(office, plan)[0]["marks"]
    given_ = Progress(50, "done", milestones=(marks[0]["id"],))
    progress.report(office.handler, task.id, given_)
    office.clock.advance(12 * DAY)
    reminding.sweep(office.platform)
    said = {one.fields["what"]["en"] for one in office.told() if one.user == "handler"}
    assert said == {"Progress report 2026-W28"}
    assert views_of(office, plan)[0]["reports_missing"] == 1
    late = Progress(60, "late", period="2026-W28")
    progress.report(office.handler, task.id, late)
    shown = views_of(office, plan)[0]
    assert (shown["reports_missing"], shown["percent"]) == (0, 60)


def test_nobody_is_reminded_of_what_waits_for_others_or_is_over(office: Office) -> None:
    plan = office.plan(tasks=[PLAN["tasks"][1]])
    plans.start(office.centre, plan)
    case = office.tasks(plan)[0].case
    take(office.centre, case, "suspend", Given(reason="等资金"))
    office.clock.advance(40 * DAY)
    reminding.sweep(office.platform)
    assert office.told() == [] and "report_missing" not in steps(office, case)
    take(office.centre, case, "resume", Given())
    office.clock.advance(30 * DAY)
    reminding.sweep(office.platform)
    said = [(one.user, one.topic) for one in office.told()]
    assert sorted(said) == [("chief", "task.after"), ("stranger", "task.after")]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ticks=st.lists(st.tuples(st.integers(1, 30 * 24), st.booleans()), min_size=1, max_size=12))
def test_each_once_whatever_the_ticks_and_crashes(
    office: Office, ticks: list[tuple[int, bool]]
) -> None:
    start = office.clock.now()
    plan = office.plan(
        starts="2026-07-01",
        ends="2099-12-31",
        tasks=[PLAN["tasks"][0] | {"due": "2099-01-01", "milestones": _milestones(start)}],
    )
    plans.start(office.centre, plan)
    task = office.tasks(plan)[0]
    known = {one.id for one in office.told()}
    for hours, crash in [*ticks, (40 * 24, True), (1, False)]:
        office.clock.advance(hours * HOUR)
        if crash:
            _crash(office)
        reminding.sweep(office.platform)
    mine = [one for one in office.told() if one.id not in known and one.user == "handler"]
    said = Counter(one.event for one in mine)
    assert max(said.values()) == 1
    for mark in views_of(office, plan)[0]["marks"]:
        last = [one for one in said if f"/milestone:{mark['id']}/" in one and one.endswith("/3")]
        assert len(last) == 1, "the last word is said"
    lines = Counter(
        (one["step"], one["text"])
        for one in office.show(task.case)["timeline"]
        if one["step"] in ("milestone_late", "report_missing")
    )
    assert max(lines.values()) == 1
    weeks = [name for step, name in lines if step == "report_missing"]
    missing = views_of(office, plan)[0]["reports_missing"]
    assert len(weeks) == missing >= (office.clock.now() - start) // (7 * DAY) - 1
    plans.end(office.centre, plan, "over")


def _milestones(start: int) -> list[dict[str, Any]]:
    days = [str(day_at(start + days * DAY, ZONE)) for days in (3, 9)]
    return [{"title": f"M{place}", "due": day} for place, day in enumerate(days)]


def _crash(office: Office) -> None:
    """The process dies after everything is written and before it is durable."""
    sent = reminding.notices.send

    def die(*args: Any) -> int:
        sent(*args)
        raise Crashed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reminding.notices, "send", die)
        try:
            reminding.sweep(office.platform)
        except Crashed:
            return
