"""The form of a class: what is asked of whoever reports, and what counts as an answer.

Attributes are those of Open311 GeoReport v2, "GET Service Definition".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from yiwang.kernel import clock

Titles = Mapping[str, str]

DATATYPES = ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")
LISTS = ("singlevaluelist", "multivaluelist")
MOST_STRING = 255
MOST_TEXT = 4000
MOST_ROUND_M = 5000.0
"""The widest grid onto which places are moved for everybody."""


@dataclass(frozen=True)
class Choice:
    key: str
    name: Titles = field(default_factory=dict)


@dataclass(frozen=True)
class Attribute:
    """One question. Where ``variable`` is false it is no question but a text to be shown."""

    code: str
    datatype: str = "string"
    required: bool = False
    description: Titles = field(default_factory=dict)
    hint: Titles = field(default_factory=dict)
    values: tuple[Choice, ...] = ()
    variable: bool = True


@dataclass(frozen=True)
class Opening:
    """What everybody may see of a class's cases. ``round_m`` moves places onto a grid so wide
    (0: exact); words and photos of people are shown only where it says so."""

    round_m: float = 0.0
    text: bool = False
    photos: bool = False


class Wrong(NamedTuple):
    """An answer that is none. ``why``: missing, unknown, or the wanted kind of value."""

    code: str
    value: str
    why: str
    known: str = ""


Answers = dict[str, object]


def answers(form: Sequence[Attribute], given: Mapping[str, object]) -> tuple[Answers, list[Wrong]]:
    """The answers in the types of the form, in its order, and what is wrong with the others.

    Numbers become numbers, instants ISO 8601 in UTC, lists lists of keys. An empty value is as
    none (GeoReport v2, "Optional Arguments").
    """
    questions = {one.code: one for one in form if one.variable}
    taken: Answers = {}
    wrong = [
        Wrong(code, _shown(value), "unknown", ", ".join(questions))
        for code, value in given.items()
        if code not in questions
    ]
    for code, question in questions.items():
        value = given.get(code)
        if isinstance(value, str):
            value = value.strip()
        if value in (None, "", [], [""]):
            wrong += [Wrong(code, "", "missing")] if question.required else []
            continue
        answer = _answer(question, value)
        if answer is None:
            known = ", ".join(one.key for one in question.values)
            wrong.append(Wrong(code, _shown(value), question.datatype, known))
        else:
            taken[code] = answer
    return taken, wrong


def _answer(question: Attribute, value: object) -> object | None:
    if question.datatype in LISTS:
        return _chosen(question, value)
    if question.datatype == "number":
        return _number(value)
    if not isinstance(value, str):
        return None
    if question.datatype == "datetime":
        try:
            return clock.render(clock.parse(value))
        except (ValueError, OverflowError):
            return None
    most = MOST_TEXT if question.datatype == "text" else MOST_STRING
    broken = question.datatype == "string" and ("\n" in value or "\r" in value)
    return None if broken or len(value) > most else value


def _chosen(question: Attribute, value: object) -> object | None:
    keys = value if isinstance(value, (list, tuple)) else [value]
    known = {one.key for one in question.values}
    chosen = list(dict.fromkeys(str(key).strip() for key in keys if key not in (None, "")))
    if any(key not in known for key in chosen):
        return None
    if question.datatype == "multivaluelist":
        return chosen
    return chosen[0] if len(chosen) == 1 else None


def _number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    if not math.isfinite(number) or abs(number) > 1e15:
        return None
    return int(number) if number == int(number) else number


def _shown(value: object) -> str:
    return str(value)[:100]


def rounded(lon: float, lat: float, metres: float) -> tuple[float, float]:
    """A place moved to the middle of its cell of a grid that many metres wide."""
    if metres <= 0:
        return lon, lat
    high = metres / 111_195.0
    row = math.floor(lat / high)
    middle = min(90.0, max(-90.0, (row + 0.5) * high))
    wide = high / max(0.01, math.cos(math.radians(middle)))
    column = math.floor(lon / wide)
    return round((column + 0.5) * wide, 6), round(middle, 6)
