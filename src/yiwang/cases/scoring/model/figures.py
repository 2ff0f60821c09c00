"""Rates from counts: which count is divided by which. docs/assessment.md says them in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from yiwang.kernel.clock import MINUTE

RATES: Mapping[str, tuple[str, str]] = {
    "closing_rate": ("filed_closed", "filed"),
    "on_time_closing_rate": ("in_time", "judged"),
    "on_time_acceptance_rate": ("accepted_in_time", "to_accept"),
    "rework_rate": ("reworked", "closed"),
    "reopening_rate": ("reopened", "first_closed"),
    "call_back_rate": ("called_back", "closed"),
    "satisfaction_rate": ("satisfied", "rated"),
    "solved_rate": ("solved", "asked_solved"),
    "participation_rate": ("of_residents", "filed"),
}
"""Numerator and denominator of each rate."""

BETTER_LOW = frozenset({"rework_rate", "reopening_rate"})


def shares(counts: Mapping[str, int]) -> dict[str, float | None]:
    """Every rate, from 0 to 1; None where there is nothing to divide by."""
    return {
        name: counts[above] / counts[below] if counts[below] else None
        for name, (above, below) in RATES.items()
    }


def times(counts: Mapping[str, int]) -> dict[str, float | None]:
    """Average handling times in minutes, by the clock and in working time, and the average
    rating."""
    closed, rated = counts["closed"], counts["rated"]
    return {
        "average_minutes": counts["close_clock_sum"] / closed / MINUTE if closed else None,
        "average_working_minutes": counts["close_work_sum"] / closed / MINUTE if closed else None,
        "average_rating": counts["rating_sum"] / rated if rated else None,
    }


def figures(counts: Mapping[str, int], medians: Mapping[str, float | None]) -> dict[str, Any]:
    """All that is said of one group: counts, rates, averages and medians (minutes)."""
    shown = {name: value for name, value in counts.items() if not name.endswith("_sum")}
    return {"counts": shown, "rates": shares(counts), "times": times(counts) | dict(medians)}
