"""Points from rates and counts by a scheme that is data: the arithmetic, and how its parts are
written. What the figures are says whoever has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from difflib import get_close_matches
from fractions import Fraction
from typing import Any, Protocol, TypeVar

from yiwang.kernel.documents import DocumentError, Section
from yiwang.kernel.text import phrase

_CENT = Decimal("0.01")
Counts = Mapping[str, int]
Rates = Mapping[str, tuple[str, str]]
"""By the name of a rate, the count that is divided and the one by which it is."""


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
class Parts:
    """What points are made of. ``floor`` and ``cap`` bound the sum."""

    base: Fraction = Fraction(0)
    floor: Fraction | None = None
    cap: Fraction | None = None
    indicators: tuple[Indicator, ...] = ()
    deductions: tuple[PerEvent, ...] = ()
    bonuses: tuple[PerEvent, ...] = ()


class Version(Protocol):
    """One version of a scheme, valid from a day until the next version's."""

    @property
    def code(self) -> str: ...
    @property
    def valid_from(self) -> date: ...


_Scheme = TypeVar("_Scheme", bound=Version)


def valid_on(schemes: Iterable[_Scheme], day: date) -> dict[str, _Scheme]:
    """By code, the version that is valid on a day; of two from the same day the later one."""
    found: dict[str, _Scheme] = {}
    for one in schemes:
        known = found.get(one.code)
        if one.valid_from <= day and (known is None or known.valid_from <= one.valid_from):
            found[one.code] = one
    return found


def score(parts: Parts, counts: Counts, rates: Rates) -> dict[str, Any]:
    """``{points, summands}``, from the whole numbers of the counts.

    An indicator with nothing to divide by is left out, and its weight goes to the others in
    proportion. Points are rounded half up to two decimals once, at the end of each summand;
    the total is the sum of what is shown.
    """
    summands: list[dict[str, Any]] = []
    if parts.base:
        summands.append({"kind": "base", "points": _shown(parts.base)})
    summands += _indicators(parts.indicators, counts, rates)
    for kind, sign, events in (("deduction", -1, parts.deductions), ("bonus", 1, parts.bonuses)):
        summands += [_event(kind, sign, one, counts[one.count]) for one in events]
    raw = sum((Decimal(str(one["points"])) for one in summands), Decimal(0))
    points = _bounded(parts, raw)
    if points != raw:
        sort = "cap" if points < raw else "floor"
        summands.append({"kind": sort, "points": float(points - raw), "limit": float(points)})
    return {"points": float(points), "summands": summands}


