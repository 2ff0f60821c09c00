"""``yiwang demo``: the platform as a child process, and the simulated district around it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import uvloop

from yiwang.demo import city as cities
from yiwang.demo.errors import PlatformStopped
from yiwang.demo.field import Field
from yiwang.demo.neighbours import person
from yiwang.demo.people import MENDING, Town, work
from yiwang.demo.plan import City
from yiwang.demo.prepare import NEIGHBOUR, VISITOR, Prepared, prepare, save
from yiwang.demo.watch import Watch
from yiwang.kernel import clock as times
from yiwang.kernel.clock import ScaledClock, SystemClock
from yiwang.server import require_free

SPEEDS = {"normal": 60.0, "district": 10.0}
"""Simulated seconds a second, where none is asked for."""
START_S = 60.0
STOP_S = 60.0
WARM_S, QUICK_S, QUICK_ANSWERS = 25.0, 0.1, 6
SESSION_HOURS = 12
"""Real hours for which a browser stays signed in."""
LOOK_S = 3.0
"""Seconds after which a simulated person looks at the cases again."""
Say = Callable[[str], None]


def run_demo(
    home: Path,
    port: int = 8000,
    mqtt_port: int = 1883,
    speed: float | None = None,
    scale: str = "normal",
    seed: int = 1,
    duration: float | None = None,
    say: Say = print,
) -> None:
    """Run until Ctrl-C, or for ``duration`` seconds of a platform that answers. A home that holds
    the same simulation is continued where it was left. Raises PortTaken, NotADemo, OtherDemo,
    PlatformStopped."""
    require_free("port", "127.0.0.1", port, "--port")
    require_free("mqtt_port", "127.0.0.1", mqtt_port, "--mqtt-port")
    speed = speed or SPEEDS[scale]
    city = cities.build(seed, scale)
    ready = prepare(home, city, scale, seed, say)
    child = _start(home, port, mqtt_port, ready.state.clock, speed)
    try:
        demo = _Demo(home, city, ready, port, mqtt_port, speed, say)
        uvloop.run(demo.live(child, duration))
    finally:
        _stop(child)
        save(home, ready.state)
    say("The simulation is over; the same command continues it.")


def _start(
    home: Path, port: int, mqtt_port: int, start: int, speed: float
) -> subprocess.Popen[bytes]:
    """The real platform, on a clock of the simulation; what it says goes to demo.log."""
    command = "from yiwang.cli import main; main()"
    ports = ["--port", str(port), "--mqtt-port", str(mqtt_port)]
    simulated = ["--simulated-clock", f"{times.render(start)},{speed:g}"]
    with (home / "demo.log").open("ab") as log:
        hours = str(int(SESSION_HOURS * speed))
        return subprocess.Popen(
            [sys.executable, "-c", command, "up", "--home", str(home), *ports, *simulated],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "YIWANG_SESSION_HOURS": hours},
        )


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class _Demo:
    """One run: field, people and the live line beside the child."""

    def __init__(
        self,
        home: Path,
        city: City,
        ready: Prepared,
        port: int,
        mqtt_port: int,
        speed: float,
        say: Say,
    ) -> None:
        self._home = home
        self._city = city
        self._ready = ready
        self._base = f"http://127.0.0.1:{port}"
        self._mqtt_port = mqtt_port
        self._speed = speed
        self._say = say
        self._sites = {
            (device.place_kind, device.place_code): device.site for device in city.devices
        }

    async def live(self, child: subprocess.Popen[bytes], duration: float | None) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stop.set)
        clock = await self._clock(child, stop)
        if clock is None:
            return
        if duration is not None:
            loop.call_later(duration, stop.set)
        await self._warm(clock)
        self._invite()
        field = Field(self._city, self._ready, clock, self._speed, self._base, self._mqtt_port)
        town = self._town(field, clock)
        people = [
            person(self._base, account, self._ready.state.people, town, self._city)
            for account in self._city.accounts
        ]
        watch = Watch(self._base, self._ready.state.token, field, town, clock, self._speed)
        tasks = [
            asyncio.create_task(field.run()),
            asyncio.create_task(work(people, LOOK_S)),
            asyncio.create_task(watch.follow()),
            asyncio.create_task(self._lines(watch, clock)),
            asyncio.create_task(self._gone(child, stop)),
        ]
        waiting = asyncio.create_task(stop.wait())
        done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
        for task in (*tasks, waiting):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._ready.state.clock = clock.now()
        await field.close()
        for one in people:
            await one.close()
        await watch.close()
        for task in done - {waiting}:
            task.result()

    async def _clock(
        self, child: subprocess.Popen[bytes], stop: asyncio.Event
    ) -> ScaledClock | None:
        """The platform's clock, once it answers; None when the run was ended before."""
        real = SystemClock()
        until = real.monotonic() + START_S
        async with httpx.AsyncClient(base_url=self._base) as client:
            while real.monotonic() < until and not stop.is_set():
                if child.poll() is not None:
                    break
                with contextlib.suppress(httpx.TransportError):
                    answer = await client.get("/api/health")
                    if answer.status_code == 200:
                        shown = times.parse(answer.json()["clock"])
                        return ScaledClock(real, shown, self._speed)
                await asyncio.sleep(0.1)
        if stop.is_set():
            return None
        raise PlatformStopped(str(self._home), log=str(self._home / "demo.log"))

    async def _warm(self, clock: ScaledClock) -> None:
        """Wait until the platform has loaded its rules and answers at once: a simulated hour
        passes in a minute, so a slow start would look like an hour of silent devices."""
        until, quick = clock.monotonic() + WARM_S, 0
        async with httpx.AsyncClient(base_url=self._base, timeout=30) as client:
            while quick < QUICK_ANSWERS and clock.monotonic() < until:
                asked = clock.monotonic()
                with contextlib.suppress(httpx.TransportError):
                    await client.get("/api/health")
                quick = quick + 1 if clock.monotonic() - asked < QUICK_S else 0
                await asyncio.sleep(0.2)

    def _invite(self) -> None:
        state = self._ready.state
        begins = times.render(state.clock)
        self._say("")
        self._say(f"  Open  {self._base}/")
        self._say(f"  Sign in as  {VISITOR}  with the password  {state.visitor}")
        self._say(f"  or as a resident, {NEIGHBOUR}, with the same password")
        self._say("")
        self._say(
            f"Everything is simulated (一切均为模拟): {self._city.summary()}; "
            f"from {begins} on, {self._speed:g} times as fast. Ctrl-C ends it."
        )

    def _town(self, field: Field, clock: ScaledClock) -> Town:
        def mend(kind: str, code: str) -> None:
            site = self._sites.get((kind, code))
            if site is not None and kind in MENDING:
                field.mend(MENDING[kind], site)

        def drain(kind: str, code: str) -> None:
            if kind == "underpass":
                field.drain(self._sites[kind, code])

        def depth(kind: str, code: str) -> float:
            return field.depth(self._sites[kind, code]) if kind == "underpass" else 0.0

        state = self._ready.state
        return Town(state.seed, clock.now, self._ready.places, mend, drain, depth)

    async def _lines(self, watch: Watch, clock: ScaledClock) -> None:
        """The live line: in place on a terminal, now and then elsewhere."""
        terminal = sys.stdout.isatty()
        while True:
            await asyncio.sleep(1.0 if terminal else 10.0)
            line = await watch.line()
            if terminal:
                sys.stdout.write(f"\r\x1b[2K{line}")
                sys.stdout.flush()
            else:
                self._say(line)
            self._ready.state.clock = clock.now()
            save(self._home, self._ready.state)

    async def _gone(self, child: subprocess.Popen[bytes], stop: asyncio.Event) -> None:
        """Raises PlatformStopped when the platform ends by itself."""
        while child.poll() is None:
            await asyncio.sleep(0.5)
        if not stop.is_set():
            raise PlatformStopped(str(self._home), log=str(self._home / "demo.log"))
