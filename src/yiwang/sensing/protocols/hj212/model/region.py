"""The data region of a packet: ``CP=&&…&&`` (2017: 6.3.3, 2025: 6.3.4).

Fields of one factor are separated by commas, factors by semicolons; in practice both stand
everywhere, so either separates. A field is ``<factor>-<statistic>=<value>`` or ``<name>=<value>``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from yiwang.kernel import clock
from yiwang.sensing.mqtt.errors import BadTime
from yiwang.sensing.protocols.hj212.errors import BadSegment

_DIGITS = re.compile(r"[0-9]{14}(?:[0-9]{3})?")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")


@dataclass(frozen=True)
class Record:
    """What belongs to one DataTime; ``fields`` in the order in which they came."""

    data_time: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def said(self, factor: str, name: str) -> str:
        """``<factor>-<name>`` or an empty text."""
        return self.fields.get(f"{factor}-{name}", "")


def records(cp: str) -> list[Record]:
    """The records of a region; one without DataTime where there is none. Raises BadSegment."""
    found: list[Record] = []
    data_time, fields = "", dict[str, str]()
    for part in re.split("[;,]", cp):
        name, separator, value = part.partition("=")
        name = name.strip()
        if not part.strip():
            continue
        if not separator or not name:
            raise BadSegment(problem=f'"{part[:40]}" in the data is not a name and a value')
        if name == "DataTime":
            if fields:
                found.append(Record(data_time, fields))
            data_time, fields = value.strip(), {}
        else:
            fields[name] = value.strip()
    if fields or data_time or not found:
        found.append(Record(data_time, fields))
    return found


def number(text: str) -> float | None:
    """A value as a number; None where it is none."""
    return float(text) if _NUMBER.fullmatch(text) else None


def moment(text: str, zone: ZoneInfo) -> datetime:
    """``YYYYMMDDhhmmss``, with milliseconds where they are given. Raises BadTime."""
    if not _DIGITS.fullmatch(text):
        raise BadTime(value=text[:60])
    try:
        month, day, hour, minute, second = (int(text[at : at + 2]) for at in range(4, 14, 2))
        thousandths = int(text[14:] or 0)
        year = int(text[:4])
        return datetime(year, month, day, hour, minute, second, thousandths * 1000, zone)
    except ValueError:
        raise BadTime(value=text) from None


def instant(text: str, zone: ZoneInfo) -> int:
    return _instant(moment(text, zone))


def period(text: str, zone: ZoneInfo, length: timedelta) -> tuple[int, str]:
    """The end of a period whose beginning is given (2017: the time label of 2051, 2061, 2031
    and 2041 is when measuring began), and the period in ISO 8601. A day has the length that
    it has in the zone."""
    start = moment(text, zone)
    end = _later(start, length)
    return _instant(end), f"{start.isoformat()}/{end.isoformat()}"


def _later(start: datetime, length: timedelta) -> datetime:
    try:
        return start + length
    except OverflowError:
        raise BadTime(value=start.isoformat()) from None


def _instant(moment: datetime) -> int:
    try:
        return clock.from_datetime(moment)
    except OverflowError:
        raise BadTime(value=moment.isoformat()) from None


def written(moment: datetime, milliseconds: bool = False) -> str:
    """A time as the standard writes it."""
    text = moment.strftime("%Y%m%d%H%M%S").zfill(14)
    return text + (f"{moment.microsecond // 1000:03d}" if milliseconds else "")
