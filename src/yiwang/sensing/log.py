"""The observation log: append-only files of frames, each frame whole or not at all.

A frame is one accepted batch: a fixed head (magic, sizes, CRC-32, the position up to which
everything was durable when it was written), a header in MessagePack, and the stored rows as
one Arrow record batch. A position is a byte offset over all files; a file is named by the
position at which it begins. What a crash leaves half-written at the end is cut at the next
start; damage before that is an error, never a silent loss.
"""

from __future__ import annotations

import errno
import os
import struct
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
import pyarrow as pa

from yiwang.contracts.observations import ObservationBatch
from yiwang.sensing.errors import LogDamaged, PositionGone
from yiwang.store import folders
from yiwang.store.errors import DiskFull

FILE_BYTES = 64 * 1024 * 1024
_MAGIC = b"YWF1"
_HEAD = struct.Struct("<4sIIIQ")
"""Magic, size of header, size of body, CRC of all but magic and itself, durable position."""
_FULL = (errno.ENOSPC, errno.EDQUOT)

_PLAIN = pa.schema([("datastream", pa.int32()), ("time", pa.int64()), ("result", pa.float64())])
_WHOLE = _PLAIN.append(pa.field("exact", pa.string())).append(pa.field("extra", pa.string()))


class RejectedRaw(msgspec.Struct, array_like=True):
    """A rejected message in a frame; ``size`` is its size before ``raw`` was cut."""

    reason: str
    where: str
    count: int
    size: int
    raw: bytes


class Header(msgspec.Struct, omit_defaults=True):
    """What a frame says about its batch: received = stored + duplicate + rejected.

    A frame of edits receives nothing: its rows are new versions of the numbers ``corrected``;
    the numbers ``deleted`` and the datastreams ``erased`` are gone. ``touched``: the
    datastreams whose latest observation may be another now.
    """

    source: str
    received_at: int
    first: int
    received: int
    stored: int
    duplicate: int = 0
    rejected: dict[str, int] = {}
    raws: list[RejectedRaw] = []
    cursor: int | None = None
    plain: bool = True
    corrected: list[int] = []
    deleted: list[int] = []
    erased: list[int] = []
    touched: list[int] = []

    @property
    def edits(self) -> bool:
        return bool(self.corrected or self.deleted or self.erased)


@dataclass(frozen=True)
class Frame:
    """A frame as read: its header, its rows and the position after it. ``versions``: the rows
    of a frame of edits."""

    header: Header
    batch: ObservationBatch
    versions: ObservationBatch | None = None

    @property
    def position(self) -> int:
        return self.batch.position


class LogFile(Protocol):
    """What the log needs of an open file; unbuffered."""

    def write(self, data: bytes, /) -> int: ...
    def truncate(self, size: int, /) -> int: ...
    def seek(self, offset: int, /) -> int: ...
    def fileno(self) -> int: ...
    def close(self) -> None: ...


def open_file(path: Path) -> LogFile:
    """Open for appending, made if missing."""
    file: Any = path.open("ab", buffering=0)
    return file  # type: ignore[no-any-return]


def encode(header: Header, batch: ObservationBatch) -> list[bytes]:
    """Header and body of a frame. ``batch.position`` is not yet known and not used."""
    columns: list[Any] = [
        pa.array(batch.datastream.astype(np.int32)),
        pa.array(batch.time),
        pa.array(batch.result),
    ]
    header.plain = batch.exact is None and batch.extra is None
    if not header.plain:
        empty = [None] * len(batch)
        columns.append(pa.array(batch.exact or empty, pa.string()))
        columns.append(pa.array(batch.extra or empty, pa.string()))
    schema = _PLAIN if header.plain else _WHOLE
    body = pa.RecordBatch.from_arrays(columns, schema=schema).serialize() if len(batch) else b""
    return [msgspec.msgpack.encode(header), body]


_headers = msgspec.msgpack.Decoder(Header)


