"""A snapshot of what is otherwise rebuilt from the whole log: latest values and cursors."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from yiwang.kernel.arrays import Packed, packed, unpacked
from yiwang.sensing.log import replace_file


@dataclass(frozen=True)
class Snapshot:
    """State after every frame up to ``position``."""

    position: int
    cursors: dict[str, int]
    arrays: dict[str, NDArray[np.generic]]
    exact: dict[int, str]
    extra: dict[int, str]


class _Content(msgspec.Struct):
    position: int
    cursors: dict[str, int]
    arrays: dict[str, Packed]
    exact: dict[int, str]
    extra: dict[int, str]


def save(path: Path, snapshot: Snapshot) -> None:
    """Replace the snapshot in one step; what was there stays until the new one is durable."""
    arrays = {name: packed(array) for name, array in snapshot.arrays.items()}
    content = _Content(snapshot.position, snapshot.cursors, arrays, snapshot.exact, snapshot.extra)
    body = msgspec.msgpack.encode(content)
    replace_file(path, zlib.crc32(body).to_bytes(4, "little") + body)


def load(path: Path) -> Snapshot | None:
    """The snapshot, or None when there is none that can be read."""
    if not path.is_file():
        return None
    content = path.read_bytes()
    crc, body = int.from_bytes(content[:4], "little"), content[4:]
    if zlib.crc32(body) != crc:
        return None
    read = msgspec.msgpack.decode(body, type=_Content)
    arrays = {name: unpacked(array) for name, array in read.arrays.items()}
    return Snapshot(read.position, read.cursors, arrays, read.exact, read.extra)
