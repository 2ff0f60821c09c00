"""The arithmetic of notices."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.kernel.clock import DAY, HOUR, MINUTE, SECOND, parse
from yiwang.notices import model
from yiwang.notices.model import Circuit, Quiet, account, address, key, person

ZONE = ZoneInfo("Asia/Shanghai")


def test_retries_come_four_times_as_late_each_time_up_to_six_hours() -> None:
    waits = [model.retry_at(0, attempt, 0.5) // SECOND for attempt in range(1, 9)]
    assert waits == [10, 40, 160, 640, 2560, 10240, 21600, 21600]


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True))
def test_a_wait_is_between_half_and_one_and_a_half(attempt: int, share: float) -> None:
    middle = model.retry_at(0, attempt, 0.5)
    assert middle // 2 <= model.retry_at(0, attempt, share) <= middle * 3 // 2


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-07-01T21:59:00+08:00", None),
        ("2026-07-01T22:00:00+08:00", "2026-07-02T07:00:00+08:00"),
        ("2026-07-02T06:59:00+08:00", "2026-07-02T07:00:00+08:00"),
        ("2026-07-02T07:00:00+08:00", None),
    ],
)
def test_quiet_hours_over_midnight(now: str, until: str | None) -> None:
    found = Quiet(22 * 60, 7 * 60).until(parse(now), ZONE)
    assert found == (None if until is None else parse(until))


def test_quiet_hours_until_midnight_end_on_the_next_day() -> None:
    found = Quiet(20 * 60, 24 * 60).until(parse("2026-07-01T21:00:00+08:00"), ZONE)
    assert found == parse("2026-07-02T00:00:00+08:00")


@given(st.integers(0, 1439), st.integers(0, 1440), st.integers(0, 2 * 24 * 60))
def test_a_quiet_time_ends_within_a_day_and_outside_of_itself(
    starts: int, ends: int, minute: int
) -> None:
    if starts == ends:
        return
    quiet, now = Quiet(starts, ends), parse("2026-07-01T00:00:00+08:00") + minute * MINUTE
    until = quiet.until(now, ZONE)
    if until is not None:
        assert now < until <= now + DAY
        assert ends % 1440 == starts or quiet.until(until, ZONE) is None


def test_a_limit_counts_the_last_hour() -> None:
    now = 10 * HOUR
    assert model.allowance(3, [now - HOUR, now - MINUTE, now], now) == 1
    assert model.allowance(3, [now] * 5, now) == 0
    assert model.allowance(0, [now] * 5, now) > 1000


def test_how_long_to_wait_for_once_more() -> None:
    now, limits = 10 * HOUR, ((2, HOUR), (3, 4 * HOUR))
    assert model.wait_for(limits, [], now) == 0
    assert model.wait_for(limits, [now - HOUR, now], now) == 0
    assert model.wait_for(limits, [now - MINUTE, now], now) == 59 * MINUTE
    assert model.wait_for(limits, [now - 3 * HOUR, now - HOUR, now], now) == HOUR


def test_an_endpoint_rests_after_five_failures_and_longer_each_time() -> None:
    circuit, pauses = Circuit(), []
    for _ in range(14):
        circuit = circuit.after(False, 0)
        pauses.append((circuit.paused_until or 0) // MINUTE)
    assert pauses == [0, 0, 0, 0, 5, 10, 20, 40, 80, 160, 320, 360, 360, 360]
    assert circuit.rests(MINUTE) and not circuit.rests(360 * MINUTE)
    assert circuit.after(True, 0) == Circuit()


FACETS = {"area": [3, 2, 1], "severity": ["urgent"], "case_class": ["demo.flooded"]}


@pytest.mark.parametrize(
    ("topics", "narrowed", "takes"),
    [
        (["case.*"], {}, True),
        (["case.close"], {}, True),
        (["case.open*"], {}, False),
        (["*"], {"area": [2], "severity": ["urgent", "critical"]}, True),
        (["*"], {"area": [4]}, False),
        (["*"], {"area": [2], "severity": ["notice"]}, False),
        (["*"], {"organisation": [1]}, False),
        (["*"], {"organisation": []}, True),
    ],
)
def test_what_a_subscription_takes(
    topics: list[str], narrowed: dict[str, list[object]], takes: bool
) -> None:
    assert model.wanted(topics, narrowed, "case.close", FACETS) is takes


def test_a_key_tells_events_recipients_and_channels_apart() -> None:
    parts = ("case:1/close/5", "user:wang", "email")
    others = [("case:1/close/6", *parts[1:]), (parts[0], "user:li", parts[2]), (*parts[:2], "sms")]
    assert len({key(*parts), *(key(*one) for one in others)}) == 4
    assert key(*parts) == key(*parts)


def test_recipients_have_a_name_of_their_own() -> None:
    found = [account("a"), person(7), address(email="A@city.example"), address(phone="123456789")]
    assert [one.key for one in found] == [
        "user:a",
        "person:7",
        "address:a@city.example",
        "address:123456789",
    ]


def test_addresses_are_masked() -> None:
    assert model.masked("wang@city.example") == "w***@city.example"
    assert model.masked("13800001234") == "138****1234"
    assert model.masked("12345") == "****" and model.masked("") == ""
