"""The log against torn writes, damage and a full disk."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sensing.core.conftest import Bench, Row, incoming, listed
from yiwang.contracts.observations import ObservationBatch, Rejected
from yiwang.sensing.errors import LogDamaged, PositionGone
from yiwang.sensing.log import FrameLog, Header, open_file
from yiwang.store.errors import DiskFull


def frame(first: int, size: int = 3, exact: bool = False) -> tuple[Header, ObservationBatch]:
    numbers = np.arange(first, first + size)
    batch = ObservationBatch(
        first,
        0,
        numbers % 7 + 1,
        numbers * 1000,
        numbers / 2,
        np.full(size, 5),
        exact=[None, '"open"', "1e400"][:size] if exact else None,
    )
    return Header("test", 5, first, size, size, cursor=first), batch


def content(log: FrameLog, position: int = 0) -> list[Row]:
    return [row for batch in log.read(position, 10**9, 2**62) for row in listed(batch)]


def test_what_was_written_is_read_after_opening_again(tmp_path: Path) -> None:
    log = FrameLog(tmp_path)
    ends = log.append([frame(1), frame(4, exact=True)]) + log.append([frame(7, 0)])
    again = FrameLog(tmp_path)
    frames = list(again.frames(0))
    assert [item.position for item in frames] == ends
    assert [len(item.batch) for item in frames] == [3, 3, 0]
    assert frames[1].batch.exact == [None, '"open"', "1e400"]
    assert [item.header.cursor for item in frames] == [1, 4, 7]
    assert content(again, ends[0]) == content(log)[3:]


def test_a_torn_last_frame_is_cut_at_every_byte(tmp_path: Path) -> None:
    log = FrameLog(tmp_path / "whole")
    kept = log.append([frame(1)])[0]
    end = log.append([frame(4, exact=True)])[0]
    expected = content(log)
    name = f"{0:020d}.log"
    whole = (tmp_path / "whole" / name).read_bytes()
    for size in range(kept, end):
        folder = tmp_path / "torn"
        folder.mkdir()
        (folder / name).write_bytes(whole[:size])
        torn = FrameLog(folder)
        assert torn.end() == kept
        assert content(torn) == expected[:3]
        torn.append([frame(4, exact=True)])
        assert content(FrameLog(folder)) == expected
        shutil.rmtree(folder)


def test_a_tail_of_zeros_is_cut(tmp_path: Path) -> None:
    log = FrameLog(tmp_path)
    kept = log.append([frame(1)])[0]
    with (tmp_path / f"{0:020d}.log").open("ab") as file:
        file.write(bytes(5000))
    assert FrameLog(tmp_path).end() == kept


def test_of_frames_written_together_a_torn_first_one_takes_the_rest_along(tmp_path: Path) -> None:
    log = FrameLog(tmp_path)
    kept = log.append([frame(1)])[0]
    log.append([frame(4), frame(7)])
    with (tmp_path / f"{0:020d}.log").open("r+b") as file:
        file.seek(kept + 40)
        file.write(b"\xff\xff\xff")
    assert FrameLog(tmp_path).end() == kept


@pytest.mark.parametrize("offset", [0, 2, 5, 9, 13, 17, 30, 80, 150])
def test_damage_before_acknowledged_frames_is_an_error(tmp_path: Path, offset: int) -> None:
    log = FrameLog(tmp_path)
    log.append([frame(1)])
    log.append([frame(4)])
    with (tmp_path / f"{0:020d}.log").open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0x55]))
    with pytest.raises(LogDamaged):
        FrameLog(tmp_path)


def test_files_are_rolled_read_across_and_dropped(tmp_path: Path) -> None:
    log = FrameLog(tmp_path, file_bytes=500)
    ends = [log.append([frame(1 + 3 * index)])[0] for index in range(20)]
    assert len(list(tmp_path.glob("*.log"))) > 5
    assert content(FrameLog(tmp_path, file_bytes=500)) == content(log)
    assert len(content(log)) == 60
    assert log.drop(ends[9]) > 1
    with pytest.raises(PositionGone):
        content(log, 0)
    assert len(content(log, ends[9])) == 30
    log.drop(log.end())
    again = FrameLog(tmp_path)
    assert again.end() == ends[-1], "the last file stays, and with it the position"


def test_a_log_older_than_its_segments_goes_on_behind_them(tmp_path: Path) -> None:
    end = FrameLog(tmp_path).append([frame(1)])[0]
    log = FrameLog(tmp_path, least=end + 1000)
    log.append([frame(4)])
    assert content(log, end + 1000) == content(log)[3:]
    assert content(FrameLog(tmp_path)) == content(log)


class Disk:
    """Opens files on a disk with room for so many more bytes."""

    def __init__(self) -> None:
        self.room: int | None = None

    def __call__(self, path: Path) -> Any:
        return _File(self, open_file(path))


class _File:
    def __init__(self, disk: Disk, file: Any) -> None:
        self._disk = disk
        self._file = file

    def write(self, data: bytes) -> int:
        room = self._disk.room
        if room is None:
            return int(self._file.write(data))
        if room == 0:
            raise OSError(errno.ENOSPC, "no space left")
        written = int(self._file.write(data[:room]))
        self._disk.room = room - written
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


@pytest.mark.parametrize("room", [0, 1, 23, 24, 100, 200])
def test_a_full_disk_loses_nothing_acknowledged_and_intake_goes_on(bench: Bench, room: int) -> None:
    disk = Disk()
    bench.opener = disk
    bench.reopen()
    now = bench.clock.now()
    bench.accept((1, now, 1.0), cursor=1)
    disk.room = room
    for _ in range(2):
        with pytest.raises(DiskFull):
            bench.accept((1, now + 1, 2.0), cursor=2)
    assert bench.stored() == bench.logged() == [(1, now, 1.0)]
    assert bench.intake.cursor("test") == 1
    files = list((bench.folder / "log").glob("*.log"))
    assert sum(path.stat().st_size for path in files) == bench.observations.end()
    disk.room = None
    receipt = bench.accept((1, now + 1, 2.0), cursor=2)
    assert receipt.numbers.tolist() == [2]
    bench.reopen()
    assert bench.stored() == bench.logged() == [(1, now, 1.0), (1, now + 1, 2.0)]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("needs to mount a small file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_really_full_disk(small_disk: Path) -> None:
    log = FrameLog(small_disk / "log")
    first = 1
    with pytest.raises(DiskFull):
        while True:
            log.append([frame(first, 1000)])
            first += 1000
    assert len(content(FrameLog(small_disk / "log"))) == first - 1
    assert first > 10_000


def test_rejected_messages_are_in_the_log_cut_to_a_bound(bench: Bench) -> None:
    long = Rejected("sensing.undecodable", b"x" * 100_000, "topic")
    bench.intake.accept(incoming([], rejected=[long, long]))
    header = next(bench.observations.log.frames(0)).header
    assert header.rejected == {"sensing.undecodable": 2}
    assert [(raw.count, raw.size, len(raw.raw)) for raw in header.raws] == [(2, 100_000, 16_384)]


def test_a_flood_of_long_rejected_messages_is_cut_short(bench: Bench) -> None:
    lost = [Rejected("sensing.undecodable", bytes([n % 256]) * 17_000) for n in range(3000)]
    bench.intake.accept(incoming([], rejected=lost))
    header = next(bench.observations.log.frames(0)).header
    assert header.rejected == {"sensing.undecodable": 3000}
    assert {len(raw.raw) for raw in header.raws} == {256}
    assert {raw.size for raw in header.raws} == {17_000}
