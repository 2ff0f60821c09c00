"""The observation path without I/O: what is valid, and what was there already."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from yiwang.contracts.observations import Floats, Incoming, Ints, ObservationBatch, Rejected

Codes = NDArray[np.uint8]
Mask = NDArray[np.bool_]
S = TypeVar("S", bound=np.generic)

MOST_RAW = 16 * 1024
"""Bytes kept of one rejected message."""

MOST_RAWS = 32 * 1024 * 1024
LEAST_RAW = 256
"""Of a batch whose rejected messages would fill more than ``MOST_RAWS``, so many bytes are
kept of each."""

ROW_REASONS = (
    "",
    "sensing.unknown_datastream",
    "sensing.not_a_number",
    "sensing.out_of_range",
    "sensing.in_future",
    "sensing.too_old",
    "sensing.wrong_values",
)
"""Why a row is rejected; a row's code is the index here, 0 for a good row."""

_UNKNOWN, _NOT_A_NUMBER, _OUT_OF_RANGE, _IN_FUTURE, _TOO_OLD, _WRONG_VALUES = range(1, 7)


@dataclass(frozen=True)
class Columns:
    """Rows on their way in, of one or several batches."""

    datastream: Ints
    time: Ints
    result: Floats
    exact: Sequence[str | None] | None
    extra: Sequence[str | None] | None

    def __len__(self) -> int:
        return len(self.datastream)


@dataclass
class Edits:
    """What is to become of stored observations. ``corrected``: number → the one row that is
    its new version; ``deleted``: number → its datastream; ``erased``: datastreams, all of
    whose observations go."""

    corrected: dict[int, Columns] = field(default_factory=dict)
    deleted: dict[int, int] = field(default_factory=dict)
    erased: set[int] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.corrected or self.deleted or self.erased)

    def take(self, other: Edits) -> None:
        """Add later edits to these."""
        self.corrected |= other.corrected
        self.deleted |= other.deleted
        self.erased |= other.erased


class Limits:
    """What each datastream accepts, in arrays indexed by the datastream's number."""

    def __init__(self) -> None:
        self.size = 0
        self.known: Mask = np.zeros(0, np.bool_)
        self.numeric: Mask = np.zeros(0, np.bool_)
        self.recent: Mask = np.zeros(0, np.bool_)
        self.least: Floats = np.zeros(0, np.float64)
        self.most: Floats = np.zeros(0, np.float64)
        self.several: dict[int, tuple[str, ...]] = {}
        """What the values of each multi-datastream's results are: number, integer, boolean,
        text, or any."""

    def put(self, number: Ints, numeric: Mask, least: Floats, most: Floats, recent: Mask) -> None:
        """Set the limits of some datastreams; NaN means unbounded. ``recent``: whether results
        must not be too old."""
        if not len(number):
            return
        self._grow(int(number.max()) + 1)
        self.known[number] = True
        self.numeric[number] = numeric
        self.recent[number] = recent
        self.least[number] = np.where(np.isnan(least), -np.inf, least)
        self.most[number] = np.where(np.isnan(most), np.inf, most)

    def forget(self, number: int) -> None:
        """Take nothing more of a datastream."""
        if number < len(self.known):
            self.known[number] = False

    def clear(self) -> None:
        self.known[:] = False

    def _grow(self, size: int) -> None:
        self.size = max(self.size, size)
        self.known = grown(self.known, size)
        self.numeric = grown(self.numeric, size)
        self.recent = grown(self.recent, size)
        self.least = grown(self.least, size)
        self.most = grown(self.most, size)


