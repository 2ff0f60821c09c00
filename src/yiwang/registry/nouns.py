"""The registry's nouns as data: their fields, how each is read from a file or from JSON.

A reference to another record is its code (text) or its number (whole number).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Table

from yiwang.kernel import clock
from yiwang.registry import model, tables
from yiwang.registry.areas import ANY_SHAPE, POLYGONS, centre, check_shape
from yiwang.registry.errors import (
    BadField,
    EndsFirst,
    MinorOrMajor,
    MissingField,
    NobodyNamed,
    UnknownField,
    UnknownNoun,
)

Read = Callable[[Any], Any]


@dataclass(frozen=True)
class Field:
    """One field. ``read`` turns text of a file or a JSON value into what is stored and raises
    ValueError; ``wanted`` names a text under ``registry.wanted``."""

    read: Read
    wanted: str
    example: str
    default: Any = None
    required: bool = False
    refers: str = ""
    many: bool = False
    """Whether it refers to a list of records."""
    shapes: tuple[str, ...] = ()
    """The GeoJSON types of a field that holds a geometry."""


@dataclass(frozen=True)
class Noun:
    """One kind of record: its table, its dataclass, its fields in order."""

    name: str
    table: Table
    kind: type
    fields: Mapping[str, Field]
    keys: tuple[str, ...] = ("code",)
    finish: Callable[[dict[str, Any], str], None] = field(default=lambda values, where: None)

    def read(self, raw: Mapping[str, Any], where: str) -> dict[str, Any]:
        """A complete record. Raises UnknownField, MissingField, BadField, BadGeometry."""
        self._refuse_unknown(raw, where)
        values = {name: self._value(name, raw.get(name), where) for name in self.fields}
        self.finish(values, where)
        for name, entry in self.fields.items():
            if entry.required and values[name] in (None, ""):
                raise MissingField(where, field=name, noun=self.name, example=entry.example)
        return values

    def _refuse_unknown(self, raw: Mapping[str, Any], where: str) -> None:
        for name in raw:
            if name not in self.fields:
                near = get_close_matches(str(name), self.fields, 1)
                known = near[0] if near else ", ".join(self.fields)
                raise UnknownField(where, field=name, noun=self.name, near=known)

    def _value(self, name: str, given: Any, where: str) -> Any:
        entry = self.fields[name]
        if given is None or given == "":
            return entry.default
        if entry.shapes:
            return check_shape(given, entry.shapes, where)
        try:
            return entry.read(given)
        except (ValueError, TypeError, KeyError):
            raise BadField(
                where, field=name, value=given, wanted=entry.wanted, example=entry.example
            ) from None


def _text(given: Any) -> str:
    if not isinstance(given, (str, int)) or isinstance(given, bool):
        raise ValueError
    return str(given).strip()


def _code(given: Any) -> str:
    text = _text(given)
    if not text or len(text) > 128 or any(char.isspace() for char in text):
        raise ValueError
    return text


def _reference(given: Any) -> str | int:
    return given if isinstance(given, int) and not isinstance(given, bool) else _code(given)


def _references(given: Any) -> list[str | int]:
    parts = given.replace(",", ";").split(";") if isinstance(given, str) else given
    if not isinstance(parts, (list, tuple)):
        raise ValueError
    return [_reference(part.strip() if isinstance(part, str) else part) for part in parts if part]


def _words(given: Any) -> list[str]:
    parts = given.replace(",", ";").split(";") if isinstance(given, str) else given
    if not isinstance(parts, (list, tuple)):
        raise ValueError
    return [_text(part) for part in parts if _text(part)]


def _whole(given: Any) -> int:
    if isinstance(given, bool) or (isinstance(given, float) and given != int(given)):
        raise ValueError
    number = int(given)
    if number < 0:
        raise ValueError
    return number


def _degrees(most: float) -> Read:
    def read(given: Any) -> float:
        value = float(given)
        if isinstance(given, bool) or not -most <= value <= most:
            raise ValueError
        return value

    return read


def _choice(options: tuple[str, ...]) -> Read:
    def read(given: Any) -> str:
        if given not in options:
            raise ValueError
        return str(given)

    return read


def _days(given: Any) -> list[int]:
    """``mon-fri``, ``sat;sun``, ``mon-wed;fri``, or numbers 0 (Monday) to 6."""
    found: set[int] = set()
    for part in _words(given):
        first, _, last = part.lower().partition("-")
        begin = int(first) if first.isdigit() else model.WEEK.index(first)
        end = begin if not last else model.WEEK.index(last)
        if begin > 6:
            raise ValueError
        found.update(range(begin, end + 1) if end >= begin else {*range(begin, 7), *range(end + 1)})
    return sorted(found)


def _minute(given: Any) -> int:
    """``08:30`` as minutes after midnight; ``24:00`` is midnight."""
    if isinstance(given, int):
        if isinstance(given, bool) or not 0 <= given <= 1440:
            raise ValueError
        return given % 1440
    hours, _, minutes = str(given).partition(":")
    value = int(hours) * 60 + int(minutes)
    if not 0 <= value <= 1440 or int(minutes) > 59:
        raise ValueError
    return value % 1440


def _instant(given: Any) -> int:
    return given if isinstance(given, int) and given > 10**12 else clock.parse(str(given))


def _mapping(given: Any) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise ValueError
    return dict(given)


def _code_field() -> Field:
    return Field(_code, "code", "A-012", required=True)


def _name(required: bool) -> Field:
    return Field(_text, "text", "东风街道" if required else "Dongfeng Street", "", required)


def _free(example: str) -> Field:
    return Field(_text, "text", example, "")


def _to(noun: str, example: str, required: bool = False) -> Field:
    return Field(_reference, "reference", example, required=required, refers=noun)


def _one_of(options: tuple[str, ...], default: str | None) -> Field:
    return Field(_choice(options), "choice", ", ".join(options), default, default is None)


def _finish_place(values: dict[str, Any], where: str) -> None:
    if values["geometry"] is not None and values["lon"] is None and values["lat"] is None:
        values["lon"], values["lat"] = centre(values["geometry"])
    for name, other, example in (("lon", "lat", "116.48"), ("lat", "lon", "39.99")):
        if values[name] is None and values[other] is not None:
            raise MissingField(where, field=name, noun="places", example=example)


def _finish_duty(values: dict[str, Any], where: str) -> None:
    if values["person"] is None and values["organisation"] is None:
        raise NobodyNamed(where, code=values["code"])


def _finish_responsibility(values: dict[str, Any], where: str) -> None:
    if values["event_class"] is not None and values["major"]:
        raise MinorOrMajor(where, code=values["code"])
    starts, ends = values["starts_at"], values["ends_at"]
    if starts is not None and ends is not None and ends <= starts:
        raise EndsFirst(where, code=values["code"])


_INSTANT = Field(_instant, "instant", "2026-07-01T08:00:00+08:00")
_MINUTE = Field(_minute, "time_of_day", "08:30", 0)

NOUNS: Mapping[str, Noun] = {
    "areas": Noun(
        "areas",
        tables.areas,
        model.Area,
        {
            "code": _code_field(),
            "level": _one_of(model.LEVELS, None),
            "name_zh": _name(True),
            "name_en": _name(False),
            "parent": _to("areas", "D-01"),
            "geometry": Field(_mapping, "geometry", "Polygon", required=True, shapes=POLYGONS),
        },
    ),
    "organisations": Noun(
        "organisations",
        tables.organisations,
        model.Organisation,
        {
            "code": _code_field(),
            "kind": _free("department"),
            "name_zh": _name(True),
            "name_en": _name(False),
            "functions": Field(_words, "words", "drainage;roads", []),
            "parent": _to("organisations", "ORG-01"),
            "area": _to("areas", "S-03"),
            "contact": _free("010-12345"),
        },
    ),
    "people": Noun(
        "people",
        tables.people,
        model.Person,
        {
            "code": _code_field(),
            "name": _name(True),
            "phone": _free("13800000000"),
            "organisation": _to("organisations", "ORG-01"),
            "user": _free("wang.wei"),
            "skills": Field(_words, "words", "pumps;first_aid", []),
        },
    ),
    "duties": Noun(
        "duties",
        tables.duties,
        model.Duty,
        {
            "code": _code_field(),
            "role": Field(_code, "word", "handler", required=True),
            "area": _to("areas", "S-03"),
            "person": _to("people", "P-017"),
            "organisation": _to("organisations", "ORG-01"),
            "days": Field(_days, "days", "mon-fri", list(range(7))),
            "opens": _MINUTE,
            "closes": _MINUTE,
            "starts_at": _INSTANT,
            "ends_at": _INSTANT,
        },
        finish=_finish_duty,
    ),
    "places": Noun(
        "places",
        tables.places,
        model.Place,
        {
            "kind": Field(_code, "word", "bridge", required=True),
            "code": _code_field(),
            "name_zh": _name(True),
            "name_en": _name(False),
            "lon": Field(_degrees(180), "longitude", "116.48"),
            "lat": Field(_degrees(90), "latitude", "39.99"),
            "geometry": Field(_mapping, "geometry", "Polygon", shapes=ANY_SHAPE),
            "address": _free("东风路 12 号"),
            "attributes": Field(_mapping, "mapping", "capacity: 120", {}),
        },
        keys=("kind", "code"),
        finish=_finish_place,
    ),
    "classes": Noun(
        "classes",
        tables.event_classes,
        model.EventClass,
        {
            "code": _code_field(),
            "major": Field(_code, "code", "facilities", required=True),
            "major_zh": _free("公用设施"),
            "major_en": _free("Public facilities"),
            "minor": Field(_code, "code", "manhole_cover", ""),
            "name_zh": _name(True),
            "name_en": _name(False),
            "severity": _one_of(model.SEVERITIES, "warning"),
            "function": Field(_code, "word", "drainage", required=True),
            "deadline_minutes": Field(_whole, "minutes", "240", required=True),
            "counting": _one_of(model.COUNTINGS, "working"),
        },
    ),
    "responsibilities": Noun(
        "responsibilities",
        tables.responsibilities,
        model.Responsibility,
        {
            "code": _code_field(),
            "event_class": _to("classes", "F-01"),
            "major": Field(_code, "code", "facilities", ""),
            "area": _to("areas", "S-03"),
            "level": _one_of(model.UNIT_LEVELS, "district"),
            "organisation": _to("organisations", "ORG-01", required=True),
            "co_organisations": Field(
                _references, "words", "ORG-02;ORG-03", [], refers="organisations", many=True
            ),
            "basis": _free("城管发〔2026〕12 号"),
            "starts_at": _INSTANT,
            "ends_at": _INSTANT,
        },
        finish=_finish_responsibility,
    ),
}


def given(record: Any, fields: Mapping[str, Field]) -> dict[str, Any]:
    """A record's own fields, in a form that ``Noun.read`` takes."""
    return {name: getattr(record, name) for name in fields}


def noun(name: str) -> Noun:
    """Raises UnknownNoun."""
    if name not in NOUNS:
        raise UnknownNoun(noun=name, known=", ".join(NOUNS))
    return NOUNS[name]
