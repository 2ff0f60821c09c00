"""Findings during announced maintenance open no case, and none of them is lost."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.actions.findings import release_held
from yiwang.cases.errors import BadTarget, NoSuchClass
from yiwang.cases.storms import silences
from yiwang.cases.storms.errors import (
    NoSuchSilence,
    ReasonMissing,
    SilenceOfAll,
    SilenceOver,
    SilenceTimes,
)
from yiwang.cases.storms.silences import Wanted
from yiwang.cases.storms.tables import case_held
from yiwang.contracts.events import FindingCleared
from yiwang.kernel.clock import HOUR, MINUTE, render
from yiwang.security.errors import Denied


def announce(city: City, **changed: Any) -> int:
    now = city.clock.now()
    values: dict[str, Any] = {
        "until_at": now + HOUR,
        "from_at": now - HOUR,
        "reason": "pumps are changed",
        "case_class": "demo.flooded",
    }
    return silences.add_silence(city.centre, Wanted(**(values | changed)))


def shown(city: City, number: int = 1) -> dict[str, Any]:
    return silences.show_silence(city.centre, number, "en")


def case_of(city: City, finding: int) -> int | None:
    return service.Cases(city.database).case_of([finding]).get(finding)


def test_a_finding_that_ends_inside_opens_no_case(city: City) -> None:
    announce(city)
    city.deliver(city.raised(1), city.raised(1))
    city.deliver(city.cleared(1))
    city.clock.advance(2 * HOUR)
    assert service.release(city.platform) == 0 and case_of(city, 1) is None
    assert shown(city)["counts"] == {"cleared": 1} and shown(city)["state"] == "over"
    assert [one["finding"] for one in shown(city)["findings"]] == [1]


def test_a_finding_that_lasts_longer_opens_its_case_when_the_silence_ends(city: City) -> None:
    announce(city)
    over = city.clock.now() + HOUR
    city.deliver(city.raised(1))
    assert service.release(city.platform) == 0
    city.clock.advance(HOUR + MINUTE)
    assert service.release(city.platform) == 1 and service.release(city.platform) == 0
    case = city.show(1)
    assert (case["opened_at"], case["state"]) == (render(over), "dispatched")
    assert shown(city)["counts"] == {"opened": 1} and shown(city)["findings"][0]["case"] == 1
    city.deliver(city.raised(1), city.cleared(1))
    assert city.show(1)["sources"][0]["cleared_at"] is not None


def test_its_end_may_be_heard_of_before_it_is_let_through_or_after(city: City) -> None:
    announce(city)
    ended = city.clock.now() + 30 * MINUTE
    city.deliver(city.raised(1), city.raised(2, one_per="b", lon=116.3))
    city.clock.advance(2 * HOUR)
    city.deliver(city.cleared(1))
    assert case_of(city, 1) == 1, "it outlived the silence"
    assert release_held(city.platform) == 1
    city.deliver(FindingCleared(2, "demo/close/2", ended))
    assert city.show(2)["kind"] == "void", "it had ended before the silence did"
    assert shown(city)["counts"] == {"opened": 2}


def test_silence_names_class_area_place_or_thing(city: City) -> None:
    announce(city, case_class="", area=city.grid)
    announce(city, case_class="demo.full_car_park", place=city.place)
    announce(city, case_class="", thing=99)
    city.deliver(city.raised(1), city.raised(2, lon=116.7, one_per="b"))
    assert (case_of(city, 1), case_of(city, 2)) == (None, 1), "the first grid alone"
    city.deliver(city.raised(3, lon=116.7, one_per="c", thing=99))
    assert case_of(city, 3) is None
    listed = silences.list_silences(city.centre, "current", 10, None, "en")
    assert [one["held"] for one in listed] == [1, 0, 1]
    assert (listed[1]["class_title"], listed[1]["place_name"]) == (
        "Car park full",
        "Underpass 1",
    )
    assert silences.list_silences(city.centre, "over", 10, None, "en") == []


def test_ended_early_it_lets_go_what_waits(city: City) -> None:
    number = announce(city)
    city.deliver(city.raised(1))
    other = announce(city, until_at=city.clock.now() + 2 * HOUR)
    silences.end_silence(city.centre, number)
    assert service.release(city.platform) == 0, "another one holds it"
    city.clock.advance(MINUTE)
    silences.end_silence(city.centre, other)
    assert service.release(city.platform) == 1
    assert city.show(1)["opened_at"] == render(city.clock.now())
    with pytest.raises(SilenceOver):
        silences.end_silence(city.centre, other)


def test_what_makes_no_silence(city: City) -> None:
    now = city.clock.now()
    for error, changed in (
        (SilenceTimes, {"until_at": now - HOUR}),
        (SilenceTimes, {"until_at": now}),
        (SilenceTimes, {"until_at": now + 32 * 24 * HOUR}),
        (ReasonMissing, {"reason": " "}),
        (SilenceOfAll, {"case_class": ""}),
        (NoSuchClass, {"case_class": "none"}),
        (BadTarget, {"area": 999}),
        (BadTarget, {"place": 999}),
    ):
        with pytest.raises(error):
            announce(city, **changed)
    with pytest.raises(NoSuchSilence):
        shown(city)
    with pytest.raises(Denied):
        silences.add_silence(city.handler, Wanted(now + HOUR, "mine", case_class="demo.flooded"))


minutes = st.integers(0, 20)
lasting = st.tuples(minutes, st.one_of(st.none(), st.integers(1, 15)))
spans = st.tuples(minutes, st.integers(1, 8))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(lasting, min_size=1, max_size=6),
    st.lists(spans, max_size=4),
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=8),
)
def test_a_silence_never_loses_a_finding(
    sqlite_city: Any,
    findings: list[tuple[int, int | None]],
    given_: list[tuple[int, int]],
    pauses: list[tuple[int, bool]],
) -> None:
    """Events come late and in any portions, the silences are let go at any time between."""
    city = sqlite_city()
    start = city.clock.now() + HOUR
    held = [(start + low * MINUTE, start + (low + size) * MINUTE) for low, size in given_]
    for low, high in held:
        announce(city, from_at=low, until_at=high)
    events: list[Any] = []
    wanted: dict[int, bool] = {}
    for number, (minute, lasts) in enumerate(findings, 1):
        raised_at = start + minute * MINUTE
        ended = None if lasts is None else raised_at + lasts * MINUTE
        events.append(city.raised(number, raised_at=raised_at, one_per=f"n{number}"))
        if ended is not None:
            events.append(FindingCleared(number, f"demo/close/{number}", ended))
        out = raised_at
        while any(low <= out < high for low, high in held):
            out += MINUTE
        wanted[number] = out == raised_at or ended is None or ended >= out
    city.clock.advance(HOUR)
    for size, sweeps in pauses:
        city.clock.advance(5 * MINUTE)
        some = [one for one in events[: size % 3]]
        city.deliver(*some)
        del events[: len(some)]
        if sweeps:
            service.release(city.platform)
    city.deliver(*events)
    city.clock.advance(HOUR)
    service.release(city.platform)
    with city.database.read() as connection:
        rows = {row.number: row for row in connection.execute(select(case_held))}
    for number, opens in wanted.items():
        case = case_of(city, number)
        lives = case is not None and city.show(case)["kind"] != "void"
        assert lives == opens
        assert case is not None or rows[number].state == "cleared"
    assert all(row.held_until is None for row in rows.values())