def grown(array: NDArray[S], size: int) -> NDArray[S]:
    """The array, at least ``size`` long; grows by half, so that growing is rare."""
    if len(array) >= size:
        return array
    wider = np.zeros(max(size, len(array) * 3 // 2, 1024), array.dtype)
    wider[: len(array)] = array
    return wider


def check(rows: Columns, limits: Limits, earliest: int, latest: int) -> Codes:
    """The reason code of every row; times must lie in ``earliest`` … ``latest``; before
    it where the datastream takes what is old."""
    codes: Codes = np.zeros(len(rows), np.uint8)
    inside = (rows.datastream > 0) & (rows.datastream < len(limits.known))
    index = rows.datastream if inside.all() else np.where(inside, rows.datastream, 0)
    if not len(limits.known):
        codes[:] = _UNKNOWN
        return codes
    codes[(rows.time < earliest) & limits.recent[index]] = _TOO_OLD
    codes[rows.time > latest] = _IN_FUTURE
    codes[(rows.result < limits.least[index]) | (rows.result > limits.most[index])] = _OUT_OF_RANGE
    finite = np.isfinite(rows.result)
    if not finite.all():
        codes[~finite & (limits.numeric[index] | _without_text(rows))] = _NOT_A_NUMBER
    if limits.several:
        mine = np.isin(rows.datastream, list(limits.several))
        for row in np.flatnonzero(mine & (codes == 0)).tolist():
            exact = None if rows.exact is None else rows.exact[row]
            if not are_values(exact, limits.several[int(rows.datastream[row])]):
                codes[row] = _WRONG_VALUES
    codes[~(inside & limits.known[index])] = _UNKNOWN
    return codes


def are_values(exact: str | None, types: Sequence[str]) -> bool:
    """Whether a result is an array of one value, or null, of each of the types."""
    try:
        values = None if exact is None else msgspec.json.decode(exact)
    except (msgspec.DecodeError, RecursionError):
        return False
    if not isinstance(values, list) or len(values) != len(types):
        return False
    return all(
        value is None or _FITS[type_](value) for value, type_ in zip(values, types, strict=True)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_FITS: dict[str, Callable[[object], bool]] = {
    "number": _is_number,
    "integer": lambda value: _is_number(value) and float(value).is_integer(),  # type: ignore[arg-type]
    "boolean": lambda value: isinstance(value, bool),
    "text": lambda value: isinstance(value, str),
    "any": lambda value: True,
}

VALUE_TYPES = {
    "OM_Measurement": "number",
    "OM_CountObservation": "integer",
    "OM_TruthObservation": "boolean",
    "OM_CategoryObservation": "text",
}
"""The last part of an observation type → the type of such values; of any other, any."""


def value_types(observation_types: Sequence[str]) -> tuple[str, ...]:
    """The types of a multi-datastream's values, from its multiObservationDataTypes."""
    return tuple(VALUE_TYPES.get(name.rpartition("/")[2], "any") for name in observation_types)


def _without_text(rows: Columns) -> Mask:
    if rows.exact is None:
        return np.ones(len(rows), np.bool_)
    return np.fromiter((text is None for text in rows.exact), np.bool_, len(rows))


@dataclass(frozen=True)
class Sorted:
    """Rows in the order (datastream, time, arrival): ``order`` are their indices.

    ``opens`` marks the first row of each datastream, ``again`` a row with the datastream and
    time of the row before it, both along ``order``.
    """

    order: Ints
    opens: Mask
    again: Mask


def sort(datastream: Ints, time: Ints, rows: Ints) -> Sorted:
    """Order the chosen ``rows`` (indices)."""
    order = rows[_sorting(datastream[rows], time[rows])]
    streams, times = datastream[order], time[order]
    opens = np.ones(len(order), np.bool_)
    opens[1:] = streams[1:] != streams[:-1]
    again = np.zeros(len(order), np.bool_)
    again[1:] = ~opens[1:] & (times[1:] == times[:-1])
    return Sorted(order, opens, again)


def _sorting(datastream: Ints, time: Ints) -> Ints:
    """Stable order by (datastream, time); one packed key where both fit in 64 bits."""
    if not len(datastream):
        return np.zeros(0, np.int64)
    start, streams = int(time.min()), int(datastream.max())
    span = int(time.max()) - start + 1
    if span * (streams + 1) < 2**63:
        return np.argsort(datastream * span + (time - start), kind="stable")
    return np.lexsort((time, datastream))


def same_in_batch(rows: Columns, ordered: Sorted) -> Ints:
    """Indices of rows that repeat an earlier row of the batch (datastream, time and result)."""
    repeated: list[int] = []
    seen: set[object] = set()
    for place in np.flatnonzero(ordered.again).tolist():
        if not ordered.again[place - 1]:
            seen = {result_key(rows, int(ordered.order[place - 1]))}
        row = int(ordered.order[place])
        key = result_key(rows, row)
        if key in seen:
            repeated.append(row)
        seen.add(key)
    return np.array(repeated, np.int64)


def result_key(rows: Columns, row: int) -> object:
    """What two results are compared by: the exact text where there is one, else the number."""
    exact = None if rows.exact is None else rows.exact[row]
    return float(rows.result[row]) if exact is None else exact


def row_rejections(incoming: Incoming, codes: Codes) -> list[Rejected]:
    """One Rejected for each rejected row, in the order of the rows."""
    return [
        Rejected(ROW_REASONS[codes[row]], _raw_of(incoming, row), _where(incoming, row))
        for row in np.flatnonzero(codes).tolist()
    ]


def grouped(rejected: Sequence[Rejected]) -> list[Rejected]:
    """Rejections that share reason and message as one with a count, for the log."""
    groups: dict[tuple[str, int], list[Rejected]] = {}
    for item in rejected:
        groups.setdefault((item.reason, id(item.raw)), []).append(item)
    return [
        items[0]
        if len(items) == 1
        else Rejected(items[0].reason, items[0].raw, items[0].where, sum(i.count for i in items))
        for items in groups.values()
    ]


def _raw_of(incoming: Incoming, row: int) -> bytes:
    raw = incoming.raw
    if isinstance(raw, bytes):
        return raw
    if raw is not None and raw[row]:
        return raw[row]
    exact = None if incoming.exact is None else incoming.exact[row]
    shown = exact if exact is not None else repr(float(incoming.result[row]))
    return (
        f'{{"datastream":{incoming.datastream[row]},"time":{incoming.time[row]},"result":{shown}}}'
    ).encode()


def _where(incoming: Incoming, row: int) -> str:
    return f"Datastreams({incoming.datastream[row]}), row {row + 1}"


def stored_before(rows: Columns, late: Ints, there: ObservationBatch) -> Mask:
    """Which of the ``late`` rows (indices) repeat one of ``there``."""
    span = int(max(rows.time[late].max(), there.time.max())) + 1
    start = int(min(rows.time[late].min(), there.time.min()))
    streams, place = np.unique(
        np.concatenate((rows.datastream[late], there.datastream)), return_inverse=True
    )
    if len(streams) * (span - start) >= 2**63:
        return _stored_before_one_by_one(rows, late, there)
    key = place * (span - start) + np.concatenate((rows.time[late], there.time)) - start
    wanted, present = key[: len(late)], key[len(late) :]
    order = np.argsort(present, kind="stable")
    low = np.searchsorted(present[order], wanted, "left")
    high = np.searchsorted(present[order], wanted, "right")
    found: Mask = np.zeros(len(late), np.bool_)
    plain = rows.exact is None and there.exact is None
    if plain and (high - low <= 1).all():
        hit = np.flatnonzero(high > low)
        found[hit] = there.result[order[low[hit]]] == rows.result[late[hit]]
        return found
    for index in np.flatnonzero(high > low).tolist():
        wanted_key = result_key(rows, int(late[index]))
        candidates = order[low[index] : high[index]].tolist()
        found[index] = any(_key_there(there, row) == wanted_key for row in candidates)
    return found


def _stored_before_one_by_one(rows: Columns, late: Ints, there: ObservationBatch) -> Mask:
    """The same where datastreams and times span too much for one 64-bit key."""
    present = {
        (stream, time, _key_there(there, row))
        for row, (stream, time) in enumerate(
            zip(there.datastream.tolist(), there.time.tolist(), strict=True)
        )
    }
    hits = [
        (int(rows.datastream[row]), int(rows.time[row]), result_key(rows, row)) in present
        for row in late.tolist()
    ]
    return np.array(hits, np.bool_)


def _key_there(there: ObservationBatch, row: int) -> object:
    exact = None if there.exact is None else there.exact[row]
    return float(there.result[row]) if exact is None else exact
