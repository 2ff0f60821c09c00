"""The recorded frames of the built-in pack, played through the adapter with its mapping."""

from __future__ import annotations

from pathlib import Path

import yiwang
from tests.sensing.protocols.gb26875.conftest import NOW, answer
from tests.sensing.protocols.running import Home
from yiwang.kernel.clock import HOUR, ManualClock
from yiwang.sensing.protocols.gb26875.adapter import Gb26875
from yiwang.sensing.protocols.gb26875.conversation import Patience
from yiwang.sensing.protocols.gb26875.model.frame import Command
from yiwang.store.database import Database

PACK = Path(yiwang.__file__).parent / "packs" / "builtin" / "small_premises_fire"
FRAMES = [
    bytes.fromhex(line.partition("#")[0])
    for line in (PACK / "recordings" / "gb26875.hex").read_text(encoding="utf-8").splitlines()
]


def test_the_recordings_are_stored_as_the_pack_says(tmp_path: Path, database: Database) -> None:
    devices = (PACK / "devices.yaml").read_text(encoding="utf-8")
    adapters = {"gb26875": Gb26875(patience=Patience(look_after=10**18))}
    clock = ManualClock(NOW + 4 * HOUR)
    with Home(tmp_path, database, devices, adapters=adapters, clock=clock) as home:
        gateway = home.register("889", kind="test.fire_transmitter")
        smoke = home.register("889-1-1-131082", kind="test.smoke_detector")
        heat = home.register("889-1-1-131083", kind="test.heat_detector")
        cable = home.register("889-1-1-65540", kind="test.electric_monitor")
        said: list[int] = []
        with home.client("gb26875") as client:
            for sent in FRAMES:
                client.send(sent)
                said.append(answer(client).command)
        assert said == [Command.CONFIRM] * (len(FRAMES) - 1) + [Command.DENY]
        assert home.results(smoke, "smoke") == [0, 1, 0]
        assert home.results(smoke, "self_test") == [0, 0, 1]
        assert home.results(heat, "temperature") == [25.3]
        assert home.results(cable, "cable_temperature") == [41.2]
        assert home.results(gateway, "mains_fault") == [0, 1]
        assert home.results(gateway, "inspection_answered") == [1]
        assert home.ledger("gb26875")[3] == 1
