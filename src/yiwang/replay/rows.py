"""From rows of a recording to observations on their way in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import msgspec
import numpy as np

from yiwang.contracts.observations import Incoming, Ints, Rejected
from yiwang.kernel import clock
from yiwang.replay.mapping import Recording
from yiwang.replay.source import MISSING_TIME, Rows


class RawRows(Sequence[bytes]):
    """The text of each observation's row as JSON, made only where it is asked for."""

    def __init__(self, rows: Rows, row: Ints, codes: Sequence[str], recording: Recording) -> None:
        self._rows = rows
        self._row = row
        self._codes = codes
        self._recording = recording

    def __len__(self) -> int:
        return len(self._row)

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self.text(int(row)) for row in self._row[index]]
        return self.text(int(self._row[index]))

    def text(self, row: int) -> bytes:
        rows, recording = self._rows, self._recording
        code, time = int(rows.code[row]), int(rows.time[row])
        cells: dict[str, object] = {
            recording.code: self._codes[code] if code >= 0 else None,
            recording.time: clock.render(time) if time != MISSING_TIME else None,
        }
        for value, column in zip(recording.values, rows.values, strict=True):
            number = float(column[row])
            cells[value.column] = None if np.isnan(number) else number
        return msgspec.json.encode(cells)


def incoming(
    source: str, rows: Rows, streams: Ints, codes: Sequence[str], recording: Recording
) -> tuple[Incoming, int]:
    """The observations of some rows, row by row, and how many cells were empty.

    ``streams`` has shape (codes, properties): the datastream of each.
    """
    count, width = len(rows), len(recording.values)
    values = np.stack(rows.values, axis=1) if width > 1 else rows.values[0].reshape(count, 1)
    unreadable = np.stack(rows.unreadable, axis=1)
    good_row = (rows.code >= 0) & (rows.time != MISSING_TIME)
    present = ~np.isnan(values) & good_row[:, None]
    row, column = np.nonzero(present)
    raw = RawRows(rows, row.astype(np.int64), codes, recording)
    time = rows.time[row]
    last = int(time.max()) if len(time) else 0
    made = Incoming(
        source=source,
        datastream=streams[rows.code[row], column],
        time=time,
        result=values[row, column],
        received=last,
        raw=raw,
        cursor=rows.cursor,
        rejected=list(_rejected(raw, rows, good_row, unreadable)),
    )
    empty = int((np.isnan(values) & good_row[:, None] & ~unreadable).sum())
    return made, empty


def _rejected(raw: RawRows, rows: Rows, good_row: np.ndarray, bad: np.ndarray) -> list[Rejected]:
    found: list[Rejected] = []
    first = rows.cursor - len(rows) + 1
    for row in np.flatnonzero(~good_row).tolist():
        reason = (
            "sensing.undecodable" if rows.time[row] == MISSING_TIME else "sensing.unknown_device"
        )
        found.append(Rejected(reason, raw.text(row), f"row {first + row}"))
    for row, _ in zip(*np.nonzero(bad & good_row[:, None]), strict=True):
        found.append(Rejected("sensing.not_a_number", raw.text(int(row)), f"row {first + row}"))
    return found
