"""The MQTT entrance over a real buffer, intake and database, with devices in it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import insert

from yiwang.kernel.clock import SystemClock
from yiwang.kernel.settings import Settings
from yiwang.security import accounts
from yiwang.security.actions import Caller
from yiwang.security.model import system
from yiwang.sensing.buffer import Buffer
from yiwang.sensing.mqtt.entrance import Mqtt
from yiwang.sensing.runtime import Sensing
from yiwang.sensing.spec import DeviceKind, Property
from yiwang.sensing.spec import Mqtt as Declared
from yiwang.sensing.tables import (
    datastreams,
    device_kinds,
    observed_properties,
    sensors,
    things,
)
from yiwang.store.database import Database

KIND = "floods.water_level"


def populate(database: Database, count: int) -> None:
    """``count`` devices UP-1 …, whose things and datastreams are numbered alike from 1."""
    declared = DeviceKind(
        "water_level",
        (Property("depth_cm", "cm"),),
        mqtt=Declared("level/{device}", values={"depth_cm": "depth"}, time="t"),
    )
    kind = {"kind": KIND, "pack": "floods", "name": "water_level", "title": {}, "installed_at": 0}
    with database.write() as connection:
        connection.execute(insert(device_kinds).values(**kind, declared=declared.declared()))
        connection.execute(insert(sensors).values(id=1, name="s", metadata={}))
        connection.execute(insert(observed_properties).values(id=1, name="depth"))
        add(connection, 1, count)


def add(connection: Any, first: int, last: int) -> None:
    numbers = range(first, last + 1)
    connection.execute(
        insert(things),
        [
            {"id": n, "name": f"UP-{n}", "kind": KIND, "code": f"UP-{n}", "created_at": 0}
            for n in numbers
        ],
    )
    connection.execute(
        insert(datastreams),
        [
            {
                "id": n,
                "thing": n,
                "sensor": 1,
                "observed_property": 1,
                "name": f"UP-{n}",
                "observation_type": "",
                "property": "depth_cm",
                "least": -100.0,
                "most": 1000.0,
            }
            for n in numbers
        ],
    )


def caller(database: Database) -> Caller:
    return Caller(system("test"), database, SystemClock())


def credential(database: Database, name: str, **bounds: Any) -> str:
    return accounts.add_device(caller(database), name, password="a-long-secret", **bounds)


class Whole:
    """``with Whole(database, folder) as server``: the entrance, running in its own thread."""

    def __init__(self, database: Database, folder: Path, **settings: Any) -> None:
        self._settings = replace(Settings(home=folder, mqtt_port=0), **settings)
        self.database = database
        self.sensing = Sensing(self._settings, database, SystemClock())
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._main()), daemon=True)

    def __enter__(self) -> Whole:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()
        self.sensing.close()

    def stored(self) -> int:
        return self.sensing.observations.next_number - 1

    def results(self, datastream: int = 1) -> list[float]:
        found = self.sensing.observations.between([datastream], -(2**62), 2**62, 1_000_000)
        return found.result.tolist()

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        buffer = Buffer(self.sensing.intake, SystemClock())
        buffer.start()
        reader = Caller(system("mqtt"), self.database, SystemClock(), self.sensing.ports())
        self.mqtt = Mqtt(self._settings, self.database, SystemClock(), buffer, caller=reader)
        assert self.mqtt.updates is not None
        self.sensing.intake.listen(self.mqtt.updates.stored)
        await self.mqtt.start(port=0)
        self.port = self.mqtt.port
        self._ready.set()
        await self._stop.wait()
        await self.mqtt.close()
        await buffer.close()
