"""The closed loop, step by step, by the people it belongs to."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.cases.conftest import City
from yiwang.cases import errors, service
from yiwang.cases.actions.watch import watch_deadlines
from yiwang.cases.lists import Filter
from yiwang.cases.service import Given, Report
from yiwang.kernel.clock import HOUR, MINUTE, parse, render
from yiwang.security.actions import Caller
from yiwang.security.errors import Denied

Opener = Callable[..., int]


def _steps(city: City, no: int) -> list[str]:
    return [line["step"] for line in city.show(no)["timeline"]]


def _take(caller: Caller, no: int, step: str, **given: object) -> int:
    return service.take(caller, no, step, Given(**given))  # type: ignore[arg-type]


def _handled(city: City, no: int) -> None:
    _take(city.handler, no, "start")
    city.photo(no)
    _take(city.handler, no, "report", text="drained")


def test_the_whole_loop(city: City, open_case: Opener) -> None:
    no = open_case()
    _take(city.handler, no, "start")
    assert city.show(no)["state_title"] == "Pumping"
    assert city.show(no, lang="zh-CN")["state_title"] == "抽排中"
    photo = city.photo(no)
    _take(city.handler, no, "report", text="drained", photos=(photo,))
    _take(city.grid_worker, no, "verify_ok")
    _take(city.centre, no, "close")
    case = city.show(no)
    assert (case["state"], case["kind"], case["overdue"]) == ("closed", "done", False)
    assert "were used in all" in case["deadline"]["why"]
    assert _steps(city, no)[2:] == ["start", "photo", "report", "verify_ok", "close"]
    assert case["timeline"][-3]["photos"] == [photo]
    assert all(line["actor"] for line in case["timeline"])


def test_evidence_is_needed(city: City, open_case: Opener) -> None:
    no = open_case()
    with pytest.raises(errors.StepIncomplete) as caught:
        _take(city.handler, no, "report", photos=())
    assert caught.value.fields["why"] == "needs_text"
    with pytest.raises(errors.StepIncomplete) as caught:
        _take(city.handler, no, "report", text="done")
    assert caught.value.fields["why"] == "needs_photos"
    assert "1 photos are needed, 0 are there" in caught.value.message("en")
    with pytest.raises(errors.NoSuchPicture):
        _take(city.handler, no, "report", text="done", photos=("0" * 64,))
    for given in ({"text": "x" * 10_001}, {"text": "done", "reason": "x" * 10_001}):
        with pytest.raises(errors.WordsTooLong):
            _take(city.handler, no, "report", **given)
    assert city.show(no)["state"] == "dispatched"


def test_photos_of_an_earlier_round_are_no_evidence(city: City, open_case: Opener) -> None:
    no = open_case()
    _handled(city, no)
    city.clock.advance(MINUTE)
    _take(city.grid_worker, no, "verify_not_ok", reason="still wet")
    _take(city.centre, no, "dispatch", to={"organisation": city.water})
    city.clock.advance(MINUTE)
    with pytest.raises(errors.StepIncomplete):
        _take(city.handler, no, "report", text="drained again")


def test_only_those_it_belongs_to(city: City, open_case: Opener) -> None:
    no = open_case()
    for outsider in (city.stranger, city.citizen):
        with pytest.raises(errors.NoSuchCase):
            _take(outsider, no, "start")
    with pytest.raises(errors.StepRefused) as caught:
        _take(city.grid_worker, no, "void", reason="no")
    assert caught.value.fields["why"] == "only_centre"
    with pytest.raises(errors.StepImpossible):
        _take(city.handler, no, "resume")
    auditor = city.caller("auditor", "auditor")
    _take(auditor, no, "comment", text="hm")
    with pytest.raises(errors.StepRefused):
        _take(auditor, no, "void", reason="no")
    with pytest.raises(Denied):
        _take(city.caller("steward", "data_steward"), no, "comment", text="hm")


def test_nobody_verifies_their_own_work(city: City, open_case: Opener) -> None:
    no = open_case()
    both = city.caller(
        "handler",
        "grid_worker",
        organisation=city.water,
        grids=frozenset({city.grid}),
    )
    _handled(city, no)
    with pytest.raises(errors.StepRefused) as caught:
        _take(both, no, "verify_ok")
    assert caught.value.fields["why"] == "own_work"


def test_steps_say_why_not(city: City, open_case: Opener) -> None:
    no = open_case()
    steps = {one.step: one for one in service.possible(city.handler, no)}
    assert steps["start"].allowed and not steps["close"].allowed
    refusal = steps["resume"].why_not
    assert refusal is not None and refusal.code == "wrong_state"
    assert set(steps["report"].needs) == {"text", "photos"}
    shown = {one["step"]: one for one in city.show(no, city.handler)["steps"]}
    assert "Dispatched" in shown["resume"]["why_not"]
    assert shown["resume"]["why_not_code"] == "wrong_state"


def test_returned_and_dispatched_again(city: City, open_case: Opener) -> None:
    no = open_case()
    _take(city.handler, no, "return", reason="a broken pipe, not the drain")
    case = city.show(no)
    assert (case["state"], case["organisation"], case["handler"]) == ("accepted", None, "")
    with pytest.raises(errors.NoSuchCase):
        city.show(no, city.handler)
    _take(city.centre, no, "dispatch", to={"organisation": city.parks})
    case = city.show(no, city.stranger)
    assert case["organisation"] == city.parks
    assert "Chosen by" in case["dispatch"]["reason"][0]
    _take(city.centre, no, "transfer", to={"person": city.person}, reason="theirs after all")
    assert city.show(no)["handler"] == "handler"
    for bad in ({"organisation": 999}, {"person": 999}, {"organisation": "x"}):
        with pytest.raises(errors.BadTarget):
            _take(city.centre, no, "dispatch", to=bad)


def test_the_clock_stands_still_while_suspended(city: City, open_case: Opener) -> None:
    no = open_case()
    city.clock.advance(9 * MINUTE)
    _take(city.centre, no, "suspend", reason="waits for parts")
    case = city.show(no)
    assert case["due_at"] is None and "stands still" in case["deadline"]["why"]
    city.clock.advance(5 * HOUR)
    _take(city.handler, no, "resume")
    case = city.show(no)
    assert case["state"] == "dispatched"
    assert case["due_at"] == render(city.clock.now() + 50 * MINUTE)


def test_reopening_gives_the_whole_time_again(city: City, open_case: Opener) -> None:
    no = open_case()
    city.clock.advance(2 * HOUR)
    _handled(city, no)
    _take(city.grid_worker, no, "verify_ok")
    _take(city.centre, no, "close")
    assert city.show(no)["overdue"]
    _take(city.centre, no, "reopen", reason="wet again")
    case = city.show(no)
    assert (case["state"], case["overdue"]) == ("accepted", False)
    assert case["due_at"] == render(city.clock.now() + HOUR)
    assert case["timeline"][-1]["details"]["from"]["overdue"] is True
    assert open_case(2) == no


def test_a_reopened_case_leaves_the_key_to_a_newer_one(city: City, open_case: Opener) -> None:
    no = open_case()
    _take(city.centre, no, "void", reason="a drill")
    assert open_case(2) == no + 1
    _take(city.centre, no, "reopen", reason="no drill")
    assert open_case(3) == no + 1


def test_severity_and_class_can_be_changed(city: City, open_case: Opener) -> None:
    no = open_case()
    _take(city.centre, no, "change", to={"severity": "notice"}, reason="ankle-deep")
    case = city.show(no)
    assert case["deadline"]["counting"] == "working"
    assert case["timeline"][-1]["details"]["from"]["minutes"] == 60
    _take(city.centre, no, "change", to={"case_class": "demo.full_car_park"}, reason="a mistake")
    assert city.show(no)["case_class"] == "demo.full_car_park"
    assert service.counts(city.centre, "demo.full_car_park")["kinds"]["working"] == 1
    assert service.counts(city.centre, "demo.flooded")["kinds"]["working"] == 0
    with pytest.raises(errors.BadTarget):
        _take(city.centre, no, "change", to={"severity": "awful"}, reason="x")
    with pytest.raises(errors.NoSuchClass):
        _take(city.centre, no, "change", to={"case_class": "demo.none"}, reason="x")


def test_merging_and_splitting(city: City, open_case: Opener) -> None:
    first, second = open_case(1), open_case(2, one_per="other")
    _take(city.centre, second, "merge", to={"case": first}, reason="the same water")
    assert city.show(second)["state"] == "merged"
    assert city.show(first)["source_count"] == 2
    assert service.Cases(city.database).case_of([2]) == {2: first}
    _take(city.centre, second, "split", reason="not the same")
    assert city.show(second)["source_count"] == city.show(first)["source_count"] == 1
    assert city.show(second)["kind"] == "new"
    with pytest.raises(errors.BadTarget):
        _take(city.centre, first, "merge", to={"case": first}, reason="x")


def test_urging_supervising_commenting(city: City, open_case: Opener) -> None:
    no = open_case()
    _take(city.grid_worker, no, "urge")
    _take(city.centre, no, "supervise", reason="school nearby")
    _take(city.centre, no, "supervise", reason="again")
    _take(city.handler, no, "comment", text="on our way")
    case = city.show(no)
    assert case["supervision"] == 2 and case["state"] == "dispatched"


def test_two_people_at_once(city: City, open_case: Opener) -> None:
    no = open_case()
    seen = city.show(no)["version"]
    service.take(city.handler, no, "start", Given(), seen)
    with pytest.raises(errors.ChangedMeanwhile) as caught:
        service.take(city.centre, no, "void", Given(reason="x"), seen)
    assert caught.value.fields["step"] == "start"
    assert caught.value.fields["actor"] == "user:handler"
    assert city.show(no)["state"] == "pumping"


def test_many_at_once_one_wins(city: City, open_case: Opener) -> None:
    no = open_case()
    version = city.show(no)["version"]
    won: list[int] = []
    told: list[object] = []

    def act(place: int) -> None:
        try:
            given = Given(reason=f"r{place}")
            service.take(city.centre, no, "supervise", given, version)
            won.append(place)
        except errors.ChangedMeanwhile as error:
            told.append(error)

    threads = [threading.Thread(target=act, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(told)) == (1, 7)
    assert city.show(no)["supervision"] == 1


def test_a_resident_follows_their_report(city: City) -> None:
    report = Report("demo.flooded", "Water under the bridge", 116.1, 39.1, address="East Rd")
    no = service.report(city.citizen, report)
    case = city.show(no, city.citizen)
    assert (case["state"], case["kind"]) == ("reported", "new")
    assert case["grid_name"] == "G1"
    with pytest.raises(errors.NoSuchCase):
        city.show(no, city.caller("other", "citizen"))
    _take(city.centre, no, "accept")
    _take(city.centre, no, "dispatch")
    assert city.show(no)["organisation"] == city.water
    _take(city.citizen, no, "urge")
    _handled(city, no)
    _take(city.grid_worker, no, "verify_ok")
    _take(city.centre, no, "close")
    _take(city.citizen, no, "reopen", reason="still wet")
    assert city.show(no, city.citizen)["kind"] == "new"


def test_reports_near_one_another_are_one_case(city: City, open_case: Opener) -> None:
    no = open_case()
    other = city.caller("other", "citizen")
    assert service.report(other, Report("demo.flooded", "It is wet", 116.1002, 39.1)) == no
    assert city.show(no, other)["source_count"] == 2
    city.deliver(city.withdrawn(1))
    assert city.show(no)["kind"] == "working"
    found, _ = service.listing(other, Filter(), 10, None, "en")
    assert [one["no"] for one in found] == [no]


@pytest.mark.parametrize(
    ("report", "error"),
    [
        (Report("demo.none", "x", 116.1, 39.1), errors.NoSuchClass),
        (Report("demo.flooded", "  ", 116.1, 39.1), errors.TextMissing),
        (Report("demo.flooded", "x" * 10_001, 116.1, 39.1), errors.TextMissing),
        (Report("demo.flooded", "x"), errors.PlaceMissing),
        (Report("demo.flooded", "x", 116.1), errors.PlaceMissing),
        (Report("demo.flooded", "x", 216.1, 39.1), errors.PlaceMissing),
        (Report("demo.flooded", "x", float("nan"), 39.1), errors.PlaceMissing),
        (Report("demo.flooded", "x", place=999), errors.BadTarget),
    ],
)
def test_bad_reports(city: City, report: Report, error: type[Exception]) -> None:
    with pytest.raises(error):
        service.report(city.citizen, report)
    assert service.counts(city.centre)["kinds"]["new"] == 0


def test_a_place_serves_as_position(city: City) -> None:
    no = service.report(city.citizen, Report("demo.flooded", "x", place=city.place))
    case = city.show(no)
    assert (case["lon"], case["place_name"], case["grid"]) == (116.1, "Underpass 1", city.grid)


def test_severity_is_for_staff_to_say(city: City) -> None:
    wanted = Report("demo.flooded", "x", 116.1, 39.1, severity="critical")
    assert city.show(service.report(city.citizen, wanted))["severity"] == "urgent"
    city.clock.advance(5 * HOUR)
    assert city.show(service.report(city.grid_worker, wanted))["severity"] == "critical"


def test_the_watch_warns_and_marks(city: City, open_case: Opener) -> None:
    no = open_case()
    assert service.sweep(city.platform) == 0
    city.clock.advance(50 * MINUTE)
    assert service.sweep(city.platform) == 1
    assert service.sweep(city.platform) == 0
    assert _steps(city, no)[-1] == "warned" and not city.show(no)["overdue"]
    _take(city.handler, no, "start")
    assert service.sweep(city.platform) == 0
    city.clock.advance(3 * HOUR)
    assert service.sweep(city.platform) == 1
    case = city.show(no)
    assert case["overdue"] and case["timeline"][-1]["step"] == "overdue"
    assert case["timeline"][-1]["at"] == case["due_at"]
    assert service.counts(city.centre) == {
        "kinds": {"new": 0, "working": 1, "waiting": 0, "done": 0, "void": 0},
        "overdue": 1,
    }
    assert service.sweep(city.platform) == 0
    with pytest.raises(Denied):
        watch_deadlines(city.handler)


def test_at_the_end_of_its_time_a_case_is_in_time_and_late_behind_it(
    city: City, open_case: Opener
) -> None:
    """Whether the watch looks in that very instant or does not."""
    done, left = open_case(1), open_case(2, one_per="another")
    assert city.show(done)["due_at"] == city.show(left)["due_at"]
    city.clock.set(parse(city.show(done)["due_at"]))
    service.sweep(city.platform)
    assert not city.show(done)["overdue"] and not city.show(left)["overdue"]
    _take(city.handler, done, "report", text="pumped", photos=(city.photo(done),))
    city.clock.advance(1)
    assert service.sweep(city.platform) == 1
    assert not city.show(done)["overdue"] and city.show(left)["overdue"]
    assert city.show(left)["timeline"][-1]["at"] == city.show(left)["due_at"]


def test_a_watch_that_slept_warns_and_marks_at_once(city: City, open_case: Opener) -> None:
    no = open_case()
    city.clock.advance(9 * HOUR)
    service.sweep(city.platform)
    assert _steps(city, no)[-1] == "overdue"


def test_a_removed_class_goes_on_for_running_cases(city: City, open_case: Opener) -> None:
    no = open_case()
    service.remove_classes(city.platform, "demo")
    assert service.list_classes(city.centre) == []
    _take(city.handler, no, "start")
    assert city.show(no)["state_title"] == "Pumping"
    city.deliver(city.raised(2, one_per="new"))
    assert service.Cases(city.database).case_of([2]) == {}
