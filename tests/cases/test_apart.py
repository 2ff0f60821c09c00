"""Changes made in a process of their own are as if made here."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop
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
from yiwang.server import start_process
from yiwang.store.errors import HomeInUse
from yiwang.store.home import Home
from yiwang.store.outbox import outbox
from yiwang.web import calls


def _settings(city: City, home: Path) -> Settings:
    url = city.database.engine.url.render_as_string(hide_password=False)
    return Settings(home=home, database=url)


Start = Callable[[int], "subprocess.Popen[bytes]"]


@asynccontextmanager
async def _apart(city: City, home: Path, start: Start) -> AsyncIterator[Apart]:
    made = Apart(city.database, city.clock, start, (_settings(city, home), None))
    calls.made_by(city.database, made)
    try:
        yield made
    finally:
        calls.made_by(city.database, None)
        await made.stop()


@asynccontextmanager
async def _begun(city: City, home: Path) -> AsyncIterator[Apart]:
    """One that works, whose process alone holds the home."""
    held = Home(home)
    async with _apart(city, home, partial(start_process, held, "writer")) as made:
        await made.begin()
        assert made.process is not None
        held.close()
        with pytest.raises(HomeInUse):
            Home(home)
        yield made
    assert made.process is None
    Home(home).close()


async def _made(*asked: Call) -> list[Any]:
    """What each gave, or raised."""
    waiting = [calls.change(one.function, one.caller, *one.args, then=one.then) for one in asked]
    return await asyncio.gather(*waiting, return_exceptions=True)


def _report(caller: Caller, text: str) -> Call:
    given = Report("F-01", text, 116.1, 39.2)
    return Call(service.report, caller, (given,), partial(views.reported, lang="en"))


def _urge(caller: Caller, no: int, version: int) -> Call:
    then = partial(views.stepped, no=no, lang="")
    return Call(service.take, caller, (no, "urge", Given(), version), then)


def test_what_is_made_there_is_as_if_made_here(city: City, tmp_path: Path) -> None:
    uvloop.run(_as_if_made_here(city, tmp_path))
    assert city.show(1)["counts"]["urges"] == 1
    with city.database.read() as connection:
        lines = connection.execute(select(audit_log.c.who, audit_log.c.outcome)).all()
        topics = list(connection.execute(select(outbox.c.topic)).scalars())
    assert ("user:nobody", "denied") in lines and ("user:citizen", "done") in lines
    assert CaseOpened.topic in topics and CaseChanged.topic in topics


async def _as_if_made_here(city: City, home: Path) -> None:
    async with _begun(city, home):
        no, shown = (await _made(_report(city.citizen, "井盖破损")))[0]
        answer = msgspec.json.decode(shown)
        assert answer["description"] == "井盖破损"
        assert answer == msgspec.json.decode(msgspec.json.encode(city.show(no, city.citizen)))

        version = answer["version"]
        first, late, denied, unknown, defect = await _made(
            _urge(city.centre, no, version),
            _urge(city.centre, no, version),
            _urge(city.caller("nobody"), no, version),
            _urge(city.centre, 999, 1),
            Call(service.report, city.centre, (None,)),
        )
    assert msgspec.json.decode(first)["version"] == version + 1
    assert isinstance(late, errors.ChangedMeanwhile) and late.where == f"case:{no}"
    assert late.fields["step"] == "urge" and "urge" in late.message("en").lower()
    assert isinstance(denied, Denied) and denied.where == "cases.step"
    assert denied.fields["permission"] == ACTIONS["cases.step"].permission
    assert isinstance(unknown, errors.NoSuchCase) and unknown.fields == {"no": 999}
    assert isinstance(defect, RuntimeError) and "Traceback" in str(defect)


def test_others_have_their_turn_between_what_is_made_there(city: City, tmp_path: Path) -> None:
    """Many in a row, and a writer of this process that wants its turn all the time."""
    over, turns = threading.Event(), []

    def others() -> None:
        while not over.is_set():
            with city.database.write():
                turns.append(1)

    async def many() -> list[Any]:
        async with _begun(city, tmp_path):
            other = threading.Thread(target=others)
            other.start()
            try:
                return await _made(*[_report(city.citizen, str(number)) for number in range(200)])
            finally:
                over.set()
                other.join()

    found = uvloop.run(many())
    assert [no for no, _ in found] == list(range(1, 201)), "in the order in which they were asked"
    assert len(turns) > 1 and not city.database.turns.wanted


_MADE_AND_NOT_TOLD = """
import socket, sys, time
from pathlib import Path
from yiwang.security.line import Line
line = Line(socket.socket(fileno=int(sys.argv[1])))
line.receive()
line.send("ready")
asked = line.receive()
line.send(len(asked))
while not Path(sys.argv[2]).exists():
    time.sleep(0.01)
