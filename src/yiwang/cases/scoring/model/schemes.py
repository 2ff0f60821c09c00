"""Scoring: points from rates and counts by a scheme, every summand with its figures. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from yiwang.cases.scoring.model.figures import RATES

OF = ("organisation", "street", "grid", "person", "class", "channel")
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Terms:
    """How words are meant: until when a case counts as accepted in time (``working`` or
    ``clock`` minutes), from which rating on people are satisfied, and which channels are those
    of residents (beside reports of people who are not staff)."""

    accept_minutes: int = 30
    accept_counting: str = "working"
    satisfied_from: int = 4
    resident_channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Indicator:
    """Points for a rate: none at ``zero_at``, all of ``weight`` at ``full_at``, in between in
    proportion; ``full_at`` is the smaller one where less is better."""

    rate: str
    weight: Fraction
    zero_at: Fraction
    full_at: Fraction


@dataclass(frozen=True)
class PerEvent:
    """Points for each of a count or sum, at most ``most`` in all."""

    count: str
    each: Fraction
    most: Fraction | None = None


@dataclass(frozen=True)
class Scheme:
    """One version of a scheme, valid from a day until the next version's."""

    code: str
    valid_from: date
    of: str
    title: Mapping[str, str] = field(default_factory=dict)
    example: bool = False
    base: Fraction = Fraction(0)
    floor: Fraction | None = None
    cap: Fraction | None = None
    least_cases: int = 0
    terms: Terms = Terms()
    indicators: tuple[Indicator, ...] = ()
    deductions: tuple[PerEvent, ...] = ()
    bonuses: tuple[PerEvent, ...] = ()
    digest: str = ""


def valid_on(schemes: Sequence[Scheme], day: date) -> dict[str, Scheme]:
    """By code, the version that is valid on a day; of two from the same day the later one."""
    found: dict[str, Scheme] = {}
    for one in schemes:
        known = found.get(one.code)
        if one.valid_from <= day and (known is None or known.valid_from <= one.valid_from):
            found[one.code] = one
    return found


def score(scheme: Scheme, counts: Mapping[str, int], rates: Mapping[str, float | None]) -> Any:
    """``{points, summands, cases, ranked}``. ``counts`` hold numerators and denominators, so
    that points are computed from whole numbers.

    An indicator with nothing to divide by is left out, and its weight goes to the others in
    proportion. Points are rounded half up to two decimals once, at the end of each summand;
    the total is the sum of what is shown.
    """
    summands: list[dict[str, Any]] = []
    if scheme.base:
        summands.append({"kind": "base", "points": _shown(scheme.base)})
    summands += _indicators(scheme, counts, rates)
    for kind, sign, events in (
        ("deduction", -1, scheme.deductions),
        ("bonus", 1, scheme.bonuses),
    ):
        summands += [_event(kind, sign, one, counts[one.count]) for one in events]
    raw = sum((Decimal(str(one["points"])) for one in summands), Decimal(0))
    points = _bounded(scheme, raw)
    if points != raw:
        sort = "cap" if points < raw else "floor"
        summands.append({"kind": sort, "points": float(points - raw), "limit": float(points)})
    cases = max(counts["filed"], counts["closed"], counts["judged"])
    return {
        "points": float(points),
        "summands": summands,
        "cases": cases,
        "ranked": cases >= scheme.least_cases,
    }


def _indicators(
    scheme: Scheme, counts: Mapping[str, int], rates: Mapping[str, float | None]
) -> list[dict[str, Any]]:
    known = [one for one in scheme.indicators if counts_of(one.rate, counts)[1]]
    weights = sum((one.weight for one in known), Fraction(0))
    whole = sum((one.weight for one in scheme.indicators), Fraction(0))
    found = []
    for one in scheme.indicators:
        above, below = counts_of(one.rate, counts)
        entry: dict[str, Any] = {
            "kind": "indicator",
            "of": one.rate,
            "numerator": above,
            "denominator": below,
            "rate": rates[one.rate],
            "weight": float(one.weight),
            "zero_at": float(one.zero_at),
            "full_at": float(one.full_at),
        }
        if below:
            weight = one.weight * whole / weights
            share = (Fraction(above, below) - one.zero_at) / (one.full_at - one.zero_at)
            entry["counted_weight"] = _shown(weight)
            entry["points"] = _shown(weight * min(Fraction(1), max(Fraction(0), share)))
        else:
            entry["counted_weight"], entry["points"] = 0.0, 0.0
        found.append(entry)
    return found


def counts_of(rate: str, counts: Mapping[str, int]) -> tuple[int, int]:
    above, below = RATES[rate]
    return counts[above], counts[below]


def _event(kind: str, sign: int, one: PerEvent, count: int) -> dict[str, Any]:
    points = one.each * count
    capped = one.most is not None and points > one.most
    if one.most is not None:
        points = min(points, one.most)
    return {
        "kind": kind,
        "of": one.count,
        "count": count,
        "each": float(one.each),
        "most": None if one.most is None else float(one.most),
        "capped": capped,
        "points": _shown(sign * points),
    }


def _bounded(scheme: Scheme, raw: Decimal) -> Decimal:
    if scheme.cap is not None and raw > _decimal(scheme.cap):
        return _decimal(scheme.cap)
    if scheme.floor is not None and raw < _decimal(scheme.floor):
        return _decimal(scheme.floor)
    return raw


def _decimal(value: Fraction) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(_CENT, ROUND_HALF_UP)


def _shown(value: Fraction) -> float:
    return float(_decimal(value))


def ranked(scores: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Best first, with ``rank`` (equal points share the better rank, the next one is skipped:
    1, 2, 2, 4); who has too few cases stands at the end without one. Among equals the order is
    by key."""
    counted = [one for one in scores if one["ranked"]]
    others = [one for one in scores if not one["ranked"]]
    counted.sort(key=lambda one: (-one["points"], str(one["key"])))
    others.sort(key=lambda one: str(one["key"]))
    found: list[dict[str, Any]] = []
    for place, one in enumerate(counted, start=1):
        same = found and found[-1]["points"] == one["points"]
        found.append(one | {"rank": found[-1]["rank"] if same else place})
    return found + [one | {"rank": None} for one in others]
