"""Devices are polled over real sockets: pymodbus' own server on loopback."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.sensing.protocols.running import Home, kinds, until
from yiwang.sensing import service
from yiwang.sensing.devices import NewDevice
from yiwang.sensing.protocols.errors import BadMapping
from yiwang.sensing.protocols.modbus.adapter import Modbus
from yiwang.sensing.protocols.modbus.errors import BadNetworks
from yiwang.sensing.protocols.modbus.line import Line, Pace, Turn
from yiwang.sensing.protocols.modbus.poller import networks
from yiwang.store.database import Database

KINDS = """
kinds:
  pump:
    properties:
      running: {unit: "1"}
      level: {unit: m, valid: {least: 0, most: 20}}
      flow: {unit: L/s}
      count: {unit: "1"}
      alarm: {unit: "1"}
    protocols:
      modbus:
        period: 1 s
        values:
          running: coil 3
          level: {code: holding 100 int16, unit: cm}
          flow: input 7 float32 swapped
          count: holding 101 uint32
          alarm: holding 103 bit 4
  broken:
    properties:
      here: {unit: "1"}
      missing: {unit: "1"}
    protocols:
      modbus:
        values: {here: holding 100, missing: holding 9000}
"""
QUICK = Pace(timeout_s=0.3, tries=1, back_off_s=0.05, back_off_most_s=0.1, look_s=0.05)


class Server:
    """A device that another library simulates, in the event loop of the home."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.port = 0
        self.asked: list[int] = []

    def start(self, port: int = 0) -> None:
        async def run() -> None:
            words = list(struct.unpack(">2H", struct.pack(">f", 12.5)))[::-1]
            self.server = ModbusTcpServer(self._device(words), address=("127.0.0.1", port))
            self.task = asyncio.create_task(self.server.serve_forever())
            while self.server.transport is None or not self.server.transport.sockets:
                await asyncio.sleep(0.01)
            self.port = self.server.transport.sockets[0].getsockname()[1]

        self.home.wait(run())

    def _device(self, words: list[int]) -> SimDevice:
        return SimDevice(
            id=0,
            simdata=(
                [SimData(0, values=[False, False, False, True], datatype=DataType.BITS)],
                [SimData(0, values=0, datatype=DataType.BITS)],
                [SimData(100, values=[250, 1, 2, 0x10], datatype=DataType.REGISTERS)],
                [SimData(7, values=words, datatype=DataType.REGISTERS)],
            ),
        )

    def stop(self) -> None:
        self.home.wait(self.server.shutdown())


def polling(
    folder: Path, database: Database, pace: Pace = QUICK, allowed: str = "127.0.0.0/8"
) -> Home:
    adapters = {"modbus": Modbus(pace)}
    return Home(folder, database, KINDS, adapters=adapters, modbus_networks=allowed)


def register(home: Home, place: str, kind: str = "test.pump", code: str = "P1") -> Any:
    properties: Mapping[str, Any] = {"modbus": place} if place else {}
    made = service.register_device(home.caller, kind, NewDevice(code, properties=properties))
    home.refresh()
    return made


def said(home: Home) -> dict[str, Any]:
    """What is shown of each device."""
    sessions = home.field.stations["modbus"].sessions.values()
    return {session.device.code: session.said.get("error") for session in sessions}


def test_what_the_registers_hold_is_stored(tmp_path: Path, database: Database) -> None:
    with polling(tmp_path, database) as home:
        server = Server(home)
        server.start()
        device = register(home, f"127.0.0.1:{server.port}:1")
        until(lambda: home.results(device, "running"))
        assert home.results(device, "running")[0] == 1
        assert home.results(device, "level")[0] == pytest.approx(2.5)
        assert home.results(device, "flow")[0] == 12.5
        assert home.results(device, "count")[0] == 65538
        assert home.results(device, "alarm")[0] == 1
        until(lambda: len(home.results(device, "running")) > 1, "a second poll")
        assert home.ledger("modbus")[3] == 0
        server.stop()


def test_a_device_that_is_away_is_seen_and_read_when_it_is_back(
    tmp_path: Path, sqlite: Database
) -> None:
    with polling(tmp_path, sqlite) as home:
        server = Server(home)
        server.start()
        device = register(home, f"127.0.0.1:{server.port}")
        until(lambda: home.results(device, "running"))
        server.stop()
        until(lambda: "sensing" not in (said(home)["P1"] or "sensing"), "the failure")
        assert "does not answer" in said(home)["P1"]
        before = len(home.results(device, "running"))
        server.start(server.port)
        until(lambda: len(home.results(device, "running")) > before, "another poll")
        until(lambda: said(home)["P1"] == "")
        server.stop()


