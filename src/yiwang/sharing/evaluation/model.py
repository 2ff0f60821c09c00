"""Figures of sharing: rates from counts, schemes, points, and what became different. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median
from typing import Any

from yiwang.kernel import points
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.periods import day_of
from yiwang.kernel.points import Parts

RATES: Mapping[str, tuple[str, str]] = {
    "duty_rate": ("duties_met", "duties"),
    "attached_rate": ("with_data", "shareable"),
    "completeness_rate": ("completeness_points", "completeness_full"),
    "up_to_date_rate": ("up_to_date", "to_update"),
    "on_time_answer_rate": ("requests_in_time", "requests_due"),
    "granting_rate": ("granted", "answered"),
    "use_rate": ("grants_used", "grants_held"),
    "run_success_rate": ("runs_done", "runs"),
    "quality_rate": ("quality_points", "quality_full"),
    "on_time_issue_rate": ("issues_in_time", "issues_due"),
    "on_time_complaint_rate": ("complaints_in_time", "complaints_due"),
    "satisfaction_rate": ("answers_satisfied", "answers_rated"),
}
"""Numerator and denominator of each rate."""

TIMES: Mapping[str, str] = {"answer": "answered", "complaint": "complaints_answered"}
"""What is answered within working days, and the count of the answers."""


@dataclass(frozen=True)
class Terms:
    """How words are meant: within how many days a finding of quality is to be put right, and from
    how many stars on an answer satisfies."""

    issue_days: int = 30
    satisfied_from: int = 4


@dataclass(frozen=True)
class Scheme:
    """One version of a scheme, valid from a day until the next version's. Who has fewer than
    ``least`` resources in force and duties together is not ranked."""

    code: str
    valid_from: date
    parts: Parts
    title: Mapping[str, str] = field(default_factory=dict)
    example: bool = False
    least: int = 1
    terms: Terms = Terms()
    digest: str = ""


def shares(counts: Mapping[str, int]) -> dict[str, float | None]:
    """Every rate, from 0 to 1; None where there is nothing to divide by."""
    return {
        name: counts[above] / counts[below] if counts[below] else None
        for name, (above, below) in RATES.items()
    }


def times(days: Mapping[str, Sequence[int]]) -> dict[str, float | None]:
    """Average, median and longest time of each of TIMES, in working days."""
    found: dict[str, float | None] = {}
    for name in TIMES:
        taken = days.get(name, ())
        found[f"{name}_days_average"] = sum(taken) / len(taken) if taken else None
        found[f"{name}_days_median"] = float(median(taken)) if taken else None
        found[f"{name}_days_longest"] = float(max(taken)) if taken else None
    return found


def score(scheme: Scheme, counts: Mapping[str, int]) -> dict[str, Any]:
    """``{points, summands, size, ranked}``; see ``points.score``."""
    size = counts["resources"] + counts["duties"]
    ranked = {"size": size, "ranked": size >= scheme.least}
    return points.score(scheme.parts, counts, RATES) | ranked


class WorkedDays:
    """Counts as the limits of answers do: the day after the asking is the first one. What lies
    between two days is counted once, however often it is asked."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self._calendar = calendar
        self._known: dict[tuple[date, date], int] = {}

    def between(self, start: int, end: int) -> int:
        """Working days after the day of ``start``, up to the day of ``end``."""
        zone = self._calendar.zone
        days = (day_of(start, zone), day_of(end, zone))
        if days not in self._known:
            self._known[days] = self._count(*days)
        return self._known[days]

    def _count(self, day: date, last: date) -> int:
        count = 0
        while day < last:
            day += timedelta(days=1)
            count += bool(self._calendar.spans(day))
        return count


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a report says otherwise than a later one of the same days: figures of departments
    (``key``), of the whole (0), and points by scheme (``points.CODE``). None: not there."""
    left, right = _flat(before), _flat(now)
    return [
        {"key": key, "figure": figure, "reported": left.get((key, figure)), "now": value}
        for (key, figure) in sorted({*left, *right})
        if (value := right.get((key, figure))) != left.get((key, figure))
    ]


def _flat(body: Mapping[str, Any]) -> dict[tuple[int, str], Any]:
    found: dict[tuple[int, str], Any] = {}
    for one in ({"key": 0, **body["city"]}, *body["items"]):
        for group in ("counts", "times"):
            found |= {(one["key"], name): value for name, value in one[group].items()}
    for scored in body["scores"]:
        name = f"points.{scored['scheme']['code']}"
        found |= {(one["key"], name): one["points"] for one in scored["items"]}
    return found
