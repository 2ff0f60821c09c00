"""The recorded packets of the built-in pack, played through the adapter with its mapping."""

from __future__ import annotations

from pathlib import Path

import yiwang
from tests.sensing.protocols.hj212.test_station import MN, station
from tests.sensing.protocols.running import Home
from yiwang.kernel.clock import ManualClock, parse
from yiwang.store.database import Database

PACK = Path(yiwang.__file__).parent / "packs" / "builtin" / "river_pollution"
LINES = (PACK / "recordings" / "hj212.txt").read_text(encoding="utf-8").splitlines()
PACKETS = [line.encode() + b"\r\n" for line in LINES if not line.startswith(" ")]
NOW = parse("2026-05-18T08:00:00+08:00")


def test_the_recordings_are_stored_as_the_pack_says(tmp_path: Path, database: Database) -> None:
    devices = (PACK / "devices.yaml").read_text(encoding="utf-8")
    with Home(tmp_path, database, devices, clock=ManualClock(NOW)) as home:
        device = home.register(MN, "123456")
        with station(home) as client:
            assert [client.ask(sent).cn for sent in PACKETS] == ["9014"] * 4
        assert home.results(device, "ammonia_nitrogen") == [0.62, 2.75]
        assert home.results(device, "dissolved_oxygen") == [6.2, 4.9]
        assert home.observed(device, "ph").time.tolist()[-1] == NOW - 4 * 3600 * 1_000_000
        assert home.ledger("hj212") == (20, 16, 0, 4)
        assert {item.reason for item in home.rejections("hj212")} == {"sensing.marked_invalid"}
