"""Watermarks in rows: what was given to a receiver says so, also as a sample of it. Pure.

A mark is one bit of a cell: whether its value counts an odd or an even number of units, or which
of two spellings it has. The bit that each receiver's copy must have follows, by a keyed function,
from column and row alone. So sorting, sampling, other columns and other files do not touch it; and
in data that was never given to a receiver, that receiver's bits fit by pure chance: half of them,
whatever the data is. From that follows the bound on naming somebody falsely.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

_HEAD = 8
_SHARE = 2**32
_EXACT = 15
"""Digits that a spreadsheet keeps of a number."""
_EPOCH = date(1970, 1, 1).toordinal()


@dataclass(frozen=True)
class Mark:
    """A column that may carry marks, and how far it may be changed for them.

    Numbers and dates move by at most one ``unit`` (of dates: a day); of texts one of the two
    ``spellings`` takes the other's place. ``key``: columns that tell rows apart and go with every
    copy. ``share``: of how many of the rows.
    """

    column: str
    key: tuple[str, ...]
    unit: float = 0
    spellings: tuple[str, str] = ("", "")
    share: float = 1.0


@dataclass(frozen=True)
class Score:
    """How well a copy fits one receiver. ``bound``: the chance that a copy that is not this
    receiver's fits any of all receivers as well."""

    number: int
    fitting: int
    cells: int
    bound: float


def marked(table: pa.Table, marks: Sequence[Mark], secret: bytes, number: int) -> pa.Table:
    """The copy for one receiver: its number counts from 0. Raises KeyError for no such column."""
    made = table
    for mark in marks:
        drawn = [_drawn(secret, mark.column, key, number) for key in _keys(table, mark)]
        bits = np.array([_bit(one, number) for one in drawn], np.int64)
        chosen = np.array([_chosen(one, mark.share) for one in drawn], bool)
        up = np.array([one[4] & 1 for one in drawn], bool)
        column = made[mark.column].combine_chunks()
        shown = (
            _spelt(column, mark, bits, chosen)
            if mark.spellings[0]
            else _moved(column, mark, bits, chosen, up)
        )
        made = made.set_column(made.schema.get_field_index(mark.column), mark.column, shown)
    return made


def scores(table: pa.Table, marks: Sequence[Mark], secret: bytes, receivers: int) -> list[Score]:
    """How well a found copy fits each of the receivers, the best first. Columns that it has lost
    are left out; each row counts once, however often it is there."""
    fitting, cells = np.zeros(receivers, np.int64), 0
    for mark in marks:
        if {mark.column, *mark.key} <= set(table.column_names):
            fits, count = _fitting(table, mark, secret, receivers)
            fitting, cells = fitting + fits, cells + count
    found = [
        Score(number, int(each), cells, bound(int(each), cells, receivers))
        for number, each in enumerate(fitting)
    ]
    return sorted(found, key=lambda one: (-one.fitting, one.number))


def named(found: Sequence[Score], most: float) -> list[Score]:
    """Those whose copy it is: the chance of naming anybody falsely is at most ``most``."""
    return [one for one in found if one.bound <= most]


def bound(fitting: int, cells: int, receivers: int) -> float:
    """Chernoff's bound on a fair coin showing ``fitting`` heads or more in ``cells`` throws, for
    any of so many receivers."""
    if cells == 0 or fitting * 2 <= cells:
        return 1.0
    rate = fitting / cells
    other = (1 - rate) * math.log(2 * (1 - rate)) if rate < 1 else 0.0
    return min(1.0, receivers * math.exp(-cells * (rate * math.log(2 * rate) + other)))


def canonical(value: Any) -> str:
    """A key's value as it is in every encoding: spreadsheets drop leading zeros, make numbers of
    digits and keep 15 of them, and give times to dates."""
    if isinstance(value, datetime) and (value.hour, value.minute, value.second) == (0, 0, 0):
        value = value.date()
    if isinstance(value, float) and value.is_integer():
        value = whole(value)
    text = str(value).strip().removesuffix(" 00:00:00").removesuffix("T00:00:00")
    if text.endswith(".0") and text[:-2].isdigit():
        text = text[:-2]
    if not (text.isascii() and text.isdigit()):
        return text
    digits = text.lstrip("0") or "0"
    return digits[:_EXACT].ljust(len(digits), "0")


def whole(value: float) -> str:
    """The digits of a whole number that went through a spreadsheet."""
    return format(Decimal(f"{value:.{_EXACT}g}"), "f")


def _keys(table: pa.Table, mark: Mark) -> list[str]:
    columns = [[canonical(one) for one in table[name].to_pylist()] for name in mark.key]
    return ["\x1f".join(row) for row in zip(*columns, strict=True)]