def _indicators(
    indicators: Sequence[Indicator], counts: Counts, rates: Rates
) -> list[dict[str, Any]]:
    known = [one for one in indicators if counts[rates[one.rate][1]]]
    weights = sum((one.weight for one in known), Fraction(0))
    whole = sum((one.weight for one in indicators), Fraction(0))
    found = []
    for one in indicators:
        above, below = (counts[name] for name in rates[one.rate])
        entry: dict[str, Any] = {
            "kind": "indicator",
            "of": one.rate,
            "numerator": above,
            "denominator": below,
            "rate": above / below if below else None,
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


def _bounded(parts: Parts, raw: Decimal) -> Decimal:
    if parts.cap is not None and raw > _decimal(parts.cap):
        return _decimal(parts.cap)
    if parts.floor is not None and raw < _decimal(parts.floor):
        return _decimal(parts.floor)
    return raw


def _decimal(value: Fraction) -> Decimal:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return exact.quantize(_CENT, ROUND_HALF_UP)


def _shown(value: Fraction) -> float:
    return float(_decimal(value))


def ranked(scores: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Best first, with ``rank`` (equal points share the better rank, the next one is skipped:
    1, 2, 2, 4); who is not to be ranked (``ranked``) stands at the end without one. Among equals
    the order is by key."""
    everybody = list(scores)
    counted = [one for one in everybody if one["ranked"]]
    others = [one for one in everybody if not one["ranked"]]
    counted.sort(key=lambda one: (-one["points"], str(one["key"])))
    others.sort(key=lambda one: str(one["key"]))
    found: list[dict[str, Any]] = []
    for place, one in enumerate(counted, start=1):
        same = found and found[-1]["points"] == one["points"]
        found.append(one | {"rank": found[-1]["rank"] if same else place})
    return found + [one | {"rank": None} for one in others]


class Writing:
    """How the parts of a scheme are read. ``rates`` and ``events`` are the names that may stand in
    it, ``better_low`` the rates of which less is better; ``bad`` and ``unknown`` are the errors
    that are raised, with the fields ``what`` and ``problem``, and ``name`` and ``near``."""

    def __init__(
        self,
        rates: Collection[str],
        better_low: Collection[str],
        events: Collection[str],
        bad: type[DocumentError],
        unknown: type[DocumentError],
    ) -> None:
        self._rates, self._better_low, self._events = tuple(rates), better_low, tuple(events)
        self._bad, self._unknown = bad, unknown

    def parts(self, section: Section) -> Parts:
        """Takes ``base``, ``floor``, ``cap``, ``indicators``, ``deductions`` and ``bonuses``."""
        return Parts(
            base=self._number(section, "base", Fraction(0)),
            floor=self._limit(section, "floor"),
            cap=self._limit(section, "cap"),
            indicators=tuple(self._read_indicators(section.section("indicators"))),
            deductions=tuple(self._read_events(section.section("deductions"))),
            bonuses=tuple(self._read_events(section.section("bonuses"))),
        )

    def check(self, section: Section, made: Parts) -> None:
        """Once every key of the section was taken."""
        if not (made.indicators or made.deductions or made.bonuses):
            problem = phrase("nothing_scored")
            raise self._bad(section.where, what="indicators", problem=problem)
        if made.floor is not None and made.cap is not None and made.floor > made.cap:
            problem = phrase("floor_above_cap")
            raise self._bad(section.place("floor"), what="floor", problem=problem)

    def _read_indicators(self, section: Section) -> Iterator[Indicator]:
        for name, values in section.sections():
            self._known(section, name, self._rates)
            low = name in self._better_low
            made = Indicator(
                name,
                self._number(values, "weight"),
                self._number(values, "zero_at", Fraction(int(low))),
                self._number(values, "full_at", Fraction(int(not low))),
            )
            values.finish()
            if made.weight <= 0:
                problem = phrase("not_above_0")
                raise self._bad(values.place("weight"), what="weight", problem=problem)
            for key, value in (("zero_at", made.zero_at), ("full_at", made.full_at)):
                if not 0 <= value <= 1:
                    problem = phrase("rates_are_shares")
                    raise self._bad(values.place(key), what=key, problem=problem)
            if made.zero_at == made.full_at:
                problem = phrase("same_ends")
                raise self._bad(values.place("full_at"), what="full_at", problem=problem)
            yield made

    def _read_events(self, section: Section) -> Iterator[PerEvent]:
        for name, values in section.sections():
            self._known(section, name, self._events)
            most = self._number(values, "most", Fraction(0)) if values.has("most") else None
            made = PerEvent(name, self._number(values, "each"), most)
            values.finish()
            for key, value in (("each", made.each), ("most", made.most)):
                if value is not None and value <= 0:
                    raise self._bad(values.place(key), what=key, problem=phrase("not_above_0"))
            yield made

    def _known(self, section: Section, name: str, names: tuple[str, ...]) -> None:
        if name not in names:
            near = get_close_matches(name, names, 1)
            known = near[0] if near else ", ".join(names)
            raise self._unknown(section.place(name), name=name, near=known)

    def _limit(self, section: Section, key: str) -> Fraction | None:
        return self._number(section, key, Fraction(0)) if section.has(key) else None

    def _number(self, section: Section, key: str, default: Fraction | None = None) -> Fraction:
        """A number as it is written: 0.98 is 98 hundredths."""
        if default is not None and not section.has(key):
            return default
        value = section.take(key, float)
        if value != value or value in (float("inf"), float("-inf")):
            raise self._bad(section.place(key), what=key, problem=phrase("not_a_number"))
        return Fraction(str(value))
