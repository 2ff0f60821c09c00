"""Consumers fed in a process of their own are fed as if here, once, whatever becomes of it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.cases.conftest import City
from yiwang.cases import service
from yiwang.cases.scoring import results
from yiwang.cases.scoring.tables import case_results
from yiwang.cases.service import Report
from yiwang.kernel.clock import SECOND, ManualClock
from yiwang.kernel.settings import Settings
from yiwang.security import feeding
from yiwang.security.actions import Context
from yiwang.security.errors import Unanswered
from yiwang.security.feeding import Feeder
from yiwang.security.relay import Consumer, Feed, Relay
from yiwang.server import start_process
from yiwang.store.home import Home
from yiwang.store.outbox import Delivery

PATIENCE_S = 60


def broken(ctx: Context, deliveries: list[Delivery]) -> None:
    """A consumer that writes before it fails."""
    results.consume(ctx, deliveries)
    raise RuntimeError("not now")


def _consumer(broken_: bool = False) -> Consumer:
    prepare = None if broken_ else results.prepare
    handle = broken if broken_ else results.consume
    return Consumer("cases.results", results.TOPICS, handle, prepare=prepare, anywhere=True)


@contextmanager
def _feeder(city: City, home: Path, consumer: Consumer) -> Iterator[tuple[Relay, Feeder]]:
    url = city.database.engine.url.render_as_string(hide_password=False)
    relay = Relay(city.caller("relay"), [consumer])
    held = Home(home)
    start = partial(start_process, held, "feeder")
    greeting = (Settings(home=home, database=url), relay.anywhere)
    made = Feeder(city.database, city.clock, start, greeting)
    try:
        yield relay, made
    finally:
        made.stop()
        held.close()


def _begun(feeder: Feeder) -> None:
    until = time.monotonic() + PATIENCE_S
    while feeder.feeds() is None:
        assert time.monotonic() < until and feeder.process is not None
        time.sleep(0.05)


def _report(city: City, lon: float) -> None:
    service.report(city.citizen, Report("F-01", "积水", lon, 39.2))


def _results(city: City) -> int:
    with city.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(case_results)).scalar_one())


def test_what_is_fed_there_is_fed_once(city: City, tmp_path: Path) -> None:
    with _feeder(city, tmp_path, _consumer()) as (relay, feeder):
        _report(city, 116.1)
        _begun(feeder)
        relay.feed_away(feeder.feeds)
        assert relay.drain() > 0 and _results(city) == 1
        assert relay.drain() == 0
        _report(city, 116.3)
        assert feeder.process is not None
        feeder.process.kill()
        with pytest.raises(Unanswered):
            relay.drain()
        assert _results(city) == 1 and feeder.process is None
        assert feeder.feeds() is None, "another is not started at once"
        assert relay.drain() > 0 and _results(city) == 2, "it is fed here meanwhile"
    assert not city.database.turns.wanted


def test_what_a_consumer_raises_there_leaves_nothing(city: City, tmp_path: Path) -> None:
    with _feeder(city, tmp_path, _consumer(broken_=True)) as (relay, feeder):
        _report(city, 116.1)
        _begun(feeder)
        relay.feed_away(feeder.feeds)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="not now"):
                relay.drain()
        assert feeder.process is not None and _results(city) == 0


def test_it_writes_when_it_is_its_turn(city: City, tmp_path: Path) -> None:
    """Stopped while it writes, it is ended, and whoever waits for the turn has it."""
    with _feeder(city, tmp_path, _consumer()) as (_, feeder):
        _begun(feeder)
        feeds = feeder.feeds()
        assert feeds is not None and feeder._line is not None and feeder.process is not None
        feeder._line.end.settimeout(0.2)
        feeder.process.send_signal(signal.SIGSTOP)
        with pytest.raises(Unanswered):
            feeds(Feed(("cases.results",), {}))
        assert feeder.process is None
        with city.database.write():
            pass


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_that_does_not_start_is_tried_again_later(
    city: City, tmp_path: Path, clock: ManualClock
) -> None:
    started: list[int] = []

    def ends(line: int) -> subprocess.Popen[bytes]:
        started.append(line)
        return subprocess.Popen([sys.executable, "-c", "pass"])

    feeder = Feeder(city.database, city.clock, ends, None)
    until = time.monotonic() + PATIENCE_S
    while feeder.feeds() is None and (feeder.process is not None or not started):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert len(started) == 1 and feeder.feeds() is None
    clock.advance(round(feeding.AGAIN_S) * SECOND)
    feeder.feeds()
    assert len(started) == 2
    feeder.stop()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_that_never_says_that_it_is_ready_is_ended(
    city: City, tmp_path: Path, clock: ManualClock
) -> None:
    def silent(line: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "600"], pass_fds=(line,))

    feeder = Feeder(city.database, city.clock, silent, None)
    assert feeder.feeds() is None and feeder.process is not None
    clock.advance(round(feeding.LONGEST_S + 1) * SECOND)
    assert feeder.feeds() is None and feeder.process is None
