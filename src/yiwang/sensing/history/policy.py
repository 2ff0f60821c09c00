"""How long observations are kept, and what is kept of them in their place.

A pack declares it for each property of its kinds of device; a city's ``city/history.yaml``
puts its own in the place of that. Without a word everything is kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yiwang.kernel import documents, units
from yiwang.kernel.clock import DAY, HOUR, MINUTE, SECOND
from yiwang.kernel.documents import Section
from yiwang.sensing.errors import BadRetention

MEASURES = ("count", "mean", "min", "max", "last")
"""What a roll-up may keep; the count is always kept."""
LEAST_KEEP = 2 * DAY
"""Closed days are rolled up before their observations go."""

_WIDTH = re.compile(r"(\d{1,3}) ?(min|h|d)")
_UNITS = {"min": MINUTE, "h": HOUR, "d": DAY}
_YEARS = re.compile(r"(?<=[\d ])y(?:r|ears?)?$")


@dataclass(frozen=True)
class Rollup:
    """``width`` divides a day; ``keep`` is microseconds after the end of a bucket, None for
    ever."""

    width: int
    keep: int | None = None
    of: tuple[str, ...] = MEASURES

    @property
    def name(self) -> str:
        """The width as an ISO 8601 duration, as ``bucket`` takes it."""
        return width_name(self.width)


@dataclass(frozen=True)
class Policy:
    """``keep``: microseconds after its time that an observation is kept; None for ever."""

    keep: int | None = None
    rollups: tuple[Rollup, ...] = ()


EVERYTHING = Policy()


def stated(declared: Mapping[str, Any] | None) -> Policy:
    """A policy from its JSON; everything is kept where there is none."""
    if not declared:
        return EVERYTHING
    rollups = tuple(
        Rollup(item["width"], item["keep"], tuple(item["of"])) for item in declared["rollups"]
    )
    return Policy(declared["keep"], rollups)


def width_name(width: int) -> str:
    if width % DAY == 0:
        return f"P{width // DAY}D"
    return f"PT{width // HOUR}H" if width % HOUR == 0 else f"PT{width // MINUTE}M"


def read(section: Section) -> Policy:
    """The keys ``keep`` and ``rollups`` of a property. Raises BadRetention."""
    keep = _duration(section, "keep")
    if keep is not None and keep < LEAST_KEEP:
        raise BadRetention(section.place("keep"), problem="Observations are kept two days at least")
    part = section.section("rollups")
    rollups = tuple(_rollup(name, inner, part.place(name)) for name, inner in part.sections())
    if keep is not None and any(item.keep is not None and item.keep < keep for item in rollups):
        problem = "A roll-up is kept for a shorter time than the observations themselves"
        raise BadRetention(section.place("rollups"), problem=problem)
    return Policy(keep, tuple(sorted(rollups, key=lambda item: item.width)))


def _rollup(name: str, section: Section, where: str) -> Rollup:
    match = _WIDTH.fullmatch(name)
    width = int(match.group(1)) * _UNITS[match.group(2)] if match else 0
    if not width or DAY % width:
        problem = f'"{name}" is no width of a roll-up: 15 min, 1 h, 1 d or what else divides a day'
        raise BadRetention(where, problem=problem)
    of = section.raw("of", list(MEASURES))
    if not isinstance(of, list) or not of or not set(of) <= set(MEASURES):
        problem = f"of is a list of {', '.join(MEASURES)}"
        raise BadRetention(section.place("of"), problem=problem)
    made = Rollup(width, _duration(section, "keep"), tuple(m for m in MEASURES if m in of))
    section.finish()
    return made


def _duration(section: Section, key: str) -> int | None:
    value = section.raw(key, None)
    if value is None:
        return None
    problem = f'{key} is "{value}", which is no span of time such as 400 d or 5 y'
    if not isinstance(value, str) or not value.strip()[:1].isdigit():
        raise BadRetention(section.place(key), problem=problem)
    try:
        text = _YEARS.sub(" year", value.strip())
        duration = round(units.magnitude(text, "s") * SECOND)
    except (units.WrongUnit, units.NotAQuantity):
        raise BadRetention(section.place(key), problem=problem) from None
    if duration <= 0:
        raise BadRetention(section.place(key), problem=problem)
    return duration


@dataclass(frozen=True)
class CityPolicies:
    """What a city says of the properties of kinds (``pack.kind``); ``*`` stands for every
    property of a kind."""

    kinds: Mapping[str, Mapping[str, Policy]] = field(default_factory=dict)

    def of(self, kind: str, name: str, declared: Policy) -> Policy:
        own = self.kinds.get(kind, {})
        return own.get(name, own.get("*", declared))


def read_city(file: Path) -> CityPolicies:
    """``city/history.yaml``; nothing where the file is not there::

        kinds:
          underpass_flooding.water_level:
            depth_cm: {keep: 400 d, rollups: {1h: {keep: 5 y}, 1d: {}}}

    Raises DocumentError with file and line.
    """
    if not file.is_file():
        return CityPolicies()
    top = documents.load(file)
    kinds: dict[str, dict[str, Policy]] = {}
    for kind, section in top.section("kinds").sections():
        kinds[kind] = {}
        for name, part in section.sections():
            kinds[kind][name] = read(part)
            part.finish()
    top.finish()
    return CityPolicies(kinds)
