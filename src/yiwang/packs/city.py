"""``HOME/city/<pack>.yaml``: what one city says to a pack: its inputs, and the parameters that
it changes, each with who, when and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yiwang.kernel import clock, documents, units
from yiwang.kernel.documents import Section
from yiwang.kernel.text import phrase
from yiwang.packs.errors import NotChangeable, Unknown
from yiwang.packs.inputs import filled
from yiwang.packs.model import Pack
from yiwang.packs.problems import Problems, nearest


@dataclass(frozen=True)
class Change:
    """A city's own value of a parameter, in the parameter's unit."""

    parameter: str
    since: int
    value: float
    who: str
    why: str


@dataclass(frozen=True)
class City:
    """``inputs`` holds a value for every input of the pack: the city's or the default; for
    ``places`` the kind of registry place."""

    enabled: bool = True
    inputs: Mapping[str, Any] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()


def file_of(home: Path, pack: str) -> Path:
    return home / "city" / f"{pack}.yaml"


def read(home: Path, pack: Pack, problems: Problems) -> City:
    """The city's file for a pack, or its defaults where there is none; what is wrong goes to
    ``problems``."""
    file = file_of(home, pack.name)
    shown = f"city/{pack.name}.yaml"
    if not file.is_file():
        return City(True, filled(pack.inputs, None, problems, shown))
    enabled, values, changes = True, {}, []
    with problems.caught():
        top = documents.load(file, shown)
        enabled = top.take("enabled", bool, True)
        values = filled(pack.inputs, top.section("inputs"), problems, top.place("inputs"))
        for item in top.items("parameters"):
            with problems.caught():
                changes.append(_change(item, pack))
        top.finish()
    return City(enabled, values, tuple(changes))


def _change(item: Section, pack: Pack) -> Change:
    name = item.text("parameter")
    known = {one.name: one for one in pack.rules.parameters}
    if name not in known:
        near = nearest(name, known)
        raise Unknown(item.place("parameter"), sort="parameter", name=name, near=near)
    written, value = str(item.raw("from")), item.raw("value")
    parameter = known[name]
    try:
        since = clock.parse(written if "T" in written else f"{written}T00:00:00Z")
    except ValueError:
        raise documents.WrongType(
            item.place("from"), key="from", value=written, wanted=phrase("date_like")
        ) from None
    where = item.place("value")
    if parameter.least is None or parameter.most is None:
        raise NotChangeable(where, name=name, value=value, since=written, bounds=parameter.source)
    unit = "dimensionless" if parameter.unit == "1" else parameter.unit
    number = units.magnitude(value, unit, where, name)
    if not parameter.least <= number <= parameter.most:
        bounds = f"{parameter.least:g} … {parameter.most:g} {parameter.unit}"
        raise NotChangeable(where, name=name, value=value, since=written, bounds=bounds)
    found = Change(name, since, number, item.text("who"), item.text("why"))
    item.finish()
    return found
