"""``console.yaml``: the map layers and panels that a pack adds to the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from yiwang.kernel import documents, units
from yiwang.kernel.documents import MissingKey, Section, WrongType
from yiwang.kernel.text import phrase
from yiwang.packs.errors import OutOfOrder
from yiwang.packs.problems import Problems, titles

FILE = "console.yaml"

PANELS: Mapping[str, tuple[str, ...]] = {
    "number": ("kind", "places", "property", "rules", "case_class", "show", "unit"),
    "ranking": ("kind", "places", "property", "unit", "count", "order"),
    "findings": ("rules", "count"),
    "cases": ("case_class", "count"),
    "chart": ("kind", "places", "property", "unit", "span", "every", "show"),
    "guidance": ("places", "property", "when_rules", "radius", "count"),
    "health": ("kinds",),
}
"""The kinds of panel and what each may say.

``number``: one figure; ``ranking``: things or places by a value; ``findings`` and ``cases``:
open ones; ``chart``: a value over time; ``guidance``: where there is room near places that
a rule found full; ``health``: how many devices of each kind report, are silent or skewed.
"""

SHOWS = ("sum", "average", "least", "most", "count")


@dataclass(frozen=True)
class Colour:
    """Colour by the latest value of a property: ``steps`` are (at least, colour) ascending;
    ``of`` divides the value by that attribute of the place first."""

    property: str
    steps: tuple[tuple[float, str], ...]
    of: str = ""


@dataclass(frozen=True)
class Layer:
    """Places of a registry kind, or things of a device kind, on the map. Without ``colour_by``
    they are coloured by the severity of their open findings."""

    name: str
    title: Mapping[str, str]
    places: str
    kind: str
    icon: str
    cluster: bool
    colour_by: Colour | None
    where: str = ""


@dataclass(frozen=True)
class Panel:
    """``details`` holds what its type allows (see PANELS)."""

    name: str
    type: str
    title: Mapping[str, str]
    details: Mapping[str, Any]
    where: str = ""


@dataclass(frozen=True)
class ConsoleSpec:
    layers: Mapping[str, Layer] = field(default_factory=dict)
    panels: Mapping[str, Panel] = field(default_factory=dict)


def read(folder: Path, problems: Problems, shown: str = "") -> ConsoleSpec:
    """The console section of a pack folder; what is wrong goes to ``problems``."""
    file = folder / FILE
    layers: dict[str, Layer] = {}
    panels: dict[str, Panel] = {}
    if not file.is_file():
        return ConsoleSpec()
    with problems.caught():
        top = documents.load(file, f"{shown or folder}/{FILE}")
        for key, found, make in (("layers", layers, _layer), ("panels", panels, _panel)):
            body = top.section(key)
            for name in body.keys():  # noqa: SIM118
                with problems.caught():
                    found[name] = make(body.section(name), name)  # type: ignore[assignment]
        top.finish()
    return ConsoleSpec(layers, panels)


def _layer(section: Section, name: str) -> Layer:
    colour = section.section("colour_by") if section.has("colour_by") else None
    found = Layer(
        name=name,
        title=titles(section),
        places=section.text("places", ""),
        kind=section.text("kind", ""),
        icon=section.text("icon", ""),
        cluster=section.take("cluster", bool, False),
        colour_by=None if colour is None else _colour(colour),
        where=section.where,
    )
    section.finish()
    if not found.places and not found.kind:
        raise MissingKey(section.where, key="places", section=f"layers.{name}")
    return found


def _colour(section: Section) -> Colour:
    steps = section.take("steps", list)
    where = section.place("steps")
    for step in steps:
        if not isinstance(step, list) or len(step) != 2 or not isinstance(step[0], (int, float)):
            raise WrongType(where, key="steps", value=step, wanted=phrase("pairs_of_steps"))
    if any(below[0] >= above[0] for below, above in pairwise(steps)):
        raise OutOfOrder(where, name="steps", value=", ".join(str(step[0]) for step in steps))
    pairs = tuple((float(step[0]), str(step[1])) for step in steps)
    found = Colour(section.text("property"), pairs, section.text("of", ""))
    section.finish()
    return found


def _panel(section: Section, name: str) -> Panel:
    type_ = section.choice("type", tuple(PANELS))
    details = {key: _detail(section, key) for key in PANELS[type_] if section.has(key)}
    found = Panel(name, type_, titles(section), details, section.where)
    section.finish()
    return found


def _detail(section: Section, key: str) -> Any:
    if key in ("rules", "when_rules", "kinds"):
        return section.take(key, list)
    if key == "count":
        return section.take(key, int)
    if key == "order":
        return section.choice(key, ("ascending", "descending"))
    if key == "show":
        return section.choice(key, SHOWS)
    if key in ("radius", "span", "every"):
        unit = "m" if key == "radius" else "s"
        return units.magnitude(section.raw(key), unit, section.place(key), key)
    return section.text(key)