line.send([("told", None)] * len(asked))
line.receive()
"""


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_others_have_their_turn_while_the_disk_is_waited_for(city: City, tmp_path: Path) -> None:
    lasts = tmp_path / "lasts"

    def start(line: int) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", _MADE_AND_NOT_TOLD, str(line), str(lasts)]
        return subprocess.Popen(command, pass_fds=(line,))

    def others() -> None:
        with city.database.turns:
            pass

    async def scenario() -> list[Any]:
        async with _apart(city, tmp_path, start) as made:
            await made.begin()
            waiting = asyncio.ensure_future(_made(_report(city.citizen, "a")))
            while not made._under_way:
                await asyncio.sleep(0)
            await asyncio.to_thread(others)
            assert made._under_way and not waiting.done()
            lasts.touch()
            return await waiting

    assert uvloop.run(scenario()) == ["told"]


def test_one_that_ends_is_told_and_done_without(city: City, tmp_path: Path) -> None:
    async def ends() -> None:
        async with _begun(city, tmp_path) as made:
            assert made.process is not None
            made.process.send_signal(signal.SIGSTOP)
            under_way = asyncio.ensure_future(
                _made(_report(city.citizen, "a"), _report(city.citizen, "b"))
            )
            await asyncio.sleep(0)
            await asyncio.sleep(0.05)
            made.process.kill()
            found = await under_way
            assert [type(error) for error in found] == [Unanswered, Unanswered]
            await made.settle()
            no, _ = (await _made(_report(city.citizen, "c")))[0]
            assert city.show(no)["description"] == "c" and made.process is None
            assert no == 1, "what was not answered left nothing"

    uvloop.run(ends())


def test_what_could_not_be_sent_is_made_here(city: City, tmp_path: Path) -> None:
    """Another has the turn when the process ends: nothing of these has gone there."""

    async def ends() -> list[Any]:
        async with _begun(city, tmp_path) as made:
            assert made.process is not None
            with city.database.turns:
                waiting = asyncio.ensure_future(_made(_report(city.citizen, "a")))
                await asyncio.sleep(0.05)
                made.process.kill()
                while made.process is not None:
                    await asyncio.sleep(0.01)
            return await waiting

    no, _ = uvloop.run(ends())[0]
    assert city.show(no)["description"] == "a"


def test_what_is_under_way_at_the_end_is_finished(city: City, tmp_path: Path) -> None:
    async def ends() -> list[Any]:
        async with _begun(city, tmp_path) as made:
            waiting = asyncio.ensure_future(
                _made(*[_report(city.citizen, str(number)) for number in range(20)])
            )
            while not made._under_way:
                await asyncio.sleep(0)
        return await waiting

    assert [no for no, _ in uvloop.run(ends())] == list(range(1, 21))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_it_begins_when_there_is_much_and_not_again_at_once(
    city: City, tmp_path: Path, clock: ManualClock
) -> None:
    started: list[int] = []

    def ends(line: int) -> subprocess.Popen[bytes]:
        started.append(line)
        return subprocess.Popen([sys.executable, "-c", "pass"])

    async def scenario() -> None:
        async with _apart(city, tmp_path, ends) as made:

            async def ask(count: int) -> None:
                found = await _made(*[_urge(city.citizen, 999, 1)] * count)
                assert {type(error) for error in found} == {errors.NoSuchCase}
                await made.settle()

            await ask(apart.BUSY - 1)
            clock.advance(round(apart.BUSY_S * 1_000_000) + 1)
            await ask(apart.BUSY - 1)
            assert not started
            await ask(1)
            assert len(started) == 1
            await ask(apart.BUSY)
            assert len(started) == 1
            clock.advance(round(apart.AGAIN_S * 1_000_000))
            await ask(apart.BUSY)
            assert len(started) == 2
            await made.stop()
            clock.advance(round(apart.AGAIN_S * 1_000_000))
            await ask(apart.BUSY)
            assert len(started) == 2

    uvloop.run(scenario())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_that_never_answers_is_ended(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "LONGEST_S", 0.1)

    def silent(line: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "600"], pass_fds=(line,))

    async def scenario() -> None:
        async with _apart(city, tmp_path, silent) as made:
            await made.begin()
            assert made.process is None
            assert (await _made(_report(city.citizen, "a")))[0][0] == 1

    uvloop.run(scenario())


def test_one_that_stops_answering_is_ended(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with _begun(city, tmp_path) as made:
            assert made.process is not None
            made.process.send_signal(signal.SIGSTOP)
            monkeypatch.setattr(apart, "LONGEST_S", 0.1)
            found = await _made(_report(city.citizen, "a"))
            assert isinstance(found[0], Unanswered)
            await made.settle()
            assert made.process is None
            assert (await _made(_report(city.citizen, "b")))[0][0] == 1

    uvloop.run(scenario())
