"""Parameters: dated, sourced numbers and tables, each saying whether a city may change it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from yiwang.kernel import clock, documents, units
from yiwang.kernel.documents import Section
from yiwang.kernel.text import phrase
from yiwang.rules import errors

Table = tuple[tuple[float, float], ...]

_SHOWN = {
    "[length]": ("a length", "Lengths", "mm, cm or m", "25 cm"),
    "[time]": ("a time", "Times", "s, min, h or d", "10 min"),
    "[temperature]": ("a temperature", "Temperatures", "degC or K", "60 degC"),
    "[mass]": ("a mass", "Masses", "mg, g or kg", "5 kg"),
    "[current]": ("an electric current", "Electric currents", "mA or A", "300 mA"),
    "dimensionless": ("a bare number or a share", "Shares", "% or as a bare number", "15 %"),
}


@dataclass(frozen=True)
class Dated:
    """A value that holds from an instant on."""

    since: int
    value: float | Table | None
    text: str
    """As it was written, for people."""


@dataclass(frozen=True)
class Parameter:
    """``unit`` is ``table`` for a table and empty for a bare number, which is never converted.
    ``least`` and ``most`` are None where no city may change it."""

    name: str
    unit: str
    values: tuple[Dated, ...]
    source: str = ""
    title: str = ""
    note: str = ""
    least: float | None = None
    most: float | None = None

    @property
    def tunable(self) -> bool:
        return self.least is not None and self.most is not None

    def at(self, instant: int) -> Dated | None:
        """The value that holds at an instant, None before the first."""
        index = bisect_right([dated.since for dated in self.values], instant)
        return self.values[index - 1] if index else None


@dataclass(frozen=True)
class Tuning:
    """A city's own value of a parameter: ``value`` None returns to the pack's."""

    name: str
    since: int
    value: float | None
    who: str = ""
    why: str = ""
    set_at: int = 0


@dataclass(frozen=True)
class Timeline:
    """What a parameter is worth when: the pack's values under the city's."""

    since: tuple[int, ...]
    values: tuple[float | Table | None, ...]
    tuned: tuple[Tuning | None, ...] = field(default=())

    def at(self, instant: int) -> tuple[float | Table | None, Tuning | None]:
        index = bisect_right(self.since, instant)
        return (self.values[index - 1], self.tuned[index - 1]) if index else (None, None)


def timeline(parameter: Parameter, tunings: Sequence[Tuning] = ()) -> Timeline:
    """The city's values over the pack's: from its date on a city's value holds until the city
    changes it or takes it back."""
    own = sorted(tunings, key=lambda item: (item.since, item.set_at))
    moments = sorted({item.since for item in own} | {dated.since for dated in parameter.values})
    values: list[float | Table | None] = []
    tuned: list[Tuning | None] = []
    for moment in moments:
        last = [item for item in own if item.since <= moment][-1:]
        dated = parameter.at(moment)
        if last and last[0].value is not None:
            values.append(last[0].value)
            tuned.append(last[0])
        else:
            values.append(dated.value if dated else None)
            tuned.append(None)
    return Timeline(tuple(moments), tuple(values), tuple(tuned))


def read(file: Path, shown: str) -> Parameter:
    """Read parameters/<name>.yaml. Raises RuleError or DocumentError with file and line."""
    section = documents.load(file, shown)
    name = section.text("parameter")
    if name != file.stem:
        raise errors.NameDiffersFromFile(section.place("parameter"), file=file.name, name=name)
    kind = section.choice("type", ("number", "table"), "number")
    unit = "table" if kind == "table" else section.text("unit", "")
    if unit not in ("table", "1", "") and not units.known(unit):
        raise errors.UnknownUnit(section.place("unit"), name=name, unit=unit)
    values = tuple(_dated(item, name, unit) for item in section.items("values"))
    if not values:
        raise documents.MissingKey(
            section.where, key="values", section=errors.words("parameter", name=name)
        )
    for before, after in pairwise(values):
        if after.since <= before.since:
            since = clock.render(after.since)[:10]
            raise errors.DatesNotAscending(section.place("values"), name=name, since=since)
    least, most = _bounds(section, name, unit)
    source = section.raw("source")
    parameter = Parameter(
        name,
        unit,
        values,
        source if isinstance(source, str) else "; ".join(f"{v}" for v in dict(source).values()),
        section.text("title", ""),
        section.text("note", ""),
        least,
        most,
    )
    section.finish()
    return parameter


def _bounds(section: Section, name: str, unit: str) -> tuple[float | None, float | None]:
    allowed = section.raw("city_may_change", False)
    if allowed is False:
        return None, None
    if unit == "table":
        raise documents.NotAllowed(
            section.place("city_may_change"), key="city_may_change", value=allowed, options="false"
        )
    bounds = section.section("city_may_change")
    place = bounds.place
    least = number(bounds.raw("least"), unit, place("least"), name, "least")
    most = number(bounds.raw("most"), unit, place("most"), name, "most")
    bounds.finish()
    return least, most


def _dated(item: Section, name: str, unit: str) -> Dated:
    since = instant(item.raw("from"))
    where = item.place("value")
    if since is None:
        raise documents.WrongType(
            item.place("from"), key="from", value=item.raw("from"), wanted=phrase("date_like")
        )
    shown = str(item.raw("from"))
    value = item.raw("value")
    item.raw("source", "")
    item.raw("note", "")
    item.finish()
    if unit == "table":
        return Dated(since, _table(value, where, name, shown), str(value))
    return Dated(since, number(value, unit, where, name, shown), str(value))


def instant(value: Any) -> int | None:
    """A date or time of a document as an instant; a date begins at midnight UTC."""
    if isinstance(value, datetime):
        zoned = value if value.tzinfo else value.replace(tzinfo=UTC)
        return clock.from_datetime(zoned)
    if isinstance(value, date):
        return clock.from_datetime(datetime(value.year, value.month, value.day, tzinfo=UTC))
    if isinstance(value, str):
        try:
            return clock.parse(value if "T" in value else f"{value}T00:00:00Z")
        except ValueError:
            return None
    return None


def number(value: Any, unit: str, where: str, name: str, since: str) -> float:
    """A value in ``unit``. Raises WrongParameterUnit naming the units that may be used."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise errors.BadParameterValue(
            where,
            name=name,
            since=since,
            value=value,
            wanted=errors.words("a_number"),
            example=f"25 {unit}",
        )
    plain = "dimensionless" if unit in ("1", "") else unit
    try:
        return units.magnitude(value, plain, where, name)
    except units.WrongUnit:
        kind, kinds, usable, example = _kind(plain)
        raise errors.WrongParameterUnit(
            where,
            name=name,
            since=since,
            value=value,
            subject=name,
            kind=kind,
            kinds=kinds,
            units=usable,
            example=example,
        ) from None
    except units.NotAQuantity:
        example = "25" if plain == "dimensionless" else f"25 {unit}"
        raise errors.BadParameterValue(
            where,
            name=name,
            since=since,
            value=value,
            wanted=errors.words("number_with_unit"),
            example=example,
        ) from None


def _kind(unit: str) -> tuple[str, str, str, str]:
    dimension = str(units.registry().parse_units(unit).dimensionality)
    known = _SHOWN.get(dimension)
    return known or (f"a quantity in {unit}", "Such quantities", unit, f"25 {unit}")


def _table(value: Any, where: str, name: str, since: str) -> Table:
    try:
        points = tuple((float(x), float(y)) for x, y in value)
    except (TypeError, ValueError):
        points = ()
    rising = all(a[0] < b[0] for a, b in pairwise(points))
    if not points or not rising:
        raise errors.BadParameterValue(
            where,
            name=name,
            since=since,
            value=value,
            wanted=errors.words("rising_pairs"),
            example="[[0, 0], [35, 50], [75, 100]]",
        )
    return points
