"""``yiwang up``: the platform with its listeners, in one event loop, until a signal ends it."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from types import FrameType

import uvicorn
import uvloop

from yiwang.app import Entrances, Platform
from yiwang.beside import collect_less
from yiwang.kernel.clock import Clock
from yiwang.kernel.settings import Settings
from yiwang.operate.errors import PortTaken
from yiwang.security.apart import Apart
from yiwang.security.feeding import Feeder
from yiwang.sensing.protocols.adapter import installed
from yiwang.sensing.protocols.entrance import ports as field_ports
from yiwang.store.home import Home
from yiwang.web import calls

Say = Callable[[str], None]

SWITCH_S = 0.0005
"""How long a computing thread may keep the others waiting, those that answer among them; Python
by itself lets it for ten times as long."""


def run(settings: Settings, clock: Clock, *, simulated: bool, say: Say) -> None:
    """Serve until SIGINT or SIGTERM. Raises PortTaken before anything is touched."""
    require_free("port", settings.host, settings.port, "--port")
    if settings.mqtt_port:
        require_free("mqtt_port", settings.host, settings.mqtt_port, "--mqtt-port")
    for name, port in field_ports(settings, installed()).items():
        if port:
            require_free(f"{name}_port", settings.host, port, f"{name}_port in yiwang.yaml")
    with Platform(settings, clock, simulated=simulated) as platform:
        _greet(platform, say)
        sys.setswitchinterval(SWITCH_S)
        collect_less()
        uvloop.run(_serve(platform, say))
    say("Stopped; everything acknowledged is stored.")


@asynccontextmanager
async def _beside(platform: Platform) -> AsyncIterator[None]:
    """Where there is a second processor and time is the computer's, a busy platform has its
    changes made, and what follows from them, in processes of their own."""
    own = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if platform.simulated or own < 2:
        yield
        return

    database, clock, relay = platform.database, platform.clock, platform.relay
    start = partial(start_process, platform.home)
    apart = Apart(database, clock, partial(start, "writer"), (platform.settings, None))
    greeting = (platform.settings, relay.anywhere)
    feeder = Feeder(database, clock, partial(start, "feeder"), greeting)
    calls.made_by(database, apart)
    relay.feed_away(lambda: feeder.feeds() if apart.works else None)
    try:
        yield
    finally:
        await asyncio.to_thread(relay.feed_here)
        await asyncio.to_thread(feeder.stop)
        calls.made_by(database, None)
        await apart.stop()


def start_process(home: Home, name: str, line: int) -> subprocess.Popen[bytes]:
    """Start ``writer.py`` or ``feeder.py`` with its end of a socket. It holds the home, too."""
    return subprocess.Popen(
        [sys.executable, "-m", f"yiwang.{name}", str(line)],
        pass_fds=(line, home.fileno()),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def require_free(setting: str, host: str, port: int, option: str) -> None:
    try:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        why = error.strerror or str(error)
        where = f"{host}:{port}"
        raise PortTaken(where, port=port, setting=setting, option=option, reason=why) from error


def _greet(platform: Platform, say: Say) -> None:
    password = platform.first_administrator()
    if password is None:
        return
    file = platform.settings.home / "keys" / "first-password.txt"
    _keep(file, f"admin {password}\n")
    say(f"First start. Sign in as admin with the password {password}")
    say(f"It is kept in {file} until you delete the file.")


def _keep(file: Path, content: str) -> None:
    file.touch(mode=0o600)
    file.write_text(content, encoding="utf-8")


async def _serve(platform: Platform, say: Say) -> None:
    settings = platform.settings
    entrances = Entrances(platform)
    await entrances.open()
    config = uvicorn.Config(
        entrances.asgi,
        host=settings.host,
        port=settings.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
    )
    server = _Server(config, platform.hub.close)
    try:
        say(f"Yiwang runs: http://{settings.host}:{settings.port}/  (home: {settings.home})")
        if settings.mqtt_port:
            say(f"MQTT listens on {settings.host}:{settings.mqtt_port}")
        for name, door in entrances.field.ports.items():
            if door.number:
                say(f"{name} listens on {settings.host}:{door.number}")
        async with _beside(platform):
            await server.serve()
    finally:
        await asyncio.shield(entrances.close())


class _Server(uvicorn.Server):
    """Ends the live streams first: they would hold the graceful stop up. A signal ends the
    serving and nothing more: raised again, as uvicorn does, it would end the process before
    what is held is stored and the home is closed."""

    def __init__(self, config: uvicorn.Config, on_exit: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_exit = on_exit

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._on_exit()
        super().handle_exit(sig, frame)
        self._captured_signals.clear()