def test_a_line_ends_though_its_cancellation_is_lost(tmp_path: Path, sqlite: Database) -> None:
    with polling(tmp_path, sqlite) as home:

        async def run() -> None:
            line = Line(home.field.stations["modbus"], "127.0.0.1", 1, QUICK, asyncio.Semaphore())
            due = asyncio.get_running_loop().time() + 60
            line.turns[1] = Turn(None, due)  # type: ignore[arg-type]
            task = asyncio.create_task(line.run())
            await asyncio.sleep(0.01)
            line.changed.set()  # what is waited for comes in the same turn of the loop
            await asyncio.sleep(0)
            line.end(task)
            await asyncio.wait([task], timeout=5)
            assert task.done()

        home.wait(run())


def test_a_register_that_is_refused_is_rejected_and_the_others_stored(
    tmp_path: Path, sqlite: Database
) -> None:
    with polling(tmp_path, sqlite) as home:
        server = Server(home)
        server.start()
        device = register(home, f"127.0.0.1:{server.port}", "test.broken")
        until(lambda: home.results(device, "here"))
        [kept, *_] = home.rejections("modbus")
        assert kept.reason == "sensing.modbus_refused"
        assert kept.raw == b'{"holding 100":[250]}'
        server.stop()


def test_a_device_that_says_nothing_holds_up_no_other(tmp_path: Path, sqlite: Database) -> None:
    async def silent() -> asyncio.Server:
        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read(-1)
            writer.close()

        return await asyncio.start_server(hold, "127.0.0.1", 0)

    with polling(tmp_path, sqlite) as home:
        server = Server(home)
        server.start()
        mute = home.wait(silent())
        for number in range(20):
            port = mute.sockets[0].getsockname()[1]
            register(home, f"127.0.0.1:{port}:{number}", code=f"M{number}")
        device = register(home, f"127.0.0.1:{server.port}")
        until(lambda: home.results(device, "running"))
        until(lambda: any("answer" in (text or "") for text in said(home).values()))
        home.call(mute.close)
        server.stop()


def test_devices_are_polled_only_where_the_operator_allows(
    tmp_path: Path, sqlite: Database
) -> None:
    with polling(tmp_path, sqlite, allowed="10.0.0.0/8") as home:
        register(home, "127.0.0.1:5020", code="outside")
        register(home, "plc.example", code="named")
        register(home, "", code="nowhere")
        until(lambda: len(said(home)) == 3)
        assert "outside the allowed networks" in said(home)["outside"]
        assert "plc.example" in said(home)["named"]
        assert "there is none" in said(home)["nowhere"]
        assert home.ledger("modbus") == (0, 0, 0, 0)


def test_nothing_is_polled_unless_a_network_is_allowed(tmp_path: Path, sqlite: Database) -> None:
    with polling(tmp_path, sqlite, allowed="") as home:
        register(home, "127.0.0.1:5020")
        assert home.field.ports["modbus"].connections == 0
        assert said(home) == {}


def test_only_private_networks_can_be_allowed() -> None:
    assert len(networks("10.1.0.0/16, 127.0.0.1/32 fd00::/8")) == 3
    with pytest.raises(BadNetworks, match="not private"):
        networks("0.0.0.0/0")
    with pytest.raises(BadNetworks, match="plc"):
        networks("plc")


def test_a_device_that_moved_or_went_is_no_longer_asked(tmp_path: Path, sqlite: Database) -> None:
    with polling(tmp_path, sqlite) as home:
        server = Server(home)
        server.start()
        device = register(home, f"127.0.0.1:{server.port}")
        until(lambda: home.results(device, "running"))
        with sqlite.write() as connection:
            connection.exec_driver_sql("UPDATE things SET properties = '{}'")
        until(lambda: "there is none" in (said(home).get("P1") or ""))
        assert home.connections("modbus") == 0
        server.stop()


@pytest.mark.parametrize(
    ("section", "word"),
    [
        ("values: {level: register 4}", "holding 100"),
        ("values: {level: coil 1 int16}", "one bit"),
        ("values: {level: coil 1}, period: soon", "1 min"),
        ("values: {level: coil 1}, period: 10 ms", "1 min"),
        ("values: {level: coil 1}, gap: 200", "0 to 124"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(section: str, word: str) -> None:
    head = "kinds: {pump: {properties: {level: {}}, protocols: {modbus: {"
    with pytest.raises(BadMapping, match=word):
        kinds(f"{head}{section}}}}}}}}}", {"modbus": Modbus()})