def decode(header_bytes: bytes, body: bytes, position: int) -> Frame:
    header = _headers.decode(header_bytes)
    count = header.stored + len(header.corrected)
    received = np.broadcast_to(np.int64(header.received_at), count)
    if not count:
        return Frame(header, nothing(header.first, position))
    schema = _PLAIN if header.plain else _WHOLE
    rows = pa.ipc.read_record_batch(pa.py_buffer(body), schema)
    batch = ObservationBatch(
        first=header.first,
        position=position,
        datastream=rows.column(0).to_numpy().astype(np.int64),
        time=rows.column(1).to_numpy(),
        result=rows.column(2).to_numpy(),
        received=received,
        exact=None if header.plain else texts(rows.column(3)),
        extra=None if header.plain else texts(rows.column(4)),
    )
    if header.corrected:
        return Frame(header, nothing(header.first, position), batch)
    return Frame(header, batch)


def nothing(first: int, position: int) -> ObservationBatch:
    """A batch of no rows."""
    none = np.zeros(0, np.int64)
    return ObservationBatch(first, position, none, none, np.zeros(0), none)


def texts(column: Any) -> list[str | None] | None:
    """A column of texts as a list, or None when it holds none."""
    return None if column.null_count == len(column) else column.to_pylist()


class FrameLog:
    """The files of the log. One thread appends; any thread reads what is durable."""

    def __init__(
        self,
        folder: Path,
        file_bytes: int = FILE_BYTES,
        opener: Callable[[Path], LogFile] = open_file,
        least: int = 0,
    ) -> None:
        """Opens the log and cuts a torn end. Raises LogDamaged when more than the end is bad.

        ``least``: where the next frame may begin at the earliest. A log that ends before it (a
        backup copied it earlier than the segments) goes on in a new file there.
        """
        self._folder = folder
        self._file_bytes = file_bytes
        self._opener = opener
        folder.mkdir(parents=True, exist_ok=True)
        self._starts = sorted(int(path.stem) for path in folder.glob("*.log")) or [0]
        self._end = self._starts[-1] + self._recover(self._path(self._starts[-1]))
        if self._end < least:
            self._starts.append(least)
            self._end = least
        self._file = opener(self._path(self._starts[-1]))
        self._torn = False
        folders.settled(folder)

    @property
    def first(self) -> int:
        """The position at which the oldest file begins."""
        return self._starts[0]

    def end(self) -> int:
        """Position after the last durable frame."""
        return self._end

    def append(self, frames: Sequence[tuple[Header, ObservationBatch]]) -> list[int]:
        """Write frames together and return the position after each, once they are durable.

        Raises DiskFull when there is no room; then nothing of them is kept.
        """
        parts: list[bytes] = []
        ends: list[int] = []
        end = self._end
        for header, batch in frames:
            head, body = encode(header, batch)
            sizes = struct.pack("<IIQ", len(head), len(body), self._end)
            crc = zlib.crc32(body, zlib.crc32(head, zlib.crc32(sizes)))
            parts += [_HEAD.pack(_MAGIC, len(head), len(body), crc, self._end), head, body]
            end += _HEAD.size + len(head) + len(body)
            ends.append(end)
        self._write(b"".join(parts))
        self._end = end
        return ends

    def _write(self, data: bytes) -> None:
        try:
            if self._torn:
                self._cut()
            if self._end - self._starts[-1] >= self._file_bytes:
                self._roll()
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]  # type: ignore[arg-type]
            os.fdatasync(self._file.fileno())
        except OSError as error:
            self._torn = True
            if error.errno not in _FULL:
                raise
            with suppress(OSError):
                self._cut()
            raise DiskFull(str(self._folder)) from error

    def _cut(self) -> None:
        self._file.truncate(self._end - self._starts[-1])
        self._torn = False

    def _roll(self) -> None:
        file = self._opener(self._path(self._end))
        self._file.close()
        self._file = file
        self._starts = [*self._starts, self._end]
        folders.settled(self._folder)

    def frames(self, position: int) -> Iterator[Frame]:
        """Durable frames after ``position``. Raises PositionGone, LogDamaged."""
        end, starts = self._end, self._starts
        if position < starts[0]:
            raise PositionGone(str(self._folder), position=position, first=starts[0])
        index = bisect_right(starts, position) - 1
        while position < end:
            with self._path(starts[index]).open("rb") as file:
                limit = min(end, starts[index] + os.fstat(file.fileno()).st_size)
                file.seek(position - starts[index])
                while position < limit:
                    frame = _read(file, position)
                    if frame is None:
                        raise LogDamaged(file.name, offset=position - starts[index])
                    position = frame.position
                    yield frame
            index += 1
            if index < len(starts):
                position = max(position, starts[index])
            elif position < end:
                raise LogDamaged(str(self._folder), offset=position)

    def read(self, position: int, most: int, until: int) -> list[ObservationBatch]:
        """Batches after ``position`` from the files (contracts.ports.PositionedLog)."""
        batches: list[ObservationBatch] = []
        rows = 0
        for frame in self.frames(position):
            if frame.position > until:
                break
            batches.append(frame.batch)
            rows += len(frame.batch)
            if rows >= most:
                break
        return batches

    def drop(self, position: int) -> int:
        """Delete files that end at or before ``position``; returns how many went."""
        gone = [start for start, end in pairwise(self._starts) if end <= position]
        self._starts = self._starts[len(gone) :]
        for start in gone:
            self._path(start).unlink(missing_ok=True)
        return len(gone)

    def close(self) -> None:
        self._file.close()

    def _path(self, start: int) -> Path:
        return self._folder / f"{start:020d}.log"

    def _recover(self, path: Path) -> int:
        """The size of the last file up to its last whole frame; what is torn is cut off."""
        if not path.exists():
            return 0
        start = int(path.stem)
        size = path.stat().st_size
        with path.open("r+b") as file:
            position = start
            while (frame := _read(file, position)) is not None:
                position = frame.position
            good = position - start
            if good == size:
                return good
            file.seek(good)
            if _is_damage(file.read(), position):
                raise LogDamaged(str(path), offset=good)
            file.truncate(good)
            os.fsync(file.fileno())
        return good


