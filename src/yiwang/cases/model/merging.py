"""One trouble, one case: which open case a new finding or report belongs to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from yiwang.cases.model.classes import CaseClass

_EARTH_M = 6_371_008.8
_DEGREE_M = math.pi * _EARTH_M / 180


@dataclass(frozen=True)
class Source:
    """What has come in: class code, when (event time), where, and what it is about.

    ``one_per`` is the rule's own key, empty for reports; ``thing`` stands in for it when a
    class has no radius.
    """

    case_class: str
    at: int
    lon: float | None = None
    lat: float | None = None
    one_per: str = ""
    thing: int | None = None


@dataclass(frozen=True)
class OpenCase:
    no: int
    one_per: str
    lon: float | None
    lat: float | None
    last_source_at: int


def key(case_class: CaseClass, source: Source) -> str | None:
    """Sources with the same key share one open case; None when only nearness counts."""
    if source.one_per:
        return f"{source.case_class}|{source.one_per}"
    if source.thing is not None:
        return f"{source.case_class}|thing:{source.thing}"
    return None


def cell(case_class: CaseClass, lon: float | None, lat: float | None) -> str | None:
    """The square of about one radius in which a point lies, for look-up by index."""
    if case_class.merge.radius_m is None or lon is None or lat is None:
        return None
    column, row = square(case_class.merge.radius_m, lon, lat)
    return f"{case_class.code}|{column}|{row}"


def cells_around(case_class: CaseClass, lon: float | None, lat: float | None) -> Iterator[str]:
    """The squares that can hold points within the radius of this one."""
    radius = case_class.merge.radius_m
    if radius is None or lon is None or lat is None:
        return
    column, row = square(radius, lon, lat)
    for right in (-1, 0, 1):
        for up in (-1, 0, 1):
            yield f"{case_class.code}|{column + right}|{row + up}"


def nearest(case_class: CaseClass, source: Source, cases: Iterable[OpenCase]) -> OpenCase | None:
    """The nearest open case within radius and time. Two different keys given by a rule are
    two troubles, however near."""
    rule = case_class.merge
    if rule.radius_m is None or source.lon is None or source.lat is None:
        return None
    best: tuple[float, int, OpenCase] | None = None
    for case in cases:
        if case.lon is None or case.lat is None:
            continue
        if source.one_per and case.one_per and source.one_per != case.one_per:
            continue
        if abs(source.at - case.last_source_at) > rule.within:
            continue
        away = distance_m(source.lon, source.lat, case.lon, case.lat)
        if away <= rule.radius_m and (best is None or (away, case.no) < best[:2]):
            best = (away, case.no, case)
    return None if best is None else best[2]


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Great-circle distance on a sphere."""
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    half = math.sin((other_phi - phi) / 2) ** 2
    half += math.cos(phi) * math.cos(other_phi) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * _EARTH_M * math.asin(math.sqrt(min(1.0, half)))


def square(radius: float, lon: float, lat: float) -> tuple[int, int]:
    """The square that holds a point. Squares are a radius high and at least a radius wide up
    to 75° of latitude; columns have the same width in degrees everywhere, so neighbours stay
    neighbours."""
    step = radius / _DEGREE_M
    width = step / math.cos(math.radians(75))
    return math.floor(lon / width), math.floor(lat / step)
