"""The frames that built-in packs bring along are what their README says, and are mapped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from yiwang.packs.library import builtin_folder
from yiwang.sensing import spec
from yiwang.sensing.protocols.jt808.model import bodies, positions
from yiwang.sensing.protocols.jt808.model import frames as vehicle_frames
from yiwang.sensing.protocols.sl651.model import binary, characters
from yiwang.sensing.protocols.sl651.model import frames as station_frames


def recorded(name: str) -> list[Path]:
    return sorted(builtin_folder().glob(f"*/recordings/{name}.hex"))


def frames(path: Path) -> Iterator[bytes]:
    for line in path.read_text(encoding="utf-8").splitlines():
        data, mark, note = line.partition(" # ")
        assert mark and note, line
        yield bytes.fromhex(data)


def codes(path: Path, protocol: str) -> set[str]:
    """The codes that the kinds of a pack map."""
    kinds = spec.read(path.parent.parent).kinds.values()
    return {
        value["code"]
        for kind in kinds
        for value in kind.protocols.get(protocol, {}).get("values", {}).values()
    }


@pytest.mark.parametrize("path", recorded("sl651"), ids=lambda path: path.parent.parent.name)
def test_frames_of_stations(path: Path) -> None:
    seen: set[str] = set()
    for data in frames(path):
        frame = station_frames.decode(data)
        assert frame.station == "0012345678"
        hexadecimal = frame.coding is station_frames.Coding.HEX
        report = binary.read(frame) if hexadecimal else characters.read(frame)
        assert report.readings and not any(reading.problem for reading in report.readings)
        seen |= {reading.element for reading in report.readings}
    assert codes(path, "sl651") <= seen


def test_packs_with_frames_of_stations_are_two() -> None:
    assert len(recorded("sl651")) == 2


@pytest.mark.parametrize("path", recorded("jt808"), ids=lambda path: path.parent.parent.name)
def test_messages_of_terminals(path: Path) -> None:
    found = [vehicle_frames.decode(data) for data in frames(path)]
    assert {message.version for message in found} == {0, 1}
    kinds = {message.kind for message in found}
    assert {bodies.REGISTER, bodies.AUTHENTICATE, bodies.POSITION, bodies.BATCH} <= kinds
    reports = [positions.read(m.body) for m in found if m.kind == bodies.POSITION]
    assert [report.fault for report in reports].count("the terminal has no fix") == 1
    mapped = codes(path, "jt808") - {"position"}
    assert mapped
    assert all(positions.value(reports[0], code) is not None for code in mapped)
