"""Changes made in a process of their own are as if made here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from tests.cases.conftest import City
from yiwang.cases import errors, service, views
from yiwang.cases.service import Given, Report
from yiwang.contracts.events import CaseChanged, CaseOpened
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.settings import Settings
from yiwang.security import apart
from yiwang.security.actions import ACTIONS, Call, Caller
from yiwang.security.apart import Apart
from yiwang.security.errors import Denied, Unanswered
from yiwang.security.tables import audit_log
from yiwang.server import start_writer
from yiwang.store.errors import HomeInUse
from yiwang.store.home import Home
from yiwang.store.outbox import outbox


def _settings(city: City, home: Path) -> Settings:
    url = city.database.engine.url.render_as_string(hide_password=False)
    return Settings(home=home, database=url)


@pytest.fixture
def process(city: City, tmp_path: Path) -> Iterator[Apart]:
    home = Home(tmp_path)
    start = partial(start_writer, home)
    made = Apart(city.database, city.clock, start, _settings(city, tmp_path))
    made.begin()
    assert made.process is not None
    home.close()
    with pytest.raises(HomeInUse):
        Home(tmp_path)
    yield made
    made.stop()
    assert made.process is None
    Home(tmp_path).close()


def _report(caller: Caller, text: str) -> Call:
    given = Report("F-01", text, 116.1, 39.2)
    return Call(service.report, caller, (given,), partial(views.reported, lang="en"))


def _urge(caller: Caller, no: int, version: int) -> Call:
    then = partial(views.stepped, no=no, lang="")
    return Call(service.take, caller, (no, "urge", Given(), version), then)


def test_what_is_made_there_is_as_if_made_here(city: City, process: Apart) -> None:
    no, shown = process.together([_report(city.citizen, "井盖破损")])[0][0]
    answer = msgspec.json.decode(shown)
    assert answer["description"] == "井盖破损"
    assert answer == msgspec.json.decode(msgspec.json.encode(city.show(no, city.citizen)))

    version = answer["version"]
    made = process.together(
        [
            _urge(city.centre, no, version),
            _urge(city.centre, no, version),
            _urge(city.caller("nobody"), no, version),
            _urge(city.centre, 999, 1),
            Call(service.report, city.centre, (None,)),
        ]
    )
    first, late, denied, unknown, defect = (error for _, error in made)
    assert first is None
    assert isinstance(late, errors.ChangedMeanwhile) and late.where == f"case:{no}"
    assert late.fields["step"] == "urge" and "urge" in late.message("en").lower()
    assert isinstance(denied, Denied) and denied.where == "cases.step"
    assert denied.fields["permission"] == ACTIONS["cases.step"].permission
    assert isinstance(unknown, errors.NoSuchCase) and unknown.fields == {"no": 999}
    assert isinstance(defect, RuntimeError) and "Traceback" in str(defect)
    assert city.show(no)["counts"]["urges"] == 1
    with city.database.read() as connection:
        lines = connection.execute(select(audit_log.c.who, audit_log.c.outcome)).all()
        topics = list(connection.execute(select(outbox.c.topic)).scalars())
    assert ("user:nobody", "denied") in lines and ("user:citizen", "done") in lines
    assert CaseOpened.topic in topics and CaseChanged.topic in topics


def test_one_that_ends_is_told_and_done_without(city: City, process: Apart) -> None:
    assert process.process is not None
    process.process.kill()
    found = process.together([_report(city.citizen, "a"), _report(city.citizen, "b")])
    assert [type(error) for _, error in found] == [Unanswered, Unanswered]
    no, _ = process.together([_report(city.citizen, "c")])[0][0]
    assert city.show(no)["description"] == "c" and process.process is None
    assert no == 1, "what was not answered left nothing"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_it_begins_when_there_is_much_and_not_again_at_once(
    city: City, tmp_path: Path, clock: ManualClock
) -> None:
    started: list[int] = []

    def ends(line: int) -> subprocess.Popen[bytes]:
        started.append(line)
        return subprocess.Popen([sys.executable, "-c", "pass"])

    made = Apart(city.database, clock, ends, _settings(city, tmp_path))

    def calls(count: int) -> None:
        refused: list[Any] = [_urge(city.citizen, 999, 1)] * count
        assert {type(error) for _, error in made.together(refused)} == {errors.NoSuchCase}
        made.settle()

    calls(apart.BUSY - 1)
    clock.advance(round(apart.BUSY_S * 1_000_000) + 1)
    calls(apart.BUSY - 1)
    assert not started
    calls(1)
    assert len(started) == 1
    calls(apart.BUSY)
    assert len(started) == 1
    clock.advance(round(apart.AGAIN_S * 1_000_000))
    calls(apart.BUSY)
    assert len(started) == 2
    made.stop()
    clock.advance(round(apart.AGAIN_S * 1_000_000))
    calls(apart.BUSY)
    assert len(started) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_that_never_answers_is_ended(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LONGEST_S", 0.1)

    def silent(line: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "600"], pass_fds=(line,))

    made = Apart(city.database, city.clock, silent, _settings(city, tmp_path))
    made.begin()
    assert made.process is None
    assert made.together([_report(city.citizen, "a")])[0][1] is None
