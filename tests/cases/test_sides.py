"""The side paths of the loop, by the people they belong to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from tests.cases.conftest import City
from tests.cases.taking import take, unit, why
from yiwang.cases import errors, service
from yiwang.cases.lists import Filter
from yiwang.cases.service import Report
from yiwang.cases.spec import parse
from yiwang.cases.tables import case_assessments
from yiwang.kernel import clock, documents
from yiwang.kernel.clock import DAY, HOUR, MINUTE, render

Opener = Callable[..., int]


def _steps(city: City, no: int) -> list[str]:
    return [line["step"] for line in city.show(no)["timeline"]]


def _last(city: City, no: int) -> dict[str, Any]:
    line: dict[str, Any] = city.show(no)["timeline"][-1]
    return line


def _close(city: City, no: int) -> None:
    city.photo(no)
    take(city.handler, no, "report", text="drained")
    if take(city.grid_worker, no, "verify_ok") != "closed":
        take(city.centre, no, "close")


def _with(city: City, extra: str) -> None:
    """The class ``flooded`` with more data of its own."""
    text = f"""
classes:
  flooded:
    severity: urgent
    role: drainage
    deadline:
      urgent: {{minutes: 60, counting: clock}}
{extra}
"""
    spec = parse(documents.parse(text, "cases.yaml"), "demo", {})
    service.install_classes(city.platform, "demo", spec.classes)


def test_handed_over_the_clock_waits_for_the_answer(city: City, open_case: Opener) -> None:
    outside = unit(city, "OTHER-CITY", kind="external")
    no = open_case()
    city.clock.advance(9 * MINUTE)
    with pytest.raises(errors.BadTarget) as caught:
        take(city.centre, no, "hand_over", to={"organisation": city.parks}, reason="x")
    assert "外单位" in caught.value.message("zh-CN")
    assert (
        take(city.centre, no, "hand_over", to={"organisation": outside}, reason="across the line")
        == "handed_over"
    )
    assert city.show(no)["due_at"] is None
    city.clock.advance(5 * DAY)
    theirs = city.caller("theirs", "department_handler", organisation=outside)
    assert take(theirs, no, "take_back", reason="not ours") == "accepted"
    assert city.show(no)["due_at"] == render(city.clock.now() + 50 * MINUTE)
    take(city.centre, no, "hand_over", to={"organisation": outside}, reason="it is")
    assert take(theirs, no, "outside_answer", text="pumped out") == "handled"


def test_joint_units_do_their_part(city: City, open_case: Opener) -> None:
    no = open_case()
    assert why(city.centre, no, "waive_part", to={"organisation": 1}, reason="x") == (
        "no_open_parts"
    )
    third = unit(city, "ROADS")
    units = {"organisations": [city.parks, third]}
    assert why(city.handler, no, "ask_joint", text="x") == "needs_units"
    for bad in ([city.water], [999], ["x"]):
        with pytest.raises(errors.BadTarget):
            take(city.handler, no, "ask_joint", to={"organisations": bad}, text="x")
    take(city.handler, no, "ask_joint", to=units, text="close the road")
    with pytest.raises(errors.BadTarget):
        take(city.handler, no, "ask_joint", to=units, text="again")
    case = city.show(no, city.stranger)
    assert [one["state"] for one in case["parts"]] == ["open", "open"]
    listed, _ = service.listing(city.stranger, Filter(), 10, None, "en")
    assert [one["no"] for one in listed] == [no]
    city.photo(no)
    assert why(city.handler, no, "report", text="done") == "parts_open"
    assert why(city.handler, no, "answer_part", text="x") == "not_asked"
    take(city.stranger, no, "answer_part", text="road closed")
    assert why(city.stranger, no, "answer_part", text="x") == "not_asked"
    assert city.show(no, city.stranger)["parts"][0]["answer"] == "road closed"
    take(city.centre, no, "waive_part", to={"organisation": third}, reason="not needed")
    assert take(city.handler, no, "report", text="done") == "handled"
    states = [one["state"] for one in city.show(no)["parts"]]
    assert states == ["answered", "waived"]


def test_open_parts_are_dropped_with_the_end(city: City, open_case: Opener) -> None:
    no = open_case()
    take(city.centre, no, "ask_joint", to={"organisations": [city.parks]}, text="help")
    take(city.centre, no, "void", reason="a drill")
    assert [one["state"] for one in city.show(no)["parts"]] == ["dropped"]
    take(city.centre, no, "reopen", reason="no drill")
    take(city.centre, no, "dispatch")
    city.photo(no)
    assert take(city.handler, no, "report", text="done") == "handled"


def test_more_time_is_asked_for_and_granted(city: City, open_case: Opener) -> None:
    no = open_case()
    due = city.show(no)["due_at"]
    assert why(city.handler, no, "ask_extension", reason="x") == "needs_minutes"
    assert why(city.centre, no, "extend_granted") == "no_extension_asked"
    with pytest.raises(errors.TooMuchTime) as caught:
        take(city.handler, no, "ask_extension", minutes=61, reason="x")
    assert caught.value.fields["most"] == 60
    take(city.handler, no, "ask_extension", minutes=40, reason="a pump broke")
    assert why(city.handler, no, "ask_extension", minutes=5, reason="x") == "extension_pending"
    with pytest.raises(errors.TooMuchTime):
        take(city.centre, no, "extend_granted", minutes=41)
    take(city.centre, no, "extend_granted", minutes=30)
    case = city.show(no)
    assert case["due_at"] == render(city.clock.now() + 89 * MINUTE) and due != case["due_at"]
    assert _last(city, no)["details"]["from"]["minutes"] == 60
    assert why(city.handler, no, "ask_extension", minutes=5, reason="x") == "extensions_used"
    take(city.centre, no, "change", to={"severity": "notice"}, reason="milder")
    assert city.show(no)["deadline"]["minutes"] == 4 * 60 + 30


def test_more_time_is_refused(city: City, open_case: Opener) -> None:
    no = open_case()
    until = city.clock.now() + 79 * MINUTE
    take(city.handler, no, "ask_extension", until=until, reason="a pump broke")
    assert city.show(no)["extension"]["asked"] == 20
    take(city.centre, no, "extend_refused", reason="there is another")
    case = city.show(no)
    assert case["extension"] == {"asked": None, "granted": 0, "times": 0, "most": 1}
    assert case["deadline"]["minutes"] == 60


def test_more_time_granted_late_makes_it_punctual(city: City, open_case: Opener) -> None:
    no = open_case()
    take(city.handler, no, "ask_extension", minutes=60, reason="x")
    city.clock.advance(70 * MINUTE)
    service.sweep(city.platform)
    assert city.show(no)["overdue"]
    take(city.centre, no, "extend_granted")
    assert not city.show(no)["overdue"]
    city.clock.advance(40 * MINUTE)
    service.sweep(city.platform)
    assert _steps(city, no)[-1] == "warned"


def test_a_suspension_ends_on_its_day(city: City, open_case: Opener) -> None:
    no = open_case()
    city.clock.advance(9 * MINUTE)
    with pytest.raises(errors.NotToCome):
        take(city.centre, no, "suspend", until=city.clock.now(), reason="x")
    until = city.clock.now() + 3 * DAY
    take(city.centre, no, "suspend", until=until, reason="parts on order")
    assert city.show(no)["resume_at"] == render(until)
    city.clock.advance(2 * DAY)
    assert service.sweep(city.platform) == 0
    city.clock.advance(DAY + 20 * MINUTE)
    assert service.sweep(city.platform) == 1
    case = city.show(no)
    assert (case["state"], case["resume_at"]) == ("dispatched", None)
    assert case["due_at"] == render(until + 50 * MINUTE)
    assert case["timeline"][-1]["at"] == render(until)
    take(city.centre, no, "suspend", until=until + DAY, reason="again")
    take(city.handler, no, "resume")
    city.clock.advance(2 * DAY)
    service.sweep(city.platform)
    assert _steps(city, no).count("resume") == 2


def test_supervision_not_answered_goes_up(city: City, open_case: Opener) -> None:
    no = open_case()
    assert why(city.handler, no, "answer_supervision", text="x") == "not_supervised"
    take(city.centre, no, "supervise", reason="a school is near")
    assert city.show(no)["supervised"]["answer_by"] == render(city.clock.now() + DAY)
    take(city.handler, no, "answer_supervision", text="on our way")
    assert city.show(no)["supervised"]["answer_by"] is None
    take(city.centre, no, "supervise", reason="still wet")
    city.clock.advance(20 * HOUR)
    service.sweep(city.platform)
    case = city.show(no)
    assert (case["supervised"]["level"], case["supervised"]["title"]) == (
        3,
        "Supervised by the city",
    )
    late = [line for line in case["timeline"] if line["step"] == "supervision_late"]
    assert [line["details"]["level"] for line in late] == [2, 3]
    assert case["supervised"]["answer_by"] is None


def test_returned_too_often_the_centre_is_told(city: City, open_case: Opener) -> None:
    _with(city, "    returns: {told_after: 2, most: 3}")
    no = open_case()
    for _ in range(3):
        take(city.handler, no, "return", reason="not ours")
        take(city.centre, no, "dispatch", to={"organisation": city.water})
    case = city.show(no)
    assert _steps(city, no).count("bounced") == 1 and case["supervision"] == 1
    assert case["counts"]["returns"] == 3
    assert why(city.handler, no, "return", reason="not ours") == "too_many_returns"


def test_an_appeal_excuses_a_lateness(city: City, open_case: Opener) -> None:
    no, other = open_case(), open_case(2, one_per="other")
    assert why(city.handler, no, "appeal", reason="x") == "not_late"
    city.clock.advance(2 * HOUR)
    service.sweep(city.platform)
    assert service.counts(city.centre)["overdue"] == 2
    take(city.handler, no, "appeal", reason="the road was closed")
    assert why(city.handler, no, "appeal", reason="x") == "appealed_already"
    take(city.centre, no, "appeal_accepted", reason="it was")
    case = city.show(no)
    assert case["overdue"] and case["excused"]
    assert service.counts(city.centre)["overdue"] == 1
    assert service.counts(city.handler)["overdue"] == 1
    _close(city, other)
    take(city.handler, other, "appeal", reason="it rained")
    take(city.centre, other, "appeal_rejected", reason="it always does")
    assert not city.show(other)["excused"]
    assert why(city.centre, other, "appeal_accepted", reason="x") == "no_appeal"


def test_assessed_by_the_reporter_and_by_the_centre(city: City) -> None:
    no = service.report(city.citizen, Report("demo.flooded", "Wet", 116.1, 39.1))
    take(city.centre, no, "accept")
    assert why(city.citizen, no, "assess", rating=5) == "wrong_state"
    take(city.centre, no, "dispatch")
    _close(city, no)
    for bad in (None, 0, 6):
        assert why(city.citizen, no, "assess", rating=bad) == "needs_rating"
    take(city.citizen, no, "assess", rating=4, solved=True, text="quick")
    assert why(city.citizen, no, "assess", rating=5) == "assessed_already"
    assert take(city.centre, no, "assess", rating=2, solved=False, text="by phone") == (
        "dispatched"
    )
    case = city.show(no)
    assert case["organisation"] == city.water
    assert [line["step"] for line in case["timeline"]][-3:] == ["assess", "reopen", "dispatch"]
    assert [one["on_behalf"] for one in case["assessments"]] == [False, True]
    with city.database.read() as connection:
        rows = list(connection.execute(select(case_assessments)))
    assert [(row.rating, row.organisation) for row in rows] == [(4, city.water), (2, city.water)]
    assert case["counts"]["reopens"] == 1


def test_after_the_window_an_assessment_reopens_nothing(city: City, open_case: Opener) -> None:
    _with(city, "    reopening: {within: {days: 15, counting: clock}}")
    no = open_case()
    _close(city, no)
    city.clock.advance(8 * DAY)
    assert take(city.centre, no, "assess", rating=1, solved=False) == "closed"
    city.clock.advance(8 * DAY)
    assert why(city.centre, no, "reopen", reason="wet") == "too_long_ago"


def test_warnings_and_stages_are_data(city: City, open_case: Opener) -> None:
    _with(
        city,
        "    warnings: [0.5, 0.8]\n    stages: {dispatched: {minutes: 10, counting: clock}}",
    )
    no = open_case()
    told, minutes = [], []
    begun = clock.parse(city.show(no)["timeline"][1]["at"])
    for _ in range(70):
        city.clock.advance(MINUTE)
        service.sweep(city.platform)
    for line in city.show(no)["timeline"][2:]:
        told.append((line["step"], line["details"].get("share")))
        if line["step"].startswith("stage"):
            minutes.append((clock.parse(line["at"]) - begun) // MINUTE)
    assert minutes == [5, 8, 10]
    assert told == [
        ("stage_warned", 0.5),
        ("stage_warned", 0.8),
        ("stage_overdue", None),
        ("warned", 0.5),
        ("warned", 0.8),
        ("overdue", None),
    ]


def test_limits_by_area(city: City, open_case: Opener) -> None:
    areas = "      areas: {G2: {minutes: 20, counting: clock}, D: {minutes: 30, counting: clock}}"
    _with(city, areas)
    assert city.show(open_case())["deadline"]["minutes"] == 30
    no = open_case(2, one_per="other", place=None, lon=116.7)
    assert city.show(no)["deadline"]["minutes"] == 20
    take(city.centre, no, "change", to={"grid": city.grid}, reason="the other side")
    assert city.show(no)["deadline"]["minutes"] == 30
    assert _last(city, no)["details"]["from"]["grid"] == city.other_grid
    with pytest.raises(errors.BadTarget):
        take(city.centre, no, "change", to={"grid": 999}, reason="x")


def test_steps_say_who_could(city: City, open_case: Opener) -> None:
    no = open_case()
    shown = {one["step"]: one["who"] for one in city.show(no)["steps"]}
    assert shown["start"] == ["Water Office · 王伟 (handler)"]
    assert shown["verify_ok"] == ["the grid worker of G1", "the command centre"]
    assert shown["answer_part"] == ["joint units"]
    take(city.centre, no, "ask_joint", to={"organisations": [city.parks]}, text="help")
    shown = {one["step"]: one["who"] for one in city.show(no, lang="zh-CN")["steps"]}
    assert shown["answer_part"] == ["联合单位：停车管理中心"]
