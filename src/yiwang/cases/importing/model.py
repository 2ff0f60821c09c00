"""From a row of another system's file to a case's history: pure."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from yiwang.cases.importing.mapping import Areas, ImportMapping
from yiwang.cases.model.classes import SEVERITIES
from yiwang.kernel import clock

_METRES_A_DEGREE = 111_320.0


class RowRefused(Exception):
    """A row that cannot become a case: the code of the reason and the cell that is to blame."""

    def __init__(self, code: str, value: object = "") -> None:
        super().__init__(code)
        self.code = code
        self.value = str(value)


@dataclass(frozen=True)
class Entry:
    """One row, read. ``closed`` is never before ``opened``: ``early`` says that the file had
    it so. ``on_time`` is the city's own word, None where it has none."""

    key: str
    opened: int
    class_name: str
    text: str
    target: int | None = None
    closed: int | None = None
    closing: str = ""
    title: str = ""
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    channel: str = ""
    severity: str = ""
    class_group: str = ""
    department: str = ""
    queue: str = ""
    on_time: bool | None = None
    early: bool = False
    kept: Mapping[str, object] = field(default_factory=dict)


def instant(moment: datetime, zone: ZoneInfo, not_before: int | None = None) -> int:
    """A local time as an instant.

    When clocks are put back an hour comes twice: the first is taken, unless it lies before
    ``not_before`` and the second does not. When they are put forward an hour is left out: a
    time in it is read by the clock that was not yet put forward.
    """
    if moment.tzinfo is not None:
        return clock.from_datetime(moment)
    first = clock.from_datetime(moment.replace(tzinfo=zone, fold=0))
    second = clock.from_datetime(moment.replace(tzinfo=zone, fold=1))
    if first < second and not_before is not None and first < not_before:
        return second
    return first


def entry(mapping: ImportMapping, cells: Mapping[str, object]) -> Entry:
    """Read one row. Raises RowRefused."""
    fields = mapping.fields
    words = {name: rule.text(cells) for name, rule in fields.items()}
    for name in ("key", "class", "text"):
        if not words[name]:
            raise RowRefused(f"no_{name}")
    opened = _time(mapping, cells, "opened", None)
    if opened is None:
        raise RowRefused("no_opened")
    closed = _time(mapping, cells, "closed", opened)
    early = closed is not None and closed < opened
    lon, lat = _degrees(words, "lon", 180.0), _degrees(words, "lat", 90.0)
    address = words.get("address", "")
    if (lon is None or lat is None) and not address:
        raise RowRefused("no_place")
    if (lon is None) != (lat is None):
        raise RowRefused("half_a_place")
    severity = words.get("severity", "")
    if severity and severity not in SEVERITIES:
        raise RowRefused("bad_severity", severity)
    return Entry(
        key=words["key"],
        opened=opened,
        class_name=words["class"],
        text=words["text"],
        target=_time(mapping, cells, "target", opened),
        closed=opened if early else closed,
        closing=words.get("closing", ""),
        title=words.get("title", ""),
        lon=lon,
        lat=lat,
        address=address,
        channel=words.get("channel", ""),
        severity=severity,
        class_group=words.get("class_group", ""),
        department=words.get("department", ""),
        queue=words.get("queue", ""),
        on_time=_yes_or_no(words.get("on_time", "")),
        early=early,
        kept={name: _plain(cells[name]) for name in mapping.keep if cells[name] is not None},
    )


def _time(
    mapping: ImportMapping, cells: Mapping[str, object], name: str, not_before: int | None
) -> int | None:
    rule = mapping.fields.get(name)
    value = cells[rule.columns[0]] if rule is not None and rule.columns else None
    if value is None or value == "":
        return None
    moment = value if isinstance(value, datetime) else _moment(str(value), mapping.formats)
    if moment is None:
        raise RowRefused(f"bad_{name}", value)
    try:
        return instant(moment, mapping.zone, not_before)
    except (ValueError, OverflowError):
        raise RowRefused(f"bad_{name}", value) from None


def _moment(text: str, formats: Sequence[str]) -> datetime | None:
    for one in formats:
        try:
            return datetime.strptime(text.strip(), one)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text.strip())
    except ValueError:
        return None


def _degrees(words: Mapping[str, str], name: str, most: float) -> float | None:
    text = words.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        raise RowRefused(f"bad_{name}", text) from None
    if not -most <= value <= most:
        raise RowRefused(f"bad_{name}", text)
    return value


def _yes_or_no(word: str) -> bool | None:
    return {"yes": True, "no": False}.get(word)


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool) else str(value)


def raw(cells: Mapping[str, object]) -> dict[str, Any]:
    """A refused row as it is kept."""
    return {name: _plain(value) for name, value in cells.items() if value is not None}


def codes(source: str, names: Iterable[str]) -> dict[str, str]:
    """A code for each name, below the source's; names that differ in signs alone get
    different ones."""
    found: dict[str, str] = {}
    for name in sorted(set(names)):
        code = f"{source}.{_slug(name)}"
        if code in found.values():
            code = f"{code}_{hashlib.sha256(name.encode()).hexdigest()[:6]}"
        found[name] = code
    return found


def _slug(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower()).strip("_")[:80] or "x"


def squares(areas: Areas, points: Iterable[tuple[float, float]]) -> list[dict[str, Any]]:
    """Records of the registry: the district of a mapping and the square grids in which points
    lie. Squares have whole numbers counted from 0° N 0° E, so that they are the same for
    every file."""
    listed = list(points)
    if not listed:
        return []
    middle = math.radians(round(sum(lat for _, lat in listed) / len(listed)))
    high = areas.cell_m / _METRES_A_DEGREE
    wide = high / max(math.cos(middle), 0.05)
    held = sorted({(math.floor(lon / wide), math.floor(lat / high)) for lon, lat in listed})
    west, east = min(x for x, _ in held) * wide, (max(x for x, _ in held) + 1) * wide
    south, north = min(y for _, y in held) * high, (max(y for _, y in held) + 1) * high
    district = {
        "code": areas.code,
        "level": "district",
        "name_zh": areas.name,
        "name_en": areas.name,
        "geometry": _box(west, south, east, north),
    }
    return [district] + [
        {
            "code": f"{areas.code}.{x}.{y}",
            "level": "grid",
            "name_zh": f"{areas.name} {x},{y}",
            "name_en": f"{areas.name} {x},{y}",
            "parent": areas.code,
            "geometry": _box(x * wide, y * high, (x + 1) * wide, (y + 1) * high),
        }
        for x, y in held
    ]


def _box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [[[round(x, 7), round(y, 7)] for x, y in ring]]}
