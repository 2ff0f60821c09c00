"""Tables as the compiling guide (政务信息资源目录编制指南) describes them, and what a value of each
type may look like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import msgspec

TYPES: Mapping[str, str] = {
    "C": "text",
    "N": "number",
    "Y": "money",
    "D": "date",
    "T": "date and time",
    "L": "logical",
    "M": "memo",
    "G": "binary",
}
"""The guide's codes: 字符型, 数值型, 货币型, 日期型, 日期时间型, 逻辑型, 备注型, 通用型."""

KINDS = ("postgresql", "mysql", "sqlite", "files", "http")
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "starts", "contains", "null", "present")
MONEY_SCALE = 4
MOST_DIGITS = 38
"""More digits than Arrow's decimals hold in 128 bits."""
INT64_DIGITS = 18
_BAD = re.compile("[\0\ud800-\udfff]")
_EXACT = Context(prec=2 * MOST_DIGITS)
_YES = frozenset({"true", "t", "yes", "y", "1", "是", "有", "真"})
_NO = frozenset({"false", "f", "no", "n", "0", "否", "无", "假"})
_DAY = re.compile(
    r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月|(\d\d))(\d{1,2})日?"
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_PLAIN = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")


@dataclass(frozen=True)
class Column:
    """A column of a table. ``type``: a code of ``TYPES``. ``length``: characters of a text, or all
    digits of a number; ``scale``: digits behind the point of a number (None: a floating one)."""

    name: str
    type: str
    length: int | None = None
    scale: int | None = None
    required: bool = False
    comment: str = ""


@dataclass(frozen=True)
class Shape:
    """What a table looks like. ``rows``: an estimate, None where nobody knows. ``samples``: a few
    values of each column, as text."""

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    comment: str = ""
    rows: int | None = None
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def column(self, name: str) -> Column:
        """Raises KeyError."""
        return next_of(self.columns, name)


def next_of(columns: Sequence[Column], name: str) -> Column:
    for one in columns:
        if one.name == name:
            return one
    raise KeyError(name)


def with_required(columns: Sequence[Column], key: Sequence[str]) -> tuple[Column, ...]:
    """The columns as rows must have them: what is in the key is required."""
    return tuple(replace(one, required=one.required or one.name in key) for one in columns)


class Condition(msgspec.Struct, frozen=True):
    """``column operator value``: ``in`` takes a list; ``starts`` and ``contains`` a text;
    ``null`` and ``present`` nothing. What is null meets none of them but ``null``."""

    column: str
    operator: str
    value: Any = None


class Order(msgspec.Struct, frozen=True):
    column: str
    descending: bool = False


@dataclass(frozen=True)
class Source:
    """A declared connection. ``options`` by kind: host, port, database, user, schema; path; url,
    items, paging …; the secret is not among them."""

    id: int
    code: str
    name: str
    organisation: int | None
    kind: str
    options: Mapping[str, Any]
    has_secret: bool = False


@dataclass(frozen=True)
class Refusal:
    """A row that was not taken: its place in its batch, the column, what stood there, and why:
    one of ``missing``, ``not_a_number``, ``not_a_date``, ``not_a_time``, ``not_a_logical``,
    ``not_binary``, ``too_long``, ``out_of_range``, ``bad_text``, ``columns``."""

    row: int
    column: str
    value: str
    reason: str


class BadValue(ValueError):
    """A value is not of its column's type; the message is the reason's code."""


def number(value: Any, column: Column) -> Any:
    """An int, a Decimal or, without a scale, a float. Raises BadValue."""
    found = _decimal(value)
    if column.scale is None and column.type != "Y":
        return float(found)
    scale = MONEY_SCALE if column.scale is None else column.scale
    digits = min(column.length or MOST_DIGITS, MOST_DIGITS)
    if found.is_zero():
        return 0 if scale == 0 else Decimal(0).scaleb(-scale)
    if found.adjusted() + 1 > digits - scale:
        raise BadValue("out_of_range")
    cut = found.quantize(Decimal(1).scaleb(-scale), context=_EXACT)
    if cut != found:
        raise BadValue("out_of_range")
    return int(cut) if scale == 0 else cut


