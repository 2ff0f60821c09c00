"""Tasks as they are given, by JSON or as rows of a file: read whole, every fault named."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from yiwang.cases.model.classes import SEVERITIES
from yiwang.cases.tasks.errors import Fault
from yiwang.cases.tasks.model import RHYTHMS, midnight
from yiwang.kernel import clock
from yiwang.kernel.clock import SECOND

COLUMNS = (
    "number",
    "title",
    "wanted",
    "lead",
    "joint",
    "due",
    "milestones",
    "severity",
    "weight",
    "target",
    "unit",
    "rhythm",
)
NEEDED = ("number", "title", "lead", "due")
MOST_TASKS = 2000
MOST_MILESTONES = 50
_LENGTHS = {"number": 32, "title": 200, "wanted": 5000, "unit": 32}
_SPLIT = re.compile(r"[;；、\n]+")
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")


@dataclass(frozen=True)
class Draft:
    """One task as it will be; organisations by number, times as instants."""

    row: int
    number: str
    title: str
    wanted: str
    lead: int
    joint: tuple[int, ...]
    due_at: int
    milestones: tuple[tuple[str, int], ...]
    severity: str
    weight: float
    target: float | None
    unit: str
    rhythm: str

    def values(self) -> dict[str, Any]:
        """As columns of ``plan_tasks``."""
        names = ("number", "title", "wanted", "lead", "due_at", "severity", "weight", "target")
        found = {name: getattr(self, name) for name in (*names, "unit", "rhythm")}
        return found | {"joint": list(self.joint)}


@dataclass(frozen=True)
class Frame:
    """What tasks are read against. ``units``: the organisations by every word that names one
    (code, names in lower case); None where two have the same."""

    units: Mapping[str, int | None]
    starts: date
    ends: date
    zone: tzinfo
    rhythm: str
    taken: frozenset[str] = frozenset()


def end_of(day: date, zone: tzinfo) -> int:
    """The last second of a day: what is due on a day may be done all day long."""
    return midnight(day + timedelta(days=1), zone) - SECOND


def read(
    rows: Sequence[Mapping[str, Any]], frame: Frame, first: int = 1
) -> tuple[list[Draft], list[Fault]]:
    """The tasks of these rows, and everything that is wrong with them. Rows count from
    ``first``. A row with a fault gives no task."""
    drafts, faults = [], []
    numbers = dict.fromkeys(frame.taken, 0)
    if len(rows) > MOST_TASKS:
        faults.append(Fault(first + MOST_TASKS, "number", "too_many", "", {"most": MOST_TASKS}))
        return [], faults
    for place, row in enumerate(rows):
        reader = _Row(first + place, row, frame)
        draft = reader.draft()
        if draft is not None and draft.number in numbers:
            reader.fault("number", "twice", draft.number, row=numbers[draft.number] or "–")
        elif draft is not None:
            numbers[draft.number] = draft.row
        faults += reader.faults
        if draft is not None and not reader.faults:
            drafts.append(draft)
    return drafts, faults


class _Row:
    """One row while it is read."""

    def __init__(self, row: int, given: Mapping[str, Any], frame: Frame) -> None:
        self.faults: list[Fault] = []
        self._row = row
        self._given = given
        self._frame = frame

    def fault(self, column: str, why: str, value: object = "", **fields: Any) -> None:
        self.faults.append(Fault(self._row, column, why, str(value)[:200], fields))

    def draft(self) -> Draft | None:
        for name in self._given:
            if name not in COLUMNS:
                self.fault("number", "unknown_column", name, known=", ".join(COLUMNS))
        texts = {name: self._text(name) for name in _LENGTHS}
        lead, joint = self._lead(), self._joint()
        due = self._day("due", self._given.get("due"))
        if due is not None and not self._frame.starts <= due <= self._frame.ends:
            fields = {"starts": self._frame.starts, "ends": self._frame.ends}
            self.fault("due", "outside", due, **fields)
        severity = self._word("severity", SEVERITIES, "warning")
        rhythm = self._word("rhythm", RHYTHMS, self._frame.rhythm)
        weight, target = self._number("weight", 0.0), self._number("target", None)
        milestones = tuple(self._milestones(due))
        if lead is not None and lead in joint:
            self.fault("joint", "same_as_lead", self._given.get("joint", ""))
        if lead is None or due is None:
            return None
        return Draft(
            self._row,
            texts["number"],
            texts["title"],
            texts["wanted"],
            lead,
            joint,
            end_of(due, self._frame.zone),
            milestones,
            severity,
            1.0 if weight is None else weight,
            target,
            texts["unit"],
            rhythm,
        )

    def _text(self, name: str) -> str:
        value = self._given.get(name)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = "" if value is None else str(value).strip()
        if not text and name in NEEDED:
            self.fault(name, "missing")
        elif len(text) > _LENGTHS[name]:
            self.fault(name, "too_long", text, most=_LENGTHS[name])
        return text

    def _lead(self) -> int | None:
        value = self._given.get("lead")
        if value is None or not str(value).strip():
            self.fault("lead", "missing")
            return None
        return self._unit("lead", value)

    def _joint(self) -> tuple[int, ...]:
        value = self._given.get("joint")
        words = value if isinstance(value, list) else _SPLIT.split(str(value or ""))
        named = [one for one in words if str(one).strip()]
        found = [self._unit("joint", one) for one in named]
        return tuple(dict.fromkeys(one for one in found if one is not None))

    def _unit(self, column: str, value: object) -> int | None:
        name = str(value).strip()
        key = f"#{value}" if type(value) is int else name.lower()
        if key not in self._frame.units:
            self.fault(column, "unknown_unit", name)
            return None
        number = self._frame.units[key]
        if number is None:
            self.fault(column, "many_units", name)
        return number

    def _word(self, name: str, options: tuple[str, ...], otherwise: str) -> str:
        value = str(self._given.get(name) or "").strip()
        word = _WORDS.get(value, value) or otherwise
        if word not in options:
            self.fault(name, "not_allowed", value, options=", ".join(options))
            return otherwise
        return word

    def _number(self, name: str, above: float | None) -> float | None:
        value = self._given.get(name)
        if value is None or value == "":
            return None
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not math.isfinite(number) or abs(number) > 1e12:
            self.fault(name, "not_a_number", value)
            return None
        if above is not None and number <= above:
            self.fault(name, "too_small", value, least=above)
            return None
        return number

    def _day(self, column: str, value: object) -> date | None:
        if value is None or not str(value).strip():
            self.fault(column, "missing")
            return None
        found = day_of(value)
        if found is None:
            self.fault(column, "not_a_date", value)
        return found

    def _milestones(self, due: date | None) -> Iterator[tuple[str, int]]:
        found = list(self._named_days())
        if len(found) > MOST_MILESTONES:
            self.fault("milestones", "too_many", "", most=MOST_MILESTONES)
        for title, value in found:
            day = day_of(value)
            if day is None or not title:
                self.fault("milestones", "bad_milestone", f"{value} {title}".strip())
            elif not self._frame.starts <= day <= (due or self._frame.ends):
                fields = {"starts": self._frame.starts, "ends": due or self._frame.ends}
                self.fault("milestones", "outside", f"{day} {title}", **fields)
            elif len(title) > _LENGTHS["title"]:
                self.fault("milestones", "too_long", title, most=_LENGTHS["title"])
            else:
                yield title, end_of(day, self._frame.zone)

    def _named_days(self) -> Iterator[tuple[str, object]]:
        """``[{title, due}]``, or ``2026-12-10 Plan approved; 2026-12-20 …``."""
        value = self._given.get("milestones")
        if isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    yield str(one.get("title") or "").strip(), one.get("due")
                else:
                    yield "", one
            return
        for part in re.split(r"[;；\n]+", str(value or "")):
            if part.strip():
                day = _DAY.match(part.strip())
                end = day.end() if day else 0
                yield part.strip()[end:].strip(" :：,，"), day.group() if day else ""


def day_of(value: object) -> date | None:
    """A day: a date, or as 2026-12-31, 2026/12/31, 2026.12.31 or 2026年12月31日."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    whole = _DAY.fullmatch(str(value or "").strip())
    if whole is None:
        return None
    try:
        return date(*(int(one) for one in whole.groups()))
    except ValueError:
        return None


def day_at(instant: int, zone: tzinfo) -> date:
    """The day that an instant lies on."""
    return clock.to_datetime(instant).astimezone(zone).date()


_WORDS = {
    "每周": "weekly",
    "周报": "weekly",
    "每月": "monthly",
    "月报": "monthly",
    "无": "none",
    "不报送": "none",
    "提示": "notice",
    "警告": "warning",
    "一般": "warning",
    "紧急": "urgent",
    "特急": "critical",
}
"""What forms in Chinese say for words of the product."""