def _read(file: Any, position: int) -> Frame | None:
    """The frame at the file's place, or None when there is no whole one."""
    head = file.read(_HEAD.size)
    if len(head) < _HEAD.size:
        return None
    magic, header_size, body_size, crc, durable = _HEAD.unpack(head)
    if magic != _MAGIC or header_size + body_size > 2**31:
        return None
    content = file.read(header_size + body_size)
    if len(content) < header_size + body_size:
        return None
    sizes = struct.pack("<IIQ", header_size, body_size, durable)
    if zlib.crc32(content, zlib.crc32(sizes)) != crc:
        return None
    end = position + _HEAD.size + len(content)
    return decode(content[:header_size], content[header_size:], end)


def _is_damage(rest: bytes, position: int) -> bool:
    """Whether a later frame proves that the bad one at ``position`` had been durable."""
    found = rest.find(_MAGIC, 1)
    while found >= 0 and found + _HEAD.size <= len(rest):
        _, header_size, body_size, crc, durable = _HEAD.unpack_from(rest, found)
        begin = found + _HEAD.size
        content = rest[begin : begin + header_size + body_size]
        sizes = struct.pack("<IIQ", header_size, body_size, durable)
        if durable > position and zlib.crc32(content, zlib.crc32(sizes)) == crc:
            return True
        found = rest.find(_MAGIC, found + 1)
    return False


def sync_file(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(path: Path, content: bytes) -> None:
    """Put the content in the place of a file, durably and in one step."""
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folders.settled(path.parent)