def _decimal(value: Any) -> Decimal:
    if isinstance(value, (int, float, Decimal)):
        found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if not found.is_finite():
            raise BadValue("not_a_number")
        return found
    text = unicodedata.normalize("NFKC", str(value)).strip()
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    if not _PLAIN.fullmatch(text):
        raise BadValue("not_a_number")
    try:
        return Decimal(text)
    except InvalidOperation:
        raise BadValue("not_a_number") from None


def day(value: Any, column: Column) -> date:
    """``2026-07-01``, ``2026/7/1``, ``20260701``, ``2026年7月1日``; a time only if midnight."""
    if isinstance(value, datetime):
        if value.time().isoformat() != "00:00:00":
            raise BadValue("not_a_date")
        return value.date()
    if isinstance(value, date):
        return value
    text = unicodedata.normalize("NFKC", str(value)).strip()
    head, _, rest = text.partition("T" if "T" in text else " ")
    if rest.strip("0:. "):
        raise BadValue("not_a_date")
    return _day(head, "not_a_date")


def _day(text: str, reason: str) -> date:
    found = _DAY.fullmatch(text)
    if found is None:
        raise BadValue(reason)
    year, *months, last = found.groups()
    month = next(one for one in months if one)
    try:
        return date(int(year), int(month), int(last))
    except ValueError:
        raise BadValue(reason) from None


def moment(value: Any, column: Column) -> datetime:
    """A date and time, as ``day`` and ISO 8601 write them. One with a zone stays so."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    text = unicodedata.normalize("NFKC", str(value)).strip()
    head, _, rest = text.partition("T" if "T" in text else " ")
    begun = _day(head, "not_a_time")
    try:
        return datetime.fromisoformat(f"{begun.isoformat()}T{rest.strip() or '00:00:00'}")
    except ValueError:
        raise BadValue("not_a_time") from None


def logical(value: Any, column: Column) -> bool:
    """true/false, 是/否, yes/no, 1/0."""
    if isinstance(value, bool):
        return value
    text = unicodedata.normalize("NFKC", str(value)).strip().lower()
    if text in _YES:
        return True
    if text in _NO:
        return False
    raise BadValue("not_a_logical")


def words(value: Any, column: Column) -> str:
    """A text within its column's length, without the zero character that no database keeps."""
    text = shown(value)
    if _BAD.search(text):
        raise BadValue("bad_text")
    if column.length is not None and len(text) > column.length:
        raise BadValue("too_long")
    return text


def shown(value: Any) -> str:
    """A value as a text from which it can be read again."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return value.hex() if isinstance(value, bytes) else str(value)


def binary(value: Any, column: Column) -> bytes:
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    raise BadValue("not_binary")


PARSERS: Mapping[str, Callable[[Any, Column], Any]] = {
    "C": words,
    "M": words,
    "N": number,
    "Y": number,
    "D": day,
    "T": moment,
    "L": logical,
    "G": binary,
}


def parsed(value: Any, column: Column) -> Any:
    """A value of the column's type. An empty text is no value but for texts. Raises BadValue."""
    if isinstance(value, str) and column.type not in "CM" and not value.strip():
        value = None
    if value is None:
        if column.required:
            raise BadValue("missing")
        return None
    return PARSERS[column.type](value, column)


def inferred(name: str, values: Sequence[str | None]) -> Column:
    """The narrowest type that all of some texts have. Digits with a leading zero, and more of them
    than a number keeps (identifiers), stay texts."""
    some = [one for one in values if one is not None and one.strip()]
    longest = max((len(one) for one in some), default=0)
    if some and not any(_identifier(one) for one in some):
        for code in ("D", "T", "N"):
            if all(_is(one, Column(name, code)) for one in some):
                return Column(name, code, scale=_scale(some) if code == "N" else None)
    if some and all(one.strip().lower() in ("true", "false", "是", "否") for one in some):
        return Column(name, "L")
    return Column(name, "M" if longest > 254 else "C")


def _identifier(text: str) -> bool:
    plain = text.strip()
    digits = plain.isdigit() and _DAY.fullmatch(plain) is None
    return digits and (len(plain) > 15 or (len(plain) > 1 and plain[0] == "0"))


def _is(text: str, column: Column) -> bool:
    try:
        parsed(text, column)
    except (BadValue, OverflowError):
        return False
    return True


def _scale(texts: Sequence[str]) -> int | None:
    """0 where all are whole; else a floating number: how many digits come later is not known."""
    return 0 if all(_decimal(one) == _decimal(one).to_integral_value() for one in texts) else None
