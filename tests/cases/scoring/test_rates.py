"""Rates of cases against a slow count of what was done."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cases.conftest import City
from tests.cases.scoring.lives import Lives, everything, expected
from yiwang.cases.scoring import results, service
from yiwang.cases.scoring.counts import COUNTS, SUMS
from yiwang.cases.scoring.model.figures import RATES
from yiwang.cases.scoring.rates import Wanted
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.clock import HOUR, MINUTE, parse
from yiwang.kernel.periods import WorkedTime, last_full, period
from yiwang.security.errors import Denied

NEXT = {
    "reported": ("dispatch", "urge", "void"),
    "accepted": ("dispatch", "urge", "suspend"),
    "dispatched": ("start", "report", "return", "urge", "void", "suspend"),
    "pumping": ("report", "return", "urge"),
    "suspended": ("resume", "void"),
    "handled": ("verify_ok", "verify_not_ok", "urge"),
    "verified": ("close",),
    "closed": ("reopen",),
    "voided": (),
}
ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 7, 1)

Moves = st.lists(
    st.tuples(
        st.sampled_from(["found", "reported", "hotline", "step", "step", "step", "time"]),
        st.integers(0, 11),
        st.integers(0, 9),
        st.integers(1, 700),
    ),
    min_size=8,
    max_size=20,
)


def _live(lives: Lives, moves: Any) -> None:
    for what, which, choice, minutes in moves:
        if what == "found":
            lives.found()
        elif what in ("reported", "hotline"):
            lives.reported(what == "reported", what if what == "hotline" else "")
        elif what == "time":
            lives.pass_time(minutes)
        elif lives.lives:
            life = lives.lives[-1 - which % len(lives.lives)]
            options = NEXT[life.state]
            if options:
                lives.pass_time(minutes % 50)
                lives.take(life, options[choice % len(options)])
    lives.pass_time(1)
    lives.relay.drain()


@pytest.fixture
def lives(city: City) -> Lives:
    return Lives(city)


@settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(moves=Moves, since=st.integers(-1, 3), length=st.integers(1, 5))
def test_rates_are_what_a_slow_count_says(
    city: City, lives: Lives, moves: Any, since: int, length: int
) -> None:
    _live(lives, moves)
    first = DAY + timedelta(days=since)
    until = first + timedelta(days=length)
    span = period(first, until, ZONE)
    shown = service.show_rates(city.centre, "organisation", first, until)
    slow = expected(lives.lives, span.start, span.end, city.clock.now())
    counts = shown["city"]["counts"]
    names = [name for name in slow if name != "close_clock"]
    assert {name: counts[name] for name in names} == {name: slow[name] for name in names}
    for rate, (above, below) in RATES.items():
        wanted = counts[above] / counts[below] if counts[below] else None
        assert shown["city"]["rates"][rate] == wanted
    average = slow["close_clock"] / slow["closed"] / MINUTE if slow["closed"] else None
    assert shown["city"]["times"]["average_minutes"] == average
    for name in counts:
        parts = sum(item["counts"][name] for item in shown["items"])
        if name in ("open_now", "overdue_now"):
            assert parts <= counts[name], "a group without anything in the period is left out"
        else:
            assert parts == counts[name], name
    before = everything(city)
    assert results.recompute(city.platform) == len(before) == len(lives.lives)
    assert everything(city) == before


def test_every_figure_leads_to_its_cases(city: City, lives: Lives) -> None:
    one, two, three = lives.found(), lives.reported(), lives.reported(False, "hotline")
    lives.reported()
    for step in ("report", "verify_not_ok", "report", "verify_ok", "close", "reopen"):
        lives.pass_time(7)
        lives.take(one, step)
    for life in (two, three):
        lives.take(life, "dispatch")
        lives.take(life, "urge")
    lives.pass_time(100)
    for step in ("report", "verify_ok", "close"):
        lives.take(two, step)
    lives.relay.drain()
    days = (DAY, DAY + timedelta(days=1))
    shown = service.show_rates(city.centre, "channel", *days)
    assert shown["city"]["counts"]["filed"] == 4
    for item in shown["items"]:
        wanted = Wanted({"channel": item["key"]})
        for name in COUNTS:
            found = service.counted(city.centre, name, *days, wanted, 100, None)
            assert len(found) == item["counts"][name], name
        for name in RATES:
            found = service.counted(city.centre, name, *days, wanted, 100, None)
            rate = item["rates"][name]
            assert rate == (sum(one["counts"] for one in found) / len(found) if found else None)
    reworked = service.counted(city.centre, "reworks", *days, Wanted(), 100, None, "en")
    assert [one["no"] for one in reworked] == []
    reopened = service.counted(city.centre, "reopenings", *days, Wanted(), 100, None, "en")
    assert [(one["no"], one["organisation_title"]) for one in reopened] == [(1, "Water Office")]
    late = service.counted(city.centre, "late", *days, Wanted(), 100, None)
    assert [one["judged_at"] for one in late if one["no"] == two.no] == ["2026-07-01T01:00:00Z"]
    assert shown["own"] == shown["city"]
    for name in SUMS:
        assert service.counted(city.centre, name, *days, Wanted(), 100, None) is not None


def test_a_day_is_a_day_of_the_city(city: City, lives: Lives) -> None:
    """Midnight in Shanghai is 16:00 UTC; a case at that instant belongs to the day beginning."""
    city.clock.set(parse("2026-07-01T15:59:59.999999Z"))
    lives.reported()
    city.clock.set(parse("2026-07-01T16:00:00Z"))
    lives.reported()
    lives.reported()
    lives.relay.drain()
    for day, wanted in ((DAY, 1), (DAY + timedelta(days=1), 2), (DAY + timedelta(days=2), 0)):
        shown = service.show_rates(city.centre, "class", day, day + timedelta(days=1))
        assert shown["city"]["counts"]["filed"] == wanted


def test_groups_that_had_nothing_in_the_period_are_left_out(city: City, lives: Lives) -> None:
    city.clock.set(parse("2026-07-02T02:00:00Z"))
    lives.found()
    lives.relay.drain()
    empty = service.show_rates(city.centre, "organisation", DAY, DAY + timedelta(days=1))
    assert empty["items"] == [] and empty["city"]["counts"]["open_now"] == 1
    next_day = (DAY + timedelta(days=1), DAY + timedelta(days=2))
    [item] = service.show_rates(city.centre, "organisation", *next_day)["items"]
    assert item["counts"]["backlog"] == item["counts"]["open_now"] == 1


@pytest.mark.parametrize(
    ("first", "until", "hours"),
    [
        (date(2026, 3, 29), date(2026, 3, 30), 23),
        (date(2026, 10, 25), date(2026, 10, 26), 25),
        (date(2026, 10, 1), date(2026, 11, 1), 31 * 24 + 1),
    ],
)
def test_days_where_the_clocks_change(first: date, until: date, hours: int) -> None:
    span = period(first, until, ZoneInfo("Europe/Berlin"))
    assert span.end - span.start == hours * HOUR


def test_the_last_full_periods() -> None:
    assert last_full("day", date(2026, 1, 1)) == (date(2025, 12, 31), date(2026, 1, 1))
    assert last_full("week", date(2026, 7, 1)) == (date(2026, 6, 22), date(2026, 6, 29))
    assert last_full("week", date(2026, 7, 6)) == (date(2026, 6, 29), date(2026, 7, 6))
    assert last_full("month", date(2026, 1, 15)) == (date(2025, 12, 1), date(2026, 1, 1))


@given(st.integers(0, 400 * 24 * 60), st.integers(0, 20 * 24 * 60))
def test_worked_time_is_that_of_the_calendar(start: int, minutes: int) -> None:
    calendar = WorkingCalendar(ZoneInfo("Europe/Berlin"))
    begin = parse("2026-01-01T00:00:00Z") + start * MINUTE
    end = begin + minutes * MINUTE
    worked = WorkedTime(calendar)
    assert worked.between(begin, end) == calendar.between(begin, end)
    back = worked.back(end, 45)
    assert calendar.between(back, end) >= 45 * MINUTE > calendar.between(back + 1, end)


def test_medians_are_the_middle(city: City, lives: Lives) -> None:
    for minutes in (10, 20, 50):
        life = lives.found()
        lives.pass_time(minutes)
        for step in ("report", "verify_ok", "close"):
            lives.take(life, step)
    lives.relay.drain()
    days = (DAY, DAY + timedelta(days=1))
    shown = service.show_rates(city.centre, "organisation", *days)
    assert shown["city"]["times"]["median_minutes"] == 20
    fourth = lives.found()
    lives.pass_time(40)
    for step in ("report", "verify_ok", "close"):
        lives.take(fourth, step)
    lives.relay.drain()
    shown = service.show_rates(city.centre, "person", *days)
    assert shown["city"]["times"]["median_minutes"] == 30
    assert [item["times"]["median_minutes"] for item in shown["items"]] == [30]
    assert [item["title"]["en"] for item in shown["items"]] == ["王伟"]


def test_who_sees_whose_figures(city: City, lives: Lives) -> None:
    """A department its own, a person their own, the city's totals everybody; no citizen."""
    for who in (lives.found(), lives.found()):
        for step in ("start", "report", "verify_ok", "close"):
            lives.take(who, step)
    lives.reported()
    lives.relay.drain()
    days = (DAY, DAY + timedelta(days=1))
    other = city.caller("other", "department_handler", organisation=city.water)
    head = city.caller("head", "department_head", organisation=city.water)
    for caller, by, keys in (
        (city.centre, "organisation", [city.water, 0]),
        (city.handler, "organisation", [city.water]),
        (city.stranger, "organisation", []),
        (city.handler, "person", ["handler"]),
        (other, "person", []),
        (head, "person", ["handler"]),
        (city.stranger, "person", []),
        (city.grid_worker, "person", []),
        (city.grid_worker, "grid", [city.grid]),
    ):
        shown = service.show_rates(caller, by, *days)
        assert [item["key"] for item in shown["items"]] == keys, (caller.identity.name, by)
        assert shown["city"]["counts"]["filed"] == 3
        seen = service.counted(caller, "filed", *days, Wanted({"person": "handler"}), 10, None)
        assert len(seen) == (2 if caller.identity.name in ("centre", "handler", "head") else 0)
    with pytest.raises(Denied):
        service.show_rates(city.citizen, "organisation", *days)


def test_cases_from_before_there_were_results(city: City, lives: Lives) -> None:
    lives.found()
    lives.reported()
    assert everything(city) == []
    assert results.recompute_part(city.platform, 0, 1) == (1, 1)
    assert results.take_up(city.platform) == 1
    kept = everything(city)
    lives.relay.drain()
    assert everything(city) == kept and results.take_up(city.platform) == 0
