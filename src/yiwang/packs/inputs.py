"""``inputs.yaml``: what a city fills in, typed so that a form can be drawn from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from yiwang.kernel import documents, units
from yiwang.kernel.documents import Section, WrongType
from yiwang.kernel.errors import YiwangError
from yiwang.kernel.text import phrase
from yiwang.packs.errors import BadInput, MissingInput
from yiwang.packs.problems import Problems, nearest, text_of, titles

FILE = "inputs.yaml"
TYPES = ("places", "number", "quantity", "text", "choice", "table", "flag")
_SIMPLE = ("number", "quantity", "text", "choice", "flag")


@dataclass(frozen=True)
class Input:
    """One thing that a city fills in.

    ``kind``: of ``places``, the kind of registry place. ``fields``: of ``places`` their
    attributes, of ``table`` its columns. ``unit``: of ``quantity``.
    """

    name: str
    type: str
    title: Mapping[str, str] = field(default_factory=dict)
    required: bool = True
    default: Any = None
    unit: str = ""
    options: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    kind: str = ""
    fields: Mapping[str, Input] = field(default_factory=dict)
    where: str = ""

    def form(self, lang: str) -> dict[str, Any]:
        """What a page needs to draw the field."""
        entry = asdict(self)
        entry["title"] = text_of(self.title, lang) or self.name
        entry["fields"] = [one.form(lang) for one in self.fields.values()]
        entry.pop("where")
        return entry

    def value(self, given: Any, where: str) -> Any:
        """A value as the platform uses it: a quantity as a number in the input's unit.

        Raises BadInput, kernel.units.WrongUnit, NotAQuantity.
        """
        try:
            return getattr(self, f"_{self.type}")(given, where)
        except (ValueError, TypeError):
            raise BadInput(where, name=self.name, value=given, type=self.type) from None

    def _number(self, given: Any, where: str) -> float:
        if isinstance(given, bool) or not isinstance(given, (int, float)):
            raise ValueError
        self._bounded(float(given), where)
        return float(given)

    def _quantity(self, given: Any, where: str) -> float:
        value = units.magnitude(given, self.unit, where, self.name)
        self._bounded(value, where)
        return value

    def _text(self, given: Any, where: str) -> str:
        if not isinstance(given, str):
            raise ValueError
        return given

    def _flag(self, given: Any, where: str) -> bool:
        if not isinstance(given, bool):
            raise ValueError
        return given

    def _choice(self, given: Any, where: str) -> str:
        if given not in self.options:
            near = ", ".join(self.options)
            raise documents.NotAllowed(where, key=self.name, value=given, options=near)
        return str(given)

    def _places(self, given: Any, where: str) -> str:
        """The kind of registry place that the city uses."""
        if not isinstance(given, str) or not given:
            raise ValueError
        return given

    def _table(self, given: Any, where: str) -> list[dict[str, Any]]:
        if not isinstance(given, list):
            raise ValueError
        rows: list[dict[str, Any]] = []
        for row in given:
            if not isinstance(row, dict):
                raise ValueError
            for name in row:
                if name not in self.fields:
                    near = nearest(str(name), self.fields)
                    raise documents.UnknownKey(where, key=name, near=near)
            rows.append(
                {
                    name: column.value(row[name], where) if name in row else column.default
                    for name, column in self.fields.items()
                }
            )
        return rows

    def _bounded(self, value: float, where: str) -> None:
        low, high = self.least, self.most
        if (low is not None and value < low) or (high is not None and value > high):
            raise BadInput(where, name=self.name, value=value, type=f"{low} … {high}")


def read(folder: Path, problems: Problems, shown: str = "") -> dict[str, Input]:
    """The inputs of a pack folder; what is wrong goes to ``problems``."""
    file = folder / FILE
    if not file.is_file():
        return {}
    found: dict[str, Input] = {}
    with problems.caught():
        top = documents.load(file, f"{shown or folder}/{FILE}")
        body = top.section("inputs")
        top.finish()
        for name in body.keys():  # noqa: SIM118
            with problems.caught():
                found[name] = _input(body.section(name), name, TYPES)
    return found


def _input(section: Section, name: str, types: tuple[str, ...]) -> Input:
    type_ = section.choice("type", types)
    unit = section.text("unit") if type_ == "quantity" else ""
    if unit and not units.known(unit):
        raise WrongType(section.place("unit"), key="unit", value=unit, wanted=phrase("unit"))
    parts = {"places": "attributes", "table": "columns"}.get(type_, "")
    body = section.section(parts) if parts else None
    fields = {}
    if body is not None:
        fields = {key: _input(body.section(key), key, _SIMPLE) for key in body.keys()}  # noqa: SIM118
    bounds = {
        key: _bound(section, key, unit)
        for key in ("least", "most")
        if type_ in ("number", "quantity")
    }
    found = Input(
        name=name,
        type=type_,
        title=titles(section),
        required=section.take("required", bool, True),
        unit=unit,
        options=tuple(section.take("options", list)) if type_ == "choice" else (),
        kind=section.text("kind") if type_ == "places" else "",
        fields=fields,
        where=section.where,
        **bounds,
    )
    default = section.raw("default", None)
    section.finish()
    if default is None:
        return found
    checked = found.value(default, section.place("default"))
    return Input(**{**found.__dict__, "default": checked})


def _bound(section: Section, key: str, unit: str) -> float | None:
    given = section.raw(key, None)
    return None if given is None else units.magnitude(given, unit, section.place(key), key)


def filled(
    inputs: Mapping[str, Input], given: Section | None, problems: Problems, where: str
) -> dict[str, Any]:
    """The value of every input: the city's, or the default, or None.

    A required input that is not filled in, and every wrong value, goes to ``problems``.
    """
    values: dict[str, Any] = {}
    for name, entry in inputs.items():
        values[name] = entry.kind if entry.type == "places" else entry.default
        if given is not None and given.has(name):
            try:
                values[name] = entry.value(given.raw(name), given.place(name))
            except YiwangError as error:
                problems.add(error)
        elif values[name] is None and entry.required:
            problems.add(MissingInput(where, name=name, title=text_of(entry.title, "zh-CN")))
    if given is not None:
        with problems.caught():
            given.finish()
    return values
