"""Arrow record batches: which Arrow type a column has, and how values come to be of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from yiwang.sharing.sources import model
from yiwang.sharing.sources.model import BadValue, Column, Refusal

_FIXED = {
    "C": pa.string(),
    "M": pa.string(),
    "D": pa.date32(),
    "T": pa.timestamp("us"),
    "L": pa.bool_(),
    "G": pa.binary(),
}
_SHOWN = 200
"""Characters of a refused value that are kept."""
_DATE = r"^\d{4}-\d\d-\d\d$"
_TIME = r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?$"
_INT = r"^[+-]?\d{1,18}$"
_FLOAT = r"^[+-]?\d{1,15}(\.\d{1,15})?$"


def type_of(column: Column) -> Any:
    """The Arrow type of a column's values."""
    if column.type in _FIXED:
        return _FIXED[column.type]
    scale = model.MONEY_SCALE if column.type == "Y" and column.scale is None else column.scale
    if scale is None:
        return pa.float64()
    digits = min(column.length or model.MOST_DIGITS, model.MOST_DIGITS)
    if scale == 0 and (column.length or 0) <= model.INT64_DIGITS:
        return pa.int64()
    return pa.decimal128(digits, scale)


def schema_of(columns: Sequence[Column]) -> Any:
    return pa.schema([pa.field(one.name, type_of(one)) for one in columns])


def typed(values: Sequence[Any], column: Column) -> Any:
    """An array of the column's type or, where one value is not of it, of texts."""
    try:
        return pa.array(values, type_of(column))
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.array([None if one is None else model.shown(one) for one in values], pa.string())


def _told(value: Any) -> str:
    """A refused value as a reason shows it."""
    return "" if value is None else model.shown(value)[:_SHOWN].replace("\0", "\\0")


def timed(array: Any, column: Column) -> Any:
    """Texts of a date or time column as what they say, where all of them are written the usual
    way; those of one zone, as PostgreSQL writes it (``+08``), become instants."""
    if column.type not in "DT" or not pa.types.is_string(array.type):
        return array
    try:
        zone = str(pc.max(pc.utf8_slice_codeunits(array, -3)).as_py())
        if column.type == "T" and zone[:1] in ("+", "-") and zone[1:].isdigit():
            if not pc.all(pc.ends_with(array, zone)).as_py():
                return array
            behind = pa.scalar(timedelta(hours=int(zone)), pa.duration("us"))
            written = pc.utf8_slice_codeunits(array, 0, -3).cast(pa.timestamp("us"))
            return pc.assume_timezone(pc.subtract(written, behind), "UTC")
        return array.cast(type_of(column))
    except pa.ArrowException:
        return array


def batch_of(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> Any:
    """Rows as one batch; a column in which a value is not of its type comes as text."""
    across = list(zip(*rows, strict=True)) if rows else [()] * len(columns)
    arrays = [timed(typed(values, one), one) for values, one in zip(across, columns, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, [one.name for one in columns])


def convert(batch: Any, columns: Sequence[Column], zone: ZoneInfo) -> tuple[Any, list[Refusal]]:
    """A batch with exactly these columns and types, without the rows that cannot have them, and
    why each of those was refused (the first reason of each). A time with a zone becomes the
    local one. A column that the batch lacks is empty."""
    arrays: list[Any] = []
    refused: dict[int, Refusal] = {}
    for column in columns:
        place = batch.schema.get_field_index(column.name)
        given = batch.column(place) if place >= 0 else pa.nulls(batch.num_rows, type_of(column))
        array, bad = _converted(_local(given, zone), column, zone)
        arrays.append(array)
        for one in bad:
            refused.setdefault(one.row, one)
    made = pa.RecordBatch.from_arrays(arrays, schema=schema_of(columns))
    if refused:
        kept = pa.array([row not in refused for row in range(batch.num_rows)], pa.bool_())
        made = made.filter(kept)
    return made, [refused[row] for row in sorted(refused)]


def _local(array: Any, zone: ZoneInfo) -> Any:
    if pa.types.is_timestamp(array.type) and array.type.tz is not None:
        return pc.local_timestamp(array.cast(pa.timestamp("us", str(zone))))
    return array


def _converted(array: Any, column: Column, zone: ZoneInfo) -> tuple[Any, list[Refusal]]:
    quick = _quick(array, column)
    if quick is not None:
        return quick, []
    values, bad = [], []
    for row, value in enumerate(array.to_pylist()):
        try:
            found = model.parsed(value, column)
            if column.type == "T" and found is not None and found.tzinfo is not None:
                found = found.astimezone(zone).replace(tzinfo=None)
            pa.scalar(found, type_of(column))
            values.append(found)
        except (BadValue, OverflowError, pa.ArrowException) as error:
            reason = str(error) if isinstance(error, BadValue) else "out_of_range"
            bad.append(Refusal(row, column.name, _told(value), reason))
            values.append(None)
    return pa.array(values, type_of(column)), bad


def _quick(array: Any, column: Column) -> Any | None:
    """The array whole, where it can be taken at once and means the same as value by value."""
    if column.required and array.null_count:
        return None
    wanted = type_of(column)
    if pa.types.is_null(array.type):
        return array.cast(wanted)
    if pa.types.is_large_string(array.type) or pa.types.is_dictionary(array.type):
        array = array.cast(pa.string())
    if column.type in "CM":
        return _quick_text(array, column)
    if pa.types.is_string(array.type):
        array = _quick_parsed(array, column)
        return array
    if array.type == wanted and column.type not in "NY":
        return array
    return _quick_number(array, column, wanted)


def _quick_text(array: Any, column: Column) -> Any | None:
    if pa.types.is_integer(array.type):
        array = array.cast(pa.string())
    if not pa.types.is_string(array.type):
        return None
    if pc.any(pc.match_substring(array, "\0")).as_py():
        return None
    longest = pc.max(pc.utf8_length(array)).as_py() or 0
    return array if column.length is None or longest <= column.length else None


def _quick_number(array: Any, column: Column, wanted: Any) -> Any | None:
    """Numbers of which none is too long for the column."""
    kinds = pa.types
    if kinds.is_boolean(array.type):
        array = array.cast(pa.int64())
    numeric = kinds.is_integer(array.type) or kinds.is_decimal(array.type)
    if column.type not in "NY" or not (numeric or kinds.is_floating(array.type)):
        return None
    if kinds.is_floating(array.type):
        finite = pc.all(pc.is_finite(array)).as_py() in (True, None)
        return array.cast(pa.float64()) if wanted == pa.float64() and finite else None
    if column.length is not None and wanted == pa.int64():
        limit = 10 ** min(column.length, model.INT64_DIGITS)
        ends = pc.min_max(array).as_py()
        if ends["min"] is not None and not -limit < ends["min"] <= ends["max"] < limit:
            return None
    try:
        return array.cast(wanted)
    except pa.ArrowException:
        return None


_PATTERNS = {"D": _DATE, "T": _TIME}


def _quick_parsed(array: Any, column: Column) -> Any | None:
    """Texts that are all written the usual way."""
    wanted = type_of(column)
    if wanted == pa.int64() and column.length is None:
        pattern = _INT
    elif wanted == pa.float64():
        pattern = _FLOAT
    else:
        pattern = _PATTERNS.get(column.type, "")
    if not pattern or pc.all(pc.match_substring_regex(array, pattern)).as_py() is False:
        return None
    try:
        return array.cast(wanted)
    except pa.ArrowException:
        return None