def _drawn(secret: bytes, column: str, key: str, number: int) -> bytes:
    """What the secret says of a cell: whether it is chosen, which way it moves, and then a bit for
    each receiver up to ``number``."""
    data = b"%b\x00%b\x00%b" % (secret, column.encode(), key.encode())
    return hashlib.shake_128(data).digest(_HEAD + number // 8 + 1)


def _chosen(drawn: bytes, share: float) -> bool:
    return int.from_bytes(drawn[:4]) < share * _SHARE


def _bit(drawn: bytes, number: int) -> int:
    return drawn[_HEAD + number // 8] >> (7 - number % 8) & 1


def _moved(column: Any, mark: Mark, bits: Any, chosen: Any, up: Any) -> Any:
    """Numbers or dates whose count of units is made odd or even; nothing crosses zero."""
    units, known = _units(column, mark)
    wrong = known & chosen & (units % 2 != bits)
    step = np.where(up | (units == 0), 1, -1)
    step = np.where((units == -1) & (step == 1), -1, step)
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        days = np.where(wrong, step * int(mark.unit), 0)
        plain = column.to_pylist()
        moved = [
            one if one is None or not day else _later(one, int(day))
            for one, day in zip(plain, days, strict=True)
        ]
        return pa.array(moved, kind)
    if pa.types.is_decimal(kind):
        unit = Decimal(str(mark.unit))
        steps = np.where(wrong, step, 0)
        exact = [
            one if one is None or not by else one + int(by) * unit
            for one, by in zip(column.to_pylist(), steps, strict=True)
        ]
        return pa.array(exact, kind)
    numbers = np.asarray(column.cast(pa.float64()).fill_null(0))
    places = max(0, math.ceil(-math.log10(mark.unit))) + 6
    shown = np.where(wrong, np.round(numbers + step * mark.unit, places), numbers)
    if pa.types.is_integer(kind):
        shown = np.round(shown).astype(np.int64)
    return pa.array(shown, kind, mask=~np.asarray(column.is_valid()))


def _later(value: Any, days: int) -> Any:
    moved = date.fromordinal(value.toordinal() + days)
    return datetime.combine(moved, value.timetz()) if isinstance(value, datetime) else moved


def _units(column: Any, mark: Mark) -> tuple[Any, Any]:
    """How many whole units each value counts, and which values are known."""
    plain = column.to_pylist()
    numbers = np.array([_number(one) for one in plain], np.float64)
    known = np.isfinite(numbers) & (np.abs(numbers) < mark.unit * 2**52)
    counted = np.round(np.where(known, numbers, 0) / mark.unit, 6)
    return np.floor(counted).astype(np.int64), known


def _number(value: Any) -> float:
    """Numbers and dates, as themselves or as a file writes them."""
    if value is None or isinstance(value, bool):
        return math.nan
    if isinstance(value, date | datetime):
        return value.toordinal() - _EPOCH
    try:
        return float(value)
    except ValueError:
        pass
    try:
        text = str(value).strip().replace("/", "-")
        return datetime.fromisoformat(text).toordinal() - _EPOCH
    except ValueError:
        return math.nan


def _spelt(column: Any, mark: Mark, bits: Any, chosen: Any) -> Any:
    """Texts that hold one of the two spellings are made to hold the right one."""
    shown = []
    for text, bit, on in zip(column.to_pylist(), bits, chosen, strict=True):
        wrong, right = mark.spellings[1 - bit], mark.spellings[bit]
        shown.append(text.replace(wrong, right) if on and text is not None else text)
    return pa.array(shown, column.type)


def _spelling(text: Any, mark: Mark) -> int:
    """Which of the two spellings a text holds; -1 for neither or both."""
    has = [one in str(text) for one in mark.spellings] if text is not None else [False, False]
    return -1 if has[0] == has[1] else int(has[1])


def _fitting(table: pa.Table, mark: Mark, secret: bytes, receivers: int) -> tuple[Any, int]:
    """How many cells of one column fit each receiver, and of how many cells."""
    column = table[mark.column].combine_chunks()
    if mark.spellings[0]:
        sides = np.array([_spelling(one, mark) for one in column.to_pylist()], np.int64)
        known = sides >= 0
    else:
        units, known = _units(column, mark)
        sides = units % 2
    seen: dict[str, int] = {}
    for place, key in enumerate(_keys(table, mark)):
        if known[place]:
            seen.setdefault(key, place)
    drawn = [
        (_drawn(secret, mark.column, key, receivers - 1), place) for key, place in seen.items()
    ]
    kept = [(one, place) for one, place in drawn if _chosen(one, mark.share)]
    if not kept:
        return np.zeros(receivers, np.int64), 0
    packed = np.frombuffer(b"".join(one[_HEAD:] for one, _ in kept), np.uint8)
    bits = np.unpackbits(packed.reshape(len(kept), -1), axis=1)[:, :receivers]
    own = sides[[place for _, place in kept]]
    return (bits == own[:, None]).sum(axis=0), len(kept)
