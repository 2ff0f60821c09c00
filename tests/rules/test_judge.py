"""The judge: findings, events and position in one transaction; crashes change nothing."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.rules.world import START, Directory, MemoryLog, NoSites, Row, channels, loaded, run
from yiwang.kernel.clock import MINUTE, SECOND, ManualClock
from yiwang.rules import service, store
from yiwang.rules.judge import Judge
from yiwang.rules.tables import findings
from yiwang.security.actions import Caller
from yiwang.store import outbox
from yiwang.store.database import Database

RULES = {
    "deep": """
rule: deep
watches: meter
per: thing
when: depth >= :limit
for: 2 min
clears_when: depth < 5
raise: {severity: urgent}
then: {open_case: flood, one_per: [thing]}
""",
    "quiet": """
rule: quiet
watches: meter
per: thing
silence: {after: 7 min}
raise: {severity: notice}
""",
}
PARAMETERS = {
    "limit": """
parameter: limit
unit: cm
values:
  - {from: 2020-01-01, value: 10 cm}
source: a test
city_may_change: {least: 5 cm, most: 20 cm}
"""
}


class Home:
    """A judge with its log, which can be killed and started again."""

    def __init__(self, database: Database, caller: Caller, folder: Path) -> None:
        self.database, self.caller, self.folder = database, caller, folder
        self.log = MemoryLog()
        self.directory = Directory(channels(4))
        self.pace = ManualClock()
        service.install(caller, "test", "1.0", loaded(folder / "pack", RULES, PARAMETERS).spec)
        self.judge = self.start()

    def start(self) -> Judge:
        self.judge = Judge(
            self.database,
            self.caller.clock,
            self.log,
            self.directory,
            self.log,
            NoSites(),
            self.folder / "rules",
            self.pace,
        )
        return self.judge

    def findings(self) -> list[tuple[Any, ...]]:
        columns = (findings.c.key, findings.c.state, findings.c.cleared_at)
        with self.database.read() as connection:
            rows = connection.execute(select(*columns).order_by(findings.c.key))
            return [tuple(row) for row in rows if "~" not in row.key]

    def events(self) -> list[tuple[str, str]]:
        with self.database.read() as connection:
            rows = connection.execute(select(outbox.outbox).order_by(outbox.outbox.c.id))
            return [(row.topic, row.body["key"]) for row in rows if row.topic.startswith("finding")]


@pytest.fixture
def home(database: Database, system_caller: Caller, tmp_path: Path) -> Home:
    return Home(database, system_caller, tmp_path)


def _minutes(thing: int, values: Sequence[float], begin: int = 0) -> list[Row]:
    datastream = 1 + (thing - 1) * 4
    return [(datastream, begin + minute, value) for minute, value in enumerate(values)]


def test_a_finding_is_raised_and_cleared_with_its_events(home: Home) -> None:
    home.log.put(_minutes(1, [1, 11, 12, 13, 4]))
    assert home.judge.drain() == 5
    raised = START + 3 * MINUTE
    key = f"test/deep/1/{raised}"
    assert home.findings() == [(key, "cleared", START + 4 * MINUTE)]
    assert home.events() == [("finding.raised", key), ("finding.cleared", key)]


def test_what_finds_nothing_is_recorded_once_a_second(home: Home) -> None:
    def recorded() -> int:
        with home.database.read() as connection:
            known = store.position(connection)
        return known[0] if known else 0

    home.log.put(_minutes(1, [1.0]))
    home.judge.step()
    assert recorded() == 0 < home.judge.progress().position
    home.pace.advance(SECOND)
    home.log.put(_minutes(1, [2.0], 1))
    home.judge.step()
    assert recorded() == home.judge.progress().position
    home.log.put(_minutes(1, [3.0], 2))
    home.judge.drain()
    assert recorded() == home.judge.progress().position


def test_computed_properties_go_to_the_entrance(home: Home) -> None:
    home.log.put(_minutes(1, [1, 11]))
    home.judge.drain()
    [incoming] = home.log.accepted
    assert incoming.source == "computed:test"
    values = dict(zip(incoming.datastream.tolist(), incoming.result.tolist(), strict=False))
    assert values == {3: 22.0, 4: 6.0}


def test_silence_comes_with_the_clock_and_late_rows_take_it_back(home: Home) -> None:
    home.log.put(_minutes(1, [1, 1]))
    home.judge.drain()
    home.judge.advance_to(START + 9 * MINUTE)
    key = f"test/quiet/1/{START + 8 * MINUTE}"
    assert home.findings() == [(key, "open", None)]
    home.log.put([(1, 5, 1.0)])
    home.judge.drain()
    assert home.findings() == [(key, "withdrawn", None)]
    assert [topic for topic, _ in home.events()] == ["finding.raised", "finding.withdrawn"]


def test_after_a_crash_nobody_is_silent_whose_rows_the_log_holds(home: Home) -> None:
    """Rows judged before the crash are judged again as far as was recorded and no further,
    though the log gives them together with rows that came just before the crash."""
    home.log.put(_minutes(1, [1.0]))
    home.judge.drain()
    home.judge.rebuild()
    home.log.put(_minutes(1, [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0], 1))
    home.judge.drain()
    home.log.put(_minutes(1, [1.0], 12))
    home.start()
    home.judge.drain()
    assert home.findings() == [] and home.events() == []


def test_a_withdrawn_finding_that_is_found_again_is_a_new_one(home: Home) -> None:
    home.log.put(_minutes(1, [1, 11, 11, 11, 11]))
    home.judge.drain()
    home.log.put([(1, 2, 1.0), (1, 3, 2.0)])
    home.judge.drain()
    [first, *_] = home.findings()
    assert first[1] == "open"  # of two values at one instant the greatest counts


def _stream(seed: int) -> list[list[Row]]:
    dice = random.Random(seed)
    rows: list[tuple[int, Row]] = []
    for thing in range(1, 5):
        for minute in range(0, 60, dice.choice([1, 2, 3])):
            value = float(dice.choice([1, 3, 8, 11, 14]))
            arrival = minute + dice.choice([0, 0, 0, 3, 6])
            if not 20 < minute < 20 + 3 * thing:
                rows.append((arrival, (1 + (thing - 1) * 4, minute, value)))
    ordered = [row for _, row in sorted(rows, key=lambda item: item[0])]
    cuts = sorted(dice.sample(range(1, len(ordered)), 12))
    return [ordered[a:b] for a, b in zip([0, *cuts], [*cuts, len(ordered)], strict=True)]


@pytest.mark.parametrize("seed", range(6))
def test_crashes_repeat_nothing_and_lose_nothing(
    seed: int, database: Database, system_caller: Caller, tmp_path: Path
) -> None:
    frames = _stream(seed)
    home = Home(database, system_caller, tmp_path)
    dice = random.Random(seed)
    for frame in frames:
        home.log.put(frame)
        home.pace.advance(dice.choice([0, 2 * SECOND]))
        if dice.random() < 0.3:
            _failing(home)
        home.judge.step()
        if dice.random() < 0.3:
            home.judge.rebuild()
        if dice.random() < 0.4:
            home.start()
    home.judge.drain()
    got, events = home.findings(), home.events()
    raised = [key for topic, key in events if topic == "finding.raised"]
    assert len(raised) == len(set(raised)) or len(events) > 0
    expected = _uninterrupted(frames, tmp_path / "other", home)
    assert [row for row in got if row[1] != "withdrawn"] == expected
    cleared = [key for topic, key in events if topic == "finding.cleared"]
    for key, state, _ in got:
        assert raised.count(key) >= 1
        assert (key in cleared) or state != "cleared"


def _failing(home: Home) -> None:
    """The database fails in the middle of recording, where there is anything to record."""
    original = home.database.write
    home.database.write = lambda: (_ for _ in ()).throw(OSError("scripted"))  # type: ignore[method-assign,assignment]
    with contextlib.suppress(OSError):
        home.judge.step()
    home.database.write = original  # type: ignore[method-assign]


def _uninterrupted(frames: Sequence[Sequence[Row]], folder: Path, home: Home) -> list[Any]:
    found = run(loaded(folder, RULES, PARAMETERS), [row for part in frames for row in part], 4)
    rows = []
    for rule, subject, raised, cleared, _ in found:
        state = "open" if cleared is None else "cleared"
        rows.append((f"{rule}/{subject}/{raised}", state, cleared))
    return sorted(rows)
