"""The simulated district of the soak: who reports when, and a day of it in small."""

from __future__ import annotations

import argparse
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from bench import soak
from bench.district import DAY, MIX, TOTAL, Fleet, Group
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 7, 1, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_the_whole_district_has_the_size_that_is_asked_for() -> None:
    assert TOTAL == 237_000
    assert DAY >= 9_000_000
    assert {group.protocol for group in MIX} == set(soak.PROTOCOLS)


@given(
    st.integers(1, 60),
    st.sampled_from((1, 5, 24, 50, 144)),
    st.booleans(),
    st.sampled_from((60, 120, 1000)),
)
def test_every_device_reports_as_often_as_it_should_each_report_in_one_slice(
    devices: int, reports: int, together: bool, slice_s: int
) -> None:
    fleet = Fleet(Group("mqtt", "kind", 1, reports, together=together), devices)
    found: Counter[int] = Counter()
    for begin in range(0, 86400, slice_s):
        end = min(begin + slice_s, 86400)
        for device, moment in fleet.due(START, begin, end):
            assert timedelta(seconds=begin) <= moment - START < timedelta(seconds=end)
            found[device] += 1
    assert found == dict.fromkeys(range(devices), reports)


def test_stations_report_together_and_small_devices_spread() -> None:
    together = Fleet(Group("sl651", "kind", 1, 24, together=True), 300)
    assert len(list(together.due(START, 0, 60))) == 300
    assert not list(together.due(START, 60, 3600))
    spread = Fleet(Group("mqtt", "kind", 1, 24), 300)
    assert [len(list(spread.due(START, at, at + 600))) for at in range(0, 3600, 600)] == [50] * 6


@pytest.mark.slow
def test_an_hour_of_a_small_district_is_accounted_for(tmp_path: Path) -> None:
    """Every group has at least the devices whose reports are repeated and unknown."""
    given = argparse.Namespace(
        devices=1_500, hours=1, speed=1800.0, most_growth=1.15, folder=tmp_path
    )
    report = soak.soak(given)
    assert report["problems"] == []
    assert set(report["sources"]) == set(soak.PROTOCOLS)
    for source in report["sources"].values():
        assert source["ledger"]["stored"] > 0
        assert source["ledger"]["duplicate"] > 0
        assert source["ledger"]["rejected"] > 0
    assert [one["hour"] for one in report["memory"]["by_hour"]] == [1]
